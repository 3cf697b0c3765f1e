"""Straight-line distances, for the rules that speak of kilometres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

if TYPE_CHECKING:
    import geopandas as gpd

STRAIGHT, ROAD = "vol d'oiseau", "route"
"""How kilometres are measured: as the crow flies, or along the quickest route."""


def straight_km(places: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> pd.Series:
    """Return the straight-line distance from each place to the nearest site.

    Parameters
    ----------
    places, sites
        Points in one metric CRS; a null point is nowhere.

    Returns
    -------
    pandas.Series
        Kilometres, to the metre, index of ``places``; null for a place without a point, or when no
        site has one.
    """
    km = np.full(len(places), np.nan)
    here = np.flatnonzero(places.geometry.notna() & ~places.geometry.is_empty)
    there = sites.geometry[sites.geometry.notna() & ~sites.geometry.is_empty]
    if len(here) and len(there):
        tree = KDTree(shapely.get_coordinates(there.to_numpy()))
        metres, _ = tree.query(shapely.get_coordinates(places.geometry.to_numpy()[here]))
        km[here] = np.round(metres / 1000, 3)
    return pd.Series(km, index=places.index)
