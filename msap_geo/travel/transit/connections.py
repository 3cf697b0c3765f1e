"""A day of a timetable as connections in order, and the ways on foot between its stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from msap_geo.errors import DataError

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from msap_geo.network import Timetable

FOOT_KMH = 4.5
"""Speed as the crow flies between two stops."""

EARTH_M = 6_371_008.8
"""Mean radius of the Earth (IUGG), metres."""


class Connections(NamedTuple):
    """Vehicles going from one call to the next, by departure, arrival, then place in the run.

    Parameters
    ----------
    from_stop, to_stop
        Stops.
    departs, arrives
        Seconds after the midnight of the day.
    boards, alights
        Whether one may get in at the beginning, out at the end.
    before, after
        Connection of the same run before and after, −1 at its ends.
    run, call
        Run, and call the connection leaves from.
    """

    from_stop: NDArray[np.int32]
    to_stop: NDArray[np.int32]
    departs: NDArray[np.int64]
    arrives: NDArray[np.int64]
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    run: NDArray[np.int32]
    call: NDArray[np.int64]

    def reversed(self) -> Connections:
        """Return the same vehicles with time run backwards: moments are opposite."""
        order = np.lexsort((-self.call, -self.departs, -self.arrives))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)

        def renamed(neighbour: NDArray[np.int32]) -> NDArray[np.int32]:
            there = neighbour[order]
            return np.where(there >= 0, place[there], -1).astype(np.int32)

        return Connections(
            self.to_stop[order],
            self.from_stop[order],
            -self.arrives[order],
            -self.departs[order],
            self.alights[order],
            self.boards[order],
            renamed(self.after),
            renamed(self.before),
            self.run[order],
            self.call[order],
        )


class Footpaths(NamedTuple):
    """Stops one may walk to: those of stop ``s`` are ``start[s]:start[s + 1]``, itself included.

    Parameters
    ----------
    start, stop
        Rows, and the stops.
    walk_s
        Seconds on foot; infinite where one may not.
    change_s
        Seconds a change of vehicle takes beyond the walk; infinite where the feed forbids it.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int32]
    walk_s: NDArray[np.float64]
    change_s: NDArray[np.float64]

    def reversed(self) -> Footpaths:
        """Return the same ways, walked backwards."""
        origin = np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))
        return _by_origin(self.stop, origin, self.walk_s, self.change_s, len(self.start) - 1)


def day_connections(timetable: Timetable, day: date) -> Connections:
    """Return the connections of a day, of vehicles that left the day before included.

    Parameters
    ----------
    timetable
        Timetable.
    day
        One of its days. What leaves the next day, after midnight, is the next day's.

    Returns
    -------
    Connections
        Sorted.

    Raises
    ------
    DataError
        If the day is not one of the timetable's.
    """
    runs, calls = timetable.runs, timetable.calls
    run, shift = timetable.running(day)
    counts = np.diff(runs.start)[run] - 1
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    position = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    call = np.repeat(runs.start[run], counts) + position
    by = np.repeat(shift, counts)
    departs, arrives = calls.departure[call] + by, calls.arrival[call + 1] + by
    # Where each run stands among those of the day keeps two departures of one trip apart.
    order = np.lexsort((np.arange(len(call)), arrives, departs))
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    beginning, end = position == 0, position == np.repeat(counts, counts) - 1
    before = np.where(beginning, -1, np.roll(place, 1)).astype(np.int32)
    after = np.where(end, -1, np.roll(place, -1)).astype(np.int32)
    return Connections(
        calls.stop[call][order],
        calls.stop[call + 1][order],
        departs[order],
        arrives[order],
        calls.boards[call][order],
        calls.alights[call + 1][order],
        before[order],
        after[order],
        np.repeat(run, counts)[order].astype(np.int32),
        call[order],
    )


