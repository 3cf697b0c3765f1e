"""The ``.osm.pbf`` files of OpenStreetMap, decoded without building an object per element.

An extract is sorted: nodes, then ways, then relations. Ways are read first, and of the nodes only
those of roads are kept: memory follows the roads, not the file. Blocks are decoded by threads, a
few at a time. What is not sorted so, or not compressed so, holds past versions, or places in its
ways, is left to pyosmium (:class:`NotHandledError`, :mod:`msap_geo.network.osm.forms`), which is
slower.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from msap_geo.network.osm import pbf_kernels as kernels
from msap_geo.network.osm.pbf_blocks import (
    DENSE,
    RELATIONS,
    WAYS,
    Block,
    NotHandledError,
    blobs_of,
    block_of,
    fields_of,
    kinds_of,
    parallel,
    read_blobs,
    varints,
)
from msap_geo.network.osm.restrictions import Member, as_table, relation_keys, turns_told
from msap_geo.network.osm.roads import OsmRoads, mark_nodes
from msap_geo.network.osm.tags import CLOSED, keys_read, unread, way_speeds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from msap_geo.network.profiles import Profile


class _Keys(NamedTuple):
    """Wanted keys, and their text end to end as kernels want it."""

    names: tuple[str, ...]
    text: NDArray[np.uint8]
    spans: NDArray[np.int64]


class _WayRows(NamedTuple):
    """Ways of one block; ``kind`` points at their tags in ``tags``."""

    number: NDArray[np.int64]
    sizes: NDArray[np.int64]
    refs: NDArray[np.int64]
    kind: NDArray[np.int64]
    tags: list[dict[str, str]]
    garbled: int
    first: int
    last: int


class _NodeRows(NamedTuple):
    """Barriers, signals and signs of one block, as positions among the nodes of roads."""

    node: NDArray[np.int64]
    kind: NDArray[np.int64]
    tags: list[dict[str, str]]
    garbled: int
    first: int
    last: int


def read_pbf(path: Path, profile: Profile) -> OsmRoads:
    """Read the roads of a PBF file.

    Parameters
    ----------
    path
        OSM file.
    profile
        Speeds and rules of the mode.

    Returns
    -------
    OsmRoads
        Its roads.

    Raises
    ------
    NotHandledError
        If the file is not a sorted PBF file, or is damaged.
    """
    keys = _keys(profile)
    try:
        with path.open("rb") as stream:
            blobs = list(blobs_of(stream))
            first_way, past_nodes, past_ways = _layout(stream, blobs)

            def way_rows(job: tuple[int, bytes]) -> list[_WayRows]:
                return _way_rows(job[1], keys, nodes_too=job[0] < past_nodes)

            chosen = _Chosen(profile)
            for rows in parallel(way_rows, read_blobs(stream, blobs, range(first_way, past_ways))):
                for part in rows:
                    chosen.add(part)
            # A bisection trusts the order: what it did not look at is checked.
            turns: list[tuple[int, int, int, int]] = []
            wanted = _keys_of(relation_keys(profile.rules))

            def relation_rows(job: tuple[int, bytes]) -> list[tuple[int, int, int, int]]:
                return _relations(job[1], wanted, profile, ways_too=job[0] < past_ways)

            # The last block of ways may end with relations.
            for told in parallel(
                relation_rows, read_blobs(stream, blobs, range(max(past_ways - 1, 0), len(blobs)))
            ):
                turns += told
            roads = chosen.roads()._replace(restrictions=as_table(turns))

            def node_rows(job: tuple[int, bytes]) -> list[_NodeRows]:
                return _node_rows(job[1], keys, roads, ways_too=job[0] >= first_way)

            garbled = roads.garbled
            last: int | None = None
            for found in parallel(node_rows, read_blobs(stream, blobs, range(past_nodes))):
                for each in found:
                    last = _after(last, each.first, each.last)
                    garbled += each.garbled
                    mark_nodes(roads, each.node, each.kind, each.tags, profile)
    except (zlib.error, IndexError, ValueError) as error:
        raise NotHandledError(str(error)) from error
    return roads._replace(garbled=garbled)


def _layout(stream: Any, blobs: list[tuple[int, int]]) -> tuple[int, int, int]:
    """Return the first block that holds ways, the first without nodes, and the first without ways.

    A bisection trusts the order of the file: each block is checked when it is read.
    """
    kind, every = kinds_of(stream, blobs), range(len(blobs))
    first_way = bisect_left(every, WAYS, key=lambda i: kind(i)[1])
    past_nodes = bisect_left(every, WAYS, key=lambda i: kind(i)[0])
    past_ways = bisect_left(every, RELATIONS, key=lambda i: kind(i)[0])
    if not first_way <= past_nodes <= past_ways:
        raise NotHandledError("blocks out of order")
    return first_way, past_nodes, past_ways


class _Chosen:
    """The ways kept, block after block."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._speeds = cache(lambda tags: way_speeds(dict(tags), profile))
        self._parts: list[tuple[Any, ...]] = []
        self._elsewhere: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        self._refused = self._garbled = self._unread = 0
        self._last: int | None = None

    def add(self, rows: _WayRows) -> None:
        self._last = _after(self._last, rows.first, rows.last)
        self._garbled += rows.garbled
        speeds = [self._speeds(tuple(tags.items())) for tags in rows.tags]
        closed = np.array([s is not None and not (s[0] or s[1]) for s in speeds], dtype=bool)
        open_ = np.array([s is not None and bool(s[0] or s[1]) for s in speeds], dtype=bool)
        line = rows.sizes > 1
        self._refused += int((closed[rows.kind] & line).sum())
        kept = open_[rows.kind] & line
        lost = np.array([unread(tags, self._profile) for tags in rows.tags], dtype=bool)
        self._unread += int(lost[rows.kind[kept]].sum())
        self._elsewhere.append(rows.number[~open_[rows.kind] & line])
        table = np.array([s or CLOSED for s in speeds], dtype=np.float64).reshape(-1, 7)
        self._parts.append(
            (
                rows.number[kept],
                rows.sizes[kept],
                rows.refs[np.repeat(kept, rows.sizes)],
                table[rows.kind[kept]],
            )
        )

    def roads(self) -> OsmRoads:
        """Return the ways, their nodes still without place."""
        empty = np.empty(0, dtype=np.int64)
        parts = self._parts or [(empty, empty, empty, np.empty((0, 7)))]
        way, sizes, refs, table = (np.concatenate(column) for column in zip(*parts, strict=True))
        self._parts = []
        node, vertex = np.unique(refs, return_inverse=True)
        start = np.zeros(len(sizes) + 1, dtype=np.int64)
        np.cumsum(sizes, out=start[1:])
        return OsmRoads(
            way=way,
            start=start,
            vertex=vertex,
            forward_kmh=table[:, 0],
            backward_kmh=table[:, 1],
            ferry=table[:, 2] != 0,
            minutes=table[:, 3],
            door=table[:, 4].astype(np.int8),
            kind=table[:, 5].astype(np.int8),
            number=table[:, 6].astype(np.int32),
            node=node,
            lon=np.full(len(node), np.nan),
            lat=np.full(len(node), np.nan),
            barrier=np.zeros(len(node), dtype=bool),
            obstacle_s=np.zeros((len(node), 2), dtype=np.float32),
            nearer=np.zeros(len(node), dtype=bool),
            refused=self._refused,
            garbled=self._garbled,
            unread=self._unread,
            elsewhere=np.concatenate(self._elsewhere),
        )


