"""Who is within reach of a Maison: travel time and class of each commune, shares of population."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french, schemas
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

MINUTES_DECIMALS = 3
"""Minutes are settled to a thousandth before anything is decided on them.

What is published is then what was compared: a reader who sorts the CSV by the threshold finds our
totals, and a trip of twenty minutes is not lost to the noise of a sum of floats.
"""

LONGEST_THRESHOLD = 600.0
"""Ten hours: beyond, it is a typing error. Thresholds are settled as minutes are."""

NO_ACCESS = "sans route"


class Share(NamedTuple):
    """Population within and beyond a threshold; the two add up to the total."""

    threshold: float
    population: int
    within: int
    beyond: int
    communes_beyond: int

    @property
    def share(self) -> float:
        """Share of the population within the threshold, from 0 to 1; null without population."""
        return self.within / self.population if self.population else float("nan")


def check_thresholds(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return the thresholds sorted, each positive and given once.

    Raises
    ------
    StudyError
        If there is none, or if one is not a positive number.
    """
    unique = tuple(sorted({round(float(value), MINUTES_DECIMALS) for value in thresholds}))
    if not unique or not all(0 < value <= LONGEST_THRESHOLD for value in unique):
        raise StudyError(
            f"les seuils doivent être des minutes positives, {french.short(LONGEST_THRESHOLD)} "
            "au plus",
            where="[etude] seuils_minutes",
            remedy="écrire par exemple seuils_minutes = [20, 30]",
        )
    return unique


def class_labels(thresholds: Sequence[float]) -> list[str]:
    """Return the travel-time classes in order, from the nearest to the unreachable.

    Parameters
    ----------
    thresholds
        Thresholds, minutes.

    Returns
    -------
    list of str
        E.g. ``["20 min ou moins", "de 20 à 30 min", "plus de 30 min", "sans route"]``.
    """
    bounds = [french.short(value) for value in check_thresholds(thresholds)]
    between = [f"de {low} à {high} min" for low, high in pairwise(bounds)]
    return [f"{bounds[0]} min ou moins", *between, f"plus de {bounds[-1]} min", NO_ACCESS]


def access_by_commune(
    communes: gpd.GeoDataFrame,
    nearest: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    *,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Tell each commune's time to its nearest Maison, and its class.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    nearest
        Table under :data:`msap_geo.schemas.NEAREST`, one place per commune (``demand_id`` is the
        commune's code); ranks after the first are ignored.
    sites
        The Maisons, for their names.
    thresholds
        Class bounds, minutes, inclusive: 20.0 minutes is within 20 minutes.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.ACCESS`, one row per commune, same order. A commune no
        road leads from keeps its row, null minutes and its reason.
    """
    schemas.check(communes, schemas.COMMUNES)
    schemas.check(nearest, schemas.NEAREST)
    first = nearest[nearest["rang"] == 1].set_index("demand_id")
    names = sites.set_index("site_id")["nom"]
    found = first.reindex(communes["code_insee"]).reset_index(drop=True)
    minutes = found["minutes"].round(MINUTES_DECIMALS)
    table = pd.DataFrame(
        {
            "code_insee": communes["code_insee"].to_numpy(),
            "nom": communes["nom"].to_numpy(),
            "population": communes["population"].to_numpy(),
            "site_id": found["site_id"].to_numpy(dtype=object),
            "site_nom": found["site_id"].map(names, na_action="ignore").to_numpy(dtype=object),
            "minutes": minutes.to_numpy(),
            "km": found["km"].round(3).to_numpy(),
            "palier": classify(minutes, thresholds=thresholds).to_numpy(),
            "raison": found["raison"].fillna("hors réseau").to_numpy(),
        }
    )
    return schemas.check(table, schemas.ACCESS)


def classify(minutes: pd.Series, *, thresholds: Sequence[float]) -> pd.Series:
    """Return the travel-time class of each value (:func:`class_labels`)."""
    labels = np.array(class_labels(thresholds))
    rank = np.searchsorted(check_thresholds(thresholds), minutes.to_numpy(dtype=float), side="left")
    rank = np.where(minutes.isna(), len(labels) - 1, rank)
    return pd.Series(labels[rank], index=minutes.index).astype(str)


def assumed_minutes(minutes: pd.Series, *, threshold: float) -> NDArray[np.float64]:
    """Return the minutes with a figure for those who have no route, where a sum needs one.

    They count as the worst of the table, and at least as twice the threshold: a place without a
    route must not look better than one at the end of a long road. The convention is ours.

    Parameters
    ----------
    minutes
        Minutes, null without a route.
    threshold
        Minutes.
    """
    known = minutes.to_numpy(dtype=float)
    worst = np.nanmax(known, initial=2 * threshold)
    settled: NDArray[np.float64] = np.where(np.isnan(known), worst, known)
    return settled


def is_beyond(access: pd.DataFrame, threshold: float) -> pd.Series:
    """Tell which communes are beyond a threshold; those without a route are."""
    return ~(access["minutes"] <= threshold)


def shares(access: pd.DataFrame, *, thresholds: Sequence[float]) -> list[Share]:
    """Add up the population within and beyond each threshold.

    Parameters
    ----------
    access
        Table under :data:`msap_geo.schemas.ACCESS`.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    list of Share
        One per threshold, in increasing order.
    """
    schemas.check(access, schemas.ACCESS)
    total = int(access["population"].sum())
    result = []
    for threshold in check_thresholds(thresholds):
        beyond = is_beyond(access, threshold)
        people = int(access.loc[beyond, "population"].sum())
        result.append(Share(threshold, total, total - people, people, int(beyond.sum())))
    return result
