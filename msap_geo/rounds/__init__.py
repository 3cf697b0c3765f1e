"""Services that come to people: rounds of vehicles and teams, as stops with hours."""

from __future__ import annotations

from msap_geo.rounds.benefit import Benefit
from msap_geo.rounds.clock_times import read_clock, read_window
from msap_geo.rounds.design import RoundPlan, design
from msap_geo.rounds.problem import Fleet, RoundProblem, Wishes, make_problem, useful_stops
from msap_geo.rounds.settling import RoundDay, day_km
from msap_geo.rounds.stops import Stop, kinds_of_cover, read_stops, weekly_service
from msap_geo.rounds.working_time import WEEKS, WorkingTime, clock, told

__all__ = [
    "WEEKS",
    "Benefit",
    "Fleet",
    "RoundDay",
    "RoundPlan",
    "RoundProblem",
    "Stop",
    "Wishes",
    "WorkingTime",
    "clock",
    "day_km",
    "design",
    "kinds_of_cover",
    "make_problem",
    "read_clock",
    "read_stops",
    "read_window",
    "told",
    "useful_stops",
    "weekly_service",
]
