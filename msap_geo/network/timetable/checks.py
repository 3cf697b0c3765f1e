"""What makes a feed unusable: told table by table, every fault with its file and first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.network.timetable.calendars import check_calendars
from msap_geo.network.timetable.values import UNKNOWN, WRONG, clocks
from msap_geo.tabular import LINE, to_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msap_geo.network.timetable.tables import Problems

_KEYS = {"agency.txt": "agency_id", "stops.txt": "stop_id", "routes.txt": "route_id"}
_HALTS = ("", "0", "1")
"""Types of location one may stand at: a stop, a platform, a station."""


def check_feed(tables: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    """Gather every fault of the tables of a feed.

    Parameters
    ----------
    tables
        Tables as read.
    problems
        Where faults are told.
    """
    for file, key in {**_KEYS, "trips.txt": "trip_id"}.items():
        _check_key(tables[file], file, key, problems)
    _check_positions(tables["stops.txt"], problems)
    check_calendars(tables, problems)
    trips = tables["trips.txt"]
    _check_link(trips, "trips.txt", "route_id", tables["routes.txt"], "routes.txt", problems)
    _check_stop_times(tables, problems)
    _check_frequencies(tables, problems)
    _check_transfers(tables, problems)


def _check_key(table: pd.DataFrame, file: str, key: str, problems: Problems) -> None:
    empty = table[key] == ""
    if file != "agency.txt":
        problems.add(file, table[LINE][empty], f"« {key} » est vide")
    twice = table[key].duplicated() & ~empty
    if twice.any():
        problems.add(
            file,
            table[LINE][twice],
            f"l'identifiant « {table[key][twice].iloc[0]} » y est déjà ({key})",
        )


def _check_positions(stops: pd.DataFrame, problems: Problems) -> None:
    for column, limit in (("stop_lat", 90.0), ("stop_lon", 180.0)):
        degrees = to_number(stops[column])
        wrong = (degrees.isna() & (stops[column] != "")) | (degrees.abs() > limit)
        if wrong.any():
            problems.add(
                "stops.txt",
                stops[LINE][wrong],
                f"« {column} » n'est pas en degrés (« {stops[column][wrong].iloc[0]} »)",
            )


def _check_link(
    table: pd.DataFrame,
    file: str,
    column: str,
    target: pd.DataFrame,
    target_file: str,
    problems: Problems,
    *,
    key: str | None = None,
) -> None:
    """Tell the values of a column that name nothing in another file; empty ones aside."""
    lost = ~table[column].isin(target[key or column]) & (table[column] != "")
    if lost.any():
        problems.add(
            file,
            table[LINE][lost],
            f"« {table[column][lost].iloc[0]} » ({column}) n'est pas dans {target_file}",
        )


def _check_stop_times(tables: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    table, file = tables["stop_times.txt"], "stop_times.txt"
    _check_link(table, file, "trip_id", tables["trips.txt"], "trips.txt", problems)
    _check_link(table, file, "stop_id", tables["stops.txt"], "stops.txt", problems)
    line = table[LINE]
    problems.add(file, line[table["trip_id"] == ""], "« trip_id » est vide")
    flexible = (table["location_id"] != "") | (table["location_group_id"] != "")
    nowhere = (table["stop_id"] == "") & ~flexible
    problems.add(file, line[nowhere], "« stop_id » est vide")
    for column in ("arrival_time", "departure_time"):
        _check_clock(table, file, column, problems)
    sequence = to_number(table["stop_sequence"])
    wrong = sequence.isna() | (sequence < 0) | (sequence % 1 != 0)
    problems.add(file, line[wrong], "« stop_sequence » n'est pas un entier positif ou nul")
    twice = pd.DataFrame({"trip": table["trip_id"], "rank": sequence}).duplicated() & ~wrong
    problems.add(file, line[twice], "une course y a deux fois le même « stop_sequence »")
    for column in ("pickup_type", "drop_off_type"):
        wrong = ~table[column].isin(["", "0", "1", "2", "3"])
        problems.add(file, line[wrong], f"« {column} » doit valoir 0, 1, 2 ou 3")


def _check_clock(table: pd.DataFrame, file: str, column: str, problems: Problems) -> None:
    wrong = clocks(table[column]) == WRONG
    if wrong.any():
        problems.add(
            file,
            table[LINE][wrong],
            f"« {column} » n'est pas une heure HH:MM:SS de 00:00:00 à 168:59:59 "
            f"(« {table[column][wrong].iloc[0]} »)",
        )


def _check_frequencies(tables: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    table, file = tables["frequencies.txt"], "frequencies.txt"
    _check_link(table, file, "trip_id", tables["trips.txt"], "trips.txt", problems)
    for column in ("start_time", "end_time"):
        _check_clock(table, file, column, problems)
        problems.add(file, table[LINE][clocks(table[column]) == UNKNOWN], f"« {column} » est vide")
    headway = to_number(table["headway_secs"])
    wrong = headway.isna() | (headway < 1) | (headway % 1 != 0)
    problems.add(file, table[LINE][wrong], "« headway_secs » n'est pas un nombre de secondes")
    backwards = np.asarray(clocks(table["end_time"]) < clocks(table["start_time"]))
    problems.add(file, table[LINE][backwards], "« end_time » précède « start_time »")


def _check_transfers(tables: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    table, file = tables["transfers.txt"], "transfers.txt"
    for column in ("from_stop_id", "to_stop_id"):
        _check_link(table, file, column, tables["stops.txt"], "stops.txt", problems, key="stop_id")
    seconds = to_number(table["min_transfer_time"])
    wrong = (seconds.isna() & (table["min_transfer_time"] != "")) | (seconds < 0)
    problems.add(file, table[LINE][wrong], "« min_transfer_time » n'est pas un nombre de secondes")


def is_halt(stops: pd.DataFrame) -> pd.Series:
    """Tell stops and stations from entrances and corridors."""
    return stops["location_type"].isin(_HALTS)
