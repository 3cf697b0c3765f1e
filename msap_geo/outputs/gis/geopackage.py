"""One GeoPackage: layers with French aliases, definitions and QGIS styles inside."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from msap_geo.outputs.gis.styles import layer_style, qml
from msap_geo.outputs.sheets.dictionary import describe_columns, describe_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.outputs.provenance import Provenance

_AREA, _POINT = "MultiPolygon", "Point"

# GeoPackage 1.3, clause 2.3.4 (table 7 and after): the Schema extension, as GDAL registers it too.
_SCHEMA_URL = "http://www.geopackage.org/spec121/#extension_schema"
_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""
_EXTENSION = """
INSERT OR IGNORE INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')
"""


def write_geopackage(
    layers: Mapping[str, gpd.GeoDataFrame],
    path: Path,
    *,
    provenance: Provenance,
    thresholds: Sequence[float],
    prefix: str = "",
) -> None:
    """Write layers to one GeoPackage, each in its own CRS; lists become text.

    Each layer has its title and its origin as identifier and description, a French alias and a
    definition for each field (extension ``gpkg_schema``, which GDAL and QGIS read), and a QGIS
    style in ``layer_styles``, used when it opens. The same layers give the same bytes.

    Parameters
    ----------
    layers
        Layers by their name in the dictionary.
    path
        File to write; it must not exist.
    provenance
        What the layers say of their origin.
    thresholds
        Thresholds of the study, minutes: the classes of the styles.
    prefix
        Start of the names of the layers that the file, which says it already, leaves out.

    Raises
    ------
    pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError, sqlite3.Error
        If GDAL or SQLite cannot write; :func:`msap_geo.outputs.complete_folder` translates them.
    """
    stamp = f"{provenance.moment:%Y-%m-%dT%H:%M:%S}.000Z"
    with _dated(stamp):
        for name, table in layers.items():
            what = describe_table(name)
            pyogrio.write_dataframe(
                flattened(table),
                path,
                layer=name.removeprefix(prefix),
                driver="GPKG",
                geometry_type=_AREA if _is_area(name, table) else _POINT,
                promote_to_multi=_is_area(name, table),
                append=False,
                # QGIS 3.22 and its GDAL know GeoPackage up to 1.3.
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                layer_options={"IDENTIFIER": what.title, "DESCRIPTION": provenance.text()},
            )
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        _explain(base, layers, prefix)
        styles = {
            name: qml(layer_style(name, table, thresholds=thresholds), name, fields(table))
            for name, table in layers.items()
        }
        _draw(base, styles, provenance, stamp, prefix)


def flattened(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table with its lists as text: cells of layers hold none."""
    flat = table.copy()
    for column in flat.columns[flat.dtypes.map(pd.api.types.is_object_dtype)]:
        flat[column] = flat[column].map(_flat)
    return flat


def _flat(value: object) -> object:
    return " ".join(value) if isinstance(value, list) else value


def _is_area(name: str, table: gpd.GeoDataFrame) -> bool:
    """Tell areas from points, in an empty layer too."""
    if table.geometry.notna().any():
        return bool(table.geom_type.isin(["Polygon", "MultiPolygon"]).any())
    return "zones" in name or "communes" in name or "lieux" in name or "numerique" in name


@contextmanager
def _dated(stamp: str) -> Iterator[None]:
    """Have GDAL stamp what it writes with a moment that is not the clock's, and not wait for disks.

    The folder's files are flushed when it is whole (:mod:`msap_geo.outputs.replacing`): SQLite need
    not wait for the disk at each layer.
    """
    ours = {"OGR_CURRENT_DATE": stamp, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    previous = {name: pyogrio.get_gdal_config_option(name) for name in ours}
    pyogrio.set_gdal_config_options(ours)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(previous)


def _explain(base: sqlite3.Connection, layers: Mapping[str, gpd.GeoDataFrame], prefix: str) -> None:
    """Give each field its French alias (``name``, as GDAL reads it) and its definition."""
    base.executescript(_TABLES)
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        base.execute(_EXTENSION, (table, _SCHEMA_URL))
    base.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) "
        "VALUES (?, ?, ?, ?, ?)",
        [
            (
                name.removeprefix(prefix),
                column.code,
                column.heading,
                column.title,
                column.definition,
            )
            for name, table in layers.items()
            for column in describe_columns(name, fields(table))
        ],
    )


def fields(table: gpd.GeoDataFrame) -> list[str]:
    """Return the names of a layer's fields: every column but the geometry."""
    geometry = table.geometry.name
    return [column for column in table.columns if column != geometry]


def _draw(
    base: sqlite3.Connection,
    styles: Mapping[str, str],
    provenance: Provenance,
    stamp: str,
    prefix: str,
) -> None:
    """Store the styles where QGIS looks for them when it opens a layer."""
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, "
        "update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, ?, NULL, ?)",
        [
            (
                name.removeprefix(prefix),
                describe_table(name).sheet[:30],
                style,
                describe_table(name).title,
                provenance.software[:30],
                stamp,
            )
            for name, style in styles.items()
        ],
    )
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, "
        "srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (stamp,),
    )
    base.execute(
        "INSERT INTO gpkg_ogr_contents (table_name, feature_count) VALUES ('layer_styles', ?)",
        (len(styles),),
    )
