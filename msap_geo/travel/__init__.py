"""RoadNetwork + places → travel times, in minutes and kilometres along the road."""

from __future__ import annotations

from msap_geo.travel.places import TravelTimes, matrix, nearest

__all__ = ["TravelTimes", "matrix", "nearest"]
