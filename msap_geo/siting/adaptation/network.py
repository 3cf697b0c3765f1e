"""A network of points as it is, what each may become, and what is promised to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

BUREAU, CONTACT = "bureau", "contact"
"""What a point gives: the whole service of a post office; contact, in the sense of the law."""


@dataclass(frozen=True, eq=False)
class Network:
    """Places, points, and the trips between them.

    Parameters
    ----------
    place_ids, point_ids
        Identifiers of the rows and of the columns.
    people
        Persons of each place, whole.
    minutes
        Trips shorter than ``longest``, rounded, each row's from the shortest to the longest (ties
        by column); a pair not stored takes ``longest`` or more.
    longest
        A longer trip, or none, counts for so many minutes.
    gives
        Which points give each service today, by service.
    """

    place_ids: NDArray[np.object_]
    point_ids: NDArray[np.object_]
    people: NDArray[np.int64]
    minutes: csr_array
    longest: float
    gives: Mapping[str, NDArray[np.bool_]]

    @classmethod
    def of(
        cls,
        times: TravelTimes,
        people: NDArray[np.int64],
        gives: Mapping[str, NDArray[np.bool_]],
        *,
        longest: float,
    ) -> Network:
        """Make a network of travel times, everything in their order."""
        coo = times.minutes.tocoo()
        minutes = np.round(coo.data, MINUTES_DECIMALS)
        kept = minutes < longest
        row, column, minutes = coo.row[kept], coo.col[kept], minutes[kept]
        order = np.lexsort((column, minutes, row))
        n_places, n_points = times.minutes.shape
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_places))])
        return cls(
            times.demand_ids.to_numpy(dtype=object),
            times.site_ids.to_numpy(dtype=object),
            np.asarray(people, dtype=np.int64),
            csr_array((minutes[order], column[order], indptr), shape=(n_places, n_points)),
            longest,
            gives,
        )

    def nearest(
        self, service: str, lost: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return each place's minutes to the nearest point that gives a service, and which one.

        Parameters
        ----------
        service
            One of ``gives``.
        lost
            Points that give it no more.

        Returns
        -------
        tuple of numpy.ndarray
            ``longest`` and −1 without one nearer.
        """
        open_ = self.gives[service] if lost is None else self.gives[service] & ~lost
        row = np.repeat(np.arange(len(self.people)), np.diff(self.minutes.indptr))
        entries = np.flatnonzero(open_[self.minutes.indices])
        places, first = np.unique(row[entries], return_index=True)
        minutes = np.full(len(self.people), self.longest)
        points = np.full(len(self.people), -1, dtype=np.int64)
        minutes[places] = self.minutes.data[entries[first]]
        points[places] = self.minutes.indices[entries[first]]
        return minutes, points


@dataclass(frozen=True)
class Change:
    """One thing a point may become.

    Parameters
    ----------
    point
        Column of the point.
    becomes
        What it becomes, in French.
    loses
        Services it gives no more.
    saves_eur
        Euros a year it saves.
    toll
        Loss of its own, person-minutes, whatever else changes.
    """

    point: int
    becomes: str
    loses: frozenset[str]
    saves_eur: float = 0.0
    toll: float = 0.0


@dataclass(frozen=True, eq=False)
class Guarantee:
    """At most so many of the people who have a point within reach may lose it.

    Parameters
    ----------
    rule, territory
        What it is called, and where it holds.
    service
        What the point must give.
    reach
        Which points are within reach of each place, in the sense of the rule; boolean, shape
        (places, points).
    places
        Rows it speaks of.
    people
        Persons of each row, which need not be a place of the network: a rule has its own origins.
    allowed
        Persons who may lose their last point within reach.
    """

    rule: str
    territory: str
    service: str
    reach: csr_array
    places: NDArray[np.int64]
    people: NDArray[np.int64]
    allowed: float

    def kept(self, network: Network, lost: NDArray[np.bool_]) -> bool:
        """Tell whether no more people than allowed lose their last point."""
        return bool(self.people[self.left(network, lost)].sum() <= self.allowed)

    def left(self, network: Network, lost: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the places that lose their last point within reach."""
        gives = network.gives[self.service]
        table = self.reach[self.places].astype(float)
        before = table @ gives.astype(float)
        after = table @ (gives & ~lost).astype(float)
        result: NDArray[np.int64] = self.places[(before > 0) & (after == 0)]
        return result
