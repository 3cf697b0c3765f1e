"""What communes belong to: EPCI, arrondissement, canton, bassin de vie, région, density.

From INSEE's *table d'appartenance géographique des communes* (sheet ``COM``, labels in
``Zones_supra_communales``), its *grille communale de densité* (``DENS``, ``LIBDENS``), Etalab's
``epci.json`` and ``communes.json``, or the lists of France Ruralités and of the law of mountains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory import zonages
from msap_geo.loaders.territory.codes_insee import (
    departements_of,
    malformed,
    refuse_lost_zeros,
    refuse_unreadable,
)
from msap_geo.loaders.territory.cog import read_json
from msap_geo.loaders.variables import first_of
from msap_geo.tabular import LINE, Found, read_tables, tell_passed_over
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from msap_geo.loaders.territory.cog import CommuneCodes

_CODE = ("codgeo", "code_insee", "depcom", "code_commune", "insee_com", "insee")
_COLUMNS = {
    "epci": ("epci", "code_epci", "siren_epci", "codes_siren_des_epci"),
    "arrondissement": ("arr", "arrondissement", "code_arrondissement", "insee_arr"),
    "canton": ("cv", "canton", "code_canton", "insee_can", "can"),
    "bassin_de_vie": ("bv2022", "bv2012", "bassin_de_vie"),
    "departement": ("dep", "departement", "code_departement", "insee_dep"),
    "region": ("reg", "region", "code_region", "insee_reg"),
    "densite": (
        "dens7",
        "densite7",
        "densite_7",
        "dens",
        "densite",
        "degre_densite",
        "degre_de_densite",
        "niveau_densite",
        "grille_densite",
    ),
}
_LABELS = {
    "densite": (
        "libdens7",
        "lib_dens7",
        "libdens",
        "libelle_degre_densite",
        "lib_dens",
        "libelle_densite",
        "densite_nom",
    ),
    "epci": ("libepci", "lib_epci", "nom_epci", "epci_nom"),
    "bassin_de_vie": ("libbv2022", "libbv2012", "bassin_de_vie_nom"),
    "canton": ("libcv", "canton_nom"),
    "arrondissement": ("libarr", "arrondissement_nom"),
    "region": ("libreg", "region_nom"),
}
_LEVELS = {
    "epci": ("EPCI",),
    "arrondissement": ("ARR",),
    "canton": ("CV",),
    "bassin_de_vie": ("BV2022", "BV2012"),
    "region": ("REG",),
    "departement": ("DEP",),
}
"""Levels of the sheet of labels (``NIVGEO``)."""

DENSITY_LEVELS = {
    "1": "Grands centres urbains",
    "2": "Centres urbains intermédiaires",
    "3": "Ceintures urbaines",
    "4": "Petites villes",
    "5": "Bourgs ruraux",
    "6": "Rural à habitat dispersé",
    "7": "Rural à habitat très dispersé",
}
"""INSEE's density grid at seven levels, where the file gives but the figures."""

_NOWHERE = r"Z+|\d{2,3}ZZ|9?ZZZ+|"
"""``ZZZZZZZZZ``: INSEE's way of saying that a commune belongs to none."""

_KNOWN = {
    *_CODE,
    *(name for names in (*_COLUMNS.values(), *_LABELS.values()) for name in names),
    "nivgeo",
    "libgeo",
}


