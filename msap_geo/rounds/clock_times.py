"""Days and clock times as people write them."""

from __future__ import annotations

import re

from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError
from msap_geo.hours import DAY_MINUTES

_WINDOW = re.compile(
    r"(?P<day>[a-zé]+)(?:\s+(?P<start>\d{1,2})[:h](?P<m>\d\d)?\s*-\s*(?P<end>\d{1,2})[:h](?P<n>\d\d)?)?"
)
_CLOCK = re.compile(r"(\d{1,2})[:h](\d\d)?")

Window = tuple[int, int, int]
"""A weekday (Monday is 0), and minutes since midnight."""


def read_window(text: str) -> Window:
    """Read when a stop may be served: ``"mardi"``, ``"mardi 08:00-12:30"``.

    Raises
    ------
    StudyError
        If it is not so written.
    """
    match = _WINDOW.fullmatch(text.strip().lower())
    if match is None or match["day"] not in WEEKDAYS:
        raise StudyError(
            f"jour et heures illisibles : « {text} »",
            remedy='écrire par exemple "mardi 08:00-12:30", ou "mardi"',
        )
    day = WEEKDAYS.index(match["day"])
    if match["start"] is None:
        return day, 0, DAY_MINUTES
    start = 60 * int(match["start"]) + int(match["m"] or 0)
    end = 60 * int(match["end"]) + int(match["n"] or 0)
    if not 0 <= start < end <= DAY_MINUTES:
        raise StudyError(
            f"heures impossibles : « {text} »", remedy="mettre l'ouverture avant la fermeture"
        )
    return day, start, end


def read_clock(text: str) -> int:
    """Read a clock time, ``"12:15"`` or ``"12h15"``, as minutes since midnight.

    Raises
    ------
    StudyError
        If it is not one.
    """
    match = _CLOCK.fullmatch(text.strip().lower())
    minutes = 60 * int(match[1]) + int(match[2] or 0) if match else -1
    if not match or int(match[2] or 0) > 59 or not 0 <= minutes <= DAY_MINUTES:  # noqa: PLR2004
        raise StudyError(f"heure illisible : « {text} »", remedy='écrire par exemple "12:15"')
    return minutes
