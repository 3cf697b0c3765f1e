"""Road sections as the IGN publishes them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

X, Y = 500_000.0, 6_700_000.0


def sections(tmp_path, rows, *, name="troncons.gpkg", crs=2154):
    """Write sections along a parallel: rows of (kilometre of the start, of the end, columns)."""
    table = pd.DataFrame([columns for _, _, columns in rows])
    lines = [shapely.LineString([(X + 1000 * a, Y), (X + 1000 * b, Y)]) for a, b, _ in rows]
    path = tmp_path / name
    gpd.GeoDataFrame(table, geometry=lines, crs=2154).to_crs(crs).to_file(path)
    return path


OLD = {"NATURE": "Route à 1 chaussée", "IMPORTANCE": "3", "SENS": "Double"}
