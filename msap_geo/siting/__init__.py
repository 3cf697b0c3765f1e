"""Which office should host the next Maison."""

from __future__ import annotations

from msap_geo.siting.scores import WEIGHTS, longest_useful_trip, score_candidates

__all__ = ["WEIGHTS", "longest_useful_trip", "score_candidates"]
