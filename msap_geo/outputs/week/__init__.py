"""The week of a round as people pass it on: calendar, timetable feed, page with the roads taken."""

from __future__ import annotations

from msap_geo.outputs.week.calendar import calendar_text
from msap_geo.outputs.week.gtfs import gtfs_tables, write_gtfs
from msap_geo.outputs.week.model import Call, Outing, Spot, Week, first_monday
from msap_geo.outputs.week.notices import notices_page
from msap_geo.outputs.week.page import week_page

__all__ = [
    "Call",
    "Outing",
    "Spot",
    "Week",
    "calendar_text",
    "first_monday",
    "gtfs_tables",
    "notices_page",
    "week_page",
    "write_gtfs",
]
