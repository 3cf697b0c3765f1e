"""Travel times + tables → who is served, who is not, and where."""

from __future__ import annotations

from msap_geo.coverage.access import (
    NO_ACCESS,
    Share,
    access_by_commune,
    check_thresholds,
    class_labels,
    classify,
    is_beyond,
    shares,
)
from msap_geo.coverage.zones import contiguous_groups, zones_blanches

__all__ = [
    "NO_ACCESS",
    "Share",
    "access_by_commune",
    "check_thresholds",
    "class_labels",
    "classify",
    "contiguous_groups",
    "is_beyond",
    "shares",
    "zones_blanches",
]
