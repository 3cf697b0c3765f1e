"""Zones drawn by a user: where roads change."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from msap_geo.errors import MsapGeoError, UnreadableFileError
from msap_geo.tabular import require_file, vector_file

if TYPE_CHECKING:
    from pathlib import Path

_PARQUET = {".parquet", ".geoparquet"}


def read_zone(path: Path, *, epsg: int) -> shapely.Geometry:
    """Read what a layer draws, in one piece.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile, FlatGeobuf or GeoParquet of one layer.
    epsg
        Projected CRS to bring it to.

    Returns
    -------
    shapely.Geometry
        Its surfaces; or, if it has none, its lines and points.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If there is no such file, it is no layer, has no CRS, or draws nothing.
    """
    require_file(path)
    parquet = path.suffix.lower() in _PARQUET
    read = partial(gpd.read_parquet, path) if parquet else vector_file(path).read
    try:
        table = read()
        shapes = shapely.make_valid(table.to_crs(epsg).geometry.dropna().to_numpy())
    except MsapGeoError:
        raise
    except Exception as error:  # GDAL's own errors are of many classes
        raise UnreadableFileError(
            f"« {path.name} » n'est pas une couche lisible, ou n'a pas de système de coordonnées",
            where=path,
            remedy="l'enregistrer à nouveau en GeoJSON, longitudes et latitudes",
        ) from error
    shapes = shapes[~shapely.is_empty(shapes) & shapely.is_valid(shapes)]
    flat = shapely.get_parts(shapely.get_parts(shapes))
    if len(flat) == 0:
        raise UnreadableFileError(
            f"« {path.name} » ne dessine rien",
            where=path,
            remedy="y dessiner la zone où les routes changent, ou la route elle-même",
        )
    dimension = shapely.get_dimensions(flat)
    return shapely.union_all(flat[dimension == dimension.max()])
