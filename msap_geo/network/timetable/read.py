"""Several feeds as one timetable."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError
from msap_geo.network.timetable.calendars import active_days, service_ids, validity
from msap_geo.network.timetable.checks import check_feed, is_halt
from msap_geo.network.timetable.files import open_feed
from msap_geo.network.timetable.model import (
    DAY_SECONDS,
    Calls,
    Runs,
    Stops,
    Timetable,
    Transfers,
    french_day,
)
from msap_geo.network.timetable.runs import Piece, feed_runs
from msap_geo.network.timetable.tables import Problems, read_tables
from msap_geo.network.timetable.transfers import feed_transfers
from msap_geo.network.timetable.values import day_range
from msap_geo.tabular import LINE, to_number, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Part:
    """One feed, checked: its stops, runs and transfers by its own rows."""

    name: str
    tables: dict[str, pd.DataFrame]
    stops: pd.DataFrame
    piece: Piece
    transfers: Transfers
    anomalies: tuple[Anomaly, ...]


def read_timetable(paths: Path | str | Sequence[Path | str], *, dates: str) -> Timetable:
    """Read GTFS feeds for a day or a range of days.

    Stops, trips, stop times, calendars and their exceptions, frequencies, transfers and rules to
    get in and out are read; shapes and fares are not looked at. Every table is checked, and one
    error tells every fault. Runs that no vehicle could do (their hours go back), and transport on
    demand by zone or window, are put aside and told. Calls on booking are kept, and told. Blocks
    (the same vehicle under another trip) are not followed: it is a change like any other.

    Parameters
    ----------
    paths
        A feed or several, each a folder or a zip archive. Where two feeds use the same ``stop_id``,
        it is preceded by the name of its feed: ``corse:A1``.
    dates
        A day, ``"2022-06-15"``, or a range, ``"2022-06-13/2022-06-19"``, ends included.

    Returns
    -------
    Timetable
        Arrays that cannot be written to; what was repaired, left out or noted is in ``anomalies``.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If a feed, a file of it or a column is absent, or a file is not what it claims to be, out
        of proportion once decompressed included.
    DataError
        If the dates cannot be read, if no feed speaks of them, or if tables hold faults: unknown
        stop, negative time, wrong date…, each with its file and line.
    """
    first, last = day_range(dates)
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise DataError("aucun flux GTFS", remedy="donner un dossier ou une archive GTFS")
    feeds = [open_feed(Path(path)) for path in given]
    names = unique_names([feed.name for feed in feeds])
    parts = [_part(replace(feed, name=name)) for feed, name in zip(feeds, names, strict=True)]
    expired = _expired(parts, first, last)
    return _joined(parts, first, last, expired)


def _part(feed: Any) -> _Part:
    tables = read_tables(feed)
    problems = Problems(feed)
    check_feed(tables, problems)
    problems.raise_if_any()
    stops = tables["stops.txt"]
    called = stops["stop_id"].isin(tables["stop_times.txt"]["stop_id"])
    stops = stops[is_halt(stops) | called].reset_index(drop=True)
    identifiers = pd.Index(stops["stop_id"])
    piece, anomalies = feed_runs(tables, service_ids(tables), identifiers)
    transfers, more = feed_transfers(tables["transfers.txt"], identifiers)
    told = [*_told_stops(stops, called=piece.calls.stop), *anomalies, *more]
    if tables["agency.txt"].empty:
        told.append(
            Anomaly(
                "exploitant-absent",
                Action.NOTED,
                "agency.txt",
                "le flux ne dit pas quel réseau il décrit",
            )
        )
    # Several feeds have files of the same name: each anomaly says whose.
    named = tuple(replace(one, file=f"{feed.name}/{one.file}") for one in told)
    return _Part(feed.name, tables, stops, piece, transfers, named)


def _told_stops(stops: pd.DataFrame, *, called: NDArray[np.int32]) -> list[Anomaly]:
    served = np.zeros(len(stops), dtype=bool)
    served[called] = True
    x, y = to_number(stops["stop_lon"]), to_number(stops["stop_lat"])
    lost = served & (x.isna() | y.isna() | ((x == 0) & (y == 0)))
    return [
        Anomaly(
            "arret-sans-position",
            Action.NOTED,
            "stops.txt",
            f"arrêt « {row['stop_name'] or row['stop_id']} » : sans position, on n'y va pas à pied",
            line=int(row[LINE]),
            identifier=str(row["stop_id"]),
        )
        for row in stops[lost].to_dict("records")
    ]


def _expired(parts: Sequence[_Part], first: date, last: date) -> list[Anomaly]:
    """Tell the feeds that say nothing of the days asked for.

    Raises
    ------
    DataError
        If none says anything of them.
    """
    told = []
    for part in parts:
        known = validity(part.tables)
        spans = "n'en définit aucun"
        if known is not None:
            begin, end = (french_day(day.astype(object)) for day in known)
            spans = f"va du {begin} au {end}"
        if known is None or known[1] < np.datetime64(first) or known[0] > np.datetime64(last):
            told.append(
                Anomaly(
                    "flux-hors-dates",
                    Action.NOTED,
                    f"{part.name}/calendar.txt",
                    f"aucune course les jours demandés, du {french_day(first)} au "
                    f"{french_day(last)} : le flux « {part.name} » {spans}",
                )
            )
    if len(told) == len(parts):
        raise DataError(
            " ; ".join(one.message for one in told),
            where=", ".join(part.name for part in parts),
            remedy="choisir des jours que le flux couvre, ou prendre un flux à jour",
        )
    return told


def _joined(parts: Sequence[_Part], first: date, last: date, expired: list[Anomaly]) -> Timetable:
    latest = max(
        (int(part.piece.calls.arrival.max()) for part in parts if len(part.piece.calls.arrival)),
        default=0,
    )
    days_before, day = latest // DAY_SECONDS, np.timedelta64(1, "D")
    wanted = np.arange(
        np.datetime64(first) - days_before * day, np.datetime64(last) + day, dtype="datetime64[D]"
    )
    identifiers, shared = _identifiers(parts)
    stop_offset = _offsets([len(part.stops) for part in parts])
    active = [active_days(part.tables, wanted) for part in parts]
    service_offset = _offsets([len(table) for table in active])
    call_offset = _offsets([len(part.piece.calls.stop) for part in parts])
    columns = [part.stops for part in parts]
    latitude, longitude = (
        np.concatenate([to_number(stops[name]).to_numpy() for stops in columns])
        for name in ("stop_lat", "stop_lon")
    )
    nowhere = (latitude == 0) & (longitude == 0)
    stops = Stops(
        identifiers,
        np.concatenate([stops["stop_name"].to_numpy(dtype=object) for stops in columns]),
        np.where(nowhere, np.nan, latitude),
        np.where(nowhere, np.nan, longitude),
        np.repeat(np.arange(len(parts)), [len(stops) for stops in columns]).astype(np.int32),
    )
    pieces = [part.piece for part in parts]
    starts = [piece.runs.start[:-1] + by for piece, by in zip(pieces, call_offset, strict=True)]
    runs = Runs(
        np.append(np.concatenate(starts), sum(len(piece.calls.stop) for piece in pieces)),
        _stacked([piece.runs.service for piece in pieces], service_offset),
        *(
            np.concatenate([getattr(piece.runs, name) for piece in pieces])
            for name in ("trip_id", "line", "headsign")
        ),
    )
    calls = Calls(
        _stacked([piece.calls.stop for piece in pieces], stop_offset),
        *(
            np.concatenate([getattr(piece.calls, name) for piece in pieces])
            for name in ("arrival", "departure", "boards", "alights", "booked")
        ),
    )
    transfers = Transfers(
        _stacked([part.transfers.origin for part in parts], stop_offset),
        _stacked([part.transfers.destination for part in parts], stop_offset),
        np.concatenate([part.transfers.seconds for part in parts]),
    )
    table = np.concatenate(active)
    for array in (*stops, *runs, *calls, *transfers, table):
        array.setflags(write=False)
    agencies = [name for part in parts for name in part.tables["agency.txt"]["agency_name"] if name]
    return Timetable(
        feeds=tuple(part.name for part in parts),
        first=first,
        last=last,
        stops=stops,
        runs=runs,
        calls=calls,
        transfers=transfers,
        active=table,
        days_before=days_before,
        attribution=", ".join(dict.fromkeys(agencies)),
        anomalies=(*expired, *shared, *(one for part in parts for one in part.anomalies)),
    )


def _identifiers(parts: Sequence[_Part]) -> tuple[NDArray[np.object_], list[Anomaly]]:
    """Return the stops' identifiers, those of several feeds preceded by the feed's name."""
    counts = Counter(stop for part in parts for stop in part.stops["stop_id"])
    ours = [
        [f"{part.name}:{stop}" if counts[stop] > 1 else stop for stop in part.stops["stop_id"]]
        for part in parts
    ]
    shared = sum(count > 1 for count in counts.values())
    names = np.array([stop for stops in ours for stop in stops], dtype=object)
    if not shared:
        return names, []
    # A feed may already use « name:stop »: numbered then, so that every identifier is one stop.
    names = np.array(unique_names(names.tolist()), dtype=object)
    example = next(stop for stop, count in counts.items() if count > 1)
    return names, [
        Anomaly(
            "identifiants-communs",
            Action.REPAIRED,
            "stops.txt",
            f"{shared} arrêts portent le même identifiant dans plusieurs flux (dont "
            f"« {example} ») : ils y sont précédés du nom de leur flux",
            identifier=str(example),
        )
    ]


def _offsets(lengths: Iterable[int]) -> list[int]:
    return [0, *np.cumsum(list(lengths)).tolist()][:-1]


def _stacked(columns: list[NDArray[np.int32]], offsets: list[int]) -> NDArray[np.int32]:
    """Join rows of several feeds, each counted from its feed's first."""
    return np.concatenate(
        [column + by for column, by in zip(columns, offsets, strict=True)]
    ).astype(np.int32)
