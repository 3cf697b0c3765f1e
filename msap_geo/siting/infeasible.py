"""Why no plan respects the rules: which one, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from msap_geo import french
from msap_geo.errors import InfeasibleError
from msap_geo.siting.rules import compile_rules
from msap_geo.siting.solving.highs import Effort, Model, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

_LOCKED = 100.0
"""Giving up a forced or a forbidden site costs more than stretching any other rule."""


@dataclass(frozen=True, eq=False)
class Need:
    """What a plan must reach besides respecting the rules.

    Parameters
    ----------
    gains
        What sites bring, each row at one level.
    target
        What they must bring together.
    """

    gains: Gains
    target: float


class Breach(NamedTuple):
    """A rule to stretch: what it is, by how much, and the sentence that says both."""

    rule: str
    amount: float
    text: str


def limits_of(problem: Problem, rules: Rules, effort: Effort) -> tuple[Limits, NDArray[np.int64]]:
    """Compile the rules (:func:`compile_rules`), and refuse those no plan respects together.

    Parameters
    ----------
    problem
        The candidates.
    rules
        What the plan must respect.
    effort
        Seed and threads.

    Returns
    -------
    tuple of Limits and numpy.ndarray
        Limits of the whole plan, and its forced sites.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    StudyError
        If a rule names an unknown candidate, or if a site is both forced and forbidden.
    """
    limits, forced = compile_rules(problem, rules)
    check(problem, limits, forced, effort)
    return limits, forced


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
    broken = breaches(problem, limits, forced, effort) if _at_stake(limits, forced) else []
    if broken:
        raise InfeasibleError(
            f"aucun plan ne respecte toutes les règles ; {_told(broken)}",
            where="[implantation] et options de la commande",
            remedy="assouplir au moins ce qui est dit",
        )


def refuse(
    problem: Problem,
    limits: Limits,
    forced: NDArray[np.int64],
    need: Need,
    effort: Effort,
    *,
    what: str,
) -> NoReturn:
    """Refuse a target that every site together reaches, but no plan within the rules.

    Parameters
    ----------
    problem, limits, forced, effort
        As for :func:`check`.
    need
        What is out of reach.
    what
        The same in words, and how near a plan comes.

    Raises
    ------
    InfeasibleError
        Naming the fewest rules to stretch, and by how much.
    """
    broken = breaches(problem, limits, forced, effort, need=need)
    raise InfeasibleError(
        f"{what} ; {_told(broken)}" if broken else what,
        where="[implantation] et options de la commande",
        remedy="demander moins, ou assouplir au moins ce qui est dit",
    )


def _told(broken: Sequence[Breach]) -> str:
    return " ; ".join(breach.text for breach in broken)


def breaches(
    problem: Problem,
    limits: Limits,
    forced: NDArray[np.int64],
    effort: Effort,
    *,
    need: Need | None = None,
) -> list[Breach]:
    """Return the rules to stretch, as few and as little as can be.

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
    need
        What must be reached besides.

    Returns
    -------
    list of Breach
        Empty where a plan respects everything.
    """
    stretched = _Stretched(problem, limits)
    stretched.numbers()
    stretched.exclusions()
    stretched.locks(forced)
    if need is not None:
        _reach(stretched.model, stretched.y, need)
    return stretched.solve(Effort(seconds=60, gap=0, seed=effort.seed, threads=effort.threads))


class _Stretched:
    """Every rule with a slack, the rules being kept as far as can be."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self.problem, self.limits = problem, limits
        self.model = Model()
        self.y = self.model.columns(len(limits.free), upper=1.0, integer=True)
        self.told: list[tuple[int, str, str, NDArray[np.int64]]] = []

    def slack(
        self,
        rule: str,
        text: str,
        *,
        scale: float = 1.0,
        whole: bool = True,
        among: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Add what a rule may be stretched by; ``among`` are the sites its sentence names."""
        column = self.model.columns(1, cost=-1.0 / scale, upper=np.inf, integer=whole)
        self.told.append((int(column[0]), rule, text, np.arange(0) if among is None else among))
        return column

    def numbers(self) -> None:
        """Add the number of sites, the budget and the quotas."""
        model, limits, y = self.model, self.limits, self.y
        if limits.count is not None:
            text = f"nombre de sites : {limits.count} au plus, il en faudrait {{}} de plus"
            _row(model, y, self.slack("nombre", text), -1.0, upper=limits.count)
        if limits.budget_eur is not None:
            text = f"budget : {french.number(limits.budget_eur)} €, il manque {{}} €"
            scale = max(float(np.median(limits.cost_eur)), 1.0)
            over = self.slack("budget", text, scale=scale, whole=False)
            _row(model, y, over, -1.0, weights=limits.cost_eur, upper=limits.budget_eur)
        for group in limits.groups:
            members, name = y[group.sites], f"quota « {group.name} »"
            if group.least > 0:
                text = f"{name} : {group.least} au moins, il en manque {{}}"
                _row(model, members, self.slack(f"{name} min", text), 1.0, lower=group.least)
            text = f"{name} : {group.most} au plus, il en faudrait {{}} de plus"
            _row(model, members, self.slack(f"{name} max", text), -1.0, upper=group.most)

    def exclusions(self) -> None:
        """Add the groups of sites that exclude each other, listed or too near."""
        limits = self.limits
        words = limits.exclusions or ("",) * len(limits.exclusive)
        for clique, why in zip(limits.exclusive, words, strict=True):
            text = f"sites qui s'excluent ({{sites}}){why} : {{}} de trop"
            over = self.slack(f"exclusifs{why}", text, among=clique)
            _row(self.model, self.y[clique], over, -1.0, upper=1.0)

    def locks(self, forced: NDArray[np.int64]) -> None:
        """Add the sites that must, or must not, be chosen."""
        for site in forced:
            ids = str(self.problem.site_ids[site])
            text = f"site imposé {ids} : à retirer"
            lost = self.slack(f"imposé {ids}", text, scale=1 / _LOCKED)
            _row(self.model, self.y[[site]], lost, 1.0, lower=1.0)
        barred = np.setdiff1d(np.flatnonzero(~self.limits.free), forced)
        if len(barred):
            text = "sites interdits ({sites}) : {} à rendre possibles"
            over = self.slack("interdits", text, scale=1 / _LOCKED, among=barred)
            _row(self.model, self.y[barred], over, -1.0, upper=0.0)

    def solve(self, effort: Effort) -> list[Breach]:
        """Return the rules stretched where they are least."""
        x = solve(self.model, effort).x
        found = []
        for column, rule, text, among in self.told if len(x) else []:
            if x[column] > _NOISE:
                sites = names(self.problem.site_ids[among[x[self.y[among]] > _HALF]])
                said = text.replace("{sites}", sites).replace("{}", _amount(x[column]))
                found.append(Breach(rule, float(x[column]), said))
        return found


def _reach(model: Model, y: NDArray[np.int64], need: Need) -> None:
    rows = need.gains
    worth = rows.by_row.data[rows.by_row.indptr[:-1]]
    z = model.columns(rows.n_rows)
    model.rows(
        rows.n_rows,
        (np.arange(rows.n_rows), z, 1.0),
        (rows.entry_row, y[rows.by_row.indices], -1.0),
        upper=0.0,
    )
    model.row(z, worth, lower=need.target - _NOISE)


def names(sites: Iterable[str], shown: int = 5) -> str:
    """Return a few identifiers in words."""
    listed = [str(site) for site in sites]
    more = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" et {more} de plus" if more > 0 else "")


_NOISE, _HALF = 1e-6, 0.5


def short_of_target(
    reached: float, every: float, target: float, people: int, *, what: str
) -> NoReturn:
    """Refuse a target of coverage that no plan reaches.

    Parameters
    ----------
    reached, every, target
        Persons covered at best within the rules, by every site together, and asked for.
    people
        Persons in all.
    what
        The target in words.

    Raises
    ------
    InfeasibleError
        Always.
    """
    told = short(reached, target, people, what=what)
    if reached < every - _NOISE:
        told += (
            f" ; tous les sites permis ouverts, sans les autres règles, "
            f"{french.percent(every / people, 2)}, il en manquerait encore "
            f"{french.number(int(np.ceil(target - every - _NOISE)))}"
        )
    raise InfeasibleError(told, remedy="demander moins, ajouter des candidats ou allonger le seuil")


def short(reached: float, target: float, people: int, *, what: str) -> str:
    """Return how far below a target of coverage every plan stays; see :func:`short_of_target`."""
    return (
        f"{what} : inatteignable ; au mieux {french.percent(reached / people, 2)} des habitants, "
        f"il en manque {french.number(int(np.ceil(target - reached - _NOISE)))}"
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
