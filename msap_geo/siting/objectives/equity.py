"""The fairest plan: the département worst served has as many people within reach as can be."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french
from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT, covering_gains
from msap_geo.siting.objectives.groups import Groups, lowest_of
from msap_geo.siting.objectives.levels import Climb
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.exact import undecided
from msap_geo.siting.solving.gains import Gains, from_pairs
from msap_geo.siting.solving.greedy import greedy, in_order
from msap_geo.siting.solving.highs import Answer, Effort, Model, solve
from msap_geo.siting.solving.reduction import merged
from msap_geo.siting.solving.room import Room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5
_EXACT = 1e-7
_FIRST_SHARE = 0.3
"""Share of the time given to the first stage; the others take what is left."""

_WHOLE = 20_000
"""Pairs beyond which HiGHS no longer solves the whole model in minutes: levels are climbed."""


def fairest_covering(
    problem: Problem, rules: Rules, *, threshold: float, effort: Effort = DEFAULT
) -> Plan:
    """Choose the sites that raise the lowest share of people within reach among groups (max–min).

    Rawls's criterion over ``problem.group``. A group that even every site allowed leaves low would
    decide alone and leave the others to chance: once such groups are at their ceiling, the lowest
    share of the others is raised in turn (a first step of the leximin).

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    threshold
        Minutes, inclusive.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value: lowest share among all groups. ``details`` hold the lowest share of the groups below
        their ceiling, with its own bound.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    DataError, StudyError
        If threshold or rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = infeasible.limits_of(problem, rules, effort)
    groups = _groups(problem, threshold, np.union1d(forced, np.flatnonzero(limits.free)))
    ceiling = groups.most / groups.people
    capped = np.zeros(len(ceiling), dtype=bool)
    sites = _worst_first(groups, limits, forced)
    first: tuple[float, float] | None = None
    while True:
        left = effort.seconds - (time.perf_counter() - begin)
        stage = replace(effort, seconds=max(left * (1.0 if first else _FIRST_SHARE), 1.0))
        sites, top = _highest(groups, limits, forced, capped, sites, stage)
        lowest = lowest_of(groups, sites, capped)
        bound = max(min(top, ceiling[~capped].min(initial=1.0)), lowest)
        first = (lowest, bound) if first is None else first
        now = ~capped & (ceiling <= lowest + _EXACT)
        if not now.any() or (capped | now).all() or left < 1:
            break
        capped |= now
    sites = _spent(groups, limits, forced, sites)
    order = in_order(groups.gains, sites).sites
    values = np.array([groups.shares(order[:n]).min(initial=1.0) for n in range(len(order) + 1)])
    value = float(values[-1])
    bound_all = max(first[1], value)
    return Plan(
        objective="equite",
        unit="part des habitants du groupe le moins bien servi",
        smaller_is_better=False,
        sites=tuple(problem.site_ids[order]),
        value=value,
        bound=bound_all,
        today=float(values[0]),
        status=status(value, bound_all, effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, values),
        details={
            "part_minimale_hors_plafond": lowest,
            "borne_hors_plafond": float(bound),
            "habitants_couverts": float(groups.shares(sites) @ groups.people),
        },
        remarks=tuple(
            f"{name} plafonne à {french.number(100 * top, 1)} %, même avec tous les candidats "
            "permis"
            for name, top in zip(groups.names[capped], ceiling[capped], strict=True)
        ),
    )


