"""Town halls: the points communes are reached from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.sites.annuaire import is_annuaire, read_annuaire
from msap_geo.loaders.sites.operateurs import OPERATORS
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.loaders.territory.codes_insee import refuse_lost_zeros
from msap_geo.tabular import LINE, pick_columns, read_text_table
from msap_geo.territory import INSEE_CODE_PATTERN, departement_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.loaders.territory.cog import CommuneCodes

_COLUMNS = {
    "code_insee": ("code", "code_insee", "codeinsee", "insee_com"),
    "longitude": ("longitude", "long", "lon"),
    "latitude": ("latitude", "lat"),
}
_SECONDARY = r"d[ée]l[ée]gu[ée]e|annexe|associ[ée]e"


@of_files
@once
def load_mairies(
    paths: Sequence[Path], *, codes: CommuneCodes | None = None
) -> Loaded[gpd.GeoDataFrame]:
    """Load town-hall points.

    Parameters
    ----------
    paths
        CSV with ``code,longitude,latitude``, or DILA directory in any of its forms
        (:func:`msap_geo.loaders.sites.annuaire.read_annuaire`), of which the town halls are kept.
    codes
        Codes in force: the town halls of former communes give way to that of the new one.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.TOWN_HALLS`, in WGS 84, sorted by code, with
        ``horaires`` (canonical, null where unknown). Where a commune has several, the one its
        identifier says is the first wins (``mairie-77188-01``), then those that are neither annex
        nor of a former commune.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file is absent or is not what it claims to be.
    """
    tables, anomalies = [], []
    for path in paths:
        raw = _from_annuaire(path) if is_annuaire(path) else _from_csv(path)
        refuse_lost_zeros(raw["code_insee"], path)
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
    anomalies += note(
        table[table["illisible"] != ""].drop(columns="geometry"),
        "horaires-illisibles",
        Action.NOTED,
        "horaires non lus : {illisible}",
    )
    successors = {} if codes is None else codes.successors
    former = table["code_insee"].isin(list(successors))
    repeated = table.duplicated(["code_insee", "identifiant"], keep="first") & ~former
    for mask, code, message in (
        (former, "mairie-ancienne", "celle d'une commune qui n'existe plus"),
        (repeated, "doublon", "mairie déjà donnée plus haut"),
    ):
        rows = table[mask].drop(columns="geometry")
        anomalies += note(rows, code, Action.LEFT_OUT, message)
    table = table[~former]
    several = table["code_insee"].duplicated(keep=False)
    first = "mairie-" + table["code_insee"] + "-01"
    annex = table["nom"].where(several, "").str.contains(_SECONDARY, case=False, regex=True)
    table = (
        table.assign(autre=table["identifiant"] != first, annexe=annex)
        .sort_values(["code_insee", "autre", "annexe", "identifiant"], kind="stable")
        .drop_duplicates("code_insee")[["code_insee", "horaires", "fichier", LINE, "geometry"]]
        .reset_index(drop=True)
    )
    return Loaded(schemas.check(table, schemas.TOWN_HALLS), rows_read, tuple(anomalies))


def _from_csv(path: Path) -> pd.DataFrame:
    table = pick_columns(read_text_table(path), path, required=_COLUMNS)
    return table.assign(
        identifiant=table["code_insee"],
        departement=table["code_insee"].map(departement_of),
        nom="mairie de " + table["code_insee"],
        horaires=None,
        illisible="",
    )


def _from_annuaire(path: Path) -> pd.DataFrame:
    table, met = read_annuaire(path, dict.fromkeys(OPERATORS["Mairie"], "Mairie"))
    if table.empty:
        raise DataError(
            f"« {path.name} » ne contient aucune mairie",
            where=path,
            remedy="fournir l'annuaire de l'administration (DILA) du département ; types trouvés : "
            + ", ".join(sorted(met)),
        )
    return table
