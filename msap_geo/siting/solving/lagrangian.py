"""An upper bound on what any plan can bring, by relaxing who is served by whom.

Give each row a price λ for being served. Rows then decide site by site: a site is worth
``ρ_j = Σ_i max(0, v_ij − λ_i)``, the best plan takes the worthiest sites, and
``Σ_i λ_i + Σ_{j chosen} ρ_j`` is at least the value of every plan, whatever the prices (weak
duality; Cornuéjols, Fisher & Nemhauser 1977; Beasley, *European Journal of Operational Research*
65, 1993).
A sub-gradient method looks for the prices that make it least.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving.gains import rounded_down, slices
from msap_geo.siting.solving.room import Room
from msap_geo.siting.solving.swap import improve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits


_PACE, _SLOWEST, _PATIENCE = 1.0, 1e-3, 30
_MOMENTUM, _PROGRESS = 0.7, 1e-6
_EVERY = 10
# Tuned on the national instances of benchmarks/siting.py: within 0.02 % of the optimum of the
# linear relaxation in a few seconds.

_ROUNDING = 1e-6
_NOISE = 1e-12


@dataclass(frozen=True, eq=False)
class Bound:
    """What the relaxation proves, and the best plan seen on the way.

    Parameters
    ----------
    value
        No plan brings more.
    chosen
        Best plan found, sorted.
    found
        What it brings.
    out, sure
        Sites that no better plan holds, and sites that every better plan holds.
    edge
        How much each site is worth over what its place could bring elsewhere, at the best prices:
        the plan of the relaxation takes those above zero.
    iterations
        Steps of the sub-gradient method.
    """

    value: float
    chosen: NDArray[np.int64]
    found: float
    out: NDArray[np.bool_]
    sure: NDArray[np.bool_]
    edge: NDArray[np.float64]
    iterations: int


def bound(
    gains: Gains,
    limits: Limits,
    chosen: NDArray[np.int64],
    *,
    tolerance: Callable[[float], float],
    seconds: float,
    steps: int = 2000,
    grain: float = 0.0,
) -> Bound:
    """Bound the value of every plan, and improve the plan given where the prices show how.

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen. Numbers, budgets and separate quotas shape the relaxed plans;
        exclusions are ignored there (the bound stays one), never in the plans found.
    chosen
        A plan within the limits, to start from.
    tolerance
        How far from a plan of some value the bound may be for the search to stop.
    seconds
        Stop after so long.
    steps
        Stop after so many steps.
    grain
        What every value is a multiple of, so that the bound may be rounded down; nought if unknown.
    """
    return _Search(gains, limits, chosen, grain).run(tolerance, seconds, steps)


class _Search:
    """One sub-gradient search; see :func:`bound`."""

    def __init__(
        self, gains: Gains, limits: Limits, chosen: NDArray[np.int64], grain: float
    ) -> None:
        self.gains, self.limits, self.grain = gains, limits, grain
        self.chosen, self.found = np.sort(chosen), gains.value(chosen)
        self.value = np.inf
        n = gains.n_sites
        self.out, self.sure = ~limits.free, np.zeros(n, dtype=bool)
        columns = gains.by_site
        self.rows, self.values = columns.indices.astype(np.int64), columns.data
        self.indptr = columns.indptr.astype(np.int64)
        self.edge = np.zeros(n)
        self.filled = np.flatnonzero(np.diff(self.indptr))
        self.tried: set[bytes] = set()

    def run(self, tolerance: Callable[[float], float], seconds: float, steps: int) -> Bound:
        """Search until close enough, out of time or out of steps."""
        begin = time.perf_counter()
        ceiling = np.zeros(self.gains.n_rows)
        np.maximum.at(ceiling, self.rows, self.values)
        prices = self.gains.best(self.chosen)
        kept, direction = prices, np.zeros_like(prices)
        pace, stale, step = _PACE, 0, 0
        for step in range(1, steps + 1):
            value, slope, ranking = self._evaluate(prices)
            stale = 0 if value < self.value * (1 - _PROGRESS) or step == 1 else stale + 1
            if value < self.value:
                self.value, kept = value, prices
            if step % _EVERY == 1:
                self._try(ranking, deep=step % (20 * _EVERY) == 1)
            if self._close(tolerance(self.found)) or time.perf_counter() - begin > seconds:
                break
            if stale >= _PATIENCE:
                pace, stale, prices = pace / 2, 0, kept
                direction = np.zeros_like(direction)
                if pace < _SLOWEST:
                    break
                continue
            # A price at its bound cannot follow the slope further: without this the step length is
            # spent on rows that do not move (half the distance to the optimum on real instances).
            stuck = ((prices <= 0) & (slope > 0)) | ((prices >= ceiling) & (slope < 0))
            direction = np.where(stuck, 0.0, slope) + _MOMENTUM * direction
            length = float(np.square(direction).sum())
            if length == 0:
                break
            prices = np.clip(
                prices - pace * (value - self.found) / length * direction, 0.0, ceiling
            )
        self._try(ranking, deep=True)
        self.value = rounded_down(self.value, self.grain)
        return Bound(
            max(self.value, self.found),
            self.chosen,
            self.found,
            self.out,
            self.sure,
            self.edge,
            step,
        )

    def _close(self, tolerance: float) -> bool:
        distance = rounded_down(self.value, self.grain) - self.found
        return bool(distance <= tolerance + _NOISE * max(abs(self.found), 1.0))

    def _evaluate(
        self, prices: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
        """Return the bound at these prices, its sub-gradient, and the sites it takes."""
        over = np.maximum(self.values - prices[self.rows], 0.0)
        worth = np.zeros(self.gains.n_sites)
        worth[self.filled] = np.add.reduceat(over, self.indptr[self.filled])
        taken, extra, rate = _take(worth, self.limits)
        value = float(prices.sum()) + extra
        # With the money (or places) at this rate, a site's own advantage tells what leaving it, or
        # taking it, would cost the bound.
        edge = worth - rate
        if value < self.value:
            self.edge = edge
        worse = value - np.abs(edge) < self.found - _ROUNDING * max(abs(self.found), 1.0)
        if self.limits.label is not None:
            self.out |= worse & (edge < 0)
            self.sure |= worse & (edge > 0) & self.limits.free
        slope = np.ones(self.gains.n_rows)
        sites = np.flatnonzero(taken > 0)
        entries, counts = slices(self.indptr, sites)
        served = over[entries] > 0
        slope -= np.bincount(
            self.rows[entries][served],
            weights=np.repeat(taken[sites], counts)[served],
            minlength=self.gains.n_rows,
        )
        return value, slope, np.lexsort((-worth, -taken))

    def _try(self, ranking: NDArray[np.int64], *, deep: bool) -> None:
        """See whether the sites the prices like best make a better plan."""
        room = Room(self.limits)
        plan: list[int] = []
        for site in ranking[: 4 * self.limits.most + 50]:
            able = room.open()
            if able[site]:
                room.take(int(site))
                plan.append(int(site))
            if room.left <= 0:
                break
        sites = np.array(sorted(plan), dtype=np.int64)
        key = sites.tobytes()
        if key in self.tried or not self.limits.accepts(sites):
            return
        self.tried.add(key)
        if deep:
            sites = improve(self.gains, sites, self.limits)
        found = self.gains.value(sites)
        if found > self.found:
            self.chosen, self.found = sites, found


def _take(
    worth: NDArray[np.float64], limits: Limits
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return how much of each site the relaxed plan takes, what they are worth, and the rates.

    The rate of a site is what its place (or its euros) could bring elsewhere.
    """
    usable = np.where(limits.free, worth, 0.0)
    if limits.count is None and limits.budget_eur is not None:
        return _knapsack(usable, limits)
    if limits.groups and limits.label is not None:
        return _by_group(usable, limits)
    taken = np.zeros(len(worth))
    order = np.argsort(-usable, kind="stable")[: limits.most]
    taken[order] = 1.0
    if not len(order):
        return taken, 0.0, np.full(len(worth), np.inf)
    rate = usable[order[-1]] if len(order) == limits.count else 0.0
    return taken, float(usable[order].sum()), np.full(len(worth), rate)


