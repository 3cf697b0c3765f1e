"""QGIS styles, without QGIS."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import geopandas as gpd
import shapely

from msap_geo.outputs.gis.styles import layer_style, qml


def test_thresholds_are_inclusive_in_styles():
    table = gpd.GeoDataFrame({"minutes": [20.0]}, geometry=[shapely.box(0, 0, 1, 1)], crs=2154)
    style = layer_style("diagnostic_lieux", table, thresholds=(20.0, 30.0))
    first = next(c for c in style.classes if c.bounds[0] <= 20.0 <= c.bounds[1])
    assert first.label == "20 min ou moins"


def test_what_xml_forbids_is_left_out_of_styles():
    table = gpd.GeoDataFrame(
        {"genre": ["Fixe\x0b & <b>"]}, geometry=[shapely.Point(0, 0)], crs=2154
    )
    style = qml(layer_style("maisons", table, thresholds=(20.0,)), "maisons", ["genre"])
    (first, _) = ET.fromstring(style).iter("category")  # noqa: S314 - our own
    assert first.get("value") == "Fixe & <b>"
