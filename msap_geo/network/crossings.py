"""Crossings: ferries read from OpenStreetMap, or declared where the roads do not tell them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.network.arrays import FERRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges


class Crossing(NamedTuple):
    """A crossing declared by the study, taken both ways.

    Parameters
    ----------
    start, end
        Landings, projected metres ``(x, y)``; each is tied to the junction nearest to it.
    minutes
        Minutes from one to the other, waiting included.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    minutes: float


def land_crossings(edges: Edges, ferry: NDArray[np.bool_], *, wait_minutes: float) -> Edges:
    """Make crossings of the edges that are ferries: one waits on land, and lands nowhere at sea.

    Parameters
    ----------
    edges
        Road sections, ferries among them.
    ferry
        Which are, shape (e,).
    wait_minutes
        Minutes lost when boarding: leaving a junction that a road reaches.

    Returns
    -------
    Edges
        The same sections; a ferry's shape is its first landing alone, so that no place is ever
        snapped onto the water.
    """
    on_land = np.zeros(int(max(edges.tail.max(), edges.head.max())) + 1, dtype=bool)
    on_land[edges.tail[~ferry]] = on_land[edges.head[~ferry]] = True
    at_sea = np.repeat(ferry, np.diff(edges.shape_start))
    first = np.repeat(edges.shape_start[:-1], np.diff(edges.shape_start))
    return replace(
        edges,
        forward=edges.forward + wait_minutes * (ferry & on_land[edges.tail]),
        backward=edges.backward + wait_minutes * (ferry & on_land[edges.head]),
        shape_x=np.where(at_sea, edges.shape_x[first], edges.shape_x),
        shape_y=np.where(at_sea, edges.shape_y[first], edges.shape_y),
        door=edges.door & ~ferry,
        kind=np.where(ferry, FERRY, edges.kind).astype(np.int8),
    )


def is_crossing(edges: Edges) -> NDArray[np.bool_]:
    """Tell which edges are crossings: they have a length and no shape, shape (e,)."""
    x, y, start = edges.shape_x, edges.shape_y, edges.shape_start[:-1]
    counts = np.diff(edges.shape_start)
    away = (x != np.repeat(x[start], counts)) | (y != np.repeat(y[start], counts))
    return np.asarray((np.add.reduceat(away, start) == 0) & (edges.length_m > 0))


def add_crossings(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: Edges,
    crossings: Sequence[Crossing],
) -> Edges:
    """Return the edges with declared crossings among them.

    Parameters
    ----------
    x, y
        Junctions, projected metres.
    edges
        Road sections between them.
    crossings
        What to add.

    Returns
    -------
    Edges
        One more section for each crossing, between the junctions nearest to its landings.
    """
    open_ = edges.door if edges.door.any() else np.ones(len(edges.tail), dtype=bool)
    used = np.unique(np.concatenate([edges.tail[open_], edges.head[open_]]))

    def nearest(place: tuple[float, float]) -> int:
        return int(used[np.hypot(x[used] - place[0], y[used] - place[1]).argmin()])

    tail = np.array([nearest(crossing.start) for crossing in crossings], dtype=np.int32)
    head = np.array([nearest(crossing.end) for crossing in crossings], dtype=np.int32)
    minutes = np.array([crossing.minutes for crossing in crossings], dtype=np.float64)
    last = edges.shape_start[-1]
    return replace(
        edges,
        tail=np.concatenate([edges.tail, tail]),
        head=np.concatenate([edges.head, head]),
        forward=np.concatenate([edges.forward, minutes]),
        backward=np.concatenate([edges.backward, minutes]),
        length_m=np.concatenate([edges.length_m, np.hypot(x[tail] - x[head], y[tail] - y[head])]),
        shape_start=np.concatenate(
            [edges.shape_start, last + 2 * np.arange(1, len(crossings) + 1, dtype=np.int64)]
        ),
        shape_x=np.concatenate([edges.shape_x, np.repeat(x[tail], 2)]),
        shape_y=np.concatenate([edges.shape_y, np.repeat(y[tail], 2)]),
        door=np.concatenate([edges.door, np.zeros(len(crossings), dtype=bool)]),
        kind=np.concatenate([edges.kind, np.full(len(crossings), FERRY, dtype=np.int8)]),
        number=np.concatenate([edges.number, np.zeros(len(crossings), dtype=np.int32)]),
    )
