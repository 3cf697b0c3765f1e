"""What people receive: maps and tables. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.notebook_html import Table, table
from msap_geo.outputs.colours import class_colours
from msap_geo.outputs.files import complete_folder, finish_interrupted, is_held, one_run
from msap_geo.outputs.gis import write_geopackage, write_geoparquet, write_project
from msap_geo.outputs.page.atlas import Atlas, AtlasArea, AtlasFigure, AtlasRow, render_atlas
from msap_geo.outputs.page.content import (
    Findings,
    MapContent,
    Mappable,
    OfficeWays,
    Proposals,
)
from msap_geo.outputs.page.digital import Digital
from msap_geo.outputs.page.simulation import Simulation, Stops, Trips, simulation_data
from msap_geo.outputs.paper.plots import sign_map
from msap_geo.outputs.provenance import UNDATED, Provenance
from msap_geo.outputs.sheets.tables import write_csv, write_geojson, write_json
from msap_geo.outputs.sheets.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import folium

__all__ = [
    "UNDATED",
    "Atlas",
    "AtlasArea",
    "AtlasFigure",
    "AtlasRow",
    "Digital",
    "Findings",
    "MapContent",
    "Mappable",
    "OfficeWays",
    "Proposals",
    "Provenance",
    "Simulation",
    "Stops",
    "Table",
    "Trips",
    "class_colours",
    "complete_folder",
    "finish_interrupted",
    "is_held",
    "map",
    "one_run",
    "render_atlas",
    "sign_map",
    "simulation_data",
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


def map(  # noqa: A001 - ``outputs.map(...)`` reads as it should
    found: Mappable | MapContent, *, layers: Collection[str] | None = None
) -> folium.Map:
    """Draw a study, or its diagnosis, as an ordinary Folium map.

    Parameters
    ----------
    found
        A :class:`msap_geo.study.StudyResult`, a :class:`msap_geo.answers.Diagnosis`, or the content
        gathered from one.
    layers
        Names of the layers to draw, in French, case and accents aside
        (``["temps d’accès", "zones blanches"]``); all there are by default.

    Raises
    ------
    OutputError
        If a layer does not exist.

    See Also
    --------
    msap_geo.outputs.page.folium_map.build_map : draws the content.
    """
    from msap_geo.outputs.page.folium_map import build_map  # noqa: PLC0415 - folium is slow to import

    content = found if isinstance(found, MapContent) else found.map_content()
    return build_map(content, layers=layers)


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
    from msap_geo.outputs.page.offline import render_page  # noqa: PLC0415

    path.write_text(render_page(fmap, title=title), encoding="utf-8", newline="\n")
