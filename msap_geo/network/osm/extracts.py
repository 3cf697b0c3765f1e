"""Neighbouring extracts joined: each node at one place, each section of a way once.

Two extracts may be of different days, and a file may hold an object twice. What they say of one way
is settled whatever the order of the files: it is closed if one closes it, and as slow as the slower
tells; and what they tell differently is counted.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.network.osm.roads import OsmRoads, starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_MIXED = np.uint64(0x9E3779B97F4A7C15)
_TOLD = ("forward_kmh", "backward_kmh", "minutes")
_BY_WAY = ("way", *_TOLD, "ferry", "door", "kind", "number")


def merge_roads(parts: Sequence[OsmRoads]) -> OsmRoads:
    """Join the ways of neighbouring extracts; a way held by several is kept once.

    Parameters
    ----------
    parts
        Roads of each file.

    Returns
    -------
    OsmRoads
        All of them. A way that one extract closes or deletes is closed; of two speeds the slower
        stays. Extracts give a way at their border whole or cut: each of its sections stays, once.
        Of two places of a node the westernmost stays.
    """
    if len(parts) == 1:
        return parts[0]
    parts = _apart(parts)
    node = np.unique(np.concatenate([part.node for part in parts]))
    lon, lat = np.full(len(node), np.nan), np.full(len(node), np.nan)
    barrier, nearer, moved = (np.zeros(len(node), dtype=bool) for _ in range(3))
    obstacle_s = np.zeros((len(node), 2), dtype=np.float32)
    vertices = []
    for part in parts:
        place = np.searchsorted(node, part.node)
        here, there = (lon[place], lat[place]), (part.lon, part.lat)
        known = ~np.isnan(part.lon)
        apart = known & ~np.isnan(here[0]) & ((here[0] != there[0]) | (here[1] != there[1]))
        moved[place[apart]] = True
        west = (there[0] < here[0]) | ((there[0] == here[0]) & (there[1] < here[1]))
        taken = known & (~apart | west)
        lon[place[taken]], lat[place[taken]] = part.lon[taken], part.lat[taken]
        barrier[place] |= part.barrier
        nearer[place] |= part.nearer
        obstacle_s[place] = np.maximum(obstacle_s[place], part.obstacle_s)
        vertices.append(place[part.vertex])
    return settle_copies(
        OsmRoads(
            start=starts(np.concatenate([np.diff(part.start) for part in parts])),
            vertex=np.concatenate(vertices),
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _BY_WAY},
            node=node,
            lon=lon,
            lat=lat,
            barrier=barrier,
            obstacle_s=obstacle_s,
            nearer=nearer,
            refused=sum(part.refused for part in parts),
            garbled=sum(part.garbled for part in parts),
            differing=sum(part.differing for part in parts),
            unread=sum(part.unread for part in parts),
            moved=int(moved.sum()) + sum(part.moved for part in parts),
            restrictions=np.unique(np.concatenate([part.restrictions for part in parts]), axis=0),
            elsewhere=np.unique(np.concatenate([part.elsewhere for part in parts])),
        )
    )


def settle_copies(roads: OsmRoads) -> OsmRoads:
    """Keep each way once, whatever its copies say of it.

    Parameters
    ----------
    roads
        Roads, some of whose ways may be there several times, or be said to be closed too.

    Returns
    -------
    OsmRoads
        The same, as :func:`merge_roads` settles them.
    """
    closed = np.isin(roads.way, roads.elsewhere)
    unlike = set(roads.way[closed].tolist())
    roads = _chosen(roads, ~closed & _first_of_each(roads))
    ways, of, count = np.unique(roads.way, return_inverse=True, return_counts=True)
    if count.max(initial=1) == 1:
        return roads._replace(differing=roads.differing + len(unlike))
    told: dict[str, Any] = {}
    for name, reduced in zip(_TOLD, (np.fmin, np.fmin, np.fmax), strict=True):
        values = getattr(roads, name)
        kept, other = np.full(len(ways), np.nan), np.full(len(ways), np.nan)
        reduced.at(kept, of, values)
        (np.fmax if reduced is np.fmin else np.fmin).at(other, of, values)
        unlike |= set(ways[(kept != other) & ~np.isnan(kept)].tolist())
        told[name] = kept[of]
    roads = roads._replace(**told)
    several = np.flatnonzero(count[of] > 1)
    copies: dict[int, list[int]] = {}
    for row in several.tolist():
        copies.setdefault(int(roads.way[row]), []).append(row)
    rows, lines = [], []
    for number, held in copies.items():
        found, strays = _sections(roads, held)
        unlike |= {number} if strays else set()
        rows += [row for row, _ in found]
        lines += [line for _, line in found]
    alone = _chosen(roads, count[of] == 1)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(alone, name), getattr(roads, name)[rows]]) for name in _BY_WAY
    }
    sizes = np.concatenate([np.diff(alone.start), [len(line) for line in lines]])
    return alone._replace(
        differing=roads.differing + len(unlike),
        start=starts(sizes.astype(np.int64)),
        vertex=np.concatenate([alone.vertex, *(np.array(line, dtype=np.int64) for line in lines)]),
        **columns,
    )


def _first_of_each(roads: OsmRoads) -> NDArray[np.bool_]:
    """Tell which ways are no exact copy of one before them."""
    sizes = np.diff(roads.start)
    at = np.arange(len(roads.vertex)) - np.repeat(roads.start[:-1], sizes)
    mixed = (roads.vertex.astype(np.uint64) + np.uint64(1)) * _MIXED
    mixed = (mixed ^ (mixed >> np.uint64(29))) * (2 * at.astype(np.uint64) + np.uint64(1))
    total = np.concatenate([[np.uint64(0)], np.cumsum(mixed, dtype=np.uint64)])
    line = (total[roads.start[1:]] - total[roads.start[:-1]]).view(np.int64)
    told = [getattr(roads, name) for name in _TOLD]
    speeds = np.column_stack(told).astype(float).view(np.int64)
    _, first = np.unique(
        np.column_stack([roads.way, sizes, line, speeds]), axis=0, return_index=True
    )
    kept = np.zeros(len(sizes), dtype=bool)
    kept[first] = True
    return kept


def _chosen(roads: OsmRoads, keep: NDArray[np.bool_]) -> OsmRoads:
    if keep.all():
        return roads
    sizes = np.diff(roads.start)
    columns: dict[str, Any] = {name: getattr(roads, name)[keep] for name in _BY_WAY}
    return roads._replace(
        start=starts(sizes[keep]), vertex=roads.vertex[np.repeat(keep, sizes)], **columns
    )


def _sections(roads: OsmRoads, copies: Sequence[int]) -> tuple[list[tuple[int, list[int]]], bool]:
    """Return the lines several copies of a way are made of, each with its copy; the longest first.

    Also tell whether they differ by more than being cut: one goes another way between two nodes of
    the others.
    """
    lines = {row: roads.vertex[roads.start[row] : roads.start[row + 1]].tolist() for row in copies}
    ordered = sorted(copies, key=lambda row: (-len(lines[row]), lines[row]))
    seen: set[tuple[int, int]] = set()
    nodes: set[int] = set()
    found, strays = [], False
    for row in ordered:
        for run in _runs(lines[row], seen):
            strays |= {run[0], run[-1]} <= nodes
            found.append((row, run))
        seen |= set(pairwise(lines[row]))
        nodes |= set(lines[row])
    return found, strays


def _runs(line: list[int], seen: set[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the stretches of a line whose steps are not seen yet."""
    run: list[int] = []
    for step in pairwise(line):
        if step in seen:
            if run:
                yield run
            run = []
            continue
        run = run or [step[0]]
        run.append(step[1])
    if run:
        yield run


def _apart(parts: Sequence[OsmRoads]) -> list[OsmRoads]:
    """Renumber what is negative: JOSM numbers the new objects of each file from −1."""
    moved, below = [], 0
    for part in parts:
        numbered = (part.node, part.way, part.elsewhere)
        least = min(int(numbers.min(initial=0)) for numbers in numbered)
        node, way, elsewhere = (
            np.where(numbers < 0, numbers + below, numbers) for numbers in numbered
        )
        turns = part.restrictions.copy()
        turns[:, 1:] += np.where(turns[:, 1:] < 0, below, 0)
        moved.append(part._replace(node=node, way=way, restrictions=turns, elsewhere=elsewhere))
        below += least
    return moved