def _knapsack(
    worth: NDArray[np.float64], limits: Limits
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    cost = limits.cost_eur
    ratio = np.divide(worth, cost, out=np.full(len(cost), np.inf), where=cost > 0)
    order = np.argsort(-ratio, kind="stable")
    before = np.cumsum(cost[order]) - cost[order]
    left = np.clip((limits.budget_eur or 0.0) - before, 0.0, cost[order])
    taken = np.zeros(len(worth))
    taken[order] = np.divide(left, cost[order], out=np.ones(len(cost)), where=cost[order] > 0)
    partial = np.flatnonzero(taken[order] < 1)
    rate = ratio[order[partial[0]]] if len(partial) else 0.0
    return taken, float(worth @ taken), rate * cost


def _by_group(
    worth: NDArray[np.float64], limits: Limits
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    label = np.full(len(worth), -1) if limits.label is None else limits.label
    # The worthiest of each group come first; the last bounds serve label −1, no group.
    least = np.array([*(group.least for group in limits.groups), 0])
    most = np.array([*(group.most for group in limits.groups), len(worth)])
    order = np.lexsort((-worth, ~limits.free, label))
    place = np.empty(len(worth), dtype=np.int64)
    starts = np.searchsorted(label[order], label[order], side="left")
    place[order] = np.arange(len(worth)) - starts
    first = (place < least[label]) & limits.free
    barred = place >= most[label]
    rest = np.where(first | barred | ~limits.free, -1.0, worth)
    order = np.argsort(-rest, kind="stable")[: max(limits.most - int(first.sum()), 0)]
    taken = first.astype(float)
    taken[order[rest[order] > 0]] = 1.0
    return taken, float(worth @ taken), _exchange_rates(worth, taken > 0, limits)


def _exchange_rates(
    worth: NDArray[np.float64], taken: NDArray[np.bool_], limits: Limits
) -> NDArray[np.float64]:
    """Return what the site is worth that each one would replace, or be replaced by, at best.

    Plans within separate quotas are the bases of a matroid: the best one that holds (or lacks) a
    site is one exchange away from the best of all.
    """
    label = np.full(len(worth), -1) if limits.label is None else limits.label
    enters, leaves = limits.slack(np.flatnonzero(taken))
    n = len(limits.groups)
    own_low, own_high = np.full(n + 1, np.inf), np.full(n + 1, -np.inf)
    np.minimum.at(own_low, label[taken], worth[taken])
    usable = ~taken & limits.free
    np.maximum.at(own_high, label[usable], worth[usable])
    any_low = worth[taken & leaves].min(initial=np.inf)
    any_high = max(worth[usable & enters].max(initial=-np.inf), 0.0)
    if limits.count is None or int(taken.sum()) < limits.count:
        any_low = min(any_low, 0.0)
    into = np.where(enters, np.minimum(own_low[label], any_low), own_low[label])
    outof = np.where(leaves, np.maximum(own_high[label], any_high), own_high[label])
    return np.where(taken, outof, into)
