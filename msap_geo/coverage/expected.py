"""How many of a commune's people are within a threshold, when all one has is its town hall's time.

People live around the town hall, not in it, and a time is not exact. A commune's people are spread
over a disc of its area, concentrated in its middle; seen in minutes, those who live on the side of
the Maison are nearer and the others farther:

    t(ρ, θ)² = m² + (ρ r)² + 2 m ρ r cos θ

with m the minutes of the town hall, r the radius of the commune in minutes, ρ and θ where one
lives. The share within T is the mean over ρ and θ of Φ((ln T − ln t) / σ). Whole communes keep
their place in every total: the expected share is told beside them.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.special import ndtr, ndtri

from msap_geo import french
from msap_geo.coverage.access import check_thresholds
from msap_geo.network.surroundings import surroundings
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

TOO_CLOSE = 0.1
"""A commune is too close to call while either side of the threshold has this probability."""

_DISTANCES = ((0.35, 0.4), (0.9, 0.4), (1.6, 0.2))
_COSINES = np.cos((np.arange(4) + 0.5) * np.pi / 4)
_Z80 = float(ndtri(1 - TOO_CLOSE))
_NEVER, _SHORTEST = 1e4, 0.2


@dataclass(frozen=True)
class Spread:
    """How far people and their times are from what is told of their commune.

    All but the last are standard deviations of the logarithm of a time.

    Parameters
    ----------
    person
        Between the people who live at one place of a commune.
    commune
        Of the error on one commune's time.
    territory
        Of the error all the times of a territory share.
    radius
        Factor on the radius people are spread over (:func:`radius_minutes`): on real roads, that
        join hamlets to the village directly, a commune is smaller than on estimated ones.
    """

    person: float
    commune: float
    territory: float
    radius: float = 1.0

    def too_close(self, threshold: float) -> tuple[float, float]:
        """Return the times, to a thousandth, between which a commune is too close to call."""
        factor = math.exp(_Z80 * self.commune)
        return round(threshold / factor, 3), round(threshold * factor, 3)


class ExpectedShare(NamedTuple):
    """Share of the people within a threshold, with its interval of 80 %, from 0 to 1.

    Parameters
    ----------
    threshold
        Minutes.
    share, low, high
        Expected share and interval; NaN without people.
    uncertain
        How many communes are too close to call.
    """

    threshold: float
    share: float
    low: float
    high: float
    uncertain: int

    @property
    def interval(self) -> str:
        """The interval in words, empty without people."""
        return "" if math.isnan(self.share) else french.interval(self.low, self.high)


def spread(*, estimated: bool) -> Spread:
    """Return how uncertain times are, on estimated roads or on real ones."""
    told = _parameters()["estime" if estimated else "routes"]
    return Spread(told["habitant"], told["commune"], told["territoire"], told["rayon"])


def radius_minutes(communes: gpd.GeoDataFrame, origins: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the radius of each commune as its people travel it, minutes.

    Parameters
    ----------
    communes, origins
        Tables under :data:`msap_geo.schemas.COMMUNES` and ``DEMAND``, same rows.

    Returns
    -------
    numpy.ndarray
        Minutes, shape (n,); zero for a commune without position.
    """
    points = origins.geometry.to_numpy()
    radius = np.zeros(len(points))
    placed = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    if len(placed) == 0:
        return radius
    around = surroundings(
        shapely.get_x(points[placed]),
        shapely.get_y(points[placed]),
        communes.geometry.to_numpy()[placed],
        communes["population"].to_numpy(dtype=float)[placed],
    )
    told = _parameters()
    radius[placed] = (
        told["minutes_par_km_de_rayon"]
        * around.radius_km
        * np.exp(told["effet_densite"] * around.density + told["effet_population"] * around.people)
    )
    return radius


