"""Cells of CSV files that a spreadsheet would compute, given as the text they are.

A name that begins with ``=`` is a formula to Excel and LibreOffice, one that can call a program.
A tab before it makes it text (OWASP, CSV Injection); it does not show, and our readers remove it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

PREFIX = "\t"
_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a tab before each text that a spreadsheet would compute.

    Parameters
    ----------
    table
        Table about to be written as CSV; numbers stay numbers, a negative one too.

    Returns
    -------
    pandas.DataFrame
        The same table where nothing had to change, else a new one.
    """
    changed: dict[Hashable, pd.Series] = {}
    for position, name in enumerate(table.columns):
        values = table.iloc[:, position]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
            continue
        risky = values.map(_is_computed).astype(bool)
        if risky.any():
            changed[name] = values.astype(object).where(~risky, PREFIX + values.astype(str))
    return table.assign(**changed) if changed else table  # type: ignore[arg-type]


def unguarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table read as text without the tabs :func:`guarded` put.

    Parameters
    ----------
    table
        Table of text columns.

    Returns
    -------
    pandas.DataFrame
        New table.
    """
    return table.apply(lambda values: values.str.removeprefix(PREFIX))


def stripped(values: pd.Series) -> pd.Series:
    """Return values without the spaces around them, empty where there was nothing."""
    return values.fillna("").str.strip()


def unwrapped(values: pd.Series) -> pd.Series:
    """Return the text of values kept from a spreadsheet's hands: ``="01001"``."""
    return values.str.replace(r'^="(.*)"$', r"\1", regex=True)


def _is_computed(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_COMPUTED)
