"""Many outlines in one: a territory from its communes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

MANY = 3000
"""From so many outlines on, those that fit their neighbours point by point are joined apart."""


def joined(outlines: NDArray[np.object_]) -> BaseGeometry:
    """Join outlines into one geometry.

    Of a whole country nearly all share their borders point by point: these are joined by leaving
    out what two of them share, which takes a tenth of overlaying them; the few others are overlaid.

    Parameters
    ----------
    outlines
        Areas, none null.
    """
    if len(outlines) < MANY:
        return shapely.union_all(outlines)
    ill = shapely.coverage_invalid_edges(outlines)
    fit = shapely.is_missing(ill) | shapely.is_empty(ill)
    try:
        whole = shapely.coverage_union_all(outlines[fit])
    except shapely.GEOSException:  # what did not look ill was
        return shapely.union_all(outlines)
    return shapely.union_all([*outlines[~fit], whole])
