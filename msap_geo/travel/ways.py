"""The ways of many places to their nearest site, each stretch of road kept once.

The quickest ways to the nearest site are a forest: where two meet they go on together. A way is
then a place's own beginning, and stretches that follow one another to the site's door.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from msap_geo.network import snap
from msap_geo.travel import engine
from msap_geo.travel.legs import Ends, along_one_edge, ends, straight_walks
from msap_geo.travel.places import check_places
from msap_geo.travel.routes import moves_between, points_along, side_taken, without_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.engine import Nearest, Seeds

_SAME_M = 0.01
"""Metres are summed in another order than the sweep's: their last digits differ."""


class Ways(NamedTuple):
    """Ways as pieces that follow one another.

    Parameters
    ----------
    lines
        The pieces, in the direction of travel, in the network's CRS, shape (p,).
    after
        Of each piece the one that follows it, −1 where it ends at a site, shape (p,).
    first
        Of each place the piece it begins with, −1 where it has no way, shape (n,).
    """

    lines: NDArray[np.object_]
    after: NDArray[np.int64]
    first: NDArray[np.int64]

    def line(self, place: int) -> shapely.LineString:
        """Return the whole way of a place; empty where it has none."""
        parts, piece = [], int(self.first[place])
        while piece >= 0:
            parts.append(shapely.get_coordinates(self.lines[piece]))
            piece = int(self.after[piece])
        return shapely.LineString(without_repeats(np.vstack(parts)) if parts else None)


