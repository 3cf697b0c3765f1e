"""OpenStreetMap's ``opening_hours``, reduced to the week that repeats.

Parsing is opening-hours-py's. Here is decided what the *ordinary* week is: rules bound to a year
(``2024 May 04 off``) and to holidays are set aside (:mod:`msap_geo.loaders.hours.regles_osm`), the
rest is unrolled over a year, and each weekday gets the openings it has most often; where two share
the weeks, the shorter.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

# The error is there, and missing from the stub.
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]

from msap_geo.hours import DAY_MINUTES, DAYS, Interval, WeeklyHours, weekly_hours
from msap_geo.loaders.hours.regles_osm import ordinary_rules, rules_of

OFTEN = 0.4
"""Openings a weekday has in at least this share of weeks could each pass for its ordinary ones.

Alternate weeks come as six or seven of thirteen in a calendar of three months.
"""

_WEEKS = 52
_MONDAY = datetime(2023, 1, 2)  # noqa: DTZ001 - local time, like the hours
_PLAIN_DAYS = r"(?:(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)(?:-(?:Mo|Tu|We|Th|Fr|Sa|Su))?,?)+"
_PLAIN_RULE = re.compile(rf"\s*(?:{_PLAIN_DAYS}\s+)?(?:[\d:,\s-]+|off|closed|24/7)\s*")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d|:)")
_NOT_MODELLED = re.compile(r"SH|sun|dawn|dusk|easter|\+|\"", re.IGNORECASE)
_NO_CLOSING = re.compile(r"(?<![-\d:])\d{1,2}:\d\d\s*\+")
_LONGEST_TEXT = 2_000


class OrdinaryWeek(NamedTuple):
    """The week an ``opening_hours`` text repeats.

    Parameters
    ----------
    hours
        Openings of that week.
    exact
        Whether every week is that one, holidays and dated exceptions apart; false for alternate
        weeks, seasons, ``Sa[1]``, school holidays, hours bound to the sun, days of 24 hours.
    """

    hours: WeeklyHours
    exact: bool


@lru_cache(maxsize=65_536)
def read_opening_hours(text: str) -> OrdinaryWeek | None:
    """Reduce an ``opening_hours`` text to its ordinary week.

    Parameters
    ----------
    text
        E.g. ``"Mo-Fr 09:00-12:00; week 02-53/2 Sa 09:00-12:00; PH off; 2024 May 04 off"``.

    Returns
    -------
    OrdinaryWeek or None
        None when the text is not in that syntax, gives no hours (``"sur rendez-vous"``), or
        only those of holidays or of dates.
    """
    if not text.strip() or len(text) > _LONGEST_TEXT:
        return None
    main, fallback, _ = text.partition("||")
    ordinary = ordinary_rules(main)
    if ordinary.silent or _NO_CLOSING.search(ordinary.text):
        return None
    week = _unrolled(ordinary.text.strip() or "off")
    if week is None:
        return None
    # No counter of the administration stays open all night: such a day was written otherwise.
    whole_day = any(day == ((0, DAY_MINUTES),) for day in week.hours.days)
    exact = week.exact and not (fallback or ordinary.school or whole_day)
    return week._replace(exact=exact)


@lru_cache(maxsize=65_536)
def _unrolled(text: str) -> OrdinaryWeek | None:
    plain = all(_PLAIN_RULE.fullmatch(rule) for rule in rules_of(text))
    years = [int(year) for year in _YEAR.findall(text)]
    monday = _MONDAY if not years else _first_monday(max(years))
    weeks = 1 if plain else _WEEKS
    try:
        spans = list(OpeningHours(text).intervals(monday, monday + timedelta(weeks=weeks)))
    except ParserError:
        return None
    days: list[list[Interval]] = [[] for _ in range(weeks * len(DAYS))]
    for start, end, state, comment in spans:
        if state == State.OPEN:
            if comment and end - start >= timedelta(days=1):
                return None  # a comment alone ("sur rendez-vous") is open all day to the parser
            spread(days, start - monday, end - monday)
    chosen, constant = (days, True) if plain else most_frequent(days)
    return OrdinaryWeek(weekly_hours(chosen), constant and not _NOT_MODELLED.search(text))


def most_frequent(days: list[list[Interval]]) -> tuple[list[tuple[Interval, ...]], bool]:
    """Return the openings each weekday has most often, and whether they are always those."""
    patterns = [Counter(map(tuple, days[rank::7])) for rank in range(len(DAYS))]
    weeks = len(days) // len(DAYS)
    chosen = []
    for seen in patterns:
        often = [day for day, times in seen.items() if times >= OFTEN * weeks]
        candidates = often or [day for day, times in seen.items() if times == max(seen.values())]
        chosen.append(min(candidates, key=lambda day: (_length(day), day)))
    return chosen, all(len(seen) == 1 for seen in patterns)


def _first_monday(year: int) -> datetime:
    first = datetime(year, 1, 1)  # noqa: DTZ001
    return first + timedelta(days=-first.weekday() % 7)


def spread(days: list[list[Interval]], start: timedelta, end: timedelta) -> None:
    """Add an opening to each day it covers, whole minutes."""
    first, last = (moment.days * DAY_MINUTES + moment.seconds // 60 for moment in (start, end))
    for day in range(first // DAY_MINUTES, -(-last // DAY_MINUTES)):
        midnight = day * DAY_MINUTES
        opens, closes = max(first - midnight, 0), min(last - midnight, DAY_MINUTES)
        if opens < closes:
            days[day].append((opens, closes))


def _length(day: tuple[Interval, ...]) -> int:
    return sum(end - start for start, end in day)
