"""Which losses would break a promise, alone or together: the defence a mayor needs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving.highs import Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.adaptation.network import Guarantee, Network

_HALF = 0.5
_LEAST_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class Rupture:
    """What breaks one promise.

    Parameters
    ----------
    guarantee
        The promise.
    alone
        Points whose loss alone breaks it.
    fewest
        Points whose loss together breaks it, as few as can be; empty where none do.
    proven
        Whether no fewer do.
    """

    guarantee: Guarantee
    alone: NDArray[np.int64]
    fewest: NDArray[np.int64]
    proven: bool


def ruptures(
    network: Network,
    guarantees: tuple[Guarantee, ...],
    may_go: NDArray[np.bool_],
    *,
    effort: Effort,
) -> list[Rupture]:
    """Return what breaks each promise, if anything does.

    Parameters
    ----------
    network
        The network.
    guarantees
        The promises.
    may_go
        Points whose loss is looked at.
    effort
        Time for all of them, seed and threads.
    """
    until = time.perf_counter() + effort.seconds
    held = [_needed(network, promise, may_go) for promise in guarantees]
    found: dict[int, Rupture] = {}
    # The shortest questions first: what they leave of the time is the hardest one's.
    for n in sorted(range(len(held)), key=lambda n: len(held[n])):
        left = max(until - time.perf_counter(), _LEAST_SECONDS)
        found[n] = _one(guarantees[n], held[n], replace(effort, seconds=left, gap=0.0))
    return [found[n] for n in range(len(held))]


def _needed(
    network: Network, promise: Guarantee, may_go: NDArray[np.bool_]
) -> dict[tuple[int, ...], int]:
    """Return the people who rely on each set of points: they are lost when all of them are."""
    gives = network.gives[promise.service]
    row = promise.reach
    sets: dict[tuple[int, ...], int] = {}
    for place in promise.places.tolist():
        near = row.indices[row.indptr[place] : row.indptr[place + 1]]
        near = near[gives[near]]
        people = int(promise.people[place])
        if len(near) and people and may_go[near].all():
            key = tuple(sorted(near.tolist()))
            sets[key] = sets.get(key, 0) + people
    return sets


def _one(promise: Guarantee, sets: dict[tuple[int, ...], int], effort: Effort) -> Rupture:
    single = {key[0]: people for key, people in sets.items() if len(key) == 1}
    alone = np.array(
        sorted(point for point, people in single.items() if people > promise.allowed),
        dtype=np.int64,
    )
    if len(alone):
        return Rupture(promise, alone, alone[:1], proven=True)
    if sum(sets.values()) <= promise.allowed:
        return Rupture(promise, alone, alone, proven=True)
    points = sorted({point for key in sets for point in key})
    rank = {point: n for n, point in enumerate(points)}
    model = Model()
    x = model.columns(len(points), cost=-1.0, integer=True)
    z = model.columns(len(sets))
    entry = [(n, rank[point]) for n, key in enumerate(sets) for point in key]
    rows, columns = np.array(entry, dtype=np.int64).T
    pairs = np.arange(len(rows))
    model.rows(len(rows), (pairs, z[rows], 1.0), (pairs, x[columns], -1.0), upper=0.0)
    model.row(z, np.array(list(sets.values()), dtype=float), lower=np.floor(promise.allowed) + 1)
    answer = solve(model, effort)
    found = np.flatnonzero(answer.x[: len(points)] > _HALF) if len(answer.x) else alone
    proven = bool(len(answer.x)) and -answer.bound > len(found) - 1 + _HALF / 5
    return Rupture(promise, alone, np.array(points, dtype=np.int64)[found], proven=proven)
