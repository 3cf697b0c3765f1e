"""Cells of a workbook: values a spreadsheet can hold, their formats, the width they need."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, french_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.outputs.sheets.dictionary import Column

_NARROWEST, _WIDEST = 9, 42
_SAMPLE = 400
_LONGEST_TEXT = 32_767
"""Characters a cell can hold (Excel specifications and limits)."""
_IN_WORDS = {"semaine": french_hours.hours, "moment": french_hours.moment}
"""Forms whose values are keys in the files other programs read."""

_CUT = "… (coupé : trop long pour un tableur)"


class Styles:
    """The formats of one workbook, made once each."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.section = book.add_format({"bold": True, "font_size": 12, "bottom": 1})
        self.small = book.add_format({"font_size": 9, "font_color": "#5a5a6a"})
        self.warning = book.add_format({"bold": True, "font_color": "#b5123e"})
        self.label = book.add_format({"bold": True, "valign": "top"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.alarm = book.add_format(
            {"text_wrap": True, "valign": "top", "bold": True, "font_color": "#b5123e"}
        )
        self.link = book.add_format({"font_color": "#0b5394", "underline": 1, "valign": "top"})
        head = {
            "bold": True,
            "text_wrap": True,
            "valign": "vcenter",
            "bg_color": "#e8eef4",
            "bottom": 1,
        }
        self.head = book.add_format(head)
        self.head_right = book.add_format({**head, "align": "right"})

    def of(self, column: Column) -> Any:
        """Return the format of a column's values."""
        return self._format(column.number)

    def written(self, number: str, *, key: bool = False, bold: bool = False) -> Any:
        """Return the format of a figure among texts: large if ``key``, else beside wrapped ones."""
        name = f"{number} {key} {bold}"
        if name not in self._made:
            look = {"num_format": number, "valign": "top", "bold": bold, "align": "right"}
            large = {"bold": True, "font_size": 12, "bottom": 1, "align": "left"}
            self._made[name] = self._book.add_format(look | (large if key else {}))
        return self._made[name]

    def each(self, column: Column, values: Sequence[Any]) -> list[Any]:
        """Return the format of each value of a column.

        A share next to all, or to nothing, a time or a distance next to a threshold show as in
        texts (:func:`msap_geo.french.percent`, :func:`msap_geo.french.minutes`); its cell holds
        the number.
        """
        closer = _CLOSER.get(column.form)
        if closer is None:
            return [self.of(column)] * len(values)
        return [self._format(closer(value, column.number)) for value in values]

    def _format(self, number: str) -> Any:
        if number not in self._made:
            self._made[number] = self._book.add_format({"num_format": number})
        return self._made[number]


def _share_format(value: Any, usual: str) -> str:
    if not isinstance(value, float):
        return usual
    text = french.percent(value, _decimals(usual))
    return usual if text[:1] in "0123456789−–" else f'"{text}"'


def _time_format(value: Any, usual: str) -> str:
    return _with_decimals_of(french.minutes(value), usual) if isinstance(value, float) else usual


def _distance_format(value: Any, usual: str) -> str:
    return _with_decimals_of(french.kilometres(value), usual) if isinstance(value, float) else usual


def _with_decimals_of(text: str, usual: str) -> str:
    shown = sum(sign.isdigit() for sign in text.partition(",")[2])
    return usual + "0" * (shown - _decimals(usual))


_CLOSER = {"part": _share_format, "minutes": _time_format, "km": _distance_format}
"""How the values of some forms are shown, one by one."""


def _decimals(number: str) -> int:
    """Return how many decimals a format of numbers shows."""
    return len(number.partition(".")[2].rstrip("%"))


def plain_values(values: pd.Series, column: Column) -> list[Any]:
    """Return what cells can hold: numbers, text, dates; nothing where unknown or infinite.

    Parameters
    ----------
    values
        One column of a table.
    column
        What the dictionary says of it.

    Returns
    -------
    list
        ``int``, ``float``, ``str``, :class:`datetime.datetime` or None.
    """
    if column.form in _IN_WORDS:
        words = _IN_WORDS[column.form]
        return [words(value) if isinstance(value, str) else None for value in values.tolist()]
    if pd.api.types.is_bool_dtype(values.dtype):
        return ["oui" if value else "non" for value in values.tolist()]
    if pd.api.types.is_integer_dtype(values.dtype) and not values.hasnans:
        return list(values.tolist())
    if pd.api.types.is_float_dtype(values.dtype) and isinstance(values.dtype, np.dtype):
        return [value if math.isfinite(value) else None for value in values.tolist()]
    return [_plain(value, dated=column.form == "date") for value in values.tolist()]


def _plain(value: Any, *, dated: bool) -> Any:
    if isinstance(value, list | tuple):
        value, dated = " ".join(map(str, value)), False
    elif value is None or pd.isna(value):
        return None
    elif isinstance(value, bool):
        value = "oui" if value else "non"
    elif isinstance(value, pd.Timestamp):
        return value.to_pydatetime().replace(tzinfo=None)
    elif isinstance(value, int | float):
        return value if math.isfinite(value) else None
    return _text(str(value), dated=dated)


def _text(value: str, *, dated: bool) -> Any:
    if dated:
        try:
            return dt.datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return value or None
    if len(value) > _LONGEST_TEXT:
        return value[: _LONGEST_TEXT - len(_CUT)] + _CUT
    return value or None


def write_values(
    sheet: Any, row: int, column: int, values: Sequence[Any], styles: Sequence[Any]
) -> None:
    """Write values down a column, each in its style; unknown ones leave their cell empty."""
    for at, (value, style) in enumerate(zip(values, styles, strict=True), start=row):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(at, column, value, style)
        elif isinstance(value, dt.datetime):
            sheet.write_datetime(at, column, value, style)
        else:
            sheet.write_number(at, column, value, style)


def width_of(values: Sequence[Any], column: Column) -> int:
    """Return the width a column needs, in characters: its values on one line, its heading on few.

    The first rows decide, beside the longest word of the heading.
    """
    shown = max((_shown(value, column) for value in values[:_SAMPLE]), default=0)
    word = max(map(len, column.heading.split()), default=0) + 3  # the filter's button
    return min(max(shown + 2, word, _NARROWEST), _WIDEST)


def _shown(value: Any, column: Column) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dt.datetime):
        return 10
    return len(french.number(value, _decimals(column.number)))


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes in a cell so wide."""
    lines, room = 1, 0.0
    for word in text.split():
        if room and room + len(word) > width - 1:
            lines, room = lines + 1, 0.0
        room += len(word) + 1
    return lines
