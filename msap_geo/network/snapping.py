"""Where a place meets the road: the nearest point *on a road*, not the nearest junction.

Only on a road with a door: nobody enters a motorway, a tunnel or a ferry in mid-way.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network.model import RoadNetwork

_STRIP_M = 3_000.0
"""Width of the strips places are looked for along."""


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places on the network, one row per place.

    Parameters
    ----------
    edge
        Edge met, −1 when every road is too far or the place has no position, shape (p,).
    fraction
        How far along the edge, from 0 (tail) to 1 (head), shape (p,).
    access_m
        Straight distance to the road, metres, shape (p,).
    """

    edge: NDArray[np.int64]
    fraction: NDArray[np.float64]
    access_m: NDArray[np.float64]

    def part(self, rows: NDArray[np.int64]) -> Snapped:
        """Return some of the places."""
        return Snapped(self.edge[rows], self.fraction[rows], self.access_m[rows])


def snap(network: RoadNetwork, places: gpd.GeoSeries) -> Snapped:
    """Snap places to the nearest road they may enter, within ``network.max_snap_m``.

    Parameters
    ----------
    network
        Road network.
    places
        Points in the network's CRS; null ones stay unsnapped.

    Returns
    -------
    Snapped
        One row per place, in order.
    """
    points = np.asarray(places.array)
    if not _FEWEST_KEPT <= len(points) <= _MOST_KEPT:
        return _snapped(network, points)
    # The places of a study are asked about by question after question.
    kept = _KEPT.setdefault(network, OrderedDict())
    told = _told(points)
    if told in kept:
        kept.move_to_end(told)
    else:
        kept[told] = _snapped(network, points)
        while len(kept) > _TABLES_KEPT:
            kept.popitem(last=False)
    return kept[told]


_FEWEST_KEPT, _MOST_KEPT, _TABLES_KEPT = 200, 100_000, 8
_KEPT: WeakKeyDictionary[RoadNetwork, OrderedDict[bytes, Snapped]] = WeakKeyDictionary()
"""What was snapped lately, by network, then by the digest of the points."""


def _told(points: NDArray[np.object_]) -> bytes:
    """Return what tells points from others, in order."""
    xy, row = shapely.get_coordinates(points, return_index=True)
    return blake2b(np.column_stack([xy, row]).tobytes() + str(len(points)).encode()).digest()


def _snapped(network: RoadNetwork, points: NDArray[np.object_]) -> Snapped:
    edge = np.full(len(points), -1, dtype=np.int64)
    fraction = np.zeros(len(points))
    access_m = np.full(len(points), np.nan)
    placed = ~(shapely.is_missing(points) | shapely.is_empty(points))
    placed[placed] = np.isfinite(shapely.get_coordinates(points[placed])).all(axis=1)
    present = np.flatnonzero(placed)
    # From one place to its neighbour, the branches of the tree are still in the processor's cache.
    x, y = shapely.get_coordinates(points[present]).T
    present = present[np.lexsort((y, x // _STRIP_M))]
    if len(present) and len(network.doors):
        (rows, found), distance = network.door_tree.query_nearest(
            points[present],
            max_distance=network.max_snap_m,
            return_distance=True,
            all_matches=True,
        )
        found = network.doors[found]
        # Equally near roads (a place at a junction): the first edge, whatever the tree's order.
        order = np.lexsort((found, rows))
        rows, found, distance = rows[order], found[order], distance[order]
        _, first = np.unique(rows, return_index=True)
        snapped = present[rows[first]]
        edge[snapped] = found[first]
        access_m[snapped] = distance[first]
        # A degenerate edge has no along, which GEOS before 3.14 tells by NaN and a warning: the
        # place stands at its tail.
        with np.errstate(invalid="ignore"):
            fraction[snapped] = shapely.line_locate_point(
                network.edge_lines[found[first]], points[snapped], normalized=True
            )
    found = Snapped(edge, np.nan_to_num(fraction), access_m)
    for column in (found.edge, found.fraction, found.access_m):
        column.flags.writeable = False
    return found
