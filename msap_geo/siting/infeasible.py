"""Why no plan respects the rules: which one, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np

from msap_geo import french
from msap_geo.errors import InfeasibleError
from msap_geo.siting.solving.highs import Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.solving.limits import Limits

_LOCKED = 100.0
"""Giving up a forced or a forbidden site costs more than stretching any other rule."""


def check(problem: Problem, limits: Limits, forced: NDArray[np.int64], effort: Effort) -> None:
    """Refuse rules that no plan respects together.

    Parameters
    ----------
    problem
        The candidates.
    limits
        Limits of the whole plan.
    forced
        Sites that must be chosen.
    effort
        Seed and threads.

    Raises
    ------
    InfeasibleError
        Naming the fewest rules to stretch, and by how much.
    """
    if not _at_stake(limits, forced):
        return
    model = Model()
    told: list[tuple[NDArray[np.int64], str]] = []
    y = model.columns(len(limits.free), upper=1.0, integer=True)

    def slack(text: str, scale: float = 1.0, *, integer: bool = True) -> NDArray[np.int64]:
        column = model.columns(1, cost=-1.0 / scale, upper=np.inf, integer=integer)
        told.append((column, text))
        return column

    if limits.count is not None:
        over = slack(f"nombre de sites : {limits.count} au plus, il en faudrait {{}} de plus")
        _row(model, y, over, -1.0, upper=limits.count)
    if limits.budget_eur is not None:
        text = f"budget : {limits.budget_eur:.0f} €, il manque {{}} €"
        scale = max(float(np.median(limits.cost_eur)), 1.0)
        over = slack(text, scale, integer=False)
        _row(model, y, over, -1.0, weights=limits.cost_eur, upper=limits.budget_eur)
    for group in limits.groups:
        members = y[group.sites]
        under = slack(f"quota « {group.name} » : {group.least} au moins, il en manque {{}}")
        _row(model, members, under, 1.0, lower=group.least)
        over = slack(f"quota « {group.name} » : {group.most} au plus, il y en a {{}} de trop")
        _row(model, members, over, -1.0, upper=group.most)
    for clique in limits.exclusive:
        ids = ", ".join(problem.site_ids[clique])
        over = slack(f"sites qui s'excluent ({ids}) : {{}} de trop")
        _row(model, y[clique], over, -1.0, upper=1.0)
    for site in forced:
        lost = slack(f"site imposé {problem.site_ids[site]} : à retirer", 1 / _LOCKED)
        _row(model, y[[site]], lost, 1.0, lower=1.0)
    barred = np.flatnonzero(~limits.free)
    if len(barred):
        over = slack("sites interdits : {} à rendre possibles", 1 / _LOCKED)
        _row(model, y[barred], over, -1.0, upper=0.0)
    answer = solve(model, Effort(seconds=60, gap=0, seed=effort.seed, threads=effort.threads))
    broken = [
        text.format(_amount(answer.x[column[0]]))
        for column, text in told
        if answer.x[column[0]] > _NOISE
    ]
    if broken:
        raise InfeasibleError(
            f"aucun plan ne respecte toutes les règles ; {' ; '.join(broken)}",
            where="[implantation] et options de la commande",
            remedy="assouplir au moins ce qui est dit",
        )


_NOISE = 1e-6


def short_of_target(reached: float, target: float, people: int, *, what: str) -> NoReturn:
    """Refuse a target of coverage that no plan reaches.

    Parameters
    ----------
    reached, target
        Persons covered at best, and asked for.
    people
        Persons in all.
    what
        The target in words.

    Raises
    ------
    InfeasibleError
        Always.
    """
    raise InfeasibleError(
        f"{what} : inatteignable ; au mieux {french.percent(reached / people, 2)} des habitants, "
        f"il en manque {french.number(int(np.ceil(target - reached - _NOISE)))}",
        remedy="demander moins, ajouter des candidats ou allonger le seuil",
    )


def _at_stake(limits: Limits, forced: NDArray[np.int64]) -> bool:
    negative = (limits.count is not None and limits.count < 0) or (
        limits.budget_eur is not None and limits.budget_eur < 0
    )
    minimal = any(group.least > 0 or group.most < 0 for group in limits.groups)
    return bool(negative or minimal or len(forced))


def _row(
    model: Model,
    y: NDArray[np.int64],
    slack: NDArray[np.int64],
    sign: float,
    *,
    weights: NDArray[np.float64] | float = 1.0,
    lower: float = -np.inf,
    upper: float = np.inf,
) -> None:
    model.rows(1, (0, y, weights), (0, slack, sign), lower=lower, upper=upper)


def _amount(value: float) -> str:
    return f"{np.ceil(value - _NOISE):.0f}"
