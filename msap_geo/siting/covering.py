"""Covering everyone with the fewest sites, and making the longest trip shortest."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.errors import InfeasibleError
from msap_geo.siting import exact, infeasible
from msap_geo.siting.gains import Gains, from_pairs
from msap_geo.siting.greedy import greedy, in_order
from msap_geo.siting.highs import Answer, Effort, Model, solve
from msap_geo.siting.objectives import DEFAULT, covering_gains, undecided
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.reduction import merged, regions
from msap_geo.siting.rules import Limits, Rules, compile_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem

_HALF = 0.5
_NOISE = 1e-6


def set_covering(
    problem: Problem,
    rules: Rules,
    *,
    threshold: float,
    share: float = 1.0,
    cheapest: bool = False,
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the fewest sites (or euros) that bring a share of the people within reach (LSCP).

    Toregas, Swain, ReVelle & Bergman, *Operations Research* 19, 1971; partial: Daskin & Owen,
    *Geographical Analysis* 31, 1999.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    threshold
        Minutes, inclusive.
    share
        Share of the population to have within reach, from 0 to 1.
    cheapest
        Whether to count euros instead of sites.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in new sites, or in euros.

    Raises
    ------
    InfeasibleError
        If no plan reaches the share, saying how near one comes, or if none respects the rules.
    DataError, StudyError
        If threshold or rules are wrong.
    """
    begin = time.perf_counter()
    gains = covering_gains(problem, thresholds=[threshold])
    limits, forced = compile_rules(problem, rules)
    infeasible.check(problem, limits, forced, effort)
    today = float(problem.people[problem.today <= threshold].sum())
    base = gains.value(forced)
    # A share of a whole number of people: 95 % of 1 001 is 951 persons.
    target = float(np.ceil(share * problem.population - _NOISE)) - today - base
    left = merged(gains.without(np.zeros(gains.n_sites, dtype=bool), opened=forced))
    rest = limits.after(forced)
    weights = problem.cost_eur if cheapest else np.ones(gains.n_sites)
    lowest, seconds = 0.0, effort.seconds
    chosen = np.empty(0, dtype=np.int64)
    if target > 0:
        _reachable(left, rest, target, problem, today + base, threshold, share, effort)
        full = target >= left.people.sum() - _NOISE
        solver = _cover_all if full else _cover_part
        chosen, lowest = solver(left, rest, weights, target, replace(effort, seconds=seconds))
    chosen = np.union1d(forced, chosen)
    order = in_order(gains, chosen)
    value = float(weights[chosen].sum())
    bound = min(float(weights[forced].sum()) + lowest, value)
    if not cheapest:
        bound = float(np.ceil(bound - _NOISE))
    covered = today + float(order.added.sum())
    return Plan(
        objective="couverture-totale",
        unit="euros" if cheapest else "sites",
        smaller_is_better=True,
        sites=tuple(problem.site_ids[order.sites]),
        value=value,
        bound=bound,
        today=0.0,
        status=status(value, bound, effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order.sites, np.concatenate([[0.0], np.cumsum(weights[order.sites])])),
        details={"habitants_couverts": covered, "part_couverte": covered / problem.population},
    )


def _reachable(
    gains: Gains,
    limits: Limits,
    target: float,
    problem: Problem,
    already: float,
    threshold: float,
    share: float,
    effort: Effort,
) -> None:
    """Refuse a target that not even every site allowed reaches."""
    every = gains.value(np.flatnonzero(limits.free))
    if every >= target - _NOISE and limits.count is None and limits.budget_eur is None:
        return
    if every >= target - _NOISE and limits.accepts(greedy_until(gains, limits, target)):
        return
    if every >= target - _NOISE:
        answer = exact.maximise(gains, limits, effort)
        every = min(every, answer.bound)
    if every < target - _NOISE:
        infeasible.short_of_target(
            already + every,
            already + target,
            problem.population,
            what=f"{100 * share:g} % des habitants à {threshold:g} min ou moins",
        )


