"""The column contract of every table that crosses a room.

One place says what a table holds: names, types, units, what may be null. Loaders check on the way
out, public functions on the way in, with :func:`check`, whose error lists *all* the problems.

Identifiers are strings, minutes and kilometres are floats, population is whole persons, geometry is
in the projected CRS of the territory once it has left :mod:`msap_geo.loaders`.
"""

from __future__ import annotations

from msap_geo.schemas.checking import check
from msap_geo.schemas.inputs import (
    BOUNDARIES,
    CARREAUX,
    COMMUNES,
    COUNTS,
    DEMAND,
    EVERYONE,
    GROUPS,
    HOURS,
    INDICATORS,
    LEVELS,
    MEMBERSHIP,
    MEMBERSHIPS,
    MOVEMENTS,
    POPULATION,
    SITES,
    TOWN_HALLS,
)
from msap_geo.schemas.measured import (
    ACCESS,
    CANDIDATES,
    COMPARED,
    NEAREST,
    PLACES,
    RULES,
    TERRITORY_ACCESS,
    ZONE_DETAILS,
    ZONES,
)

__all__ = [
    "ACCESS",
    "BOUNDARIES",
    "CANDIDATES",
    "CARREAUX",
    "COMMUNES",
    "COMPARED",
    "COUNTS",
    "DEMAND",
    "EVERYONE",
    "GROUPS",
    "HOURS",
    "INDICATORS",
    "LEVELS",
    "MEMBERSHIP",
    "MEMBERSHIPS",
    "MOVEMENTS",
    "NEAREST",
    "PLACES",
    "POPULATION",
    "RULES",
    "SITES",
    "TERRITORY_ACCESS",
    "TOWN_HALLS",
    "ZONES",
    "ZONE_DETAILS",
    "check",
]
