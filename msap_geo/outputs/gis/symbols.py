"""Symbols and labels in the XML of QGIS styles (``qgis.dtd``), written by hand.

Every property is written twice, as an ``Option`` (QGIS 3.18 and later) and as a ``prop`` (before),
as QGIS 3.22 itself does. No SVG, no font and no picture: nothing to be found elsewhere.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INK, LINE, ACCENT, YELLOW, BROWN, WHITE = (
    "#1b1b2f",
    "#8a8f98",
    "#b5123e",
    "#ffd23f",
    "#7a4b00",
    "#ffffff",
)
"""The colours of the map (``assets/carte.css``)."""


@dataclass(frozen=True)
class SymbolLayer:
    """One layer of a symbol: its class in QGIS, its properties, the symbol it repeats if any."""

    kind: str
    properties: Mapping[str, str]
    pattern: Symbol | None = None


@dataclass(frozen=True)
class Symbol:
    """A symbol: ``fill``, ``line`` or ``marker``, and its layers, the lowest first."""

    kind: str
    layers: Sequence[SymbolLayer]


def rgba(colour: str, alpha: int = 255) -> str:
    """Return ``#rrggbb`` as QGIS writes it: ``r,g,b,a``."""
    channels = [str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)]
    return ",".join([*channels, str(alpha)])


def fill(colour: str, *, outline: str = LINE, width_mm: float = 0.2) -> Symbol:
    """Return a plain fill; ``width_mm`` 0 draws no outline."""
    return Symbol(
        "fill",
        [
            SymbolLayer(
                "SimpleFill",
                {
                    "color": rgba(colour),
                    "style": "solid",
                    "outline_color": rgba(outline),
                    "outline_style": "solid" if width_mm else "no",
                    "outline_width": f"{width_mm:g}",
                    "outline_width_unit": "MM",
                    "joinstyle": "round",
                },
            )
        ],
    )


def hatching(colour: str, *, angle: float = 45.0, distance_mm: float = 2.0) -> Symbol:
    """Return slanted lines inside a dashed outline: what lies below stays in sight."""
    line = Symbol(
        "line",
        [
            SymbolLayer(
                "SimpleLine",
                {
                    "line_color": rgba(colour),
                    "line_style": "solid",
                    "line_width": "0.26",
                    "line_width_unit": "MM",
                    "capstyle": "flat",
                },
            )
        ],
    )
    lines = SymbolLayer(
        "LinePatternFill",
        {
            "angle": f"{angle:g}",
            "distance": f"{distance_mm:g}",
            "distance_unit": "MM",
            "color": rgba(colour),
            "line_width": "0.26",
            "line_width_unit": "MM",
        },
        line,
    )
    outline = SymbolLayer(
        "SimpleFill",
        {
            "color": rgba(colour, 0),
            "style": "no",
            "outline_color": rgba(colour),
            "outline_style": "dash",
            "outline_width": "0.7",
            "outline_width_unit": "MM",
            "joinstyle": "round",
        },
    )
    return Symbol("fill", [lines, outline])


def marker(
    shape: str, colour: str, *, size_mm: float = 3.0, outline: str = INK, angle: float = 0.0
) -> Symbol:
    """Return a simple marker of a shape QGIS knows, such as ``circle`` or ``triangle``."""
    return Symbol(
        "marker",
        [
            SymbolLayer(
                "SimpleMarker",
                {
                    "name": shape,
                    "color": rgba(colour),
                    "size": f"{size_mm:g}",
                    "size_unit": "MM",
                    "angle": f"{angle:g}",
                    "outline_color": rgba(outline),
                    "outline_style": "solid",
                    "outline_width": "0.3",
                    "outline_width_unit": "MM",
                    "scale_method": "diameter",
                    "horizontal_anchor_point": "1",
                    "vertical_anchor_point": "1",
                },
            )
        ],
    )


def symbol_element(symbol: Symbol, name: str) -> ET.Element:
    """Return the ``symbol`` element of a symbol."""
    element = ET.Element(
        "symbol",
        {
            "type": symbol.kind,
            "name": name,
            "alpha": "1",
            "clip_to_extent": "1",
            "force_rhr": "0",
        },
    )
    for position, layer in enumerate(symbol.layers):
        made = ET.SubElement(
            element, "layer", {"class": layer.kind, "enabled": "1", "locked": "0", "pass": "0"}
        )
        options = ET.SubElement(made, "Option", {"type": "Map"})
        for key, value in layer.properties.items():
            ET.SubElement(options, "Option", {"name": key, "type": "QString", "value": value})
        for key, value in layer.properties.items():
            ET.SubElement(made, "prop", {"k": key, "v": value})
        if layer.pattern is not None:
            made.append(symbol_element(layer.pattern, f"@{name}@{position}"))
    return element


def labelling_element(expression: str, *, area: bool) -> ET.Element:
    """Return the ``labeling`` element that writes an expression at each place, haloed in white."""
    element = ET.Element("labeling", {"type": "simple"})
    settings = ET.SubElement(element, "settings", {"calloutType": "simple"})
    style = ET.SubElement(
        settings,
        "text-style",
        {
            "fieldName": expression,
            "isExpression": "1",
            "fontFamily": "Open Sans",
            "namedStyle": "Bold",
            "fontWeight": "75",
            "fontSize": "12" if area else "9",
            "fontSizeUnit": "Point",
            "textColor": rgba(ACCENT if area else INK),
            "textOpacity": "1",
            "multilineHeight": "1",
            "textOrientation": "horizontal",
        },
    )
    families = ET.SubElement(style, "families")
    for name in ("Open Sans", "Liberation Sans", "Arial"):
        ET.SubElement(families, "family", {"name": name})
    ET.SubElement(
        style,
        "text-buffer",
        {
            "bufferDraw": "1",
            "bufferSize": "0.8",
            "bufferSizeUnits": "MM",
            "bufferColor": rgba(WHITE),
            "bufferOpacity": "1",
            "bufferNoFill": "1",
            "bufferJoinStyle": "128",
        },
    )
    ET.SubElement(settings, "text-format", {"multilineAlign": "3", "decimals": "0"})
    ET.SubElement(
        settings,
        "placement",
        {
            "placement": "1" if area else "6",
            "centroidInside": "1",
            "centroidWhole": "0",
            "quadOffset": "4" if area else "2",
            "dist": "0" if area else "1",
            "distUnits": "MM",
            "offsetUnits": "MM",
            "offsetType": "1",
            "predefinedPositionOrder": "TR,TL,BR,BL,R,L,TSR,BSR",
            "priority": "5",
            "polygonPlacementFlags": "2",
            "placementFlags": "10",
        },
    )
    ET.SubElement(
        settings,
        "rendering",
        {
            "drawLabels": "1",
            "displayAll": "0",
            "obstacle": "1",
            "obstacleFactor": "1",
            "obstacleType": "1",
            "fontMinPixelSize": "3",
            "fontMaxPixelSize": "10000",
            "maxNumLabels": "2000",
        },
    )
    return element
