"""Ways of OpenStreetMap as flat arrays, whatever file they come from, and their cutting into edges.

Two readers fill :class:`OsmRoads` (:mod:`msap_geo.network.osm.pbf`, and pyosmium for the other
forms); everything after is NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyproj

from msap_geo.network.arrays import Edges
from msap_geo.network.doors import with_doors
from msap_geo.network.osm.restrictions import as_table, banned_turns
from msap_geo.network.osm.tags import NO_OBSTACLE, blocks, obstacle
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from msap_geo.network.profiles import Profile

# Ellipsoid GRS 80: semi-major axis (m) and squared eccentricity.
_AXIS_M, _ECCENTRICITY_2 = 6_378_137.0, 0.006_694_380_022_903
_NO_NUMBER = np.empty(0, dtype=np.int64)


class OsmRoads(NamedTuple):
    """Ways one may travel: way ``w`` has vertices ``start[w]:start[w + 1]``.

    Parameters
    ----------
    way
        OSM identifier of each way, shape (w,).
    start
        Where each way's vertices start, shape (w + 1,).
    vertex
        Vertices, as positions in ``node``, shape (v,).
    forward_kmh, backward_kmh
        Speed each way, 0 where not allowed, shape (w,).
    ferry
        Which ways are crossings, shape (w,).
    minutes
        Duration of the whole way, not a number where speed tells, shape (w,).
    door
        Where a place may enter each way (:func:`msap_geo.network.osm.tags.door`), shape (w,).
    kind
        Class of each way (:data:`msap_geo.network.arrays.ROAD_CLASSES`), shape (w,).
    number
        Number of each way (:func:`msap_geo.network.arrays.road_number`), shape (w,).
    node
        OSM identifiers of the nodes, increasing, shape (n,).
    lon, lat
        Their place, degrees, not a number where the file does not hold the node, shape (n,).
    barrier
        Which nodes stop the mode, shape (n,).
    obstacle_s
        Seconds lost at each node, the way its road is drawn and the other way, shape (n, 2).
    nearer
        Whether that is for those alone who come to the nearest junction, shape (n,).
    refused
        How many roads of the profile's classes are closed to the mode.
    restrictions
        Turn restrictions (:func:`msap_geo.network.osm.restrictions.turns_told`), shape (t, 4).
    garbled
        How many tags were left out because they are not UTF-8.
    differing
        How many ways are given twice, and not alike (:mod:`msap_geo.network.osm.extracts`).
    unread
        How many ways have a limit or a duration written in no way known.
    moved
        How many nodes are given at two places.
    elsewhere
        Ways met that are none of these: closed to the mode, deleted, of another class; their
        identifiers, which another extract may hold open.
    """

    way: NDArray[np.int64]
    start: NDArray[np.int64]
    vertex: NDArray[np.int64]
    forward_kmh: NDArray[np.float64]
    backward_kmh: NDArray[np.float64]
    ferry: NDArray[np.bool_]
    minutes: NDArray[np.float64]
    door: NDArray[np.int8]
    kind: NDArray[np.int8]
    number: NDArray[np.int32]
    node: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    barrier: NDArray[np.bool_]
    obstacle_s: NDArray[np.float32]
    nearer: NDArray[np.bool_]
    refused: int
    garbled: int = 0
    restrictions: NDArray[np.int64] = as_table([])
    differing: int = 0
    unread: int = 0
    moved: int = 0
    elsewhere: NDArray[np.int64] = _NO_NUMBER

    def lost(self) -> tuple[int, float]:
        """Return how many vertices have no place, and about how many kilometres go with them.

        A section that lacks an end is counted as long as a mean one.
        """
        there = ~np.isnan(self.lon)[self.vertex]
        way = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        section = way[1:] == way[:-1]
        whole = section & there[1:] & there[:-1]
        steps = short_distances_m(self.lon[self.vertex], self.lat[self.vertex])[whole]
        mean_m = float(steps.mean()) if len(steps) else 0.0
        return int((~there).sum()), int((section & ~whole).sum()) * mean_m / 1000


class CutRoads(NamedTuple):
    """Junctions, sections between them, which of these are crossings, and forbidden turns."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    edges: Edges
    ferry: NDArray[np.bool_]
    banned: NDArray[np.int64]


