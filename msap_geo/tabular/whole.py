"""Whether a delimited text is whole: a file cut on its way still looks like a table.

A reader pads rows shorter than the header, so that a bus whose last fields are lost counts as a
fixed Maison. Here such rows stop the reading, and their line is named.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pandas as pd

_ENOUGH_ROWS, _ENOUGH_WORDS = 10, 3
"""Rows needed to know what the last column usually holds; of words, which seldom begin others."""
_NUMBER = re.compile(r"-?\d*(?:[.,](\d*))?")
_DECIMALS_LOST = 2
"""A number that ends with zeros has one decimal less than others once in ten, two in a hundred."""


def last_named(columns: Sequence[str]) -> int:
    """Return the position of the last column that has a name: a header may end with separators."""
    named = [position for position, name in enumerate(columns) if name.strip("_0123456789")]
    return named[-1] if named else len(columns) - 1


def refuse_cut(
    text: str, last_values: pd.Series, last: int, *, separator: str, before: int, where: Path | str
) -> None:
    """Refuse a text with a row that ends before the last column, or inside its very last value.

    Parameters
    ----------
    text
        The whole text.
    last_values
        What was read of the last column, empty where there was nothing.
    last
        Position of that column (:func:`last_named`).
    separator
        What separates fields.
    before
        Lines of the file before the first row.
    where
        File it comes from, for the message.

    Raises
    ------
    DataError
        The line of the first such row is named.
    """
    empty = (last_values == "").to_numpy()
    if empty.any():
        short = [
            number
            for number, width in _widths(text, separator)
            if number > before and width <= last
        ]
        if short:
            raise _short(short, where, at_the_end=short[0] >= before + len(last_values))
    if not text.endswith(("\n", "\r")):
        _refuse_piece(last_values, where)


def _widths(text: str, separator: str) -> Iterator[tuple[int, int]]:
    """Yield the number and the width of each line that holds something."""
    lines = io.StringIO(text, newline=None)
    if '"' not in text:
        for number, line in enumerate(lines, start=1):
            if line.strip(separator + " \t\r\n"):
                yield number, line.count(separator) + 1
        return
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
            if any(map(str.strip, row)):
                yield number, len(row)
    except csv.Error:  # a field larger than any published: what was read stands
        return


def _short(lines: Sequence[int], where: Path | str, *, at_the_end: bool) -> DataError:
    others = f" (et {french.counted(len(lines) - 1, 'autre')})" if len(lines) > 1 else ""
    return DataError(
        f"« {Path(where).name} » : la ligne {lines[0]}{others} s'arrête avant la dernière colonne"
        + (" : le fichier est sans doute coupé" if at_the_end else ""),
        where=f"{where}, ligne {lines[0]}",
        remedy="le télécharger à nouveau (telecharger --forcer s'il en vient) ; si c'est une note "
        "sous le tableau, l'effacer",
    )


def _refuse_piece(values: pd.Series, where: Path | str) -> None:
    """Refuse a last value never met above that begins like others: it is a piece of one.

    A text whose last line is not ended may be whole, as hand-made ones often are.
    """
    value, above = str(values.iloc[-1]) if len(values) else "", set(values.iloc[:-1])
    enough = _ENOUGH_WORDS if re.search(r"[^\W\d]", value) else _ENOUGH_ROWS
    piece = (
        len(values) > enough
        and value not in above
        and any(other.startswith(value) for other in above)
    )
    if piece or (len(values) > _ENOUGH_WORDS and _lacks_decimals(value, above)):
        raise DataError(
            f"« {Path(where).name} » : la dernière ligne est coupée (elle finit par « {value} »)",
            where=f"{where}, dernière ligne",
            remedy="télécharger à nouveau le fichier (telecharger --forcer s'il en vient) ; "
            "s'il est entier, finir sa dernière ligne par un retour",
        )


def _lacks_decimals(value: str, above: Collection[str]) -> bool:
    """Tell whether a number is written shorter than every other by two decimals or more."""
    told = [_decimals(str(other)) for other in above]
    found = _decimals(value)
    return found >= 0 and bool(told) and min(told) >= found + _DECIMALS_LOST


def _decimals(text: str) -> int:
    """Return the number of decimals of a number as written, -1 of another text."""
    number = _NUMBER.fullmatch(text)
    return -1 if number is None else len(number[1] or "")
