"""Permanent and itinerant cover side by side, in hours a week, never added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage, rounds
from msap_geo.study.sites import previous_rounds
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from msap_geo.study.result import StudyResult

KINDS = (rounds.PERMANENT, rounds.ITINERANT, rounds.NOTHING)
COLUMNS = {
    rounds.PERMANENT: "habitants_permanent",
    rounds.ITINERANT: "habitants_itinerant",
    rounds.NOTHING: "habitants_aucun",
}


def cover_tables(result: StudyResult, places: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what covers each commune and each territory, none where no round exists.

    Parameters
    ----------
    result
        The study.
    places
        Communes with ``code_insee`` and ``heures_semaine``, hours a week a Maison within reach is
        open.

    Returns
    -------
    dict of DataFrame
        ``couverture_communes`` and ``couverture_territoires``. Permanent and itinerant hours share
        one scale, hours a week within the first threshold, in two columns.
    """
    if result.cover is None:
        return {}
    fixed = places.set_index("code_insee")["heures_semaine"]
    communes = result.access[["code_insee", "nom", "population"]].merge(result.cover)
    communes.insert(4, "heures_permanentes", communes["code_insee"].map(fixed))
    home = coverage.departements_of(communes["code_insee"])
    territories = [("ensemble", "", "Ensemble", communes)]
    territories += [
        ("departement", code, DEPARTEMENTS.get(code, code), communes[(home == code).to_numpy()])
        for code in sorted(home.unique())
    ]
    if "epci" in result.communes:
        epci = result.communes["epci"].to_numpy()
        names = result.communes.drop_duplicates("epci").set_index("epci").get("epci_nom")
        territories += [
            ("epci", code, code if names is None else names[code], communes[epci == code])
            for code in sorted(result.communes["epci"].dropna().unique())
        ]
    rows = [_row(*territory) for territory in territories]
    return {"couverture_communes": communes, "couverture_territoires": pd.DataFrame(rows)}


def _row(level: str, code: str, name: str, communes: pd.DataFrame) -> dict[str, object]:
    people = communes.groupby("couverture")["population"].sum()
    return {
        "zonage": level,
        "code": code,
        "nom": name,
        "population": int(communes["population"].sum()),
        **{COLUMNS[kind]: int(people.get(kind, 0)) for kind in KINDS},
        "heures_permanentes": _mean(communes, "heures_permanentes"),
        "heures_itinerantes": _mean(communes, "heures_itinerantes"),
    }


def _mean(communes: pd.DataFrame, column: str) -> float:
    """Return the mean over people, unknown hours left aside."""
    known = communes[communes[column].notna()]
    people = known["population"].sum()
    return (
        round(float((known[column] * known["population"]).sum() / people), 4) if people else np.nan
    )


def cover_since(result: StudyResult, before: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Count people by what covered them under the previous list and what does now.

    Parameters
    ----------
    result
        The study, whose previous list (``[diagnostic] maisons_avant``) may hold buses.
    before
        Access of the communes under the previous list, rows of the study's.

    Returns
    -------
    dict of DataFrame
        ``evolution_couverture``; nothing where neither list has rounds. Rounds of the study's own
        file are of today only.
    """
    threshold = result.study.threshold
    stops = previous_rounds(result)
    if result.cover is None and not stops:
        return {}
    hours = rounds.hours_within(
        result.roads, result.origins, stops, threshold=threshold, stands=result.places.origins
    )
    was = rounds.kinds_of_cover(coverage.is_beyond(before, threshold).to_numpy(), hours)
    nothing = np.zeros(len(result.access))
    now = (
        rounds.kinds_of_cover(coverage.is_beyond(result.access, threshold).to_numpy(), nothing)
        if result.cover is None
        else result.cover["couverture"].to_numpy()
    )
    table = pd.DataFrame(
        {
            "couverture_avant": pd.Categorical(was, KINDS),
            "couverture_apres": pd.Categorical(now, KINDS),
            "population": result.access["population"].to_numpy(),
        }
    )
    grouped = table.groupby(["couverture_avant", "couverture_apres"], observed=True)["population"]
    found = grouped.agg(nb_communes="size", population="sum").reset_index()
    kinds = ["couverture_avant", "couverture_apres"]
    return {"evolution_couverture": found.astype(dict.fromkeys(kinds, object))}
