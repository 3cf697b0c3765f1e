"""A network cut to a territory and a belt around it, wide enough for the trips asked of it.

A trip of *t* minutes stays within *t* times the greatest speed of its start: with a belt that wide,
every trip that the whole network has within the bound is in the cut one, and is as long, to the bit
(minutes are multiples of :data:`msap_geo.network.MINUTE_GRAIN`, so that sums are exact).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.errors import NetworkError
from msap_geo.network.arrays import selected_edges
from msap_geo.network.model import rebuilt
from msap_geo.network.parts import renumbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network.model import RoadNetwork

Bounds = tuple[float, float, float, float]
"""West, south, east, north, projected metres."""


def belt_m(network: RoadNetwork, minutes: float) -> float:
    """Return how far a trip may go from where it starts, as the crow flies.

    Parameters
    ----------
    network
        Network.
    minutes
        Longest trip.

    Returns
    -------
    float
        Metres: the greatest speed of any road section, or of the legs to the road, times the
        minutes, and a leg at each end. Infinite where a section takes no time.
    """
    edges = network.edges
    steps = np.hypot(np.diff(edges.shape_x), np.diff(edges.shape_y))
    first = edges.shape_start[:-1]
    inside = np.concatenate([[0.0], np.cumsum(steps)])
    drawn = inside[edges.shape_start[1:] - 1] - inside[first]
    quickest = np.minimum(edges.forward, edges.backward)
    length = np.maximum(drawn, edges.length_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(length > 0, length / quickest, 0.0)
    legs = network.access_kmh * 1000 / 60
    fastest = max(float(speed.max(initial=0.0)), legs)
    if np.isinf(fastest):
        return np.inf
    return fastest * minutes + 2 * network.max_snap_m


def around(network: RoadNetwork, territory: Bounds, *, belt: float) -> RoadNetwork:
    """Cut a network to a territory and a belt.

    Parameters
    ----------
    network
        Network, which is left as it is.
    territory
        Where trips start (or end), projected metres.
    belt
        Width of the belt (:func:`belt_m`), metres.

    Returns
    -------
    RoadNetwork
        The sections whose drawing meets the territory or its belt, in the same order.

    Raises
    ------
    NetworkError
        If no road section does.
    """
    edges = network.edges
    west, south, east, north = territory
    low_x, high_x = _ranges(edges.shape_x, edges.shape_start)
    low_y, high_y = _ranges(edges.shape_y, edges.shape_start)
    keep = (high_x >= west - belt) & (low_x <= east + belt)
    keep &= (high_y >= south - belt) & (low_y <= north + belt)
    if not keep.any():
        raise NetworkError(
            "aucune route dans le territoire ni autour",
            remedy="vérifier que les routes et le territoire sont au même endroit",
        )
    chosen = selected_edges(edges, keep)
    kept = np.zeros(network.n_nodes, dtype=bool)
    for ends in (chosen.tail, chosen.head, chosen.tail_in, chosen.head_out):
        kept[ends] = True
    number = (np.cumsum(kept) - 1).astype(np.int32)
    return rebuilt(network, network.x[kept], network.y[kept], renumbered(chosen, number, kept))


def _ranges(
    values: NDArray[np.float64], start: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the greatest coordinate of each section."""
    if len(start) == 1:
        return np.zeros(0), np.zeros(0)
    return np.minimum.reduceat(values, start[:-1]), np.maximum.reduceat(values, start[:-1])
