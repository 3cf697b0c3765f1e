"""What OSM tags mean to a mode: may it pass, which way, how fast.

Pure functions of a mapping of tags and a profile; nothing here reads a file. The rules themselves
are data (``profils/*.toml``), with their source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.network.arrays import NO_CLASS, class_numbers, road_number
from msap_geo.network.osm.values import duration_minutes, posted_kmh, size, tells_no_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msap_geo.network.profiles import OsmRules, Profile

    Tags = Mapping[str, str]

# Where the limit itself is not written, the kind of place that sets it may be (OSM wiki,
# Key:maxspeed, "implicit maxspeed values").
_IMPLICIT_KEYS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
_ONE_WAY_LIMITS = ("maxspeed:forward", "maxspeed:backward")
_EXPRESSLY = frozenset({"yes", "designated", "permissive"})


ANYWHERE, NOWHERE, IF_SHORT = 0, 1, 2
"""Where a place may enter a road (:func:`door`)."""


class WaySpeeds(NamedTuple):
    """How a way is travelled.

    Parameters
    ----------
    forward_kmh, backward_kmh
        Speed each way, 0 where not allowed.
    ferry
        Whether it is a crossing.
    minutes
        Duration of the whole way, tagged on ferries; not a number where speed tells.
    door
        Where a place may enter it: :data:`ANYWHERE`, :data:`NOWHERE`, or :data:`IF_SHORT` on
        bridges.
    kind
        Its class (:data:`msap_geo.network.arrays.ROAD_CLASSES`).
    number
        Its number (:func:`msap_geo.network.arrays.road_number`).
    """

    forward_kmh: float
    backward_kmh: float
    ferry: bool = False
    minutes: float = np.nan
    door: int = ANYWHERE
    kind: int = NO_CLASS
    number: int = 0


_OF_A_JUNCTION = frozenset({"highway=stop", "highway=give_way"})
CLOSED = WaySpeeds(0.0, 0.0)


class Obstacle(NamedTuple):
    """Seconds lost at a node, the way a road is drawn and the other way.

    ``nearer`` where the sign is for those who come to the nearest junction, and does not say so.
    """

    ahead_s: float
    back_s: float
    nearer: bool


NO_OBSTACLE = Obstacle(0.0, 0.0, nearer=False)


def keys_read(rules: OsmRules) -> tuple[str, ...]:
    """Return every key the functions of this module may look at, ``highway`` first."""
    ways = (":forward", ":backward")
    keys = ["highway", "route", "barrier", "junction", "duration", *_IMPLICIT_KEYS]
    keys += ["direction", "traffic_signals:direction"]
    keys += ["maxspeed", *("maxspeed" + way for way in ways)]
    keys += [key + suffix for key in rules.access for suffix in ("", *ways)]
    keys += [*rules.oneway, *rules.contraflow, *rules.caps_kmh, "foot", "bicycle"]
    keys += [tag.partition("=")[0] for tag in (*rules.closed, *rules.closed_gates)]
    keys += [tag.partition("=")[0] for tag in rules.no_door]
    keys += ["ref", "bridge", *rules.works, *(key for _, bounds in rules.vehicle for key in bounds)]
    return tuple(dict.fromkeys(keys))


def way_speeds(tags: Tags, profile: Profile) -> WaySpeeds | None:
    """Return how fast a way is travelled.

    Parameters
    ----------
    tags
        Tags of the way.
    profile
        Speeds and rules of the mode.

    Returns
    -------
    WaySpeeds or None
        Both speeds are 0 for a road closed to the mode; none for a way that is no road of the
        profile at all.
    """
    highway = tags.get("highway")
    if tags.get("route") == "ferry":  # whatever its class: OSRM's car.lua, ``WayHandlers.ferries``
        return _ferry(tags, profile)
    if highway is None or highway not in profile.speeds_kmh:
        return None
    if any(_has(tags, tag) for tag in profile.rules.closed):
        return CLOSED
    if under_works(tags, profile.rules) or too_small(tags, profile.rules):
        return CLOSED
    return _road(tags, highway, profile)._replace(
        kind=int(class_numbers([highway])[0]), number=road_number(tags.get("ref"))
    )


def blocks(tags: Tags, rules: OsmRules) -> bool:
    """Tell whether a barrier node stops the mode."""
    barrier = tags.get("barrier")
    if barrier is None:
        return False
    locked = any(_has(tags, tag) for tag in rules.closed_gates) and not _expressly(tags, rules)
    if locked or too_small(tags, rules):
        return True
    if any(key in tags for key in rules.access):
        return denied(tags, rules)
    if rules.open_barriers is None:
        return barrier in rules.closed_barriers
    return barrier not in rules.open_barriers


def denied(tags: Tags, rules: OsmRules, way: str = "") -> bool:
    """Tell whether the mode is kept out, altogether or one way (``:forward``, ``:backward``).

    The most specific key decides; of several values (``agricultural;forestry``) one open suffices.
    Conditional restrictions (``motor_vehicle:conditional``) are not read.
    """
    keys = (key + suffix for key in rules.access for suffix in ((way, "") if way else ("",)))
    value = next((tags[key] for key in keys if key in tags), "")
    return all(part.strip() in rules.denied for part in value.split(";"))


def obstacle(tags: Tags, profile: Profile) -> Obstacle | None:
    """Return what is lost at a node that stops nobody: signals, signs, gates.

    An access written on a gate means one passes it without opening it (OSRM, ``process_node``).
    """
    told = (tag for tag in profile.junctions.obstacles_s if _has(tags, tag))
    tag = next(told, None)
    if tag is None:
        return None
    if "barrier" in tags and any(key in tags for key in profile.rules.access):
        return None
    seconds = profile.junctions.obstacles_s[tag]
    way = tags.get("traffic_signals:direction") or tags.get("direction")
    if way in {"forward", "backward"}:
        return Obstacle(seconds * (way == "forward"), seconds * (way == "backward"), nearer=False)
    return Obstacle(seconds, seconds, nearer=tag in _OF_A_JUNCTION)


def door(tags: Tags, rules: OsmRules) -> int:
    """Return where a place may enter a road: nowhere along a motorway nor in a tunnel.

    Parameters
    ----------
    tags
        Tags of the road.
    rules
        Rules of the mode.

    Returns
    -------
    int
        :data:`ANYWHERE`, :data:`NOWHERE`, or :data:`IF_SHORT` on a bridge.
    """
    shut = any(_has(tags, tag) for tag in rules.no_door)
    if shut and not any(_has(tags, tag) for tag in rules.door):
        return NOWHERE
    return IF_SHORT if tags.get("bridge", "no") != "no" else ANYWHERE


def under_works(tags: Tags, rules: OsmRules) -> bool:
    """Tell whether a road of an open class is being built, hence closed (``construction=yes``)."""
    return any(key in tags and tags[key] not in rules.works_open for key in rules.works)


def too_small(tags: Tags, rules: OsmRules) -> bool:
    """Tell whether the vehicle is too high, wide, long or heavy for a way or a barrier."""
    return any(
        (bound := size(tags[key])) is not None and bound < least
        for least, keys in rules.vehicle
        for key in keys
        if key in tags
    )


def _expressly(tags: Tags, rules: OsmRules) -> bool:
    """Tell whether the mode is expressly let through, by the most specific key present."""
    return next((tags[key] for key in rules.access if key in tags), "") in _EXPRESSLY


def unread(tags: Tags, profile: Profile) -> bool:
    """Tell whether a road's limit, or a crossing's duration, is written in no way known."""
    if tags.get("route") == "ferry":
        return "duration" in tags and bool(np.isnan(duration_minutes(tags["duration"])))
    limits = (tags[key] for key in ("maxspeed", *_ONE_WAY_LIMITS) if key in tags)
    return bool(profile.maxspeed_factor) and any(
        posted_kmh(limit) is None and not tells_no_limit(limit) for limit in limits
    )


def _has(tags: Tags, tag: str) -> bool:
    """Tell whether a road has a tag; ``key=*`` is any value but ``no``."""
    key, _, value = tag.partition("=")
    return tags.get(key, "no") != "no" if value == "*" else tags.get(key) == value


def _speed(tags: Tags, way: str, default: float, factor: float) -> float:
    """Return the average speed: the posted limit's, else the class's.

    A limit that only the kind of place implies (a 30 zone) slows a class, and never hastens it.
    """
    if not factor:
        return default
    limit = posted_kmh(tags.get(f"maxspeed:{way}") or tags.get("maxspeed"))
    if limit is not None:
        return limit * factor
    told = (posted_kmh(tags.get(key)) for key in _IMPLICIT_KEYS if key in tags)
    implied = next((limit for limit in told if limit is not None), np.inf)
    return min(default, implied * factor)


def _oneway(tags: Tags, rules: OsmRules) -> int | None:
    """Return 1 (way of drawing only), −1 (the other way), 0 (both) or None (it changes)."""
    if any(tags.get(key, "").startswith("opposite") for key in rules.contraflow):
        return 0
    value = next((tags[key] for key in rules.oneway if key in tags), None)
    if value in {"yes", "true", "1"}:
        return 1
    if value in {"-1", "reverse"}:
        return -1
    if value == "reversible":
        return None
    # « alternating »: one way then the other, at lights. Open both ways (OSRM, ``blocked_ways``).
    implied = tags.get("highway") == "motorway" or tags.get("junction") in {
        "roundabout",
        "circular",
    }
    return 1 if rules.implied_oneway and implied and value is None else 0


def _ferry(tags: Tags, profile: Profile) -> WaySpeeds | None:
    """Return how a crossing is taken, closed where the mode is not embarked.

    Without a word on the mode it is, unless only others are named (GraphHopper,
    ``CarAccessParser``, ``BikeCommonAccessParser``, ``FootAccessParser``).
    """
    rules = profile.rules
    named = any(key in tags for key in rules.access[:-1])
    if denied(tags, rules) or (not named and any(key in tags for key in profile.ferries.unless)):
        return CLOSED
    speed, way = profile.ferries.speed_kmh, _oneway(tags, rules)
    return WaySpeeds(
        0.0 if way == -1 else speed,
        0.0 if way == 1 else speed,
        ferry=True,
        minutes=duration_minutes(tags.get("duration")),
        door=NOWHERE,
    )


def _road(tags: Tags, highway: str, profile: Profile) -> WaySpeeds:
    """Return how fast an open road of the profile's classes is travelled."""
    rules = profile.rules
    default = profile.speeds_kmh[highway]
    if highway in rules.designated_kmh and tags.get(rules.access[0]) in _EXPRESSLY:
        default = rules.designated_kmh[highway]
    cap = min(
        (values[tags[key]] for key, values in rules.caps_kmh.items() if tags.get(key) in values),
        default=np.inf,
    )
    ahead, back = (
        0.0
        if denied(tags, rules, f":{way}")
        else min(_speed(tags, way, default, profile.maxspeed_factor), cap)
        for way in ("forward", "backward")
    )
    where = door(tags, rules)
    match _oneway(tags, rules):
        case 1:
            return WaySpeeds(ahead, 0.0, door=where)
        case -1:
            return WaySpeeds(0.0, back, door=where)
        case 0:
            return WaySpeeds(ahead, back, door=where)
        case _:  # reversible: no telling which way, so neither
            return CLOSED
