"""Who is there each month: people present, or the part of second homes that is lived in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.prospective.effectifs import PLACE_CODES
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.variables import first_of
from msap_geo.tabular import LINE, columns_found, normalise, read_tables, to_number

if TYPE_CHECKING:
    from pathlib import Path

MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
"""Months, as columns of a table name them."""

PRESENT, OCCUPIED = "presents", "occupation"
"""What a file of the season counts: people present, or a share of second homes lived in."""

_MONTH = ("mois", "month", "periode")
_SHARE = ("facteur", "occupation", "taux", "taux_occupation", "part")
_VALUE = ("presents", "population_presente", "population", "nuitees", "valeur", *_SHARE)
_SHORT = {month[:3]: rank for rank, month in enumerate(MONTHS, start=1) if month[:2] != "ju"}
_SHORT |= {"jui": 6, "jun": 6, "juil": 7, "jul": 7, "sept": 9, "fevr": 2, "avr": 4}


def month_of(text: str) -> int | None:
    """Read a month: ``août``, ``8``, ``08``, ``2025-08``, ``2025-08-01``; None where none."""
    plain = normalise(text)
    if plain in MONTHS:
        return MONTHS.index(plain) + 1
    if plain in _SHORT:
        return _SHORT[plain]
    digits = plain.removeprefix("m")
    if plain[:2] in ("19", "20"):
        digits = plain.partition("_")[2].partition("_")[0]  # a day may follow, or an hour
    return int(digits) if digits.isdigit() and 1 <= int(digits) <= len(MONTHS) else None


@of_files
@once
def load_season(path: Path) -> Loaded[pd.DataFrame]:
    """Load who is there each month.

    Parameters
    ----------
    path
        CSV, workbook, Parquet or zip: a month in each column (``aout``) or one row a month
        (``mois``), by place (a code) or for all of them. Figures none of which exceeds 1 are shares
        of the second homes lived in, as are those so written (``occupation``, ``taux``, a percent);
        otherwise they are people present, residents included.

    Returns
    -------
    Loaded
        ``code`` (empty where the file names no place), ``mois`` (1 to 12), ``valeur`` and ``genre``
        (:data:`PRESENT` or :data:`OCCUPIED`, the same everywhere).

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read, or tells no month.
    DataError
        If a figure is absent or negative, a share exceeds 1, or a month is told twice of one place.
    """
    wanted = {*PLACE_CODES, *_MONTH, *_VALUE}
    found = read_tables(
        path, keep=lambda name: name in wanted or (name in MONTHS or name in _SHORT)
    )[0].table
    code, month = first_of(found.columns, PLACE_CODES), first_of(found.columns, _MONTH)
    value = first_of(found.columns, _VALUE)
    columns = {name: rank for name in found.columns if name != LINE and (rank := _heading(name))}
    if not columns and (month is None or value is None):
        raise MissingColumnError(
            f"« {path.name} » : aucun mois (attendus : des colonnes janvier… decembre, ou mois et "
            f"presents ou occupation ; trouvées : {columns_found(path)})",
            where=path,
            remedy="donner une colonne par mois, ou une ligne par mois",
        )
    base = pd.DataFrame({LINE: found[LINE], "code": "" if code is None else found[code]})
    if columns:
        parts = [
            base.assign(mois=rank, texte=found[name].to_numpy()) for name, rank in columns.items()
        ]
        table = pd.concat(parts, ignore_index=True)
    else:
        table = base.assign(mois=found[str(month)].map(month_of), texte=found[str(value)])
    return Loaded(_checked(table, path, shares=not columns and value in _SHARE), len(found))


def _heading(name: str) -> int | None:
    return None if name.isdigit() else month_of(name) if name in {*MONTHS, *_SHORT} else None


def _checked(table: pd.DataFrame, path: Path, *, shares: bool) -> pd.DataFrame:
    percent = table["texte"].str.endswith("%")
    numbers = to_number(table["texte"].str.removesuffix("%"))
    table = table.assign(valeur=numbers.where(~percent, numbers / 100))
    wrong = table["mois"].isna() | table["valeur"].isna() | (table["valeur"] < 0)
    repeated = table.duplicated(["code", "mois"])
    for rows, problem in (
        (wrong, "un mois ou un chiffre manque, ou est négatif"),
        (repeated, "un mois est donné deux fois"),
    ):
        if rows.any():
            row = table[rows].iloc[0]
            raise DataError(
                f"« {path.name} » : {problem}",
                where=f"{path}, ligne {row[LINE]}",
                remedy="donner pour chaque mois une part de 0 à 1, ou des personnes présentes",
            )
    above = table["valeur"] > 1
    if above.any() and (shares or percent.any()):
        row = table[above].iloc[0]
        raise DataError(
            f"« {path.name} » : une part occupée dépasse 1 ({row['texte']})",
            where=f"{path}, ligne {row[LINE]}",
            remedy="écrire 0,7 ou 70 % ; des personnes présentes se donnent dans une colonne "
            "presents",
        )
    shares = not above.any()
    if not shares and bool((table["code"] == "").any()):
        raise DataError(
            f"« {path.name} » : des personnes présentes sans dire où",
            where=path,
            remedy="donner le code du territoire, ou une part de 0 à 1 des résidences secondaires",
        )
    return table.assign(mois=table["mois"].astype(int), genre=OCCUPIED if shares else PRESENT)[
        ["code", "mois", "valeur", "genre"]
    ]
