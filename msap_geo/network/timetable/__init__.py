"""GTFS feeds → one immutable timetable, checked table by table."""

from __future__ import annotations

from msap_geo.network.timetable.model import (
    DAY_SECONDS,
    Calls,
    Runs,
    Stops,
    Timetable,
    Transfers,
    french_day,
)
from msap_geo.network.timetable.read import read_timetable
from msap_geo.network.timetable.values import day_range

__all__ = [
    "DAY_SECONDS",
    "Calls",
    "Runs",
    "Stops",
    "Timetable",
    "Transfers",
    "day_range",
    "french_day",
    "read_timetable",
]
