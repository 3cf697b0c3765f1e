"""Best-first branching on the sites, over the relaxation by cuts."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving.relaxation import Relaxation
from msap_geo.siting.solving.swap import improve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

_WHOLE = 1e-6
_NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class Branched:
    """What branching found and proved.

    Parameters
    ----------
    chosen
        Sites of the best plan, sorted.
    value, bound
        What they bring; what no plan exceeds.
    nodes
        Relaxations solved.
    """

    chosen: NDArray[np.int64]
    value: float
    bound: float
    nodes: int


@dataclass(order=True)
class _Node:
    """Bounds on the sites, and what no plan within them exceeds."""

    minus_bound: float
    rank: int
    lower: NDArray[np.int8] = field(compare=False)
    upper: NDArray[np.int8] = field(compare=False)


def branch(
    gains: Gains,
    limits: Limits,
    chosen: NDArray[np.int64],
    *,
    tolerance: Callable[[float], float],
    grain: float,
    seconds: float,
) -> Branched:
    """Prove a plan the best, or find a better one, branching on sites.

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen.
    chosen
        A plan within the limits, to start from.
    tolerance
        How far from a plan of some value the bound may be for the search to stop.
    grain
        What all gains are multiples of, nought if unknown: a better plan brings so much more.
    seconds
        Stop after so long.

    Returns
    -------
    Branched
        The bound is that of the best relaxation left open (Land & Doig, *Econometrica* 28, 1960).
    """
    return _Search(gains, limits, chosen, tolerance, grain, seconds).run()


class _Search:
    """One best-first search; see :func:`branch`."""

    def __init__(
        self,
        gains: Gains,
        limits: Limits,
        chosen: NDArray[np.int64],
        tolerance: Callable[[float], float],
        grain: float,
        seconds: float,
    ) -> None:
        self.until = time.perf_counter() + seconds
        self.gains, self.limits, self.grain = gains, limits, grain
        self.chosen, self.value = np.sort(chosen), gains.value(chosen)
        self.tolerance = tolerance
        self.relaxation = Relaxation(gains, limits)
        start = np.zeros(gains.n_sites)
        start[chosen] = 1.0
        self.relaxation.at(start)
        self.given_up = -np.inf
        self.nodes = 0

    @property
    def better(self) -> float:
        """What a better plan brings at least."""
        noise = _NOISE * max(abs(self.value), 1.0)
        return self.value + (self.grain - noise if self.grain > 2 * noise else noise)

    @property
    def enough(self) -> float:
        """What a plan must be able to bring to be looked for."""
        return max(self.better, self.value + self.tolerance(self.value))

    def run(self) -> Branched:
        """Search until nothing better can be, or out of time."""
        free = self.limits.free.astype(np.int8)
        heap = [_Node(-np.inf, 0, np.zeros_like(free), free)]
        while heap and time.perf_counter() < self.until:
            node = heapq.heappop(heap)
            if -node.minus_bound < self.enough:
                self._give_up(-node.minus_bound)
                continue
            for child in self._visit(node):
                heapq.heappush(heap, child)
        bound = max([self.value, self.given_up, *(-node.minus_bound for node in heap)])
        return Branched(self.chosen, self.value, bound, self.nodes)

    def _give_up(self, bound: float) -> None:
        """Leave what cannot matter; its bound still counts where a better plan could be there."""
        if bound >= self.better:
            self.given_up = max(self.given_up, bound)

    def _visit(self, node: _Node) -> list[_Node]:
        self.nodes += 1
        lower, upper = node.lower.astype(float), node.upper.astype(float)
        found = self.relaxation.solve(lower, upper, enough=self.enough, until=self.until)
        bound = min(found.value, -node.minus_bound)
        if not len(found.sites):
            if bound < self.enough:
                self._give_up(bound)
                return []
            return [_Node(-bound, node.rank, node.lower, node.upper)]  # out of time
        part = (found.sites > _WHOLE) & (found.sites < 1 - _WHOLE)
        self._try(found.sites)
        if not part.any():
            self._give_up(bound)
            return []
        # What a site's own reduced cost rules out, no plan below this node holds (or lacks).
        spare = bound - self.enough
        out = (found.sites <= _WHOLE) & (-found.worth > spare)
        sure = (found.sites >= 1 - _WHOLE) & (found.worth > spare)
        least, most = node.lower | sure.astype(np.int8), node.upper & ~out.astype(np.int8) & 1
        site = np.flatnonzero(part)[np.argmin(np.abs(found.sites[part] - 0.5))]
        taken, left = least.copy(), most.copy()
        taken[site], left[site] = 1, 0
        return [
            _Node(-bound, 2 * self.nodes, taken, most),
            _Node(-bound, 2 * self.nodes + 1, least, left),
        ]

    def _try(self, sites: NDArray[np.float64]) -> None:
        """Make a plan of the sites the relaxation takes most of."""
        order = np.argsort(-sites, kind="stable")
        plan = np.sort(order[: round(float(sites.sum()) + _WHOLE)])
        if not self.limits.accepts(plan):
            plan = np.flatnonzero(sites > 1 - _WHOLE)
        if not self.limits.accepts(plan):
            return
        plan = improve(self.gains, plan, self.limits)
        value = self.gains.value(plan)
        if value > self.value:
            self.chosen, self.value = plan, value
