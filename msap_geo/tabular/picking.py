"""Columns picked by their names, and those that answer to one: twins, two spellings of one thing.

A spreadsheet lets two columns bear one name, and a table joined to another keeps both their codes.
Where they say the same, either will do. Where they differ nobody but the user knows which is right:
nothing is picked.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.tabular.numbers import to_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

LINE = "ligne"
"""Column of the line, in the file, each row comes from."""

_MARK = "#"
"""No normalised name holds it."""

_SAME = 1e-6
"""Numbers this near are one, written with more decimals or fewer (0.1 m in degrees)."""


_ONE_ANSWER = frozenset(
    {"code_insee", "longitude", "latitude", "lon", "lat", "x", "y", "from", "to", "length_m"}
    | {"vehicule", "jour", "arrivee", "depart", "accord", "date", "code_postal", "cout_eur"}
    | {"site_id", "identifiant", "visites"}
)
"""What two columns of a file should not tell otherwise, whatever their names."""

_OWN_NUMBERS = frozenset({"id", "matricule"})
"""Names a list also gives to numbers of its own, beside the identifier: no other spelling of it."""


def twinned_names(names: Sequence[str]) -> list[str]:
    """Return the names, each one but the first of its kind marked: ``a, a`` → ``a, a#2``.

    Parameters
    ----------
    names
        Normalised names of columns.
    """
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}{_MARK}{seen[name]}")
    return unique


def name_of(column: str) -> str:
    """Return the name of a column without its mark.

    Parameters
    ----------
    column
        As :func:`twinned_names` gives it.
    """
    return column.partition(_MARK)[0]


def settle_twins(
    table: pd.DataFrame, where: Path | str, wanted: Iterable[str] | None = None
) -> pd.DataFrame:
    """Keep one of the columns of one name, where they say the same.

    Parameters
    ----------
    table
        Columns named by :func:`twinned_names`.
    where
        File they come from, for the message.
    wanted
        Names that are read; all when not given.

    Returns
    -------
    pandas.DataFrame
        The table without twins of these names; of twins that are empty but one, that one.

    Raises
    ------
    DataError
        If two of them differ.
    """
    twins = [str(column) for column in table.columns if _MARK in str(column)]
    read = None if wanted is None else set(wanted)
    for name in dict.fromkeys(map(name_of, twins)):
        if not name or (read is not None and name not in read):
            continue
        group = [column for column in table.columns if name_of(str(column)) == name]
        table = table.assign(**{name: table[one_answer(table, group, where)]})
        table = table.drop(columns=[column for column in group if column != name])
    return table


def one_answer(table: pd.DataFrame, columns: Sequence[str], where: Path | str) -> str:
    """Return the column to read among some that answer one question.

    Parameters
    ----------
    table
        Table that has them.
    columns
        By preference.
    where
        File they come from, for the message.

    Returns
    -------
    str
        The first that is not empty, the first where all are.

    Raises
    ------
    DataError
        If two of them differ on a row.
    """
    texts = {column: _texts(table[column]) for column in columns}
    filled = [column for column in columns if (texts[column] != "").any()]
    for column in filled[1:]:
        differs = ~_same(texts[filled[0]], texts[column])
        if differs.any():
            row = int(np.flatnonzero(differs)[0])
            line = f", ligne {table[LINE].iloc[row]}" if LINE in table else ""
            named = " et ".join(f"« {name_of(one)} »" for one in (filled[0], column))
            twins = name_of(filled[0]) == name_of(column)
            told = f"deux colonnes {name_of(column)}" if twins else f"les colonnes {named}"
            raise DataError(
                f"« {getattr(where, 'name', where)} » : {told} ne disent pas la même chose sur "
                f"{int(differs.sum())} ligne(s) (la première : « {texts[filled[0]].iloc[row]} » et "
                f"« {texts[column].iloc[row]} »)",
                where=f"{where}{line}",
                remedy="ne garder que la bonne, ou renommer l'autre",
            )
    return filled[0] if filled else columns[0]


def _texts(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()


def _same(one: pd.Series, other: pd.Series) -> pd.Series:
    same = one == other
    if same.all():
        return same
    bare = one.map(_bare) == other.map(_bare)
    near = (to_number(one) - to_number(other)).abs() <= _SAME
    return same | bare | near


def _bare(text: str) -> str:
    """Return a text without what spreadsheets take from codes: zeros before, ``.0`` behind."""
    return re.sub(r"\.0+$", "", text).lstrip("0").casefold()


def pick_columns(
    table: pd.DataFrame,
    path: Path,
    *,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the columns wanted, under our names.

    Parameters
    ----------
    table
        Table whose columns are normalised.
    path
        File it comes from, for the message.
    required
        Our name → the normalised spellings it is published under, first match wins; where two
        columns of that spelling, or of any for codes and places, differ, the file is refused.
    optional
        The same, for columns that may be absent: they come back filled with empty text.

    Returns
    -------
    pandas.DataFrame
        New table with our names, and :data:`LINE` when the table has it.

    Raises
    ------
    MissingColumnError
        If required columns are absent; the message names them all, and what was found.
    DataError
        If two columns that answer one question differ.
    """
    chosen: dict[str, pd.Series] = {}
    if LINE in table:
        chosen[LINE] = table[LINE]
    missing = []
    for ours, spellings in {**required, **(optional or {})}.items():
        present = [
            [column for column in table.columns if name_of(str(column)) == name]
            for name in spellings
        ]
        present = [columns for columns in present if columns]
        if present:
            # Names are published in several forms on purpose: the first spelling is meant.
            others = chain(*present[1:]) if ours in _ONE_ANSWER else ()
            asked = [*present[0], *(one for one in others if name_of(one) not in _OWN_NUMBERS)]
            values = table[one_answer(table, asked, path)]
            chosen[ours] = _corsican(values) if ours == "code_insee" else values
        elif ours in required:
            missing.append(" ou ".join(spellings))
        else:
            chosen[ours] = pd.Series("", index=table.index, dtype=str)
    if missing:
        found_names = ", ".join(name_of(str(name)) for name in table.columns if name != LINE)
        raise MissingColumnError(
            f"« {path.name} » : colonne absente : {' ; '.join(missing)} "
            f"(colonnes trouvées : {found_names})",
            where=path,
            remedy="vérifier que c'est le bon fichier, et que son en-tête n'a pas été modifié",
        )
    return pd.DataFrame(chosen)


def _corsican(codes: pd.Series) -> pd.Series:
    """Return codes of communes with Corsica's letter as it is published: ``2a004`` → ``2A004``."""
    small = codes.map(lambda code: isinstance(code, str) and code[:2] in {"2a", "2b"})
    return codes.mask(small.astype(bool), codes.astype(str).str.upper())
