"""The arrays roads are made of: sections between junctions, and the directed links of routing.

*Edges* are road sections with their shape; *links* the directed moves, in compressed sparse row
form. Pure functions of arrays: what a network is made of them for is in
:mod:`msap_geo.network.model`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MINUTE_GRAIN = 2.0**-32
"""Minutes of links are multiples of this, about 1.4e-8 s.

Sums of them are then exact in double precision up to two million minutes, whatever their order:
every algorithm finds the same minutes to the last bit, and equal trips are equal.
"""


ROAD_CLASSES = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link",
    "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential",
    "living_street", "pedestrian", "service", "track", "road", "cycleway", "footway", "path",
    "steps", "bridleway", "ferry",
)  # fmt: skip
"""Classes of road an edge may have, numbered in this order: OSM's ``highway``, and crossings.

A network store keeps the numbers: a class is added at the end, and the store's format changes.
"""

NO_CLASS, FERRY = -1, ROAD_CLASSES.index("ferry")
_NUMBERS = {name: number for number, name in enumerate(ROAD_CLASSES)}


def class_numbers(names: Iterable[str]) -> NDArray[np.int8]:
    """Return the number of each class, :data:`NO_CLASS` where it is none of ours."""
    return np.array([_NUMBERS.get(name, NO_CLASS) for name in names], dtype=np.int8)


_ROAD_NUMBER = re.compile(r"([A-Z]{1,2})[ -]?0*([1-9]\d{0,3})(?: ?([A-Z])(?![A-Z0-9]))?")
_DIGITS, _LETTERS = 10_000, 27


def road_number(text: str | None) -> int:
    """Return a road's number as a whole number, 0 where there is none we can write.

    Parameters
    ----------
    text
        As files tell it: ``D 81b``, ``N193``; of several (``D 4;D 7``) the first.

    Returns
    -------
    int
        One or two letters, up to four digits, perhaps a letter: what :func:`road_name` reads.
    """
    found = _ROAD_NUMBER.match((text or "").strip().upper())
    if found is None:
        return 0
    letters, digits, last = found.groups(default="")
    code = 0
    for letter in f"{letters:@<2}":
        code = code * _LETTERS + ord(letter) - ord("@")
    return (code * _DIGITS + int(digits)) * _LETTERS + (ord(last or "@") - ord("@"))


def road_name(number: int) -> str:
    """Return how a road's number is written: ``D 81b``; nothing for 0.

    Parameters
    ----------
    number
        What :func:`road_number` gave.

    Returns
    -------
    str
        The name signs give it.
    """
    if number == 0:
        return ""
    rest, last = divmod(int(number), _LETTERS)
    code, digits = divmod(rest, _DIGITS)
    letters = "".join(chr(part + ord("@")) for part in divmod(code, _LETTERS)).rstrip("@")
    return f"{letters} {digits}{chr(last + ord('@')).lower() if last else ''}"


def settled(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return minutes rounded to :data:`MINUTE_GRAIN`; infinite ones stay."""
    rounded: NDArray[np.float64] = np.round(minutes / MINUTE_GRAIN) * MINUTE_GRAIN
    return rounded


