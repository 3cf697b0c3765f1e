"""The times of a study as a table, which ``[temps] source`` reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import french, loaders
from msap_geo.errors import StudyError
from msap_geo.study.sites import operator_counters, previous_maisons
from msap_geo.tabular import guarded
from msap_geo.version import SOFTWARE

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.study.result import StudyResult

FORMS = ("csv", "parquet")
"""Forms the table is written in."""

MOST_TRIPS = 20_000_000
"""Trips a table holds at most: some 800 MB as CSV. A région has a tenth of it."""


def times_table(result: StudyResult) -> pd.DataFrame:
    """Return the minutes from each commune and office of a study to each site it counts.

    Starts are the communes, then the offices and other places that could host a Maison;
    destinations are the Maisons, neighbouring and itinerant ones included, the post offices of the
    territory and around it, the candidates, and what the diagnosis asks of: the previous list of
    Maisons, the counters of operators. Read back by ``[temps] source``, the table gives the figures
    of the study. A Maison of both lists, under one identifier, is where today's list puts it.

    Parameters
    ----------
    result
        A study on roads, real or estimated.

    Returns
    -------
    pandas.DataFrame
        ``de``, ``vers`` (identifiers), ``minutes``, ``km``, both NaN without a route, ``mode`` and
        ``moteur`` (this software, and whether it estimated them); one row per pair.

    Raises
    ------
    StudyError
        If the times already come from a table, or the pairs are too many for one.
    """
    if result.times.file:
        raise StudyError(
            f"les temps de cette étude viennent déjà d'une table, « {result.times.file} »",
            where="--temps",
            remedy="garder cette table, ou lancer l'étude sur des routes : sans [temps]",
        )
    offices = [result.candidates, result.la_poste, result.hosts]
    starts = _points(result, [result.origins, *offices], "demand_id")
    counted = [result.maisons, result.itinerants, *offices, result.la_poste_around]
    sites = _points(result, [*counted, *_of_the_diagnosis(result)], "site_id")
    trips = len(starts) * len(sites)
    if trips > MOST_TRIPS:
        raise StudyError(
            f"la table des temps aurait {french.number(trips)} trajets "
            f"(au plus {french.number(MOST_TRIPS)})",
            where="--temps",
            remedy="lancer l'étude d'un territoire plus petit, ou une campagne par département",
        )
    times = result.times.matrix(starts, sites)
    found = {name: np.full(times.minutes.shape, np.nan) for name in ("minutes", "km")}
    for name, values in found.items():
        held = getattr(times, name).tocoo()
        values[held.row, held.col] = held.data
    return pd.DataFrame(
        {
            "de": np.repeat(times.demand_ids.to_numpy(dtype=object), len(sites)),
            "vers": np.tile(times.site_ids.to_numpy(dtype=object), len(starts)),
            "minutes": found["minutes"].ravel(),
            "km": found["km"].ravel(),
            "mode": result.profile.name,
            "moteur": f"{SOFTWARE} (estimé, sans routes)" if result.estimated else SOFTWARE,
        }
    )


def _of_the_diagnosis(result: StudyResult) -> list[gpd.GeoDataFrame]:
    """Return the sites only a diagnosis asks of: Maisons of before, counters of operators."""
    asked = result.study.diagnostic
    before = [previous_maisons(result)[0]] if asked.maisons_avant is not None else []
    counters = [operator_counters(result, loaders.COUNTERS)[0]] if asked.operateurs else []
    return [*before, *counters]


def _points(
    result: StudyResult, tables: list[gpd.GeoDataFrame], identifier: str
) -> gpd.GeoDataFrame:
    """Return where the places of several tables are, each once, those nowhere left out."""
    renamed = [
        table.rename(columns={"site_id": identifier}) if identifier not in table.columns else table
        for table in tables
    ]
    rows = pd.concat([pd.DataFrame(table[[identifier, "geometry"]]) for table in renamed])
    rows = rows.drop_duplicates(identifier).reset_index(drop=True)
    points = gpd.GeoDataFrame(rows, geometry="geometry", crs=result.origins.crs)
    return points[points.geometry.notna()].reset_index(drop=True)


def write_times(result: StudyResult, folder: Path, form: str) -> None:
    """Write the times of a study, ``temps.csv`` or ``temps.parquet``, to the last digit.

    Parameters
    ----------
    result
        A study on roads, real or estimated.
    folder
        Folder to write in, which exists.
    form
        One of :data:`FORMS`.

    Raises
    ------
    StudyError
        If there is no such form, or no table to write (:func:`times_table`).
    """
    if form not in FORMS:
        raise StudyError(
            f"forme inconnue de la table des temps : « {form} »",
            where="times",
            remedy=f"demander {' ou '.join(FORMS)}",
        )
    table = times_table(result)
    if form == "parquet":
        table.to_parquet(folder / "temps.parquet", index=False, compression="zstd")
    else:
        guarded(table).to_csv(
            folder / "temps.csv", index=False, lineterminator="\n", encoding="utf-8"
        )
