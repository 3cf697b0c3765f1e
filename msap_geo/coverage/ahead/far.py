"""Who is far at each horizon, and when those of 75 and over are twice as many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.coverage.territories import WHOLE, access_by_territory

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLD = (WHOLE, "departement", "epci")
_OLD = "habitants_75_plus"


def far_at_horizons(
    people: pd.DataFrame,
    places: pd.DataFrame,
    memberships: pd.DataFrame,
    *,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Sum up, at each horizon, the access of those who will live there, times being today's.

    Parameters
    ----------
    people
        ``communes`` of :class:`msap_geo.coverage.ahead.spreading.Spread`.
    places
        Table under :data:`msap_geo.schemas.PLACES`: the communes and their times.
    memberships
        Territories of each commune (:func:`msap_geo.coverage.access_by_territory`).
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        ``horizon``, then the columns of :func:`msap_geo.coverage.access_by_territory`: everyone
        and those of 75 or over, in all, by département and EPCI.
    """
    parts = []
    kept = ["demand_id", "code_insee", "site_id", "minutes", "km", "raison"]
    for horizon, here in people.groupby("horizon"):
        then = places[kept].merge(
            here.drop(columns=["zone", "horizon"]), on="code_insee", validate="1:1"
        )
        if _OLD in then:
            then[_OLD] = then[_OLD].astype(float)
        table = access_by_territory(then, memberships, thresholds=thresholds)
        table = table[table["zonage"].isin(_TOLD)].drop(columns="lieux_sans_donnee")
        table.insert(0, "horizon", horizon)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def year_of_doubling(years: Sequence[float], people: Sequence[float], reference: float) -> float:
    """Tell the first whole year whose people are at least twice those of a reference year.

    Parameters
    ----------
    years, people
        Years, increasing, and people then; they change evenly between two years.
    reference
        Year that counts as today.

    Returns
    -------
    float
        The year; NaN where people do not double within the years told.
    """
    if not years[0] <= reference <= years[-1]:
        return math.nan
    start = float(np.interp(reference, years, people))
    every = np.arange(math.ceil(reference), math.floor(years[-1]) + 1)
    doubled = every[np.interp(every, years, people) >= 2 * start - 1e-9]
    return float(doubled[0]) if start > 0 and len(doubled) else math.nan
