"""The Code officiel géographique: which commune a code stands for today.

Communes merge. A file of 2016 and a list of 2024 name the same place by different codes; every
code is brought to those of one COG through the communes déléguées and associées, the former codes
(``anciensCodes``) and the arrondissements of Paris, Lyon and Marseille.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.shared import once
from msap_geo.tabular import pick_columns, read_json_text, read_tables, read_text
from msap_geo.territory import ARRONDISSEMENTS_MUNICIPAUX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True)
class CommuneCodes:
    """Codes in force, and what older codes have become.

    Parameters
    ----------
    names
        Name of every commune in force, by code.
    successors
        Code in force of every code that is no longer a commune of its own.
    alternatives
        Communes in force a code may cover in some vintage of the files, where there are several:
        former communes shared out, communes since taken apart, Paris and its arrondissements. The
        one the code stands for by default is among them, if any.
    """

    names: Mapping[str, str]
    successors: Mapping[str, str]
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def current(self, codes: pd.Series) -> pd.Series:
        """Return the code in force of each code; unknown ones come back unchanged."""
        return codes.map(lambda code: self.successors.get(code, code), na_action="ignore")


@once
def read_records(path: Path) -> list[dict[str, Any]]:
    """Read a COG: one record per commune, past and present.

    Parameters
    ----------
    path
        Etalab ``communes.json``: a list of objects with ``code``, ``nom``, ``type``; or INSEE's
        list of communes (``v_commune_2026.csv``, alone or in the zip of the whole COG).

    Returns
    -------
    list of dict
        The records, as published.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file cannot be read as text.
    DataError
        If it is not JSON, or not a list of communes.
    MissingColumnError
        If a record lacks one of the expected keys.
    """
    if path.suffix.lower() in {".csv", ".txt", ".zip", ".xlsx"}:
        return _records_of_insee(path)
    records = read_json(path)
    if not isinstance(records, list) or not records:
        raise DataError(
            f"« {path.name} » n'est pas une liste de communes",
            where=path,
            remedy="fournir communes.json du découpage administratif d'Etalab",
        )
    keys = {"code", "nom", "type"}
    for number, record in enumerate(records, start=1):
        if (
            isinstance(record, dict)
            and isinstance(record.get("code"), str)
            and isinstance(record.get("nom"), str)
            and isinstance(record.get("type"), str)
        ):
            continue
        missing = keys - record.keys() if isinstance(record, dict) else keys
        if missing:
            raise MissingColumnError(
                f"« {path.name} » : clé absente : {', '.join(sorted(missing))}",
                where=f"{path}, objet n° {number}",
                remedy="fournir communes.json du découpage administratif d'Etalab",
            )
        raise DataError(
            f"« {path.name} » : code, nom et type doivent être des textes",
            where=f"{path}, objet n° {number}",
            remedy="fournir communes.json du découpage administratif d'Etalab",
        )
    return records


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file cannot be read as text.
    DataError
        If it is not JSON.
    """
    return read_json_text(read_text(path), path)


_LISTED = {
    "type": ("typecom",),
    "code": ("com",),
    "nom": ("libelle", "nccenr"),
    "parent": ("comparent",),
    "departement": ("dep",),
    "region": ("reg",),
    "arrondissement": ("arr",),
}
_TYPES = {
    "COM": "commune-actuelle",
    "COMD": "commune-deleguee",
    "COMA": "commune-associee",
    "ARM": "arrondissement-municipal",
}


def _records_of_insee(path: Path) -> list[dict[str, Any]]:
    """Bring INSEE's list of communes (``TYPECOM, COM, …, COMPARENT``) to Etalab's records."""
    known = {spelling for spellings in _LISTED.values() for spelling in spellings}
    found = read_tables(path, keep=known.__contains__)
    # The zip of the whole COG also holds départements, cantons… with some of these columns.
    complete = [each for each in found if {"typecom", "com", "comparent"} <= set(each.table)]
    table = pick_columns((complete or found)[0].table, path, required=_LISTED)
    table = table[table["type"].isin(list(_TYPES))]
    if table.empty:
        raise DataError(
            f"« {path.name} » ne contient aucune commune",
            where=path,
            remedy="fournir la liste des communes du COG de l'Insee",
        )
    records = []
    for row in table.to_dict("records"):
        record = {key: row[key] for key in ("code", "nom", "departement", "region")}
        record |= {"type": _TYPES[row["type"]], "arrondissement": row["arrondissement"]}
        if row["parent"]:
            record["commune" if row["type"] == "ARM" else "chefLieu"] = row["parent"]
        records.append(record)
    return records


_LEFT_GUADELOUPE = {"97123": "97701", "97127": "97801"}
"""Saint-Barthélemy and Saint-Martin, communes of Guadeloupe until 2007: files say so for longer."""


@once
def commune_codes(records: list[dict[str, Any]]) -> CommuneCodes:
    """Return the table of codes of COG records (see :func:`read_records`).

    A code may have led two lives: 55273 was once merged into 55245, and is today a commune associée
    of 55386. Today's life decides; the other one stays among the alternatives.
    """
    names = {r["code"]: r["nom"] for r in records if r["type"] == "commune-actuelle"}
    heirs: dict[str, list[str]] = {}
    for record in records:
        if record["type"] == "commune-actuelle":
            for code in record.get("anciensCodes") or ():
                heirs.setdefault(str(code), []).append(record["code"])
        else:
            parent = record.get("chefLieu") or record.get("commune")
            if parent:
                heirs.setdefault(record["code"], []).insert(0, str(parent))
    for code, current in _LEFT_GUADELOUPE.items():
        if current in names:
            heirs.setdefault(code, []).append(current)
    # A code in force stands for itself even where an older commune bore the same one.
    former = {
        code: tuple(dict.fromkeys(parents)) for code, parents in heirs.items() if code not in names
    }
    return CommuneCodes(
        names,
        _arrondissements(names) | {code: parents[0] for code, parents in former.items()},
        {code: parents for code, parents in former.items() if len(parents) > 1},
    )


def codes_among(names: Mapping[str, str]) -> CommuneCodes:
    """Take the communes of a table as those in force, where no COG is given.

    Parameters
    ----------
    names
        Name of each commune, by code.

    Returns
    -------
    CommuneCodes
        Arrondissements municipaux lead to their commune or, where only they are in the table,
        their commune may be any of them.
    """
    split: dict[str, tuple[str, ...]] = {}
    for code, commune in ARRONDISSEMENTS_MUNICIPAUX.items():
        if commune not in names and code in names:
            split[commune] = (*split.get(commune, ()), code)
    return CommuneCodes(dict(names), _arrondissements(names), split)


def _arrondissements(names: Mapping[str, str]) -> dict[str, str]:
    return {
        code: commune
        for code, commune in ARRONDISSEMENTS_MUNICIPAUX.items()
        if commune in names and code not in names
    }
