"""Several services at once: who has them all, which one is missing, where one more completes most.

Notation: tᵢₛ minutes from place i to the nearest site of service s, pᵢ people of place i.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def basket_minutes(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the whole basket is: Tᵢ = maxₛ tᵢₛ, the farthest of its services.

    Parameters
    ----------
    minutes
        tᵢₛ, places × services; infinite where no road leads to any.

    Returns
    -------
    numpy.ndarray
        Minutes of each place; zero for a basket of nothing.
    """
    whole: NDArray[np.float64] = minutes.max(axis=1, initial=0.0)
    return whole


def missing_services(
    minutes: NDArray[np.float64],
    threshold: float,
    *,
    days: NDArray[np.float64] | None = None,
    most_days: float = np.inf,
) -> NDArray[np.bool_]:
    """Return which services each place lacks.

    Parameters
    ----------
    minutes
        tᵢₛ, places × services.
    threshold
        Minutes, inclusive.
    days
        Days one waits at best for each service within the threshold; no wait by default.
    most_days
        A longer wait is no open door.

    Returns
    -------
    numpy.ndarray
        Places × services.
    """
    lacking: NDArray[np.bool_] = ~(minutes <= threshold)
    if days is not None:
        lacking |= ~(days <= most_days)
    return lacking


def least_wait(
    reach: csr_array, days: NDArray[np.float64], *, n_places: int
) -> NDArray[np.float64]:
    """Return the days one waits at best within reach, infinite where no site is.

    Parameters
    ----------
    reach
        Sites within reach of each place, places × sites, every stored pair counts.
    days
        Days of each site.
    n_places
        Rows.
    """
    best = np.full(n_places, np.inf)
    row = np.repeat(np.arange(n_places), np.diff(reach.indptr))
    np.minimum.at(best, row, days[reach.indices])
    return best


def one_more_service(
    reach: csr_array, people: NDArray[np.int64], lacking: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the baskets each service, opened at each site, would complete.

    Σᵢ pᵢ over the places within reach of the site that lack this service and no other.

    Parameters
    ----------
    reach
        Sites within reach of each place, places × sites, every stored pair counts.
    people
        Inhabitants of each place.
    lacking
        Places × services (:func:`missing_services`).

    Returns
    -------
    numpy.ndarray
        Inhabitants, sites × services.
    """
    alone = lacking & (lacking.sum(axis=1) == 1)[:, None]
    # A trip of no time is stored, and counts: what is stored is taken, not what it holds.
    ones = np.ones(len(reach.data), dtype=np.int64)
    pairs = csr_array((ones, reach.indices, reach.indptr), shape=reach.shape)
    completed: NDArray[np.int64] = np.asarray(pairs.T @ (alone * people[:, None]), dtype=np.int64)
    return completed


def most_missed(
    lacking: NDArray[np.bool_],
    people: NDArray[np.int64],
    group: NDArray[np.int64],
    *,
    n_groups: int,
    services: Sequence[str],
) -> list[tuple[str, int]]:
    """Return the service most people of each group lack, and how many; the first of equals.

    Parameters
    ----------
    lacking, people
        As for :func:`one_more_service`.
    group
        Group of each place.
    n_groups
        How many groups.
    services
        Names, columns of ``lacking``.

    Returns
    -------
    list of (str, int)
        Empty name where nobody lacks anything.
    """
    sums = np.zeros((n_groups, len(services)), dtype=np.int64)
    np.add.at(sums, group, lacking * people[:, None])
    if not len(services):
        return [("", 0)] * n_groups
    best = sums.argmax(axis=1)
    return [
        (services[rank] if sums[row, rank] else "", int(sums[row, rank]))
        for row, rank in enumerate(best)
    ]
