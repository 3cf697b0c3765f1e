"""Places, candidates and the trips between them: what every objective is asked about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes


@dataclass(frozen=True, eq=False)
class Problem:
    """Places, candidates and trips, in the order of their identifiers.

    The order makes every answer independent of the order of the tables.

    Parameters
    ----------
    demand_ids, site_ids
        Identifiers of places and candidates, sorted.
    people
        Persons of each place.
    minutes
        Trips from places to candidates, rounded; a pair not stored is beyond ``max_minutes``.
    today
        Minutes to the nearest existing Maison, infinite without one.
    max_minutes
        Bound of the trips.
    second
        Minutes to the second nearest existing Maison, infinite without one.
    cost_eur
        Cost of each candidate.
    group
        What each place belongs to (its département), for equity.
    xy_m
        Projected position of each candidate, metres; null where unknown.
    """

    demand_ids: NDArray[np.object_]
    site_ids: NDArray[np.object_]
    people: NDArray[np.int64]
    minutes: csr_array
    today: NDArray[np.float64]
    max_minutes: float
    second: NDArray[np.float64]
    cost_eur: NDArray[np.float64]
    group: NDArray[np.object_]
    xy_m: NDArray[np.float64]
    _rank: dict[str, int] = field(default_factory=dict)

    @property
    def population(self) -> int:
        """Persons in all."""
        return int(self.people.sum())

    def positions(self, sites: Iterable[str]) -> NDArray[np.int64]:
        """Return the columns of some candidates, sorted; unknown ones are left out."""
        found = [self._rank[site] for site in sites if site in self._rank]
        return np.array(sorted(found), dtype=np.int64)

    def of_sites(self, sites: Iterable[str]) -> Problem:
        """Return the problem with some of its candidates only; unknown ones are left out."""
        kept = self.positions(sites)
        site_ids = self.site_ids[kept]
        return replace(
            self,
            site_ids=site_ids,
            minutes=csr_array(self.minutes[:, kept]),
            cost_eur=self.cost_eur[kept],
            xy_m=self.xy_m[kept],
            _rank={site: rank for rank, site in enumerate(site_ids)},
        )

    def pairs_within(self, km: float) -> NDArray[np.int64]:
        """Return the pairs of candidates nearer to each other than a distance, exclusive."""
        placed = np.flatnonzero(np.isfinite(self.xy_m).all(axis=1))
        tree = KDTree(self.xy_m[placed])
        pairs = tree.query_pairs(np.nextafter(1000 * km, 0), output_type="ndarray")
        return np.sort(placed[pairs], axis=1).astype(np.int64).reshape(-1, 2)

    def access_with(self, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the minutes of each place to its nearest Maison once sites are open."""
        access = self.today.copy()
        part = self.minutes[:, chosen].tocoo() if len(chosen) else csr_array((1, 1)).tocoo()
        np.minimum.at(access, part.row, part.data)
        return access


def make_problem(
    times: TravelTimes,
    people: pd.Series,
    today: pd.Series,
    *,
    second: pd.Series | None = None,
    cost_eur: pd.Series | None = None,
    group: pd.Series | None = None,
    xy_m: NDArray[np.float64] | None = None,
) -> Problem:
    """Gather a problem, everything in the order of ``times``.

    Parameters
    ----------
    times
        Trips from places (rows) to candidates (columns).
    people
        Persons of each place, whole.
    today
        Minutes to the nearest existing Maison, null without one.
    second
        Minutes to the second nearest one, null without; nobody has any by default.
    cost_eur
        Cost of each candidate; one euro each by default, so that a budget counts sites.
    group
        What each place belongs to; all together by default.
    xy_m
        Projected position of each candidate, shape (sites, 2), metres.

    Returns
    -------
    Problem
        The same, sorted by identifier.

    Raises
    ------
    DataError
        If an identifier repeats, if lengths differ, or if people or costs are negative or null.
    """
    n_places, n_sites = times.minutes.shape
    columns = {
        "people": (people, n_places),
        "today": (today, n_places),
        "second": (second, n_places),
        "cost_eur": (cost_eur, n_sites),
        "group": (group, n_places),
        "xy_m": (xy_m, n_sites),
    }
    uneven = [
        name for name, (column, n) in columns.items() if column is not None and len(column) != n
    ]
    if uneven or not (times.demand_ids.is_unique and times.site_ids.is_unique):
        raise DataError(
            "les lieux et les candidats du problème d'implantation ne vont pas ensemble"
            + (f" ({', '.join(uneven)})" if uneven else " (identifiants en double)"),
            remedy="donner une valeur par ligne et par colonne des temps de trajet",
        )
    places = np.argsort(times.demand_ids.to_numpy(dtype=object), kind="stable")
    sites = np.argsort(times.site_ids.to_numpy(dtype=object), kind="stable")
    persons = np.asarray(people, dtype=float)
    cost = np.ones(n_sites) if cost_eur is None else np.asarray(cost_eur, dtype=float)
    if not (np.all(persons >= 0) and np.all(persons == np.round(persons)) and np.all(cost >= 0)):
        raise DataError("habitants ou coûts négatifs, absents ou non entiers")
    coo = times.minutes.tocoo()
    place, site = np.argsort(places)[coo.row], np.argsort(sites)[coo.col]
    # Rows and columns are told apart from values: a trip of no time is stored, not absent.
    order = np.lexsort((site, place))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=n_places))])
    minutes = csr_array(
        (np.round(coo.data[order], MINUTES_DECIMALS), site[order], indptr),
        shape=(n_places, n_sites),
    )
    site_ids = times.site_ids.to_numpy(dtype=object)[sites]
    return Problem(
        demand_ids=times.demand_ids.to_numpy(dtype=object)[places],
        site_ids=site_ids,
        people=persons.astype(np.int64)[places],
        minutes=minutes,
        today=_minutes(today, n_places)[places],
        max_minutes=times.max_minutes,
        second=_minutes(second, n_places)[places],
        cost_eur=cost[sites],
        group=(np.full(n_places, "") if group is None else group.to_numpy(dtype=object))[places],
        xy_m=(np.full((n_sites, 2), np.nan) if xy_m is None else np.asarray(xy_m, float))[sites],
        _rank={site: rank for rank, site in enumerate(site_ids)},
    )


def _minutes(values: pd.Series | None, n: int) -> NDArray[np.float64]:
    if values is None:
        return np.full(n, np.inf)
    minutes = np.round(values.to_numpy(dtype=float, na_value=np.nan), MINUTES_DECIMALS)
    return np.where(np.isnan(minutes), np.inf, minutes)
