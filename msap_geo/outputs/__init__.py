"""What people receive: maps and tables. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.notebook_html import Table, table
from msap_geo.outputs.colours import class_colours
from msap_geo.outputs.content import MapContent
from msap_geo.outputs.files import complete_folder
from msap_geo.outputs.gis import write_geopackage, write_geoparquet, write_project
from msap_geo.outputs.plots import sign_map
from msap_geo.outputs.provenance import UNDATED, Provenance
from msap_geo.outputs.tables import write_csv, write_geojson, write_json
from msap_geo.outputs.workbook import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    import folium

__all__ = [
    "UNDATED",
    "MapContent",
    "Provenance",
    "Table",
    "class_colours",
    "complete_folder",
    "french",
    "map",
    "sign_map",
    "table",
    "write_csv",
    "write_geojson",
    "write_geopackage",
    "write_geoparquet",
    "write_json",
    "write_map",
    "write_project",
    "write_workbook",
]


def map(content: MapContent) -> folium.Map:  # noqa: A001 - ``outputs.map(...)`` reads as it should
    """Draw a study as an ordinary Folium map (:func:`msap_geo.outputs.folium_map.build_map`)."""
    from msap_geo.outputs.folium_map import build_map  # noqa: PLC0415 - folium is slow to import

    return build_map(content)


def write_map(fmap: folium.Map, path: Path, *, title: str) -> None:
    """Write a map as one HTML file that opens offline.

    Parameters
    ----------
    fmap
        Map to write.
    path
        File to write.
    title
        Title of the page.

    Raises
    ------
    OutputError
        If the map needs files from outside.
    """
    from msap_geo.outputs.page import render_page  # noqa: PLC0415

    path.write_text(render_page(fmap, title=title), encoding="utf-8", newline="\n")
