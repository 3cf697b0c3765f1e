"""Who is there each month beside those who live there, and how far they are."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo.coverage.territories import WHOLE, access_by_territory
from msap_geo.loaders.people.persons import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLD = (WHOLE, "departement", "epci")


@cache
def beds() -> dict[str, Any]:
    """Return how many people a second home lodges, and who says so."""
    text = (files("msap_geo.coverage.ahead") / "saison.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def present_by_homes(
    residents: pd.Series, homes: pd.Series, occupied: pd.DataFrame, *, people_a_home: float
) -> pd.DataFrame:
    """Count who is there each month: residents, and those of the second homes lived in.

        present(c, m) = residents(c) + homes(c) × people a home × occupied(c, m)

    Parameters
    ----------
    residents, homes
        Persons who live in each commune, and its second homes, index ``code_insee``; a null number
        of homes counts for none.
    occupied
        Share of the second homes lived in, a row a commune (same index), a column a month.
    people_a_home
        People in a second home that is lived in.

    Returns
    -------
    pandas.DataFrame
        Whole persons, largest remainder of the month's total; same rows and columns.
    """
    more = occupied.mul(homes.fillna(0.0) * people_a_home, axis=0)
    every = more.add(residents.astype(float), axis=0)
    return pd.DataFrame(
        {month: settle(every[month].to_numpy(dtype=float)) for month in every},
        index=residents.index,
    )


def present_by_total(
    residents: pd.Series, homes: pd.Series, zone: pd.Series, told: pd.DataFrame
) -> pd.DataFrame:
    """Bring people present in zones to their communes.

    Those over residents go where second homes are, for want of any where residents are; where
    fewer are there than live there, every commune loses alike.

    Parameters
    ----------
    residents, homes
        As for :func:`present_by_homes`.
    zone
        Zone of each commune, same index.
    told
        People present, a row a zone, a column a month.

    Returns
    -------
    pandas.DataFrame
        Whole persons, total of each zone and month kept; same rows as ``residents``.
    """
    result = pd.DataFrame(0, index=residents.index, columns=told.columns)
    for name, inside in residents.groupby(zone).groups.items():
        live = residents[inside].to_numpy(dtype=float)
        second = homes[inside].fillna(0.0).to_numpy(dtype=float)
        key = second if second.sum() > 0 else live if live.sum() > 0 else np.ones(len(live))
        for month in told.columns:
            total = float(told.loc[name, month])
            more = total - live.sum()
            spread = live + more * key / key.sum()
            if more < 0:
                spread = live * total / live.sum()
            result.loc[inside, month] = settle(spread)
    return result


def season(
    present: pd.DataFrame,
    places: pd.DataFrame,
    memberships: pd.DataFrame,
    *,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Tell each month's access of the people present beside that of residents, never mixed.

    Parameters
    ----------
    present
        Whole persons, index ``code_insee``, a column a month.
    places
        Table under :data:`msap_geo.schemas.PLACES`: the communes and their times.
    memberships
        Territories of each commune (:func:`msap_geo.coverage.access_by_territory`).
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        By month and territory (in all, département, EPCI): ``mois, zonage, code, nom, residents,
        presents, rapport`` and, for each threshold, ``residents_au_dela_<s>, residents_part_<s>,
        presents_au_dela_<s>, presents_part_<s>`` (shares within).
    """
    kept = ["demand_id", "code_insee", "population", "site_id", "minutes", "km", "raison"]
    base = places[kept]
    keys = ["zonage", "code", "nom"]
    live = _summed(base, memberships, thresholds, "residents")
    parts = []
    for month in present:
        then = base.assign(population=present[month].reindex(base["code_insee"]).to_numpy())
        table = live.merge(_summed(then, memberships, thresholds, "presents"), on=keys)
        table.insert(0, "mois", month)
        there, home = table["presents"], table["residents"]
        table["rapport"] = (there / home.where(home > 0)).round(4)
        front = ["mois", *keys, "residents", "presents", "rapport"]
        parts.append(table[[*front, *(name for name in table if name not in front)]])
    return pd.concat(parts, ignore_index=True)


def _summed(
    places: pd.DataFrame, memberships: pd.DataFrame, thresholds: Sequence[float], who: str
) -> pd.DataFrame:
    table = access_by_territory(places, memberships, thresholds=thresholds)
    table = table[table["zonage"].isin(_TOLD)].reset_index(drop=True)
    columns = {"effectif": who}
    for threshold in thresholds:
        columns |= {
            f"au_dela_{threshold:g}": f"{who}_au_dela_{threshold:g}",
            f"part_{threshold:g}": f"{who}_part_{threshold:g}",
        }
    wanted = ["zonage", "code", "nom", *columns]
    return table[wanted].rename(columns=columns)
