"""What a commune puts on its notice board: a page each, in letters one reads standing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.french import counted, number
from msap_geo.outputs.week.page import clock_in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from msap_geo.outputs.week.model import Call, Outing, Week

_DATES = 8
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
           "octobre", "novembre", "décembre")  # fmt: skip
_STYLE = """
@page{size:A4;margin:18mm}:root{color-scheme:light}body{font:20pt/1.35 system-ui,sans-serif;
color:#111;background:#fff;margin:0}section{break-after:page;padding:1rem;max-width:60rem;
margin:0 auto}section:last-of-type{break-after:auto}h1{font-size:26pt;margin:0;font-weight:600}
h2{font-size:54pt;line-height:1.1;margin:.2rem 0 1.2rem;overflow-wrap:anywhere}
.quand{border:3px solid #111;border-radius:.5rem;padding:.6rem 1rem;margin:.6rem 0}
.jour{font-size:32pt;font-weight:700}.heures{font-size:32pt}.ou{font-size:22pt}
.dates,.aussi{font-size:16pt}.pied{font-size:11pt;color:#444;border-top:1px solid #999;
padding-top:.5rem}.alerte{font-size:18pt;background:#fff1dc;border-left:8px solid #b3430e;
padding:.5rem 1rem}@media screen{section{border-bottom:4px dashed #999;padding:2rem}}
"""


def notices_page(week: Week, *, near: Mapping[str, Collection[str]], reach_minutes: float) -> str:
    """Return the notices of every commune with a stop, a printed page each.

    Parameters
    ----------
    week
        The round.
    near
        By commune, the other communes whose stops are within reach.
    reach_minutes
        How far that is.

    Returns
    -------
    str
        HTML that fetches nothing and runs nothing.
    """
    held: dict[str, list[tuple[Outing, Call]]] = {}
    for outing in week.outings:
        for call in outing.calls:
            held.setdefault(call.spot.code_insee, []).append((outing, call))
    ordered = sorted(held, key=lambda code: (held[code][0][1].spot.name, code))
    pages = "".join(
        _notice(week, held[code], _others(week, held, near.get(code, ()), reach_minutes))
        for code in ordered
    )
    title = escape(f"{week.title} : affiches des communes")
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{pages}</body></html>\n"
    )


def _notice(week: Week, calls: list[tuple[Outing, Call]], others: str) -> str:
    days: dict[tuple[str, int, int], list[tuple[Outing, Call]]] = {}
    for outing, call in calls:
        days.setdefault((outing.vehicle, outing.week, outing.weekday), []).append((outing, call))
    boxes = "".join(_box(week, day) for day in days.values())
    warned = "".join(f'<p class="alerte">{escape(text)}</p>' for text in week.warnings)
    ends = f"du {_date(week.start)} {week.start.year} au {_date(week.end)} {week.end.year}"
    return (
        f"<section><h1>Les services publics viennent à</h1><h2>{escape(calls[0][1].spot.name)}</h2>"
        f"{warned}{boxes}{others}"
        f'<p class="pied">{escape(week.title)} – horaires valables {ends}, jours fériés à '
        "vérifier</p></section>"
    )


def _box(week: Week, day: list[tuple[Outing, Call]]) -> str:
    outing, call = day[0]
    name = WEEKDAYS[outing.weekday]
    hours = " et ".join(
        f"de {clock_in_words(one.opens)} à {clock_in_words(one.closes)}" for _, one in day
    )
    often, dates = f"chaque {name}", ""
    if week.cycle > 1:
        often = f"un {name} sur {number(week.cycle)}"
        listed = ", ".join(_date(one) for one in week.dates_of(outing)[:_DATES])
        dates = f'<div class="dates">prochains passages : {listed}…</div>'
    where = f"à {_article(call.spot.place)} – " if call.spot.place else ""
    return (
        f'<div class="quand"><div class="jour">{often.capitalize()}</div>'
        f'<div class="heures">{hours}</div>'
        f'<div class="ou">{escape(where)}{escape(outing.vehicle)}</div>{dates}</div>'
    )


def _article(place: str) -> str:
    return f"la {place}" if place == "mairie" else place


def _date(day: object) -> str:
    first = "1er" if day.day == 1 else str(day.day)  # type: ignore[attr-defined]
    return f"{first} {_MONTHS[day.month - 1]}"  # type: ignore[attr-defined]


def _others(
    week: Week,
    held: Mapping[str, list[tuple[Outing, Call]]],
    near: Collection[str],
    reach_minutes: float,
) -> str:
    told = [
        f"{call.spot.name}, {WEEKDAYS[outing.weekday]}"
        + (f" (semaine {outing.week})" if week.cycle > 1 else "")
        + f" de {clock_in_words(call.opens)} à {clock_in_words(call.closes)}"
        for code in sorted(near)
        for outing, call in held.get(code, ())
    ]
    if not told:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in told)
    within = counted(round(reach_minutes), "minute")
    return f'<div class="aussi">Aussi à {within} ou moins :<ul>{items}</ul></div>'