def cut_roads(roads: OsmRoads, epsg: int, *, bridge_m: float = np.inf) -> CutRoads:
    """Cut ways at their junctions and at barriers, and measure the pieces.

    Parameters
    ----------
    roads
        Ways, at least one.
    epsg
        Projected CRS.
    bridge_m
        Length from which a bridge is not entered, metres.

    Returns
    -------
    CutRoads
        No road is invented across nodes the file does not hold, and none passes a barrier: each
        piece that touches one gets an end of its own there.
    """
    known = ~np.isnan(roads.lon)
    way = np.repeat(np.arange(len(roads.start) - 1), np.diff(roads.start))
    # A node written twice running is no junction of the way with itself.
    fresh = np.ones(len(way), dtype=bool)
    fresh[1:] = (way[1:] != way[:-1]) | (roads.vertex[1:] != roads.vertex[:-1])
    vertex, way = roads.vertex[fresh], way[fresh]
    there = known[vertex]
    # A run is a stretch of known vertices of one way.
    breaks = np.ones(len(way), dtype=bool)
    breaks[1:] = (way[1:] != way[:-1]) | ~there[1:] | ~there[:-1]
    run = np.cumsum(breaks)[there]
    vertex, way = vertex[there], way[there]
    lone = np.bincount(run)[run] == 1  # it goes nowhere, and crosses nothing
    vertex, way, run = vertex[~lone], way[~lone], run[~lone]
    uses = np.bincount(vertex, minlength=len(roads.node))
    ends = np.ones(len(vertex), dtype=bool)
    ends[1:-1] = (run[1:-1] != run[:-2]) | (run[1:-1] != run[2:])
    blocked = roads.barrier[vertex]
    cuts = np.flatnonzero(ends | (uses[vertex] > 1) | blocked)
    same_run = run[cuts[:-1]] == run[cuts[1:]]
    begin, end = cuts[:-1][same_run], cuts[1:][same_run]

    x, y = np.full(len(known), np.nan), np.full(len(known), np.nan)
    x[known], y[known] = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True).transform(
        roads.lon[known], roads.lat[known]
    )
    step = np.zeros(len(vertex))
    step[1:] = short_distances_m(roads.lon[vertex], roads.lat[vertex])
    travelled = np.cumsum(step)
    length_m = travelled[end] - travelled[begin]

    node_x, node_y = x, y
    tail, head = vertex[begin].copy(), vertex[end].copy()
    for ends_of, position in ((tail, begin), (head, end)):
        stopped = np.flatnonzero(blocked[position])
        ends_of[stopped] = len(node_x) + np.arange(len(stopped))
        node_x = np.concatenate([node_x, x[vertex[position[stopped]]]])
        node_y = np.concatenate([node_y, y[vertex[position[stopped]]]])
    used = np.zeros(len(node_x), dtype=bool)
    used[tail] = used[head] = True
    renumber = np.cumsum(used) - 1

    forward, backward = _minutes(roads, way[begin], length_m)
    ahead_s, back_s = _lost_s(roads, vertex, travelled, begin, end)
    forward, backward = forward + ahead_s / 60, backward + back_s / 60
    counts = end - begin + 1
    shape_start = starts(counts)
    shape = vertex[np.arange(shape_start[-1]) + np.repeat(begin - shape_start[:-1], counts)]
    edges = Edges(
        tail=renumber[tail].astype(np.int32),
        head=renumber[head].astype(np.int32),
        forward=forward,
        backward=backward,
        length_m=length_m,
        shape_start=shape_start,
        shape_x=x[shape],
        shape_y=y[shape],
        kind=roads.kind[way[begin]],
        number=roads.number[way[begin]],
    )
    edges = with_doors(edges, roads.door[way[begin]], bridge_m)
    number = np.full(len(node_x), 0, dtype=np.int64)
    number[: len(roads.node)] = roads.node
    banned = banned_turns(roads.restrictions, roads.way[way[begin]], number[used], edges)
    return CutRoads(node_x[used], node_y[used], edges, roads.ferry[way[begin]], banned)


