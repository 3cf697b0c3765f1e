"""Places that could host a Maison besides post offices: town halls, médiathèques, any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import french, schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.hours import read_hours
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.tabular import LINE, normalise, pick_columns, read_text_table, to_number
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

if TYPE_CHECKING:
    from pathlib import Path

CONDITIONS = {
    "confidentialite": "espace confidentiel",
    "accessible_pmr": "accès des personnes handicapées",
    "deux_agents": "deux agents",
    "fibre": "fibre",
    "horaires_label": "24 heures sur cinq jours",
}
"""Conditions of the label a host is asked for (charter of France Services, July 2019)."""

READY, TO_DO, TO_CHECK, IMPOSSIBLE = "prêt", "à faire", "à vérifier", "impossible"

_REQUIRED = {"identifiant": ("site_id", "identifiant"), "nom": ("nom", "libelle")}
_OPTIONAL = {
    "genre": ("genre", "type"),
    "code_insee": ("code_insee", "insee_com"),
    "longitude": ("longitude", "lon"),
    "latitude": ("latitude", "lat"),
    "commune": ("commune", "lib_com"),
    "horaires": ("horaires",),
    "cout_eur": ("cout_eur",),
    **{name: (name,) for name in CONDITIONS},
}
_YES, _NO = {"oui", "1", "vrai"}, {"non", "0", "faux"}
_MOST_EUR = 1e12


@of_files
def load_hosts(path: Path) -> Loaded[gpd.GeoDataFrame]:
    """Load the places a study thinks of as hosts.

    Parameters
    ----------
    path
        CSV with ``site_id, nom``, a place (``longitude, latitude`` or ``code_insee``), and where
        known ``genre, commune, horaires`` (as OpenStreetMap writes them), ``cout_eur`` (whole
        running cost of a year) and the columns of :data:`CONDITIONS`: *oui*, *non* (it never
        will), the euros it would take, or nothing where it is not known.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84, with ``cout_eur``, ``label`` (*prêt,
        à faire, à vérifier, impossible*), ``travaux_eur`` (euros of what is to do) and
        ``conditions`` (what is missing, in words).

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read or lacks its columns.
    DataError
        If an identifier is empty or repeats, or a value is neither an answer nor a sum.
    """
    table = read_text_table(path)
    raw = pick_columns(table, path, required=_REQUIRED, optional=_OPTIONAL)
    raw[LINE] = table[LINE]
    rows_read = len(raw)
    _identified(raw, path)
    raw["genre"] = raw["genre"].where(raw["genre"].str.strip() != "", "Autre hôte")
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    given = raw["code_insee"] != ""
    anomalies = note(
        raw[malformed & given].assign(departement=""),
        "code-commune-invalide",
        Action.NOTED,
        "code « {code_insee} » mal formé",
        file=path.name,
    )
    raw["departement"] = (
        raw["code_insee"]
        .where(~malformed, "")
        .map(lambda code: departement_of(code) if code else "")
    )
    geometry, moved = read_positions(raw, file=path.name)
    label = _label(raw, path)
    sites = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": raw["genre"],
            "code_insee": raw["code_insee"].where(~malformed).astype(object),
            "departement": raw["departement"].astype(str),
            "commune": raw["commune"],
            "horaires": [_hours(text, raw, rank, path) for rank, text in raw["horaires"].items()],
            "accessible_pmr": raw["accessible_pmr"]
            .map(normalise)
            .where(raw["accessible_pmr"].map(normalise).isin(["oui", "non"])),
            "cout_eur": _sums(raw, "cout_eur", path),
            **{name: label[name] for name in label},
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    )
    sites["horaires"] = sites["horaires"].astype(object)
    schemas.check(sites, schemas.SITES, where=str(path))
    return Loaded(sites, rows_read, (*anomalies, *moved))


def _identified(raw: pd.DataFrame, path: Path) -> None:
    wrong = (raw["identifiant"].str.strip() == "") | raw["identifiant"].duplicated()
    if wrong.any():
        first = raw.index[wrong][0]
        raise DataError(
            f"identifiant vide ou déjà donné plus haut : « {raw.loc[first, 'identifiant']} »",
            where=f"{path}, ligne {raw.loc[first, LINE]}",
            remedy="donner à chaque hôte un site_id qui ne sert qu'à lui",
        )


def _sums(raw: pd.DataFrame, column: str, path: Path) -> pd.Series:
    text = raw[column].str.strip()
    numbers = to_number(text)
    wrong = (text != "") & ~((numbers >= 0) & (numbers <= _MOST_EUR))
    if wrong.any():
        first = raw.index[wrong][0]
        raise DataError(
            f"« {raw.loc[first, column]} » n'est "
            + ("pas" if column == "cout_eur" else "ni oui, ni non, ni")
            + f" une somme en euros ({column})",
            where=f"{path}, ligne {raw.loc[first, LINE]}",
            remedy="écrire un nombre positif, sans unité, ou laisser vide",
        )
    return numbers.astype(float)


def _label(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return what each host lacks of the label: go, no-go, to do with its cost, or unknown."""
    cost = pd.Series(0.0, index=raw.index)
    refused, unknown, to_do = (pd.Series(False, index=raw.index) for _ in range(3))
    words: list[list[str]] = [[] for _ in raw.index]
    for name, title in CONDITIONS.items():
        plain = raw[name].map(normalise)
        yes, no, blank = plain.isin(_YES), plain.isin(_NO), plain == ""
        euros = _sums(raw.assign(**{name: raw[name].mask(yes | no, "")}), name, path)
        priced = euros.notna()
        cost += euros.fillna(0.0)
        refused, unknown, to_do = refused | no, unknown | blank, to_do | priced
        for rank, (never, lacks, missing) in enumerate(zip(no, priced, blank, strict=True)):
            if never:
                words[rank].append(f"{title} : impossible")
            elif lacks:
                words[rank].append(f"{title} : {french.euros(float(euros.iloc[rank]))}")
            elif missing:
                words[rank].append(f"{title} : à vérifier")
    state = np.select([refused, unknown, to_do], [IMPOSSIBLE, TO_CHECK, TO_DO], READY)
    return pd.DataFrame(
        {
            "label": state.astype(object),
            "travaux_eur": cost,
            "conditions": ["; ".join(told) for told in words],
        },
        index=raw.index,
    )


def _hours(text: str, raw: pd.DataFrame, rank: object, path: Path) -> str | None:
    if not text.strip():
        return None
    try:
        read_hours(text)
    except (DataError, ValueError) as error:
        raise DataError(
            f"horaires illisibles : « {text} »",
            where=f"{path}, ligne {raw.loc[rank, LINE]}",
            remedy="les écrire ainsi : Mo-Fr 09:00-12:00,14:00-17:00",
        ) from error
    return text
