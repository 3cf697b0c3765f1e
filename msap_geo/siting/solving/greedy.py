"""The sites chosen one by one, each time the one that adds most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from msap_geo.siting.solving.gains import NEGLIGIBLE, Gains, slices
from msap_geo.siting.solving.limits import unlimited
from msap_geo.siting.solving.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from msap_geo.siting.solving.limits import Limits


_DECIMALS = 6  # a millionth: ties are not broken by the noise of sums


class Sequence(NamedTuple):
    """Sites in the order they were chosen, and what each one added."""

    sites: NDArray[np.int64]
    added: NDArray[np.float64]


def greedy(gains: Gains, limits: Limits, *, penalty: NDArray[np.float64] | None = None) -> Sequence:
    """Choose sites one by one, each time the one that adds most (per euro under a budget).

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen.
    penalty
        What choosing each site costs in the unit of the gains, none by default.

    Returns
    -------
    Sequence
        Until nothing is gained, or nothing more may be chosen. Ties go to the first site.

    Notes
    -----
    Without other limits than a number, at least 1 − 1/e of the optimum (Nemhauser, Wolsey &
    Fisher, *Mathematical Programming* 14, 1978). Every marginal gain is kept up to date: a place
    that improves lowers, once, what its other sites would add.
    """
    rows, columns = gains.by_row, gains.by_site
    toll = np.zeros(gains.n_sites) if penalty is None else penalty
    adds = gains.alone()
    best = np.zeros(gains.n_rows)
    chosen: list[int] = []
    added: list[float] = []
    room = Room(limits)
    while True:
        able = room.open()
        net = np.where(able, np.round(adds - toll, _DECIMALS), -np.inf)
        if limits.budget_eur is not None:
            net = net / np.maximum(limits.cost_eur, NEGLIGIBLE)
        if not able.any():
            break
        if net.max() <= NEGLIGIBLE:
            net = np.where(room.needed(), net, -np.inf)
        site = int(np.argmax(net))
        if net[site] == -np.inf:
            break
        chosen.append(site)
        added.append(max(float(adds[site]), 0.0))
        room.take(site)
        span = slice(columns.indptr[site], columns.indptr[site + 1])
        better = columns.data[span] > best[columns.indices[span]]
        place = columns.indices[span][better].astype(np.int64)
        old, new = best[place], columns.data[span][better]
        best[place] = new
        entries, counts = slices(rows.indptr, place)
        lost = np.maximum(rows.data[entries] - np.repeat(old, counts), 0.0)
        lost -= np.maximum(rows.data[entries] - np.repeat(new, counts), 0.0)
        adds -= np.bincount(rows.indices[entries], weights=lost, minlength=gains.n_sites)
    return Sequence(np.array(chosen, dtype=np.int64), np.array(added))


def in_order(gains: Gains, chosen: NDArray[np.int64]) -> Sequence:
    """Order sites already chosen, each time the one that adds most to those before it.

    Sites that add nothing come last, in their own order.
    """
    chosen = np.sort(chosen)
    part = Gains(csr_array(gains.by_site[:, chosen]), gains.people)
    found = greedy(part, unlimited(len(chosen)))
    rest = np.setdiff1d(np.arange(len(chosen)), found.sites)
    return Sequence(
        chosen[np.concatenate([found.sites, rest])],
        np.concatenate([found.added, np.zeros(len(rest))]),
    )


def by_value(
    sites: NDArray[np.int64], value: Callable[[NDArray[np.int64]], float]
) -> NDArray[np.int64]:
    """Order sites so that each next one adds most to a value."""
    order: list[int] = []
    left = [int(site) for site in sites]
    while left:
        values = [value(np.array([*order, site])) for site in left]
        order.append(left.pop(int(np.argmax(values))))
    return np.array(order, dtype=np.int64)