def nearest_ways(network: RoadNetwork, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> Ways:
    """Find the quickest way of each place to its nearest site.

    Parameters
    ----------
    network
        Road network.
    demand
        Places with ``demand_id`` and points in the network's CRS.
    sites
        Sites with ``site_id`` and points in the network's CRS.

    Returns
    -------
    Ways
        Those whose minutes :func:`msap_geo.travel.nearest` gives; of equally near sites, to the
        same one.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    MissingColumnError, DataError
        If a table lacks its identifiers or holds other things than points.
    """
    check_places(network, demand, "demand_id")
    check_places(network, sites, "site_id")
    by_id = sites.sort_values("site_id", kind="stable")
    places, counters = snap(network, demand.geometry), snap(network, by_id.geometry)
    points = demand.geometry.to_numpy(), by_id.geometry.to_numpy()
    return _ways(network, places, counters, points)


def ways_to_each(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    rows: Sequence[NDArray[np.int64]],
) -> list[Ways]:
    """Find the quickest ways to each site of some places of its own.

    Parameters
    ----------
    network
        Road network.
    demand, sites
        As :func:`nearest_ways` takes them.
    rows
        Of each site, the rows of ``demand`` whose way is asked for.

    Returns
    -------
    list of Ways
        Of each site, what :func:`nearest_ways` gives between these places and it alone.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    MissingColumnError, DataError
        If a table lacks its identifiers or holds other things than points.
    """
    check_places(network, demand, "demand_id")
    check_places(network, sites, "site_id")
    places, counters = snap(network, demand.geometry), snap(network, sites.geometry)
    from_, to = demand.geometry.to_numpy(), sites.geometry.to_numpy()
    return [
        _ways(network, places.part(some), counters.part(one), (from_[some], to[one]))
        for some, one in zip(rows, np.arange(len(sites))[:, None], strict=True)
    ]


def _ways(
    network: RoadNetwork,
    places: Snapped,
    counters: Snapped,
    points: tuple[NDArray[np.object_], NDArray[np.object_]],
) -> Ways:
    into, out = ends(network, counters, leaving=False), ends(network, places, leaving=True)
    seeds = into.seeds()
    near = engine.nearest(network, seeds, k=1, max_minutes=np.inf, direction="to")
    start, cost = _starts(out, near)
    short = _short_trips(network, places, counters, points, cost)
    start[list(short)] = -1
    after = _next_nodes(network, near, seeds)
    visited = _visited(start, after)
    stretches = _stretches(network, visited, start, after)
    number = {node: i for i, (node, _, _) in enumerate(stretches)}
    doors = {node: len(stretches) + i for i, node in enumerate(_roots(visited, after))}
    lines = [line for _, line, _ in stretches]
    follows = [number.get(end, doors.get(end, -1)) for _, _, end in stretches]
    for node in doors:
        site = int(near.rank[node, 0])
        lines.append(_to_site(network, counters, into, points[1], site, node))
        follows.append(-1)
    first = np.full(len(points[0]), -1, dtype=np.int64)
    for place, node in enumerate(start.tolist()):
        if place in short:
            lines.append(short[place])
            follows.append(-1)
        elif node >= 0:
            lines.append(_from_place(network, places, out, points[0], place, node))
            follows.append(number.get(node, doors.get(node, -1)))
        else:
            continue
        first[place] = len(lines) - 1
    return Ways(np.array(lines, dtype=object), np.array(follows, dtype=np.int64), first)


def _starts(out: Ends, near: Nearest) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the node each place starts by, −1 without any, and (minutes, metres) of its trip."""
    usable = out.node >= 0
    node = np.where(usable, out.node, 0)
    minutes = np.where(
        usable & (near.rank[node, 0] >= 0), out.minutes + near.minutes[node, 0], np.inf
    )
    length_m = out.length_m + near.length_m[node, 0]
    # Of two sides as good the nearer one: the rest of the way is then a stretch others share.
    keys = (out.length_m, np.round(length_m, 2), near.rank[node, 0], minutes)
    second = np.lexsort(keys, axis=1)[:, 0]
    each = np.arange(len(second))
    found = np.isfinite(minutes[each, second])
    return (
        np.where(found, node[each, second], -1),
        np.column_stack([minutes[each, second], length_m[each, second]]),
    )


def _short_trips(
    network: RoadNetwork,
    places: Snapped,
    counters: Snapped,
    points: tuple[NDArray[np.object_], NDArray[np.object_]],
    cost: NDArray[np.float64],
) -> dict[int, shapely.LineString]:
    """Return the ways that need no junction, where they are shorter than by one."""
    best: dict[int, tuple[float, int, float, bool]] = {}
    for trips, driven in (
        (along_one_edge(network, places, counters, "to"), True),
        (straight_walks(network, places, counters, points), False),
    ):
        for place, site, minutes, length_m in zip(
            trips.demand.tolist(), trips.site.tolist(), trips.minutes, trips.length_m, strict=True
        ):
            # As short by one way as by the other, one walks: False comes first.
            told = (float(minutes), site, float(length_m), driven)
            if np.isfinite(minutes):
                best[place] = min(told, best.get(place, told))
    lines = {}
    for place, (minutes, site, length_m, driven) in best.items():
        if (minutes, length_m) > (cost[place, 0], cost[place, 1] - _SAME_M):
            continue
        way = [shapely.get_coordinates(points[0][place]), shapely.get_coordinates(points[1][site])]
        if driven:
            edge = int(places.edge[place])
            way.insert(
                1, points_along(network, edge, places.fraction[place], counters.fraction[site])
            )
        lines[place] = _line(way)
    return lines


def _line(parts: list[NDArray[np.float64]]) -> shapely.LineString:
    return shapely.LineString(without_repeats(np.vstack(parts)))


def _next_nodes(network: RoadNetwork, near: Nearest, seeds: Seeds) -> NDArray[np.int64]:
    """Return the node that follows each one on its way; −1 at a site's door, −2 without a way.

    Sums of minutes are exact: a link is on a quickest way where its minutes are the difference of
    those of its ends. A search from the doors, by number of links, takes one for each node, and no
    cycle of links without length.
    """
    n, links = network.n_nodes, network.links
    tail = np.repeat(np.arange(n), np.diff(links.start))
    rank, minutes, length_m = near.rank[:, 0], near.minutes[:, 0], near.length_m[:, 0]
    head = links.head
    reached = np.where(rank >= 0, length_m, 0.0)
    tight = (
        (rank[tail] >= 0)
        & (rank[tail] == rank[head])
        & (minutes[head] + links.minutes == minutes[tail])
        & (np.abs(reached[head] + links.length_m - reached[tail]) < _SAME_M)
    )
    owner = seeds.owner()
    door = (rank[seeds.node] == owner) & (minutes[seeds.node] == seeds.minutes)
    roots = np.unique(seeds.node[door])
    come = np.concatenate([head[tight], np.full(len(roots), n)])
    go = np.concatenate([tail[tight], roots])
    graph = csr_array((np.ones(len(come), dtype=np.int8), (come, go)), shape=(n + 1, n + 1))
    _, before = breadth_first_order(graph, n, directed=True, return_predecessors=True)
    found = before[:n].astype(np.int64)
    return np.where(found == n, -1, np.where(found < 0, -2, found))


def _visited(start: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nodes of the ways that start from these."""
    seen: dict[int, None] = {}
    for node in np.unique(start[start >= 0]).tolist():
        here = node
        while here >= 0 and here not in seen:
            seen[here] = None
            here = int(after[here])
    return np.fromiter(seen, dtype=np.int64, count=len(seen))


def _roots(visited: NDArray[np.int64], after: NDArray[np.int64]) -> list[int]:
    roots: list[int] = visited[after[visited] == -1].tolist()
    return roots


def _stretches(
    network: RoadNetwork,
    visited: NDArray[np.int64],
    start: NDArray[np.int64],
    after: NDArray[np.int64],
) -> list[tuple[int, shapely.LineString, int]]:
    """Return the stretches of road between the nodes where ways begin or meet, and the doors."""
    moving = visited[after[visited] >= 0]
    meet = np.bincount(after[moving], minlength=network.n_nodes)
    begins = set(start.tolist()) | set(np.flatnonzero(meet > 1).tolist())
    moves = moves_between(network, visited.astype(np.int32))
    found = []
    for node in moving.tolist():
        if node not in begins:
            continue
        way = [node, int(after[node])]
        while way[-1] not in begins and after[way[-1]] >= 0:
            way.append(int(after[way[-1]]))
        parts = [points_along(network, *moves[move]) for move in pairwise(way)]
        found.append((node, _line(parts), way[-1]))
    return found


def _one(doors: Ends, row: int) -> Ends:
    """Return the doors of one place."""
    some = slice(row, row + 1)
    return Ends(doors.node[some], doors.minutes[some], doors.length_m[some])


def _to_site(
    network: RoadNetwork,
    counters: Snapped,
    into: Ends,
    points: NDArray[np.object_],
    site: int,
    node: int,
) -> shapely.LineString:
    """Return the last piece, from a node to a site's door."""
    mine = _one(into, site)
    edge = int(counters.edge[site])
    road = points_along(network, edge, side_taken(mine, node), counters.fraction[site])
    return _line([road, shapely.get_coordinates(points[site])])


def _from_place(
    network: RoadNetwork,
    places: Snapped,
    out: Ends,
    points: NDArray[np.object_],
    place: int,
    node: int,
) -> shapely.LineString:
    """Return the first piece, from a place to a node."""
    edge = int(places.edge[place])
    road = points_along(network, edge, places.fraction[place], side_taken(_one(out, place), node))
    return _line([shapely.get_coordinates(points[place]), road])