def _after(last: int | None, first: int, then: int) -> int:
    """Return the last identifier met; refuse those that do not go up: one may come twice."""
    if last is not None and first <= last:
        raise NotHandledError("identifiers that do not go up")
    return then


def _keys(profile: Profile) -> _Keys:
    return _keys_of(keys_read(profile.rules))


def _keys_of(names: tuple[str, ...]) -> _Keys:
    texts = [name.encode() for name in names]
    stops = np.cumsum([len(text) for text in texts])
    spans = np.column_stack([stops - [len(text) for text in texts], stops]).astype(np.int64)
    return _Keys(names, np.frombuffer(b"".join(texts), dtype=np.uint8), spans)


def _way_rows(blob: bytes, keys: _Keys, *, nodes_too: bool) -> list[_WayRows]:
    block = block_of(blob)
    column = kernels.columns(block.data, block.spans, keys.text, keys.spans)
    found = []
    for kind, start, stop in block.groups.tolist():
        if kind < WAYS and not nodes_too:
            raise NotHandledError("nodes after ways")
        if kind != WAYS:
            continue
        # « highway » and « route » come first: a way has one of them, or is no road.
        number, value, sizes, refs, met = kernels.ways(
            block.data, start, stop, column, len(keys.names), 2
        )
        if met[2]:
            raise NotHandledError("past versions, places in the ways, or no order")
        first, which = _kinds_of(value)
        tags, garbled = _tags(block, value[first], keys)
        found.append(
            _WayRows(number, sizes, refs, which, tags, int(garbled[which].sum()), *met[:2].tolist())
        )
    return found


