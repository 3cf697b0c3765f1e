"""Two Maisons rather than one, and sites that cannot hold everyone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting import exact, infeasible
from msap_geo.siting.covering import sites_of
from msap_geo.siting.highs import Answer, Effort, Model, solve
from msap_geo.siting.objectives import DEFAULT, PEOPLE, covering_gains
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.reduction import merged
from msap_geo.siting.rules import Limits, Rules, compile_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from msap_geo.siting.gains import Gains
    from msap_geo.siting.problem import Problem


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
    limits, forced = compile_rules(problem, rules)
    infeasible.check(problem, limits, forced, effort)
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
    model.lower[0] = _forced(len(y), forced)
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
    sites = sites_of(answer, len(y), np.arange(0))
    order = _by_value(sites, lambda chosen: _weighted(value_of(chosen), second))
    values = np.array([_weighted(value_of(order[:n]), second) for n in range(len(order) + 1)])
    always = float(problem.people[have > 1].sum()) * (1 + second)
    bound = max(always + answer.bound, values[-1])
    first_cover, second_cover = value_of(sites)
    return Plan(
        objective="double-couverture",
        unit=f"{PEOPLE} (seconde couverture comptée {second:g})",
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


def _forced(n: int, forced: NDArray[np.int64]) -> NDArray[np.float64]:
    lower = np.zeros(n)
    lower[forced] = 1.0
    return lower


def _by_value(
    sites: NDArray[np.int64], value: Callable[[NDArray[np.int64]], float]
) -> NDArray[np.int64]:
    """Order sites so that each next one adds most to a value."""
    order: list[int] = []
    left = [int(site) for site in sites]
    while left:
        values = [value(np.array([*order, site])) for site in left]
        order.append(left.pop(int(np.argmax(values))))
    return np.array(order, dtype=np.int64)


def capacitated_covering(
    problem: Problem,
    rules: Rules,
    *,
    threshold: float,
    capacity: float,
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the sites that serve most people within reach, none more than it can hold.

    Current & Storbeck, *Environment and Planning B* 15, 1988. People of one place may go to
    several sites. People within reach of an existing Maison stay with it, whose capacity is not
    known.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    threshold
        Minutes, inclusive.
    capacity
        Persons a new site can serve.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in persons served, those within reach today included.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    DataError, StudyError
        If threshold or rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = compile_rules(problem, rules)
    infeasible.check(problem, limits, forced, effort)
    gains = merged(covering_gains(problem, thresholds=[threshold]))
    today = float(problem.people[problem.today <= threshold].sum())
    answer = _served(gains, limits, forced, capacity, effort)
    sites = sites_of(answer, gains.n_sites, np.arange(0))

    def served(chosen: NDArray[np.int64]) -> float:
        only = np.zeros(gains.n_sites, dtype=bool)
        only[chosen] = True
        open_ = Limits(None, None, limits.cost_eur, only)
        return _served(gains, open_, chosen, capacity, effort).value if len(chosen) else 0.0

    order = _by_value(sites, served)
    values = today + np.array([served(order[:n]) for n in range(len(order) + 1)])
    bound = max(today + answer.bound, values[-1])
    return Plan(
        objective="couverture-avec-capacite",
        unit=PEOPLE,
        smaller_is_better=False,
        sites=tuple(problem.site_ids[order]),
        value=float(values[-1]),
        bound=float(bound),
        today=today,
        status=status(float(values[-1]), float(bound), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, values),
        details={"capacite_par_site": float(capacity)},
    )


def _served(
    gains: Gains, limits: Limits, forced: NDArray[np.int64], capacity: float, effort: Effort
) -> Answer:
    """Serve most people from the sites allowed, each within its capacity."""
    model = Model()
    y = exact.add_sites(model, limits)
    model.lower[0] = _forced(len(y), forced)
    table = gains.by_row.tocoo()
    x = model.columns(len(table.row), cost=1.0, upper=table.data)
    model.rows(gains.n_rows, (table.row, x, 1.0), upper=gains.people)
    model.rows(gains.n_sites, (table.col, x, 1.0), (np.arange(len(y)), y, -capacity), upper=0.0)
    # Implied by the capacity, but far tighter once y may be a fraction.
    pairs = np.arange(len(x))
    model.rows(len(x), (pairs, x, 1.0), (pairs, y[table.col], -table.data), upper=0.0)
    return solve(model, effort)
