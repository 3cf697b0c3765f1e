"""People by group, and the share of each within reach of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains

_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Groups:
    """Coverable rows and the people of each group.

    Parameters
    ----------
    gains
        Rows merged within their group.
    of_row
        Group of each row.
    people, today, most
        Persons of each group: in all, within reach today, within reach with every site allowed.
    names
        The groups.
    """

    gains: Gains
    of_row: NDArray[np.int64]
    people: NDArray[np.float64]
    today: NDArray[np.float64]
    most: NDArray[np.float64]
    names: NDArray[np.object_]

    def shares(self, sites: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each group within reach with these sites."""
        covered = np.bincount(
            self.of_row, weights=self.gains.best(sites), minlength=len(self.people)
        )
        result: NDArray[np.float64] = (self.today + covered) / self.people
        return result

    def needs(self, level: float, capped: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the shares new sites must bring: to the level, or to the ceiling of a group."""
        need = np.where(capped, self.most - self.today - _HALF, level * self.people - self.today)
        result: NDArray[np.float64] = need / self.people
        return result


def lowest_of(groups: Groups, sites: NDArray[np.int64], capped: NDArray[np.bool_]) -> float:
    """Return the lowest share of the groups not capped."""
    return float(groups.shares(sites)[~capped].min(initial=1.0))
