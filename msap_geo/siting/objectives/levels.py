"""How high the lowest share can be raised, level by level: the fewest sites that reach each one.

The fewest sites that bring every group to a level are far easier to find, and to bound, than the
highest level so many sites reach. Where a level takes more sites than allowed it is proven out of
reach; where as many do, they are a plan.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from msap_geo.siting.objectives.descent import Descent
from msap_geo.siting.objectives.fewest import Fewest
from msap_geo.siting.objectives.groups import lowest_of
from msap_geo.siting.objectives.split import Split, shared_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.objectives.groups import Groups
    from msap_geo.siting.solving.highs import Answer, Effort
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5
_EXACT = 1e-7
_SURE = 1e-4
"""By how much a bound rules a level out, in sites: more than interior points leave undecided."""

_TRIES_SHARE, _PROOF_SHARE, _TRY_SHARE = 0.15, 0.5, 0.03
"""When tries with the sites of the relaxation end, and proofs group by group; how long a try is.
What is left goes to better plans."""

_HOPED = 0.5
"""Share of the way from the best plan to the bound that a better split may still close."""

_SPARE = 1.0
"""Sites above the number allowed that the next proof aims at: enough not to miss it by a hair."""

_HIGHER = 0.25
"""Share of the way from a plan kept to the bound that the next one is looked for at."""

_ONCE_SHARE, _ONCE_LEAST = 1 / 150, 2.0
"""Share of the time (seconds at least) that the sites of one group may take."""


@dataclass(eq=False)
class Climb:
    """The lowest share reached so far, and the one proven out of reach.

    Parameters
    ----------
    groups
        Rows and people by group.
    limits
        What may be chosen: a number of sites, and nothing else that binds.
    forced
        Sites that must be chosen.
    capped
        Groups to keep at their ceiling, which do not count for the lowest share.
    sites
        Best plan so far, within the limits.
    top
        No plan's lowest share exceeds it.
    effort
        Time, gap and seed.
    """

    groups: Groups
    limits: Limits
    forced: NDArray[np.int64]
    capped: NDArray[np.bool_]
    sites: NDArray[np.int64]
    top: float
    effort: Effort

    def __post_init__(self) -> None:
        gains = self.groups.gains
        self.count = self.limits.most if self.limits.count is None else self.limits.count
        self.usable = self.limits.free.copy()
        self.usable[self.forced] = True
        n = len(self.groups.people)
        ones = np.ones(len(gains.entry_row))
        where = (gains.by_row.indices, self.groups.of_row[gains.entry_row])
        serves = csr_array((ones, where), shape=(gains.n_sites, n)).toarray() > 0
        self.serves = serves & self.usable[:, None]
        self.fewest = Fewest(self.groups, self.usable, self.forced, self.effort)
        self.split = Split(shared_out(np.zeros(serves.shape), self.serves), self.serves)
        self.hint = np.empty(0, dtype=np.int64)  # sites the groups take when each chooses alone
        self.slope = 0.0  # sites a level takes more than the one below, per unit of share
        self.rng = np.random.default_rng(self.effort.seed)
        self.begin = time.perf_counter()

    @property
    def low(self) -> float:
        """Lowest share of the best plan."""
        return lowest_of(self.groups, self.sites, self.capped)

    @property
    def done(self) -> bool:
        """Whether the bound is near enough."""
        return self.top - self.low <= max(self.effort.gap * self.top, _EXACT)

    def left(self, share: float = 1.0) -> float:
        """Return the seconds left of a share of the time."""
        return share * self.effort.seconds - (time.perf_counter() - self.begin)

    def run(self) -> None:
        """Climb until near enough or out of time."""
        self.relax()
        self.halve(_TRIES_SHARE)
        self.prove(_PROOF_SHARE)
        self.refine()

    def relax(self) -> None:
        """Rule out the levels that even parts of sites do not reach."""
        low, below = self.low, 0.0
        while self.top - low > max(self.effort.gap * self.top / 4, _EXACT) and self.left() > 0:
            level = (low + self.top) / 2
            found = self._relaxed(level)
            if found.infeasible or -found.bound > self.count + _SURE:
                self.top = level
                if not found.infeasible and below:
                    self.slope = (-found.bound - below) / (level - low)
            elif len(found.x):
                low, below = level, -found.bound
            else:
                break

    def halve(self, until: float) -> None:
        """Halve the way between the share reached and the top.

        The linear relaxation of a covering is nearly whole: the sites it opens, even in part, are
        tried alone.
        """
        low, high = self.low, self.top
        while high - low > max(self.effort.gap * high, _EXACT) and self.left(until) > 0:
            level = (low + high) / 2
            relaxed = self._relaxed(level, until)
            if not len(relaxed.x):
                break
            found = self.fewest.of_all(
                self._needs(level),
                relaxed.x[: len(self.usable)] > _EXACT,
                whole=True,
                seconds=min(self.left(until), max(_TRY_SHARE * self.effort.seconds, 1.0)),
                enough=-float(self.count),
            )
            chosen = np.flatnonzero(found.x[: len(self.usable)] > _HALF)
            if len(found.x) and self.keep(chosen):
                low = self.low
            else:
                high = level  # not proven: only where to look next

    def keep(self, sites: NDArray[np.int64]) -> bool:
        """Keep a plan if it is allowed and better than the best so far."""
        better = len(sites) <= self.count and lowest_of(self.groups, sites, self.capped) > self.low
        if better and (self.groups.shares(sites) >= self._floor()).all():
            self.sites = sites
            return True
        return False

    def _floor(self) -> NDArray[np.float64]:
        most = (self.groups.most - _HALF) / self.groups.people
        return np.where(self.capped, most, 0.0) - _EXACT

    def _relaxed(self, level: float, until: float = 1.0) -> Answer:
        return self.fewest.of_all(
            self._needs(level), self.usable, whole=False, seconds=self.left(until)
        )

    def _needs(self, level: float) -> NDArray[np.float64]:
        return self.groups.needs(level, self.capped)

    def prove(self, until: float) -> None:
        """Rule more levels out, group by group.

        A site that serves several groups is split among them, its cost too; each group then finds
        its own fewest sites, in whole sites where the relaxation takes parts. The first split is
        the one the relaxation's prices make; the next ones make the bound grow
        (:mod:`msap_geo.siting.objectives.split`), and lower levels are ruled out by it.
        """
        level = self.top
        relaxed = self._relaxed(level, until)
        if relaxed.infeasible or not len(relaxed.x) or self.slope <= 0:
            return
        split = self.split = Split(self._first_prices(relaxed), self.serves)
        while self.left(until) > 0 and not self.done:
            bound, taken = self.split_bound(level, split.price, until)
            if bound > self.count + _SURE:
                self.top = min(self.top, level)
            if self.left(until) <= 0:  # not all groups were asked
                break
            self.hint = np.union1d(np.flatnonzero(taken.any(axis=1)), self.forced)
            if split.settled:
                break
            # The number of sites grows with the level as the relaxation's does: what a split
            # proves is told by the level at which it would need one site too many.
            aim = level - (bound - self.count - _SPARE) / self.slope
            split.learn(taken, -aim, max(_HOPED * self.slope * (aim - self.low), 1.0))
            level = min(aim, self.top)

    def _first_prices(self, relaxed: Answer) -> NDArray[np.float64]:
        groups, gains = self.groups, self.groups.gains
        price = np.zeros_like(self.serves, dtype=float)
        where = (gains.by_row.indices, groups.of_row[gains.entry_row])
        np.add.at(price, where, np.abs(relaxed.duals[: gains.n_rows])[gains.entry_row])
        return shared_out(price, self.serves)

    def split_bound(
        self, level: float, price: NDArray[np.float64], until: float = 1.0
    ) -> tuple[float, NDArray[np.bool_]]:
        """Return a number of sites without which no plan brings every group to a level.

        Parameters
        ----------
        level
            The level.
        price
            Part of the cost of each site each group bears, one in all at most.
        until
            Share of the time to stop at.

        Returns
        -------
        tuple of float and numpy.ndarray
            The number, and the sites each group takes, shape (sites, groups).
        """
        price = price.copy()
        price[self.forced] = 0.0  # to open anyway: nothing to any group, one in all
        total = float(len(self.forced))
        needs = self._needs(level)
        taken = np.zeros_like(self.serves)
        nothing = np.empty(0, dtype=np.int64)
        once = max(_ONCE_SHARE * self.effort.seconds, _ONCE_LEAST)
        effort = replace(self.effort, seconds=once, gap=0.0, restarts=False)
        for group in np.flatnonzero(needs > 0):
            if self.left(until) <= 0:
                break
            inside = np.zeros(len(needs), dtype=bool)
            inside[group] = True
            chosen, least = self.fewest.of_part(
                inside, self.serves[:, group], needs, price[:, group], fixed=nothing, effort=effort
            )
            taken[chosen, group] = True
            total += max(least, 0.0)
        return total, taken

    def refine(self) -> None:
        """Look for better plans, a level at a time.

        Sites are added until every group reaches the level, then saved a few groups at a time
        (:mod:`msap_geo.siting.objectives.descent`), until no more are open than allowed.
        """
        # Where each group chose alone, it has what it needs: those sites, but fewer.
        sites = self.hint if len(self.hint) else self.sites
        descent = Descent(self.fewest, self.split, self.count, self.rng)
        level = (self.low + self.top) / 2
        # What is one site too many takes a level lower as the relaxation's number of sites does.
        while not self.done and self.left() > 0:
            needs = self._needs(level)
            sites = descent.run(self.fewest.raised(sites, needs), needs, self.left() / 3)
            if self.keep(sites):
                sites, level = self.sites, self.low + _HIGHER * (self.top - self.low)
            else:
                surplus = max(len(sites) - self.count, 1)
                level = max(level - surplus / max(self.slope, 1.0), (self.low + level) / 2)
