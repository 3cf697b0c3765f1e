"""What may still join a plan in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving.limits import CENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.limits import Limits


@dataclass(eq=False)
class Room:
    """What may still be chosen while a plan is made, site by site."""

    limits: Limits
    free: NDArray[np.bool_] = field(init=False)
    left: int = field(init=False)
    money: float = field(init=False)
    missing: list[int] = field(init=False)
    places: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.free = self.limits.free.copy()
        self.left = self.limits.most
        self.money = np.inf if self.limits.budget_eur is None else self.limits.budget_eur
        self.missing = [group.least for group in self.limits.groups]
        self.places = [group.most for group in self.limits.groups]
        for group, places in zip(self.limits.groups, self.places, strict=True):
            if places <= 0:
                self.free[group.sites] = False

    def open(self) -> NDArray[np.bool_]:
        """Return which sites may be chosen now."""
        if self.left <= 0:
            return np.zeros_like(self.free)
        able = self.free
        if self.limits.budget_eur is not None:
            able = able & (self.limits.cost_eur <= self.money + CENT)
        # The last places belong to the groups that still miss some.
        return able & self.needed() if sum(self.missing) >= self.left else able

    def needed(self) -> NDArray[np.bool_]:
        """Return which sites belong to a group that still misses some."""
        needed = np.zeros_like(self.free)
        for group, missing in zip(self.limits.groups, self.missing, strict=True):
            if missing > 0:
                needed[group.sites] = True
        return needed

    def take(self, site: int) -> None:
        """Choose a site."""
        self.free[site] = False
        self.left -= 1
        self.money -= self.limits.cost_eur[site]
        for rank in self.limits.groups_of.get(site, ()):
            self.missing[rank] = max(self.missing[rank] - 1, 0)
            self.places[rank] -= 1
            if self.places[rank] <= 0:
                self.free[self.limits.groups[rank].sites] = False
        if self.limits.exclusive:
            row = self.limits.conflicts
            self.free[row.indices[row.indptr[site] : row.indptr[site + 1]]] = False
