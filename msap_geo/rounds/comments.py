"""Stops told in the free text of a list, taken only where nothing is left to guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError
from msap_geo.rounds.clock_times import read_clock
from msap_geo.rounds.stops import EVERY_WEEK, Stop, clashes, ordered
from msap_geo.tabular import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

_BREAKS = re.compile(r"[;\n|]+|\s//?\s|\s[-–]\s+(?=\S*\s*\D)|\.\s+(?=[A-ZÉ])|\.\s*$")
_HOUR = r"(\d{1,2}\s?[hH:]\s?(?:[0-5]\d)?)"
_SPAN = re.compile(rf"(?:de\s+)?{_HOUR}\s*(?:-|–|/|à|a)\s*{_HOUR}")
_DAY = re.compile(rf"\b(?:les?\s+)?({'|'.join(WEEKDAYS)})s?\b", re.IGNORECASE)
_DASHES = {"-", "–"}
_EVERY_WORD = {"a", "au", "de", "du", "d", "des", "en", "et", "la", "le", "les", "l", "mairie",
               "marche", "permanence", "permanences", "salle", "des_fetes", "fetes", "place",
               "parking", "commune", "itinerance", "bus", "arret"}  # fmt: skip
"""Words around the name of a commune that say nothing of when."""


_RANGE = re.compile(r"\s*(?:au|à|a)\s*", re.IGNORECASE)
"""What makes of two days a range; a dash may mean that, or « and »."""

_DOUBT = re.compile(
    r"\bsem\b|semaine|mois|pair|quinzaine|rdv|rendez|sauf|vacances|alternance|agenda|planning"
    r"|\bou\b|\d\s?(?:er|ère|ere|e|ème|eme|nd|ème)\b|selon|variable",
    re.IGNORECASE,
)
"""What may change the sense of every other part."""


class Told(NamedTuple):
    """Stops read in a comment, and the parts that could not be."""

    stops: tuple[Stop, ...]
    unread: tuple[str, ...]


def stops_in_comment(vehicle: str, text: str, communes: Mapping[str, str]) -> Told:
    """Return the stops a comment tells without any doubt.

    A part is read if it holds days and hours, every day its own, the name of exactly one commune,
    and nothing else but words that do not change when. Nothing is read of a comment that speaks of
    weeks, months, appointments or alternatives: they may bear on any of its parts.

    Parameters
    ----------
    vehicle
        Whose stops they are.
    text
        The comment.
    communes
        Codes by normalised name (:func:`msap_geo.tabular.normalise`), names that several communes
        bear left out.
    """
    if _DOUBT.search(text):
        return Told((), (text,))
    found: list[Stop] = []
    unread = []
    for part in (part.strip(" .,:-–") for part in _BREAKS.split(text)):
        stops = _part(vehicle, part, communes)
        found += stops
        unread += [part] if part and not stops else []
    if any(_only_days(part) for part in unread):
        return Told((), (text,))  # days whose hours, or whose range, are in another part
    if clashes([("", stop) for stop in found]):
        return Told((), (text,))
    return Told(ordered(found), tuple(unread))


def _part(vehicle: str, part: str, communes: Mapping[str, str]) -> list[Stop]:
    """Return the stops of one part, none where it is open to doubt."""
    told: list[tuple[int, int, int]] = []
    days: list[int] = []
    rest, at = [], 0
    pattern = re.compile(f"(?:{_DAY.pattern})|(?:{_SPAN.pattern})", re.IGNORECASE)
    for match in pattern.finditer(part):
        rest.append(part[at : match.start()])
        at = match.end()
        day, opens, closes = match.groups()
        if day:
            more = _more_days(days, rest[-1], WEEKDAYS.index(day.lower()))
            if not more or (told and not days and _named(rest[-1], communes)):
                return []  # a range open to doubt, or another place begins
            days += more
            continue
        try:
            span = (read_clock(re.sub(r"\s", "", opens)), read_clock(re.sub(r"\s", "", closes)))
        except StudyError:
            return []
        if not days and not told:
            return []
        told += [(day_, *span) for day_ in (days or [told[-1][0]])]
        days = []
    rest.append(part[at:])
    code = _commune(" ".join(rest), communes)
    if days or not told or code is None or any(opens >= closes for _, opens, closes in told):
        return []
    return [Stop(vehicle, day, EVERY_WEEK, code, "", opens, closes) for day, opens, closes in told]


def _more_days(days: list[int], between: str, day: int) -> list[int]:
    """Return the days a day adds to those before it: itself, or up to it; none in doubt."""
    if days and between.strip() in _DASHES:
        return []
    if days and _RANGE.fullmatch(between):
        return list(range(days[-1] + 1, day + 1))
    return [day]


def _only_days(part: str) -> bool:
    """Tell whether a part holds days and nothing else."""
    words = normalise(_DAY.sub(" ", part)).split("_")
    return bool(_DAY.search(part)) and all(word in {"", *_EVERY_WORD} for word in words)


def _named(text: str, communes: Mapping[str, str]) -> bool:
    return _commune(text, communes) is not None


def _commune(text: str, communes: Mapping[str, str]) -> str | None:
    """Return the code of the commune a text names and names alone."""
    words = normalise(text).split("_")
    while words and words[0] in _EVERY_WORD and "_".join(words) not in communes:
        words = words[1:]
    while words and words[-1] in _EVERY_WORD and "_".join(words) not in communes:
        words = words[:-1]
    name = "_".join(words)
    spelled = {
        name,
        re.sub(r"(^|_)st(?=_)", r"\1saint", name),
        re.sub(r"(^|_)ste(?=_)", r"\1sainte", name),
    }
    codes = {communes[one] for one in spelled if one in communes}
    return codes.pop() if len(codes) == 1 else None
