"""Sections kept with the parts of a network that are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.network.arrays import selected_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges


def within_parts(edges: Edges, label: NDArray[np.int32], lasting: NDArray[np.bool_]) -> Edges:
    """Keep the sections that stay within a part kept, one way at least."""
    ahead = (label[edges.tail] == label[edges.head]) & lasting[label[edges.tail]]
    back = (label[edges.head_out] == label[edges.tail_in]) & lasting[label[edges.tail_in]]
    ahead &= np.isfinite(edges.forward)
    back &= np.isfinite(edges.backward)
    edges = replace(
        edges,
        forward=np.where(ahead, edges.forward, np.inf),
        backward=np.where(back, edges.backward, np.inf),
    )
    return selected_edges(edges, ahead | back)


def renumbered(edges: Edges, number: NDArray[np.int32], kept: NDArray[np.bool_]) -> Edges:
    """Renumber nodes; an end that is not kept is that of the way nobody takes, so any will do."""
    tail, tail_in, head, head_out = (
        np.where(kept[one], number[one], number[other])
        for one, other in (
            (edges.tail, edges.tail_in),
            (edges.tail_in, edges.tail),
            (edges.head, edges.head_out),
            (edges.head_out, edges.head),
        )
    )
    return replace(edges, tail=tail, tail_in=tail_in, head=head, head_out=head_out)
