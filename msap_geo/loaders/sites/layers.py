"""Tables published as layers of points: GeoJSON, GeoPackage, shapefile, GeoParquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from msap_geo.errors import unreadable
from msap_geo.tabular import (
    JSON_SUFFIXES,
    LAYER_SUFFIXES,
    LINE,
    normalise,
    read_text,
    require_file,
    twinned_names,
    vector_file,
)
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from pathlib import Path

_PARQUET = {".parquet", ".geoparquet"}
_LAYERS = LAYER_SUFFIXES | _PARQUET


def is_layer(path: Path) -> bool:
    """Return whether a file is a layer, by its extension."""
    return path.suffix.lower() in _LAYERS


def read_layer_table(path: Path) -> pd.DataFrame:
    """Read the attributes of a layer as text, as :func:`read_text_table` does of a CSV.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, shapefile, FlatGeobuf, or Parquet with or without geometry.

    Returns
    -------
    pandas.DataFrame
        Text columns, names normalised, and :data:`LINE` (rank of the object). ``latitude`` and
        ``longitude`` come from the points where the layer has no such columns.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent, or is not a layer.
    """
    if path.suffix.lower() in JSON_SUFFIXES:
        read_text(path)  # refuses web pages and archives with a message of ours
    else:
        require_file(path)
    with unreadable(
        f"« {path.name} » n'est pas une couche lisible",
        where=path,
        remedy="fournir un GeoJSON, un GeoPackage, un Parquet ou un CSV",
    ):
        parquet = path.suffix.lower() in _PARQUET
        return _as_table(_read_parquet(path) if parquet else vector_file(path).read())


def _as_table(layer: gpd.GeoDataFrame | pd.DataFrame) -> pd.DataFrame:
    geometry = layer.geometry if isinstance(layer, gpd.GeoDataFrame) else None
    attributes = pd.DataFrame(layer if geometry is None else layer.drop(columns=geometry.name))
    table = attributes.apply(_as_text)
    table.columns = twinned_names([normalise(str(name)) for name in table.columns])
    if geometry is not None and not {"latitude", "lat"} & set(table.columns):
        points = geometry.to_crs(WGS84) if geometry.crs is not None else geometry
        # A point without coordinates (POINT EMPTY) is a row without a position.
        placed = np.where(points.is_empty, None, points.to_numpy())
        centres = shapely.centroid(placed)
        table["longitude"] = _as_text(pd.Series(shapely.get_x(centres), index=table.index))
        table["latitude"] = _as_text(pd.Series(shapely.get_y(centres), index=table.index))
    table.insert(0, LINE, range(1, len(table) + 1))
    return table.reset_index(drop=True)


def _read_parquet(path: Path) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        return gpd.read_parquet(path)
    except ValueError:  # no geometry: an ordinary table
        return pd.read_parquet(path)


def _as_text(values: pd.Series) -> pd.Series:
    """Write values as text: whole floats without their decimals, empty where null."""
    if pd.api.types.is_float_dtype(values):
        whole = values.notna() & (values % 1 == 0)
        exact = values.where(whole, 0).astype("int64").astype(str)
        return values.astype(str).where(~whole, exact).where(values.notna(), "")
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()
