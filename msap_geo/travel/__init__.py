"""RoadNetwork + places → travel times, in minutes and kilometres along the road."""

from __future__ import annotations

from msap_geo.travel.by_parts import matrix_by_parts, nearest_by_parts
from msap_geo.travel.isochrones import isochrones, reach_areas
from msap_geo.travel.nodes import NearestNodes, matrix_nodes, nearest_nodes, reach_nodes
from msap_geo.travel.places import matrix, nearest
from msap_geo.travel.routes import Route, route
from msap_geo.travel.streets import densest_streets
from msap_geo.travel.times import TravelTimes, from_table
from msap_geo.travel.transit import (
    Leg,
    by_transit,
    earliest_arrivals,
    missing_returns,
    there_and_back,
)
from msap_geo.travel.ways import Ways, nearest_ways, ways_to_each

__all__ = [
    "Leg",
    "NearestNodes",
    "Route",
    "TravelTimes",
    "Ways",
    "by_transit",
    "densest_streets",
    "earliest_arrivals",
    "from_table",
    "isochrones",
    "matrix",
    "matrix_by_parts",
    "matrix_nodes",
    "missing_returns",
    "nearest",
    "nearest_by_parts",
    "nearest_nodes",
    "nearest_ways",
    "reach_areas",
    "reach_nodes",
    "route",
    "there_and_back",
    "ways_to_each",
]