def greedy_until(gains: Gains, limits: Limits, target: float) -> NDArray[np.int64]:
    """Return the first sites of the greedy sequence that reach a target, all if none does."""
    found = greedy(gains, limits)
    enough = np.flatnonzero(np.cumsum(found.added) >= target - _NOISE)
    return found.sites[: enough[0] + 1] if len(enough) else np.arange(0)


def _cover_part(
    gains: Gains, limits: Limits, weights: NDArray[np.float64], target: float, effort: Effort
) -> tuple[NDArray[np.int64], float]:
    model = Model()
    y = exact.add_sites(model, limits)
    z = exact.add_gains(model, y, gains)
    model.cost[0] = -weights
    worth, model.cost[1] = model.cost[1], np.zeros(len(z))
    model.row(z, worth, lower=target - _NOISE)
    first = greedy_until(gains, limits, target)
    start = exact.start_values(model, y, z, gains, first) if limits.accepts(first) else None
    answer = solve(model, effort, start=start if len(first) else None)
    return sites_of(answer, gains.n_sites, first), -answer.bound


def _cover_all(
    gains: Gains, limits: Limits, weights: NDArray[np.float64], _: float, effort: Effort
) -> tuple[NDArray[np.int64], float]:
    """Cover every row, each independent region on its own where nothing ties them."""
    row_region, site_region = regions(gains.by_row)
    tied = bool(limits.groups or limits.exclusive or limits.budget_eur is not None)
    if tied or limits.count is not None:
        row_region, site_region = np.zeros_like(row_region), np.zeros_like(site_region)
    chosen, lowest = [], 0.0
    labels = np.unique(row_region)
    for label in labels:
        rows = np.flatnonzero(row_region == label)
        part = Gains(gains.by_row[rows], gains.people[rows])
        inside = replace(limits, free=limits.free & (site_region == label))
        answer = _cover(
            part, inside, weights, replace(effort, seconds=effort.seconds / len(labels))
        )
        chosen.append(sites_of(answer, gains.n_sites, np.arange(0)))
        lowest -= answer.bound
    return np.sort(np.concatenate(chosen)), lowest


