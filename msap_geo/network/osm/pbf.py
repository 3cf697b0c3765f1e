"""The ``.osm.pbf`` files of OpenStreetMap, decoded without building an object per element.

An extract is sorted: nodes, then ways, then relations. Ways are read first, and of the nodes only
those of roads are kept: memory follows the roads, not the file. Blocks are decoded by threads, a
few at a time. What is not sorted so, or not compressed so, holds past versions, or places in its
ways, is left to pyosmium (:class:`NotHandledError`, :mod:`msap_geo.network.osm.forms`), which is
slower.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from msap_geo.network.osm import pbf_kernels as kernels
from msap_geo.network.osm.roads import OsmRoads
from msap_geo.network.osm.tags import CLOSED, blocks, keys_read, way_speeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from msap_geo.network.profiles import Profile

# Limits of the format (OSM wiki, "PBF Format"): a larger blob is not one.
_MOST_HEAD, _MOST_BLOB = 64 * 1024, 32 * 1024 * 1024
_DENSE, _WAYS, _RELATIONS = 2, 3, 4
_FEATURES = {b"OsmSchema-V0.6", b"DenseNodes"}
_Job = TypeVar("_Job")
_R = TypeVar("_R")
_THREADS = min(4, os.cpu_count() or 1)


class NotHandledError(Exception):
    """A file this reader leaves to pyosmium: unsorted, damaged, or of a rare form."""


class _Keys(NamedTuple):
    """Wanted keys, and their text end to end as kernels want it."""

    names: tuple[str, ...]
    text: NDArray[np.uint8]
    spans: NDArray[np.int64]


class _Block(NamedTuple):
    data: NDArray[np.uint8]
    groups: NDArray[np.int64]
    spans: NDArray[np.int64]
    scale: NDArray[np.int64]


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
    """Barriers of one block: where they are among the nodes of roads, and their tags."""

    node: list[int]
    tags: list[dict[str, str]]
    garbled: int


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
            blobs = list(_blobs(stream))
            kind = _kinds(stream, blobs)
            every = range(len(blobs))
            first_way = bisect_left(every, _WAYS, key=lambda i: kind(i)[1])
            past_nodes = bisect_left(every, _WAYS, key=lambda i: kind(i)[0])
            past_ways = bisect_left(every, _RELATIONS, key=lambda i: kind(i)[0])
            if not first_way <= past_nodes <= past_ways:
                raise NotHandledError("blocks out of order")

            def way_rows(job: tuple[int, bytes]) -> list[_WayRows]:
                return _way_rows(job[1], keys, nodes_too=job[0] < past_nodes)

            chosen = _Chosen(profile)
            for rows in _parallel(way_rows, _read(stream, blobs, range(first_way, past_ways))):
                for part in rows:
                    chosen.add(part)
            # A bisection trusts the order: what it did not look at is checked.
            rest = _read(stream, blobs, range(past_ways, len(blobs)))
            if not all(_parallel(_relations_only, rest)):
                raise NotHandledError("blocks out of order")
            roads = chosen.roads()

            def node_rows(job: tuple[int, bytes]) -> _NodeRows:
                return _node_rows(job[1], keys, roads, ways_too=job[0] >= first_way)

            stops = cache(lambda tags: blocks(dict(tags), profile.rules))
            garbled = roads.garbled
            for found in _parallel(node_rows, _read(stream, blobs, range(past_nodes))):
                garbled += found.garbled
                for index, tags in zip(found.node, found.tags, strict=True):
                    roads.barrier[index] = stops(tuple(tags.items()))
    except (zlib.error, IndexError, ValueError) as error:
        raise NotHandledError(str(error)) from error
    return roads._replace(garbled=garbled)


class _Chosen:
    """The ways kept, block after block."""

    def __init__(self, profile: Profile) -> None:
        self._speeds = cache(lambda tags: way_speeds(dict(tags), profile))
        self._parts: list[tuple[Any, ...]] = []
        self._refused = self._garbled = self._last = 0

    def add(self, rows: _WayRows) -> None:
        if rows.first == self._last != 0:
            raise NotHandledError("a way repeated")
        self._last = rows.last
        self._garbled += rows.garbled
        speeds = [self._speeds(tuple(tags.items())) for tags in rows.tags]
        closed = np.array([s is not None and not (s[0] or s[1]) for s in speeds], dtype=bool)
        open_ = np.array([s is not None and bool(s[0] or s[1]) for s in speeds], dtype=bool)
        line = rows.sizes > 1
        self._refused += int((closed[rows.kind] & line).sum())
        kept = open_[rows.kind] & line
        table = np.array([s or CLOSED for s in speeds], dtype=np.float64).reshape(-1, 5)
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
        parts = self._parts or [(empty, empty, empty, np.empty((0, 5)))]
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
            node=node,
            lon=np.full(len(node), np.nan),
            lat=np.full(len(node), np.nan),
            barrier=np.zeros(len(node), dtype=bool),
            refused=self._refused,
            garbled=self._garbled,
        )


def _keys(profile: Profile) -> _Keys:
    names = keys_read(profile.rules)
    texts = [name.encode() for name in names]
    stops = np.cumsum([len(text) for text in texts])
    spans = np.column_stack([stops - [len(text) for text in texts], stops]).astype(np.int64)
    return _Keys(names, np.frombuffer(b"".join(texts), dtype=np.uint8), spans)


def _way_rows(blob: bytes, keys: _Keys, *, nodes_too: bool) -> list[_WayRows]:
    block = _block(blob)
    column = kernels.columns(block.data, block.spans, keys.text, keys.spans)
    found = []
    for kind, start, stop in block.groups.tolist():
        if kind < _WAYS and not nodes_too:
            raise NotHandledError("nodes after ways")
        if kind != _WAYS:
            continue
        # « highway » and « route » come first: a way has one of them, or is no road.
        number, value, sizes, refs, met = kernels.ways(
            block.data, start, stop, column, len(keys.names), 2
        )
        if met[2]:
            raise NotHandledError("past versions, or places in the ways")
        _, first, which = np.unique(
            kernels.signatures(value), return_index=True, return_inverse=True
        )
        if not np.array_equal(value[first][which], value):  # two signatures collided
            _, first, which = np.unique(value, axis=0, return_index=True, return_inverse=True)
        tags, garbled = _tags(block, value[first], keys)
        found.append(
            _WayRows(number, sizes, refs, which, tags, int(garbled[which].sum()), *met[:2].tolist())
        )
    return found


def _relations_only(job: tuple[int, bytes]) -> bool:
    groups, _, _ = kernels.layout(np.frombuffer(_inflated(job[1]), dtype=np.uint8))
    return bool((groups[:, 0] >= _RELATIONS).all())


def _node_rows(blob: bytes, keys: _Keys, roads: OsmRoads, *, ways_too: bool) -> _NodeRows:
    """Give the nodes of a block their place, and return the barriers among them."""
    block = _block(blob)
    column = kernels.columns(block.data, block.spans, keys.text, keys.spans)
    found = _NodeRows([], [], 0)
    gate = keys.names.index("barrier")
    for kind, start, stop in block.groups.tolist():
        if kind != _DENSE and not (ways_too and kind >= _WAYS):
            raise NotHandledError("ways before nodes, or nodes that are not dense")
        if kind != _DENSE:
            continue
        index, value, deleted = kernels.dense_nodes(
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
        if deleted:
            raise NotHandledError("past versions")
        tags, garbled = _tags(block, value, keys)
        found = _NodeRows(
            found.node + index.tolist(), found.tags + tags, found.garbled + int(garbled.sum())
        )
    return found


def _tags(
    block: _Block, value: NDArray[np.int32], keys: _Keys
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


def _block(blob: bytes) -> _Block:
    data = np.frombuffer(_inflated(blob), dtype=np.uint8)
    groups, table, scale = kernels.layout(data)
    return _Block(data, groups, kernels.strings(data, *table), scale)


def _inflated(blob: bytes) -> bytes:
    """Return the content of a blob: raw (1) or zlib (3)."""
    fields = dict(_fields(blob))
    raw, packed = fields.get(1), fields.get(3)
    if isinstance(packed, bytes):
        inflater = zlib.decompressobj()
        content = inflater.decompress(packed, _MOST_BLOB)
        if inflater.unconsumed_tail:
            raise NotHandledError("a block larger than the format allows")
        return content
    if isinstance(raw, bytes):
        return raw
    raise NotHandledError("a block compressed otherwise than by zlib")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Read the fields of a small message: varints and byte strings."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
                return value
            shift += 7

    while at < len(message):
        head = varint()
        if head & 7 == 0:
            yield head >> 3, varint()
        elif head & 7 == 2:  # noqa: PLR2004 - wire type 2: a length and so many bytes
            size = varint()
            yield head >> 3, message[at : at + size]
            at += size
        else:
            raise NotHandledError("an unexpected field")


def _blobs(stream: Any) -> Iterator[tuple[int, int]]:
    """Return where each block of data starts, and its size; check the file's header."""
    while head := stream.read(4):
        size = int.from_bytes(head, "big")
        if len(head) < 4 or size > _MOST_HEAD:  # noqa: PLR2004 - a length takes four bytes
            raise NotHandledError("not a PBF file")
        fields = dict(_fields(stream.read(size)))
        length = fields.get(3)
        if not isinstance(length, int) or length > _MOST_BLOB:
            raise NotHandledError("not a PBF file")
        start = stream.tell()
        if fields.get(1) == b"OSMData":
            yield start, length
        elif fields.get(1) == b"OSMHeader":
            header = _fields(_inflated(stream.read(length)))
            if {value for number, value in header if number == 4} - _FEATURES:  # noqa: PLR2004
                raise NotHandledError("the file needs features this reader lacks")
        stream.seek(start + length)


def _kinds(stream: Any, blobs: list[tuple[int, int]]) -> Callable[[int], tuple[int, int]]:
    """Return a function that tells the kinds of a block's first and last groups."""

    @cache
    def kind(index: int) -> tuple[int, int]:
        start, size = blobs[index]
        stream.seek(start)
        data = np.frombuffer(_inflated(stream.read(size)), dtype=np.uint8)
        groups, _, _ = kernels.layout(data)
        return (int(groups[0, 0]), int(groups[-1, 0])) if len(groups) else (0, 0)

    return kind


def _read(stream: Any, blobs: list[tuple[int, int]], which: range) -> Iterator[tuple[int, bytes]]:
    for index in which:
        start, size = blobs[index]
        stream.seek(start)
        content = stream.read(size)
        if len(content) < size:
            raise NotHandledError("the file is cut short")
        yield index, content


def _parallel(work: Callable[[_Job], _R], jobs: Iterable[_Job]) -> Iterator[_R]:
    """Do jobs in threads, in order, few enough at once to bound memory."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Any] = deque()
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > 2 * _THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
