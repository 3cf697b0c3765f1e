"""What would serve those who have no car: other hours, one more run, a Maison more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import coverage, siting, travel
from msap_geo.answers.ways import read_timetables, served_pairs, ways_of
from msap_geo.errors import StudyError
from msap_geo.hours import WeeklyHours, read_hours, weekly_hours

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from msap_geo.answers.origins import Origins
    from msap_geo.answers.ways import Ways
    from msap_geo.study.result import StudyResult

SHIFTS = (-60, 60)
"""Minutes the hours of a Maison are moved by, to see whom a coach would then bring back."""

NEW_HOURS = "Mo-Fr 09:00-12:00,14:00-17:00"
"""Hours supposed of a new Maison: the label asks for 24 hours over five days at least."""

HOMES = "menages_sans_voiture"
_REACHED = 1.0
"""Minutes that stand for a round trip: covered or not is all that a plan asks here."""


def shifted(hours: WeeklyHours, minutes: int) -> WeeklyHours:
    """Return the hours opened and closed this much later, within each day."""
    return weekly_hours(
        [
            [
                (max(start + minutes, 0), min(end + minutes, 24 * 60))
                for start, end in day
                if end + minutes > 0 and start + minutes < 24 * 60
            ]
            for day in hours.days
        ]
    )


def moved_hours(
    ways: Ways,
    origin: Origins,
    maisons: gpd.GeoDataFrame,
    trips: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Tell whom each Maison would serve, and lose, if its hours moved by an hour."""
    before = served_pairs(list(trips.values()))
    known = maisons[maisons["horaires"].notna()]
    tables = []
    for minutes in SHIFTS:
        moved = known.set_index("site_id")["horaires"].map(
            lambda text, by=minutes: shifted(read_hours(text), by)
        )
        after = ways.pairs(origin.points, known, moved)
        found = coverage.served_by_moving(before, after, origin.places, known)
        found.insert(2, "decalage_minutes", minutes)
        tables.append(found)
    table = pd.concat(tables, ignore_index=True)
    table = table[(table["nb_communes"] > 0) | (table["nb_communes_perdues"] > 0)]
    return table.sort_values(
        ["population", "site_id", "decalage_minutes"],
        ascending=[False, True, True],
        ignore_index=True,
    )


def more_runs(
    ways: Ways,
    origin: Origins,
    maisons: gpd.GeoDataFrame,
    trips: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Tell which lines, run once more, would bring home most people who have no day by any way."""
    served = set(served_pairs(list(trips.values()))["demand_id"])
    without = origin.points[~origin.points["demand_id"].isin(served)]
    found = ways.missing_returns(without.reset_index(drop=True), maisons)
    of = origin.places.set_index("demand_id")
    groups = ["population", *(name for name in coverage.WITHOUT_CAR_GROUPS if name in of)]
    clocks = [round(minutes) for minutes in found["depart"]]
    table = pd.DataFrame(
        {
            "ligne_car": found["line"].astype(object),
            "direction": found["headsign"].astype(object),
            "arret_depart": found["origin"].astype(object),
            "arret_arrivee": found["destination"].astype(object),
            "depart": [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in clocks],
            "nb_communes": found["demand_ids"].map(len).astype("int64"),
            "communes": [of.loc[ids, "code_insee"].tolist() for ids in found["demand_ids"]],
            **{
                group: [of.loc[ids, group].sum() for ids in found["demand_ids"]] for group in groups
            },
        }
    )
    return table.sort_values("population", ascending=False, kind="stable", ignore_index=True)


def candidates_without_car(
    result: StudyResult, ways: Ways, origin: Origins, trips: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Tell how many days each candidate could be reached, and whom it alone would serve.

    ``jours_sans_voiture`` is the most days any other commune has; ``nb_communes`` and what follows
    count the communes that have no Maison without a car today. Hours are :data:`NEW_HOURS`.
    """
    candidates = result.candidates
    after = ways.pairs(origin.points, candidates, NEW_HOURS)
    found = coverage.served_by_moving(
        served_pairs(list(trips.values())), after, origin.places, candidates
    ).drop(columns=["nb_communes_perdues", "population_perdue"])
    home = candidates.set_index("site_id")["code_insee"]
    code = origin.places.set_index("demand_id")["code_insee"]
    others = after[after["demand_id"].map(code) != after["site_id"].map(home)]
    most = others.groupby("site_id")["jours"].max()
    found.insert(2, "jours_sans_voiture", found["site_id"].map(most).fillna(0).astype("int64"))
    return found.sort_values(
        [HOMES if HOMES in found else "population", "site_id"],
        ascending=[False, True],
        ignore_index=True,
    )


class WithoutCarPlan(NamedTuple):
    """Sites that serve most households without a car.

    Parameters
    ----------
    plan
        The proven plan; its value counts those served, today's included.
    sites
        The sites: ``site_id, nom, commune``.
    counted
        What was counted: ``menages_sans_voiture``, or ``population`` where these are unknown.
    today, after
        How many are served today, and with the plan.
    """

    plan: siting.Plan
    sites: pd.DataFrame
    counted: str
    today: int
    after: int


def plan_without_car(result: StudyResult, *, number: int) -> WithoutCarPlan:
    """Choose the candidates that give a day without a car to most households that have none.

    Parameters
    ----------
    result
        The study, whose file has ``[mobilite] gtfs`` and roads.
    number
        At most so many new Maisons, open :data:`NEW_HOURS`.

    Returns
    -------
    WithoutCarPlan
        The maximal covering of households without a car (of inhabitants, where the study does not
        know these households): a commune is covered when some day has a round trip.

    Raises
    ------
    StudyError
        If the study has no timetable, or no roads.
    MsapGeoError
        If a feed or the roads cannot be used.
    """
    if not result.study.mobilite.gtfs or not result.study.reseau.sources:
        raise StudyError(
            "l'étude n'a pas d'horaires, ou pas de routes pour aller à l'arrêt",
            where="[mobilite] gtfs",
            remedy="donner un flux GTFS, et des routes ([reseau] source)",
        )
    ways = ways_of(result, read_timetables(result))
    points, maisons, candidates = result.origins, result.maisons, result.candidates
    hours = maisons.set_index("site_id")["horaires"]
    today = set(ways.pairs(points, maisons, hours)["demand_id"])
    pairs = ways.pairs(points, candidates, NEW_HOURS)
    times = travel.from_table(
        pd.DataFrame(
            {"origine": pairs["demand_id"], "destination": pairs["site_id"], "minutes": 0.0}
        ),
        demand_ids=pd.Index(points["demand_id"]),
        site_ids=pd.Index(candidates["site_id"]),
        max_minutes=_REACHED,
    )
    counted = HOMES if HOMES in result.communes else "population"
    people = result.communes[counted].fillna(0).round().astype("int64").reset_index(drop=True)
    served = points["demand_id"].isin(today).reset_index(drop=True)
    problem = siting.make_problem(times, people, pd.Series(np.where(served, 0.0, np.nan)))
    plan = siting.maximal_covering(problem, siting.Rules(count=number), thresholds=(_REACHED,))
    chosen = candidates[candidates["site_id"].isin(plan.sites)]
    reached = set(pairs.loc[pairs["site_id"].isin(plan.sites), "demand_id"])
    after = served | points["demand_id"].isin(reached).reset_index(drop=True)
    return WithoutCarPlan(
        plan,
        pd.DataFrame(chosen[["site_id", "nom", "commune"]]).reset_index(drop=True),
        counted,
        int(people[served].sum()),
        int(people[after].sum()),
    )
