"""Maps on paper: classes, zones, signs, legend, scale bar, north, sources. Nothing is computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from msap_geo.outputs.paper.drawing import RULE, Deferred, Drawing, new_figure, style
from msap_geo.outputs.paper.layers import draw_areas, draw_places, write_labels
from msap_geo.outputs.paper.legend import (
    CREDIT_MM,
    LEGEND_MM,
    STEP_MM,
    credit_lines,
    draw_credits,
    draw_legend,
    legend_lines,
    legend_width_mm,
    scale_and_north,
    watermark,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from msap_geo.outputs.paper.sheet import Sheet

_GAP_MM, _NARROWEST_MM = 3.0, 75.0
_LOWER_MM = (120.0, 102.0, 86.0)
"""Heights of the same map for a page nearly full; under the last, names hide a territory."""

_WIDTH_MM = 170.0
_SEA = "#ffffff"


def print_map(sheet: Sheet, *, width_mm: float = _WIDTH_MM, height_mm: float = 140.0) -> Drawing:
    """Draw a map for print, its legend beside it.

    Parameters
    ----------
    sheet
        What it shows.
    width_mm, height_mm
        Room it may take, millimetres; a wide territory takes less height.

    Returns
    -------
    Drawing
        The map.
    """
    return _drawn(sheet, width_mm, height_mm, legend=True)


def lower_maps(sheet: Sheet, full: Drawing) -> tuple[Deferred, ...]:
    """Draw a map for print again in less and less height, its letters at their size.

    Parameters
    ----------
    sheet
        What it shows.
    full
        The map at its full size.

    Returns
    -------
    tuple of Deferred
        The lower maps, the tallest first; those too low for their legend are left out. Each is
        drawn once a page has that room for it.
    """
    least = _least_mm(sheet)
    heights = [each for each in _LOWER_MM if least <= each < full.height_mm]
    return tuple(_later(sheet, each) for each in heights)


def _later(sheet: Sheet, height_mm: float) -> Deferred:
    room = _room(sheet, _WIDTH_MM, height_mm, legend=True)
    return Deferred(room.width, room.height, lambda: print_map(sheet, height_mm=height_mm))


def _least_mm(sheet: Sheet) -> float:
    """Return the height a legend and its credits take, millimetres."""
    lines, told = len(legend_lines(sheet)), len(credit_lines(sheet))
    return STEP_MM * (lines + 1) + CREDIT_MM * (told + 1)


def locator_map(sheet: Sheet, *, width_mm: float = 85.0, height_mm: float = 85.0) -> Drawing:
    """Draw a small map, with its legend under it."""
    return _drawn(sheet, width_mm, height_mm, legend=False)


class _Room(NamedTuple):
    """Millimetres of a map with its legend, of the map alone, and of what is under it."""

    width: float
    height: float
    map_width: float
    map_height: float
    under: float


def _room(sheet: Sheet, width_mm: float, height_mm: float, *, legend: bool) -> _Room:
    """Lay a map out."""
    bounds = _bounds(sheet)
    ratio = (bounds[3] - bounds[1]) / max(bounds[2] - bounds[0], 1e-3)
    if legend:
        map_width = width_mm - LEGEND_MM - _GAP_MM
        map_height = min(max(map_width * ratio, _least_mm(sheet)), height_mm)
        # A tall territory leaves its legend nearer rather than an empty sea.
        map_width = min(map_width, max(map_height / ratio + _GAP_MM, _NARROWEST_MM))
        width_mm, under = map_width + _GAP_MM + LEGEND_MM, 0.0
    else:
        map_width, map_height = width_mm, height_mm
        under = STEP_MM * (math.ceil((len(legend_lines(sheet)) - 1) / 2) + 1) + 1.0
    return _Room(width_mm, map_height + under, map_width, map_height, under)


def _drawn(sheet: Sheet, width_mm: float, height_mm: float, *, legend: bool) -> Drawing:
    lines, bounds = legend_lines(sheet), _bounds(sheet)
    room = _room(sheet, width_mm, height_mm, legend=legend)
    width_mm, whole, map_width, map_height, under = room
    with style():
        figure = new_figure(width_mm, whole)
        paper = figure.add_axes((0, 0, 1, 1))
        paper.set_xlim(0, width_mm)
        paper.set_ylim(0, whole)
        paper.axis("off")
        axes = figure.add_axes((0, under / whole, map_width / width_mm, map_height / whole))
        metres = _frame(axes, bounds, map_width, map_height)
        draw_areas(axes, sheet, metres)
        draw_places(axes, sheet)
        write_labels(axes, sheet, metres)
        scale_and_north(axes, metres)
        watermark(axes, sheet.watermarks)
        if legend:
            draw_legend(paper, lines, left=map_width + _GAP_MM, top=map_height)
            draw_credits(paper, sheet, left=map_width + _GAP_MM)
        else:
            head, rest = lines[0], lines[1:]
            half = math.ceil(len(rest) / 2)
            draw_legend(paper, [head, *rest[:half]], left=0.5, top=under)
            left = min(width_mm / 2, width_mm - legend_width_mm(rest[half:]))
            draw_legend(paper, rest[half:], left=left, top=under - STEP_MM)
        return Drawing(figure)


def _bounds(sheet: Sheet) -> tuple[float, float, float, float]:
    if sheet.focus is not None:
        return sheet.focus
    left, bottom, right, top = sheet.areas.total_bounds
    if not math.isfinite(left):
        return 0.0, 0.0, 1000.0, 1000.0
    return float(left), float(bottom), float(right), float(top)


def _frame(
    axes: Axes, bounds: tuple[float, float, float, float], width_mm: float, height_mm: float
) -> float:
    """Show the bounds, centred, the same scale both ways; return the metres of a millimetre."""
    left, bottom, right, top = bounds
    metres = 1.04 * max((right - left) / width_mm, (top - bottom) / height_mm, 1e-3)
    x, y = (left + right) / 2, (bottom + top) / 2
    axes.set_xlim(x - metres * width_mm / 2, x + metres * width_mm / 2)
    axes.set_ylim(y - metres * height_mm / 2, y + metres * height_mm / 2)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_edgecolor(RULE)
    axes.set_facecolor(_SEA)
    return metres
