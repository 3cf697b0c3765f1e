"""Rounds that exist: stops with days and hours, read from a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import DataError, StudyError
from msap_geo.rounds.clock_times import read_clock
from msap_geo.rounds.working_time import clock
from msap_geo.tabular.text import LINE, pick_columns, read_text_table
from msap_geo.travel import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork
    from msap_geo.travel import TravelTimes

EVERY_WEEK = 0
"""Week of a stop held every week."""

MOST_WEEKS = 52

_DIGITS = 10

LONGEST_CYCLE = 520
"""Weeks within which vehicles must begin again together: hours a week are counted over them."""

_EVERY = {"", "toutes", "tous", "hebdomadaire", "0"}
_COLUMNS = {
    "vehicule": ("vehicule", "bus", "equipe"),
    "jour": ("jour",),
    "code_insee": ("code_insee", "insee", "commune_code"),
    "arrivee": ("arrivee", "ouverture"),
    "depart": ("depart", "fermeture"),
}
_OPTIONAL = {"semaine": ("semaine",), "lieu": ("lieu", "adresse")}


@dataclass(frozen=True)
class Stop:
    """A vehicle or a team open somewhere, on one weekday.

    Parameters
    ----------
    vehicle
        Its name.
    weekday
        Monday is 0.
    week
        Rank in the cycle, from 1; :data:`EVERY_WEEK` for all of them.
    code_insee, place
        Commune, and where in it.
    opens, closes
        Minutes since midnight.
    """

    vehicle: str
    weekday: int
    week: int
    code_insee: str
    place: str
    opens: int
    closes: int


def read_stops(path: Path) -> tuple[Stop, ...]:
    """Read stops from ``vehicule, jour, semaine, code_insee, lieu, arrivee, depart``.

    Parameters
    ----------
    path
        Delimited text; ``semaine`` is empty, ``toutes``, or the rank of the week in the cycle, and
        ``lieu`` may be absent. What ``msap-geo tournees --csv`` writes is read back.

    Returns
    -------
    tuple of Stop
        By vehicle, week, weekday and hour.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent or not such a table.
    DataError
        If rows cannot be read, or put a vehicle in two places at once: all of them are listed.
    """
    table = pick_columns(read_text_table(path), path, required=_COLUMNS, optional=_OPTIONAL)
    stops: list[tuple[str, Stop]] = []
    faults: list[str] = []
    for row in table.to_dict("records"):
        line = int(row[LINE])
        try:
            made = make_stop({str(key): str(value) for key, value in row.items()})
            stops.append((f"ligne {line}", made))
        except StudyError as error:
            faults.append(f"ligne {line} : {error.problem}")
    faults += clashes(stops)
    if faults:
        raise DataError(
            f"« {path.name} » : " + " ; ".join(faults),
            where=path,
            remedy="écrire par exemple « Bus 1,mardi,toutes,2B096,Halle,09:00,12:00 »",
        )
    return ordered(stop for _, stop in stops)


def ordered(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """Return stops by vehicle, week, weekday and hour."""
    return tuple(
        sorted(stops, key=lambda stop: (stop.vehicle, stop.week, stop.weekday, stop.opens))
    )


def make_stop(row: Mapping[str, str]) -> Stop:
    """Make a stop of the texts of its row (:func:`read_stops` tells the names).

    Raises
    ------
    StudyError
        If a text cannot be read.
    """
    day, week = row["jour"].lower(), row["semaine"].lower()
    if day not in WEEKDAYS:
        raise StudyError(f"jour inconnu : « {row['jour']} »")
    # Thousands of digits are a number nobody can read, Python included.
    if week not in _EVERY and not (week.isdecimal() and len(week) < _DIGITS and int(week) > 0):
        raise StudyError(f"semaine inconnue : « {row['semaine']} »")
    if week not in _EVERY and int(week) > MOST_WEEKS:
        raise StudyError(f"semaine {week} : un cycle a {MOST_WEEKS} semaines au plus")
    if not row["code_insee"]:
        raise StudyError("code_insee absent")
    if not row["vehicule"]:
        raise StudyError("vehicule absent")
    opens, closes = read_clock(row["arrivee"]), read_clock(row["depart"])
    if opens >= closes:
        raise StudyError(f"ferme ({row['depart']}) avant d'ouvrir ({row['arrivee']})")
    return Stop(
        row["vehicule"],
        WEEKDAYS.index(day),
        EVERY_WEEK if week in _EVERY else int(week),
        row["code_insee"],
        row["lieu"],
        opens,
        closes,
    )


def clashes(stops: Sequence[tuple[str, Stop]]) -> list[str]:
    """Say which stops put a vehicle in two places at once.

    Parameters
    ----------
    stops
        Each with where it is written, in words: ``"ligne 3"``.
    """
    told = []
    for rank, (line, stop) in enumerate(stops):
        for earlier, other in stops[:rank]:
            same_week = EVERY_WEEK in (stop.week, other.week) or stop.week == other.week
            if (
                same_week
                and (stop.vehicle, stop.weekday) == (other.vehicle, other.weekday)
                and stop.opens < other.closes
                and other.opens < stop.closes
            ):
                told.append(
                    f"{line} : {stop.vehicle} est déjà ailleurs le {WEEKDAYS[stop.weekday]} "
                    f"de {clock(other.opens)} à {clock(other.closes)} ({earlier})"
                )
    return told


PREFIX = "arret:"
"""How the identifier of a stop begins, among those of sites."""


def stop_ids(stops: Sequence[Stop]) -> tuple[str, ...]:
    """Identify stops by what they are: ``"arret:Bus 1/mardi/2B096/09:00"``.

    Parameters
    ----------
    stops
        Stops, in their order; the week of one that is not held every week ends its identifier, and
        stops alike in everything are numbered.
    """
    found: dict[str, int] = {}
    told = []
    for stop in stops:
        name = (
            f"{PREFIX}{stop.vehicle}/{WEEKDAYS[stop.weekday]}/{stop.code_insee}/"
            f"{clock(stop.opens)}" + (f"/semaine {stop.week}" if stop.week else "")
        )
        found[name] = found.get(name, 0) + 1
        told.append(name if found[name] == 1 else f"{name}/{found[name]}")
    return tuple(told)


def in_words(stop: Stop) -> str:
    """Say when a stop is held: ``"Bus 1, mardi (semaine 2) 09:00–12:00"``."""
    week = f" (semaine {stop.week})" if stop.week else ""
    hours = f"{clock(stop.opens)}–{clock(stop.closes)}"
    return f"{stop.vehicle}, {WEEKDAYS[stop.weekday]}{week} {hours}"


def cycles_of(stops: Iterable[Stop]) -> dict[str, int]:
    """Return after how many weeks each vehicle begins again: the last week it is told of."""
    found: dict[str, int] = {}
    for stop in stops:
        found[stop.vehicle] = max(found.get(stop.vehicle, 1), stop.week)
    return found


def whole_cycle(cycles: Mapping[str, int]) -> int:
    """Return after how many weeks all vehicles begin again together.

    Raises
    ------
    StudyError
        If that is more than :data:`LONGEST_CYCLE`.
    """
    weeks = math.lcm(*cycles.values())
    if weeks > LONGEST_CYCLE:
        told = ", ".join(f"{name} : {number}" for name, number in sorted(cycles.items()))
        raise StudyError(
            f"les véhicules ne recommencent ensemble qu'après {weeks} semaines, plus de "
            f"{LONGEST_CYCLE} (semaines du cycle de chacun : {told})",
            remedy="donner des cycles qui se divisent, comme 1, 2 et 4 semaines",
        )
    return weeks


def _held(stop: Stop, week: int, cycles: Mapping[str, int]) -> bool:
    """Tell whether a stop is held in a week, the first being 1."""
    return stop.week in (EVERY_WEEK, (week - 1) % cycles[stop.vehicle] + 1)


def weekly_service(
    times: TravelTimes,
    stops: tuple[Stop, ...],
    *,
    threshold: float,
    cycles: Mapping[str, int] | None = None,
) -> NDArray[np.float64]:
    """Count the hours a week with some stop open within the threshold, no minute twice.

    Parameters
    ----------
    times
        From places to communes (``site_id``), at least as far as the threshold.
    stops
        Stops; those of a week of their vehicle's cycle count for their share of it.
    threshold
        Minutes, inclusive.
    cycles
        Weeks after which each vehicle begins again, where these stops are but a part of theirs;
        :func:`cycles_of` them by default.

    Returns
    -------
    numpy.ndarray
        Hours, rows of ``times``.

    Raises
    ------
    StudyError
        If a stop is in a commune the times do not know, or vehicles hardly ever begin again
        together (:data:`LONGEST_CYCLE`).
    """
    ids = pd.Index(times.site_ids)
    if unknown := sorted({stop.code_insee for stop in stops} - set(ids)):
        raise StudyError(
            f"arrêts dans des communes d'une autre étude : {', '.join(unknown)}",
            remedy="retirer ces arrêts, ou prendre l'étude de leur territoire",
        )
    near = _within(times, threshold)
    every = cycles_of(stops) | dict(cycles or {})
    weeks = whole_cycle(every)
    minutes = np.zeros(len(times.demand_ids))
    for week in range(1, weeks + 1):
        for weekday in range(7):
            today = [s for s in stops if s.weekday == weekday and _held(s, week, every)]
            cuts = sorted({moment for s in today for moment in (s.opens, s.closes)})
            for start, end in pairwise(cuts):
                held = [s.code_insee for s in today if s.opens <= start and s.closes >= end]
                if held:
                    reached = near[:, ids.get_indexer(sorted(set(held)))].sum(axis=1) > 0
                    minutes[np.asarray(reached).ravel()] += end - start
    hours: NDArray[np.float64] = minutes / 60 / weeks
    return hours


def _within(times: TravelTimes, threshold: float) -> csr_array:
    trips = times.minutes.tocoo()
    inside = np.round(trips.data, MINUTES_DECIMALS) <= round(threshold, MINUTES_DECIMALS)
    return csr_array(
        (np.ones(int(inside.sum())), (trips.row[inside], trips.col[inside])), shape=trips.shape
    )


def _to_stops(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Iterable[Stop],
    threshold: float,
    stands: gpd.GeoDataFrame | None,
) -> TravelTimes:
    held = {stop.code_insee for stop in stops}
    places = origins if stands is None else stands
    where = places[places["code_insee"].isin(held)].reset_index(drop=True)
    return matrix(roads, origins, where.assign(site_id=where["code_insee"]), max_minutes=threshold)


def places_within(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Sequence[Stop],
    *,
    threshold: float,
    stands: gpd.GeoDataFrame | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return which communes each commune with a stop serves.

    Parameters
    ----------
    roads, origins, stops, threshold, stands
        As of :func:`hours_within`.

    Returns
    -------
    dict
        Rows of ``origins``, by ``code_insee`` of the stops.
    """
    if not stops:
        return {}
    times = _to_stops(roads, origins, stops, threshold, stands)
    near = _within(times, threshold).tocsc()
    return {
        str(code): np.sort(near.indices[near.indptr[i] : near.indptr[i + 1]]).astype(np.int64)
        for i, code in enumerate(times.site_ids)
    }


