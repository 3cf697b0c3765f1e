"""What a printed map shows: surfaces, zones, signs, and the words that cover nothing."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from msap_geo.outputs.paper.drawing import ACCENT, ALERT, CANDIDATE, INK
from msap_geo.outputs.paper.labels import Box, Label, place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from msap_geo.outputs.paper.sheet import Sheet

SIGNS: dict[str, dict[str, Any]] = {
    "maison": {"marker": "D", "s": 16, "facecolor": "#000000", "edgecolor": "#ffffff"},
    "voisine": {"marker": "D", "s": 12, "facecolor": "#ffffff", "edgecolor": "#000000"},
    "itinerante": {"marker": "D", "s": 12, "facecolor": "#dddddd", "edgecolor": "#000000"},
    "candidat": {"marker": "o", "s": 6, "facecolor": CANDIDATE, "edgecolor": "#000000"},
    "retenu": {"marker": "s", "s": 62, "facecolor": CANDIDATE, "edgecolor": "#000000"},
}
"""How each kind of place is shown: by its shape, not by its colour alone."""

_POLYGON = 3
_POINT_MM = 25.4 / 72
_THINNEST_MM = 0.12


def _outlines(shapes: NDArray[np.object_]) -> list[Outline]:
    """Return each surface as one outline, holes included."""
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    surface = shapely.get_type_id(parts) == _POLYGON
    rings, of_part = shapely.get_rings(parts[surface], return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(points), Outline.LINETO, dtype=Outline.code_type)
    start = np.flatnonzero(np.diff(of_ring, prepend=-1))
    codes[start] = Outline.MOVETO
    codes[np.append(start[1:], len(points))[: len(start)] - 1] = Outline.CLOSEPOLY
    of_point = of_shape[surface][of_part][of_ring]
    cuts = np.searchsorted(of_point, np.arange(len(shapes) + 1))
    return [
        Outline(points[low:high], codes[low:high]) if high > low else Outline(np.zeros((0, 2)))
        for low, high in pairwise(cuts.tolist())
    ]


def draw_areas(axes: Axes, sheet: Sheet, metres: float) -> None:
    """Draw surfaces, borders, zones and marked areas; ``metres`` are those of a millimetre."""
    shapes = sheet.areas.geometry.to_numpy()
    placed = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    simple = np.full(len(shapes), None, dtype=object)
    # Together, so that neighbours stay joined; what is thinner than a hair is not printed.
    simple[placed] = shapely.coverage_simplify(shapes[placed], _THINNEST_MM * metres)
    axes.add_collection(
        PathCollection(
            _outlines(simple[placed]),
            facecolors=[sheet.colours[row] for row in placed],
            edgecolors="#8a8f98",
            linewidths=0.25,
            zorder=1,
        ),
        autolim=False,
    )
    for code in dict.fromkeys(sheet.borders):
        rows = [int(row) for row in placed if sheet.borders[row] == code]
        _stroke(axes, simple[rows], edgecolor="#2b2b33", linewidth=0.9, zorder=2)
    for _, members in sheet.zones:
        kept = [row for row in members if simple[row] is not None]
        _stroke(axes, simple[kept], edgecolor="#ffffff", linewidth=2.0, alpha=0.9, zorder=3)
        _stroke(axes, simple[kept], edgecolor=ALERT, linewidth=1.0, hatch="////", zorder=3.1)
    kept = [row for row in sheet.marked if simple[row] is not None]
    _stroke(axes, simple[kept], edgecolor="#ffffff", linewidth=2.6, alpha=0.9, zorder=3.2)
    _stroke(axes, simple[kept], edgecolor=ACCENT, linewidth=1.5, zorder=3.3)


def _stroke(axes: Axes, shapes: NDArray[np.object_], **options: Any) -> None:
    if len(shapes):
        joined = np.array([shapely.coverage_union_all(shapes)], dtype=object)
        (outline,) = _outlines(joined)
        axes.add_artist(PathPatch(outline, facecolor="none", joinstyle="round", **options))


def draw_places(axes: Axes, sheet: Sheet) -> None:
    """Draw signs, and what is written in them."""
    for rank, places in enumerate(sheet.places):
        points = places.points[places.points.notna()]
        drawn = dict(SIGNS[places.sign])
        axes.scatter(points.x, points.y, linewidths=0.7, zorder=5 + rank / 10, **drawn)
        if places.texts:
            written = [
                text for text, here in zip(places.texts, places.points.notna(), strict=True) if here
            ]
            for text, x, y in zip(written, points.x, points.y, strict=True):
                axes.text(
                    x, y, text, ha="center", va="center", weight="bold", fontsize=6.2,
                    color="#000000", zorder=5.05 + rank / 10, clip_on=True,
                )  # fmt: skip


def write_labels(axes: Axes, sheet: Sheet, metres: float) -> None:
    """Write numbers of zones and names of towns where they cover nothing."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    frame = Box(left + metres, bottom + 9 * metres, right - metres, top - metres)
    taken = [
        Box.around(point.x, point.y, size, size)
        for places in sheet.places
        for size in [1.15 * math.sqrt(SIGNS[places.sign]["s"]) * _POINT_MM * metres]
        if places.sign != "candidat"
        for point in places.points[places.points.notna()]
    ]
    # The arrow of the north and its letter stand in the corner.
    taken.append(Box(right - 7 * metres, bottom, right, bottom + 14 * metres))
    shapes = sheet.areas.geometry.to_numpy()
    anchors = [_anchor(shapes[list(rows)]) for _, rows in sheet.zones]
    numbers = [
        (text, anchor)
        for (text, _), anchor in zip(sheet.zones, anchors, strict=True)
        if anchor is not None and left < anchor[0] < right and bottom < anchor[1] < top
    ]
    names = [one for one in sheet.names if left < one[1] < right and bottom < one[2] < top]
    labels = [
        *(Label(*anchor, 4.6 * metres, 4.6 * metres) for _, anchor in numbers),
        *(Label(x, y, _width_mm(text) * metres, 2.6 * metres, True) for text, x, y in names),
    ]
    centres = place_labels(labels, frame=frame, taken=taken)
    for (text, anchor), centre in zip(numbers, centres, strict=False):
        if centre is not None:
            _number(axes, text, anchor, centre)
    halo = [withStroke(linewidth=1.6, foreground="#ffffff")]
    for (text, x, y), centre in zip(names, centres[len(numbers) :], strict=True):
        if centre is not None:
            axes.scatter(
                [x], [y], s=3.2, facecolor=INK, edgecolor="#ffffff", linewidths=0.3, zorder=4.9
            )
            axes.text(
                *centre, text, ha="center", va="center", fontsize=6, zorder=6, path_effects=halo
            )


