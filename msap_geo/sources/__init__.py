"""Registry of the official datasets, and the only network access of the project."""

from __future__ import annotations

from msap_geo.sources.archives import extract
from msap_geo.sources.download import Progress, silent
from msap_geo.sources.feeds import Feed, feeds_of_territory
from msap_geo.sources.fetch import Fetched, describe, fetch
from msap_geo.sources.live_roads import LiveRoads, Square, fetch_roads, squares_around
from msap_geo.sources.patience import Limits
from msap_geo.sources.registry import Source, registry, source
from msap_geo.sources.sidecar import SIDECAR, altered, is_damaged, sealed, told_beside
from msap_geo.sources.territories import border, box, extract_size_mb, extracts, light_extract

__all__ = [
    "SIDECAR",
    "Feed",
    "Fetched",
    "Limits",
    "LiveRoads",
    "Progress",
    "Source",
    "Square",
    "altered",
    "border",
    "box",
    "describe",
    "extract",
    "extract_size_mb",
    "extracts",
    "feeds_of_territory",
    "fetch",
    "fetch_roads",
    "is_damaged",
    "light_extract",
    "registry",
    "sealed",
    "silent",
    "source",
    "squares_around",
    "told_beside",
]
