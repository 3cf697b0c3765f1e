"""People present each month beside residents: a study's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo import french
from msap_geo.answers.origins import memberships_of
from msap_geo.coverage.ahead.season import season
from msap_geo.coverage.territories import WHOLE
from msap_geo.study.ahead.season import HOMES, read_season

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.study.result import StudyResult

WRITTEN = {"fevrier": "février", "aout": "août", "decembre": "décembre"}
"""Months whose name as a column lacks its accents."""


def season_tables(result: StudyResult, places: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tell who is there each month of the season, and how far from a Maison.

    Parameters
    ----------
    result
        The study, whose file has ``[prospective] saison``.
    places
        Table under :data:`msap_geo.schemas.PLACES`: the communes and their times.

    Returns
    -------
    dict
        ``saison`` (by month and territory, and how people were counted) and ``saison_communes``
        (by commune and month).

    Raises
    ------
    MsapGeoError
        If the file of the season is absent or unusable, or second homes are not known.
    """
    communes = pd.DataFrame(result.communes)
    read = read_season(result.study, communes, result.places.codes)
    table = season(read.present, places, memberships_of(result), thresholds=result.study.thresholds)
    table["methode"] = read.how
    access = result.access.set_index("code_insee")
    homes = communes.set_index("code_insee").get(HOMES)
    parts = [
        pd.DataFrame(
            {
                "code_insee": read.present.index,
                "nom": access["nom"].reindex(read.present.index).to_numpy(),
                "mois": month,
                "residents": access["population"].reindex(read.present.index).to_numpy(),
                **({} if homes is None else {HOMES: homes.to_numpy()}),
                "presents": read.present[month].to_numpy(),
                "minutes": access["minutes"].reindex(read.present.index).to_numpy(),
                "palier": access["palier"].reindex(read.present.index).to_numpy(),
            }
        )
        for month in read.present
    ]
    return {"saison": table, "saison_communes": pd.concat(parts, ignore_index=True)}


def month_in_words(month: str) -> str:
    """Return a month as it is written."""
    return WRITTEN.get(month, month)


def season_in_words(tables: dict[str, pd.DataFrame], thresholds: Sequence[float]) -> list[str]:
    """Say who is there the fullest month; nothing where the study has no season."""
    if "saison" not in tables:
        return []
    whole = tables["saison"][tables["saison"]["zonage"] == WHOLE]
    row = whole.loc[whole["presents"].idxmax()]
    first, limit = f"{thresholds[0]:g}", french.short(thresholds[0])
    far = " et ".join(
        f"{french.number(round(row[f'{who}_au_dela_{first}']))} {named} "
        f"({french.percent(1 - row[f'{who}_part_{first}'])})"
        for who, named in (("presents", "présents"), ("residents", "habitants"))
    )
    there = (
        f"en {month_in_words(row['mois'])} : {french.number(round(row['presents']))} personnes "
        f"présentes pour {french.people(round(row['residents']))}"
    )
    return [f"{there} ; à plus de {limit} min, {far}"]