def _width_mm(text: str) -> float:
    """Return the width of a name in six-point DejaVu Sans, as its widest letters would make it."""
    return 1.32 * len(text) + 0.8


def _anchor(shapes: NDArray[np.object_]) -> tuple[float, float] | None:
    """Return the point farthest from the edge of the largest part of some surfaces."""
    present = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(present):
        return None
    parts = shapely.get_parts(shapely.coverage_union_all(present))
    largest = parts[np.argmax(shapely.area(parts))]
    side = math.sqrt(largest.area)
    radius = shapely.maximum_inscribed_circle(largest, tolerance=max(side / 50, 1.0))
    point = shapely.get_point(radius, 0)
    return float(point.x), float(point.y)


def _number(
    axes: Axes, text: str, anchor: tuple[float, float], centre: tuple[float, float]
) -> None:
    if centre != anchor:
        axes.add_artist(
            Line2D(*zip(anchor, centre, strict=True), color=ALERT, linewidth=0.7, zorder=6.1)
        )
    axes.text(
        *centre, text, ha="center", va="center", color="#ffffff", weight="bold",
        fontsize=6.2, zorder=7,
        bbox={"boxstyle": "circle,pad=0.28", "fc": ALERT, "ec": "#ffffff", "linewidth": 0.7},
    )  # fmt: skip
