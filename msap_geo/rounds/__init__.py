"""Services that come to people: rounds of vehicles and teams, as stops with hours."""

from __future__ import annotations

from msap_geo.rounds.benefit import Benefit
from msap_geo.rounds.clock_times import read_clock, read_window
from msap_geo.rounds.comments import stops_in_comment
from msap_geo.rounds.cover import (
    ITINERANT,
    NOTHING,
    PERMANENT,
    hours_within,
    kinds_of_cover,
    places_within,
    weekly_service,
)
from msap_geo.rounds.design import RoundPlan, design
from msap_geo.rounds.given import (
    GivenRounds,
    load_stops,
    stops_of_list,
    stops_of_study,
    stops_planned,
)
from msap_geo.rounds.mixed import WAYS, MixedPlan, Option, mixed_plan
from msap_geo.rounds.problem import (
    Fleet,
    RoundProblem,
    Wishes,
    make_problem,
    served_within,
    useful_stops,
)
from msap_geo.rounds.settling import RoundDay, day_km
from msap_geo.rounds.stops import (
    PREFIX,
    Stop,
    clashes,
    cycles_of,
    in_words,
    in_words_together,
    ordered,
    read_stops,
    stop_ids,
    whole_cycle,
)
from msap_geo.rounds.working_time import WEEKS, WorkingTime, clock, told

__all__ = [
    "ITINERANT",
    "NOTHING",
    "PERMANENT",
    "PREFIX",
    "WAYS",
    "WEEKS",
    "Benefit",
    "Fleet",
    "GivenRounds",
    "MixedPlan",
    "Option",
    "RoundDay",
    "RoundPlan",
    "RoundProblem",
    "Stop",
    "Wishes",
    "WorkingTime",
    "clashes",
    "clock",
    "cycles_of",
    "day_km",
    "design",
    "hours_within",
    "in_words",
    "in_words_together",
    "kinds_of_cover",
    "load_stops",
    "make_problem",
    "mixed_plan",
    "ordered",
    "places_within",
    "read_clock",
    "read_stops",
    "read_window",
    "served_within",
    "stop_ids",
    "stops_in_comment",
    "stops_of_list",
    "stops_of_study",
    "stops_planned",
    "told",
    "useful_stops",
    "weekly_service",
    "whole_cycle",
]
