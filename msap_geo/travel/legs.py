"""The two ends of a trip: from a place to the nodes of its road, or straight along that road."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import KDTree

from msap_geo.network.arrays import settled
from msap_geo.travel.engine import Seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.engine import Direction


_SAME_M = 1e-6
"""Of two ways as long as each other, the last bit of an intersection must not decide, metres."""


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
    at = (edges.tail_in[e], edges.head[e]) if leaving else (edges.tail[e], edges.head_out[e])
    node = np.where(closed, -1, np.column_stack(at)).astype(np.int64)
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
    by_edge = np.argsort(sites.edge, kind="stable")
    on = np.flatnonzero(places.edge >= 0)
    first, last = (
        np.searchsorted(sites.edge[by_edge], places.edge[on], side=side)
        for side in ("left", "right")
    )
    counts = last - first
    p = np.repeat(on, counts)
    before = np.cumsum(counts) - counts
    s = by_edge[np.arange(len(p)) + np.repeat(first - before, counts)]
    edge = places.edge[p]
    ahead = sites.fraction[s] - places.fraction[p]
    forward = ahead >= 0 if direction == "to" else ahead <= 0
    along = np.where(forward, network.edges.forward[edge], network.edges.backward[edge])
    share = np.abs(ahead)
    access = _access_minutes(network, places)[p] + _access_minutes(network, sites)[s]
    length_m = share * network.edges.length_m[edge] + places.access_m[p] + sites.access_m[s]
    return Trips(p, s, settled(_part(share, along) + access), length_m)


def straight_walks(
    network: RoadNetwork,
    places: Snapped,
    sites: Snapped,
    points: tuple[NDArray[np.object_], NDArray[np.object_]],
) -> Trips:
    """Return the trips walked straight from a place to a site, where no road is worth it.

    A trip walks to the road and from it: where the two are nearer to each other than those legs are
    long together, one walks there straight. A place off the network walks as far as to a road.

    Parameters
    ----------
    network
        Road network.
    places, sites
        Places on it.
    points
        The same, as points in its CRS.

    Returns
    -------
    Trips
        One for each such pair.
    """
    (here, from_xy), (there, to_xy) = (_placed(each) for each in points)
    if len(here) == 0 or len(there) == 0:
        none = np.empty(0)
        return Trips(none.astype(np.int64), none.astype(np.int64), none, none)
    most_m = np.nan_to_num(sites.access_m[there], nan=network.max_snap_m).max()
    radius = np.nan_to_num(places.access_m[here], nan=network.max_snap_m) + most_m
    near = KDTree(to_xy).query_ball_point(from_xy, radius + 2 * _SAME_M)
    counts = np.fromiter(map(len, near), dtype=np.int64, count=len(near))
    i = np.repeat(np.arange(len(here)), counts)
    j = np.fromiter((one for some in near for one in some), dtype=np.int64, count=counts.sum())
    length_m = np.hypot(*(from_xy[i] - to_xy[j]).T)
    p, s = here[i], there[j]
    short = length_m <= _walked_m(network, places.access_m[p], sites.access_m[s])
    minutes = settled(length_m[short] / 1000 / network.access_kmh * 60)
    return Trips(p[short], s[short], minutes, length_m[short])


def _walked_m(
    network: RoadNetwork, one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far two places may be and still be walked between straight, metres."""
    return np.nan_to_num(one + other, nan=network.max_snap_m) + _SAME_M


def _placed(points: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which points have a position, and those positions."""
    there = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    xy: NDArray[np.float64] = shapely.get_coordinates(points[there])
    finite = np.isfinite(xy).all(axis=1)
    return there[finite], xy[finite]


def _part(share: NDArray[np.float64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the minutes of a part of a road; none of it takes none, even where it is closed."""
    with np.errstate(invalid="ignore"):
        return np.where(share == 0, 0.0, share * minutes)


def _access_minutes(network: RoadNetwork, places: Snapped) -> NDArray[np.float64]:
    walked: NDArray[np.float64] = places.access_m / 1000 / network.access_kmh * 60
    return walked + network.access_minutes
