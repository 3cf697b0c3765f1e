"""A study without a car: who can go to a Maison, be received and be home the same day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd

from msap_geo import coverage, french, network
from msap_geo.anomalies import Action, Anomaly
from msap_geo.answers.mobility_sites import candidates_without_car, more_runs, moved_hours
from msap_geo.answers.origins import memberships_of
from msap_geo.answers.ways import read_timetables, ways_of
from msap_geo.study.roads import NOT_WITHOUT_CAR, coaches_without_roads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from msap_geo.answers.origins import Origins
    from msap_geo.answers.ways import Ways
    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult

MOST_ROWS = 20_000_000
"""Round trips of a study (places × Maisons × days) looked at: beyond, by région."""


class Mobility(NamedTuple):
    """What a study tells without a car: tables and layers by name, and what was noticed."""

    tables: dict[str, pd.DataFrame]
    layers: dict[str, gpd.GeoDataFrame]
    anomalies: list[Anomaly]


def mobility(result: StudyResult, maisons: gpd.GeoDataFrame, origin: Origins) -> Mobility:
    """Answer every question without a car of a study.

    Parameters
    ----------
    result
        The study, whose file has ``[mobilite] gtfs``.
    maisons
        Maisons that count, with ``horaires`` that can be read or null.
    origin
        The communes, and their times by car.

    Returns
    -------
    Mobility
        Tables ``mobilite_communes``, ``mobilite_territoires``, ``zones_sans_voiture``,
        ``mobilite_horaires``, ``mobilite_retours``, ``mobilite_candidats``; layers
        ``mobilite_communes`` and ``zones_sans_voiture``. None without roads to walk on, or with
        too many places: told.

    Raises
    ------
    MsapGeoError
        If a feed or the roads cannot be used.
    """
    study = result.study
    timetable = read_timetables(result)
    cannot = _cannot(result, len(origin.points) * len(maisons) * len(timetable.days))
    if cannot:
        return Mobility({}, {}, [*timetable.anomalies, cannot])
    ways = ways_of(result, timetable)
    trips = ways.by_mode(origin.points, maisons)
    days = coverage.days_without_car(origin.points, trips)
    places = origin.places
    named = maisons.set_index("site_id")["nom"]
    communes = places[["code_insee", "population"]].assign(
        **{name: places[name] for name in coverage.WITHOUT_CAR_GROUPS if name in places},
        minutes=places["minutes"],
        **days.drop(columns="demand_id"),
    )
    communes.insert(1, "nom", result.communes["nom"].to_numpy())
    communes["site_nom"] = communes["site_id"].map(named, na_action="ignore").astype(object)
    communes["meilleur_jour"] = [best_day_in_words(row) for row in communes.to_dict("records")]
    if {"menages", "menages_sans_voiture"} <= set(places.columns):
        communes = communes.assign(**_shared_hours(ways, origin, maisons).to_dict("series"))
    zones = coverage.zones_without_car(result.communes, result.access, days)
    tables = {
        "mobilite_communes": communes,
        "mobilite_territoires": coverage.without_car_by_territory(
            places, days, memberships_of(result), threshold=study.threshold
        ),
        "zones_sans_voiture": pd.DataFrame(zones.drop(columns="geometry")),
        "mobilite_horaires": moved_hours(ways, origin, maisons, trips),
        "mobilite_retours": more_runs(ways, origin, maisons, trips),
        "mobilite_candidats": candidates_without_car(result, ways, origin, trips),
    }
    outlined = gpd.GeoDataFrame(communes, geometry=origin.areas.to_numpy(), crs=origin.areas.crs)
    layers = {"mobilite_communes": outlined, "zones_sans_voiture": zones}
    return Mobility(tables, layers, list(timetable.anomalies))


def why_unmeasured(anomalies: Iterable[Anomaly]) -> str:
    """Return why journeys without a car were asked for and not measured; empty where they were."""
    return next((one.message for one in anomalies if one.code == NOT_WITHOUT_CAR), "")


def _cannot(result: StudyResult, rows: int) -> Anomaly | None:
    """Tell why a study cannot answer; None where it can."""
    roadless = coaches_without_roads(result.study)
    if roadless is None and rows > MOST_ROWS:
        vast = (
            f"territoire trop vaste pour les trajets sans voiture ({french.number(rows)} allers et "
            "retours à examiner) : le faire par région, ou pour moins de jours"
        )
        return Anomaly(NOT_WITHOUT_CAR, Action.NOTED, "", vast)
    return roadless


def _shared_hours(ways: Ways, origin: Origins, maisons: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share the Maisons' hours among those with a car and those without, each by their minutes."""
    places = origin.places
    without = (
        places["menages_sans_voiture"] / places["menages"].where(places["menages"] > 0)
    ).clip(0, 1)
    people = places["population"].astype(float)
    return coverage.hours_by_mode(
        {"voiture": origin.times, "sans_voiture": ways.times(origin.points, maisons)},
        {"voiture": people * (1 - without), "sans_voiture": people * without},
        coverage.weekly_supply(maisons)["heures"].to_numpy(dtype=float),
    )


def best_day_in_words(row: Mapping[str, object]) -> str:
    """Return the best day of a commune in words, or why there is none.

    ``7 h 35 Zicavo → 8 h 50 Maison d'Ajaccio, 3 h 00 sur place, retour 13 h 10, mercredi, en car``.
    """
    if not isinstance(row["mode"], str):
        return f"aucun jour : {row['raison']}"
    day = coverage.WEEKDAYS[date.fromisoformat(str(row["jour"])).weekday()]
    stay = round(float(str(row["sur_place_minutes"])))
    return (
        f"{_spoken(row['depart'])} {row['nom']} → {_spoken(row['arrivee'])} {row['site_nom']}, "
        f"{stay // 60} h {stay % 60:02} sur place, retour {_spoken(row['retour'])}, {day}, "
        f"{coverage.MODES[row['mode']]}"
    )


def _spoken(clock: object) -> str:
    hour, minute = str(clock).split(":")
    return f"{int(hour)} h {minute}"


def timetable_in_words(study: Study) -> str:
    """Return which timetables a study reads, of what vintage, for which days; empty for none."""
    asked = study.mobilite
    if not asked.gtfs:
        return ""
    told = study.vintage("gtfs")
    first, last = network.day_range(asked.jours)
    days = f"{first:%d/%m/%Y}" if first == last else f"{first:%d/%m/%Y} au {last:%d/%m/%Y}"
    named = ", ".join(path.name for path in asked.gtfs)
    return f"{named}{f' ({told})' if told else ''}, {days}"
