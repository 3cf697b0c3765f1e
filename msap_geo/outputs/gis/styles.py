"""How each layer is drawn: classes, symbols and labels, and the QGIS style that says so."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.outputs.colours import FRAGILITY, change_colours, class_colours
from msap_geo.outputs.gis.symbols import (
    ACCENT,
    BROWN,
    INK,
    WHITE,
    YELLOW,
    Symbol,
    fill,
    hatching,
    labelling_element,
    marker,
    symbol_element,
)
from msap_geo.outputs.gis.xml import document
from msap_geo.outputs.sheets.dictionary import CELLS, describe_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

VERSION = "3.22.16-Białowieża"
"""QGIS whose structure is followed: a long-term release, read by every later one."""

_OTHERS = "autres"
_FARTHER = 1e6
"""Minutes no trip takes: the upper bound of the last class, and the value of no trip at all."""


@dataclass(frozen=True)
class Class:
    """One class of a layer: the values it takes, its words, its symbol.

    ``value`` is exact (null takes all others); ``bounds`` are inclusive, the first class that holds
    a value takes it.
    """

    label: str
    symbol: Symbol
    value: str | None = None
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Style:
    """How a layer is drawn: an attribute, its classes, a label; the two may be expressions.

    Without an attribute there is one class, of everything.
    """

    classes: tuple[Class, ...]
    attribute: str | None = None
    label: str | None = None
    area: bool = False


def layer_style(name: str, table: gpd.GeoDataFrame, *, thresholds: Sequence[float]) -> Style:
    """Return how a layer of a study is drawn.

    Parameters
    ----------
    name
        Name of the layer, in the dictionary.
    table
        The layer: its kinds and thresholds are classes.
    thresholds
        Thresholds of the study, minutes.

    Returns
    -------
    Style
        A layer without a style of its own is drawn plainly.
    """
    plain = name.removesuffix(CELLS)
    if plain == "communes":
        return _by_class(thresholds)
    if plain == "diagnostic_lieux":
        return _by_minutes(thresholds, width_mm=0.0 if plain != name else 0.2)
    if plain == "diagnostic_zones":
        return _nested(thresholds)
    made = _STYLES.get(plain)
    if made is not None:
        return made(table)
    if table.geom_type.isin(["Polygon", "MultiPolygon"]).any():
        return Style((Class(name, fill(WHITE)),), area=True)
    return Style((Class(name, marker("circle", WHITE)),))


def _by_class(thresholds: Sequence[float]) -> Style:
    colours = class_colours(thresholds)
    classes = [Class(label, fill(colour), value=label) for label, colour in colours.items()]
    return Style(tuple(classes), "palier", area=True)


def _by_minutes(thresholds: Sequence[float], *, width_mm: float) -> Style:
    """Classify minutes by threshold, inclusive; no trip has a class of its own."""
    colours = class_colours(thresholds)
    bounds = [0.0, *thresholds, _FARTHER]
    steps = itertools.pairwise(bounds)
    *timed, (unreachable, grey) = colours.items()
    classes = [
        Class(label, fill(colour, width_mm=width_mm), bounds=step)
        for (label, colour), step in zip(timed, steps, strict=True)
    ]
    none = Class(unreachable, fill(grey, width_mm=width_mm), bounds=(2 * _FARTHER, 2 * _FARTHER))
    return Style((*classes, none), f'coalesce("minutes", {2 * _FARTHER:.0f})', area=True)


def _fragility(_: gpd.GeoDataFrame) -> Style:
    """Classify the index by fifths; a commune without one has a class of its own."""
    steps = itertools.pairwise([-1.0, *(high for _, high, _ in FRAGILITY)])
    classes = [
        Class(name, fill(shade), bounds=step)
        for (name, _, shade), step in zip(FRAGILITY, steps, strict=True)
    ]
    none = Class("indice inconnu", fill(WHITE), bounds=(-2.0, -2.0))
    return Style((*classes, none), 'coalesce("indice_fragilite_numerique", -2)', area=True)


def _nested(thresholds: Sequence[float]) -> Style:
    angles = (45.0, 135.0, 0.0, 90.0)
    classes = [
        Class(
            f"au-delà de {french.short(threshold)} min",
            hatching(ACCENT, angle=angles[i % len(angles)], distance_mm=3.0 - 0.5 * min(i, 3)),
            value=f"{threshold:g}",
        )
        for i, threshold in enumerate(thresholds)
    ]
    return Style(tuple(classes), "seuil", '"rang_habitants"', area=True)


def _zones(_: gpd.GeoDataFrame) -> Style:
    return Style((Class("zone blanche", hatching(ACCENT)),), label='"rang"', area=True)


_NAMED = 20
"""Candidates whose rank is written: more would hide the map."""

_SHAPES = ("square", "diamond", "triangle", "pentagon", "hexagon", "cross_fill")


def _kinds(colour: str, outline: str, size_mm: float) -> Callable[[gpd.GeoDataFrame], Style]:
    """Draw sites by kind: a shape each, in the order of their names, another for any other."""

    def style(table: gpd.GeoDataFrame) -> Style:
        kinds = sorted(table["genre"].dropna().unique())[: len(_SHAPES)]
        classes = [
            Class(kind, marker(shape, colour, size_mm=size_mm, outline=outline), value=kind)
            for kind, shape in zip(kinds, _SHAPES, strict=False)
        ]
        other = Class(_OTHERS, marker("circle", colour, size_mm=size_mm, outline=outline))
        return Style((*classes, other), "genre")

    return style


def _candidates(_: gpd.GeoDataFrame) -> Style:
    """Size candidates by score, out of 100."""
    steps = [(0.0, 20.0), (20.0, 40.0), (40.0, 60.0), (60.0, 80.0), (80.0, 100.0)]
    classes = [
        Class(
            f"note de {french.short(low)} à {french.short(high)}",
            marker("circle", YELLOW, size_mm=2.4 + 0.7 * i),
            bounds=(low, high),
        )
        for i, (low, high) in enumerate(steps)
    ]
    return Style(tuple(classes), "score", f'if("rang" <= {_NAMED}, "rang", \'\')')


def _load(_: gpd.GeoDataFrame) -> Style:
    drawn = {
        "surchargée": marker("triangle", ACCENT, size_mm=4),
        "ordinaire": marker("circle", WHITE, size_mm=3),
        "sous-utilisée": marker("triangle", YELLOW, size_mm=3.4, angle=180),
        "jamais ouverte": marker("cross2", INK, size_mm=3),
    }
    classes = [Class(name, symbol, value=name) for name, symbol in drawn.items()]
    return Style((*classes, Class(_OTHERS, marker("square", WHITE))), "charge")


def _changes(_: gpd.GeoDataFrame) -> Style:
    classes = [
        Class(label, fill(colour), value=label) for label, colour in change_colours().items()
    ]
    return Style(tuple(classes), "palier_ecart", area=True)


def _fates(_: gpd.GeoDataFrame) -> Style:
    drawn = {
        "ouverte": marker("triangle", YELLOW, size_mm=4),
        "fermée": marker("cross2", ACCENT, size_mm=4),
        "déplacée": marker("diamond", WHITE, size_mm=3.4),
    }
    classes = [Class(name, symbol, value=name) for name, symbol in drawn.items()]
    return Style((*classes, Class("maintenue", marker("diamond", INK, size_mm=3.0))), "evolution")


_STYLES: dict[str, Callable[[gpd.GeoDataFrame], Style]] = {
    "diagnostic_fragilite_numerique": _fragility,
    "points_de_depart": lambda _: Style((Class("départ", marker("circle", INK, size_mm=1.2)),)),
    "zones_blanches": _zones,
    "maisons": _kinds(WHITE, INK, 3.6),
    "maisons_itinerantes": _kinds("#c9c9d2", INK, 3.0),
    "la_poste": _kinds(WHITE, BROWN, 2.2),
    "candidats": _candidates,
    "plan_sites": lambda _: Style(
        (Class("site du plan", marker("star", YELLOW, size_mm=7, outline=ACCENT)),), label='"rang"'
    ),
    "diagnostic_maisons": _load,
    "comparaison_communes": _changes,
    "comparaison_maisons": _fates,
    "comparaison_zones_avant": lambda _: Style(
        (Class("zone blanche d'avant", hatching(INK, angle=135)),), label='"rang"', area=True
    ),
    "comparaison_zones_apres": _zones,
}


def style_elements(style: Style) -> list[ET.Element]:
    """Return the elements of a style both a style file and a project hold: renderer, labels."""
    kind = "singleSymbol"
    if style.attribute is not None:
        graduated = style.classes[0].bounds is not None
        kind = "graduatedSymbol" if graduated else "categorizedSymbol"
    renderer = ET.Element(
        "renderer-v2",
        {"type": kind, "symbollevels": "0", "enableorderby": "0", "forceraster": "0"},
    )
    if style.attribute is not None:
        renderer.set("attr", style.attribute)
        renderer.append(_classes(style, graduated=kind == "graduatedSymbol"))
    symbols = ET.SubElement(renderer, "symbols")
    for position, each in enumerate(style.classes):
        symbols.append(symbol_element(each.symbol, str(position)))
    elements = [renderer]
    if style.label is not None:
        elements.append(labelling_element(style.label, area=style.area))
    return elements


def _classes(style: Style, *, graduated: bool) -> ET.Element:
    parent = ET.Element("ranges" if graduated else "categories")
    for position, each in enumerate(style.classes):
        shared = {"symbol": str(position), "label": each.label, "render": "true"}
        if each.bounds is not None:
            low, high = (f"{bound:.15f}" for bound in each.bounds)
            ET.SubElement(parent, "range", {"lower": low, "upper": high, **shared})
        else:
            ET.SubElement(parent, "category", {"value": each.value or "", **shared})
    return parent


def aliases_element(name: str, columns: Sequence[str]) -> ET.Element:
    """Return the ``aliases`` element: a French title for each field."""
    aliases = ET.Element("aliases")
    for position, column in enumerate(describe_columns(name, columns)):
        # The identifier GDAL adds comes first.
        attributes = {"index": str(position + 1), "field": column.code, "name": column.heading}
        ET.SubElement(aliases, "alias", attributes)
    return aliases


def qml(style: Style, name: str, columns: Sequence[str]) -> str:
    """Return a style as QGIS writes it in a ``.qml`` file or in ``layer_styles``.

    Parameters
    ----------
    style
        How the layer is drawn.
    name
        Name of the layer, in the dictionary.
    columns
        Its columns, geometry excepted.

    Returns
    -------
    str
        XML.
    """
    root = ET.Element(
        "qgis",
        {
            "version": VERSION,
            "styleCategories": "Symbology|Labeling|Fields",
            "labelsEnabled": "1" if style.label else "0",
        },
    )
    root.extend([*style_elements(style), aliases_element(name, columns)])
    ET.SubElement(root, "layerGeometryType").text = "2" if style.area else "0"
    return document(root)
