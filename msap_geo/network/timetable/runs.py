"""Stop times as runs: ordered, completed, and put aside where no vehicle could do them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError
from msap_geo.network.timetable.model import Calls, Runs
from msap_geo.network.timetable.values import UNKNOWN, clocks
from msap_geo.tabular import LINE, to_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FILE = "stop_times.txt"
MAX_CALLS = 30_000_000
"""Calls of all runs, frequencies laid out: beyond, a headway is a typing error."""

_NEVER = "1"
_BOOKED = ("2", "3")


class Piece(NamedTuple):
    """Runs of one feed, services and stops by the row of the feed."""

    runs: Runs
    calls: Calls


def feed_runs(
    tables: Mapping[str, pd.DataFrame], services: pd.Index, stops: pd.Index
) -> tuple[Piece, list[Anomaly]]:
    """Make the runs of a checked feed.

    Parameters
    ----------
    tables
        Checked tables.
    services, stops
        Identifiers of the rows runs and calls refer to.

    Returns
    -------
    Piece, list of Anomaly
        The runs, and what was completed or put aside.
    """
    calls = _ordered(tables["stop_times.txt"])
    calls, flexible = _without_flexible(calls)
    calls, filled = _completed(calls)
    calls, unusable = _without_unusable(calls)
    trips = tables["trips.txt"].set_index("trip_id")
    named = calls["trip_id"].drop_duplicates()
    lost = named[~trips["service_id"].reindex(named).isin(services).to_numpy()]
    calls = calls[~calls["trip_id"].isin(lost)].reset_index(drop=True)
    told = [*flexible, *filled, *unusable, *_told_services(lost), *_told_trips(tables, calls)]
    piece = _piece(calls, trips, tables["routes.txt"], services, stops)
    laid_out, more = _laid_out(piece, tables["frequencies.txt"])
    return laid_out, [*told, *more, *_told_types(tables, laid_out)]


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Return calls with numbers, by trip in the order of the file, then sequence."""
    sequence = to_number(table["stop_sequence"])
    rank = pd.factorize(table["trip_id"])[0]
    order = np.lexsort((sequence, rank))
    calls = table.iloc[order].assign(
        rank=rank[order],
        arrival=clocks(table["arrival_time"])[order],
        departure=clocks(table["departure_time"])[order],
    )
    return calls.reset_index(drop=True)


def _without_flexible(calls: pd.DataFrame) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Put aside the calls without a stop or an hour of their own: zones and windows."""
    window = (calls["start_pickup_drop_off_window"] != "") | (calls["stop_id"] == "")
    if not window.any():
        return calls, []
    trips = calls["trip_id"][window].unique()
    told = Anomaly(
        "transport-a-la-demande-par-zone",
        Action.LEFT_OUT,
        FILE,
        f"{len(trips)} courses à la demande, par zone ou par plage horaire, n'ont pas d'horaire "
        "à l'arrêt : elles ne comptent pas dans les trajets",
        line=int(calls[LINE][window].iloc[0]),
        identifier=str(trips[0]),
    )
    return calls[~window].reset_index(drop=True), [told]


def _completed(calls: pd.DataFrame) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Give the hours a feed leaves out: evenly between the calls it times, by number of stops."""
    arrival, departure = calls["arrival"].to_numpy(), calls["departure"].to_numpy()
    arrival = np.where(arrival == UNKNOWN, departure, arrival)
    departure = np.where(departure == UNKNOWN, arrival, departure)
    timed = arrival != UNKNOWN
    calls = calls.assign(arrival=arrival, departure=departure)
    if timed.all():
        return calls, []
    position = np.arange(len(calls))
    known, rank = position[timed], calls["rank"].to_numpy()
    holes = position[~timed]
    after = np.searchsorted(known, holes)
    inside = (after > 0) & (after < len(known))
    left = known[np.clip(after - 1, 0, max(len(known) - 1, 0))] if len(known) else holes
    right = known[np.clip(after, 0, len(known) - 1)] if len(known) else holes
    inside &= (rank[left] == rank[holes]) & (rank[right] == rank[holes])
    # What comes before the first hour of a run, or after the last, cannot be told.
    endless = np.unique(rank[holes[~inside]])
    holes, left, right = holes[inside], left[inside], right[inside]
    share = (holes - left) / np.maximum(right - left, 1)
    given = np.floor(departure[left] + share * (arrival[right] - departure[left]))
    arrival[holes] = departure[holes] = given.astype(np.int32)
    calls = calls.assign(arrival=arrival, departure=departure)
    told = []
    if len(holes):
        told.append(
            Anomaly(
                "heures-interpolees",
                Action.REPAIRED,
                FILE,
                f"{len(holes)} passages sans heure : heures réparties entre les arrêts qui en ont",
                line=int(calls[LINE].iloc[holes[0]]),
            )
        )
    lost = calls["rank"].isin(endless)
    told += [
        Anomaly(
            "course-sans-heure",
            Action.LEFT_OUT,
            FILE,
            f"course « {trip} » : ni heure de départ ni heure d'arrivée à un de ses bouts",
            line=int(line),
            identifier=str(trip),
        )
        for trip, line in calls[lost].groupby("trip_id", sort=False)[LINE].min().items()
    ]
    return calls[~lost].reset_index(drop=True), told


