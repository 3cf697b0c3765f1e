"""Who goes where, and how much of a Maison each person has: catchments and floating catchments.

Notation: pᵢ people of place i, Sⱼ weekly hours of site j, tᵢⱼ minutes, w(t) a weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.territories import POPULATION, target_groups
from msap_geo.coverage.weighted import group_means, group_sums
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

E2SFCA_MINUTES = (10.0, 20.0, 30.0)
E2SFCA_WEIGHTS = (1.0, 0.68, 0.22)
"""Travel zones and their weights, Luo & Qi, *An enhanced two-step floating catchment area (E2SFCA)
method*, Health & Place 15, 2009 (the slower of their two Gaussian decays)."""

HUFF_EXPONENT = 2.0
"""How fast attraction falls with time; Huff (*A probabilistic analysis of shopping center trade
areas*, Land Economics 39, 1963) found between 2 and 3 for shops. Ours, until trips are surveyed."""

HUFF_NEAREST_MINUTES = 1.0
"""Trips under a minute attract as one of a minute: the formula is infinite at nought."""

OVERLOADED, UNDERUSED = 2.0, 0.5
"""Multiples of the median load beyond which a Maison is overloaded, or under-used; ours."""

PER_PEOPLE = 1000.0


def catchments(
    places: pd.DataFrame, sites: gpd.GeoDataFrame, supply: pd.DataFrame, times: TravelTimes
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
    _same_places(places, times)
    ids = pd.Index(sites["site_id"])
    served = places[places["site_id"].notna()]
    site = ids.get_indexer(served["site_id"])
    n = len(ids)
    people = served[POPULATION].to_numpy(dtype=float)
    given = supply.set_index("site_id").reindex(ids)
    hours = given["heures"].to_numpy(dtype=float)
    shares = huff_probabilities(times, _in_order(ids, hours, times))
    drawn = shares.T @ places[POPULATION].to_numpy(dtype=float)
    huff = pd.Series(drawn, index=times.site_ids).reindex(ids).to_numpy()
    load = np.divide(huff, hours, out=np.full(n, np.nan), where=hours > 0)
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
                "habitants_huff": huff.round(1),
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
    """
    minutes = np.maximum(times.minutes.data, HUFF_NEAREST_MINUTES)
    # Even a site never open draws those who have no other: nobody within reach is lost.
    least = 1e-9
    pull = np.maximum(attraction, least)[times.minutes.indices] * minutes**-exponent
    return _rows_to_one(times, pull)


def two_step(
    times: TravelTimes,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
    *,
    threshold: float,
) -> pd.Series:
    """Return the two-step floating catchment index of each place.

    Rⱼ = Sⱼ / Σᵢ pᵢ over the places within the threshold of j; Aᵢ = Σⱼ Rⱼ over the sites within the
    threshold of i (Luo & Wang, *Measures of spatial accessibility to health care in a GIS
    environment*, Environment and Planning B 30, 2003).

    Parameters
    ----------
    times
        Travel times, at least as far as the threshold.
    people, supply
        People of each place and supply of each site, in the order of ``times``.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.Series
        Supply per person, index ``demand_id``. Σ pᵢAᵢ is the supply of the sites that someone has
        within reach.
    """
    return _floating(times, people, supply, (threshold,), (1.0,))


def enhanced_two_step(
    times: TravelTimes,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
    *,
    zones: Sequence[float] = E2SFCA_MINUTES,
    weights: Sequence[float] = E2SFCA_WEIGHTS,
) -> pd.Series:
    """Return the enhanced two-step index of each place: :func:`two_step` with weights by zone.

    Rⱼ = Sⱼ / Σᵢ pᵢ w(tᵢⱼ); Aᵢ = Σⱼ Rⱼ w(tᵢⱼ) (Luo & Qi, 2009).

    Parameters
    ----------
    times, people, supply
        As for :func:`two_step`.
    zones, weights
        Upper bound of each zone, minutes, inclusive, increasing; and its weight.
    """
    return _floating(times, people, supply, zones, weights)


def three_step(
    times: TravelTimes,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
    *,
    zones: Sequence[float] = E2SFCA_MINUTES,
    weights: Sequence[float] = E2SFCA_WEIGHTS,
) -> pd.Series:
    """Return the three-step index: people share themselves among their sites before queueing.

    Gᵢⱼ = w(tᵢⱼ) / Σₖ w(tᵢₖ); Rⱼ = Sⱼ / Σᵢ Gᵢⱼ pᵢ w(tᵢⱼ); Aᵢ = Σⱼ Gᵢⱼ Rⱼ w(tᵢⱼ) (Wan, Zou &
    Sternberg, *A three-step floating catchment area method*, IJGIS 26, 2012).

    Parameters
    ----------
    times, people, supply, zones, weights
        As for :func:`enhanced_two_step`.
    """
    weight = _zone_weights(times, zones, weights)
    chosen = _rows_to_one(times, weight.data)
    return _two_steps(times, weight * chosen, people, supply)