def short_distances_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance from each point to the next, metres.

    The arc on the GRS 80 ellipsoid taken flat at its middle latitude, with the meridian's and the
    parallel's own radii of curvature (Bomford, *Geodesy*, mid-latitude formula). Against the
    geodesic: under 1e-7 of the length up to 10 km, under 1e-4 up to 100 km.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,).

    Returns
    -------
    numpy.ndarray
        Metres, shape (n − 1,).
    """
    middle = np.radians((lat[1:] + lat[:-1]) / 2)
    root = 1 - _ECCENTRICITY_2 * np.sin(middle) ** 2
    parallel = _AXIS_M / np.sqrt(root) * np.cos(middle)
    meridian = _AXIS_M * (1 - _ECCENTRICITY_2) / root**1.5
    return np.asarray(
        np.hypot(parallel * np.radians(np.diff(lon)), meridian * np.radians(np.diff(lat)))
    )


def _minutes(
    roads: OsmRoads, way: NDArray[np.int64], length_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the minutes of each piece, both ways: by its speed, or its share of the way's."""
    whole_m = np.bincount(way, weights=length_m, minlength=len(roads.way))[way]
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = roads.minutes[way] * length_m / whole_m
        timed = np.isfinite(shared)
        # A zero-length piece (two nodes at one place) would give 0/0 where travel is forbidden.
        forward, backward = (
            np.where(kmh == 0, np.inf, np.where(timed, shared, length_m / 1000 / kmh * 60))
            for kmh in (roads.forward_kmh[way], roads.backward_kmh[way])
        )
    return forward, backward


def _lost_s(
    roads: OsmRoads,
    vertex: NDArray[np.int64],
    travelled: NDArray[np.float64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the seconds lost along each piece, both ways: at its far end, and on the way to it."""
    ahead, back = roads.obstacle_s[vertex].T.astype(np.float64)
    lone = np.flatnonzero(roads.nearer[vertex])
    piece = np.searchsorted(begin, lone, side="right") - 1
    within = (piece >= 0) & (begin[piece] < lone) & (lone < end[piece])
    lone, piece = lone[within], piece[within]
    to_end = travelled[end[piece]] - travelled[lone] < travelled[lone] - travelled[begin[piece]]
    ahead[lone] *= to_end
    back[lone] *= ~to_end
    so_far = np.cumsum(ahead)
    from_end = np.cumsum(back) - back
    return so_far[end] - so_far[begin], from_end[end] - from_end[begin]


def mark_nodes(
    roads: OsmRoads,
    node: NDArray[np.int64],
    kind: NDArray[np.int64],
    tags: Sequence[Mapping[str, str]],
    profile: Profile,
) -> None:
    """Write down what nodes stop or slow.

    Parameters
    ----------
    roads
        Its node columns are written in.
    node, kind
        Nodes, and which tags each has.
    tags
        Distinct sets of tags.
    profile
        Rules of the mode.
    """
    stops = np.array([blocks(each, profile.rules) for each in tags], dtype=bool)
    found = [obstacle(each, profile) or NO_OBSTACLE for each in tags]
    table = np.array(found, dtype=np.float32).reshape(-1, 3)
    roads.barrier[node] = stops[kind]
    roads.obstacle_s[node] = table[kind, :2]
    roads.nearer[node] = table[kind, 2] != 0


def starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of some runs starts, and where the last one stops."""
    start = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=start[1:])
    return start
