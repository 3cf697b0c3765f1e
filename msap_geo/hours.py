"""Weekly opening hours: for each weekday, the half-open intervals a counter is open.

The one model every source is brought to and every indicator counts from. Tables carry it as text,
in the subset of OpenStreetMap's ``opening_hours`` that :meth:`WeeklyHours.text` writes; null
means unknown, ``off`` means closed all week.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY_MINUTES = 24 * 60
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

Interval = tuple[int, int]
"""Opening and closing, minutes since midnight; open at the first, closed at the second."""

CLOSED = "off"

_DAY_RANGES = {(first, last) for rank, first in enumerate(DAYS) for last in DAYS[rank:]}
_RULE = re.compile(r"(?P<first>[A-Z][a-z])(?:-(?P<last>[A-Z][a-z]))? (?P<hours>[0-9:,-]+)")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True)
class WeeklyHours:
    """Opening hours of an ordinary week.

    Parameters
    ----------
    days
        Seven days, Monday first; intervals of a day are sorted, apart from one another and inside
        the day. :func:`weekly_hours` makes them so.
    """

    days: tuple[tuple[Interval, ...], ...]

    @property
    def minutes(self) -> int:
        """Minutes open in a week."""
        return sum(end - start for day in self.days for start, end in day)

    @property
    def days_open(self) -> int:
        """Number of weekdays with at least one opening."""
        return sum(bool(day) for day in self.days)

    def text(self) -> str:
        """Return the hours as OpenStreetMap writes them: ``Mo-Fr 09:00-12:00; Sa 09:00-11:30``."""
        spans = [
            ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in day) for day in self.days
        ]
        rules = []
        for hours, run in groupby(range(len(DAYS)), key=spans.__getitem__):
            days = list(run)
            if hours:
                last = f"-{DAYS[days[-1]]}" if len(days) > 1 else ""
                rules.append(f"{DAYS[days[0]]}{last} {hours}")
        return "; ".join(rules) or CLOSED


def weekly_hours(days: Iterable[Iterable[Interval]]) -> WeeklyHours:
    """Make weekly hours of intervals in any order, overlapping or touching.

    Parameters
    ----------
    days
        Intervals of each day, Monday first, minutes since midnight. One that ends past midnight
        runs into the next day (Sunday's into Monday).

    Returns
    -------
    WeeklyHours
        The same openings, each minute once.

    Raises
    ------
    DataError
        If there are not seven days, or if an interval is empty, negative or longer than a day.
    """
    given = [list(day) for day in days]
    if len(given) != len(DAYS):
        raise DataError(f"horaires : {len(given)} jours au lieu de sept")
    spread: list[list[Interval]] = [[] for _ in DAYS]
    for rank, day in enumerate(given):
        for start, end in day:
            if not (0 <= start < DAY_MINUTES and start < end <= start + DAY_MINUTES):
                raise DataError(f"horaires : intervalle impossible, minutes {start} à {end}")
            spread[rank].append((start, min(end, DAY_MINUTES)))
            if end > DAY_MINUTES:
                spread[(rank + 1) % len(DAYS)].append((0, end - DAY_MINUTES))
    return WeeklyHours(tuple(_merged(day) for day in spread))


def union(hours: Iterable[WeeklyHours]) -> WeeklyHours:
    """Return when at least one of them is open."""
    every = list(hours)
    return weekly_hours([[span for one in every for span in one.days[day]] for day in range(7)])


def read_hours(text: str) -> WeeklyHours:
    """Read back what :meth:`WeeklyHours.text` wrote.

    Parameters
    ----------
    text
        Canonical text; other ``opening_hours`` syntax belongs to the loaders.

    Returns
    -------
    WeeklyHours
        The hours.

    Raises
    ------
    DataError
        If it is not such a text.
    """
    days: list[list[Interval]] = [[] for _ in DAYS]
    for rule in text.split("; ") if text != CLOSED else []:
        match = _RULE.fullmatch(rule)
        named = match and (match["first"], match["last"] or match["first"]) in _DAY_RANGES
        spans = [_SPAN.fullmatch(span) for span in match["hours"].split(",")] if match else []
        if not match or not named or not all(spans):
            raise DataError(
                f"horaires illisibles : « {text} »",
                remedy="écrire par exemple « Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00 »",
            )
        for day in range(
            DAYS.index(match["first"]), DAYS.index(match["last"] or match["first"]) + 1
        ):
            for span in spans:
                hour, minute, end_hour, end_minute = map(int, span.groups()) if span else (0,) * 4
                days[day].append((60 * hour + minute, 60 * end_hour + end_minute))
    return weekly_hours(days)


def _merged(day: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for start, end in sorted(day):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@cache
def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
