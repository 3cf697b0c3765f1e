"""INSEE's variable names, which carry their year: ``P21_POP`` one year, ``P22_POP`` the next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CENTURY_PIVOT = 60
"""INSEE's two digits: 68 is the census of 1968, 21 that of 2021."""


def year_of(digits: str) -> int:
    """Return the year two digits stand for."""
    return int(digits) + (1900 if int(digits) >= _CENTURY_PIVOT else 2000)


def first_of(columns: Iterable[str], spellings: Iterable[str]) -> str | None:
    """Return the first of the spellings that is a column, None if there is none."""
    present = set(columns)
    return next((name for name in spellings if name in present), None)


def latest(columns: Iterable[str], forms: Sequence[str]) -> str | None:
    """Return the column of the latest year.

    Parameters
    ----------
    columns
        Normalised names.
    forms
        Regular expressions whose only group is the two digits of the year, by preference.

    Returns
    -------
    str or None
        Of the first form any column has, the one of the latest year.
    """
    names = list(columns)
    for form in forms:
        found = [(year_of(m[1]), name) for name in names if (m := re.fullmatch(form, str(name)))]
        if found:
            return max(found)[1]
    return None
