"""What sites bring in each future, those whose roads are alike sharing their levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.siting.objectives.gained import decay
from msap_geo.siting.solving.gains import Gains, from_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem

_NOISE = 1e-6


class Future(NamedTuple):
    """What may be: who lives where, and how long trips take.

    Parameters
    ----------
    name
        What it is called.
    people
        Persons of each place, in the order of the problem's.
    factor
        What minutes are multiplied by.
    """

    name: str
    people: NDArray[np.float64]
    factor: float = 1.0


class Worth(NamedTuple):
    """What a person counts by how far they are.

    Parameters
    ----------
    thresholds, shares
        Covering: minutes, and what a person within each counts.
    longest
        p-median: a longer trip counts for so many minutes; None for covering.
    """

    thresholds: tuple[float, ...] = ()
    shares: tuple[float, ...] = (1.0,)
    longest: float | None = None

    def of(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a person so far counts, more being better."""
        if self.longest is None:
            return decay(minutes, self.thresholds, self.shares)
        return self.longest - np.minimum(minutes, self.longest)

    @property
    def reach(self) -> float:
        """Minutes beyond which nothing counts."""
        return self.thresholds[-1] if self.longest is None else self.longest


class Road(NamedTuple):
    """Gains of one person a row under one factor, and people of each row in each of its futures."""

    unit: Gains
    people: NDArray[np.float64]
    futures: list[int]


@dataclass(frozen=True, eq=False)
class Roads:
    """Gains by factor, rows that gain alike merged."""

    parts: list[Road]
    of_future: list[tuple[int, int]]
    n_sites: int

    def gains(self, future: int) -> Gains:
        """Return what sites bring in a future."""
        part, rank = self.of_future[future]
        road = self.parts[part]
        weight = road.people[:, rank]
        rows = road.unit.entry_row
        return from_pairs(
            rows,
            road.unit.by_row.indices.astype(np.int64),
            road.unit.by_row.data * weight[rows],
            weight,
            self.n_sites,
        )

    def gain(self, future: int, sites: NDArray[np.int64]) -> float:
        """Return what a set of sites brings in a future."""
        part, rank = self.of_future[future]
        road = self.parts[part]
        return float(road.unit.best(sites) @ road.people[:, rank])

    def together(self) -> Gains:
        """Return the gains of every future, one under the other: what they bring on average."""
        every = [self.gains(rank) for rank in range(len(self.of_future))]
        starts = np.cumsum([0, *(gains.n_rows for gains in every)])
        return from_pairs(
            np.concatenate([g.entry_row + n for g, n in zip(every, starts, strict=False)]),
            np.concatenate([gains.by_row.indices.astype(np.int64) for gains in every]),
            np.concatenate([gains.by_row.data for gains in every]),
            np.concatenate([gains.people for gains in every]),
            self.n_sites,
        )


def roads_of(problem: Problem, futures: Sequence[Future], worth: Worth) -> Roads:
    """Return what sites bring in each future.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    futures
        What may be.
    worth
        What a person counts by how far they are.
    """
    parts: list[Road] = []
    of_future: list[tuple[int, int]] = [(0, 0)] * len(futures)
    for factor in dict.fromkeys(future.factor for future in futures):
        ranks = [rank for rank, future in enumerate(futures) if future.factor == factor]
        people = np.stack([futures[rank].people for rank in ranks], axis=1).astype(float)
        unit, weights = _of_one(problem, factor, people, worth)
        for position, rank in enumerate(ranks):
            of_future[rank] = (len(parts), position)
        parts.append(Road(unit, weights, ranks))
    return Roads(parts, of_future, len(problem.site_ids))


def scaled(minutes: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Return times multiplied, to the thousandth as all times are."""
    return np.round(minutes * factor, MINUTES_DECIMALS)


def _of_one(
    problem: Problem, factor: float, people: NDArray[np.float64], worth: Worth
) -> tuple[Gains, NDArray[np.float64]]:
    row = np.repeat(np.arange(len(problem.people)), np.diff(problem.minutes.indptr))
    today = worth.of(scaled(problem.today, factor))
    more = worth.of(scaled(problem.minutes.data, factor)) - today[row]
    kept = (more > _NOISE) & (people.sum(axis=1)[row] > 0)
    table = csr_array(
        (more[kept], (row[kept], problem.minutes.indices[kept])), shape=problem.minutes.shape
    )
    table.sort_indices()
    # Places that gain alike answer any choice alike: one row counts the people of all.
    kinds: dict[bytes, int] = {}
    of_place = np.full(table.shape[0], -1)
    first: list[int] = []
    for place in np.flatnonzero(np.diff(table.indptr)):
        span = slice(table.indptr[place], table.indptr[place + 1])
        key = table.indices[span].tobytes() + np.round(table.data[span], 9).tobytes()
        rank = kinds.setdefault(key, len(kinds))
        if rank == len(first):
            first.append(int(place))
        of_place[place] = rank
    weights = np.zeros((len(first), people.shape[1]))
    np.add.at(weights, of_place[of_place >= 0], people[of_place >= 0])
    rows = csr_array(table[np.array(first, dtype=np.int64)])
    return Gains(rows, np.ones(len(first))), weights