@of_files
@once
def load_memberships(path: Path, *, codes: CommuneCodes | None = None) -> Loaded[pd.DataFrame]:
    """Load what each commune belongs to.

    Parameters
    ----------
    path
        INSEE's *table d'appartenance* or *grille de densité* (workbook, CSV or zip), Etalab's
        ``epci.json`` or ``communes.json``; the list of communes in France Ruralités, or in the
        mountains (its name or a column of it says *montagne*).
    codes
        Codes to bring the file to: a merged commune belongs where the one that kept its code did,
        else where the first of them did; those that belonged elsewhere are told of.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.MEMBERSHIP`, sorted by code: those columns of
        :data:`msap_geo.schemas.MEMBERSHIPS` the file gives, and ``<column>_nom`` where it names
        them; null where a commune belongs to none.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is not what it claims to be, or tells of no membership.
    """
    raw, noticed = (_from_json(path), []) if path.suffix.lower() == ".json" else _from_tables(path)
    refuse_lost_zeros(raw["code_insee"], path)
    rows_read = len(raw)
    wrong = malformed(raw["code_insee"])
    repeated = raw["code_insee"].duplicated(keep="first") & ~wrong
    told = raw.assign(
        nom=raw["code_insee"],
        identifiant=raw["code_insee"],
        departement=departements_of(raw["code_insee"]),
    )
    refuse_unreadable(
        raw["code_insee"],
        path,
        remedy="fournir la table d'appartenance géographique des communes de l'Insee",
    )
    anomalies = [
        *noticed,
        *note(
            told[wrong],
            "code-commune-invalide",
            Action.LEFT_OUT,
            "code de commune mal formé",
            file=path.name,
        ),
        *note(
            told[repeated],
            "doublon",
            Action.LEFT_OUT,
            "commune déjà donnée plus haut",
            file=path.name,
        ),
    ]
    raw = raw[~(wrong | repeated)].drop(columns=LINE, errors="ignore")
    if codes is not None and zonages.MOUNTAIN in raw:
        raw = zonages.mountains_in_force(raw, codes)
    elif codes is not None:
        raw, merged = _merged(raw, codes, path.name)
        anomalies += merged
    table = raw.sort_values("code_insee", ignore_index=True)
    result = schemas.check(table, schemas.MEMBERSHIP, where=path.name)
    return Loaded(result, rows_read, tuple(anomalies))


def join_memberships(loaded: Iterable[Loaded[pd.DataFrame]]) -> Loaded[pd.DataFrame]:
    """Return the memberships of several files; where two give the same one, the first prevails."""
    tables = list(loaded)
    table = tables[0].table
    for each in tables[1:]:
        new = [name for name in each.table.columns if name not in table.columns]
        table = table.merge(each.table[["code_insee", *new]], on="code_insee", how="outer")
    table = schemas.check(table.sort_values("code_insee", ignore_index=True), schemas.MEMBERSHIP)
    anomalies = tuple(anomaly for each in tables for anomaly in each.anomalies)
    return Loaded(table, sum(each.rows_read for each in tables), anomalies)


def _from_tables(path: Path) -> tuple[pd.DataFrame, list[Anomaly]]:
    found = read_tables(path, keep=_wanted)
    mountains = zonages.mountain_rows(found, path.name)
    if mountains is not None:
        return mountains, tell_passed_over(found, file=path.name)
    fitting = [each for each in found if _is_of_communes(each)]
    if not fitting:
        seen = "; ".join(f"{each.name} : {', '.join(each.table.columns[1:])}" for each in found)
        raise MissingColumnError(
            f"« {path.name} » : il manque le code de la commune ({' ou '.join(_CODE[:4])}) ou une "
            "appartenance (EPCI, ARR, CV, BV2022, DEP, REG, DENS7, classement FRR) ; reconnues : "
            f"{seen}",
            where=path,
            remedy="fournir la table d'appartenance géographique des communes de l'Insee",
        )
    # The sheet of arrondissements municipaux has the same columns and fewer rows.
    raw = max(fitting, key=lambda each: len(each.table)).table
    table = pd.DataFrame({LINE: raw[LINE], "code_insee": raw[str(first_of(raw, _CODE))]})
    names = _names(found)
    for column, spellings in _COLUMNS.items():
        source = first_of(raw, spellings)
        if source is None or (column == "densite" and not _has_seven_levels(raw, source)):
            continue
        values = raw[source].astype(str)
        table[column] = values.mask(values.str.fullmatch(_NOWHERE))
        label = first_of(raw, _LABELS.get(column, ()))
        if label is not None and _names_them(raw[source], raw[label]):
            table[f"{column}_nom"] = raw[label].mask(raw[label] == "")
        elif column in names:
            table[f"{column}_nom"] = table[column].map(names[column], na_action="ignore")
    rural = zonages.rural_column(raw.columns)
    if rural is not None:
        table[zonages.RURAL] = zonages.rural_classes(raw[rural])
    anomalies = tell_passed_over(found, file=path.name)
    density = first_of(raw, _COLUMNS["densite"])
    if density is not None and "densite" not in table:
        anomalies.append(
            Anomaly(
                "densite-trois-niveaux",
                Action.LEFT_OUT,
                path.name,
                f"colonne {density.upper()} : densité à trois ou quatre niveaux, non lue (il faut "
                "les sept niveaux, DENS7)",
            )
        )
        if len(table.columns) == len((LINE, "code_insee")):
            raise DataError(
                f"« {path.name} » ne donne la densité qu'à trois ou quatre niveaux",
                where=path,
                remedy="fournir la grille communale de densité à sept niveaux (colonne DENS7)",
            )
    return table, anomalies


