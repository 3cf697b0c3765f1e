"""Timetable + places → journeys by coach, with the walk or the ride at both ends."""

from __future__ import annotations

from msap_geo.travel.transit.access import Access
from msap_geo.travel.transit.arrivals import earliest_arrivals
from msap_geo.travel.transit.itinerary import Leg
from msap_geo.travel.transit.journeys import by_transit
from msap_geo.travel.transit.missing import missing_returns
from msap_geo.travel.transit.returns import REASONS, there_and_back

__all__ = [
    "REASONS",
    "Access",
    "Leg",
    "by_transit",
    "earliest_arrivals",
    "missing_returns",
    "there_and_back",
]
