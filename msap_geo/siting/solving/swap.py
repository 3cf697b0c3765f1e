"""Local search: swap a chosen site for another while it brings more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.compiled import kernel
from msap_geo.siting.solving.limits import CENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

_LEAST = 1e-6
"""A swap must bring more than the noise of a sum of floats, or the search could turn in circles."""

_ROUNDS = 10_000


_MANY_SITES = 2000
_SAME = 1e-6
"""Persons or person-minutes below which two sites bring the same."""


def improve(
    gains: Gains,
    chosen: NDArray[np.int64],
    limits: Limits,
    *,
    penalty: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Swap chosen sites for others, the best swap first, until none brings more.

    Parameters
    ----------
    gains
        What sites bring.
    chosen
        Sites to start from, within the limits.
    limits
        What may be chosen.
    penalty
        What choosing each site costs in the unit of the gains, none by default.

    Returns
    -------
    numpy.ndarray
        Sites, sorted, that bring at least as much, and that no single swap improves.

    Notes
    -----
    Gains, losses and what a pair saves on both are kept per row as Resende & Werneck do (*European
    Journal of Operational Research* 174, 2006): one pass over the gains evaluates every swap.
    """
    sites = np.sort(chosen).astype(np.int64)
    if not len(sites):
        return sites
    toll = np.zeros(gains.n_sites) if penalty is None else penalty
    indptr, rows, values = gains.columns
    for _ in range(_ROUNDS):
        free = limits.free.copy()
        free[sites] = False
        entering, leaving, profit = _best_swap(
            indptr, rows, values, gains.n_rows, sites, free, toll, *_conditions(limits, sites)
        )
        if profit <= _LEAST:
            break
        sites[leaving] = entering
        sites = np.sort(sites)
    return sites


def _conditions(
    limits: Limits, sites: NDArray[np.int64]
) -> tuple[
    NDArray[np.int64],
    NDArray[np.bool_],
    NDArray[np.bool_],
    float,
    NDArray[np.float64],
    NDArray[np.bool_],
]:
    """Return what swaps must respect, site by site where that is enough, pair by pair else."""
    enters, leaves = limits.slack(sites)
    label = np.full(len(limits.free), -1) if limits.label is None else limits.label
    budget = limits.budget_eur
    left = np.inf if budget is None else budget - limits.cost_eur[sites].sum()
    pairwise = bool(limits.exclusive) or limits.label is None
    able = limits.swaps(sites) if pairwise else np.ones((1, 1), dtype=np.bool_)
    return label, enters, leaves, float(left), limits.cost_eur, able


