"""Vector layers of communes: GeoJSON, Shapefile, GeoPackage, GeoParquet, alone or zipped."""

from __future__ import annotations

import io
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from msap_geo.errors import DataError, UnreadableFileError, unreadable
from msap_geo.tabular import (
    JSON_SUFFIXES,
    LAYER_SUFFIXES,
    VectorFile,
    decode,
    is_archive,
    members,
    normalise,
    read_member,
    read_text,
    require_file,
    vector_file,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PARQUET = {".parquet", ".geoparquet"}
_DBF_HEADER_LENGTH = slice(8, 10)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_COMMUNE = re.compile(r"communes?(?:_|$)")


def read_layer(path: Path, columns: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Read the layer that has the columns wanted; rings that are not closed are closed.

    Parameters
    ----------
    path
        A file, or a zip that holds one or several.
    columns
        Our name → the normalised spellings it is published under. Of several layers that have them
        all, that of areas called *commune* is meant: ADMIN EXPRESS also has communes déléguées,
        arrondissements and town halls.

    Returns
    -------
    geopandas.GeoDataFrame
        The layer, as published. Text of a Shapefile without ``.cpg`` is decoded as UTF-8 if that is
        what it is, else as Windows-1252.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or cannot be read.
    DataError
        If none or several of its layers fit, or it has no geometry.
    """
    # A vertex that is NaN makes NumPy warn; the commune is named further on.
    with (
        unreadable(
            f"« {path.name} » n'est pas une couche de communes lisible",
            where=path,
            remedy="fournir un GeoJSON, un GeoParquet ou un GeoPackage avec code et nom",
        ),
        np.errstate(invalid="ignore"),
    ):
        table = _from_archive(path, columns) if is_archive(path) else _from_file(path, columns)
    if not isinstance(table, gpd.GeoDataFrame):
        raise DataError(f"« {path.name} » n'a pas de géométrie", where=path)
    return table


def _from_file(path: Path, columns: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        read_text(path)  # refuses web pages and archives with a message of ours
        _refuse_other_than_utf_8(path)
    else:
        require_file(path)
    if suffix in _PARQUET:
        return _flat(gpd.read_parquet(path))
    encoding = None
    if suffix == ".shp":
        beside = {other.suffix.lower(): other for other in path.parent.glob(f"{path.stem}.*")}
        if ".cpg" not in beside and ".dbf" in beside:
            encoding = _encoding(beside[".dbf"].read_bytes())
    return _chosen(vector_file(path), path, columns, encoding)


def _flat(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer without heights: one that is NaN would open rings once projected."""
    return table.set_geometry(table.geometry.force_2d())


def _refuse_other_than_utf_8(path: Path) -> None:
    """Refuse a GeoJSON of another encoding, which GDAL cannot read: say so."""
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas en UTF-8, comme un GeoJSON doit l'être",
            where=path,
            remedy="l'enregistrer à nouveau en UTF-8 (QGIS : « Codage »), ou donner un GeoPackage",
        ) from error


def _from_archive(path: Path, columns: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    names = members(path)
    readable = [name for name in names if Path(name).suffix.lower() in _PARQUET | LAYER_SUFFIXES]
    if len(readable) > 1:
        called = [n for n in readable if _COMMUNE.fullmatch(normalise(PurePosixPath(n).stem))]
        readable = called or readable
    if len(readable) != 1:
        raise DataError(
            f"l'archive « {path.name} » "
            + (
                f"contient plusieurs couches : {', '.join(readable)}"
                if readable
                else "ne contient aucune couche"
            ),
            where=path,
            remedy="en extraire celle des communes (code et nom)",
        )
    name = readable[0]
    suffix = Path(name).suffix.lower()
    if suffix in _PARQUET:
        return _flat(gpd.read_parquet(io.BytesIO(read_member(path, name))))
    encoding = None
    if suffix == ".shp":
        stem = name[: -len(suffix)]
        beside = {other[len(stem) :].lower(): other for other in names if other.startswith(stem)}
        if ".cpg" not in beside and ".dbf" in beside:
            encoding = _encoding(read_member(path, beside[".dbf"]))
    if suffix in JSON_SUFFIXES:
        decode(read_member(path, name), path / name)
    return _chosen(vector_file(path, name), path, columns, encoding)


def _chosen(
    source: VectorFile, path: Path, columns: Mapping[str, Sequence[str]], encoding: str | None
) -> gpd.GeoDataFrame:
    layers = source.layers()
    fitting = [name for name, _ in layers]
    if len(layers) > 1:
        areas = [name for name, kind in layers if "Polygon" in kind or kind == "Unknown"]
        fitting = [name for name in areas if _fits(source, name, columns)]
        called = [name for name in fitting if _COMMUNE.fullmatch(normalise(name))]
        fitting = called if len(called) == 1 else fitting
    if len(fitting) != 1:
        raise DataError(
            f"« {path.name} » contient plusieurs couches : {', '.join(name for name, _ in layers)}",
            where=path,
            remedy="ne garder que celle des communes (code et nom)",
        )
    return source.read(fitting[0], encoding=encoding)


def _fits(source: VectorFile, layer: str, columns: Mapping[str, Sequence[str]]) -> bool:
    fields = {normalise(name) for name in source.fields(layer)}
    return all(fields & set(spellings) for spellings in columns.values())


def _encoding(dbf: bytes) -> str:
    """Tell the encoding of a ``.dbf`` nothing names: UTF-8 has a shape of its own.

    Fields are cut at a number of bytes, so a character may be broken here and there: what counts is
    whether bytes beyond ASCII come in UTF-8 sequences.
    """
    content = dbf[int.from_bytes(dbf[_DBF_HEADER_LENGTH], "little") :]
    high = len(_HIGH.findall(content))
    in_sequences = sum(len(found) for found in _MULTIBYTE.findall(content))
    return "utf-8" if in_sequences * 10 >= high * 9 else "cp1252"
