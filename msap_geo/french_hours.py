"""Hours in French: a week, a moment of it, an opening."""

from __future__ import annotations

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
        named = _days(*(list(_DAYS).index(day) for day in days.split("-")))
        rules.append(f"{named} {', '.join(_clocks(one) for one in spans.split(','))}")
    return " ; ".join(rules)


def moment(key: str) -> str:
    """Return a moment of the week in words: ``"lundi_apres_midi"`` is *lundi après-midi*."""
    return key.replace("apres_midi", "après-midi").replace("_", " ")


def span(opens: str, closes: str) -> str:
    """Return an opening as weekly hours write it: ``"9h-12h30"`` of 09:00 and 12:30."""
    return _clocks(f"{opens}-{closes}")


def _days(first: int, last: int | None = None) -> str:
    """Return days in words; two that follow each other are one and the other, not a range."""
    names = list(_DAYS.values())
    if last is None:
        return names[first]
    return f"{names[first]} {'et' if last == first + 1 else 'à'} {names[last]}"


def _clocks(span: str) -> str:
    moments = (moment.split(":") for moment in span.split("-"))
    return "-".join(f"{int(hour)}h{'' if minute == '00' else minute}" for hour, minute in moments)
