"""The week on a map, in one file without any program: roads taken, stops with hours, day by day.

Days are chosen by radio buttons that style sheets alone obey, so that the page works where scripts
are forbidden, prints, and fetches nothing.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pyproj
import shapely

from msap_geo.coverage.opening import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from msap_geo.outputs.week.model import Outing, Spot, Week

_WIDTH = 1000.0
_SIMPLE_M = 150.0
_INKS = ("#1b4f9c", "#b3430e", "#1d6b3a", "#6b2a86", "#8a6100", "#0b6a7a")
_DASHES = ("none", "14 6", "3 5", "18 5 3 5", "8 8", "2 8")
_STYLE = """
:root{color-scheme:light}body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:75rem;
padding:1rem;color:#161616;background:#fff}h1{font-size:1.5rem;margin:.2rem 0}
.choix{position:absolute;opacity:0}nav label{display:inline-block;padding:.35rem .8rem;
border:1px solid #555;border-radius:.3rem;margin:.15rem;cursor:pointer}
svg{width:100%;height:auto;max-height:80vh;border:1px solid #bbb;background:#f7f9fb}
.commune,.zone{fill-rule:evenodd}.commune{fill:#fff;stroke:#c3c8cf;stroke-width:.6}.zone{fill:#f3e3d3;stroke:#c3c8cf;stroke-width:.6}
.route{fill:none;stroke-width:4;stroke-linejoin:round;stroke-linecap:round;opacity:.85}
.arret{stroke:#fff;stroke-width:2}.base{fill:#161616}
text{font:600 15px system-ui,sans-serif;paint-order:stroke;stroke:#fff;stroke-width:4px;
fill:#161616}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.4rem}caption{text-align:left;
font-weight:600;padding:.3rem 0}th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left}
th{background:#eef1f5}.alerte{background:#fff1dc;border-left:4px solid #b3430e;padding:.4rem .7rem}
.note{color:#444}@media print{nav{display:none}svg{max-height:none}table{break-inside:avoid}}
"""


def week_page(
    week: Week, communes: gpd.GeoDataFrame, *, beyond: Iterable[str], notes: Iterable[str] = ()
) -> str:
    """Return the week as a page.

    Parameters
    ----------
    week
        The round.
    communes
        Communes of the territory in the projection of the roads, ``code_insee`` and outline.
    beyond
        Communes beyond reach of a Maison, drawn apart.
    notes
        Sentences under the map.

    Returns
    -------
    str
        HTML that fetches nothing and runs nothing.
    """
    days = sorted({(outing.week, outing.weekday) for outing in week.outings})
    names = [_day_name(week, day) for day in days]
    vehicles = list(dict.fromkeys(outing.vehicle for outing in week.outings))
    rules = [
        f"#j{rank}:checked~main .jour:not(.j{rank}){{display:none}}"
        f"#j{rank}:checked~nav label[for=j{rank}]{{background:#161616;color:#fff}}"
        f"#j{rank}:focus-visible~nav label[for=j{rank}]{{outline:3px solid #1b4f9c}}"
        for rank in range(1, len(days) + 1)
    ]
    rules.append(
        "#j0:checked~main .heures{display:none}#j0:checked~main .jour text{font-size:12px}"
        "#j0:checked~nav label[for=j0]{background:#161616;color:#fff}"
        "#j0:focus-visible~nav label[for=j0]{outline:3px solid #1b4f9c}"
    )
    radios = "".join(
        f'<input class="choix" type="radio" name="jour" id="j{rank}" aria-label="{escape(name)}"'
        f"{' checked' if rank == 0 else ''}>"
        for rank, name in enumerate(["toute la semaine", *names])
    )
    labels = "".join(
        f'<label for="j{rank}">{escape(name)}</label>'
        for rank, name in enumerate(["toute la semaine", *names])
    )
    title = escape(f"{week.title} : la semaine des tournées")
    warned = "".join(f'<p class="alerte">{escape(text)}</p>' for text in week.warnings)
    told = "".join(f'<p class="note">{escape(text)}</p>' for text in notes)
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}{''.join(rules)}</style></head>"
        f"<body><h1>{title}</h1>{warned}{radios}"
        f'<nav aria-label="Jour montré">{labels}</nav><main>'
        f"{_drawing(week, communes, set(beyond), days, vehicles)}{_legend(vehicles)}"
        f"{_tables(week, days, vehicles)}{told}</main></body></html>\n"
    )


def _day_name(week: Week, day: tuple[int, int]) -> str:
    name = WEEKDAYS[day[1]]
    return name if week.cycle == 1 else f"{name} (semaine {day[0]})"


class _Frame:
    """From the projection to the drawing."""

    def __init__(self, bounds: tuple[float, float, float, float], crs: str) -> None:
        self.from_degrees = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform
        left, bottom, right, top = bounds
        self.scale = _WIDTH / max(right - left, top - bottom, 1.0)
        self.left, self.top = left, top
        self.width, self.height = (right - left) * self.scale, (top - bottom) * self.scale

    def points(self, line: BaseGeometry) -> str:
        return " ".join("{:.1f},{:.1f}".format(*self.at(*point[:2])) for point in line.coords)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * self.scale, (self.top - y) * self.scale

    def spot(self, spot: Spot) -> tuple[float, float]:
        return self.at(*self.from_degrees(spot.longitude, spot.latitude))


def _drawing(
    week: Week,
    communes: gpd.GeoDataFrame,
    beyond: set[str],
    days: list[tuple[int, int]],
    vehicles: list[str],
) -> str:
    left, bottom, right, top = map(float, communes.total_bounds)
    margin = 0.03 * max(right - left, top - bottom)
    frame = _Frame((left - margin, bottom - margin, right + margin, top + margin), week.crs)
    shapes = shapely.coverage_simplify(communes.geometry.to_numpy(), _SIMPLE_M)
    ground = []
    for code, shape in zip(communes["code_insee"], shapes, strict=True):
        rings = [
            ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)
        ]
        path = "".join(f"M{frame.points(ring)}Z" for ring in rings)
        ground.append(f'<path class="{"zone" if code in beyond else "commune"}" d="{path}"/>')
    drawn = "".join(
        _outing(frame, outing, days.index((outing.week, outing.weekday)) + 1, vehicles)
        for outing in week.outings
    )
    return (
        f'<svg viewBox="0 0 {round(frame.width)} {round(frame.height)}" role="img" '
        f'aria-label="Carte des tournées ; les mêmes arrêts sont dans les tableaux qui suivent">'
        f"{''.join(ground)}{drawn}</svg>"
    )


def _outing(frame: _Frame, outing: Outing, rank: int, vehicles: list[str]) -> str:
    number = vehicles.index(outing.vehicle)
    ink, dash = _line(number)
    ways = "".join(
        f'<polyline class="route" stroke="{ink}" stroke-dasharray="{dash}" '
        f'points="{frame.points(way.simplify(30.0))}"/>'
        for way in outing.ways
        if not way.is_empty
    )
    seen: dict[str, list[str]] = {}
    places = {call.spot.code_insee: call.spot for call in outing.calls}
    marks = []
    for call in outing.calls:
        seen.setdefault(call.spot.code_insee, []).append(_span(call.opens, call.closes))
    for code, hours in seen.items():
        x, y = frame.spot(places[code])
        told = escape(places[code].name)
        told += f'<tspan class="heures"> {" et ".join(hours)}</tspan>'
        side = "end" if x > frame.width * 0.6 else "start"
        shift = -11 if side == "end" else 11
        marks.append(
            f'<circle class="arret" cx="{round(x, 1)}" cy="{round(y, 1)}" r="8" fill="{ink}"/>'
            f'<text x="{round(x + shift, 1)}" y="{round(y + 5, 1)}" text-anchor="{side}">'
            f"{told}</text>"
        )
    x, y = frame.spot(outing.base)
    base = (
        f'<rect class="base" x="{round(x - 6, 1)}" y="{round(y - 6, 1)}" width="12" height="12"/>'
    )
    return f'<g class="jour j{rank}">{ways}{base}{"".join(marks)}</g>'


def _line(rank: int) -> tuple[str, str]:
    """Return the colour and the dashes of a vehicle: thirty-six go before two look alike."""
    turn = rank // len(_INKS)
    return _INKS[rank % len(_INKS)], _DASHES[(rank + turn) % len(_DASHES)]


def _span(opens: int, closes: int) -> str:
    return f"{clock_in_words(opens)}–{clock_in_words(closes)}"


def clock_in_words(minutes: int) -> str:
    """Return a clock time as people write it: ``9 h``, ``9 h 15``."""
    return f"{minutes // 60} h {minutes % 60:02}" if minutes % 60 else f"{minutes // 60} h"


def _legend(vehicles: list[str]) -> str:
    items = "".join(
        '<svg width="60" height="12" aria-hidden="true" '
        'style="width:60px;border:0;background:none">'
        f'<line x1="2" y1="6" x2="58" y2="6" stroke="{_line(rank)[0]}" stroke-width="4" '
        f'stroke-dasharray="{_line(rank)[1]}"/></svg> {escape(name)} &ensp; '
        for rank, name in enumerate(vehicles)
    )
    return (
        f'<p class="note">{items}■ base &ensp; ● arrêt &ensp; communes ocre : au-delà du seuil de '
        "toute Maison</p>"
    )


def _tables(week: Week, days: list[tuple[int, int]], vehicles: list[str]) -> str:
    del vehicles
    made = []
    for rank, day in enumerate(days, start=1):
        rows = "".join(
            f"<tr><td>{escape(outing.vehicle)}</td><td>{escape(call.spot.name)}</td>"
            f"<td>{escape(call.spot.place)}</td><td>{_span(call.opens, call.closes)}</td></tr>"
            for outing in week.outings
            if (outing.week, outing.weekday) == day
            for call in outing.calls
        )
        made.append(
            f'<table class="jour j{rank}"><caption>{escape(_day_name(week, day).capitalize())}'
            '</caption><thead><tr><th scope="col">Véhicule</th><th scope="col">Commune</th>'
            f'<th scope="col">Lieu</th><th scope="col">Ouvert</th></tr></thead><tbody>{rows}'
            "</tbody></table>"
        )
    return "".join(made)