def _groups(problem: Problem, threshold: float, allowed: NDArray[np.int64]) -> Groups:
    names, group = np.unique(problem.group[problem.people > 0], return_inverse=True)
    of_place = np.full(len(problem.people), -1)
    of_place[problem.people > 0] = group
    gains = covering_gains(problem, thresholds=[threshold])
    # A column per group, which no site is, keeps rows of two groups from being merged.
    reached = problem.access_with(allowed) <= threshold
    kept = (problem.people > 0) & (problem.today > threshold) & (_near(problem, threshold) > 0)
    places = np.flatnonzero(kept)
    tagged = from_pairs(
        np.concatenate([gains.entry_row, np.arange(gains.n_rows)]),
        np.concatenate([gains.by_row.indices, gains.n_sites + of_place[places]]),
        np.concatenate([gains.by_row.data, gains.people]),
        gains.people,
        gains.n_sites + len(names),
    )
    rows = merged(tagged)
    last = rows.by_row.indices[rows.by_row.indptr[1:] - 1] - gains.n_sites

    def total(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        here = mask & (problem.people > 0)
        weights = problem.people[here].astype(float)
        return np.bincount(of_place[here], weights, len(names)).astype(float)

    return Groups(
        Gains(rows.by_row[:, : gains.n_sites], rows.people),
        last.astype(np.int64),
        total(np.ones(len(of_place), dtype=bool)),
        total(problem.today <= threshold),
        total(reached),
        names,
    )


def _near(problem: Problem, threshold: float) -> NDArray[np.intp]:
    row = np.repeat(np.arange(len(problem.people)), np.diff(problem.minutes.indptr))
    return np.bincount(row[problem.minutes.data <= threshold], minlength=len(problem.people))


def _highest(
    groups: Groups,
    limits: Limits,
    forced: NDArray[np.int64],
    capped: NDArray[np.bool_],
    sites: NDArray[np.int64],
    effort: Effort,
) -> tuple[NDArray[np.int64], float]:
    """Return a better plan where there is one, and a share no plan exceeds."""
    able = limits.after(forced).accepts(np.setdiff1d(sites, forced))
    top = float((groups.most / groups.people)[~capped].min(initial=1.0))
    if able and lowest_of(groups, sites, capped) >= top - _EXACT:
        return sites, top
    if able and limits.only_number and groups.gains.by_row.nnz > _WHOLE:
        climb = Climb(groups, limits, forced, capped, sites, top, effort)
        climb.run()
        return climb.sites, climb.top
    answer = _raise_lowest(groups, limits, forced, capped, sites, effort)
    if len(answer.x):
        found = np.flatnonzero(answer.x[: groups.gains.n_sites] > _HALF)
        better = lowest_of(groups, found, capped) >= lowest_of(groups, sites, capped) - _EXACT
        sites = found if better or not able else sites
    elif not able:
        raise undecided()
    return sites, answer.bound


def _raise_lowest(
    groups: Groups,
    limits: Limits,
    forced: NDArray[np.int64],
    capped: NDArray[np.bool_],
    start: NDArray[np.int64],
    effort: Effort,
) -> Answer:
    gains, n = groups.gains, len(groups.people)
    model = Model()
    y = exact.add_sites(model, limits)
    lower = np.zeros(len(y))
    lower[forced] = 1.0
    model.lower[0], model.upper[0] = lower, np.maximum(model.upper[0], lower)
    share = model.columns(1, cost=1.0)
    z = model.columns(gains.n_rows)
    model.rows(
        gains.n_rows,
        (np.arange(gains.n_rows), z, 1.0),
        (gains.entry_row, y[gains.by_row.indices], -1.0),
        upper=0.0,
    )
    # In shares, not persons: every group's row then weighs alike to the solver.
    weight = groups.people
    own = np.flatnonzero(~capped)
    model.rows(
        n,
        (own, share[0], -1.0),
        (groups.of_row, z, gains.people / weight[groups.of_row]),
        lower=np.where(capped, groups.most - groups.today - _HALF, -groups.today) / weight,
    )
    values = None
    if len(start) and lowest_of(groups, start, ~capped) >= 0:
        values = np.zeros(model.n_columns)
        values[y[start]] = 1.0
        values[z] = gains.best(start) > 0
        values[share] = lowest_of(groups, start, capped)
    return solve(model, effort, start=values)


def _worst_first(groups: Groups, limits: Limits, forced: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a plan to start from: each time, the site that helps most the group worst served."""
    gains = groups.gains
    room = Room(limits.after(forced))
    chosen = [int(site) for site in forced]
    best = gains.best(forced)
    rows, columns = gains.by_row, gains.by_site
    while True:
        able = room.open()
        shares = (
            groups.today + np.bincount(groups.of_row, weights=best, minlength=len(groups.people))
        ) / groups.people
        open_ = shares < groups.most / groups.people - _EXACT
        if not able.any() or not open_.any():
            break
        worst = np.flatnonzero(open_)[np.argmin(shares[open_])]
        left = np.where(groups.of_row == worst, gains.people - best, 0.0)
        adds = np.where(able, rows.T @ (left / gains.people), -1.0)
        # A row counts its people, whatever its gains are worth to others.
        site = int(np.argmax(np.round(adds, 6)))
        if adds[site] <= 0:
            break
        room.take(site)
        chosen.append(site)
        span = slice(columns.indptr[site], columns.indptr[site + 1])
        best[columns.indices[span]] = gains.people[columns.indices[span]]
    return np.array(sorted(chosen), dtype=np.int64)


def _spent(
    groups: Groups, limits: Limits, forced: NDArray[np.int64], sites: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the sites the lowest share does not need to those that bring most people."""
    kept = list(sites)
    shares = np.minimum(groups.shares(sites), groups.shares(sites).min(initial=1.0))
    if not limits.groups:
        for site in sites[::-1]:
            fewer = np.array([other for other in kept if other != site], dtype=np.int64)
            if site not in forced and (groups.shares(fewer) >= shares - _EXACT).all():
                kept = list(fewer)
    opened = np.array(kept, dtype=np.int64)
    rest = groups.gains.without(np.zeros(groups.gains.n_sites, dtype=bool), opened=opened)
    more = greedy(rest, limits.after(opened)).sites
    filled = np.union1d(opened, more)
    return filled if limits.after(forced).accepts(np.setdiff1d(filled, forced)) else sites