def share_within(
    minutes: NDArray[np.float64],
    radius: NDArray[np.float64],
    threshold: float,
    *,
    sigma: float,
) -> NDArray[np.float64]:
    """Return the expected share of each commune's people within a threshold.

    Parameters
    ----------
    minutes
        Time of the town halls, NaN without a route: nobody is within.
    radius
        Radius of the communes, minutes (:func:`radius_minutes`).
    threshold
        Minutes.
    sigma
        Standard deviation of the logarithm of a time, positive.

    Returns
    -------
    numpy.ndarray
        From 0 to 1.
    """
    known = np.nan_to_num(minutes, nan=_NEVER)
    share = np.zeros(len(known))
    for distance, weight in _DISTANCES:
        away = distance * radius
        for cosine in _COSINES:
            squared = known**2 + away**2 + 2 * known * away * cosine
            time = np.log(np.maximum(squared, _SHORTEST**2)) / 2
            share += weight / len(_COSINES) * ndtr((np.log(threshold) - time) / sigma)
    return np.where(np.isnan(minutes), 0.0, share)


def expected_by_commune(
    minutes: pd.Series,
    radius: NDArray[np.float64],
    *,
    thresholds: Sequence[float],
    spread: Spread,
) -> pd.DataFrame:
    """Tell each commune's expected share within each threshold, and which are too close to call.

    Parameters
    ----------
    minutes
        Time of the communes, null without a route.
    radius
        Radius of the communes, minutes.
    thresholds
        Minutes, inclusive.
    spread
        How uncertain times are (:func:`spread`).

    Returns
    -------
    pandas.DataFrame
        Same rows: ``part_<seuil>`` (from 0 to 1), ``risque_<seuil>`` (probability that the time
        told of the commune is in truth beyond), ``incertain_<seuil>`` (:data:`TOO_CLOSE`).
    """
    known = minutes.to_numpy(dtype=float)
    columns: dict[str, NDArray[Any]] = {}
    for threshold in check_thresholds(thresholds):
        within = share_within(known, radius * spread.radius, threshold, sigma=spread.person)
        time = np.log(np.maximum(np.nan_to_num(known, nan=_NEVER), _SHORTEST))
        beyond = ndtr((time - np.log(threshold)) / spread.commune)
        beyond = np.where(np.isnan(known), 1.0, beyond).round(3)
        columns[f"part_{threshold:g}"] = within.round(4)
        columns[f"risque_{threshold:g}"] = beyond
        low, high = spread.too_close(threshold)
        columns[f"incertain_{threshold:g}"] = (known >= low) & (known <= high)
    return pd.DataFrame(columns, index=minutes.index)


def expected_shares(
    access: pd.DataFrame,
    radius: NDArray[np.float64],
    *,
    thresholds: Sequence[float],
    spread: Spread,
) -> list[ExpectedShare]:
    """Add up the expected shares, with the interval the error all times share leaves open.

    Within a département all times are wrong together; from one to the next, hardly: their
    departures are added as errors of a small correlation are.

    Parameters
    ----------
    access
        Table with ``code_insee``, ``population``, ``minutes`` and the columns of
        :func:`expected_by_commune`.
    radius
        Radius of the communes, minutes.
    thresholds
        Minutes.
    spread
        How uncertain times are.

    Returns
    -------
    list of ExpectedShare
        One per threshold, in increasing order.
    """
    people = access["population"].to_numpy(dtype=float)
    minutes = access["minutes"].to_numpy(dtype=float)
    total = people.sum()
    _, home = np.unique(access["code_insee"].map(departement_of).to_numpy(str), return_inverse=True)
    result = []
    for threshold in check_thresholds(thresholds):
        uncertain = int(access[f"incertain_{threshold:g}"].sum())
        if not total:
            nobody = float("nan")
            result.append(ExpectedShare(threshold, nobody, nobody, nobody, uncertain))
            continue
        low, middle, high = (
            np.bincount(
                home,
                people
                * share_within(
                    minutes * factor, radius * spread.radius, threshold, sigma=spread.person
                )
                / total,
            ).astype(np.float64)
            for factor in np.exp(np.array([_Z80, 0, -_Z80]) * spread.territory)
        )
        share = float(middle.sum())
        result.append(
            ExpectedShare(
                threshold,
                share,
                share - _together(middle - low),
                share + _together(high - middle),
                uncertain,
            )
        )
    return result


def _together(departures: NDArray[np.float64]) -> float:
    """Return the departure of a sum whose terms' errors have the measured correlation."""
    shared = _parameters()["erreur_partagee_entre_departements"]
    squares = (1 - shared) * (departures**2).sum() + shared * departures.sum() ** 2
    return float(np.sqrt(squares))


@cache
def _parameters() -> dict[str, Any]:
    text = (files("msap_geo.coverage") / "etalement.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
