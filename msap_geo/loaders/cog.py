"""The Code officiel géographique: which commune a code stands for today.

Communes merge. A file of 2016 and a list of 2024 name the same place by different codes; every
code is brought to those of one COG through the communes déléguées and associées, the former codes
(``anciensCodes``) and the arrondissements of Paris, Lyon and Marseille.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.tabular import read_text

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
    """

    names: Mapping[str, str]
    successors: Mapping[str, str]

    def current(self, codes: pd.Series) -> pd.Series:
        """Return the code in force of each code; unknown ones come back unchanged."""
        return codes.map(lambda code: self.successors.get(code, code), na_action="ignore")


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the Etalab COG (``decoupage-administratif``): one record per commune, past and present.

    Parameters
    ----------
    path
        JSON file: a list of objects with ``code``, ``nom``, ``type``.

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
    text = read_text(path)
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"« {path.name} » n'est pas du JSON valide",
            where=f"{path}, ligne {error.lineno}",
            remedy="télécharger à nouveau le fichier",
        ) from error
    if not isinstance(records, list) or not records:
        raise DataError(
            f"« {path.name} » n'est pas une liste de communes",
            where=path,
            remedy="fournir communes.json du découpage administratif d'Etalab",
        )
    for number, record in enumerate(records, start=1):
        keys = {"code", "nom", "type"}
        missing = keys - record.keys() if isinstance(record, dict) else keys
        if missing:
            raise MissingColumnError(
                f"« {path.name} » : clé absente : {', '.join(sorted(missing))}",
                where=f"{path}, objet n° {number}",
                remedy="fournir communes.json du découpage administratif d'Etalab",
            )
        if not all(isinstance(record[key], str) for key in keys):
            raise DataError(
                f"« {path.name} » : code, nom et type doivent être des textes",
                where=f"{path}, objet n° {number}",
                remedy="fournir communes.json du découpage administratif d'Etalab",
            )
    return records


def commune_codes(records: list[dict[str, Any]]) -> CommuneCodes:
    """Build the table of codes from COG records (see :func:`read_records`)."""
    names = {r["code"]: r["nom"] for r in records if r["type"] == "commune-actuelle"}
    successors: dict[str, str] = {}
    for record in records:
        if record["type"] == "commune-actuelle":
            successors |= dict.fromkeys(record.get("anciensCodes") or (), record["code"])
        else:
            parent = record.get("chefLieu") or record.get("commune")
            if parent:
                successors[record["code"]] = parent
    # A code in force stands for itself even where an older commune bore the same one.
    return CommuneCodes(names, {code: new for code, new in successors.items() if code not in names})