def accessibility(
    times: TravelTimes,
    places: pd.DataFrame,
    supply: NDArray[np.float64],
    *,
    threshold: float,
    need: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Put the indices of each place side by side, in weekly hours for a thousand inhabitants.

    Parameters
    ----------
    times
        Travel times, at least as far as the threshold and the last E2SFCA zone.
    places
        Table under :data:`msap_geo.schemas.PLACES`, rows of ``times``.
    supply
        Weekly hours of each site, in the order of ``times``.
    threshold
        Minutes, inclusive, for the two-step index.
    need
        People of each place re-weighted by what they need
        (:func:`msap_geo.coverage.nested_zones.fragile_people`).

    Returns
    -------
    pandas.DataFrame
        ``demand_id, deux_etapes`` (:func:`two_step`), ``deux_etapes_ameliorees``
        (:func:`enhanced_two_step`), ``trois_etapes`` (:func:`three_step`) and ``apl``: the enhanced
        index with ``need`` in the place of people, as the DREES does with age for general
        practitioners (*accessibilité potentielle localisée*, Barlet et al., Études et résultats
        795, 2012); null without ``need``. ``apl`` is per thousand standardised inhabitants.
    """
    _same_places(places, times)
    people = places[POPULATION].to_numpy(dtype=float)
    standard = np.full(len(people), np.nan) if need is None else need
    indices = {
        "deux_etapes": two_step(times, people, supply, threshold=threshold),
        "deux_etapes_ameliorees": enhanced_two_step(times, people, supply),
        "trois_etapes": three_step(times, people, supply),
        "apl": enhanced_two_step(times, standard, supply) * np.where(np.isnan(standard), np.nan, 1),
    }
    table = pd.DataFrame({name: PER_PEOPLE * index for name, index in indices.items()}).round(4)
    return table.rename_axis("demand_id").reset_index()


def _floating(
    times: TravelTimes,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
    zones: Sequence[float],
    weights: Sequence[float],
) -> pd.Series:
    return _two_steps(times, _zone_weights(times, zones, weights), people, supply)


def _two_steps(
    times: TravelTimes,
    weight: csr_array,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
) -> pd.Series:
    queue = weight.T @ people
    ratio = np.divide(supply, queue, out=np.zeros(len(supply)), where=queue > 0)
    return pd.Series(weight @ ratio, index=times.demand_ids)


def _zone_weights(
    times: TravelTimes, zones: Sequence[float], weights: Sequence[float]
) -> csr_array:
    if max(zones) > times.max_minutes:
        raise DataError(
            f"les temps s'arrêtent à {times.max_minutes:g} min, l'indice en demande {max(zones):g}",
            remedy="les recalculer avec travel.matrix et un max_minutes plus grand",
        )
    rank = np.searchsorted(zones, times.minutes.data.round(MINUTES_DECIMALS), side="left")
    by_rank = np.append(np.asarray(weights, dtype=float), 0.0)
    return _like(times, by_rank[rank])


def _rows_to_one(times: TravelTimes, values: NDArray[np.float64]) -> csr_array:
    """Scale values so that each row adds up to 1; a row of noughts stays one."""
    row = np.repeat(np.arange(times.minutes.shape[0]), np.diff(times.minutes.indptr))
    total = np.bincount(row, weights=values, minlength=times.minutes.shape[0])[row]
    return _like(times, np.divide(values, total, out=np.zeros(len(values)), where=total > 0))


def _like(times: TravelTimes, values: NDArray[np.float64]) -> csr_array:
    stored = times.minutes
    return csr_array((values, stored.indices, stored.indptr), shape=stored.shape)


def _in_order(
    ids: pd.Index, values: NDArray[np.float64], times: TravelTimes
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values[ids.get_indexer(times.site_ids)]
    return found


def _same_places(places: pd.DataFrame, times: TravelTimes) -> None:
    if list(places["demand_id"]) != list(times.demand_ids):
        raise DataError(
            "les temps de trajet ne sont pas ceux de ces lieux",
            remedy="les recalculer avec travel.matrix sur la même table",
        )
