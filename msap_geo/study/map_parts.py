"""What the map of a study shows besides its tables: reach, main roads, going online."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array, csgraph

from msap_geo import coverage, outputs, rounds, travel
from msap_geo.network.arrays import NO_CLASS, class_numbers, road_name
from msap_geo.study.times.carried import whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.study.facts import Facts

_REACH_POINTS = 12_000
"""Points of the grid reach is sampled on: the map of a whole territory shows no more."""

_FINEST_REACH_M = 200.0

_MAIN_SHARE = 0.12
"""Share of the kilometres of road a plain background shows: the fastest ones."""

_ROAD_SIMPLIFY_M = 60.0
_SHORTEST_ROAD_M = 1500.0
_GAP_MINUTES = 4.0
"""Stretches of fast road so few minutes apart are joined, even if they are already by elsewhere."""


def reach(result: Facts) -> gpd.GeoDataFrame | None:
    """Draw the areas within each threshold of some Maison; none without a Maison on the roads.

    A table of times says nothing of what lies between its places: no area is drawn then.
    """
    if result.times.file:
        return None
    maisons = result.maisons[result.maisons.geometry.notna()]
    region = result.outline
    if region.is_empty or len(maisons) == 0:
        return None
    cell_m = max(_FINEST_REACH_M, 50 * math.ceil(math.sqrt(region.area / _REACH_POINTS) / 50))
    return travel.reach_areas(
        result.roads, maisons, region, minutes=result.study.thresholds, cell_m=cell_m
    )


def ways(result: Facts) -> travel.Ways | None:
    """Return the way of each commune to its nearest Maison; none without real roads."""
    if result.estimated or result.times.file or len(result.maisons) == 0:
        return None
    return travel.nearest_ways(result.roads, result.origins, result.maisons)


def office_ways(
    result: Facts, simulation: outputs.Simulation | None
) -> tuple[outputs.OfficeWays, ...]:
    """Return the ways to each office of the communes it is nearer to than their Maison of today.

    None without real roads, nor where nothing is to be tried.
    """
    if simulation is None or result.estimated or result.times.file:
        return ()
    trips, today = simulation.trips, whole(result.access["minutes"].to_numpy(dtype=float))
    place = np.repeat(np.arange(len(trips.start) - 1), np.diff(trips.start))
    office = np.array([role == "candidat" for role in simulation.sites["role"]])
    gained = np.flatnonzero((place < len(today)) & office[trips.site])
    gained = gained[trips.thousandths[gained] <= today[place[gained]]]
    planned = {
        site
        for plan in simulation.plans
        for site in (*plan["sites"], *chain.from_iterable(plan["variantes"]))
    }
    columns = np.unique(trips.site[gained])
    sites = [str(simulation.sites["site_id"][column]) for column in columns]
    rows = [place[gained[trips.site[gained] == column]] for column in columns]
    offices = result.candidates.set_index("site_id", drop=False).loc[sites].reset_index(drop=True)
    every = travel.ways_to_each(result.roads, result.origins, offices, rows)
    return tuple(
        outputs.OfficeWays(site_id=site, planned=site in planned, rows=some, ways=ways)
        for site, some, ways in zip(sites, rows, every, strict=True)
    )


def main_roads(result: Facts) -> gpd.GeoDataFrame | None:
    """Return the roads of a plain background, joined up: ``rang`` to draw them by, ``numero``.

    By their class where the roads have one: motorways and trunk roads (``rang`` 0), primary roads
    (1), and secondary ones (2) as long as all of them are few. Else by their minutes: the fastest
    twelfth of the length (0 for the faster third, else 1). The quickest ways from one stretch to
    the next (2) are added, so that a road does not stop at each village. An estimated network has
    no road to show, nor has a table of times. A road without number has an empty one.
    """
    if result.estimated or result.times.file:
        return None
    edges, lines = result.roads.edges, result.roads.edge_lines
    if len(lines) == 0:  # every one of them is closed
        return None
    minutes = np.minimum(edges.forward, edges.backward)
    known = edges.length_m[edges.kind != NO_CLASS].sum() > edges.length_m.sum() / 2
    rank = (
        _ranks_by_class(edges.kind, minutes, edges.length_m)
        if known
        else _ranks(minutes, edges.length_m)
    )
    ends = _ends(lines)
    rank = _without_scraps(rank, ends, edges.length_m)
    if not (rank < _UNDRAWN).any():
        return None
    rank[_joining(rank, ends, minutes)] = _JOINING
    drawn = np.flatnonzero(rank < _UNDRAWN)
    kinds, of = np.unique(
        np.column_stack([-rank[drawn], edges.number[drawn]]), axis=0, return_inverse=True
    )
    parts = [
        shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines[drawn[of == kind]])))
        for kind in range(len(kinds))
    ]
    each = np.repeat(np.arange(len(kinds)), [len(some) for some in parts])
    return gpd.GeoDataFrame(
        {"rang": -kinds[each, 0], "numero": [road_name(number) for number in kinds[each, 1]]},
        geometry=shapely.simplify(np.concatenate(parts), _ROAD_SIMPLIFY_M),
        crs=result.roads.epsg,
    )


_FASTEST, _FAST, _JOINING, _UNDRAWN = range(4)


_CLASSES = (("motorway", "trunk"), ("primary",), ("secondary",))
_MOST_BY_CLASS = 0.3
"""Share of the kilometres main roads may have with secondary ones; without them they have any."""


def _ranks_by_class(
    kind: NDArray[np.int8], minutes: NDArray[np.float64], length_m: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Rank sections by their class, slip roads with the road they lead to."""
    rank = np.full(len(kind), _UNDRAWN, dtype=np.int64)
    for level, names in enumerate(_CLASSES):
        of = class_numbers([*names, *(f"{name}_link" for name in names)])
        here = np.isin(kind, of) & np.isfinite(minutes)
        drawn = length_m[here | (rank < _UNDRAWN)].sum()
        if level == _JOINING and drawn > _MOST_BY_CLASS * length_m.sum():
            continue
        rank[here] = level
    return rank


