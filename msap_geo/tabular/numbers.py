"""Numbers as the administrations write them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_GROUPED = re.compile(
    r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}(?:,\d+)?|(?:,\d{3}){2,}(?:\.\d+)?"
    r"|(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+)"
)
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"


def to_number(values: pd.Series) -> pd.Series:
    """Convert text to floats, else null: never a guess.

    Decimal points and commas, thousands set apart by spaces (ordinary, non-breaking, narrow), or by
    points or commas where no other reading is possible (``1.234.567``, ``1.234,5``). A lone comma
    or point is a decimal one.

    Parameters
    ----------
    values
        Text values.

    Returns
    -------
    pandas.Series
        ``float64``; null where the text is empty, not a number, or not a finite one.
    """
    if pd.api.types.is_bool_dtype(values):
        return pd.Series(np.nan, index=values.index)
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("float64")
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    # Most columns are plain: only what pandas could not read is looked at more closely.
    other = values[numbers.isna() & values.notna()].astype(str)
    other = other[other != ""]
    if len(other):
        # The characters themselves: the expressions of Arrow (pandas 3.0) have no such escape.
        plain = other.str.replace("[\\s\u00a0\u202f]", "", regex=True)
        grouped = plain.str.fullmatch(_GROUPED).astype(bool)
        plain = plain.mask(grouped, plain[grouped].map(_ungrouped)).str.replace(",", ".")
        plain = plain.where(plain.str.fullmatch(_NUMBER).astype(bool))
        found = pd.to_numeric(plain, errors="coerce").astype("float64")
        numbers = numbers.fillna(found.where(np.isfinite(found)))
    return numbers


def _ungrouped(text: str) -> str:
    """Take the thousands separators out: a last mark unlike the first is the decimal one."""
    marks = [mark for mark in text if mark in ".,"]
    if marks[0] != marks[-1]:
        whole, _, decimals = text.rpartition(marks[-1])
        return f"{whole.replace(marks[0], '')}.{decimals}"
    return text.replace(marks[0], "")
