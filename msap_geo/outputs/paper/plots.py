"""What a Matplotlib map must carry before it is shown to anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from msap_geo.outputs.provenance import Provenance

_SMALL = 7.0
_BAR_SHARE = 0.25
"""Longest scale bar, as a share of the map's width."""

_BELOW = -0.01


def sign_map(axes: Axes, title: str, provenance: Provenance) -> None:
    """Give a Matplotlib map its title, its scale, its sources, and what it must not hide.

    Parameters
    ----------
    axes
        Map drawn by geopandas, in projected metres; its frame is taken off.
    title
        Title.
    provenance
        Of the study (:func:`msap_geo.study.provenance_of`): the credits due, and what must not be
        hidden.
    """
    axes.set_axis_off()
    axes.set_title(title)
    axes.set_aspect("equal")
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    metres = scale_m(right - left)
    y = bottom + 0.02 * (top - bottom)
    axes.plot([left, left + metres], [y, y], color="black", linewidth=2, solid_capstyle="butt")
    axes.set(xlim=(left, right), ylim=(bottom, top))  # the bar must not widen the map
    axes.annotate(
        f"{french.number(metres / 1000, 0 if metres >= 1000 else 1)} km",  # noqa: PLR2004
        (left + metres / 2, y),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=_SMALL,
    )
    axes.annotate(
        "\n".join([*provenance.warnings, *provenance.attributions]),
        (0, _BELOW),
        xycoords="axes fraction",
        va="top",
        fontsize=_SMALL,
        color="#555555",
    )


def scale_m(width_m: float) -> float:
    """Return the length of a scale bar, metres: 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    width_m
        Width of the map, metres.

    Returns
    -------
    float
        The longest such length within a quarter of the width.
    """
    longest = _BAR_SHARE * width_m
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest))
