"""Zones drawn by a user: where roads change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from msap_geo.loaders import load_drawn

if TYPE_CHECKING:
    from pathlib import Path


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
        Its surfaces, its lines or its points.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If there is no such file, it is no layer, has no CRS, draws nothing or several kinds.
    """
    drawn = load_drawn(
        path,
        crs=epsg,
        dimension=0,
        remedy="y dessiner la zone où les routes changent, ou la route elle-même",
    )
    return shapely.union_all(drawn.geometry.to_numpy())
