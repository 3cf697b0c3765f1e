"""Rounds handed on: timetable, calendar, feed, map of the week, report and notices."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd

from msap_geo import coverage, outputs, travel
from msap_geo.answers import rounds_json, vehicle_name
from msap_geo.documents.rounds import rounds_document
from msap_geo.folder.tables import rounds_tables
from msap_geo.outputs import report, week
from msap_geo.study import provenance_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.answers import Rounds

_TABLES = "tournees"
_FORMATS = ("pdf", "html")


def publish_rounds(
    found: Rounds, folder: Path, *, start: dt.date | None = None, formats: Sequence[str] = _FORMATS
) -> None:
    """Write everything that makes rounds known: all of it, or none.

    Parameters
    ----------
    found
        What :func:`msap_geo.answers.design_rounds` found.
    folder
        Folder to write in, made if needed: ``tournees.json``, ``.csv``, ``.xlsx``, ``.ics``,
        ``tournees-gtfs.zip``, ``semaine.html``, ``affiches.html`` (a printed page for the notice
        board of each commune) and ``rapport_tournees``.
    start
        First day; the Monday from it on is that of the first week. The first Monday of the year of
        the costs by default: nothing depends on the clock.
    formats
        Forms of the report.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    made = week_of(found, start=start)
    tables = rounds_tables(found)
    beyond = found.people.index
    with outputs.complete_folder(folder, option="--publier") as draft:
        outputs.write_json(rounds_json(found), draft / "tournees.json")
        stops = tables[_TABLES]
        outputs.write_csv(stops, draft / "tournees.csv", columns=list(stops.columns))
        outputs.write_workbook(
            tables, draft / "tournees.xlsx", provenance=provenance_of(found.result)
        )
        (draft / "tournees.ics").write_text(week.calendar_text(made), encoding="utf-8", newline="")
        week.write_gtfs(made, draft / "tournees-gtfs.zip")
        (draft / "semaine.html").write_text(
            week.week_page(made, found.result.communes, beyond=beyond, notes=found.remarks),
            encoding="utf-8",
        )
        notices = week.notices_page(made, near=_near(found), reach_minutes=found.threshold)
        (draft / "affiches.html").write_text(notices, encoding="utf-8")
        document = rounds_document(found)
        for form in formats:
            (draft / f"rapport_tournees.{form}").write_bytes(report.render(document, form))


def _near(found: Rounds) -> dict[str, set[str]]:
    """Return, by commune beyond reach of a Maison, the stops within reach, its own left out."""
    problem = found.plan.problem
    return {
        code: {
            str(problem.stop_ids[stop])
            for stop in problem.reach.indices[
                problem.reach.indptr[rank] : problem.reach.indptr[rank + 1]
            ]
        }
        - {code}
        for rank, code in enumerate(problem.place_ids)
    }


def week_of(found: Rounds, *, start: dt.date | None = None) -> week.Week:
    """Return rounds as the weeks people see, with the roads taken.

    Parameters
    ----------
    found
        What :func:`msap_geo.answers.design_rounds` found.
    start
        First day; see :func:`publish_rounds`.
    """
    result, plan = found.result, found.plan
    points = result.origins.set_index("code_insee").geometry
    degrees = gpd.GeoSeries(points).to_crs(4326)
    first = week.first_monday(start or dt.date(result.study.couts.annee, 1, 1))

    def spot(code: str, place: str) -> week.Spot:
        point = degrees[code]
        return week.Spot(code, str(found.names[code]), place, float(point.x), float(point.y))

    outings = []
    for day in plan.days:
        base = plan.problem.base_ids[day.base]
        calls = [
            week.Call(spot(str(plan.problem.stop_ids[visit.stop]), "mairie"), *visit[1:])
            for visit in day.hours.visits
        ]
        codes = list(dict.fromkeys(call.spot.code_insee for call in calls))
        ends = [base, *codes, base]
        ways = tuple(
            travel.route(result.roads, points[here], points[there]).line
            for here, there in pairwise(ends)
        )
        outings.append(
            week.Outing(
                vehicle_name(day.vehicle), day.week + 1, day.weekday, spot(base, ""),
                day.hours.leaves, day.hours.returns, tuple(calls), ways,
            )
        )  # fmt: skip
    return week.Week(
        title=result.study.etude.nom,
        cycle=plan.work.weeks,
        start=first,
        end=first + dt.timedelta(days=364 - 1),
        departement=coverage.departements_of(result.access["code_insee"]).iloc[0],
        outings=tuple(outings),
        crs=str(result.origins.crs),
        warnings=tuple(str(told) for told in result.cautions),
    )
