"""Town halls: the points communes are reached from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.positions import read_positions
from msap_geo.loaders.tabular import LINE, pick_columns, read_text, read_text_table
from msap_geo.territory import INSEE_CODE_PATTERN, departement_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.loaders.cog import CommuneCodes

_COLUMNS = {
    "code_insee": ("code", "code_insee", "codeinsee", "insee_com"),
    "longitude": ("longitude", "long", "lon"),
    "latitude": ("latitude", "lat"),
}


def load_mairies(
    paths: Sequence[Path], *, codes: CommuneCodes | None = None
) -> Loaded[gpd.GeoDataFrame]:
    """Load town-hall points.

    Parameters
    ----------
    paths
        CSV with ``code,longitude,latitude``, or DILA directory (``.sjson``: one JSON object a
        line, of which those of ``type`` *mairie* are kept).
    codes
        Codes in force: the town halls of former communes give way to that of the new one.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.TOWN_HALLS`, in WGS 84, sorted by code. Where a commune
        has several, the first identifier wins (annexes come after).

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file is absent or is not what it claims to be.
    """
    tables, anomalies = [], []
    for path in paths:
        raw = _from_dila(path) if path.suffix.lower() == ".sjson" else _from_csv(path)
        geometry, noticed = read_positions(raw, file=path.name)
        tables.append(gpd.GeoDataFrame(raw.assign(fichier=path.name), geometry=geometry))
        anomalies += noticed
    table = pd.concat(tables, ignore_index=True)
    rows_read = len(table)
    malformed = ~table["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    anomalies += note(
        table[malformed].drop(columns="geometry"),
        "code-commune-invalide",
        Action.LEFT_OUT,
        "code « {code_insee} » mal formé",
    )
    table = table[~malformed & table.geometry.notna()]
    successors = {} if codes is None else codes.successors
    former = table["code_insee"].map(lambda code: code in successors).astype(bool)
    repeated = table.duplicated(["code_insee", "identifiant"], keep="first") & ~former
    for mask, code, message in (
        (former, "mairie-ancienne", "celle d'une commune qui n'existe plus"),
        (repeated, "doublon", "mairie déjà donnée plus haut"),
    ):
        rows = table[mask].drop(columns="geometry")
        anomalies += note(rows, code, Action.LEFT_OUT, message)
    table = (
        table[~former]
        .sort_values(["code_insee", "identifiant"], kind="stable")
        .drop_duplicates("code_insee")[["code_insee", "fichier", LINE, "geometry"]]
        .reset_index(drop=True)
    )
    return Loaded(schemas.check(table, schemas.TOWN_HALLS), rows_read, tuple(anomalies))


def _from_csv(path: Path) -> pd.DataFrame:
    table = pick_columns(read_text_table(path), path, required=_COLUMNS)
    return table.assign(
        identifiant=table["code_insee"],
        departement=table["code_insee"].map(departement_of),
        nom="mairie de " + table["code_insee"],
    )


def _from_dila(path: Path) -> pd.DataFrame:
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            record = None
        if not isinstance(record, dict):
            raise DataError(
                f"« {path.name} » n'est pas un annuaire DILA (un objet JSON par ligne)",
                where=f"{path}, ligne {number}",
                remedy="télécharger à nouveau l'annuaire",
            )
        if record.get("type") == "mairie":
            rows.append(
                {
                    LINE: number,
                    "code_insee": str(record.get("codeinsee", "")),
                    "identifiant": str(record.get("id", "")),
                    "nom": str(record.get("nom", "")),
                    "latitude": str(record.get("latitude", "")),
                    "longitude": str(record.get("longitude", "")),
                }
            )
    if not rows:
        raise DataError(
            f"« {path.name} » ne contient aucune mairie",
            where=path,
            remedy="fournir l'annuaire de l'administration (DILA) du département",
        )
    table = pd.DataFrame(rows)
    return table.assign(departement=table["code_insee"].map(departement_of))
