"""One trip, with the way it takes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.ops import substring

from msap_geo.network import snap
from msap_geo.travel import kernels
from msap_geo.travel.legs import along_one_edge, ends, straight_walks
from msap_geo.travel.times import NO_ROUTE, OFF_NETWORK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.legs import Ends


class Route(NamedTuple):
    """A trip.

    Parameters
    ----------
    minutes, km
        Time and length, legs to the road included; NaN without a route.
    line
        The way, in the network's CRS, from one point to the other; empty without a route.
    reason
        Why there is none, else empty.
    """

    minutes: float
    km: float
    line: shapely.LineString
    reason: str


def route(network: RoadNetwork, origin: shapely.Point, destination: shapely.Point) -> Route:
    """Find the quickest way from one point to another.

    Parameters
    ----------
    network
        Road network.
    origin, destination
        Points in the network's CRS.

    Returns
    -------
    Route
        Same minutes and kilometres as :func:`msap_geo.travel.nearest` gives between them.
    """
    start, end = (snap(network, gpd.GeoSeries([point])) for point in (origin, destination))
    ends_of = np.array([[origin], [destination]], dtype=object)
    walk = straight_walks(network, start, end, (ends_of[0], ends_of[1]))
    by_road = _by_road(network, start, end, (origin, destination))
    if len(walk.site) and not (walk.minutes[0], walk.length_m[0] / 1000) > by_road[:2]:
        line = shapely.LineString(np.vstack([shapely.get_coordinates(p) for p in ends_of.ravel()]))
        return Route(float(walk.minutes[0]), float(walk.length_m[0]) / 1000, line, "")
    return by_road


def _by_road(
    network: RoadNetwork, start: Snapped, end: Snapped, points: tuple[shapely.Point, shapely.Point]
) -> Route:
    """Return the quickest way that takes a road."""
    if start.edge[0] < 0 or end.edge[0] < 0:
        return _none(OFF_NETWORK)
    doors = ends(network, start, leaving=True), ends(network, end, leaving=False)
    leaving, coming = (door.seeds() for door in doors)
    nodes, minutes, length_m = kernels.route(
        *network.links, leaving.node, leaving.minutes, leaving.length_m,
        coming.node, coming.minutes, coming.length_m,
    )  # fmt: skip
    beside = along_one_edge(network, start, end, "to")
    direct = (beside.minutes[0], beside.length_m[0]) if len(beside.site) else (np.inf, np.inf)
    if direct <= (minutes, length_m):
        (minutes, length_m), nodes = direct, nodes[:0]
    if not np.isfinite(minutes):
        return _none(NO_ROUTE)
    way = (
        _way(network, (start, end), doors, nodes)
        if len(nodes)
        else points_along(network, int(start.edge[0]), start.fraction[0], end.fraction[0])
    )
    first, last = (shapely.get_coordinates(point) for point in points)
    line = shapely.LineString(without_repeats(np.vstack([first, way, last])))
    return Route(float(minutes), float(length_m) / 1000, line, "")


def _none(reason: str) -> Route:
    return Route(np.nan, np.nan, shapely.LineString(), reason)


def _way(
    network: RoadNetwork,
    places: tuple[Snapped, Snapped],
    doors: tuple[Ends, Ends],
    nodes: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return the vertices of the way through these nodes."""
    (start, end), (out, into) = places, doors
    moves = moves_between(network, nodes)
    parts = [
        points_along(network, int(start.edge[0]), start.fraction[0], side_taken(out, nodes[0]))
    ]
    parts += [points_along(network, *moves[move]) for move in pairwise(nodes.tolist())]
    parts.append(
        points_along(network, int(end.edge[0]), side_taken(into, nodes[-1]), end.fraction[0])
    )
    return np.vstack(parts)


def moves_between(
    network: RoadNetwork, nodes: NDArray[np.int32]
) -> dict[tuple[int, int], tuple[int, float, float]]:
    """Return the quickest road from each of these nodes to the next: edge, begin and end on it."""
    edges = network.edges
    on_way = np.zeros(network.n_nodes, dtype=bool)
    on_way[nodes] = True
    best: dict[tuple[int, int], tuple[float, float, int, float, float]] = {}
    ahead = on_way[edges.tail] & on_way[edges.head]
    back = on_way[edges.head_out] & on_way[edges.tail_in]
    for edge in np.flatnonzero(ahead | back).tolist():
        length_m = edges.length_m[edge]
        to_head = int(edges.tail[edge]), int(edges.head[edge])
        to_tail = int(edges.head_out[edge]), int(edges.tail_in[edge])
        for move, *choice in (
            (to_head, edges.forward[edge], length_m, edge, 0.0, 1.0),
            (to_tail, edges.backward[edge], length_m, edge, 1.0, 0.0),
        ):
            if move not in best or tuple(choice) < best[move]:
                best[move] = tuple(choice)
    return {move: choice[2:] for move, choice in best.items()}


def side_taken(doors: Ends, node: int) -> float:
    """Return the end of the road a place uses to this node: 0 its tail, 1 its head.

    Both are the same node on a road that loops: the quicker side is the one taken.
    """
    sides = np.flatnonzero(doors.node[0] == node)
    return float(min(sides, key=lambda side: (doors.minutes[0, side], doors.length_m[0, side])))


def points_along(network: RoadNetwork, edge: int, begin: float, end: float) -> NDArray[np.float64]:
    """Return the vertices of a road between two fractions of it, in the direction of travel."""
    if {begin, end} == {0.0, 1.0}:  # a whole road, as nearly all of a way's are
        vertices: NDArray[np.float64] = shapely.get_coordinates(network.edge_lines[edge])
        return vertices if begin < end else vertices[::-1]
    part = substring(network.edge_lines[edge], begin, end, normalized=True)
    points: NDArray[np.float64] = shapely.get_coordinates(part)
    return points


def without_repeats(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vertices without those that repeat the one before; two at least."""
    kept = np.ones(len(points), dtype=bool)
    kept[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
    return points[kept] if kept.sum() > 1 else points[[0, -1]]
