"""Numbers as French readers expect them: ``12 345``, ``3,5 min``, ``92,3 %``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_THIN_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"
_UNKNOWN = "–"


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with French separators; a dash when it is unknown or infinite.

    Parameters
    ----------
    value
        Number, or null.
    decimals
        Digits after the comma.

    Returns
    -------
    str
        E.g. ``"12 345,6"`` (narrow no-break space, comma).
    """
    if value is None or not math.isfinite(value):
        return _UNKNOWN
    return f"{value:,.{decimals}f}".replace(",", _THIN_SPACE).replace(".", ",")


def minutes(value: float | None) -> str:
    """Return a duration, one decimal: ``"23,4 min"``."""
    text = number(value, 1)
    return text if text == _UNKNOWN else f"{text}{_THIN_SPACE}min"


def kilometres(value: float | None) -> str:
    """Return a distance, one decimal: ``"12,0 km"``."""
    text = number(value, 1)
    return text if text == _UNKNOWN else f"{text}{_THIN_SPACE}km"


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share from 0 to 1 as a percentage, one decimal unless told: ``"92,3 %"``."""
    text = _UNKNOWN if share is None else number(100 * share, decimals)
    return text if text == _UNKNOWN else f"{text}{_THIN_SPACE}%"


def signed(value: float | None, decimals: int = 0) -> str:
    """Return a number that may be negative, with a true minus: ``"−1,6"``."""
    return number(value, decimals).replace("-", "−")


def euros(value: float | None) -> str:
    """Return a sum, whole euros: ``"150 000 €"``."""
    text = number(value)
    return text if text == _UNKNOWN else f"{text}{_THIN_SPACE}€"


def people(count: int) -> str:
    """Return a number of inhabitants: ``"1 habitant"``, ``"12 345 habitants"``."""
    return counted(count, "habitant")


def counted(count: int, noun: str) -> str:
    """Return a count and its noun, plural where it must: ``"3 communes"``, ``"1 zone blanche"``."""
    words = noun.split() if count > 1 else []
    return f"{number(count)}{_NO_BREAK_SPACE}{' '.join(f'{word}s' for word in words) or noun}"


_DAYS = {
    "Mo": "lundi",
    "Tu": "mardi",
    "We": "mercredi",
    "Th": "jeudi",
    "Fr": "vendredi",
    "Sa": "samedi",
    "Su": "dimanche",
}


def hours(text: str | None) -> str:
    """Return weekly hours in words: ``"lundi à vendredi 9h-12h, 13h30-17h ; samedi 9h-12h"``.

    Parameters
    ----------
    text
        Canonical text (:meth:`msap_geo.hours.WeeklyHours.text`), or null.

    Returns
    -------
    str
        Empty when the hours are unknown.
    """
    if not isinstance(text, str):
        return ""
    if text == "off":
        return "fermé toute la semaine"
    rules = []
    for rule in text.split("; "):
        days, spans = rule.split(" ")
        named = " à ".join(_DAYS[day] for day in days.split("-"))
        rules.append(f"{named} {', '.join(_clocks(span) for span in spans.split(','))}")
    return " ; ".join(rules)


def _clocks(span: str) -> str:
    moments = (moment.split(":") for moment in span.split("-"))
    return "-".join(f"{int(hour)}h{'' if minute == '00' else minute}" for hour, minute in moments)


def anomalies(counts: Mapping[str, int]) -> str:
    """Return a tally of anomalies in words: ``"18 réparées, 1 signalée"``.

    Parameters
    ----------
    counts
        How many, by what was done about them (:func:`msap_geo.anomalies.tally`).
    """
    told = (f"{number(n)} {action}e{'s' if n > 1 else ''}" for action, n in counts.items() if n)
    return ", ".join(told)


_BEFORE = re.compile(r"[ \u00a0\u202f]+([;!?»%€])")
_COLON = re.compile(r"[ \u00a0\u202f]+:")
_AFTER = re.compile(r"«[ \u00a0\u202f]*")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


def typeset(text: str) -> str:
    """Return a text as French printers set it; only spaces, apostrophes and dots change.

    Narrow no-break space before ``; ! ? » % €`` and after ``«``, no-break space before ``:`` where
    there is a space already, curved apostrophe between letters, one sign for three dots (*Lexique
    des règles typographiques en usage à l'Imprimerie nationale*).
    """
    text = _BEFORE.sub(rf"{_THIN_SPACE}\1", text)
    text = _COLON.sub(f"{_NO_BREAK_SPACE}:", text)
    text = _AFTER.sub(f"«{_THIN_SPACE}", text)
    return _APOSTROPHE.sub("’", text).replace("...", "…")
