"""Weighted statistics by group, all groups in one pass.

A statistic of inhabitants, not of places: every figure weighs a place by the people it holds, and
equals the plain statistic of the list that repeats each place's time once per inhabitant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRAIN = 1000
"""Weights are settled to a thousandth, so that running sums are whole numbers, hence exact."""

_SLACK = 1e-12
"""Relative rounding forgiven when a quantile falls exactly between two inhabitants."""


def group_sums(
    group: NDArray[np.int64], values: NDArray[np.float64], n_groups: int
) -> NDArray[np.float64]:
    """Return the sum of each group, shape (n_groups,); null values count for nothing."""
    return np.bincount(group, weights=np.nan_to_num(values), minlength=n_groups).astype(float)


def group_means(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    group: NDArray[np.int64],
    n_groups: int,
) -> NDArray[np.float64]:
    """Return the weighted mean of each group over its known values, null where there is none.

    Parameters
    ----------
    values, weights
        Shape (n,); null values and their weights are left out.
    group
        Group of each value, from 0, shape (n,).
    n_groups
        Number of groups.
    """
    known = np.where(np.isnan(values), 0.0, weights)
    total = group_sums(group, known, n_groups)
    product = group_sums(group, known * np.nan_to_num(values), n_groups)
    mean: NDArray[np.float64] = np.divide(
        product, total, out=np.full(n_groups, np.nan), where=total > 0
    )
    return mean


def group_quantiles(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    group: NDArray[np.int64],
    n_groups: int,
    *,
    share: float,
) -> NDArray[np.float64]:
    """Return the weighted quantile of each group.

    The smallest value that at least ``share`` of the group's weight does not exceed: the inverse
    of the empirical distribution (type 1 of Hyndman & Fan, *Sample quantiles in statistical
    packages*, The American Statistician 50, 1996), never a value nobody has.

    Parameters
    ----------
    values
        Shape (n,). A null is worse than every number (an unreachable site).
    weights
        Shape (n,), not negative; a value without weight is nobody's.
    group
        Group of each value, from 0, shape (n,).
    n_groups
        Number of groups.
    share
        In (0, 1]; 1 is the worst value.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups,); null where the quantile falls among the nulls, or without weight.
    """
    ranked = np.where(np.isnan(values), np.inf, values)
    grains = np.rint(_GRAIN * np.asarray(weights, dtype=float)).astype(np.int64)
    order = np.lexsort((ranked, group))
    order = order[grains[order] > 0]
    if not len(order):
        return np.full(n_groups, np.nan)
    running = np.cumsum(grains[order])
    # One running sum over all the groups: each group's target is searched past those before it.
    first, last = (
        np.searchsorted(group[order], np.arange(n_groups), side=side) for side in ("left", "right")
    )
    before = np.concatenate([[0], running])
    total = before[last] - before[first]
    target = before[first] + np.ceil(share * total * (1 - _SLACK)).astype(np.int64)
    position = np.minimum(np.searchsorted(running, target, side="left"), len(order) - 1)
    found = ranked[order][position]
    return np.where((total == 0) | np.isinf(found), np.nan, found)
