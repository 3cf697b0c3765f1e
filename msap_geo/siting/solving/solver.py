"""From gains to a plan with its proof: reduce, search, bound, and only then branch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving import exact, lagrangian
from msap_geo.siting.solving.greedy import greedy
from msap_geo.siting.solving.reduction import dominated, merged
from msap_geo.siting.solving.swap import improve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.highs import Answer, Effort
    from msap_geo.siting.solving.limits import Limits

_BOUND_SHARE = 0.4
"""Share of the time the relaxation may take before branching begins."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Sites chosen, what they bring, and what nothing exceeds.

    Parameters
    ----------
    chosen
        Sites, sorted.
    found, bound
        What they bring; what no plan exceeds. −∞ both where no plan respects the limits.
    feasible
        Whether a plan was found.
    seconds
        Time taken.
    """

    chosen: NDArray[np.int64]
    found: float
    bound: float
    feasible: bool
    seconds: float


def best_plan(gains: Gains, limits: Limits, effort: Effort, *, whole: bool = False) -> Outcome:
    """Choose the sites that bring most within the limits.

    Parameters
    ----------
    gains
        What sites bring; those that may not be chosen must bring nothing
        (:meth:`Gains.without`).
    limits
        What may be chosen.
    effort
        Time, gap, seed and threads.
    whole
        Whether all gains are whole numbers, so that a bound may be rounded down.

    Returns
    -------
    Outcome
        Greedy and swaps give a plan, a Lagrangian relaxation a bound; if they do not meet, HiGHS
        branches on the sites the bound has not settled.
    """
    begin = time.perf_counter()
    reduced = merged(gains)
    if not limits.groups and not limits.exclusive:
        gone = dominated(reduced, limits.cost_eur)
        reduced = reduced.without(gone, opened=np.empty(0, dtype=np.int64))
        limits = replace(limits, free=limits.free & ~gone)
    first = greedy(reduced, limits).sites
    feasible = limits.accepts(first)
    chosen = improve(reduced, first, limits) if feasible else first[:0]
    found = lagrangian.bound(
        reduced,
        limits,
        chosen,
        gap=effort.gap,
        seconds=_BOUND_SHARE * effort.seconds,
        whole=whole,
    )
    left = effort.seconds - (time.perf_counter() - begin)
    near = feasible and found.value - found.found <= effort.gap * abs(found.found)
    if near or left <= 0:
        return _outcome(gains, found.chosen, found.value, begin, feasible=feasible)
    limit, chosen = found.value, found.chosen
    if feasible:
        chosen = _promising(
            reduced, limits, found, replace(effort, seconds=_PROMISING_SHARE * left)
        )
        found = _settled_again(found, reduced.value(chosen), chosen)
    left = effort.seconds - (time.perf_counter() - begin)
    near = feasible and limit - found.found <= effort.gap * abs(found.found)
    if near or left <= 0:
        return _outcome(gains, chosen, limit, begin, feasible=feasible)
    opened = np.flatnonzero(found.sure & feasible)
    rest = replace(limits, free=limits.free & ~(found.out & feasible))
    base = reduced.value(opened)
    answer = exact.maximise(
        merged(reduced.without((found.sure | found.out) & feasible, opened=opened)),
        rest.after(opened),
        # The gap asked is of the whole, of which the rest is a part.
        replace(effort, seconds=left, gap=_part_gap(effort.gap, found.found, found.found - base)),
        start=np.setdiff1d(chosen, opened),
    )
    if answer.infeasible and not feasible:
        return Outcome(chosen[:0], -np.inf, -np.inf, feasible=False, seconds=answer.seconds)
    if len(answer.x):
        proposed = np.union1d(opened, _open(answer, gains.n_sites))
        better = not feasible or gains.value(proposed) > gains.value(chosen)
        if limits.accepts(proposed) and better:
            chosen, feasible = improve(reduced, proposed, limits), True
    top = max(base + answer.bound, found.found)
    top = float(np.floor(top + _ROUNDING)) if whole else top
    return _outcome(gains, chosen, min(limit, top), begin, feasible=feasible)


_ROUNDING = 1e-6
_HALF = 0.5
_PROMISING_SHARE = 0.1
_PROMISING = 1.4
"""Sites left out of the relaxed plan that the restricted model keeps, as many times as it takes:
on the national instances, found in two seconds what the whole model finds in thirty."""


def _promising(
    gains: Gains, limits: Limits, found: lagrangian.Bound, effort: Effort
) -> NDArray[np.int64]:
    """Solve the model over the sites the prices like best only: a better plan, no proof."""
    order = np.argsort(-found.edge, kind="stable")
    size = round((1 + _PROMISING) * max(len(found.chosen), 1)) + _FEW
    kept = np.zeros(gains.n_sites, dtype=bool)
    kept[order[:size]] = True
    kept[found.chosen] = True
    kept &= limits.free
    if kept[limits.free].all():
        return found.chosen
    answer = exact.maximise(
        merged(gains.without(~kept, opened=np.empty(0, dtype=np.int64))),
        replace(limits, free=kept),
        effort,
        start=found.chosen,
    )
    sites = _open(answer, gains.n_sites)
    if not limits.accepts(sites) or gains.value(sites) <= found.found:
        return found.chosen
    return improve(gains, sites, limits)


_FEW = 50


def _open(answer: Answer, n_sites: int) -> NDArray[np.int64]:
    return np.flatnonzero(answer.x[:n_sites] > _HALF)


def _settled_again(
    found: lagrangian.Bound, value: float, chosen: NDArray[np.int64]
) -> lagrangian.Bound:
    """Settle more sites now that a better plan is known."""
    worse = found.value - np.abs(found.edge) < value - _ROUNDING * max(abs(value), 1.0)
    return replace(
        found,
        found=value,
        chosen=chosen,
        out=found.out | (worse & (found.edge < 0)),
        sure=found.sure | (worse & (found.edge > 0) & ~found.out),
    )


def _part_gap(gap: float, whole: float, part: float) -> float:
    return gap * abs(whole) / part if part > 0 else gap


def _outcome(
    gains: Gains, chosen: NDArray[np.int64], bound: float, begin: float, *, feasible: bool
) -> Outcome:
    value = gains.value(chosen) if feasible else -np.inf
    return Outcome(
        chosen, value, max(bound, value), feasible=feasible, seconds=time.perf_counter() - begin
    )
