"""From seeds to minutes: the kernels, with names, threads and the direction of travel.

Everything here is in terms of nodes; :mod:`msap_geo.travel.nodes` offers that as it is, and
:mod:`msap_geo.travel.places` brings tables of places to it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from msap_geo.errors import DataError
from msap_geo.travel import kernels, meetings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork
    from msap_geo.network.arrays import Csr

Direction = Literal["to", "from"]
"""Of trips, seen from the site: ``to`` it, as inhabitants go, or ``from`` it."""

ROUNDING = 5e-4
"""A trip longer than the bound by less than this, minutes, is within it, and takes the bound.

Everything is decided on minutes rounded to a thousandth: a trip of 20.0004 minutes is one of 20.000
in every table, so it is within 20 minutes wherever trips are bounded, and the bound never says
otherwise than the table.
"""

_FEWEST_ROWS = 32
"""Rows a thread takes at a time, at least."""

_FEWER = 8
"""A matrix of so many times fewer origins than destinations is computed from its other side."""

_BLOCKS = 32
"""Blocks a thread computes: enough for threads to end together, and for pieces to be small."""


class Seeds(NamedTuple):
    """Where places stand on the network: place ``p`` has seeds ``start[p]:start[p + 1]``.

    Parameters
    ----------
    start
        Shape (p + 1,).
    node
        Node of each seed.
    minutes, length_m
        Trip between the place and that node.
    """

    start: NDArray[np.int64]
    node: NDArray[np.int64]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]

    @classmethod
    def at_nodes(cls, nodes: NDArray[np.int64]) -> Seeds:
        """Return the seeds of places that are nodes."""
        none = np.zeros(len(nodes))
        return cls(np.arange(len(nodes) + 1), nodes, none, none)

    def part(self, rows: slice) -> Seeds:
        """Return the seeds of some places that follow one another."""
        start = self.start[rows.start : rows.stop + 1]
        seeds = slice(start[0], start[-1])
        return Seeds(start - start[0], self.node[seeds], self.minutes[seeds], self.length_m[seeds])

    def taken(self, places: NDArray[np.int64]) -> Seeds:
        """Return the seeds of these places, in this order."""
        start, seeds = _rows(self.start, places)
        return Seeds(start, self.node[seeds], self.minutes[seeds], self.length_m[seeds])

    def owner(self) -> NDArray[np.int64]:
        """Return the place each seed belongs to."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


class Nearest(NamedTuple):
    """The k nearest sites of every node: infinite minutes and rank −1 where there are fewer."""

    minutes: NDArray[np.float64]
    rank: NDArray[np.int32]
    length_m: NDArray[np.float64]


class Reach(NamedTuple):
    """Nodes within reach of each site: site ``s`` has ``start[s]:start[s + 1]``, in no order."""

    start: NDArray[np.int64]
    node: NDArray[np.int32]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]


def check_options(*, k: int = 1, max_minutes: float = 0.0, direction: str = "to") -> None:
    """Make sure the options of a question have a meaning.

    Raises
    ------
    DataError
        If one has not.
    """
    if k != int(k) or k < 1:
        raise DataError(f"k = {k} : il faut chercher un nombre entier de lieux, au moins un")
    if not max_minutes >= 0:
        raise DataError(f"durée maximale impossible : {max_minutes} minutes")
    if direction not in ("to", "from"):
        raise DataError(
            f"sens inconnu : « {direction} »", remedy='choisir "to" (vers le lieu) ou "from"'
        )


def nearest(
    network: RoadNetwork, sites: Seeds, *, k: int, max_minutes: float, direction: Direction
) -> Nearest:
    """Find the k nearest sites of every node.

    Parameters
    ----------
    network
        Road network.
    sites
        Seeds of the sites; their rank is their order.
    k, max_minutes, direction
        See :func:`msap_geo.travel.nearest_nodes`.

    Returns
    -------
    Nearest
        Arrays of shape (n, k), by increasing minutes, then rank.
    """
    order = network.order
    inward, outward = (order.in_minutes, order.in_m), (order.out_minutes, order.out_m)
    up, down = (inward, outward) if direction == "to" else (outward, inward)
    minutes, ranks, length_m = kernels.nearest(
        order.parent, order.start, order.head, *up, *down,
        order.position[sites.node], sites.minutes, sites.length_m, sites.owner(),
        k, _limit(max_minutes),
    )  # fmt: skip
    np.minimum(minutes, max_minutes, out=minutes, where=ranks >= 0)
    return Nearest(*(table[order.position] for table in (minutes, ranks, length_m)))


def matrix(
    network: RoadNetwork, origins: Seeds, destinations: Seeds, *, max_minutes: float
) -> tuple[csr_array, csr_array]:
    """Compute every trip within a bound, from origins to destinations.

    Parameters
    ----------
    network
        Road network.
    origins, destinations
        Their seeds.
    max_minutes
        Longest trip kept, inclusive.

    Returns
    -------
    minutes, length_m
        Sparse arrays of the same pattern, zeros stored, columns sorted.
    """
    n_origins, n_destinations = len(origins.start) - 1, len(destinations.start) - 1
    # Labels are left by one side for all that the other may ask: by the one that is far smaller.
    turned = _FEWER * n_origins < n_destinations
    sides = (destinations, origins) if turned else (origins, destinations)
    start, column, minutes, length_m = _trips(
        network, *sides, max_minutes, columns=3, turned=turned
    )
    shape = (n_destinations, n_origins) if turned else (n_origins, n_destinations)
    trips = csr_array((minutes, column, start), shape=shape)
    metres = csr_array((length_m, trips.indices, trips.indptr), shape=shape)
    return (csr_array(trips.T), csr_array(metres.T)) if turned else (trips, metres)


