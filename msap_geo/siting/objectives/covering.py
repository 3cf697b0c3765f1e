"""Covering everyone with the fewest sites, and making the longest trip shortest."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo import french
from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT, covering_gains
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.gains import Gains, grain_of, rounded_up
from msap_geo.siting.solving.greedy import greedy, in_order
from msap_geo.siting.solving.highs import Effort, Model, solve
from msap_geo.siting.solving.reduction import merged, regions
from msap_geo.siting.solving.solver import best_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.limits import Limits

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
    limits, forced = infeasible.limits_of(problem, rules, effort)
    today = float(problem.people[problem.today <= threshold].sum())
    base = gains.value(forced)
    aim = _aim(problem, share)
    target = aim - today - base
    left = merged(gains.without(np.zeros(gains.n_sites, dtype=bool), opened=forced))
    rest = limits.after(forced)
    weights = problem.cost_eur if cheapest else np.ones(gains.n_sites)
    lowest = 0.0
    chosen = np.empty(0, dtype=np.int64)
    what = f"{french.short(100 * share)} % des habitants à {french.short(threshold)} min ou moins"
    every = today + base + left.value(np.flatnonzero(rest.free))
    if every < aim - _NOISE:
        # Rules may keep sites from opening together: what they leave is reached at best.
        every_opens = rest.only_number and rest.count is None
        most = every if every_opens else today + base + best_plan(left, rest, effort).bound
        infeasible.short_of_target(most, every, aim, problem.population, what=what)
    if target > 0 or any(group.least > 0 for group in rest.groups):
        full = 0 < target >= left.people.sum() - _NOISE
        found = (_cover_all if full else _cover_part)(left, rest, weights, target, effort)
        if found.none:
            most = best_plan(left, rest, effort).bound
            infeasible.refuse(
                problem,
                limits,
                forced,
                infeasible.Need(merged(gains), target + base),
                effort,
                what=infeasible.short(today + base + most, aim, problem.population, what=what),
            )
        chosen, lowest = found.sites, found.lowest
    chosen = np.union1d(forced, chosen)
    order = in_order(gains, chosen)
    value = float(weights[chosen].sum())
    bound = min(rounded_up(float(weights[forced].sum()) + lowest, grain_of(weights)), value)
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
        details={
            "habitants_couverts": covered,
            "part_couverte": covered / problem.population if problem.population else np.nan,
        },
    )


def _aim(problem: Problem, share: float) -> float:
    # A share of a whole number of people: 95 % of 1 001 is 951 persons.
    return float(np.ceil(share * problem.population - _NOISE))


def people_to_spare(problem: Problem, plan: Plan, share: float | None) -> float:
    """Return how many people a plan may lose and still have the share asked for within reach.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    plan
        A plan of :func:`set_covering`, where a share is asked for.
    share
        From 0 to 1; None where none is asked for, and nothing is to be kept.
    """
    if share is None:
        return float(np.inf)
    return float(plan.details["habitants_couverts"]) - _aim(problem, share)


class _Found(NamedTuple):
    """Sites, a weight below which there are none, and whether there are none at all."""

    sites: NDArray[np.int64]
    lowest: float
    none: bool


def greedy_until(gains: Gains, limits: Limits, target: float) -> NDArray[np.int64]:
    """Return the first sites of the greedy sequence that reach a target, all if none does."""
    found = greedy(gains, limits)
    enough = np.flatnonzero(np.cumsum(found.added) >= target - _NOISE)
    return found.sites[: enough[0] + 1] if len(enough) else np.arange(0)


def _cover_part(
    gains: Gains, limits: Limits, weights: NDArray[np.float64], target: float, effort: Effort
) -> _Found:
    model = Model()
    y = exact.add_sites(model, limits)
    z = exact.add_gains(model, y, gains)
    model.cost[0] = -weights
    worth, model.cost[1] = model.cost[1], np.zeros(len(z))
    model.row(z, worth, lower=target - _NOISE)
    first = greedy_until(gains, limits, target)
    first = first if limits.accepts(first) else first[:0]
    start = exact.start_values(model, y, z, gains, first) if len(first) else None
    answer = solve(model, effort, start=start)
    if answer.infeasible:
        return _Found(first[:0], np.inf, none=True)
    return _Found(exact.sites_of(answer, gains.n_sites, first), -answer.bound, none=False)


def _cover_all(
    gains: Gains, limits: Limits, weights: NDArray[np.float64], _: float, effort: Effort
) -> _Found:
    """Cover every row, each independent region on its own where nothing ties them."""
    row_region, site_region = regions(gains.by_row)
    tied = not limits.only_number
    if tied or limits.count is not None:
        row_region, site_region = np.zeros_like(row_region), np.zeros_like(site_region)
    chosen, lowest = [], 0.0
    labels = np.unique(row_region)
    for label in labels:
        rows = np.flatnonzero(row_region == label)
        part = Gains(gains.by_row[rows], gains.people[rows])
        inside = replace(limits, free=limits.free & (site_region == label))
        answer = exact.cover(
            part, inside, weights, replace(effort, seconds=effort.seconds / len(labels))
        )
        if answer.infeasible:
            return _Found(np.empty(0, dtype=np.int64), np.inf, none=True)
        chosen.append(exact.sites_of(answer, gains.n_sites, np.arange(0)))
        lowest -= answer.bound
    return _Found(np.sort(np.concatenate(chosen)), lowest, none=False)
