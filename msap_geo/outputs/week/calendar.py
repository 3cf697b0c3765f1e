"""iCalendar (RFC 5545): each stop as an event that comes again, in local time.

Times are *floating* (section 3.3.5): nine o'clock is nine o'clock at the town hall, overseas too,
and no table of time zones has to be shipped.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msap_geo.outputs.week.model import Call, Outing, Week

_OCTETS = 75
_PRODUCT = "-//msap-geo//tournees//FR"


def calendar_text(week: Week, *, code_insee: str | None = None) -> str:
    """Return the stops of a round as an iCalendar file.

    Parameters
    ----------
    week
        The round.
    code_insee
        Keep the stops of one commune.

    Returns
    -------
    str
        Lines end with CR LF and hold 75 octets at most, as the RFC asks.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODUCT}",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(week.title)}",
    ]
    for outing in week.outings:
        for rank, call in enumerate(outing.calls):
            if code_insee in (None, call.spot.code_insee) and week.dates_of(outing):
                lines += _event(week, outing, call, rank)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(week: Week, outing: Outing, call: Call, rank: int) -> list[str]:
    day = week.day_of(outing)
    last = week.dates_of(outing)[-1]
    key = f"{outing.vehicle}-{outing.week}-{outing.weekday}-{rank}"
    uid = "".join(c if c.isascii() and c.isalnum() else "-" for c in key).lower()
    spot = call.spot
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}-{spot.code_insee}@msap-geo",
        f"DTSTAMP:{week.start:%Y%m%d}T000000Z",
        f"DTSTART:{_moment(day, call.opens)}",
        f"DTEND:{_moment(day, call.closes)}",
        f"RRULE:FREQ=WEEKLY;INTERVAL={week.cycle};UNTIL={_moment(last, call.closes)}",
        f"SUMMARY:{_text(f'{outing.vehicle} à {spot.name}')}",
        f"LOCATION:{_text(f'{spot.place}, {spot.name}' if spot.place else spot.name)}",
        f"GEO:{round(spot.latitude, 6)};{round(spot.longitude, 6)}",
        *(f"COMMENT:{_text(warning)}" for warning in week.warnings),
        "END:VEVENT",
    ]


def _moment(day: dt.date, minutes: int) -> str:
    moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    return f"{moment:%Y%m%dT%H%M%S}"


def _text(value: str) -> str:
    """Escape a text (section 3.3.11)."""
    plain = "".join(c for c in value.replace("\r\n", "\n") if c == "\n" or ord(c) >= ord(" "))
    for found, told in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(found, told)
    return plain


def _folded(line: str) -> Iterator[str]:
    """Fold a line at 75 octets, never within a character (section 3.1)."""
    part, size, most = "", 0, _OCTETS
    for character in line:
        octets = len(character.encode())
        if size + octets > most:
            yield part
            part, size = " ", 1
        part, size = part + character, size + octets
    yield part
