"""Travel between nodes of the network, for programs that have their own places and graphs.

``sources``, ``origins`` and ``destinations`` are node numbers: the row of the node in the table
given to :func:`msap_geo.network.from_links`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from msap_geo.errors import DataError
from msap_geo.travel import engine
from msap_geo.travel.engine import Direction, Seeds, check_options

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from msap_geo.network import RoadNetwork


class NearestNodes(NamedTuple):
    """Nearest sources of every node.

    Parameters
    ----------
    minutes
        Shape (n, k), increasing; infinite where fewer than k sources are within reach.
    rank
        Position of the source in ``sources``, shape (n, k), −1 where there is none.
    """

    minutes: NDArray[np.float64]
    rank: NDArray[np.int32]


def nearest_nodes(
    network: RoadNetwork,
    sources: ArrayLike,
    *,
    k: int = 1,
    max_minutes: float = np.inf,
    direction: Direction = "to",
) -> NearestNodes:
    """Find the k nearest sources of every node.

    Parameters
    ----------
    network
        Road network.
    sources
        Nodes.
    k
        How many sources to find for each node, at least one.
    max_minutes
        Longest trip, inclusive.
    direction
        ``"to"``: trips go from the node to the source; ``"from"``: from the source to the node.

    Returns
    -------
    NearestNodes
        Minutes and rank of the source; of equally near sources the smallest rank comes first.

    Raises
    ------
    DataError
        If a source is not a node of the network, or if an option has no meaning.
    """
    check_options(k=k, max_minutes=max_minutes, direction=direction)
    found = engine.nearest(
        network,
        Seeds.at_nodes(_nodes(network, sources)),
        k=k,
        max_minutes=max_minutes,
        direction=direction,
    )
    return NearestNodes(found.minutes, found.rank)


def matrix_nodes(
    network: RoadNetwork,
    origins: ArrayLike,
    destinations: ArrayLike,
    *,
    max_minutes: float = np.inf,
) -> csr_array:
    """Compute the minutes of every trip within a bound.

    Parameters
    ----------
    network
        Road network.
    origins, destinations
        Nodes; a node may come twice.
    max_minutes
        Longest trip kept, inclusive.

    Returns
    -------
    scipy.sparse.csr_array
        Minutes, shape (origins, destinations), columns sorted. Zero minutes are stored; a pair
        that is not stored has no route within the bound.

    Raises
    ------
    DataError
        If a place is not a node of the network, or if the bound has no meaning.
    """
    check_options(max_minutes=max_minutes)
    return engine.matrix_minutes(
        network,
        Seeds.at_nodes(_nodes(network, origins)),
        Seeds.at_nodes(_nodes(network, destinations)),
        max_minutes=max_minutes,
    )


def reach_nodes(
    network: RoadNetwork,
    sources: ArrayLike,
    *,
    minutes: float,
    direction: Direction = "from",
) -> csr_array:
    """Find the nodes within reach of each source.

    Parameters
    ----------
    network
        Road network.
    sources
        Nodes.
    minutes
        Bound, inclusive.
    direction
        ``"from"``: nodes one gets to from the source; ``"to"``: nodes one gets to it from.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (sources, n): row ``s`` stores the minutes of the nodes within reach (zero for the
        source itself), columns in no order.

    Raises
    ------
    DataError
        If a source is not a node of the network, or if an option has no meaning.
    """
    check_options(max_minutes=minutes, direction=direction)
    nodes = _nodes(network, sources)
    found = engine.reach(network, Seeds.at_nodes(nodes), max_minutes=minutes, direction=direction)
    shape = (len(nodes), network.n_nodes)
    return csr_array((found.minutes, found.node, found.start), shape=shape)


def _nodes(network: RoadNetwork, places: ArrayLike) -> NDArray[np.int64]:
    nodes = np.atleast_1d(np.asarray(places))
    if nodes.size == 0:
        return np.empty(0, dtype=np.int64)
    if nodes.ndim != 1 or not np.issubdtype(nodes.dtype, np.integer):
        raise DataError(
            "les nœuds doivent être une suite de numéros entiers",
            remedy="donner le rang des nœuds dans la table qui a servi à faire le réseau",
        )
    outside = (nodes < 0) | (nodes >= network.n_nodes)
    if outside.any():
        raise DataError(
            f"{int(outside.sum())} nœuds n'existent pas dans le réseau, dont {nodes[outside][0]}",
            remedy=f"donner des numéros de 0 à {network.n_nodes - 1}",
        )
    return nodes.astype(np.int64)