def _without_unusable(calls: pd.DataFrame) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Put aside runs that go back in time, and those of a single call."""
    rank = calls["rank"].to_numpy()
    arrival, departure = calls["arrival"].to_numpy(), calls["departure"].to_numpy()
    back = departure < arrival
    back[1:] |= (rank[1:] == rank[:-1]) & (arrival[1:] < departure[:-1])
    told = [
        Anomaly(
            "course-heures-desordonnees",
            Action.LEFT_OUT,
            FILE,
            f"course « {first['trip_id']} » : l'heure de l'arrêt « {first['stop_id']} » "
            f"({first['arrival_time']}) précède celle d'avant ; la course est mise de côté",
            line=int(first[LINE]),
            identifier=str(first["trip_id"]),
        )
        for first in calls[back].drop_duplicates("rank").to_dict("records")
    ]
    calls = calls[~calls["rank"].isin(rank[back])]
    alone = ~calls["rank"].duplicated(keep=False)
    if alone.any():
        told.append(
            Anomaly(
                "course-a-un-arret",
                Action.LEFT_OUT,
                FILE,
                f"{int(alone.sum())} courses n'ont qu'un arrêt",
                line=int(calls[LINE][alone].iloc[0]),
                identifier=str(calls["trip_id"][alone].iloc[0]),
            )
        )
    return calls[~alone].reset_index(drop=True), told


def _told_services(lost: pd.Series) -> list[Anomaly]:
    if lost.empty:
        return []
    return [
        Anomaly(
            "service-inconnu",
            Action.LEFT_OUT,
            "trips.txt",
            f"{len(lost)} courses d'un service qu'aucun calendrier ne définit : elles ne "
            "circulent aucun jour",
            identifier=str(lost.iloc[0]),
        )
    ]


def _told_trips(tables: Mapping[str, pd.DataFrame], calls: pd.DataFrame) -> list[Anomaly]:
    trips = tables["trips.txt"]
    silent = ~trips["trip_id"].isin(tables["stop_times.txt"]["trip_id"])
    told = []
    if silent.any():
        told.append(
            Anomaly(
                "course-sans-horaire",
                Action.LEFT_OUT,
                "trips.txt",
                f"{int(silent.sum())} courses n'ont aucun passage dans stop_times.txt",
                line=int(trips[LINE][silent].iloc[0]),
                identifier=str(trips["trip_id"][silent].iloc[0]),
            )
        )
    booked = calls["pickup_type"].isin(_BOOKED) | calls["drop_off_type"].isin(_BOOKED)
    if booked.any():
        told.append(
            Anomaly(
                "sur-reservation",
                Action.NOTED,
                FILE,
                f"{calls['trip_id'][booked].nunique()} courses ont des arrêts sur réservation : "
                "elles comptent dans les trajets, à condition d'avoir réservé",
                line=int(calls[LINE][booked].iloc[0]),
                identifier=str(calls["trip_id"][booked].iloc[0]),
            )
        )
    anywhere = calls["continuous_pickup"].isin(["0", *_BOOKED]) | calls["continuous_drop_off"].isin(
        ["0", *_BOOKED]
    )
    if anywhere.any():
        told.append(
            Anomaly(
                "arret-a-la-demande",
                Action.NOTED,
                FILE,
                f"{calls['trip_id'][anywhere].nunique()} courses prennent ou déposent entre deux "
                "arrêts : seuls leurs arrêts sont comptés",
                line=int(calls[LINE][anywhere].iloc[0]),
                identifier=str(calls["trip_id"][anywhere].iloc[0]),
            )
        )
    return told


_KINDS = {
    "712": ("lignes-scolaires", "lignes scolaires, peut-être réservées aux élèves"),
    "713": ("lignes-scolaires-et-publiques", "lignes scolaires ouvertes à tous"),
    "715": ("lignes-a-la-demande", "lignes à la demande"),
}
"""Extended types of route (Google, Extended GTFS Route Types) worth a note: they are counted."""


def _told_types(tables: Mapping[str, pd.DataFrame], piece: Piece) -> list[Anomaly]:
    if not len(piece.runs.service):
        return []
    routes = tables["routes.txt"]
    return [
        Anomaly(
            code,
            Action.NOTED,
            "routes.txt",
            f"{words} (type {kind}) : {int(there.sum())}, comptées dans les trajets",
            line=int(routes[LINE][there].iloc[0]),
            identifier=str(routes["route_id"][there].iloc[0]),
        )
        for kind, (code, words) in _KINDS.items()
        if (there := routes["route_type"] == kind).any()
    ]


def _piece(
    calls: pd.DataFrame,
    trips: pd.DataFrame,
    routes: pd.DataFrame,
    services: pd.Index,
    stops: pd.Index,
) -> Piece:
    first = ~calls["rank"].duplicated().to_numpy()
    trip_id = calls["trip_id"].to_numpy(dtype=object)[first]
    mine = trips.reindex(trip_id)
    names = routes.set_index("route_id").reindex(mine["route_id"])
    short, long = (names[f"route_{size}_name"].to_numpy(dtype=object) for size in ("short", "long"))
    runs = Runs(
        start=np.append(np.flatnonzero(first), len(calls)).astype(np.int64),
        service=services.get_indexer(mine["service_id"]).astype(np.int32),
        trip_id=trip_id,
        line=np.where(short == "", long, short).astype(object),
        headsign=mine["trip_headsign"].to_numpy(dtype=object),
    )
    types = [calls[column].to_numpy(dtype=object) for column in ("pickup_type", "drop_off_type")]
    return Piece(
        runs,
        Calls(
            stop=stops.get_indexer(calls["stop_id"]).astype(np.int32),
            arrival=calls["arrival"].to_numpy(dtype=np.int32),
            departure=calls["departure"].to_numpy(dtype=np.int32),
            boards=np.asarray(types[0] != _NEVER, dtype=bool),
            alights=np.asarray(types[1] != _NEVER, dtype=bool),
            booked=np.isin(types[0].astype(str), _BOOKED) | np.isin(types[1].astype(str), _BOOKED),
        ),
    )


def _laid_out(piece: Piece, frequencies: pd.DataFrame) -> tuple[Piece, list[Anomaly]]:
    """Replace the trips given by frequency by their departures, the end of a span excluded."""
    runs, calls = piece
    position = pd.Index(runs.trip_id).get_indexer(frequencies["trip_id"])
    known = position >= 0
    if not known.any():
        return piece, []
    begin = clocks(frequencies["start_time"])[known].astype(np.int64)
    end = clocks(frequencies["end_time"])[known].astype(np.int64)
    headway = to_number(frequencies["headway_secs"]).to_numpy()[known].astype(np.int64)
    count = np.maximum(-(-(end - begin) // headway), 0)
    lengths = np.diff(runs.start)
    total = int((count * lengths[position[known]]).sum())
    if total > MAX_CALLS:
        raise DataError(
            f"frequencies.txt : {total} passages une fois les fréquences développées",
            remedy="vérifier « headway_secs » (des secondes) et les heures",
        )
    rank = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    departs = np.repeat(begin, count) + rank * np.repeat(headway, count)
    source = np.repeat(position[known], count)
    shift = departs - calls.departure[runs.start[source]]
    fixed = np.setdiff1d(np.arange(len(lengths)), position[known])
    source = np.concatenate([fixed, source])
    shift = np.concatenate([np.zeros(len(fixed), dtype=np.int64), shift])
    told = Anomaly(
        "courses-par-frequence",
        Action.NOTED,
        "frequencies.txt",
        f"{int(known.sum())} fréquences développées en {int(count.sum())} courses à heures fixes",
        line=int(frequencies[LINE][known].iloc[0]),
    )
    return _shifted(runs, calls, source, shift), [told]


def _shifted(
    runs: Runs, calls: Calls, source: NDArray[np.int64], shift: NDArray[np.int64]
) -> Piece:
    """Return these runs, as often as named, their times moved by these seconds."""
    counts = np.diff(runs.start)[source]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    cells = np.repeat(runs.start[source] - start[:-1], counts) + np.arange(start[-1])
    moved = np.repeat(shift, counts)
    return Piece(
        Runs(
            start,
            runs.service[source],
            runs.trip_id[source],
            runs.line[source],
            runs.headsign[source],
        ),
        Calls(
            calls.stop[cells],
            (calls.arrival[cells] + moved).astype(np.int32),
            (calls.departure[cells] + moved).astype(np.int32),
            calls.boards[cells],
            calls.alights[cells],
            calls.booked[cells],
        ),
    )
