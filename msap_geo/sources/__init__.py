"""Registry of the official datasets, and the only network access of the project."""

from __future__ import annotations

from msap_geo.sources.archives import extract
from msap_geo.sources.download import Limits, Progress, silent
from msap_geo.sources.fetch import SIDECAR, Fetched, altered, describe, fetch
from msap_geo.sources.registry import Source, registry, source
from msap_geo.sources.territories import border, extract_size_mb, extracts

__all__ = [
    "SIDECAR",
    "Fetched",
    "Limits",
    "Progress",
    "Source",
    "altered",
    "border",
    "describe",
    "extract",
    "extract_size_mb",
    "extracts",
    "fetch",
    "registry",
    "silent",
    "source",
]
