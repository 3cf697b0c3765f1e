"""Seconds lost at junctions, without a graph of turns.

OSRM counts each turn by its angle, on a graph whose nodes are roads. Here nodes are junctions: what
a turn costs is shared between the end of the road left and the start of the road taken, so that
their sums come as near as they can to every turn of the junction
(:func:`msap_geo.network.turn_kernels.shared`). Going straight on stays almost free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.network.crossings import is_crossing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges
    from msap_geo.network.profiles import Junctions

BEARING_M = 10.0
"""A road leaves a junction in the direction of its shape so far from it."""


def delayed_by_turns(edges: Edges, junctions: Junctions) -> Edges:
    """Return the edges with what turning into and out of them costs.

    Parameters
    ----------
    edges
        Road sections.
    junctions
        What turns cost the mode.

    Returns
    -------
    Edges
        The same sections, no quicker; unchanged where turns cost nothing. Crossings are no roads of
        a junction.
    """
    if not junctions.turn_s or len(edges.tail) == 0:
        return edges
    from msap_geo.network import turn_kernels  # noqa: PLC0415 - numba, for this alone

    roads = np.flatnonzero(~is_crossing(edges))
    node = np.concatenate([edges.tail[roads], edges.head[roads]])
    order = np.argsort(node, kind="stable")
    start = np.flatnonzero(np.diff(node[order], prepend=-1, append=node.max(initial=0) + 1))
    ahead, back = np.isfinite(edges.forward[roads]), np.isfinite(edges.backward[roads])
    into, out = np.empty(len(node)), np.empty(len(node))
    into[order], out[order] = turn_kernels.shared(
        start.astype(np.int64),
        np.concatenate(bearings(edges))[np.concatenate([roads, roads + len(edges.tail)])][order],
        np.concatenate([back, ahead])[order],
        np.concatenate([ahead, back])[order],
        junctions.turn_s,
        junctions.turn_bias,
        junctions.oncoming_s,
    )
    (at_tail, at_head), (from_tail, from_head) = into.reshape(2, -1), out.reshape(2, -1)
    forward, backward = edges.forward.copy(), edges.backward.copy()
    forward[roads] += (from_tail + at_head) / 60
    backward[roads] += (from_head + at_tail) / 60
    return replace(edges, forward=forward, backward=backward)


def bearings(edges: Edges) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the direction each section leaves its tail and its head in, radians from the east."""
    x, y, start = edges.shape_x, edges.shape_y, edges.shape_start
    first, last = start[:-1], start[1:] - 1
    step = np.zeros(len(x))
    step[1:] = np.hypot(np.diff(x), np.diff(y))
    step[first] = 0
    travelled = np.cumsum(step)
    counts = np.diff(start)
    index = np.arange(len(x))
    along = travelled - np.repeat(travelled[first], counts)
    left = np.repeat(travelled[last], counts) - travelled
    after = np.minimum.reduceat(np.where(along >= BEARING_M, index, len(x)), first)
    before = np.maximum.reduceat(np.where(left >= BEARING_M, index, -1), first)
    after, before = np.minimum(after, last), np.maximum(before, first)
    return (
        np.arctan2(y[after] - y[first], x[after] - x[first]),
        np.arctan2(y[before] - y[last], x[before] - x[last]),
    )
