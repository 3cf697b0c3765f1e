"""Whether a table surely honours its schema, told in a few passes over its columns.

Pandera gathers every problem there is, and spends a millisecond a column on it; nearly every table
has none. Whatever is not surely as agreed here is for it to judge and to tell.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo.schemas.columns import is_area, is_point, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandera.pandas as pa

_LONG = 1_000
"""Rows from which pandas looks for a pattern sooner than a loop does."""

_BY_NAME: Mapping[str, Callable[[pd.Series], Any]] = {
    "du texte": is_text,
    "des points": is_point,
    "des surfaces": is_area,
}


def surely_honours(table: pd.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Tell whether a table honours a schema, as far as a quick look can be sure.

    Parameters
    ----------
    table
        The table.
    schema
        One of the schemas of this room.

    Returns
    -------
    bool
        True: the table is as agreed. False: it may be, or not.
    """
    if any((schema.checks, schema.index, schema.strict, schema.coerce, schema.ordered)):
        return False
    for name, column in schema.columns.items():
        if name not in table.columns:
            if column.required:
                return False
            continue
        values: Any = table[name]
        if not isinstance(values, pd.Series) or not _column_honours(values, column):
            return False
    together = schema.unique
    return not together or not table.duplicated(subset=together).any()


def _column_honours(values: pd.Series, column: pa.Column) -> bool:
    if column.regex or column.coerce or column.parsers:
        return False
    kind: Any = column.dtype  # None where any will do, whatever pandera's own hints say
    if kind is not None and str(values.dtype) != str(kind):
        return False
    missing = values.isna().to_numpy()
    if missing.any():
        if not column.nullable:
            return False
        known = values[~missing]
    else:
        known = values
    # Checks first: what passes them can be told from one another.
    passed = all(_passes(known, check) for check in column.checks)
    return passed and (not column.unique or values.is_unique)


def _passes(known: pd.Series, check: pa.Check) -> bool:
    """Tell whether the values that are known surely pass a check."""
    given = check.statistics or {}
    if check.name == "greater_than_or_equal_to":
        return bool((known.to_numpy(dtype=float) >= given["min_value"]).all())
    if check.name == "str_matches":
        return _match(known, given["pattern"])
    function = _BY_NAME.get(str(check.name))
    return function is not None and bool(np.all(function(known)))


def _match(known: pd.Series, pattern: str | re.Pattern[str]) -> bool:
    whole = _compiled(pattern if isinstance(pattern, str) else pattern.pattern)
    if len(known) >= _LONG:
        return bool(known.str.fullmatch(whole.pattern).all())
    return all(whole.fullmatch(value) is not None for value in known.tolist())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
