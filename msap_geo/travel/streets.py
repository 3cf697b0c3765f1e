"""Where the streets of an area are densest: its village, when nothing else says where it lies.

Roads alone tell it: within a few hundred metres of a village's middle there are kilometres of
streets, elsewhere one road or two. Measured on Corsica (``benchmarks/origins.py``), counting every
road does better than counting the residential ones alone, and needs no class of road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork

STREETS_M = 300.0
"""Streets are counted within this distance."""

_STEP_M = 20.0


def densest_streets(network: RoadNetwork, areas: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the point of each area with the most road around it.

    Parameters
    ----------
    network
        Road network.
    areas
        Areas in the network's CRS, shape (n,); missing ones have no streets.

    Returns
    -------
    numpy.ndarray
        Points on roads one may enter, shape (n,): in the middle of the stretch of twenty metres at
        most that has most metres of road of the same area within :data:`STREETS_M`; None where
        there is no road.
    """
    found: NDArray[np.object_] = np.full(len(areas), None, dtype=object)
    lines = network.edge_lines[network.doors]
    rows, road = shapely.STRtree(lines).query(areas, predicate="intersects")
    if len(rows) == 0:
        return found
    length = shapely.length(lines[road])
    counts = np.maximum(1, np.ceil(length / _STEP_M)).astype(np.int64)
    piece = np.repeat(np.arange(len(road)), counts)
    rank = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = shapely.line_interpolate_point(
        lines[road[piece]], (rank + 0.5) / counts[piece], normalized=True
    )
    metres, area = (length / counts)[piece], rows[piece]
    within = shapely.contains_properly(areas[area], points)
    points, metres, area = points[within], metres[within], area[within]
    around = np.zeros(len(points))
    for one, at in pd.Series(np.arange(len(area))).groupby(area):
        place = at.to_numpy()
        xy = shapely.get_coordinates(points[place])
        near = KDTree(xy).query_ball_point(xy, STREETS_M)
        around[place] = [metres[place[each]].sum() for each in near]
        # The first of equals, whatever rounding does to the last bits of a sum.
        found[one] = points[place[int(around[place].round(3).argmax())]]
    return found
