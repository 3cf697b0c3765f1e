"""One palette for every map: ordered by lightness, safe under every colour blindness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.coverage import change_labels, class_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

SCALE = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
"""ColorBrewer YlGnBu, five classes (Brewer, Harrower & The Pennsylvania State University)."""

UNREACHABLE = "#8a8a8a"
"""What is not known, and what no road leads to."""

FRAGILITY = (
    ("indice de 0 à 20", 20.0, "#f1eef6"),
    ("indice de 20 à 40", 40.0, "#d0bbdd"),
    ("indice de 40 à 60", 60.0, "#a982bf"),
    ("indice de 60 à 80", 80.0, "#7d4a9c"),
    ("indice de 80 à 100", 100.0, "#4d1f6d"),
)
"""Fifths of the index of digital fragility: in words, inclusive upper bound, colour."""

_CHANGES = ("#542788", "#998ec3", "#d8daeb", "#f7f7f7", "#fdb863", "#e08214", "#7f3b08")
"""ColorBrewer PuOr (same authors), diverging and safe under colour blindness: nearer in purple,
unchanged almost white, farther in orange."""


def class_colours(thresholds: Sequence[float]) -> dict[str, str]:
    """Return the colour of each travel-time class, nearest first, the unreachable last (grey).

    Parameters
    ----------
    thresholds
        Thresholds, minutes.

    Returns
    -------
    dict
        Class (:func:`msap_geo.coverage.class_labels`) → ``#rrggbb``.
    """
    labels = class_labels(thresholds)
    steps = np.linspace(0, len(SCALE) - 1, len(labels) - 1)
    channels = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in SCALE])
    mixed = [np.interp(steps, range(len(SCALE)), channels[:, i]) for i in range(3)]
    scale = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.rint(mixed).astype(int).T]
    return dict(zip(labels, [*scale, UNREACHABLE], strict=True))


def change_colours() -> dict[str, str]:
    """Return the colour of each class of change (:func:`msap_geo.coverage.change_labels`)."""
    return dict(zip(change_labels(), [*_CHANGES, UNREACHABLE], strict=True))
