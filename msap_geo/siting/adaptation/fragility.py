"""What losing two more points would do: a network is as strong as its worst two losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.adaptation.network import Network


class Fragility(NamedTuple):
    """The two points whose loss together leaves most people without one within reach.

    Parameters
    ----------
    points
        Their columns, fewer where there are no two.
    people
        Persons left so.
    """

    points: tuple[int, ...]
    people: int


def worst_two(
    network: Network, service: str, lost: NDArray[np.bool_], *, threshold: float
) -> Fragility:
    """Return the two points whose loss would leave most people without one within reach (N − 2).

    Parameters
    ----------
    network
        The network.
    service
        What the points must give.
    lost
        Points that give it no more.
    threshold
        Minutes, inclusive.

    Notes
    -----
    People within reach of one point alone hang on it, those of two on the pair: the pair's loss is
    the sum of what hangs on each and on both, so that only pairs something hangs on, and the two
    heaviest points, need be tried.
    """
    open_ = network.gives[service] & ~lost
    table = network.minutes
    row = np.repeat(np.arange(len(network.people)), np.diff(table.indptr))
    near = open_[table.indices] & (table.data <= threshold)
    place, point = row[near], table.indices[near]
    counts = np.bincount(place, minlength=len(network.people))
    alone = counts[place] == 1
    single = np.zeros(len(open_), dtype=np.int64)
    np.add.at(single, point[alone], network.people[place[alone]])
    both: dict[tuple[int, int], int] = {}
    two = np.flatnonzero(counts[place] == 2)  # noqa: PLR2004 - two points
    order = two[np.lexsort((point[two], place[two]))]
    for one, other in zip(order[::2].tolist(), order[1::2].tolist(), strict=True):
        pair = (int(point[one]), int(point[other]))
        both[pair] = both.get(pair, 0) + int(network.people[place[one]])
    heavy = np.lexsort((np.arange(len(open_)), -np.where(open_, single, -1)))
    heavy = heavy[open_[heavy]][:2]
    if len(heavy) < 2:  # noqa: PLR2004 - two points
        return Fragility(tuple(heavy.tolist()), int(single[heavy].sum()))
    first = (int(min(heavy)), int(max(heavy)))
    both.setdefault(first, 0)
    pair = min(both, key=lambda p: (-(both[p] + single[p[0]] + single[p[1]]), p))
    return Fragility(pair, int(both[pair] + single[pair[0]] + single[pair[1]]))
