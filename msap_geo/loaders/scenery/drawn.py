"""Layers one only draws: rivers, sea, neighbouring départements, zones of changed roads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from msap_geo.errors import UnreadableFileError, unreadable
from msap_geo.loaders.shared import of_files
from msap_geo.tabular import require_file, vector_file

if TYPE_CHECKING:
    from pathlib import Path

_PARQUET = {".parquet", ".geoparquet"}
_NAMES = ("nom", "nom_officiel", "nom_dept", "libelle", "name")
_DIGITS = 2
"""A département has a code of two digits, or three overseas."""
_CODES = ("code", "code_insee", "insee_dep", "code_dept", "dep")
LINES, SURFACES = 1, 2
_KINDS = {0: "points", LINES: "lignes", SURFACES: "surfaces"}
"""What a layer may be wanted for, as the dimension of its shapes."""


@of_files
def load_drawn(path: Path, *, crs: object, dimension: int, remedy: str) -> gpd.GeoDataFrame:
    """Read what a layer draws.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile, FlatGeobuf or GeoParquet of one layer.
    crs
        CRS to bring it to.
    dimension
        :data:`LINES` keeps lines, and the outlines of surfaces; :data:`SURFACES` keeps surfaces;
        0 keeps all of them, which are of one kind.
    remedy
        What to do where it draws nothing of the kind.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a feature: ``nom`` and ``code``, empty where the layer has no such column, and what
        it draws, valid and not empty.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If there is no such file, it is no layer, has no CRS, draws nothing of the kind, or several
        kinds where one is awaited.
    """
    table = _read(path, crs)
    usable = table.geometry.notna() & ~table.geometry.is_empty & table.geometry.is_valid
    table = table[usable]
    # Of a feature a mended shape may be a surface and a line; whole features tell what is meant.
    kinds = set(shapely.get_dimensions(table.geometry.to_numpy()).tolist())
    if dimension == 0 and len(kinds) > 1:
        names = " et des ".join(_KINDS[kind] for kind in sorted(kinds, reverse=True))
        raise UnreadableFileError(
            f"« {path.name} » dessine à la fois des {names}",
            where=path,
            remedy="n'y garder que l'une de ces sortes, ou en faire deux couches",
        )
    table = table.explode(ignore_index=True)
    table = table.explode(ignore_index=True) if len(table) else table  # collections hold multis
    found = shapely.get_dimensions(table.geometry.to_numpy())
    wanted = found >= dimension if dimension else found == found.max(initial=0)
    kept = table[wanted].reset_index(drop=True)
    if len(kept) == 0:
        raise UnreadableFileError(f"« {path.name} » ne dessine rien", where=path, remedy=remedy)
    if dimension == LINES:
        kept = kept.set_geometry(
            kept.geometry.where(found[wanted] == LINES, kept.geometry.boundary), crs=kept.crs
        )
    return kept


def _read(path: Path, crs: object) -> gpd.GeoDataFrame:
    require_file(path)
    parquet = path.suffix.lower() in _PARQUET
    read = partial(gpd.read_parquet, path) if parquet else vector_file(path).read
    with unreadable(
        f"« {path.name} » n'est pas une couche lisible, ou n'a pas de système de coordonnées",
        where=path,
        remedy="l'enregistrer à nouveau en GeoJSON, longitudes et latitudes",
    ):
        table = read()
        columns = {str(name).lower(): name for name in table.columns}
        return gpd.GeoDataFrame(
            {"nom": _text(table, columns, _NAMES), "code": _text(table, columns, _CODES)},
            # Invalid shapes may be such that nothing makes them valid.
            geometry=table.to_crs(crs).geometry.make_valid(),
        )


def _text(table: gpd.GeoDataFrame, columns: dict[str, str], names: tuple[str, ...]) -> list[str]:
    found = next((columns[name] for name in names if name in columns), None)
    if found is None:
        return [""] * len(table)
    return [_said(value, found) for value in table[found]]


def _said(value: object, column: str) -> str:
    """Return a name or a code as text: a spreadsheet makes ``1`` or ``1.0`` of ``01``."""
    is_code = str(column).lower() in _CODES
    if isinstance(value, str):
        text = value.strip()
        return text.zfill(_DIGITS).upper() if is_code and text else text
    number = float(value) if isinstance(value, (int, float)) else float("nan")
    return f"{int(number):0{_DIGITS}d}" if is_code and number.is_integer() else ""
