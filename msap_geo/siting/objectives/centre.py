"""Making the longest trip shortest."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french
from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.exact import undecided
from msap_geo.siting.solving.gains import Gains, from_pairs
from msap_geo.siting.solving.reduction import merged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.highs import Effort
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5


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
    limits, forced = infeasible.limits_of(problem, rules, effort)
    every = problem.access_with(np.union1d(forced, np.flatnonzero(limits.free)))
    served = (problem.people > 0) & np.isfinite(every)
    lost = int(problem.people[(problem.people > 0) & ~served].sum())
    floor = float(every[served].max(initial=0.0))
    times = np.unique(np.concatenate([[floor], problem.minutes.data, problem.today[served]]))
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
        unserved = np.flatnonzero(served & np.isinf(problem.today))
        anyone = replace(limits, free=np.ones_like(limits.free))
        rows = merged(_servers(problem, anyone, unserved, problem.max_minutes))
        infeasible.refuse(
            problem,
            limits,
            forced,
            infeasible.Need(rows, float(rows.people.sum())),
            effort,
            what="aucun plan permis ne donne à tous un trajet dans les temps calculés "
            f"({french.short(problem.max_minutes)} min ou moins) ; il faudrait assouplir",
        )
    sites = np.union1d(forced, chosen)
    value = float(problem.access_with(sites)[served].max(initial=0.0))
    today = float(problem.today[served].max(initial=0.0))
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
        curve=curve(problem, order, np.array(steps, dtype=float)),
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
    answer = exact.cover(merged(rows), limits, np.ones(len(limits.free)), replace(effort, gap=1.0))
    return (np.flatnonzero(answer.x > _HALF) if len(answer.x) else None), answer.infeasible


def _servers(problem: Problem, limits: Limits, needy: NDArray[np.int64], minutes: float) -> Gains:
    part = problem.minutes[needy].tocoo()
    near = (part.data <= minutes) & limits.free[part.col]
    return from_pairs(part.row, part.col, near.astype(float), np.ones(len(needy)), len(limits.free))


def _by_trips(problem: Problem, sites: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order sites so that each next one lowers the longest trip most, then the trips together."""
    finite = np.concatenate([problem.minutes.data, problem.today[np.isfinite(problem.today)]])
    never = finite.max(initial=0.0) + 1.0  # worse than any trip, so that no sum is infinite
    order: list[int] = []
    left = [int(site) for site in sites]
    while left:
        access = [np.minimum(problem.access_with(np.array([*order, site])), never) for site in left]
        keys = [(a[problem.people > 0].max(initial=0.0), float(problem.people @ a)) for a in access]
        order.append(left.pop(min(range(len(left)), key=keys.__getitem__)))
    return np.array(order, dtype=np.int64)
