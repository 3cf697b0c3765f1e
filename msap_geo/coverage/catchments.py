"""Who goes where: catchments, of the nearest site and of Huff.

Notation: pᵢ people of place i, Sⱼ weekly hours of site j, tᵢⱼ minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.floating import checked_amounts, rows_to_one, same_places
from msap_geo.coverage.territories import POPULATION, target_groups
from msap_geo.coverage.weighted import group_means, group_sums

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from msap_geo.travel import TravelTimes

HUFF_EXPONENT = 2.0
"""How fast attraction falls with time; Huff (*A probabilistic analysis of shopping center trade
areas*, Land Economics 39, 1963) found between 2 and 3 for shops. Ours, until trips are surveyed."""

HUFF_NEAREST_MINUTES = 1.0
"""Trips under a minute attract as one of a minute: the formula is infinite at nought."""


class Huff(NamedTuple):
    """How sites attract: ``size ** size_exponent`` over ``minutes ** time_exponent``."""

    size_exponent: float = 1.0
    time_exponent: float = HUFF_EXPONENT

    def attraction(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what sites attract by; one of no size attracts nobody who has another."""
        found: NDArray[np.float64] = np.zeros(len(size))
        found[size > 0] = size[size > 0] ** self.size_exponent
        return found


HUFF = Huff()
"""The usual law, until visits are given."""

OVERLOADED, UNDERUSED = 2.0, 0.5
"""Multiples of the median load beyond which a Maison is overloaded, or under-used; ours."""


def catchments(
    places: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    supply: pd.DataFrame,
    times: TravelTimes,
    *,
    huff: Huff = HUFF,
) -> pd.DataFrame:
    """Tell how many people each site serves, and for how many hours.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`: nearest site of each place.
    sites
        The sites: each has a row, even if nobody goes to it.
    supply
        Weekly hours of each site (:func:`msap_geo.coverage.opening.weekly_supply`).
    times
        Travel times from these places to these sites, for the Huff catchment.
    huff
        How weekly hours and minutes attract (:func:`msap_geo.coverage.attendance.calibrate`).

    Returns
    -------
    pandas.DataFrame
        One row per site, the most loaded first:

        ``site_id, nom, heures, heures_supposees``
            The site and its weekly hours.
        ``habitants``, and the target groups of ``places``
            Σ pᵢ of the places whose nearest it is: these catchments add up to the people who reach
            a site at all.
        ``minutes_moyennes``
            Their mean time.
        ``habitants_huff``
            Σ pᵢ Pᵢⱼ (:func:`huff_probabilities`), attraction by weekly hours, among the sites
            within the bound of ``times``: they add up to the people who have one within it.
        ``habitants_par_heure``
            ``habitants_huff`` / ``heures``; null for a site never open.
        ``charge``
            ``surchargée``, ``sous-utilisée`` or ``ordinaire``, by :data:`OVERLOADED` and
            :data:`UNDERUSED`; ``jamais ouverte`` without hours.
    """
    schemas.check(places, schemas.PLACES)
    same_places(places, times)
    ids = pd.Index(sites["site_id"])
    served = places[places["site_id"].notna()]
    site = ids.get_indexer(served["site_id"])
    n = len(ids)
    people = served[POPULATION].to_numpy(dtype=float)
    given = supply.set_index("site_id").reindex(ids)
    hours = given["heures"].to_numpy(dtype=float)
    attraction = huff.attraction(_in_order(ids, hours, times))
    shares = huff_probabilities(times, attraction, exponent=huff.time_exponent)
    drawn = shares.T @ places[POPULATION].to_numpy(dtype=float)
    expected = pd.Series(drawn, index=times.site_ids).reindex(ids).to_numpy()
    load = np.divide(expected, hours, out=np.full(n, np.nan), where=hours > 0)
    return (
        pd.DataFrame(
            {
                "site_id": ids.to_numpy(dtype=object),
                "nom": sites["nom"].to_numpy(dtype=object),
                "heures": hours.round(2),
                "heures_supposees": given["heures_supposees"].to_numpy(dtype=bool),
                "habitants": group_sums(site, people, n).astype(np.int64),
                **{
                    name: _known_sums(site, served[name].to_numpy(dtype=float), n)
                    for name in target_groups(places)
                },
                "minutes_moyennes": group_means(
                    served["minutes"].to_numpy(dtype=float), people, site, n
                ).round(MINUTES_DECIMALS),
                "habitants_huff": expected.round(1),
                "habitants_par_heure": load.round(2),
                "charge": _load_class(load),
            }
        )
        .sort_values(["habitants_par_heure", "site_id"], ascending=[False, True])
        .reset_index(drop=True)
    )


def _known_sums(
    group: NDArray[np.int64], values: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return sums over what is known; null where there is something and nothing of it is known."""
    unknown = np.isnan(values)
    none = np.bincount(group[unknown], minlength=n) == np.bincount(group, minlength=n)
    none &= np.bincount(group, minlength=n) > 0
    return np.where(none, np.nan, group_sums(group, values, n).round(1))


def _load_class(load: NDArray[np.float64]) -> NDArray[np.object_]:
    known = load[~np.isnan(load)]
    middle = np.median(known) if len(known) else np.nan
    conditions = [np.isnan(load), load > OVERLOADED * middle, load < UNDERUSED * middle]
    named: NDArray[np.object_] = np.select(
        conditions, ["jamais ouverte", "surchargée", "sous-utilisée"], default="ordinaire"
    ).astype(object)
    return named


def huff_probabilities(
    times: TravelTimes,
    attraction: NDArray[np.float64],
    *,
    exponent: float = HUFF_EXPONENT,
) -> csr_array:
    """Return the probability that each place's people choose each site.

    Pᵢⱼ = Aⱼ tᵢⱼ⁻ᵝ / Σₖ Aₖ tᵢₖ⁻ᵝ over the sites stored in ``times`` (Huff, 1963).

    Parameters
    ----------
    times
        Travel times.
    attraction
        Aⱼ of each site, in the order of ``times.site_ids``; those of none attract nobody, unless
        a place has no other.
    exponent
        β.

    Returns
    -------
    scipy.sparse.csr_array
        Shape of ``times``; the rows of places that reach a site add up to 1.

    Raises
    ------
    DataError
        If an attraction is absent, negative or not one a site.
    """
    checked_amounts(attraction, times.minutes.shape[1], "attraction des sites")
    minutes = np.maximum(times.minutes.data, HUFF_NEAREST_MINUTES)
    # Even a site never open draws those who have no other: nobody within reach is lost.
    least = 1e-9
    pull = np.maximum(attraction, least)[times.minutes.indices] * minutes**-exponent
    return rows_to_one(times, pull)


def _in_order(
    ids: pd.Index, values: NDArray[np.float64], times: TravelTimes
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values[ids.get_indexer(times.site_ids)]
    return found
