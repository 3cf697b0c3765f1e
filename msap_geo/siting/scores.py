"""What each candidate would bring if it alone hosted a new Maison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS, is_beyond
from msap_geo.errors import DataError
from msap_geo.siting.ranking import best_first, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from msap_geo.siting.ranking import Ranking
    from msap_geo.travel import TravelTimes

WEIGHTS = {"population_gagnee": 0.6, "minutes_economisees": 0.3, "minutes_maison": 0.1}
"""Share of the score given to each criterion.

Our own choice, stated so that it can be discussed: people brought within the threshold first, time
saved by everyone second, and a touch for offices far from any Maison today.
"""

_IDENTITY = ("site_id", "nom", "genre", "code_insee", "commune")

_OF_HOSTS = ("label", "travaux_eur", "conditions")
"""What a study's own list of hosts tells of their way to the label."""


def longest_useful_trip(access: pd.DataFrame, *, threshold: float) -> float:
    """Return the bound beyond which a candidate can improve nothing, minutes.

    A trip to a candidate matters if it is within the threshold or quicker than today's worst.
    """
    worst = access["minutes"].max()
    return float(threshold if pd.isna(worst) else max(threshold, worst))


def score_candidates(
    candidates: gpd.GeoDataFrame,
    access: pd.DataFrame,
    times: TravelTimes,
    to_maison: pd.DataFrame,
    *,
    threshold: float,
    weights: Mapping[str, float] = WEIGHTS,
) -> gpd.GeoDataFrame:
    """Score candidate offices by what they would bring, one at a time, and rank them.

    Parameters
    ----------
    candidates, access, times, to_maison, threshold
        As :func:`measure_alone` takes them.
    weights
        Weight of each criterion, among those of :data:`WEIGHTS`.

    Returns
    -------
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.CANDIDATES`, best first (:func:`scored`).

    Raises
    ------
    DataError
        If the times are not those of these communes and candidates.
    StudyError
        If a weight is unknown or not positive.
    """
    measures = measure_alone(candidates, access, times, to_maison, threshold=threshold)
    return scored(candidates, measures, rank(measures, weights))


