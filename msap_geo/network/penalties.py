"""What a road costs beyond its class speed: bends, and joining a faster road."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges
    from msap_geo.network.profiles import Penalties

_JUNCTION = 3
"""A node where fewer roads meet is no junction."""


def penalised(edges: Edges, penalties: Penalties) -> Edges:
    """Return the edges with the profile's penalties added, unchanged where they are off.

    Parameters
    ----------
    edges
        Road sections at their class speed.
    penalties
        What to add.

    Returns
    -------
    Edges
        The same sections, no quicker.
    """
    if len(edges.tail) == 0:
        return edges
    if penalties.lateral_ms2:
        edges = slowed_in_bends(edges, penalties.lateral_ms2)
    if penalties.junction_s:
        edges = delayed_at_junctions(edges, penalties.junction_s)
    return edges


def slowed_in_bends(edges: Edges, lateral_ms2: float) -> Edges:
    """Hold each section to the speed at which its mean bend is comfortable.

    A driver in bends accepts a lateral acceleration a, and on straighter road keeps to the speed
    of its kind (Felipe & Navin, "Automobiles on horizontal curves", TRR 1628, 1998): v ≤ √(a·r).
    The mean radius r of a section is its length over the angle it turns through in all, the
    "bendiness" of road appraisal. A shape of few vertices hides bends, and is slowed less.

    Parameters
    ----------
    edges
        Road sections.
    lateral_ms2
        Lateral acceleration accepted, m/s².

    Returns
    -------
    Edges
        The same sections, no quicker; crossings are left alone.
    """
    with np.errstate(divide="ignore"):
        radius_m = edges.length_m / turning(edges)
    slowest = edges.length_m / np.sqrt(lateral_ms2 * radius_m) / 60
    return replace(
        edges,
        forward=np.maximum(edges.forward, slowest),
        backward=np.maximum(edges.backward, slowest),
    )


def turning(edges: Edges) -> NDArray[np.float64]:
    """Return the angle each section turns through in all, left and right alike, radians."""
    dx, dy = np.diff(edges.shape_x), np.diff(edges.shape_y)
    angle = np.zeros(len(edges.shape_x))
    cross = dx[:-1] * dy[1:] - dy[:-1] * dx[1:]
    along = dx[:-1] * dx[1:] + dy[:-1] * dy[1:]
    angle[1:-1] = np.abs(np.arctan2(cross, along))
    # The ends of a shape are not bends: what follows them in the arrays is another shape.
    angle[edges.shape_start[:-1]] = angle[edges.shape_start[1:] - 1] = 0
    return np.asarray(np.add.reduceat(angle, edges.shape_start[:-1]))


def delayed_at_junctions(edges: Edges, seconds: float) -> Edges:
    """Add the time lost at the end of a section where it meets a faster road.

    Only the end one arrives at counts, at nodes where three roads or more meet; the speed of a
    road is its best way's.

    Parameters
    ----------
    edges
        Road sections.
    seconds
        Seconds lost each time.

    Returns
    -------
    Edges
        The same sections, no quicker.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.nan_to_num(edges.length_m / np.minimum(edges.forward, edges.backward))
    nodes = int(max(edges.tail.max(), edges.head.max())) + 1
    degree = np.bincount(edges.tail, minlength=nodes) + np.bincount(edges.head, minlength=nodes)
    fastest = np.zeros(nodes)
    np.maximum.at(fastest, edges.tail, speed)
    np.maximum.at(fastest, edges.head, speed)

    def lost(end: NDArray[np.int32]) -> NDArray[np.float64]:
        # A tenth faster at least: sections of one road differ by rounding alone.
        yields = (degree[end] >= _JUNCTION) & (fastest[end] > 1.1 * speed)
        return np.asarray(np.where(yields, seconds / 60, 0.0))

    return replace(
        edges,
        forward=edges.forward + lost(edges.head),
        backward=edges.backward + lost(edges.tail),
    )
