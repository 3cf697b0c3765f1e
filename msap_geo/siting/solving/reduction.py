"""The same problem, smaller: every optimum of what is left is one of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from msap_geo.compiled import kernel
from msap_geo.siting.solving.gains import NEGLIGIBLE, Gains, slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS = 9


def merged(gains: Gains) -> Gains:
    """Merge the rows that gain alike into one, which counts their people together.

    Places with the same sites, and the same gain per person from each, answer any choice alike.

    Returns
    -------
    Gains
        In the order of the first row of each kind.
    """
    table = gains.by_row
    if not gains.n_rows:
        return gains
    counts = np.diff(table.indptr)
    unit = np.round(table.data / gains.people[gains.entry_row], _DECIMALS)
    # Rows are grouped by a hash of their (site, gain) pairs, then compared pair by pair: a
    # collision costs a merge, never an error.
    seeds = np.random.default_rng(0).integers(1, 2**63, gains.n_sites, dtype=np.uint64)
    mixed = seeds[table.indices] * (unit.view(np.uint64) | np.uint64(1))
    mixed ^= mixed >> np.uint64(29)
    _, first, kind = np.unique(
        np.add.reduceat(mixed, table.indptr[:-1]), return_index=True, return_inverse=True
    )
    itself = np.arange(gains.n_rows)
    model = np.where(counts[first[kind]] == counts, first[kind], itself)
    entry, _ = slices(table.indptr, model)
    agree = (table.indices[entry] == table.indices) & (unit[entry] == unit)
    model = np.where(np.logical_and.reduceat(agree, table.indptr[:-1]), model, itself)
    kept = np.unique(model)
    people = np.bincount(model, weights=gains.people, minlength=gains.n_rows)[kept]
    rows = csr_array(table[kept])
    rows.data = rows.data * np.repeat(people / gains.people[kept], counts[kept])
    return Gains(rows, people)


def dominated(gains: Gains, cost_eur: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which sites another one, no dearer, replaces everywhere.

    A site that brings nothing is dominated. Of sites that bring the same, the first stays.

    Parameters
    ----------
    gains
        What sites bring.
    cost_eur
        Cost of each site.
    """
    rows, columns = gains.by_row, gains.by_site
    gone: NDArray[np.bool_] = _dominated(
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int64),
        rows.data,
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int64),
        columns.data,
        cost_eur,
    )
    return gone


@kernel
def _dominated(
    row_start: NDArray[np.int64],
    row_site: NDArray[np.int64],
    row_value: NDArray[np.float64],
    site_start: NDArray[np.int64],
    site_row: NDArray[np.int64],
    site_value: NDArray[np.float64],
    cost: NDArray[np.float64],
) -> NDArray[np.bool_]:
    n = len(site_start) - 1
    gone = np.zeros(n, dtype=np.bool_)
    times = np.zeros(n, dtype=np.int64)
    for site in range(n):
        first, last = site_start[site], site_start[site + 1]
        if first == last:
            gone[site] = True
            continue
        # Whoever replaces the site serves each of its rows: those of its first row are counted.
        begin, end = row_start[site_row[first]], row_start[site_row[first] + 1]
        for entry in range(begin, end):
            times[row_site[entry]] = 0
        for place in range(first, last):
            row, least = site_row[place], site_value[place] - NEGLIGIBLE
            for entry in range(row_start[row], row_start[row + 1]):
                if row_value[entry] >= least:
                    times[row_site[entry]] += 1
        for entry in range(begin, end):
            other = row_site[entry]
            if (
                times[other] == last - first
                and other != site
                and not gone[other]
                and cost[other] <= cost[site]
            ):
                gone[site] = True
                break
    return gone


def regions(table: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split places and sites into regions that share no pair.

    Parameters
    ----------
    table
        Pairs that count, shape (places, sites).

    Returns
    -------
    tuple of numpy.ndarray
        Region of each place and of each site, numbered together from 0.
    """
    places, sites = table.shape
    coo = table.tocoo()
    size = places + sites
    graph = coo_array((np.ones(len(coo.row)), (coo.row, places + coo.col)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    return label[:places].astype(np.int64), label[places:].astype(np.int64)