def swap_values(gains: Gains, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each swap would bring, negative where it loses.

    Returns
    -------
    numpy.ndarray
        Shape (sites, chosen): change of the value if the site replaces the chosen one.
    """
    columns = gains.by_site
    profit = np.empty((gains.n_sites, len(chosen)))
    first, second, holder = _holders(
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int64),
        columns.data,
        gains.n_rows,
        chosen.astype(np.int64),
    )
    loss = np.bincount(
        holder[holder >= 0], weights=(first - second)[holder >= 0], minlength=len(chosen)
    )
    # A site that brings nothing to anyone, as most of a country's, saves nothing either.
    profit[:] = 0.0 - loss
    for site in np.flatnonzero(np.diff(columns.indptr)):
        span = slice(columns.indptr[site], columns.indptr[site + 1])
        row, value = columns.indices[span], columns.data[span]
        held = holder[row] >= 0
        both = np.clip(value - second[row], 0.0, (first - second)[row])[held]
        saved = np.bincount(holder[row][held], weights=both, minlength=len(chosen))
        profit[site] = np.maximum(value - first[row], 0.0).sum() - loss + saved
    return profit


def first_of_equals(
    gains: Gains, ties: Gains, chosen: NDArray[np.int64], limits: Limits
) -> NDArray[np.int64]:
    """Swap chosen sites for earlier ones that bring exactly as much of both, until none is left.

    Parameters
    ----------
    gains, ties
        What counts, then what decides between equals.
    chosen
        Sites, within the limits.
    limits
        What may be chosen.

    Returns
    -------
    numpy.ndarray
        Sites, sorted. Of many candidates (:data:`_MANY_SITES`) the sites are left as they are.
    """
    sites = np.sort(chosen).astype(np.int64)
    if gains.n_sites > _MANY_SITES:
        return sites
    for _ in range(_ROUNDS):
        same = limits.swaps(sites)
        for part in (gains, ties):
            same &= np.abs(swap_values(part, sites)) <= _SAME
        same &= np.arange(gains.n_sites)[:, None] < sites[None, :]
        if not same.any():
            break
        entering = int(np.flatnonzero(same.any(axis=1))[0])
        leaving = int(np.flatnonzero(same[entering])[-1])
        sites = np.sort(np.append(np.delete(sites, leaving), entering))
    return sites


@kernel
def _holders(
    indptr: NDArray[np.int64],
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    n_rows: int,
    chosen: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the best and second best gain of each row, and which chosen site gives the best."""
    first, second = np.zeros(n_rows), np.zeros(n_rows)
    holder = np.full(n_rows, -1, dtype=np.int64)
    for rank in range(len(chosen)):
        for entry in range(indptr[chosen[rank]], indptr[chosen[rank] + 1]):
            row, value = rows[entry], values[entry]
            if value > first[row]:
                second[row] = first[row]
                first[row] = value
                holder[row] = rank
            elif value > second[row]:
                second[row] = value
    return first, second, holder


@kernel
def _may(  # noqa: PLR0913, PLR0917 - a numba kernel: flat code over arrays
    site: int,
    rank: int,
    chosen: NDArray[np.int64],
    label: NDArray[np.int64],
    enters: NDArray[np.bool_],
    leaves: NDArray[np.bool_],
    left: float,
    cost: NDArray[np.float64],
    able: NDArray[np.bool_],
) -> bool:
    """Tell whether a site may replace a chosen one."""
    other = chosen[rank]
    if label[site] != label[other] and not (enters[site] and leaves[other]):
        return False
    if cost[site] - cost[other] > left + CENT:
        return False
    return bool(able.shape[0] != len(label) or able[site, rank])


@kernel
def _best_swap(  # noqa: PLR0912, PLR0913, PLR0917, C901 - a numba kernel: flat code over arrays
    indptr: NDArray[np.int64],
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    n_rows: int,
    chosen: NDArray[np.int64],
    free: NDArray[np.bool_],
    toll: NDArray[np.float64],
    label: NDArray[np.int64],
    enters: NDArray[np.bool_],
    leaves: NDArray[np.bool_],
    left: float,
    cost: NDArray[np.float64],
    able: NDArray[np.bool_],
) -> tuple[int, int, float]:
    """Return the site that enters, the rank of the one that leaves, and what the swap brings.

    A swap must keep within the money left, within one group or out of a group that can spare a site
    and into one that has room, and be able where pairs are told.
    """
    first, second, holder = _holders(indptr, rows, values, n_rows, chosen)
    n = len(chosen)
    loss = np.zeros(n)
    for row in range(n_rows):
        if holder[row] >= 0:
            loss[holder[row]] += first[row] - second[row]
    for rank in range(n):
        loss[rank] -= toll[chosen[rank]]
    by_loss = np.argsort(loss, kind="mergesort")
    saved = np.zeros(n)
    touched = np.empty(n, dtype=np.int64)
    seen = np.zeros(n, dtype=np.bool_)
    best_profit, entering, leaving = 0.0, -1, -1
    for site in range(len(free)):
        if not free[site]:
            continue
        gain = -toll[site]
        n_touched = 0
        for entry in range(indptr[site], indptr[site + 1]):
            row, value = rows[entry], values[entry]
            if value > first[row]:
                gain += value - first[row]
            if holder[row] >= 0 and value > second[row]:
                rank = holder[row]
                if not seen[rank]:
                    seen[rank] = True
                    touched[n_touched] = rank
                    n_touched += 1
                saved[rank] += min(value, first[row]) - second[row]
        for k in range(n_touched):
            rank = touched[k]
            profit = gain - loss[rank] + saved[rank]
            if profit > best_profit + 1e-9 and _may(
                site, rank, chosen, label, enters, leaves, left, cost, able
            ):
                best_profit, entering, leaving = profit, site, rank
        for k in range(n):
            rank = by_loss[k]
            if gain - loss[rank] <= best_profit + 1e-9:
                break
            if not seen[rank] and _may(site, rank, chosen, label, enters, leaves, left, cost, able):
                best_profit, entering, leaving = gain - loss[rank], site, rank
                break
        for k in range(n_touched):
            saved[touched[k]] = 0.0
            seen[touched[k]] = False
    return entering, leaving, best_profit
