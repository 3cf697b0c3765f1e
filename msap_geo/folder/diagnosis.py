"""From the diagnosis to the folder: tables, layers, and its figures in ``resume.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import outputs
from msap_geo.folder.seals import write_manifest
from msap_geo.folder.tables import diagnosis_layers
from msap_geo.study.manifest import manifest
from msap_geo.study.provenance import provenance_of

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.answers.diagnosis import Diagnosis

_GEOPACKAGE = "diagnostic.gpkg"


def write_diagnosis(diagnosis: Diagnosis, folder: Path) -> None:
    """Write every file of a diagnosis: all of them, or none.

    Parameters
    ----------
    diagnosis
        What :func:`msap_geo.answers.diagnose` found.
    folder
        Folder to write in, made if needed; it may already hold the study's own files.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    with outputs.complete_folder(folder) as draft:
        outputs.write_json(diagnosis_summary(diagnosis), draft / "resume.json")
        write_diagnosis_tables(diagnosis, draft)
        outputs.write_geopackage(
            diagnosis_layers(diagnosis),
            draft / _GEOPACKAGE,
            provenance=provenance_of(diagnosis.result),
            thresholds=diagnosis.result.study.thresholds,
            prefix="diagnostic_",
        )
        write_manifest(diagnosis_manifest(diagnosis), draft)


def write_diagnosis_tables(diagnosis: Diagnosis, draft: Path) -> None:
    """Write the tables of a diagnosis as CSV, one file each.

    Parameters
    ----------
    diagnosis
        What :func:`msap_geo.answers.diagnose` found.
    draft
        Folder to write in, which exists.
    """
    for name, table in diagnosis.tables.items():
        flat = table.assign(
            **{
                column: table[column].map(" ".join)
                for column in table.columns
                if column == "communes"
            }
        )
        outputs.write_csv(flat, draft / f"diagnostic_{name}.csv", columns=list(flat.columns))


def diagnosis_manifest(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return what ``manifest.json`` holds, with what the diagnosis noticed."""
    told = [anomaly.as_dict() for anomaly in diagnosis.anomalies]
    return {**manifest(diagnosis.result), "diagnostic": {"anomalies": told}}


def diagnosis_summary(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the figures of the study with those of its diagnosis, as in ``resume.json``."""
    tables = diagnosis.tables
    first = f"{diagnosis.result.study.threshold:g}"
    hours = tables["demi_journees"].set_index("moment")
    whole = tables["equite"].iloc[0]
    zones = tables["zones"]
    figures: dict[str, Any] = {
        "conventions": records(tables["conventions"]),
        "zones_blanches": {
            f"{threshold:g}": len(level) for threshold, level in zones.groupby("seuil")
        },
        "robustesse": {
            "communes": _counts(tables["robustesse_communes"], "robustesse"),
            "zones": _counts(tables["robustesse_zones"], "robustesse"),
        },
        "recours": records(tables["recours"]),
        "maisons_critiques": records(
            tables["fermetures"][tables["fermetures"][f"perdus_{first}"] > 0]
        ),
        "heures": {
            "moyenne_semaine": _plain(hours.loc["semaine", "heures_moyennes"]),
            "population_inconnue": _plain(hours.loc["semaine", "population_inconnue"]),
            "ferme_le": {
                day: int(tables["lieux"].loc[_shut(tables["lieux"], day), "population"].sum())
                for day in ("lundi", "mercredi", "samedi")
            },
        },
        "charge": _counts(tables["bassins"], "charge"),
        "equite": {name: _plain(value) for name, value in whole.items() if name != "classe"},
        "regles": records(tables["regles"]),
        "voisins": records(tables["voisins"]),
        "bord_incertain": int(
            tables["lieux"].loc[tables["lieux"]["bord_incertain"], "population"].sum()
        ),
        "anomalies": [anomaly.as_dict() for anomaly in diagnosis.anomalies],
    }
    if "couverture_territoires" in tables:
        figures["couverture"] = records(tables["couverture_territoires"])
    if "frequentation_calage" in tables:
        figures["frequentation"] = records(tables["frequentation_calage"])[0]
    if "evolution_couverture" in tables:
        figures["evolution_couverture"] = records(tables["evolution_couverture"])
    if "prospective" in tables:
        figures["prospective"] = records(tables["prospective"])
        figures["doublement_75_plus"] = records(tables["prospective_doublement"])
    if "saison" in tables:
        figures["saison"] = records(tables["saison"])
    if "evolution_departements" in tables:
        figures["evolution"] = records(tables["evolution_departements"])
        figures["perdants"] = len(tables["perdants"])
    return {**diagnosis.result.summary(), "diagnostic": figures}


def _shut(places: pd.DataFrame, day: str) -> pd.Series:
    """Tell the places covered on paper where nothing is known to open that day."""
    known: pd.Series = places["ferme_le"].str.split(", ").map(lambda days: day in days)
    return known


def _counts(table: pd.DataFrame, column: str) -> dict[str, int]:
    return {str(name): int(n) for name, n in table[column].value_counts().sort_index().items()}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as values JSON can hold: no numpy number, no null but None."""
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """Return a value JSON can hold: no numpy number, no null but None."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
