"""What the map of a study shows besides its tables: reach and main roads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from msap_geo import travel

if TYPE_CHECKING:
    from msap_geo.study.facts import Facts

_REACH_POINTS = 12_000
"""Points of the grid reach is sampled on: the map of a whole territory shows no more."""

_FINEST_REACH_M = 200.0

_MAIN_SHARE = 0.12
"""Share of the kilometres of road a plain background shows: the fastest ones."""

_ROAD_SIMPLIFY_M = 60.0
_SHORTEST_ROAD_M = 1500.0


def reach(result: Facts) -> gpd.GeoDataFrame | None:
    """Draw the areas within each threshold of some Maison; none without a Maison on the roads."""
    maisons = result.maisons[result.maisons.geometry.notna()]
    region = result.outline
    if region.is_empty or len(maisons) == 0:
        return None
    cell_m = max(_FINEST_REACH_M, 50 * math.ceil(math.sqrt(region.area / _REACH_POINTS) / 50))
    return travel.reach_areas(
        result.roads, maisons, region, minutes=result.study.thresholds, cell_m=cell_m
    )


def main_roads(result: Facts) -> gpd.GeoSeries | None:
    """Return the fastest roads of the network, a twelfth of its length or so, joined in long lines.

    A network keeps no class of road, only its minutes. An estimated one has no road to show.
    """
    if result.estimated:
        return None
    edges = result.roads.edges
    minutes = np.minimum(edges.forward, edges.backward)
    drivable = np.isfinite(minutes) & (minutes > 0)
    # Rounded: the minutes of one class differ by rounding, it is kept whole or not at all.
    kmh = np.where(drivable, np.round(edges.length_m / 1000 / np.maximum(minutes, 1e-9) * 60), 0)
    speeds, group = np.unique(-kmh, return_inverse=True)
    km = np.cumsum(np.bincount(group.ravel(), weights=edges.length_m)) / edges.length_m.sum()
    chosen = (group.ravel() <= max(0, int(np.searchsorted(km, _MAIN_SHARE, side="right")) - 1)) & (
        speeds[group.ravel()] < 0
    )
    lines = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(result.roads.edge_lines[chosen]))
    )
    lines = shapely.simplify(lines[shapely.length(lines) >= _SHORTEST_ROAD_M], _ROAD_SIMPLIFY_M)
    return gpd.GeoSeries(lines, crs=result.roads.epsg) if len(lines) else None
