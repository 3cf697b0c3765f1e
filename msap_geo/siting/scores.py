"""What each candidate would bring if it alone hosted a new Maison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS, is_beyond
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

WEIGHTS = {"population_gagnee": 0.6, "minutes_economisees": 0.3, "minutes_maison": 0.1}
"""Share of the score given to each criterion.

Our own choice, stated so that it can be discussed: people brought within the threshold first, time
saved by everyone second, and a touch for offices far from any Maison today.
"""

_FULL_SCORE = 100.0


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
) -> gpd.GeoDataFrame:
    """Score candidate offices by what they would bring, one at a time, and rank them.

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
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.CANDIDATES`, best first: ``population_gagnee``
        (inhabitants newly within the threshold), ``habitants_rapproches`` (inhabitants whose trip
        gets shorter), ``minutes_gagnees`` (what each gains on average) and ``minutes_economisees``
        (what they gain together, person-minutes a trip), ``minutes_maison`` and
        ``km_maison`` (trip from the office to the nearest Maison today), ``raison`` when the
        office itself cannot be reached. The score goes from 0 to 100: each criterion as a share of
        the best candidate's, weighted by :data:`WEIGHTS`. Ties go to the smallest ``site_id``.

    Raises
    ------
    DataError
        If the times are not those of these communes and candidates.
    """
    schemas.check(candidates, schemas.SITES)
    schemas.check(access, schemas.ACCESS)
    schemas.check(to_maison, schemas.NEAREST)
    _same_order(times, access, candidates)
    people = access["population"].to_numpy()
    today = access["minutes"].to_numpy(dtype=float)
    beyond = is_beyond(access, threshold).to_numpy()
    trips = times.minutes.tocoo()
    commune, office = trips.row, trips.col
    minutes = np.round(trips.data, MINUTES_DECIMALS)
    newly = beyond[commune] & (minutes <= threshold)
    # A commune without any route today gains a service, not minutes: it counts above only.
    # Whole thousandths: a sum of them does not depend on its order.
    saved = np.rint(1000 * np.nan_to_num(np.maximum(today[commune] - minutes, 0.0)))
    n = len(candidates)
    gained = _sums(office, np.where(newly, people[commune], 0), n)
    nearer = _sums(office, np.where(saved > 0, people[commune], 0), n)
    person_minutes = _sums(office, saved * people[commune], n) / 1000
    first = to_maison[to_maison["rang"] == 1].set_index("demand_id")
    reach = first.reindex(candidates["site_id"]).reset_index(drop=True)
    parts = {
        "population_gagnee": gained,
        "minutes_economisees": person_minutes,
        "minutes_maison": reach["minutes"].round(MINUTES_DECIMALS).fillna(0).to_numpy(),
    }
    score = sum(WEIGHTS[name] * _share_of_best(values) for name, values in parts.items())
    table = gpd.GeoDataFrame(
        {
            "site_id": candidates["site_id"].to_numpy(),
            "nom": candidates["nom"].to_numpy(),
            "genre": candidates["genre"].to_numpy(),
            "code_insee": candidates["code_insee"].to_numpy(),
            "commune": candidates["commune"].to_numpy(),
            "score": np.round(_FULL_SCORE * score, 1),
            "population_gagnee": gained.astype(np.int64),
            "minutes_gagnees": np.round(
                np.divide(person_minutes, nearer, out=np.zeros(n), where=nearer > 0), 1
            ),
            "habitants_rapproches": nearer.astype(np.int64),
            "minutes_economisees": np.round(person_minutes),
            "minutes_maison": reach["minutes"].round(1).to_numpy(),
            "km_maison": reach["km"].round(1).to_numpy(),
            "raison": reach["raison"].fillna("hors réseau").to_numpy(),
        },
        geometry=candidates.geometry.to_numpy(),
        crs=candidates.crs,
    ).sort_values(
        ["score", "population_gagnee", "site_id"],
        ascending=[False, False, True],
        ignore_index=True,
    )
    table.insert(0, "rang", np.arange(1, n + 1, dtype=np.int64))
    return schemas.check(table, schemas.CANDIDATES)


def _same_order(times: TravelTimes, access: pd.DataFrame, candidates: gpd.GeoDataFrame) -> None:
    if list(times.demand_ids) != list(access["code_insee"]) or list(times.site_ids) != list(
        candidates["site_id"]
    ):
        raise DataError(
            "les temps de trajet ne sont pas ceux de ces communes et de ces candidats",
            remedy="les recalculer avec travel.matrix sur les mêmes tables",
        )


def _sums(index: NDArray[np.int64], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.bincount(index, weights=values, minlength=n).astype(float)


def _share_of_best(values: NDArray[np.float64]) -> NDArray[np.float64]:
    best = values.max(initial=0.0)
    return values / best if best > 0 else np.zeros(len(values))
