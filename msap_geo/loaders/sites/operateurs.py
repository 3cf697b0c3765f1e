"""Counters of the operators of France Services, and of the State, from the DILA directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.sites.annuaire import read_annuaire
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.tabular import LINE
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPERATORS = {
    "CAF": ("caf",),
    "CPAM": ("cpam",),
    "MSA": ("msa",),
    "France Travail": ("france_travail", "pole_emploi"),
    "CARSAT": ("carsat",),
    "Trésorerie": ("tresorerie",),
    "Service des impôts des particuliers": ("sip",),
    "Préfecture": ("prefecture",),
    "Sous-préfecture": ("sous_pref",),
    "Mairie": ("mairie", "mairie_com", "paris_mairie", "paris_mairie_arrondissement"),
}
"""Operators by the name people know them by, and the types the directory gives them, by year."""

COUNTERS = tuple(name for name in OPERATORS if name != "Mairie")
"""Those a diagnosis asks of: every commune has its own town hall."""


@of_files
@once
def load_operateurs(
    paths: Sequence[Path], *, genres: Sequence[str] | None = None
) -> Loaded[gpd.GeoDataFrame]:
    """Load the counters of operators.

    Parameters
    ----------
    paths
        DILA directory, whole or by département, in any form of
        :func:`msap_geo.loaders.sites.annuaire.read_annuaire`.
    genres
        Operators wanted, among :data:`OPERATORS`; all of them when not given.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84; ``genre`` is the operator;
        ``horaires`` is null where the directory gives none (the one of 2016 never does).

    Raises
    ------
    FileMissingError, UnreadableFileError
        If a file is absent or cannot be read.
    DataError
        If a file is not a directory, an operator is unknown, or none of them has a counter there.
    """
    wanted = list(OPERATORS) if genres is None else list(genres)
    unknown = [genre for genre in wanted if genre not in OPERATORS]
    if unknown:
        raise DataError(
            f"opérateur inconnu : {', '.join(unknown)}",
            remedy=f"choisir parmi : {', '.join(OPERATORS)}",
        )
    genre_of = {kind: genre for genre in wanted for kind in OPERATORS[genre]}
    tables, met = [], set()
    for path in paths:
        table, types = read_annuaire(path, genre_of)
        tables.append(table.assign(fichier=path.name))
        met |= types
    raw = pd.concat(tables, ignore_index=True)
    if raw.empty:
        raise DataError(
            f"l'annuaire ne contient aucun de ces opérateurs : {', '.join(wanted)}",
            where=", ".join(map(str, paths)),
            remedy=f"types trouvés : {', '.join(sorted(met))}",
        )
    rows_read = len(raw)
    raw["genre"] = raw["type"].map(genre_of)
    repeated = raw.duplicated(["identifiant", "genre"], keep="first")
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    unread = raw["illisible"] != ""
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (repeated, "doublon", Action.LEFT_OUT, "identifiant déjà donné plus haut"),
            (malformed, "code-commune-invalide", Action.NOTED, "code « {code_insee} » mal formé"),
            (unread, "horaires-illisibles", Action.NOTED, "horaires non lus : {illisible}"),
        )
        for anomaly in note(raw[mask], code, action, message)
    ]
    raw["code_insee"] = raw["code_insee"].where(~malformed).astype(object)
    raw = raw[~repeated].reset_index(drop=True)
    # Two operators at one counter of the directory are two sites of one place.
    shared = raw["identifiant"].duplicated(keep="first")
    raw["identifiant"] = raw["identifiant"].where(~shared, raw["identifiant"] + "-" + raw["type"])
    geometry, moved = read_positions(raw, file=paths[0].name)
    table = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": raw["genre"],
            "code_insee": raw["code_insee"],
            "departement": raw["departement"],
            "commune": raw["commune"],
            "code_postal": raw["code_postal"],
            "adresse": raw["adresse"],
            "horaires": raw["horaires"].astype(object).where(raw["horaires"].notna(), None),
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            "fichier": raw["fichier"],
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    )
    return Loaded(schemas.check(table, schemas.SITES), rows_read, (*anomalies, *moved))
