"""Two Maisons rather than one, and sites that cannot hold everyone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french
from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT, PEOPLE
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.gains import grain_of, rounded_down
from msap_geo.siting.solving.greedy import by_value
from msap_geo.siting.solving.highs import Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules


def backup_covering(
    problem: Problem,
    rules: Rules,
    *,
    threshold: float,
    second: float = 0.5,
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the sites that bring most people within reach of one Maison, then of two.

    Hogan & ReVelle, *Management Science* 32, 1986 (backup coverage): a person within reach of one
    Maison counts for one, of two for ``1 + second``.

    Parameters
    ----------
    problem
        Places, candidates and trips; ``second`` must hold the second nearest existing Maison.
    rules
        What the plan must respect.
    threshold
        Minutes, inclusive.
    second
        What the second cover is worth, from 0 to 1.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in persons, weighted so.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    DataError, StudyError
        If threshold or rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = infeasible.limits_of(problem, rules, effort)
    cover = _near(problem, threshold)
    have = (problem.today <= threshold).astype(int) + (problem.second <= threshold)

    def value_of(sites: NDArray[np.int64]) -> tuple[float, float]:
        times = have + np.asarray(cover[:, sites].sum(axis=1)).ravel().astype(int)
        return (
            float(problem.people[times >= 1].sum()),
            float(problem.people[times > 1].sum()),
        )

    model = Model()
    y = exact.add_sites(model, limits)
    model.lower[0] = exact.forced_open(len(y), forced)
    model.upper[0] = np.maximum(model.upper[0], model.lower[0])
    places = np.flatnonzero((problem.people > 0) & (have <= 1))
    people = problem.people[places].astype(float)
    once = model.columns(len(places), cost=people)
    twice = model.columns(len(places), cost=second * people)
    part = cover[places].tocoo()
    rank = np.arange(len(places))
    model.rows(
        len(places),
        (rank, once, 1.0),
        (rank, twice, 1.0),
        (part.row, y[part.col], -1.0),
        upper=have[places].astype(float),
    )
    answer = solve(model, effort)
    sites = exact.sites_of(answer, len(y), np.arange(0))
    order = by_value(sites, lambda chosen: _weighted(value_of(chosen), second))
    values = np.array([_weighted(value_of(order[:n]), second) for n in range(len(order) + 1)])
    always = float(problem.people[have > 1].sum()) * (1 + second)
    grain = grain_of(np.concatenate([people, second * people]))
    bound = max(always + rounded_down(answer.bound, grain), values[-1])
    first_cover, second_cover = value_of(sites)
    return Plan(
        objective="double-couverture",
        unit=f"{PEOPLE} (seconde couverture comptée {french.short(second)})",
        smaller_is_better=False,
        sites=tuple(problem.site_ids[order]),
        value=float(values[-1]),
        bound=float(bound),
        today=float(values[0]),
        status=status(float(values[-1]), float(bound), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, values),
        details={"habitants_couverts": first_cover, "habitants_couverts_deux_fois": second_cover},
    )


def _weighted(covers: tuple[float, float], second: float) -> float:
    return covers[0] + second * covers[1]


def _near(problem: Problem, threshold: float) -> csr_array:
    table = problem.minutes.copy()
    table.data = (table.data <= threshold).astype(float)
    table.eliminate_zeros()
    return table
