"""GTFS: the round as a feed, so that travel planners show the bus as they show coaches.

Nobody is carried: every stop is marked without pick-up nor set-down where the vehicle is not open,
and the name of the line says what it is.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pyproj

from msap_geo.coverage.opening import WEEKDAYS

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.outputs.week.model import Outing, Spot, Week

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_URL = "https://www.france-services.gouv.fr"
_BUS = 3
_NEVER = 1
_SIMPLE_M = 15.0
_EPOCH = (1980, 1, 1, 0, 0, 0)


def gtfs_tables(week: Week) -> dict[str, pd.DataFrame]:
    """Return a round as the tables of a GTFS feed, by file name.

    Parameters
    ----------
    week
        The round. Its base is a stop nobody boards at, so that each day has two stops at least.
    """
    vehicles = list(dict.fromkeys(outing.vehicle for outing in week.outings))
    spots: dict[str, Spot] = {}
    for outing in week.outings:
        spots.setdefault(f"base-{outing.base.code_insee}", outing.base)
        for call in outing.calls:
            spots.setdefault(call.spot.code_insee, call.spot)
    trips = {_key(vehicles, outing): outing for outing in week.outings}
    dates = f"{week.start:%Y%m%d}", f"{week.end:%Y%m%d}"
    tables = {
        "agency": [
            {"agency_id": "1", "agency_name": week.title, "agency_url": _URL,
             "agency_timezone": week.time_zone, "agency_lang": "fr"}
        ],
        "feed_info": [
            {"feed_publisher_name": week.title, "feed_publisher_url": _URL, "feed_lang": "fr",
             "feed_start_date": dates[0], "feed_end_date": dates[1]}
        ],
        "stops": [
            {"stop_id": key, "stop_name": _named(spot, base=key.startswith("base-")),
             "stop_lat": round(spot.latitude, 6), "stop_lon": round(spot.longitude, 6)}
            for key, spot in spots.items()
        ],
        "routes": [
            {"route_id": f"v{rank}", "agency_id": "1", "route_short_name": name,
             "route_long_name": f"{name} : services publics, sans transport de voyageurs",
             "route_type": _BUS}
            for rank, name in enumerate(vehicles, start=1)
        ],
        "trips": [
            {"route_id": f"v{vehicles.index(outing.vehicle) + 1}", "service_id": key,
             "trip_id": key, "trip_headsign": WEEKDAYS[outing.weekday], "shape_id": key}
            for key, outing in trips.items()
        ],
        "stop_times": [row for key, outing in trips.items() for row in _times(key, outing)],
        "shapes": [row for key, outing in trips.items() for row in _shape(week, key, outing)],
    }  # fmt: skip
    if week.cycle == 1:
        tables["calendar"] = [
            {"service_id": key,
             **{day: int(rank == outing.weekday) for rank, day in enumerate(_DAYS)},
             "start_date": dates[0], "end_date": dates[1]}
            for key, outing in trips.items()
        ]  # fmt: skip
    else:
        tables["calendar_dates"] = [
            {"service_id": key, "date": f"{day:%Y%m%d}", "exception_type": 1}
            for key, outing in trips.items()
            for day in week.dates_of(outing)
        ]
    return {f"{name}.txt": pd.DataFrame(rows) for name, rows in tables.items()}


def write_gtfs(week: Week, path: Path) -> None:
    """Write a round as a GTFS archive, the same bytes for the same round.

    Parameters
    ----------
    week
        The round.
    path
        Archive to write.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in gtfs_tables(week).items():
            text = table.to_csv(index=False, lineterminator="\r\n")
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text.encode())


def _key(vehicles: list[str], outing: Outing) -> str:
    return f"v{vehicles.index(outing.vehicle) + 1}-s{outing.week}-j{outing.weekday + 1}"


def _named(spot: Spot, *, base: bool) -> str:
    if base:
        return f"{spot.name}, départ et retour"
    return f"{spot.name}, {spot.place}" if spot.place else spot.name


def _times(key: str, outing: Outing) -> list[dict[str, object]]:
    base = f"base-{outing.base.code_insee}"
    rows = [(base, outing.leaves, outing.leaves, _NEVER)]
    rows += [(call.spot.code_insee, call.opens, call.closes, 0) for call in outing.calls]
    rows.append((base, outing.returns, outing.returns, _NEVER))
    return [
        {
            "trip_id": key,
            "arrival_time": _clock(arrives),
            "departure_time": _clock(leaves),
            "stop_id": stop,
            "stop_sequence": rank,
            "pickup_type": closed,
            "drop_off_type": closed,
        }
        for rank, (stop, arrives, leaves, closed) in enumerate(rows, start=1)
    ]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}:00"


def _shape(week: Week, key: str, outing: Outing) -> list[dict[str, object]]:
    to_degrees = pyproj.Transformer.from_crs(week.crs, 4326, always_xy=True)
    points = [xy for way in outing.ways for xy in way.simplify(_SIMPLE_M).coords]
    if not points:
        ends = [outing.base, *(call.spot for call in outing.calls), outing.base]
        degrees = [(spot.longitude, spot.latitude) for spot in ends]
    else:
        degrees = [to_degrees.transform(x, y) for x, y in points]
    return [
        {"shape_id": key, "shape_pt_lat": round(latitude, 6), "shape_pt_lon": round(longitude, 6),
         "shape_pt_sequence": rank}
        for rank, (longitude, latitude) in enumerate(degrees, start=1)
    ]  # fmt: skip
