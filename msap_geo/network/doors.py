"""Where a place may enter a road: long bridges, once roads are cut; roads known by their class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from msap_geo.network.osm.tags import IF_SHORT, NOWHERE, door

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges
    from msap_geo.network.profiles import OsmRules


def with_doors(edges: Edges, doors: NDArray[np.int8], bridge_m: float) -> Edges:
    """Return the edges knowing where they may be entered.

    Parameters
    ----------
    edges
        Road sections.
    doors
        What the tags of each say (:func:`msap_geo.network.osm.tags.door`), shape (e,).
    bridge_m
        Length from which a bridge is not entered, metres: all the sections that follow one another
        on it together.

    Returns
    -------
    Edges
        The same sections.
    """
    open_ = doors != NOWHERE
    bridge = np.flatnonzero(doors == IF_SHORT)
    if len(bridge):
        nodes = int(max(edges.tail.max(), edges.head.max())) + 1
        tail, head = edges.tail[bridge], edges.head[bridge]
        joined = csr_array((np.ones(len(bridge)), (tail, head)), shape=(nodes, nodes))
        _, part = connected_components(joined, directed=False)
        whole_m = np.bincount(part[tail], weights=edges.length_m[bridge])[part[tail]]
        open_[bridge] = whole_m <= bridge_m
    return replace(edges, door=open_)


def class_doors(classes: pd.Series, rules: OsmRules) -> NDArray[np.int8]:
    """Return where roads known by their class alone may be entered, shape (e,)."""
    known = {name: door({"highway": str(name)}, rules) for name in classes.unique()}
    doors: NDArray[np.int8] = classes.map(known).to_numpy(dtype=np.int8)
    return doors
