"""Opening hours written for people, one column per weekday: ``9h – 12h / 14h-17h sur RDV``.

The lists of France Services give a text for each day; every spelling met in them since 2020 is
read here into :class:`msap_geo.hours.WeeklyHours`.

Hours by appointment count as open: the lists of 2022 and 2024 no longer tell them apart in these
columns. Hours that hold on some weeks only (``Semaines paires``, ``1er samedi du mois``, ``Été``)
are not those of an ordinary week: such a day is not read, and is told.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo.anomalies import Action, note
from msap_geo.hours import DAY_MINUTES, weekly_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.anomalies import Anomaly
    from msap_geo.hours import Interval

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
"""Weekdays in French, Monday first."""

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_STRICT = re.compile(r"\d\d?:\d\d ?- ?\d\d?:\d\d(?: ?/ ?\d\d?:\d\d ?- ?\d\d?:\d\d)*")
_TIME = re.compile(
    r"(?<!\d)(?:"
    r"(?P<colon>\d\d?)\s*:\s*(?P<minute>[0-5]\d)(?::00)?(?!\d)"
    r"|(?P<h>\d\d?)\s*h(?:\s*(?P<more>[0-5]\d)(?!\s*h|\d))?"
    # « 9-12/13-17 »: whole hours without their h.
    r"|(?P<bare>\d\d?)(?=\s*(?:[-/,]|et\b|a\b|$))"
    r")"
)
_SAYS_NOTHING = re.compile(
    r"(?:hors|sauf) (?:les )?vacances(?: scolaires)?"
    r"|\b(?:de|du|d|a|au|et|puis|ou|le|la|les|l|en|continu|matins?|apres|midis?|am|h|accueil|libre"
    r"|public|ouverte?|ouverture|sur|sous|sans|avec|prise|uniquement|seulement|rdv|rendez|vous"
    r"|fermee?|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lu|ma|me|je|ve|sa)\b"
    r"|[\s,;:/()&.'’-]"
)
_CLOSED = re.compile(r"fermee?s?|closed|off|non|neant")
_BLANK = re.compile(r"[\s/'’.-]*|00:00 ?- ?00:00")


class DayHours(NamedTuple):
    """What one day's text says.

    Parameters
    ----------
    intervals
        Openings, minutes since midnight; none when closed.
    said
        Whether the text says anything at all: an empty one or a dash is closed only if the other
        days are given.
    """

    intervals: tuple[Interval, ...]
    said: bool


@lru_cache(maxsize=65_536)
def read_day(text: str) -> DayHours | None:
    """Read the hours of one day.

    Parameters
    ----------
    text
        E.g. ``"09:00 - 12:00 / 13:30 - 17:00"``, ``"8h30-12h et 14h-17h sur RDV"``, ``"fermé"``,
        ``"-"``.

    Returns
    -------
    DayHours or None
        None when the text cannot be read as the hours of every such day.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_DASHES).lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()
    if _BLANK.fullmatch(plain):
        return DayHours((), said=False)
    if _CLOSED.fullmatch(plain):
        return DayHours((), said=True)
    times: list[int] = []
    rest = _TIME.sub(lambda match: _take(match, times), plain)
    if _SAYS_NOTHING.sub("", rest) or not times or len(times) % 2:
        return None
    # « 00:00 - 00:00 » fills empty boxes of the lists of 2022 and 2024.
    spans = sorted(span for span in zip(times[::2], times[1::2], strict=True) if span != (0, 0))
    impossible = any(not 0 <= start < end <= DAY_MINUTES for start, end in spans)
    # Counters open together are told one by one in those lists; elsewhere, hours that overlap
    # are hours wrongly paired.
    overlap = any(before[1] > after[0] for before, after in pairwise(spans))
    if not spans or impossible or (overlap and not _STRICT.fullmatch(plain)):
        return None
    return DayHours(tuple(spans), said=True)


def _take(match: re.Match[str], times: list[int]) -> str:
    hour = match["colon"] or match["h"] or match["bare"]
    times.append(60 * int(hour) + int(match["minute"] or match["more"] or 0))
    return " "


def week_of_days(
    table: pd.DataFrame, columns: Sequence[str | None], *, file: str
) -> tuple[pd.Series, list[Anomaly]]:
    """Read the weekly hours of rows that give them day by day.

    Parameters
    ----------
    table
        Text columns, and what :func:`msap_geo.anomalies.note` wants.
    columns
        The column of each weekday, Monday first; None where there is none (closed).
    file
        File name, for the anomalies.

    Returns
    -------
    pandas.Series
        Canonical text (:meth:`msap_geo.hours.WeeklyHours.text`), null where no day is readable or
        none says anything. A day that cannot be read counts as closed.
    list of Anomaly
        One per row with a text that cannot be read.
    """
    texts = [table[name] if name else pd.Series("", index=table.index) for name in columns]
    joined = pd.Series(list(zip(*texts, strict=True)), index=table.index)
    weeks = {days: _read_week(days) for days in set(joined)}
    read = joined.map(weeks)
    hours = read.map(lambda week: week[0]).astype(object)
    refused = read.map(lambda week: week[1])
    told = table.assign(illisible=refused)[refused != ""]
    anomalies = note(
        told, "horaires-illisibles", Action.NOTED, "horaires non lus : {illisible}", file=file
    )
    return hours.where(hours.notna(), None), anomalies


def _read_week(days: tuple[str, ...]) -> tuple[str | None, str]:
    """Return the canonical text of a week, and what could not be read of it."""
    read = [read_day(text) for text in days]
    refused = " ; ".join(
        f"{JOURS[rank]} « {' '.join(text.split())} »"
        for rank, (text, day) in enumerate(zip(days, read, strict=True))
        if day is None
    )
    if not any(day is not None and day.said for day in read):
        return None, refused
    return weekly_hours([day.intervals if day else () for day in read]).text(), refused
