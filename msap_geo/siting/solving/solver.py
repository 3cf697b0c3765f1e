"""From gains to a plan with its proof: reduce, search, bound, and only then branch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving import exact, lagrangian
from msap_geo.siting.solving.branch import branch
from msap_geo.siting.solving.gains import NEGLIGIBLE, grain_of, rounded_down
from msap_geo.siting.solving.greedy import greedy
from msap_geo.siting.solving.reduction import dominated, merged
from msap_geo.siting.solving.swap import improve

if TYPE_CHECKING:
    from collections.abc import Callable

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


def best_plan(gains: Gains, limits: Limits, effort: Effort, *, ceiling: float = 0.0) -> Outcome:
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
    ceiling
        What the gains are taken from, where they lower a value: the gap asked for is then of what
        is left of it.

    Returns
    -------
    Outcome
        Greedy and swaps give a plan, a Lagrangian relaxation a bound; if they do not meet,
        branching goes on with the sites the bound has not settled.
    """
    begin = time.perf_counter()
    grain = grain_of(gains.by_row.data)
    reduced = merged(gains)
    if not limits.groups and not limits.exclusive:
        gone = dominated(reduced, limits.cost_eur)
        reduced = reduced.without(gone, opened=np.empty(0, dtype=np.int64))
        limits = replace(limits, free=limits.free & ~gone)

    def tolerance(found: float) -> float:
        return effort.gap * abs(ceiling - found if ceiling else found)

    first = greedy(reduced, limits).sites
    if not limits.accepts(first):
        return _from_nothing(gains, reduced, limits, effort, begin, grain)
    chosen = improve(reduced, first, limits)
    share = _BOUND_SHARE * effort.seconds
    found = lagrangian.bound(
        reduced, limits, chosen, tolerance=tolerance, seconds=share, grain=grain
    )
    left = effort.seconds - (time.perf_counter() - begin)
    if left <= 0 or found.value - found.found <= tolerance(found.found):
        return _outcome(gains, found.chosen, found.value, begin, grain)
    if _levels_a_row(reduced) > _FEW_LEVELS:
        chosen, bound = _by_cuts(reduced, limits, found, tolerance, grain, left)
    else:
        chosen, bound = _by_pairs(reduced, limits, found, tolerance, replace(effort, seconds=left))
    return _outcome(gains, chosen, bound, begin, grain)


def _levels_a_row(gains: Gains) -> float:
    return len(exact.levels_of(gains).worth) / max(gains.n_rows, 1)


def _by_cuts(
    gains: Gains,
    limits: Limits,
    found: lagrangian.Bound,
    tolerance: Callable[[float], float],
    grain: float,
    seconds: float,
) -> tuple[NDArray[np.int64], float]:
    """Branch over cuts: rows of many levels take as many columns as pairs otherwise."""
    opened = np.flatnonzero(found.sure)
    rest = replace(limits, free=~found.out).after(opened)
    base = gains.value(opened)
    branched = branch(
        merged(gains.without(~rest.free, opened=opened)),
        rest,
        np.setdiff1d(found.chosen, opened),
        # The tolerance is of the whole, of which the rest is a part.
        tolerance=lambda value: tolerance(base + value),
        grain=grain,
        seconds=seconds,
    )
    proposed = np.union1d(opened, branched.chosen)
    chosen = proposed if gains.value(proposed) > found.found else found.chosen
    bound = min(found.value, max(base + branched.bound, found.found))
    return improve(gains, chosen, limits), bound


def _by_pairs(
    gains: Gains,
    limits: Limits,
    found: lagrangian.Bound,
    tolerance: Callable[[float], float],
    effort: Effort,
) -> tuple[NDArray[np.int64], float]:
    """Let HiGHS branch over every pair: fewer than cuts where rows have a level or two."""
    begin = time.perf_counter()
    limit = found.value
    effort = replace(effort, gap=tolerance(found.found) / max(abs(found.found), NEGLIGIBLE))
    chosen = _promising(
        gains, limits, found, replace(effort, seconds=_PROMISING_SHARE * effort.seconds)
    )
    found = _settled_again(found, gains.value(chosen), chosen)
    left = effort.seconds - (time.perf_counter() - begin)
    if left <= 0 or limit - found.found <= tolerance(found.found):
        return chosen, limit
    opened = np.flatnonzero(found.sure)
    rest = replace(limits, free=~found.out)
    base = gains.value(opened)
    answer = exact.maximise(
        merged(gains.without(found.sure | found.out, opened=opened)),
        rest.after(opened),
        # The gap asked is of the whole, of which the rest is a part.
        replace(effort, seconds=left, gap=_part_gap(effort.gap, found.found, found.found - base)),
        start=np.setdiff1d(chosen, opened),
    )
    if len(answer.x):
        proposed = np.union1d(opened, _open(answer, gains.n_sites))
        if limits.accepts(proposed) and gains.value(proposed) > gains.value(chosen):
            chosen = improve(gains, proposed, limits)
    return chosen, min(limit, max(base + answer.bound, found.found))


_ROUNDING = 1e-6
_HALF = 0.5
_FEW_LEVELS = 3.0
"""Levels a row above which cuts beat pairs: the p-median has as many as sites, covering one."""

_PROMISING_SHARE = 0.1
_PROMISING, _FEW = 1.4, 50
"""Sites left out of the relaxed plan that the restricted model keeps, as many times as it takes,
and so many more: on the national instances, found in two seconds what the whole model finds in
thirty."""


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


def _from_nothing(
    gains: Gains, reduced: Gains, limits: Limits, effort: Effort, begin: float, grain: float
) -> Outcome:
    """Ask HiGHS for a plan where greedy makes none."""
    left = max(effort.seconds - (time.perf_counter() - begin), 1.0)
    answer = exact.maximise(reduced, limits, replace(effort, seconds=left))
    chosen = _open(answer, gains.n_sites)
    if not len(answer.x) or not limits.accepts(chosen):
        seconds = time.perf_counter() - begin
        return Outcome(chosen[:0], -np.inf, -np.inf, feasible=False, seconds=seconds)
    return _outcome(gains, improve(reduced, chosen, limits), answer.bound, begin, grain)


def _open(answer: Answer, n_sites: int) -> NDArray[np.int64]:
    return np.flatnonzero(answer.x[:n_sites] > _HALF)


def _outcome(
    gains: Gains, chosen: NDArray[np.int64], bound: float, begin: float, grain: float
) -> Outcome:
    value = gains.value(chosen)
    top = max(rounded_down(bound, grain), value)
    return Outcome(chosen, value, top, feasible=True, seconds=time.perf_counter() - begin)
