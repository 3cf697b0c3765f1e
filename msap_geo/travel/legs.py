"""The two ends of a trip: from a place to the nodes of its road, or straight along that road."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.network.arrays import settled
from msap_geo.travel.engine import Seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.engine import Direction


class Ends(NamedTuple):
    """The two nodes through which places meet the network: shape (p, 2), node −1 where closed."""

    node: NDArray[np.int64]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]

    def seeds(self) -> Seeds:
        """Return them without the closed ones."""
        open_ = self.node >= 0
        start = np.concatenate([[0], np.cumsum(open_.sum(axis=1))])
        return Seeds(start, self.node[open_], self.minutes[open_], self.length_m[open_])


class Trips(NamedTuple):
    """Trips in long form, one row each."""

    demand: NDArray[np.int64]
    site: NDArray[np.int64]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]


def ends(network: RoadNetwork, places: Snapped, *, leaving: bool) -> Ends:
    """Return the cost between places and each end of the road they are on.

    Parameters
    ----------
    network
        Road network.
    places
        Places on it.
    leaving
        Whether trips leave the places, or come to them.

    Returns
    -------
    Ends
        Minutes and metres, the leg between the place and the road included.
    """
    edges, e, f = network.edges, places.edge, places.fraction
    if len(edges.tail) == 0:
        nowhere = np.full((len(e), 2), np.inf)
        return Ends(np.full((len(e), 2), -1), nowhere, nowhere)
    by_tail, by_head = (
        (edges.backward[e], edges.forward[e]) if leaving else (edges.forward[e], edges.backward[e])
    )
    along = np.column_stack([_part(f, by_tail), _part(1 - f, by_head)])
    closed = ~np.isfinite(along) | (e < 0)[:, None]
    node = np.where(closed, -1, np.column_stack([edges.tail[e], edges.head[e]])).astype(np.int64)
    length_m = np.column_stack([f, 1 - f]) * edges.length_m[e][:, None]
    return Ends(
        node,
        settled(along + _access_minutes(network, places)[:, None]),
        length_m + places.access_m[:, None],
    )


def along_one_edge(
    network: RoadNetwork, places: Snapped, sites: Snapped, direction: Direction
) -> Trips:
    """Return the trips between a place and a site of one road that need no junction.

    Parameters
    ----------
    network
        Road network.
    places, sites
        Places on it.
    direction
        Of the trips, seen from the sites.

    Returns
    -------
    Trips
        One for each pair on one road; infinite minutes where it is closed that way.
    """
    on = pd.DataFrame({"edge": places.edge, "demand": np.arange(len(places.edge))})
    at = pd.DataFrame({"edge": sites.edge, "site": np.arange(len(sites.edge))})
    pairs = on[on["edge"] >= 0].merge(at, on="edge")
    p, s = pairs["demand"].to_numpy(), pairs["site"].to_numpy()
    edge = pairs["edge"].to_numpy()
    ahead = sites.fraction[s] - places.fraction[p]
    forward = ahead >= 0 if direction == "to" else ahead <= 0
    along = np.where(forward, network.edges.forward[edge], network.edges.backward[edge])
    share = np.abs(ahead)
    access = _access_minutes(network, places)[p] + _access_minutes(network, sites)[s]
    length_m = share * network.edges.length_m[edge] + places.access_m[p] + sites.access_m[s]
    return Trips(p, s, settled(_part(share, along) + access), length_m)


def _part(share: NDArray[np.float64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the minutes of a part of a road; none of it takes none, even where it is closed."""
    with np.errstate(invalid="ignore"):
        return np.where(share == 0, 0.0, share * minutes)


def _access_minutes(network: RoadNetwork, places: Snapped) -> NDArray[np.float64]:
    minutes: NDArray[np.float64] = places.access_m / 1000 / network.access_kmh * 60
    return minutes
