"""Fewer sites that still bring every group what it needs, a few neighbouring groups at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.objectives.fewest import Fewest
    from msap_geo.siting.objectives.split import Split

_NEIGHBOURS = 10
_ONCE_SHARE, _ONCE_LEAST = 1 / 50, 2.0
"""Groups set free together, and the share of the time (seconds at least) their sites may take."""

_LEFT_OUT, _GAP, _LEAST_EXCESS = 0.9, 0.15, 0.02
"""Parts of a site: what sites the groups leave, when each chooses alone, cost more, all together;
by how much a plan may cost more than the best; what a group that wastes nothing may still waste."""


@dataclass(eq=False)
class Descent:
    """Large neighbourhood search (Shaw, *CP* 1998): the sites of a few groups are chosen anew.

    The split that bounds their number guides it. A group that pays more, under its prices, than it
    would alone is where sites can be saved; among plans of as many sites, the one nearest to what
    the groups take alone leads on.

    Parameters
    ----------
    fewest
        What sites are looked for among.
    split
        The best split, and what groups took under it.
    count
        Number of sites to come down to.
    rng
        Draws of the groups.
    """

    fewest: Fewest
    split: Split
    count: int
    rng: np.random.Generator

    def __post_init__(self) -> None:
        serves = self.split.serves.astype(float)
        self.near = serves.T @ serves

    def run(
        self, sites: NDArray[np.int64], needs: NDArray[np.float64], seconds: float
    ) -> NDArray[np.int64]:
        """Choose the sites of a few groups anew, and again, until no more are open than allowed.

        Parameters
        ----------
        sites
            Sites to start from.
        needs
            Share new sites must bring to each group, shape (groups,).
        seconds
            Time.
        """
        fewest, begin = self.fewest, time.perf_counter()
        if not fewest.enough(sites, needs):
            return sites
        serves = self.split.serves
        once = max(_ONCE_SHARE * fewest.effort.seconds, _ONCE_LEAST)
        while len(sites) > self.count and (left := begin + seconds - time.perf_counter()) > 0:
            free: NDArray[np.bool_] = np.asarray(serves[:, self._neighbours(sites)].any(axis=1))
            fixed = sites[~free[sites]]
            several = max(len(sites) - len(fixed), 1)
            unliked = (1 - self.split.liked) * self.rng.uniform(0.5, 1.0, len(free))
            chosen, _ = fewest.of_part(
                np.asarray(serves[free].any(axis=0)),
                free,
                needs,
                1 + _LEFT_OUT / several * unliked,
                fixed=fixed,
                effort=replace(
                    fewest.effort, seconds=min(once, left), gap=_GAP / several, restarts=False
                ),
                start=sites,
            )
            found = np.union1d(fixed, chosen)
            if len(found) <= len(sites) and fewest.enough(found, needs):
                sites = found
        return sites

    def _neighbours(self, sites: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw a group that pays too much, and others that share sites with it or one another."""
        excess = np.maximum(self.split.best_price[sites].sum(axis=0) - self.split.alone, 0.0)
        excess += _LEAST_EXCESS
        drawn = [int(self.rng.choice(len(excess), p=excess / excess.sum()))]
        while len(drawn) < min(_NEIGHBOURS, len(excess)):
            weight = self.near[drawn].sum(axis=0) * excess
            weight[drawn] = 0.0
            if not weight.any():
                break
            drawn.append(int(self.rng.choice(len(excess), p=weight / weight.sum())))
        return np.array(drawn, dtype=np.int64)