def hours_within(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Sequence[Stop],
    *,
    threshold: float,
    cycles: Mapping[str, int] | None = None,
    stands: gpd.GeoDataFrame | None = None,
) -> NDArray[np.float64]:
    """Count the hours a week each commune has some stop open within the threshold.

    Parameters
    ----------
    roads
        Roads of the study.
    origins
        Where communes start from, ``demand_id`` and ``code_insee``.
    stops
        Stops, in these communes or in those of ``stands``.
    threshold
        Minutes, inclusive.
    cycles
        As of :func:`weekly_service`.
    stands
        Where vehicles stop, communes across the border included; ``origins`` by default.

    Returns
    -------
    numpy.ndarray
        Hours, rows of ``origins``.
    """
    if not stops:
        return np.zeros(len(origins))
    times = _to_stops(roads, origins, stops, threshold, stands)
    return weekly_service(times, tuple(stops), threshold=threshold, cycles=cycles)


PERMANENT, ITINERANT, NOTHING = "permanent", "itinérant", "aucun"


def kinds_of_cover(beyond: NDArray[np.bool_], hours: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name what covers each place: a Maison before a round, whatever the hours of the round.

    Parameters
    ----------
    beyond
        Whether the place is beyond reach of every Maison.
    hours
        Hours a week of some round within its reach.

    Returns
    -------
    numpy.ndarray
        :data:`PERMANENT`, :data:`ITINERANT` or :data:`NOTHING`.
    """
    moving = np.where(hours > 0, ITINERANT, NOTHING)
    return np.where(beyond, moving, PERMANENT).astype(object)