def footpaths(timetable: Timetable, *, change_minutes: float, footpath_m: float) -> Footpaths:
    """Return the ways on foot between stops: as the crow flies, then as the feeds rule.

    A change the feeds time takes what they say, walk and margin included.

    Parameters
    ----------
    timetable
        Timetable.
    change_minutes
        Minutes a change takes beyond the walk.
    footpath_m
        Longest walk, metres as the crow flies, at :data:`FOOT_KMH`; 0 for changes at one stop only.

    Returns
    -------
    Footpaths
        Of every stop, itself first.

    Raises
    ------
    DataError
        If an option has no meaning.
    """
    for name, value in (("change_minutes", change_minutes), ("footpath_m", footpath_m)):
        if not (np.isfinite(value) and value >= 0):
            raise DataError(f"{name} = {value} : il faut un nombre positif ou nul")
    n = len(timetable.stops.identifier)
    near = _near(timetable, footpath_m) if footpath_m else np.empty((0, 3))
    itself = np.column_stack([np.arange(n), np.arange(n), np.zeros(n)])
    pairs = np.concatenate([itself, near])
    origin, stop = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    walk = pairs[:, 2] / (FOOT_KMH / 3.6)
    change = np.full(len(walk), 60.0 * change_minutes)
    ruled = timetable.transfers
    if len(ruled.origin):
        origin, stop, walk, change = _ruled(timetable, origin, stop, walk, change)
    return _by_origin(origin.astype(np.int32), stop.astype(np.int32), walk, change, n)


def _near(timetable: Timetable, footpath_m: float) -> NDArray[np.float64]:
    """Return pairs of stops this close, both ways, and their metres along a great circle."""
    latitude, longitude = (
        np.radians(timetable.stops.latitude),
        np.radians(timetable.stops.longitude),
    )
    placed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    latitude, longitude = latitude[placed], longitude[placed]
    points = np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
    chord = 2 * np.sin(min(footpath_m / EARTH_M, np.pi) / 2)
    pairs = KDTree(points).query_pairs(chord * (1 + 1e-12), output_type="ndarray")
    straight = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    metres = 2 * EARTH_M * np.arcsin(np.minimum(straight / 2, 1))
    one = np.column_stack([placed[pairs[:, 0]], placed[pairs[:, 1]], metres])
    return np.concatenate([one, one[:, [1, 0, 2]]])


def _ruled(
    timetable: Timetable,
    origin: NDArray[np.int64],
    stop: NDArray[np.int64],
    walk: NDArray[np.float64],
    change: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Put the feeds' rules in place of ours."""
    n = len(timetable.stops.identifier)
    rule = timetable.transfers
    ruled, place = rule.origin.astype(np.int64) * n + rule.destination, origin * n + stop
    order = np.argsort(place)
    found = order[np.searchsorted(place[order], ruled) % len(order)]
    known = place[found] == ruled
    forbidden, same = np.isinf(rule.seconds), rule.origin == rule.destination
    # At one stop, time is all margin; between two, it is all walk, and what forbids a change
    # forbids no walk.
    at_stop, between = found[known & same], found[known & ~same]
    change[at_stop] = rule.seconds[known & same]
    seconds, no = rule.seconds[known & ~same], forbidden[known & ~same]
    walk[between] = np.where(no, walk[between], seconds)
    change[between] = np.where(no, np.inf, 0.0)
    added = ~known & ~forbidden
    return (
        np.concatenate([origin, rule.origin[added]]),
        np.concatenate([stop, rule.destination[added]]),
        np.concatenate([walk, rule.seconds[added]]),
        np.concatenate([change, np.zeros(int(added.sum()))]),
    )


def _by_origin(
    origin: NDArray[np.int32],
    stop: NDArray[np.int32],
    walk: NDArray[np.float64],
    change: NDArray[np.float64],
    n: int,
) -> Footpaths:
    order = np.argsort(origin, kind="stable")
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(origin, minlength=n), out=start[1:])
    return Footpaths(start, stop[order], walk[order], change[order])