def _relations(
    blob: bytes, wanted: _Keys, profile: Profile, *, ways_too: bool
) -> list[tuple[int, int, int, int]]:
    """Return the turn restrictions of a block."""
    block = block_of(blob)
    if not ways_too and (block.groups[:, 0] < RELATIONS).any():
        raise NotHandledError("blocks out of order")
    if not profile.rules.restrictions:
        return []
    column = kernels.columns(block.data, block.spans, wanted.text, wanted.spans)
    found = []
    for kind, start, stop in block.groups.tolist():
        if kind != RELATIONS:
            continue
        for begin, end in kernels.restrictions(block.data, start, stop, column).tolist():
            tags, members = _relation(block, block.data[begin:end].tobytes())
            found += turns_told(tags, members, profile.rules)
    return found


def _relation(block: Block, message: bytes) -> tuple[dict[str, str], list[Member]]:
    packed = {
        number: content for number, content in fields_of(message) if isinstance(content, bytes)
    }
    keys, values, roles, steps, kinds = (
        list(varints(packed.get(number, b""))) for number in (2, 3, 8, 9, 10)
    )

    def text(string: int) -> str:
        begin, end = block.spans[string]
        return block.data[begin:end].tobytes().decode(errors="replace")

    numbers = accumulate((step >> 1) ^ -(step & 1) for step in steps)
    members = [
        Member(kind, number, text(role))
        for kind, number, role in zip(kinds, numbers, roles, strict=True)
    ]
    return {text(key): text(value) for key, value in zip(keys, values, strict=True)}, members


def _node_rows(blob: bytes, keys: _Keys, roads: OsmRoads, *, ways_too: bool) -> list[_NodeRows]:
    """Give the nodes of a block their place, and return those with something to say."""
    block = block_of(blob)
    column = kernels.columns(block.data, block.spans, keys.text, keys.spans)
    found = []
    gate = keys.names.index("barrier")
    for kind, start, stop in block.groups.tolist():
        if kind != DENSE and not (ways_too and kind >= WAYS):
            raise NotHandledError("ways before nodes, or nodes that are not dense")
        if kind != DENSE:
            continue
        index, value, met = kernels.dense_nodes(
            block.data,
            start,
            stop,
            block.scale,
            roads.node,
            roads.lon,
            roads.lat,
            column,
            gate,
            len(keys.names),
        )
        if met[2]:
            raise NotHandledError("past versions, or identifiers that do not go up")
        first, which = _kinds_of(value)
        tags, garbled = _tags(block, value[first], keys)
        found.append(_NodeRows(index, which, tags, int(garbled[which].sum()), *met[:2].tolist()))
    return found


def _kinds_of(value: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a row of each distinct set of tags, and which set each row has."""
    _, first, which = np.unique(kernels.signatures(value), return_index=True, return_inverse=True)
    if not np.array_equal(value[first][which], value):  # two signatures collided
        _, first, which = np.unique(value, axis=0, return_index=True, return_inverse=True)
    return first, which


def _tags(
    block: Block, value: NDArray[np.int32], keys: _Keys
) -> tuple[list[dict[str, str]], NDArray[np.int64]]:
    """Return the tags of each row, and how many were left out because they are not UTF-8."""

    def text(string: int) -> str | None:
        begin, end = block.spans[string - 1]
        try:
            return block.data[begin:end].tobytes().decode()
        except UnicodeDecodeError:
            return None

    found = [
        {keys.names[k]: text(string) for k, string in enumerate(row) if string}
        for row in value.tolist()
    ]
    clean = [{key: text for key, text in tags.items() if text is not None} for tags in found]
    lost = [len(tags) - len(kept) for tags, kept in zip(found, clean, strict=True)]
    return clean, np.array(lost, dtype=np.int64)
