"""Forbidden turns, on a graph whose nodes are junctions: the restricted ones are taken apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.network.arrays import NO_CLASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges


def without_turns(
    x: NDArray[np.float64], y: NDArray[np.float64], edges: Edges, banned: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], Edges]:
    """Return the roads with some turns impossible.

    At a junction with a forbidden turn, each road one may leave by starts from a node of its own,
    and each road from which a turn is forbidden arrives at one; the junction itself is where the
    other roads arrive. Sections of no length, one way, make the turns that are allowed; no place
    enters them. Other junctions are left as they are.

    Parameters
    ----------
    x, y
        Junctions, projected metres.
    edges
        Road sections between them, none with ends of its own yet.
    banned
        Section left, section taken, junction, shape (b, 3).

    Returns
    -------
    x, y, edges
        The same, with more of each.
    """
    if len(banned) == 0:
        return x, y, edges
    apart = _Apart(edges, len(x), {(left, taken) for left, taken, _ in banned.tolist()})
    for junction in np.unique(banned[:, 2]).tolist():
        apart.take(junction)
    place = np.concatenate([np.arange(len(x)), np.array(apart.place, dtype=np.int64)])
    turns = np.array(apart.turns, dtype=np.int32).reshape(-1, 2)
    n, none = len(turns), np.zeros(len(turns))
    at = place[turns[:, 0]]
    last = edges.shape_start[-1]
    return (
        x[place],
        y[place],
        replace(
            edges,
            tail=np.concatenate([apart.tail, turns[:, 0]]),
            head=np.concatenate([apart.head, turns[:, 1]]),
            tail_in=np.concatenate([apart.tail_in, turns[:, 0]]),
            head_out=np.concatenate([apart.head_out, turns[:, 1]]),
            forward=np.concatenate([edges.forward, none]),
            backward=np.concatenate([edges.backward, np.full(n, np.inf)]),
            length_m=np.concatenate([edges.length_m, none]),
            shape_start=np.concatenate([edges.shape_start, last + 2 * np.arange(1, n + 1)]),
            shape_x=np.concatenate([edges.shape_x, np.repeat(x[at], 2)]),
            shape_y=np.concatenate([edges.shape_y, np.repeat(y[at], 2)]),
            door=np.concatenate([edges.door, none.astype(bool)]),
            kind=np.concatenate([edges.kind, np.full(n, NO_CLASS, dtype=np.int8)]),
            number=np.concatenate([edges.number, np.zeros(n, dtype=np.int32)]),
        ),
    )


class _Apart:
    """Ends of sections as junctions are taken apart, and what joins them again."""

    def __init__(self, edges: Edges, nodes: int, forbidden: set[tuple[int, int]]) -> None:
        self.tail, self.head = edges.tail.copy(), edges.head.copy()
        self.tail_in, self.head_out = edges.tail.copy(), edges.head.copy()
        self.place: list[int] = []
        self.turns: list[tuple[int, int]] = []
        self._edges, self._nodes, self._forbidden = edges, nodes, forbidden

    def take(self, junction: int) -> None:
        """Take a junction apart."""
        edges = self._edges
        restricted = {left for left, _ in self._forbidden}
        out: list[tuple[int, int]] = []
        into: list[tuple[int, int]] = []
        for end, leaves, arrives, out_of, in_to in (
            (edges.tail, edges.forward, edges.backward, self.tail, self.tail_in),
            (edges.head, edges.backward, edges.forward, self.head_out, self.head),
        ):
            for edge in np.flatnonzero(end == junction).tolist():
                if np.isfinite(leaves[edge]):
                    out_of[edge] = self._new(junction)
                    out.append((edge, int(out_of[edge])))
                if np.isfinite(arrives[edge]) and edge in restricted:
                    in_to[edge] = self._new(junction)
                    into.append((edge, int(in_to[edge])))
        self.turns += [(junction, node) for _, node in out]
        self.turns += [
            (at, node)
            for left, at in into
            for taken, node in out
            if (left, taken) not in self._forbidden
        ]

    def _new(self, junction: int) -> int:
        self.place.append(junction)
        return self._nodes + len(self.place) - 1
