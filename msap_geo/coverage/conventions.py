"""Where people are taken to start from, side by side: why two administrations' figures differ.

Three conventions are in use. *Town hall*: everyone of a commune starts from its town hall.
*Cells*: everyone starts from their cell of INSEE's grid. *METRIC*: town hall to town hall, and no
time at all in a commune that has the service (INSEE, *Distancier METRIC*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.among import among
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.territories import POPULATION, WHOLE, summarise
from msap_geo.coverage.weighted import group_quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

TOWN_HALL, CELLS, CALIBRATED, METRIC = (
    "mairie",
    "carreaux",
    "carreaux calés sur la population communale",
    "METRIC (0 dans la commune)",
)
"""Names of the conventions in the tables."""


def metric_convention(places: pd.DataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the access table with no time in the communes that have a site.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`.
    sites
        Sites, with their ``code_insee``.

    Returns
    -------
    pandas.DataFrame
        Same rows; zero minutes and kilometres where the place's commune has a site, which is then
        the smallest ``site_id`` of the commune.
    """
    own = sites.sort_values("site_id").dropna(subset="code_insee").groupby("code_insee")["site_id"]
    site = places["code_insee"].map(own.first())
    inside = site.notna()
    return places.assign(
        site_id=places["site_id"].where(~inside, site),
        minutes=places["minutes"].where(~inside, 0.0),
        km=places["km"].where(~inside, 0.0),
        raison=places["raison"].where(~inside, ""),
    )


def calibrated(cells: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the population of their commune shared among them.

    The grid (tax files) and the commune (census) do not count the same people; INSEE forbids
    comparing them. Shared out, only the place people start from is left to differ. Shares are whole
    persons, by largest remainder, and add up to the commune's population.

    Parameters
    ----------
    cells
        Table under :data:`msap_geo.schemas.PLACES`, one row per cell.
    communes
        Same schema, one row per commune: its population is the one kept.

    Returns
    -------
    pandas.DataFrame
        The cells with another ``population``, then the communes that have no inhabited cell, as
        they are in ``communes``: nobody is lost.
    """
    legal = communes.set_index("code_insee")[POPULATION]
    counted = cells.groupby("code_insee")[POPULATION].transform("sum")
    within = cells[(counted > 0) & cells["code_insee"].isin(legal.index)].reset_index(drop=True)
    total = within["code_insee"].map(legal).to_numpy(dtype=float)
    base = within.groupby("code_insee")[POPULATION].transform("sum").to_numpy(dtype=float)
    exact = within[POPULATION].to_numpy() * total / base
    floor = np.floor(exact + 1e-9).astype(np.int64)
    remainder = pd.Series(exact - floor)
    missing = total - pd.Series(floor).groupby(within["code_insee"]).transform("sum").to_numpy()
    rank = remainder.groupby(within["code_insee"]).rank(method="first", ascending=False)
    shared = within.assign(population=floor + (rank.to_numpy() <= missing).astype(np.int64))
    alone = communes[~communes["code_insee"].isin(shared["code_insee"])]
    return pd.concat([shared, alone], ignore_index=True)[list(cells.columns)]


def compare_conventions(
    places: Mapping[str, pd.DataFrame], *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Put the figures of several conventions side by side.

    Parameters
    ----------
    places
        Access by place, under :data:`msap_geo.schemas.PLACES`, by name of the convention; the
        first is the one the others are compared with.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per convention: ``convention``, ``lieux`` (number of starting points), the columns
        of :func:`msap_geo.coverage.territories.summarise` for the population, and for each
        threshold s ``ecart_<s>``: share within minus that of the first convention, in points (per
        cent).
    """
    rows = []
    for name, table in places.items():
        figures = summarise(table, pd.Series(WHOLE, index=table.index), thresholds=thresholds)
        row = figures[figures["groupe"] == POPULATION].drop(columns=["code", "groupe"])
        rows.append(row.assign(convention=name, lieux=len(table)))
    table = pd.concat(rows, ignore_index=True)
    for share in [column for column in table.columns if column.startswith("part_")]:
        points = 100 * (table[share] - table[share].iloc[0])
        table[share.replace("part_", "ecart_")] = points.round(2)
    first = ["convention", "lieux"]
    return table[[*first, *(column for column in table.columns if column not in first)]]


def minutes_by_commune(places: Mapping[str, pd.DataFrame], communes: pd.DataFrame) -> pd.DataFrame:
    """Return each commune's time under each convention.

    Parameters
    ----------
    places
        Access by place, by name of the convention.
    communes
        Communes, for their ``code_insee`` and their order.

    Returns
    -------
    pandas.DataFrame
        Index ``code_insee``, one column per convention, minutes: the time half of the commune's
        people do not exceed. Null where a commune has no route, or nobody in that convention
        (:func:`with_known_origins`).
    """
    codes = pd.Index(communes["code_insee"])
    columns = {}
    for name, table in places.items():
        position = codes.get_indexer(table["code_insee"])
        inside = position >= 0
        columns[name] = group_quantiles(
            table["minutes"].to_numpy(dtype=float)[inside],
            # A commune nobody lives in still has a town hall: its time is that of its only place.
            np.maximum(table[POPULATION].to_numpy(dtype=float)[inside], 1e-3),
            position[inside],
            len(codes),
            share=0.5,
        ).round(MINUTES_DECIMALS)
    return pd.DataFrame(columns, index=codes.rename("code_insee"))


def with_known_origins(minutes: pd.DataFrame, places: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the communes that have nobody under a convention their time under the first.

    A place nobody starts from is not a place nobody can reach: such a commune has one starting
    point, its town hall, whatever the convention.

    Parameters
    ----------
    minutes
        Table of :func:`minutes_by_commune`.
    places
        What it was made from.

    Returns
    -------
    pandas.DataFrame
        The same table, where a null means that there is no route.
    """
    reference, codes = minutes.iloc[:, 0], minutes.index.to_series()
    return pd.DataFrame(
        {
            name: minutes[name].where(
                among(codes, places[name]["code_insee"]).to_numpy(), reference
            )
            for name in minutes.columns
        },
        index=minutes.index,
    )
