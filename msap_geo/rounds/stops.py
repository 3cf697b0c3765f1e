"""Rounds that exist: stops with days and hours, read from a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import DataError, StudyError
from msap_geo.rounds.clock_times import read_clock
from msap_geo.rounds.working_time import clock
from msap_geo.tabular import LINE, pick_columns, read_text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


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


def in_words_together(stops: Iterable[Stop]) -> str:
    """Say when the stops of one place are held, each vehicle and each day named once.

    Parameters
    ----------
    stops
        Stops, in their order.

    Returns
    -------
    str
        E.g. ``"Bus 1, mardi 09:00–12:00 et 14:00–16:00, jeudi 09:00–12:00 ; Bus 2, lundi …"``; of
        one stop what :func:`in_words` says.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for stop in stops:
        day, hours = in_words(stop).removeprefix(f"{stop.vehicle}, ").rsplit(" ", 1)
        found.setdefault(stop.vehicle, {}).setdefault(day, []).append(hours)
    return " ; ".join(
        ", ".join([vehicle, *(f"{day} {' et '.join(hours)}" for day, hours in days.items())])
        for vehicle, days in found.items()
    )


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


def held_in(stop: Stop, week: int, cycles: Mapping[str, int]) -> bool:
    """Tell whether a stop is held in a week, the first being 1."""
    return stop.week in (EVERY_WEEK, (week - 1) % cycles[stop.vehicle] + 1)