class Csr(NamedTuple):
    """Directed links by row: those of node ``i`` are ``start[i]:start[i + 1]``."""

    start: NDArray[np.int64]
    head: NDArray[np.int32]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Edges:
    """Road sections between two junctions, as read, before a network is made of them.

    Parameters
    ----------
    tail, head
        Node at each end, shape (e,).
    forward, backward
        Minutes from tail to head and back, infinite where not allowed, shape (e,).
    length_m
        True length on the ground, metres, shape (e,).
    shape_start
        Where each edge's vertices start in ``shape_x`` and ``shape_y``, shape (e + 1,).
    shape_x, shape_y
        Vertices, projected metres.
    tail_in, head_out
        Node one arrives at on coming back to the tail, and leaves from at the head, shape (e,):
        ``tail`` and ``head`` when not given, others at junctions where turns are forbidden.
    door
        Whether a place may enter it along the way, not only at its ends, shape (e,); everywhere
        when not given.
    kind
        Class of road, a position in :data:`ROAD_CLASSES` or :data:`NO_CLASS`, shape (e,); unknown
        when not given.
    number
        Number of the road (:func:`road_number`), 0 where it has none, shape (e,).
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    forward: NDArray[np.float64]
    backward: NDArray[np.float64]
    length_m: NDArray[np.float64]
    shape_start: NDArray[np.int64]
    shape_x: NDArray[np.float64]
    shape_y: NDArray[np.float64]
    door: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    kind: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, dtype=np.int8))
    number: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    tail_in: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    head_out: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    def __post_init__(self) -> None:
        """Open every section, and let every turn be made, where nothing else is said."""
        n = len(self.tail)
        for name, default in (
            ("door", np.ones(n, dtype=bool)),
            ("kind", np.full(n, NO_CLASS, dtype=np.int8)),
            ("number", np.zeros(n, dtype=np.int32)),
            ("tail_in", self.tail),
            ("head_out", self.head),
        ):
            if len(getattr(self, name)) != n:
                object.__setattr__(self, name, default)


def compiled_links(edges: Edges, n: int) -> Csr:
    """Compile edges into links; of parallel links the quickest is kept."""
    tail = np.concatenate([edges.tail, edges.head_out])
    head = np.concatenate([edges.head, edges.tail_in])
    minutes = np.concatenate([edges.forward, edges.backward])
    length_m = np.concatenate([edges.length_m, edges.length_m])
    open_ = np.flatnonzero(np.isfinite(minutes) & (tail != head))
    key = tail[open_].astype(np.int64) * n + head[open_]
    order = in_order(key, minutes[open_], length_m[open_])
    key = key[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    order = open_[order[first]]
    return _by_row(tail[order], head[order], minutes[order], length_m[order], n)


def in_order(key: NDArray[np.int64], *ties: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows by key, equal keys by their ties in turn, then as they were.

    One sort of whole numbers, then another of the few rows whose key is not alone: several times
    faster than a sort by every column.
    """
    order = np.argsort(key, kind="stable")
    same = np.diff(key[order]) == 0
    alike = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
    rows = order[alike]
    columns = (*reversed(ties), key)
    order[alike] = rows[np.lexsort([column[rows] for column in columns])]
    return order


def reversed_links(links: Csr) -> Csr:
    """Return the same links by the node they lead to."""
    n = len(links.start) - 1
    tail = np.repeat(np.arange(n, dtype=np.int32), np.diff(links.start))
    order = np.argsort(links.head, kind="stable")  # tails ascend already
    return _by_row(links.head[order], tail[order], links.minutes[order], links.length_m[order], n)


def _by_row(
    row: NDArray[np.int32],
    head: NDArray[np.int32],
    minutes: NDArray[np.float64],
    length_m: NDArray[np.float64],
    n: int,
) -> Csr:
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n), out=start[1:])
    return Csr(start, head.astype(np.int32), minutes, length_m)


def selected_edges(edges: Edges, keep: NDArray[np.bool_]) -> Edges:
    """Return some of the edges, with their shapes."""
    counts = np.diff(edges.shape_start)
    vertices = np.repeat(keep, counts)
    start = np.zeros(int(keep.sum()) + 1, dtype=np.int64)
    np.cumsum(counts[keep], out=start[1:])
    return Edges(
        tail=edges.tail[keep],
        head=edges.head[keep],
        forward=edges.forward[keep],
        backward=edges.backward[keep],
        length_m=edges.length_m[keep],
        shape_start=start,
        shape_x=edges.shape_x[vertices],
        shape_y=edges.shape_y[vertices],
        door=edges.door[keep],
        kind=edges.kind[keep],
        number=edges.number[keep],
        tail_in=edges.tail_in[keep],
        head_out=edges.head_out[keep],
    )


def section_lines(edges: Edges) -> NDArray[np.object_]:
    """Return sections as shapely lines, in order."""
    counts = np.diff(edges.shape_start)
    lines = shapely.linestrings(
        np.column_stack([edges.shape_x, edges.shape_y]),
        indices=np.repeat(np.arange(len(counts)), counts),
    )
    return np.asarray(lines, dtype=object)


def strong_parts(links: Csr) -> tuple[int, NDArray[np.int32]]:
    """Return how many strongly connected parts there are, and which one each node is in."""
    n = len(links.start) - 1
    pattern = csr_array((np.ones(len(links.head)), links.head, links.start), shape=(n, n))
    parts, label = connected_components(pattern, directed=True, connection="strong")
    return int(parts), label
