"""The container of ``.osm.pbf`` files: blobs, blocks and the fields of small messages.

Blocks are never read past their end, whatever they claim.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from msap_geo.network.osm import pbf_kernels as kernels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

# Limits of the format (OSM wiki, "PBF Format"): a larger blob is not one.
_MOST_HEAD, _MOST_BLOB = 64 * 1024, 32 * 1024 * 1024
DENSE, WAYS, RELATIONS = 2, 3, 4
"""Kinds of elements a group holds, by their field in the format."""

_FEATURES = {b"OsmSchema-V0.6", b"DenseNodes"}
_Job = TypeVar("_Job")
_R = TypeVar("_R")
_THREADS = min(4, os.cpu_count() or 1)


class NotHandledError(Exception):
    """A file this reader leaves to pyosmium: unsorted, damaged, or of a rare form."""


class Block(NamedTuple):
    """A block laid out: its bytes, its groups, where its strings are, and the scale of places."""

    data: NDArray[np.uint8]
    groups: NDArray[np.int64]
    spans: NDArray[np.int64]
    scale: NDArray[np.int64]


def blobs_of(stream: Any) -> Iterator[tuple[int, int]]:
    """Return where each block of data starts, and its size; check the file's header."""
    while head := stream.read(4):
        size = int.from_bytes(head, "big")
        if len(head) < 4 or size > _MOST_HEAD:  # noqa: PLR2004 - a length takes four bytes
            raise NotHandledError("not a PBF file")
        fields = dict(fields_of(stream.read(size)))
        length = fields.get(3)
        if not isinstance(length, int) or length > _MOST_BLOB:
            raise NotHandledError("not a PBF file")
        start = stream.tell()
        if fields.get(1) == b"OSMData":
            yield start, length
        elif fields.get(1) == b"OSMHeader":
            header = fields_of(inflated(stream.read(length)))
            if {value for number, value in header if number == 4} - _FEATURES:  # noqa: PLR2004
                raise NotHandledError("the file needs features this reader lacks")
        stream.seek(start + length)


def kinds_of(stream: Any, blobs: list[tuple[int, int]]) -> Callable[[int], tuple[int, int]]:
    """Return a function that tells the kinds of a block's first and last groups."""

    @cache
    def kind(index: int) -> tuple[int, int]:
        start, size = blobs[index]
        stream.seek(start)
        data = np.frombuffer(inflated(stream.read(size)), dtype=np.uint8)
        groups, _, _ = kernels.layout(data)
        return (int(groups[0, 0]), int(groups[-1, 0])) if len(groups) else (0, 0)

    return kind


def read_blobs(
    stream: Any, blobs: list[tuple[int, int]], which: range
) -> Iterator[tuple[int, bytes]]:
    """Return the content of some blobs, with their number."""
    for index in which:
        start, size = blobs[index]
        stream.seek(start)
        content = stream.read(size)
        if len(content) < size:
            raise NotHandledError("the file is cut short")
        yield index, content


def parallel(work: Callable[[_Job], _R], jobs: Iterable[_Job]) -> Iterator[_R]:
    """Do jobs in threads, in order, few enough at once to bound memory."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Any] = deque()
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > 2 * _THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def block_of(blob: bytes) -> Block:
    """Lay a block out."""
    data = np.frombuffer(inflated(blob), dtype=np.uint8)
    groups, table, scale = kernels.layout(data)
    return Block(data, groups, kernels.strings(data, *table), scale)


def inflated(blob: bytes) -> bytes:
    """Return the content of a blob: raw (1) or zlib (3)."""
    fields = dict(fields_of(blob))
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


def fields_of(message: bytes) -> Iterator[tuple[int, int | bytes]]:
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


def varints(message: bytes) -> Iterator[int]:
    """Read a packed field."""
    value = shift = 0
    for byte in message:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            yield value
            value = shift = 0
