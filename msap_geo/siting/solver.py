"""From gains to a plan with its proof: reduce, search, bound, and only then branch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting import exact, lagrangian
from msap_geo.siting.greedy import greedy
from msap_geo.siting.reduction import dominated, merged
from msap_geo.siting.swap import improve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.gains import Gains
    from msap_geo.siting.highs import Effort
    from msap_geo.siting.rules import Limits

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
    settled = found.sure | found.out if feasible else np.zeros(gains.n_sites, dtype=bool)
    opened = np.flatnonzero(found.sure) if feasible else np.empty(0, dtype=np.int64)
    rest = replace(limits, free=limits.free & ~found.out) if feasible else limits
    base = reduced.value(opened)
    answer = exact.maximise(
        merged(reduced.without(settled, opened=opened)),
        rest.after(opened),
        # The gap asked is of the whole, of which the rest is a part.
        replace(effort, seconds=left, gap=_part_gap(effort.gap, found.found, found.found - base)),
        start=np.setdiff1d(found.chosen, opened) if feasible else None,
    )
    if answer.infeasible and not feasible:
        return Outcome(chosen[:0], -np.inf, -np.inf, feasible=False, seconds=answer.seconds)
    best = found.chosen
    if len(answer.x):
        proposed = np.union1d(opened, np.flatnonzero(answer.x[: gains.n_sites] > 0.5))  # noqa: PLR2004
        if limits.accepts(proposed) and (not feasible or gains.value(proposed) > gains.value(best)):
            best, feasible = proposed, True
            best = improve(reduced, best, limits)
    limit = max(base + answer.bound, found.found)
    limit = float(np.floor(limit + _ROUNDING)) if whole else limit
    return _outcome(gains, best, min(found.value, limit), begin, feasible=feasible)


_ROUNDING = 1e-6


def _part_gap(gap: float, whole: float, part: float) -> float:
    return gap * abs(whole) / part if part > 0 else gap


def _outcome(
    gains: Gains, chosen: NDArray[np.int64], bound: float, begin: float, *, feasible: bool
) -> Outcome:
    value = gains.value(chosen) if feasible else -np.inf
    return Outcome(
        chosen, value, max(bound, value), feasible=feasible, seconds=time.perf_counter() - begin
    )