def _ranks(minutes: NDArray[np.float64], length_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank sections by speed: whole speeds, until a share of the kilometres is reached."""
    drivable = np.isfinite(minutes) & (minutes > 0)
    # Rounded: the minutes of one class differ by rounding, it is kept whole or not at all.
    kmh = np.where(drivable, np.round(length_m / 1000 / np.maximum(minutes, 1e-9) * 60), 0)
    speeds, group = np.unique(-kmh, return_inverse=True)
    km = np.cumsum(np.bincount(group.ravel(), weights=length_m)) / length_m.sum()
    last = max(0, int(np.searchsorted(km, _MAIN_SHARE, side="right")) - 1)
    third = max(0, int(np.searchsorted(km, km[last] / 3, side="right")) - 1)
    rank = np.where(group.ravel() <= third, _FASTEST, _FAST)
    rank[(group.ravel() > last) | (speeds[group.ravel()] == 0)] = _UNDRAWN
    return rank


def _ends(lines: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the node at each end of each section, shape (e, 2), whatever turns it allows."""
    first, last = (shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1))
    whole = np.rint(np.concatenate([first, last])).astype(np.int64)
    _, node = np.unique(whole, axis=0, return_inverse=True)
    return node.reshape(2, -1).T


def _without_scraps(
    rank: NDArray[np.int64], ends: NDArray[np.int64], length_m: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Leave out stretches of fast road too short to lead anywhere."""
    part = _stretches(rank, ends)[ends[:, 0]]
    drawn = rank < _UNDRAWN
    long = np.bincount(part[drawn], weights=length_m[drawn], minlength=part.max() + 1)
    short: NDArray[np.bool_] = drawn & (long[part] < _SHORTEST_ROAD_M)
    kept: NDArray[np.int64] = np.where(short, np.int64(_UNDRAWN), rank)
    return kept


def _stretches(rank: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the connected part of the drawn sections each node is in."""
    n, drawn = int(ends.max()) + 1, ends[rank < _UNDRAWN]
    links = coo_array((np.ones(len(drawn)), (drawn[:, 0], drawn[:, 1])), shape=(n, n))
    part: NDArray[np.int64] = csgraph.connected_components(links, directed=False)[1]
    return part


def _joining(
    rank: NDArray[np.int64], ends: NDArray[np.int64], minutes: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the sections that join the stretches drawn, by the quickest ways between them.

    Each node goes to the stretch nearest to it; where two stretches meet, their quickest way is
    known (Mehlhorn's approximation of a Steiner tree). The ways of the least spanning tree are
    taken, and every way of a few minutes, which closes a gap in a loop.
    """
    n = int(ends.max()) + 1
    # Of parallel sections the quickest; the rest, and those no car takes, are left aside.
    usable = np.flatnonzero(np.isfinite(minutes) & (minutes > 0) & (ends[:, 0] != ends[:, 1]))
    pairs = np.sort(ends[usable], axis=1)
    order = np.lexsort((minutes[usable], pairs[:, 1], pairs[:, 0]))
    _, kept = np.unique(pairs[order], axis=0, return_index=True)
    section, pairs = usable[order][kept], pairs[order][kept]
    cost = minutes[section]
    graph = coo_array((cost, (pairs[:, 0], pairs[:, 1])), shape=(n, n)).tocsr()
    at = coo_array((np.arange(1, len(section) + 1), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    sources = np.unique(ends[rank < _UNDRAWN])
    away, before, source = csgraph.dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    stretch = _stretches(rank, ends)
    left, right = pairs.T
    known = np.isfinite(away[left]) & np.isfinite(away[right])
    meet = np.flatnonzero(known)
    sides = np.sort(
        np.stack([stretch[source[left[meet]]], stretch[source[right[meet]]]], axis=1), axis=1
    )
    way = away[left[meet]] + cost[meet] + away[right[meet]]
    apart = sides[:, 0] != sides[:, 1]
    meet, sides, way = meet[apart], sides[apart], way[apart]
    order = np.lexsort((way, sides[:, 1], sides[:, 0]))
    _, kept = np.unique(sides[order], axis=0, return_index=True)
    meet, sides, way = meet[order][kept], sides[order][kept], way[order][kept]
    between = coo_array((way, (sides[:, 0], sides[:, 1])), shape=(n, n)).tocsr()
    tree = csgraph.minimum_spanning_tree(between).tocoo()
    spanning = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    found, by_pair = [], at.tocsr()
    for place, pair, long in zip(meet.tolist(), sides.tolist(), way.tolist(), strict=True):
        if long > _GAP_MINUTES and tuple(pair) not in spanning:
            continue
        found.append(section[place])
        for node in (int(left[place]), int(right[place])):
            here = node
            while before[here] >= 0:
                low, high = sorted((here, int(before[here])))
                found.append(section[by_pair[low, high] - 1])
                here = int(before[here])
    drawn = np.unique(np.array(found, dtype=np.int64))
    joining: NDArray[np.int64] = drawn[rank[drawn] == _UNDRAWN]
    return joining


def digital(result: Facts) -> outputs.Digital | None:
    """Return what is known of going online in each commune; None where nothing is."""
    table = coverage.digital_fragility(result.communes)
    index = table["indice_fragilite_numerique"].notna().any()
    if not (index or {"part_sans_30_mbits", "part_fibre"} & set(table.columns)):
        return None
    parts = [words for name, (*_, words) in coverage.DIGITAL.items() if name in table]
    dates = {name: told["millesime"] for name, told in result.indicators.items()}
    return outputs.Digital(table, parts, dates)


def cover(result: Facts) -> pd.DataFrame | None:
    """Return what covers each commune, its stops in words; None where no round exists."""
    if result.cover is None:
        return None
    held: dict[str, list[rounds.Stop]] = {}
    for stop in result.stops:
        held.setdefault(stop.code_insee, []).append(stop)
    stops = result.cover["code_insee"].map(
        lambda code: rounds.in_words_together(held.get(code, ()))
    )
    return result.cover.assign(arrets=stops)
