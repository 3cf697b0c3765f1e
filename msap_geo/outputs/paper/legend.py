"""What surrounds a printed map: legend, credits, scale bar, north, watermark."""

from __future__ import annotations

import math
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath

from msap_geo import french
from msap_geo.outputs.paper.drawing import ACCENT, ALERT, INK, MUTED
from msap_geo.outputs.paper.layers import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from msap_geo.outputs.paper.sheet import Sheet

LEGEND_MM, STEP_MM, CREDIT_MM = 54.0, 4.3, 2.6
"""Width of a legend, height of its lines and of those of the credits."""

_CREDIT_LETTERS = 48
_KEY_MM, _LABEL_POINTS, _POINT_MM, _MARGIN_MM = 8.0, 6.4, 25.4 / 72, 1.0
_KILOMETRE = 1000.0
_LARGE_PIXELS = 300
_SMALL_SIGN = 34


def scale_and_north(axes: Axes, metres: float) -> None:
    """Draw a scale bar and a north arrow.

    Parameters
    ----------
    axes
        Map, in metres of the projection.
    metres
        Metres of a millimetre of paper.
    """
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    length = round_length((right - left) / 4)
    x, y = left + 3 * metres, bottom + 3 * metres
    whole = length >= _KILOMETRE
    told = f"{french.number(length / _KILOMETRE)} km" if whole else f"{french.number(length)} m"
    for start, colour in ((0.0, INK), (0.5, "#ffffff")):
        axes.add_artist(
            Rectangle(
                (x + start * length, y), length / 2, 1.1 * metres,
                facecolor=colour, edgecolor=INK, linewidth=0.5, zorder=8,
            )
        )  # fmt: skip
    halo = [withStroke(linewidth=2, foreground="#ffffff")]
    for at, text in ((0.0, "0"), (length, told)):
        axes.text(
            x + at, y + 1.6 * metres, text, fontsize=6, zorder=8, path_effects=halo,
            ha="center" if at else "left", va="bottom",
        )  # fmt: skip
    x = right - 4.5 * metres
    arrow = np.array([[0, 7], [1.7, 0], [0, 1.5], [-1.7, 0]]) * metres + [x, y]
    axes.add_artist(Polygon(arrow, facecolor=INK, edgecolor="#ffffff", linewidth=0.4, zorder=8))
    axes.text(
        x, y + 7.3 * metres, "N", ha="center", va="bottom", weight="bold", zorder=8,
        path_effects=halo,
    )  # fmt: skip


def round_length(longest: float) -> float:
    """Return the longest 1, 2 or 5 times a power of ten that a length holds."""
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in (1, 2, 5) if step * power <= longest)


def watermark(axes: Axes, words: Sequence[str]) -> None:
    """Write words all over a map."""
    if words:
        axes.text(
            0.5, 0.5, "\n".join(words), transform=axes.transAxes, rotation=32, ha="center",
            va="center", fontsize=22 if axes.bbox.width > _LARGE_PIXELS else 13, weight="bold",
            color=ALERT, alpha=0.28, zorder=9, linespacing=1.6,
        )  # fmt: skip


class Line(NamedTuple):
    """A line of a legend: what stands before it, its label, and how many people it counts."""

    kind: str
    look: str
    label: str
    people: str = ""


def legend_lines(sheet: Sheet) -> list[Line]:
    """Return the lines of a map's legend, its title first."""
    lines = [Line("title", "", sheet.legend_title)]
    lines += [Line("colour", entry.colour, entry.label, entry.people) for entry in sheet.legend]
    if sheet.zones:
        lines.append(Line("zone", "", sheet.zones_label))
    if sheet.marked:
        lines.append(Line("marked", "", sheet.marked_label))
    shown = [places for places in sheet.places if places.points.notna().any()]
    return lines + [Line("sign", places.sign, places.label) for places in shown]


def draw_legend(paper: Axes, lines: Sequence[Line], *, left: float, top: float) -> None:
    """Write lines of a legend downwards, millimetres."""
    y = top - STEP_MM / 2
    for line in lines:
        if line.kind == "title":
            paper.text(left, y, line.label, va="center", weight="bold", fontsize=6.8)
        else:
            _key(paper, line, left, y)
            paper.text(left + _KEY_MM, y, line.label, va="center", fontsize=_LABEL_POINTS)
            if line.people:
                right = left + LEGEND_MM - 0.5
                paper.text(right, y, line.people, va="center", ha="right", fontsize=_LABEL_POINTS)
        y -= STEP_MM


def legend_width_mm(lines: Sequence[Line]) -> float:
    """Return the millimetres that keys and labels take, in the font of the day."""
    widest = max((_width_points(line.label) for line in lines), default=0.0)
    return _KEY_MM + widest * _POINT_MM + _MARGIN_MM


@cache
def _width_points(label: str) -> float:
    """Return the width of a label: the maps of a document have the same few."""
    return float(TextPath((0, 0), label, size=_LABEL_POINTS).get_extents().x1)


def _key(paper: Axes, line: Line, left: float, y: float) -> None:
    if line.kind == "sign":
        drawn = {**SIGNS[line.look], "s": min(SIGNS[line.look]["s"], _SMALL_SIGN)}
        paper.scatter([left + 3], [y], linewidths=0.7, **drawn)
        return
    looks: dict[str, dict[str, Any]] = {
        "colour": {"facecolor": line.look, "edgecolor": "#666666", "linewidth": 0.4},
        "zone": {"facecolor": "none", "edgecolor": ALERT, "linewidth": 1.0, "hatch": "//////"},
        "marked": {"facecolor": "none", "edgecolor": ACCENT, "linewidth": 1.5},
    }
    paper.add_artist(Rectangle((left, y - 1.35), 6, 2.7, **looks[line.kind]))


def credit_lines(sheet: Sheet) -> list[str]:
    """Return the credits as lines that fit under the legend."""
    return [line for text in sheet.credits for line in textwrap.wrap(text, _CREDIT_LETTERS)]


def draw_credits(paper: Axes, sheet: Sheet, *, left: float) -> None:
    """Write the credits upwards from the foot."""
    for rank, line in enumerate(reversed(credit_lines(sheet))):
        paper.text(left, 0.4 + rank * CREDIT_MM, line, va="bottom", fontsize=5.6, color=MUTED)