def _wanted(name: str) -> bool:
    return name in _KNOWN or zonages.is_of_zoning(name)


def _has_seven_levels(raw: pd.DataFrame, source: str) -> bool:
    """Tell INSEE's grid at seven levels from those at three or four, whose figures mean others.

    A département may have but a few of the seven: the most rural of them, which no shorter grid
    has, is what tells. A column called by its seven levels is believed.
    """
    return "7" in source or raw[source].astype(str).isin(["5", "6", "7"]).any()


def _names_them(values: pd.Series, labels: pd.Series) -> bool:
    """Tell whether labels name these values: each value one label, and no label two values."""
    pairs = pd.DataFrame({"value": values, "label": labels})
    pairs = pairs[(pairs != "").all(axis=1)].drop_duplicates()
    return pairs["value"].is_unique and (pairs["label"].is_unique or not len(pairs))


def _is_of_communes(found: Found) -> bool:
    columns = set(found.table.columns)
    return (
        first_of(columns, _CODE) is not None
        and "nivgeo" not in columns
        and (
            any(columns & set(spellings) for spellings in _COLUMNS.values())
            or zonages.rural_column(columns) is not None
        )
    )


def _names(found: list[Found]) -> dict[str, dict[str, str]]:
    """Return the names the sheet of labels gives, and those known beforehand."""
    names: dict[str, dict[str, str]] = {"departement": DEPARTEMENTS, "densite": DENSITY_LEVELS}
    for each in found:
        if not {"nivgeo", "codgeo", "libgeo"} <= set(each.table.columns):
            continue
        for column, levels in _LEVELS.items():
            rows = each.table[each.table["nivgeo"].isin(levels)]
            if len(rows):
                names[column] = dict(zip(rows["codgeo"], rows["libgeo"], strict=True))
    return names


def _from_json(path: Path) -> pd.DataFrame:
    records = read_json(path)
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise _not_memberships(path)
    rows = _of_epci(records) if any("membres" in each for each in records) else _of_cog(records)
    if not rows:
        raise _not_memberships(path)
    table = pd.DataFrame(rows)
    return table.astype(object).where(table.notna(), None)


def _of_epci(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "code_insee": str(member.get("code", "")),
            "epci": str(record.get("code", "")),
            "epci_nom": str(record.get("nom", "")),
        }
        for record in records
        if isinstance(record.get("membres"), list)
        for member in record["membres"]
        if isinstance(member, dict)
    ]


def _of_cog(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    columns = ("arrondissement", "departement", "region")
    return [
        {"code_insee": str(record.get("code", ""))}
        | {name: str(record[name]) if record.get(name) else None for name in columns}
        for record in records
        if record.get("type") == "commune-actuelle"
    ]


def _not_memberships(path: Path) -> DataError:
    return DataError(
        f"« {path.name} » ne dit à quoi appartient aucune commune",
        where=path,
        remedy="fournir epci.json ou communes.json du découpage administratif d'Etalab",
    )


def _merged(
    raw: pd.DataFrame, codes: CommuneCodes, file: str
) -> tuple[pd.DataFrame, list[Anomaly]]:
    current = codes.current(raw["code_insee"])
    changed = current != raw["code_insee"]
    if not changed.any():
        return raw, []
    table = raw.assign(ancien=raw["code_insee"], code_insee=current, garde=changed.astype(int))
    table = table.sort_values(["code_insee", "garde"], kind="stable")
    kept = table.drop_duplicates("code_insee").drop(columns=["ancien", "garde"])
    columns = [name for name in schemas.MEMBERSHIPS if name in raw.columns]
    of_kept = kept.set_index("code_insee")[columns].reindex(table["code_insee"])
    differs = (of_kept.fillna("").to_numpy() != table[columns].fillna("").to_numpy()).any(
        axis=1
    ) & (table["garde"] == 1).to_numpy()
    told = table.assign(
        nom=table["ancien"],
        identifiant=table["ancien"],
        departement=departements_of(table["code_insee"]),
    )[differs]
    anomalies = note(
        told,
        "appartenance-differente",
        Action.NOTED,
        "ancienne commune de {code_insee}, qui n'avait pas les mêmes appartenances",
        file=file,
    )
    return kept, anomalies
