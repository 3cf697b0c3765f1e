"""Floating catchments: how much of a Maison each person has, once those who share it are counted.

Notation: pᵢ people of place i, Sⱼ weekly hours of site j, tᵢⱼ minutes, w(t) a weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import french
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.territories import POPULATION
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

E2SFCA_MINUTES = (10.0, 20.0, 30.0)
E2SFCA_WEIGHTS = (1.0, 0.68, 0.22)
"""Travel zones and their weights, Luo & Qi, *An enhanced two-step floating catchment area (E2SFCA)
method*, Health & Place 15, 2009 (the slower of their two Gaussian decays)."""

PER_PEOPLE = 1000.0


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
    chosen = rows_to_one(times, weight.data)
    return _two_steps(times, weight * chosen, people, supply)


def balanced(
    times: TravelTimes,
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
    *,
    zones: Sequence[float] = E2SFCA_MINUTES,
    weights: Sequence[float] = E2SFCA_WEIGHTS,
) -> pd.Series:
    """Return the balanced index: nobody is counted twice, nor any hour.

    Lⱼ = Sⱼ / Σᵢ pᵢ wᵢⱼ/Σₖ wᵢₖ; Aᵢ = Σⱼ Lⱼ wᵢⱼ/Σₖ wₖⱼ (Páez, Higgins & Vivona, *Demand and level of
    service inflation in floating catchment area methods*, PLOS ONE 14, 2019). The two-step methods
    let a person queue in full before each site within reach (:func:`people_counted`); here the
    queues add up to the people, and the indices to the levels of service Lⱼ. Each place takes its
    share of a level of service: the index depends on how the territory is cut into places.

    Parameters
    ----------
    times, people, supply, zones, weights
        As for :func:`enhanced_two_step`.

    Returns
    -------
    pandas.Series
        Share of supply per person, index ``demand_id``.
    """
    weight = _zone_weights(times, zones, weights)
    _checked(times, people, supply)
    queue = rows_to_one(times, weight.data).T @ people
    level = np.divide(supply, queue, out=np.zeros(len(supply)), where=queue > 0)
    total = np.bincount(weight.indices, weights=weight.data, minlength=len(supply))
    share = np.divide(level, total, out=np.zeros(len(supply)), where=total > 0)
    return pd.Series(weight @ share, index=times.demand_ids)


def people_counted(
    times: TravelTimes,
    people: NDArray[np.float64],
    *,
    zones: Sequence[float] = E2SFCA_MINUTES,
    weights: Sequence[float] = E2SFCA_WEIGHTS,
) -> float:
    """Return how many times the two-step methods count a person within reach, on average.

    Parameters
    ----------
    times, people, zones, weights
        As for :func:`enhanced_two_step`; one zone of weight 1 for :func:`two_step`.

    Returns
    -------
    float
        Σⱼ Σᵢ pᵢ wᵢⱼ over the people who have a site within reach; null without any.
    """
    weight = _zone_weights(times, zones, weights)
    _checked(times, people, np.zeros(times.minutes.shape[1]))
    sums = np.asarray(weight.sum(axis=1), dtype=float).ravel()
    reached = float(people[sums > 0].sum())
    return float(people @ sums) / reached if reached else float("nan")


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
        (:func:`enhanced_two_step`), ``trois_etapes`` (:func:`three_step`), ``equilibree``
        (:func:`balanced`) and ``apl``: the enhanced
        index with ``need`` in the place of people, as the DREES does with age for general
        practitioners (*accessibilité potentielle localisée*, Barlet et al., Études et résultats
        795, 2012); null without ``need``. ``apl`` is per thousand standardised inhabitants.
    """
    same_places(places, times)
    people = places[POPULATION].to_numpy(dtype=float)
    unknown = need is None or bool(np.isnan(need).all())
    standard = people if need is None or unknown else need
    blank = np.nan if unknown else 1.0
    indices = {
        "deux_etapes": two_step(times, people, supply, threshold=threshold),
        "deux_etapes_ameliorees": enhanced_two_step(times, people, supply),
        "trois_etapes": three_step(times, people, supply),
        "equilibree": balanced(times, people, supply),
        "apl": enhanced_two_step(times, standard, supply) * blank,
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
    _checked(times, people, supply)
    queue = weight.T @ people
    ratio = np.divide(supply, queue, out=np.zeros(len(supply)), where=queue > 0)
    return pd.Series(weight @ ratio, index=times.demand_ids)


def _zone_weights(
    times: TravelTimes, zones: Sequence[float], weights: Sequence[float]
) -> csr_array:
    uppers, each = np.asarray(zones, dtype=float), np.asarray(weights, dtype=float)
    if (
        not len(uppers)
        or len(uppers) != len(each)
        or not (np.diff(uppers) > 0).all()
        or not uppers[0] >= 0
        or not np.isfinite(each).all()
        or (each < 0).any()
    ):
        raise DataError(
            "les zones d'un bassin flottant et leurs poids ne vont pas ensemble",
            remedy="donner un poids, nul ou positif, par zone, et les zones en minutes "
            "croissantes : zones=(10, 20, 30), weights=(1, 0.68, 0.22)",
        )
    if max(zones) > times.max_minutes:
        raise DataError(
            f"les temps s'arrêtent à {french.short(times.max_minutes)} min, l'indice en demande "
            f"{french.short(max(zones))}",
            remedy="les recalculer avec travel.matrix et un max_minutes plus grand",
        )
    rank = np.searchsorted(uppers, times.minutes.data.round(MINUTES_DECIMALS), side="left")
    by_rank = np.append(each, 0.0)
    return _like(times, by_rank[rank])


def _checked(times: TravelTimes, people: NDArray[np.float64], supply: NDArray[np.float64]) -> None:
    checked_amounts(people, times.minutes.shape[0], "habitants des lieux")
    checked_amounts(supply, times.minutes.shape[1], "offre des sites")


def checked_amounts(values: NDArray[np.float64], n: int, what: str) -> None:
    """Refuse amounts that are absent, negative, infinite or not one a place (or a site).

    Raises
    ------
    DataError
        Saying how many, and which first.
    """
    amounts = np.asarray(values, dtype=float)
    if amounts.shape != (n,):
        raise DataError(
            f"{what} : {len(np.atleast_1d(amounts))} valeurs pour {n}",
            remedy="donner une valeur par ligne (ou colonne) des temps de trajet",
        )
    wrong = np.flatnonzero(~(np.isfinite(amounts) & (amounts >= 0)))
    if len(wrong):
        raise DataError(
            f"{what} : {len(wrong)} valeurs absentes, infinies ou négatives "
            f"(la première en position {wrong[0]})",
            remedy="mettre 0 où il n'y a personne, ou retirer ces lieux des temps de trajet",
        )


def rows_to_one(times: TravelTimes, values: NDArray[np.float64]) -> csr_array:
    """Scale values so that each row adds up to 1; a row of noughts stays one."""
    row = np.repeat(np.arange(times.minutes.shape[0]), np.diff(times.minutes.indptr))
    total = np.bincount(row, weights=values, minlength=times.minutes.shape[0])[row]
    return _like(times, np.divide(values, total, out=np.zeros(len(values)), where=total > 0))


def _like(times: TravelTimes, values: NDArray[np.float64]) -> csr_array:
    stored = times.minutes
    return csr_array((values, stored.indices, stored.indptr), shape=stored.shape)


def same_places(places: pd.DataFrame, times: TravelTimes) -> None:
    """Refuse times that are not those of these places, in their order."""
    if places["demand_id"].tolist() != times.demand_ids.tolist():
        raise DataError(
            "les temps de trajet ne sont pas ceux de ces lieux",
            remedy="les recalculer avec travel.matrix sur la même table",
        )