def measure_alone(
    candidates: gpd.GeoDataFrame,
    access: pd.DataFrame,
    times: TravelTimes,
    to_maison: pd.DataFrame,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Measure what each candidate would bring if it alone opened.

    Parameters
    ----------
    candidates
        Table under :data:`msap_geo.schemas.SITES`.
    access
        Access today, under :data:`msap_geo.schemas.ACCESS`.
    times
        Times from every commune to every candidate, rows and columns in the order of ``access``
        and ``candidates``, at least as far as :func:`longest_useful_trip`.
    to_maison
        Nearest Maison of each candidate, under :data:`msap_geo.schemas.NEAREST`.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``site_id``, in the order of ``candidates``: ``population_gagnee`` (inhabitants
        newly within the threshold), ``habitants_rapproches`` (inhabitants whose trip gets shorter),
        ``minutes_economisees`` (what they gain together, person-minutes a trip),
        ``minutes_maison`` and ``km_maison`` (trip from the office to the nearest Maison today),
        ``raison`` when the office itself cannot be reached.

    Raises
    ------
    DataError
        If the times are not those of these communes and candidates.
    """
    schemas.check(access, schemas.ACCESS)
    places = access.rename(columns={"code_insee": "demand_id"})
    return measure_places(candidates, places, times, to_maison, threshold=threshold)


def measure_places(
    candidates: gpd.GeoDataFrame,
    places: pd.DataFrame,
    times: TravelTimes,
    to_maison: pd.DataFrame,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Measure what each candidate would bring if it alone opened, to places of any kind: cells.

    Parameters
    ----------
    candidates, to_maison, threshold
        As :func:`measure_alone` takes them.
    places
        ``demand_id``, ``population`` and ``minutes`` to the nearest Maison today, null without one.
    times
        Times from every place to every candidate, in these orders.

    Returns
    -------
    pandas.DataFrame
        As :func:`measure_alone`.

    Raises
    ------
    DataError
        If the times are not those of these places and candidates.
    """
    schemas.check(candidates, schemas.SITES)
    schemas.check(to_maison, schemas.NEAREST)
    _same_order(times, places, candidates)
    people = places["population"].to_numpy()
    today = places["minutes"].to_numpy(dtype=float)
    beyond = is_beyond(places, threshold).to_numpy()
    trips = times.minutes.tocoo()
    commune, office = trips.row, trips.col
    minutes = np.round(trips.data, MINUTES_DECIMALS)
    newly = beyond[commune] & (minutes <= threshold)
    # A commune without any route today gains a service, not minutes: it counts above only.
    # Whole thousandths: a sum of them does not depend on its order.
    saved = np.rint(1000 * np.nan_to_num(np.maximum(today[commune] - minutes, 0.0)))
    n = len(candidates)
    first = to_maison[to_maison["rang"] == 1].set_index("demand_id")
    reach = first.reindex(candidates["site_id"])
    return pd.DataFrame(
        {
            "population_gagnee": _sums(office, np.where(newly, people[commune], 0), n),
            "habitants_rapproches": _sums(office, np.where(saved > 0, people[commune], 0), n),
            "minutes_economisees": _sums(office, saved * people[commune], n) / 1000,
            "minutes_maison": reach["minutes"].round(MINUTES_DECIMALS).to_numpy(),
            "km_maison": reach["km"].to_numpy(),
            "raison": reach["raison"].fillna("hors réseau").to_numpy(),
        },
        index=pd.Index(candidates["site_id"], name="site_id"),
    )


def added(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up what candidates bring to the parts of a country: its cells need not be held at once.

    Parameters
    ----------
    parts
        What :func:`measure_places` gives for the places of each part and the candidates they may
        reach; a candidate of none brings nothing and is absent.

    Returns
    -------
    pandas.DataFrame
        What it gives for all the places together, candidates in the order of their identifiers.
    """
    table = pd.concat(list(parts))
    people = ["population_gagnee", "habitants_rapproches", "minutes_economisees"]
    grouped = table.groupby(level="site_id", sort=True)
    # Whole thousandths: the sum does not depend on how the country is cut.
    thousandths = (1000 * table["minutes_economisees"]).round().groupby(level="site_id").sum()
    told = grouped[["minutes_maison", "km_maison", "raison"]].first()
    sums = grouped[people].sum().assign(minutes_economisees=thousandths / 1000)
    return sums.join(told)[list(table.columns)]


def scored(
    candidates: gpd.GeoDataFrame, measures: pd.DataFrame, ranking: Ranking
) -> gpd.GeoDataFrame:
    """Put candidates, what they would bring and their score together, best first.

    Parameters
    ----------
    candidates
        Table under :data:`msap_geo.schemas.SITES`.
    measures
        What :func:`measure_alone` gives, same rows.
    ranking
        What :func:`msap_geo.siting.rank` gives for these measures, or for these and others.

    Returns
    -------
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.CANDIDATES`, in the order of
        :func:`msap_geo.siting.ranking.best_first`; ``minutes_gagnees`` is what each inhabitant
        nearer gains on average.
    """
    saved, nearer = measures["minutes_economisees"], measures["habitants_rapproches"]
    table = pd.DataFrame(
        {
            **{name: candidates[name].to_numpy() for name in _IDENTITY},
            **{name: candidates[name].to_numpy() for name in _OF_HOSTS if name in candidates},
            "score": ranking.table["score"].round(1).to_numpy(),
            "population_gagnee": measures["population_gagnee"].to_numpy(dtype=np.int64),
            "minutes_gagnees": (saved / nearer.where(nearer > 0)).fillna(0.0).round(1).to_numpy(),
            "habitants_rapproches": nearer.to_numpy(dtype=np.int64),
            "minutes_economisees": saved.round().to_numpy(),
            "minutes_maison": measures["minutes_maison"].round(1).to_numpy(),
            "km_maison": measures["km_maison"].round(1).to_numpy(),
            "raison": measures["raison"].to_numpy(),
            "geometry": candidates.geometry.to_numpy(),
        }
    )
    return schemas.check(
        gpd.GeoDataFrame(best_first(table), geometry="geometry", crs=candidates.crs),
        schemas.CANDIDATES,
    )


def _same_order(times: TravelTimes, places: pd.DataFrame, candidates: gpd.GeoDataFrame) -> None:
    if (
        times.demand_ids.tolist() != places["demand_id"].tolist()
        or times.site_ids.tolist() != candidates["site_id"].tolist()
    ):
        raise DataError(
            "les temps de trajet ne sont pas ceux de ces communes et de ces candidats",
            remedy="les recalculer avec travel.matrix sur les mêmes tables",
        )


def _sums(index: NDArray[np.int64], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.bincount(index, weights=values, minlength=n).astype(float)
