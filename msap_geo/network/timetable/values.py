"""The text of GTFS as numbers: clocks, days, ranges of days."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN = -1
"""Seconds of an empty clock."""

WRONG = -2
"""Seconds of a clock that is none: malformed, or negative."""

_LAST_HOUR = 7 * 24
"""Hours a run may last after its midnight: longer ones are typing errors."""

_LONGEST = timedelta(days=366)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)
_DAY = re.compile(r"\d{8}", re.ASCII)


def clocks(values: pd.Series) -> NDArray[np.int32]:
    """Return seconds after midnight of clocks such as ``25:10:00``.

    Parameters
    ----------
    values
        Text; a timetable repeats few clocks, so each is read once.

    Returns
    -------
    numpy.ndarray
        Seconds, :data:`UNKNOWN` where empty, :data:`WRONG` where not a clock.
    """
    rank, texts = pd.factorize(values)
    seconds: NDArray[np.int32] = np.array([_clock(str(text)) for text in texts], dtype=np.int32)
    return np.asarray(seconds[rank])


def _clock(text: str) -> int:
    if not text:
        return UNKNOWN
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > _LAST_HOUR:
        return WRONG
    return 3600 * int(match[1]) + 60 * int(match[2]) + int(match[3])


def days(values: pd.Series) -> NDArray[np.datetime64]:
    """Return days of text such as ``20220613``; not-a-time where it is none."""
    rank, texts = pd.factorize(values)
    known = np.array([_day(str(text)) for text in texts], dtype="datetime64[D]")
    return np.asarray(known[rank])


def _day(text: str) -> np.datetime64:
    # Only eight digits: numpy would also take « 2022-06 » or a number of days.
    if _DAY.fullmatch(text):
        try:
            return np.datetime64(date(int(text[:4]), int(text[4:6]), int(text[6:])), "D")
        except ValueError:
            pass
    return np.datetime64("NaT", "D")


def day_range(dates: str) -> tuple[date, date]:
    """Read a day, ``2022-06-15``, or a range of days, ``2022-06-13/2022-06-19``.

    Parameters
    ----------
    dates
        The text.

    Returns
    -------
    first, last
        Days, inclusive.

    Raises
    ------
    DataError
        If it is neither, is backwards, or is longer than a year.
    """
    parts = str(dates).split("/")
    try:
        first, last = (date.fromisoformat(part.strip()) for part in (parts[0], parts[-1]))
    except ValueError as error:
        raise _wrong_range(dates) from error
    if len(parts) > 2 or not first <= last <= first + _LONGEST:  # noqa: PLR2004
        raise _wrong_range(dates)
    return first, last


def _wrong_range(dates: str) -> DataError:
    return DataError(
        f"jours illisibles : « {dates} »",
        remedy='écrire un jour, "2022-06-15", ou une période d\'un an au plus, '
        '"2022-06-13/2022-06-19"',
    )
