"""What each site would bring each place: the one form most objectives are solved in.

Maximal covering, covering with decay and p-median all ask for the sites ``S`` that maximise
``Σ_i max_{j ∈ S} v_ij``, where ``v_ij ≥ 0`` is what opening ``j`` alone would bring the people of
place ``i`` over what they have today (Cornuéjols, Fisher & Nemhauser, *Management Science* 23,
1977). Existing Maisons are thus locked in by construction, and a pair that improves nothing is
never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array

from msap_geo.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEGLIGIBLE = 1e-6
"""Below a millionth of a person (or of a person-minute) a gain is the noise of a sum of floats."""


@dataclass(frozen=True, eq=False)
class Gains:
    """Gains of places (rows) from sites (columns).

    Parameters
    ----------
    by_row
        Positive gains, people counted; shape (rows, sites), indices sorted.
    people
        Persons of each row, which gain alike: ``by_row / people`` is the gain of one of them.
    """

    by_row: csr_array
    people: NDArray[np.float64]

    @cached_property
    def by_site(self) -> csc_array:
        """The same gains by column."""
        return csc_array(self.by_row)

    @cached_property
    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Start of each column, rows and gains: what kernels read."""
        table = self.by_site
        return table.indptr.astype(np.int64), table.indices.astype(np.int64), table.data

    @property
    def n_sites(self) -> int:
        """Number of candidate sites."""
        return int(self.by_row.shape[1])

    @property
    def n_rows(self) -> int:
        """Number of rows, each one place or several that gain alike."""
        return int(self.by_row.shape[0])

    @cached_property
    def entry_row(self) -> NDArray[np.int64]:
        """Row of each stored gain."""
        return np.repeat(np.arange(self.n_rows), np.diff(self.by_row.indptr))

    def alone(self) -> NDArray[np.float64]:
        """Return what each site would bring alone."""
        return np.asarray(self.by_row.sum(axis=0), dtype=float).ravel()

    def best(self, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what each row gains from the best of the sites chosen."""
        found: NDArray[np.float64] = _best(*self.columns, self.n_rows, chosen.astype(np.int64))
        return found

    def value(self, chosen: NDArray[np.int64]) -> float:
        """Return what a set of sites brings."""
        return float(self.best(chosen).sum())

    def without(self, gone: NDArray[np.bool_], *, opened: NDArray[np.int64]) -> Gains:
        """Return the gains left once some sites are open for good and others gone.

        Parameters
        ----------
        gone
            Sites no longer to choose, shape (sites,); their columns stay, empty.
        opened
            Sites that are open: only what improves on them is left.
        """
        left = self.by_row.data - self.best(opened)[self.entry_row]
        left[gone[self.by_row.indices]] = 0.0
        return from_pairs(self.entry_row, self.by_row.indices, left, self.people, self.n_sites)


@kernel
def _best(
    indptr: NDArray[np.int64],
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    n_rows: int,
    chosen: NDArray[np.int64],
) -> NDArray[np.float64]:
    best = np.zeros(n_rows)
    for site in chosen:
        for entry in range(indptr[site], indptr[site + 1]):
            best[rows[entry]] = max(best[rows[entry]], values[entry])
    return best


def grain_of(values: NDArray[np.float64]) -> float:
    """Return the largest thousandths all the values are multiples of, nought if there are none.

    Times are kept to a thousandth of a minute and people are whole, so that sums of person-minutes
    fall on such a grid, and so does a bound on them, once rounded.

    Parameters
    ----------
    values
        Gains (or costs).
    """
    scaled = values * _THOUSAND
    whole = np.rint(scaled)
    if not len(values) or scaled.max() > _LARGEST or np.abs(scaled - whole).max() > _SAME:
        return 0.0
    return float(np.gcd.reduce(whole.astype(np.int64))) / _THOUSAND


_THOUSAND, _LARGEST, _SAME = 1e3, 1e12, 1e-3


def rounded_down(bound: float, grain: float) -> float:
    """Return the highest multiple of a grain that a bound allows; the bound itself without one."""
    if not grain or not np.isfinite(bound):
        return bound
    # A thousandth is no binary fraction: thousandths are counted, then divided.
    return float(np.floor(bound / grain + _HAIR)) * round(grain * _THOUSAND) / _THOUSAND


def rounded_up(bound: float, grain: float) -> float:
    """Return the lowest multiple of a grain that a bound from below allows."""
    return 0.0 - rounded_down(-bound, grain)


_HAIR = 1e-6
"""Share of the grain a bound may miss a multiple by and still allow it: the noise of solvers."""


def from_pairs(
    rows: NDArray[np.int64],
    sites: NDArray[np.int64],
    values: NDArray[np.float64],
    people: NDArray[np.float64],
    n_sites: int,
) -> Gains:
    """Make gains of pairs, leaving out those that bring nothing and the rows left empty.

    Parameters
    ----------
    rows, sites, values
        Pairs and what each brings, people counted.
    people
        Persons of each row.
    n_sites
        Number of sites.
    """
    kept = values > NEGLIGIBLE
    filled, renumbered = np.unique(rows[kept], return_inverse=True)
    table = csr_array((values[kept], (renumbered, sites[kept])), shape=(len(filled), n_sites))
    table.sort_indices()
    return Gains(table, people[filled].astype(float))


def slices(
    indptr: NDArray[np.int32], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the entries of some rows, and how many each row has."""
    counts = (indptr[chosen + 1] - indptr[chosen]).astype(np.int64)
    ends = np.cumsum(counts)
    starts = np.repeat(indptr[chosen].astype(np.int64) - (ends - counts), counts)
    return starts + np.arange(ends[-1] if len(ends) else 0), counts
