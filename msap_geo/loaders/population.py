"""Population of the communes: Etalab COG JSON, or INSEE's legal populations as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError
from msap_geo.loaders.cog import read_records
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.tabular import LINE, pick_columns, read_text_table, to_number
from msap_geo.territory import INSEE_CODE_PATTERN, departement_of

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.loaders.cog import CommuneCodes

_COLUMNS = {
    "code_insee": ("depcom", "codgeo", "code_insee", "insee_com", "code", "com"),
    "nom": ("com", "libgeo", "nom", "libelle"),
    "population": ("pmun", "population", "p_pop", "pop_mun"),
}


def load_population(path: Path, *, codes: CommuneCodes | None = None) -> Loaded[pd.DataFrame]:
    """Load the municipal population of the communes.

    Parameters
    ----------
    path
        Etalab ``communes.json`` (COG), or INSEE CSV with ``DEPCOM;COM;PMUN``.
    codes
        Codes to bring an INSEE file to; merged communes add up. The COG file needs none.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.POPULATION`; municipal population (*PMUN*), persons.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is not what it claims to be, or holds no usable population.
    """
    if path.suffix.lower() == ".json":
        return population_from_records(read_records(path), file=path.name)
    return _load(_from_insee(path), path.name, codes)


def population_from_records(records: list[dict[str, Any]], *, file: str) -> Loaded[pd.DataFrame]:
    """Take the municipal population from COG records already read.

    Parameters
    ----------
    records
        See :func:`msap_geo.loaders.read_records`.
    file
        File they come from, for the anomalies.

    Returns
    -------
    Loaded
        As :func:`load_population`.

    Raises
    ------
    DataError
        If no commune has a population.
    """
    return _load(_from_cog(records), file, None)


def _load(raw: pd.DataFrame, file: str, codes: CommuneCodes | None) -> Loaded[pd.DataFrame]:
    rows_read = len(raw)
    raw, anomalies = _drop_unusable(raw, file)
    if codes is not None:
        current = codes.current(raw["code_insee"])
        anomalies += _merged(raw, current, file)
        raw = raw.assign(code_insee=current)
        raw["nom"] = raw["code_insee"].map(codes.names).fillna(raw["nom"])
    table = (
        raw.groupby("code_insee", sort=True)
        .agg(nom=("nom", "first"), population=("population", "sum"))
        .reset_index()
        .astype({"population": "int64"})
    )
    if table.empty:
        raise DataError(f"« {file} » ne donne la population d'aucune commune", where=file)
    return Loaded(schemas.check(table, schemas.POPULATION, where=file), rows_read, tuple(anomalies))


def _from_cog(records: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(
        [
            # Etalab writes one object a line, after the opening bracket.
            (record["code"], record["nom"], record.get("population"), line)
            for line, record in enumerate(records, start=2)
            if record["type"] == "commune-actuelle"
        ],
        columns=["code_insee", "nom", "population", LINE],
    )
    table["population"] = pd.to_numeric(table["population"], errors="coerce").astype("float64")
    return table


def _from_insee(path: Path) -> pd.DataFrame:
    table = pick_columns(read_text_table(path), path, required=_COLUMNS)
    return table.assign(population=to_number(table["population"]))


def _drop_unusable(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    repeated = raw["code_insee"].duplicated(keep="first") & ~malformed
    people = raw["population"]
    whole = np.isfinite(people) & (people >= 0) & (people == people.round())
    unknown = ~whole & ~malformed & ~repeated
    told = raw.assign(
        identifiant=raw["code_insee"], departement=raw["code_insee"].map(departement_of)
    )
    anomalies = [
        anomaly
        for mask, code, message in (
            (malformed, "code-commune-invalide", "code de commune mal formé"),
            (repeated, "doublon", "commune déjà donnée plus haut"),
            (unknown, "population-inconnue", "population absente ou illisible"),
        )
        for anomaly in note(told[mask], code, Action.LEFT_OUT, message, file=file)
    ]
    return raw[~(malformed | unknown | repeated)], anomalies


def _merged(raw: pd.DataFrame, current: pd.Series, file: str) -> list[Anomaly]:
    told = raw.assign(
        identifiant=raw["code_insee"],
        departement=raw["code_insee"].map(departement_of),
        actuelle=current,
    )
    return note(
        told[current != raw["code_insee"]],
        "commune-fusionnee",
        Action.REPAIRED,
        "population ajoutée à celle de {actuelle}",
        file=file,
    )