def sites_of(answer: Answer, n_sites: int, otherwise: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sites an answer opens, else those given.

    Raises
    ------
    DataError
        If there are neither.
    """
    if len(answer.x):
        return np.flatnonzero(answer.x[:n_sites] > _HALF)
    if len(otherwise):
        return otherwise
    raise undecided()


def p_centre(problem: Problem, rules: Rules, *, effort: Effort = DEFAULT) -> Plan:
    """Choose the sites that make the longest trip shortest (p-centre).

    Minieka, *SIAM Review* 12, 1970: the answer is one of the times themselves; for each, a set
    covering tells whether the sites allowed can do it, and halving finds the least.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in minutes: the longest trip of anyone whom some site can serve. People nobody can
        serve are told in the remarks.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    StudyError
        If rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = compile_rules(problem, rules)
    infeasible.check(problem, limits, forced, effort)
    every = problem.access_with(np.union1d(forced, np.flatnonzero(limits.free)))
    served = (problem.people > 0) & np.isfinite(every)
    lost = int(problem.people[(problem.people > 0) & ~served].sum())
    times = np.unique(np.concatenate([problem.minutes.data, problem.today[served]]))
    floor = every[served].max(initial=0.0)
    times = times[np.isfinite(times) & (times >= floor)]
    rest = limits.after(forced)
    access = problem.access_with(forced)
    low, high, proven = 0, len(times) - 1, 0
    chosen: NDArray[np.int64] | None = None
    while low <= high:
        middle = (low + high) // 2
        spare = effort.seconds - (time.perf_counter() - begin)
        needy = np.flatnonzero(served & (access > times[middle]))
        found, decided = _within(
            problem, rest, needy, times[middle], replace(effort, seconds=spare)
        )
        if found is not None:
            chosen, high = found, middle - 1
        elif decided:
            low = proven = middle + 1
        else:
            # Out of time: what is proven stands, and a longer trip may still be shown possible.
            low = middle + 1
    if chosen is None:
        if proven < len(times):
            raise undecided()
        more = _fewest(problem, rest, np.flatnonzero(served & np.isinf(access)), effort)
        raise InfeasibleError(
            "aucun plan permis ne donne à tous un trajet dans les temps calculés "
            f"({problem.max_minutes:g} min ou moins) ; il faudrait {more + len(forced)} sites",
            remedy="permettre plus de sites, ou calculer des trajets plus longs",
        )
    sites = np.union1d(forced, chosen)
    value = float(problem.access_with(sites)[served].max(initial=0.0))
    today = float(np.minimum(problem.today, problem.max_minutes)[served].max(initial=0.0))
    bound = min(float(times[proven]), value)
    order = _by_trips(problem, sites)
    steps = [problem.access_with(order[:n])[served].max(initial=0.0) for n in range(len(order) + 1)]
    remarks = (
        (f"{lost} habitants qu'aucun site ne peut servir dans les temps calculés",) if lost else ()
    )
    return Plan(
        objective="p-centre",
        unit="minutes",
        smaller_is_better=True,
        sites=tuple(problem.site_ids[order]),
        value=value,
        bound=bound,
        today=today,
        status=status(value, bound, effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, np.minimum(steps, problem.max_minutes)),
        details={"habitants_sans_site_possible": float(lost)},
        remarks=remarks,
    )


def _within(
    problem: Problem,
    limits: Limits,
    needy: NDArray[np.int64],
    minutes: float,
    effort: Effort,
) -> tuple[NDArray[np.int64] | None, bool]:
    """Return sites allowed that serve these places in time, if any, and whether it is proven."""
    if not len(needy) and not any(group.least for group in limits.groups):
        return np.arange(0), True
    rows = _servers(problem, limits, needy, minutes)
    if rows.n_rows < len(needy):
        return None, True
    answer = _cover(merged(rows), limits, np.ones(len(limits.free)), replace(effort, gap=1.0))
    return (np.flatnonzero(answer.x > _HALF) if len(answer.x) else None), answer.infeasible


def _servers(problem: Problem, limits: Limits, needy: NDArray[np.int64], minutes: float) -> Gains:
    part = problem.minutes[needy].tocoo()
    near = (part.data <= minutes) & limits.free[part.col]
    return from_pairs(part.row, part.col, near.astype(float), np.ones(len(needy)), len(limits.free))


def _fewest(problem: Problem, limits: Limits, needy: NDArray[np.int64], effort: Effort) -> int:
    """Return how many sites it takes to serve these places at all, whatever the number allowed."""
    free = replace(limits, count=None, budget_eur=None)
    rows = merged(_servers(problem, free, needy, problem.max_minutes))
    return round(-_cover(rows, free, np.ones(len(limits.free)), effort).value)


def _cover(gains: Gains, limits: Limits, weights: NDArray[np.float64], effort: Effort) -> Answer:
    """Serve every row at least weight."""
    model = Model()
    y = exact.add_sites(model, limits)
    model.cost[0] = -weights
    model.rows(gains.n_rows, (gains.entry_row, y[gains.by_row.indices], 1.0), lower=1.0)
    return solve(model, effort)


def _by_trips(problem: Problem, sites: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order sites so that each next one lowers the longest trip most, then the trips together."""
    order: list[int] = []
    left = [int(site) for site in sites]
    while left:
        access = [
            np.minimum(problem.access_with(np.array([*order, site])), problem.max_minutes)
            for site in left
        ]
        keys = [(a[problem.people > 0].max(initial=0.0), float(problem.people @ a)) for a in access]
        order.append(left.pop(min(range(len(left)), key=keys.__getitem__)))
    return np.array(order, dtype=np.int64)