def matrix_minutes(
    network: RoadNetwork, origins: Seeds, destinations: Seeds, *, max_minutes: float
) -> csr_array:
    """Compute the minutes of :func:`matrix` alone, in less memory."""
    start, destination, minutes = _trips(network, origins, destinations, max_minutes, columns=2)
    shape = (len(origins.start) - 1, len(destinations.start) - 1)
    return csr_array((minutes, destination, start), shape=shape)


def _trips(
    network: RoadNetwork,
    origins: Seeds,
    destinations: Seeds,
    max_minutes: float,
    *,
    columns: int,
    turned: bool = False,
) -> list[NDArray[Any]]:
    """Return start of the rows, then the first columns of: destination, minutes, metres.

    Where ``turned``, trips go from destinations to origins: the same, seen from their other end.
    """
    order, limit = network.order, _limit(max_minutes)
    up = (order.parent, order.start, order.head)
    inward, outward = (order.in_minutes, order.in_m), (order.out_minutes, order.out_m)
    if turned:
        inward, outward = outward, inward
    at, destination, minutes, length_m = meetings.labels(
        *up, *inward, destinations.start,
        order.position[destinations.node], destinations.minutes, destinations.length_m, limit,
    )  # fmt: skip
    quickest = np.lexsort((length_m, minutes, at))
    label_start = np.zeros(network.n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(at, minlength=network.n_nodes), out=label_start[1:])
    labels = (label_start, destination[quickest], minutes[quickest], length_m[quickest])
    n_destinations = len(destinations.start) - 1

    def room() -> tuple[NDArray[Any], ...]:
        return (*_infinite(network), np.empty(network.n_nodes, dtype=np.int32))

    def rows(part: slice, room: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
        seeds = origins.part(part)
        start, *found = meetings.rows(
            *up, *outward, seeds.start,
            order.position[seeds.node], seeds.minutes, seeds.length_m,
            *labels, n_destinations, limit, *room,
        )  # fmt: skip
        # Copied, or the longer arrays they are the beginning of would stay in memory.
        return [np.diff(start), *(column.copy() for column in found[:columns])]

    piled = _piled(_by_blocks(rows, len(origins.start) - 1, room))
    if np.isfinite(max_minutes):
        np.minimum(piled[2], max_minutes, out=piled[2])
    return piled


def reach(network: RoadNetwork, sites: Seeds, *, max_minutes: float, direction: Direction) -> Reach:
    """Find the nodes within reach of each site.

    Parameters
    ----------
    network
        Road network.
    sites
        Seeds of the sites.
    max_minutes
        Bound, inclusive.
    direction
        Of the trips, seen from the site.

    Returns
    -------
    Reach
        Nodes with minutes and metres, site by site.
    """
    links: Csr = network.reverse if direction == "to" else network.links
    limit = _limit(max_minutes)

    def rows(part: slice, room: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
        start, *found = kernels.reach(*links, *sites.part(part), limit, *room)
        return [np.diff(start), *(column.copy() for column in found)]

    # From one site to its neighbour, the links are still in the processor's cache.
    n = len(sites.start) - 1
    first = np.append(sites.node, 0)[np.minimum(sites.start[:-1], len(sites.node))]
    near = np.argsort(first, kind="stable")
    sites = sites.taken(near)
    piled = _piled(_by_blocks(rows, n, lambda: _infinite(network)))
    back = np.empty(n, dtype=np.int64)
    back[near] = np.arange(n)
    start, cells = _rows(piled[0], back)
    node, minutes, length_m = (column[cells] for column in piled[1:])
    return Reach(start, node, np.minimum(minutes, max_minutes), length_m)


def _rows(
    start: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where these rows start once put one after the other, and the cells they hold."""
    counts = np.diff(start)[wanted]
    moved = np.concatenate([[0], np.cumsum(counts)])
    return moved, np.repeat(start[wanted] - moved[:-1], counts) + np.arange(moved[-1])


def _limit(max_minutes: float) -> float:
    return float(max_minutes) + ROUNDING


def available_threads() -> int:
    """Return how many threads may run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _infinite(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.full(network.n_nodes, np.inf), np.full(network.n_nodes, np.inf)


def _by_blocks(
    rows: Callable[[slice, tuple[NDArray[Any], ...]], list[NDArray[Any]]],
    n: int,
    room: Callable[[], tuple[NDArray[Any], ...]],
) -> list[list[Any]]:
    """Compute rows block by block, on every core: the kernels let go of the interpreter.

    ``room`` makes the arrays a kernel works in, which it leaves as it found them: there are as many
    as threads, not as many as blocks.
    """
    threads = available_threads()
    size = max(_FEWEST_ROWS, -(-n // (_BLOCKS * threads)))
    blocks = [slice(first, min(first + size, n)) for first in range(0, max(n, 1), size)]
    threads = min(threads, len(blocks))
    idle: SimpleQueue[tuple[NDArray[Any], ...]] = SimpleQueue()
    for _ in range(threads):
        idle.put(room())

    def one(block: slice) -> list[NDArray[Any]]:
        mine = idle.get()
        done = rows(block, mine)
        idle.put(mine)
        return done

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, blocks))


def _piled(pieces: list[list[Any]]) -> list[NDArray[Any]]:
    """Join the blocks: start of the rows, then each column.

    A piece is let go of as soon as it is copied, so that nothing is held twice.
    """
    start = np.concatenate([[0], np.cumsum(np.concatenate([piece[0] for piece in pieces]))])
    result = [start]
    for column in range(1, len(pieces[0])):
        whole = np.empty(start[-1], dtype=pieces[0][column].dtype)
        done = 0
        for piece in pieces:
            whole[done : done + len(piece[column])] = piece[column]
            done += len(piece[column])
            piece[column] = None
        result.append(whole)
    return result
