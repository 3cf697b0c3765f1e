"""Values of OpenStreetMap tags as people write them: limits, durations, sizes."""

from __future__ import annotations

import re

import numpy as np

from msap_geo.network.profiles import FASTEST_KMH, SLOWEST_KMH

_MPH = 1.609344
# Implicit limits, km/h: those of the French highway code (articles R413-2, R413-3), and for the
# roads of our neighbours those of OSRM (profiles/car.lua, « maxspeed_table »).
_IMPLICIT_KMH = {"urban": 50.0, "rural": 90.0, "trunk": 110.0, "motorway": 130.0}
_IMPLICIT_KMH |= {"living_street": 20.0, "walk": 6.0}
_EXCEPTIONS_KMH = {
    "fr:rural": 80.0,
    "be:motorway": 120.0,
    "be-bru:urban": 30.0,
    "be-bru:rural": 70.0,
    "be-vlg:rural": 70.0,
    "ch:rural": 80.0,
    "ch:trunk": 100.0,
    "ch:motorway": 120.0,
    "de:living_street": 7.0,
    "de:rural": 100.0,
    "de:motorway": None,
    "es:trunk": 90.0,
}
# « FR:30 », « FR:zone30 », « FR:zone:30 », « zone 30 ».
_LIMIT = re.compile(
    r"(?:[a-z]{2}:)?(?:zone[: -]?)?(\d+(?:[.,]\d+)?)\s*(mph|km/?h|kmph|kph)?(?:\s*\(.*\))?"
)
_COUNTRY = re.compile(r"([a-z]{2})(?:-[a-z]+)?:([a-z_]+)")
# What tells no limit, and is no mistake.
_NO_LIMIT = frozenset(
    {"", "nan", "none", "no", "signals", "variable", "default", "implicit", "unposted", "sign"}
)

_NUMBER = r"(\d+(?:\.\d+)?)\s*"
_DURATION = re.compile(
    rf"P?\s*(?:0Y)?(?:0M)?(?:{_NUMBER}(?:DAYS?|D|JOURS?|J)\s*)?T?"
    rf"(?:{_NUMBER}(?:HOURS?|HEURES?|HRS?|H)\s*(?:ET\s*)?"
    rf"(?:{_NUMBER}(?:MINUTES?|MINS?|MN|M|')\s*|(\d+)\s*)?"
    rf"|{_NUMBER}(?:MINUTES?|MINS?|MN|M|')\s*)?"
    rf"(?:{_NUMBER}(?:SECONDS?|SECONDES?|SEC|S))?"
)
_ABOUT = re.compile(r"^(?:[~≈±]|ENVIRON|ENV|CA|CIRCA|ABOUT|APPROX(?:IMATELY)?)\.?\s*")
# « 45-60 min »: the unit is told once.
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)\s*([A-Z']*)\.?")


def posted_kmh(value: str | None) -> float | None:
    """Return the limit a ``maxspeed`` value tells, km/h, none where it tells nothing usable.

    Parameters
    ----------
    value
        ``50``, ``30 mph``, ``FR:urban``, ``FR:zone30``; of a list, the first.
    """
    text = (value or "").split(";")[0].strip().lower()
    country = _COUNTRY.fullmatch(text)
    if country and text in _EXCEPTIONS_KMH:
        return _EXCEPTIONS_KMH[text]
    if text == "walk" or country:
        kind = country[2] if country else text
        known = f"{country[1]}:{kind}" if country else kind
        return _EXCEPTIONS_KMH.get(known, _IMPLICIT_KMH.get(kind))
    number = _LIMIT.fullmatch(text)
    if number is None:
        return None
    limit = float(number[1].replace(",", ".")) * (_MPH if number[2] == "mph" else 1.0)
    return limit if SLOWEST_KMH <= limit <= FASTEST_KMH else None


def tells_no_limit(value: str) -> bool:
    """Tell whether a ``maxspeed`` value says that there is no limit, or that it varies."""
    text = value.split(";", maxsplit=1)[0].strip().lower()
    return text in _NO_LIMIT or text in _EXCEPTIONS_KMH


def duration_minutes(value: str | None) -> float:
    """Return a ``duration`` tag in minutes.

    ``90``, ``1:30`` and ``01:30:00`` are OSM's, ``PT1H30M`` and ``PT1.5H`` those of ISO 8601;
    people also write ``60 min``, ``1h``, ``1 h 30``, ``1,5 heures``, ``environ 45 min``.

    Parameters
    ----------
    value
        Tag value, none where absent. Of a list or a range, the longest.

    Returns
    -------
    float
        Minutes, not a number where the tag tells nothing usable.
    """
    text = (value or "").strip().rstrip(".").strip().upper().replace(",", ".")
    between = _RANGE.fullmatch(_ABOUT.sub("", text))
    if between:
        text = f"{between[1]} {between[3]};{between[2]} {between[3]}"
    told = [
        _minutes(_ABOUT.sub("", part.strip())) for part in re.split(r";|(?<=\d)\s*[-–]\s*", text)
    ]
    return max(told) if not np.isnan(told).any() else np.nan


def _minutes(text: str) -> float:
    written = _DURATION.fullmatch(text)
    if written and any(written.groups()):
        # « 1h30 »: after hours, a number alone is minutes.
        days, hours, *minutes, seconds = (float(part or 0) for part in written.groups())
        return (days * 1440 + hours * 60 + sum(minutes) + seconds / 60) or np.nan
    text = re.sub(r"(?<=:\d\d)\s*H(?:EURES?|OURS?)?$", "", text)  # « 1:30 h »
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text) or np.nan
    if re.fullmatch(r"\d+(:\d{1,2}){1,2}", text):
        clock = [int(part) for part in text.split(":")]
        return float(np.dot([60, 1, 1 / 60], (*clock, 0)[:3])) or np.nan
    return np.nan


def size(value: str) -> float | None:
    """Return a size in metres or tonnes, none where the text tells none (``default``, ``none``)."""
    text = value.strip().lower().replace(",", ".")
    feet = re.fullmatch(r"(\d+)\s*'\s*(?:(\d+)\s*\")?", text)
    if feet:
        return int(feet.group(1)) * 0.3048 + int(feet.group(2) or 0) * 0.0254
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m|cm|t|kg|ft|lbs)?", text)
    if number is None:
        return None
    unit = {"cm": 0.01, "kg": 0.001, "ft": 0.3048, "lbs": 0.000_453_592}
    return float(number.group(1)) * unit.get(number.group(2) or "", 1.0)
