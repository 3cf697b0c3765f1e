"""Charts on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.ticker import FuncFormatter

from msap_geo import french
from msap_geo.outputs.paper.drawing import (
    ACCENT,
    ALERT,
    INK,
    MUTED,
    RULE,
    Drawing,
    new_figure,
    style,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_NOW, _THEN = MUTED, ACCENT
_FEW = 6


class Curve(NamedTuple):
    """Share of the population within each time, from 0 to 1; ``later`` for what is proposed."""

    label: str
    minutes: NDArray[np.float64]
    share: NDArray[np.float64]
    later: bool = False


def access_chart(
    curves: Sequence[Curve],
    thresholds: Sequence[float],
    *,
    width_mm: float = 120.0,
    height_mm: float = 46.0,
) -> Drawing:
    """Draw the share of the population within each travel time, thresholds marked.

    Parameters
    ----------
    curves
        Curves, minutes increasing.
    thresholds
        Minutes.
    width_mm, height_mm
        Size, millimetres.
    """
    ends = [float(curve.minutes[-1]) for curve in curves if len(curve.minutes)]
    longest = max([*thresholds, *ends])
    longest = max(min(longest, 4 * thresholds[-1]), 1.2 * thresholds[-1])
    with style():
        figure = new_figure(width_mm, height_mm)
        axes = figure.add_axes((0.09, 0.2, 0.89, 0.75))
        for threshold in thresholds:
            axes.axvline(threshold, color=ALERT, linewidth=0.7, linestyle=(0, (4, 3)))
        for curve in curves:
            axes.step(
                np.concatenate([[0.0], curve.minutes, [max(longest, 0.0)]]),
                np.concatenate([[0.0], curve.share, curve.share[-1:]]),
                where="post",
                color=_THEN if curve.later else _NOW,
                linewidth=1.6,
                linestyle="-" if curve.later or len(curves) == 1 else (0, (3, 1)),
                label=curve.label,
            )
        axes.set_xlim(0, longest)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("minutes de trajet vers la Maison la plus proche")
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda share, _: f"{french.number(100 * share)}\u202f%")
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: french.number(value)))
        axes.grid(axis="y", color=RULE, linewidth=0.4)
        axes.set_axisbelow(True)
        if len(curves) > 1:
            axes.legend(loc="lower right", frameon=True, framealpha=0.95, edgecolor=RULE)
        return Drawing(figure)


def bar_chart(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    xlabel: str,
    chosen: int | None = None,
    width_mm: float = 120.0,
    height_mm: float = 44.0,
) -> Drawing:
    """Draw one bar per label, its value written on it.

    Parameters
    ----------
    labels, values
        What each bar is, and its height.
    xlabel
        What the labels are.
    chosen
        Rank of the bar to show, or null.
    width_mm, height_mm
        Size, millimetres.
    """
    with style():
        figure = new_figure(width_mm, height_mm)
        axes = figure.add_axes((0.02, 0.2, 0.96, 0.74))
        colours = [ACCENT if rank == chosen else "#9db4cf" for rank in range(len(values))]
        axes.bar(range(len(values)), values, color=colours, width=0.72)
        for rank, value in enumerate(values):
            axes.text(
                rank, value, french.number(value), ha="center", va="bottom", fontsize=6, color=INK,
                weight="bold" if rank == chosen else "normal",
            )  # fmt: skip
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlabel(xlabel)
        axes.set_ylim(0, 1.12 * max(max(values, default=0), 1))
        # One bar alone would be a wall.
        room = max(len(values), _FEW)
        axes.set_xlim((len(values) - room - 1) / 2, (len(values) + room - 1) / 2)
        _bare(axes)
        return Drawing(figure)


def _bare(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", length=0)
