"""The elimination order of a network: what makes the search for all its nodes two sweeps.

Eliminate the nodes one by one, always one with the fewest neighbours left, and join those
neighbours by the trips through it. Every quickest route then climbs the order and comes down it
again: this is the contraction of Dibbelt, Strasser & Wagner, *Customizable Contraction Hierarchies*
(2016), with minimum-degree elimination in place of nested dissection and the minutes known from
the start. Road networks are almost planar: a million nodes take about half a second and the arcs
do not outnumber the links. Where a graph is not so kind, the nodes left when the fewest neighbours
exceed :data:`MOST_NEIGHBOURS` stay as a core, which is searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.network import elimination

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Csr

MOST_NEIGHBOURS = 24
"""Eliminating a node costs the square of its neighbours; beyond, searching the rest is cheaper."""


class Order(NamedTuple):
    """Nodes by position in the order, and the arcs that lead up it.

    The first ``len(parent)`` positions are eliminated nodes, the others the core.

    Parameters
    ----------
    position
        Position of each node, shape (n,).
    parent
        Lowest position each eliminated one is joined to, −1 where it is joined to the core or to
        nothing; every eliminated position an arc leads up to is an ancestor.
    start, head
        Arc ``i`` of position ``p``, ``start[p] <= i < start[p + 1]``, leads to position
        ``head[i]``, higher if ``p`` is eliminated, any in the core if ``p`` is.
    out_minutes, out_m
        Minutes and metres of the arc away from ``p``, infinite where closed.
    in_minutes, in_m
        The same towards ``p``.
    """

    position: NDArray[np.int32]
    parent: NDArray[np.int32]
    start: NDArray[np.int64]
    head: NDArray[np.int32]
    out_minutes: NDArray[np.float64]
    out_m: NDArray[np.float64]
    in_minutes: NDArray[np.float64]
    in_m: NDArray[np.float64]


def elimination_order(links: Csr, reverse: Csr) -> Order:
    """Eliminate the nodes of a graph.

    Parameters
    ----------
    links, reverse
        Directed links by tail and by head, rows sorted.

    Returns
    -------
    Order
        The order, its subtrees contiguous so that a sweep stays in the processor's cache.
    """
    nodes, eliminated, start, head, minutes, length_m = elimination.eliminate(
        *links, *reverse, MOST_NEIGHBOURS
    )
    n = len(nodes)
    first = np.empty(n, dtype=np.int32)
    first[nodes] = np.arange(n, dtype=np.int32)
    counts = np.diff(start)
    owner = np.repeat(np.arange(n, dtype=np.int32), counts)
    to = first[head]
    upward = (owner < eliminated) & (to < eliminated)
    parent = np.full(eliminated, n, dtype=np.int32)
    np.minimum.at(parent, owner[upward], to[upward])
    parent[parent == n] = -1
    final = np.arange(n, dtype=np.int32)
    final[:eliminated] = elimination.postorder(parent)
    # Arcs by the final position of their owner, then of their other end.
    owner, to = final[owner], final[to]
    order = np.lexsort((to, owner))
    position = final[first]
    roots = parent < 0
    moved = np.empty(eliminated, dtype=np.int32)
    moved[final[:eliminated]] = np.where(roots, -1, final[np.where(roots, 0, parent)])
    by_position = np.empty(n, dtype=np.int64)
    by_position[final] = counts
    return Order(
        position,
        moved,
        np.concatenate([[0], np.cumsum(by_position)]).astype(np.int64),
        to[order],
        minutes[order, 0],
        length_m[order, 0],
        minutes[order, 1],
        length_m[order, 1],
    )
