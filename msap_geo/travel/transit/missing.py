"""Which return is missing: one more run of an existing line that would bring most people home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.travel.transit import kernels
from msap_geo.travel.transit.access import Access, both_ends, check_access
from msap_geo.travel.transit.connections import footpaths
from msap_geo.travel.transit.journeys import CHANGE_MINUTES, FOOTPATH_M
from msap_geo.travel.transit.returns import search, weeks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Timetable
    from msap_geo.travel.transit.access import Ends, Walks

COLUMNS = ["line", "headsign", "origin", "destination", "depart", "demand_ids"]
_DAY_END_S = 24 * 3600.0


class _Stranded(NamedTuple):
    """A place that gets to a site and is received, but has no way home that day."""

    place: int
    site: int
    done: float


class _Line(NamedTuple):
    """A sequence of stops some vehicle serves: seconds from its first departure."""

    run: int
    stop: NDArray[np.int32]
    arrival: NDArray[np.int64]
    departure: NDArray[np.int64]
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]


def missing_returns(  # noqa: PLR0913 - every assumption of a journey has its name
    roads: RoadNetwork,
    timetable: Timetable,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    hours: Any,
    stay_minutes: float = 60,
    max_minutes: float = 120,
    max_walk_minutes: float = 30,
    access: Access = "pied",
) -> pd.DataFrame:
    """Find which lines, run once more, would bring home places that no day of the timetable does.

    Only places that get to an open site some day and are received, but never back, count; and only
    the ways home that need no change: a line that goes from near the site to near the place.

    Parameters
    ----------
    roads, timetable, demand, sites, hours
        As :func:`there_and_back` takes them.
    stay_minutes, max_minutes, max_walk_minutes, access
        As :func:`there_and_back` takes them.

    Returns
    -------
    pandas.DataFrame
        One row per sequence of stops that would serve some place, those that serve most first:
        ``line, headsign``, its ends ``origin, destination``, ``depart`` (minutes after midnight at
        its first stop: the soonest at which one more run serves them all), ``demand_ids``.

    Raises
    ------
    NetworkError, MissingColumnError, DataError
        As :func:`there_and_back`.
    """
    check_access(roads, access)
    paths = footpaths(timetable, change_minutes=CHANGE_MINUTES, footpath_m=FOOTPATH_M)
    both = both_ends(roads, timetable, demand, sites, max_walk_minutes=max_walk_minutes)
    weeks = weeks_of(hours, sites["site_id"])
    found = search(timetable, both, paths, weeks, stay_minutes, max_minutes)
    stranded = _stranded(found)
    rows = []
    for line in _lines(timetable):
        needed = _soonest(line, stranded, both[1], 60.0 * max_minutes)
        if needed:
            rows.append(_told(timetable, line, needed, demand["demand_id"]))
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = np.lexsort((table["depart"], -table["demand_ids"].map(len).astype(int)))
    return table.iloc[order].reset_index(drop=True)


def _stranded(found: Any) -> list[_Stranded]:
    """Return who is received but not home, among the places that no site and no day serve."""
    if not found:
        return []
    reasons = np.stack([reasons for _, reasons in found])
    lost = ~(reasons == kernels.SERVED).any(axis=(0, 2))
    soonest = np.stack([np.where(why == kernels.NO_RETURN, trips[2], np.inf)
                        for trips, why in found]).min(axis=2)  # fmt: skip
    return [
        _Stranded(int(place), int(site), float(soonest[site, place]))
        for site, place in np.argwhere(np.isfinite(soonest) & lost)
    ]


def _lines(timetable: Timetable) -> Iterator[_Line]:
    """Return each sequence of stops some active run serves, by its first run."""
    runs, calls = timetable.runs, timetable.calls
    seen = set()
    for run in np.flatnonzero(timetable.active[runs.service].any(axis=1)):
        part = slice(runs.start[run], runs.start[run + 1])
        key = (runs.line[run], calls.stop[part].tobytes())
        if key in seen:
            continue
        seen.add(key)
        first = int(calls.departure[part][0])
        yield _Line(
            int(run),
            calls.stop[part],
            calls.arrival[part].astype(np.int64) - first,
            calls.departure[part].astype(np.int64) - first,
            calls.boards[part],
            calls.alights[part],
        )


def _soonest(
    line: _Line, stranded: list[_Stranded], back: Ends, limit: float
) -> dict[int, tuple[float, float]]:
    """Return, of each place the line can bring home, when it must leave at the soonest, and the
    seconds from there to the door.
    """  # noqa: D205 - one sentence
    needed: dict[int, tuple[float, float]] = {}
    for one in stranded:
        best = needed.get(one.place, (np.inf, 0.0))
        for on, first_walk in _met(line.stop, back.sites, one.site):
            if not line.boards[on]:
                continue
            for off, last_walk in _met(line.stop, back.demand, one.place):
                ride = line.arrival[off] - line.departure[on]
                if off <= on or not line.alights[off] or first_walk + ride + last_walk > limit:
                    continue
                leaves = one.done + first_walk - line.departure[on]
                to_door = float(line.arrival[off] + last_walk)
                if leaves + to_door <= _DAY_END_S and leaves < best[0]:
                    best = needed[one.place] = (float(leaves), to_door)
    return needed


def _met(stops: NDArray[np.int32], walks: Walks, place: int) -> Iterator[tuple[int, float]]:
    """Return the calls of a line near a place, with the seconds between them."""
    mine = slice(walks.start[place], walks.start[place + 1])
    for stop, seconds in zip(walks.stop[mine], walks.seconds[mine], strict=True):
        for call in np.flatnonzero(stops == stop):
            yield int(call), float(seconds)


def _told(
    timetable: Timetable,
    line: _Line,
    needed: dict[int, tuple[float, float]],
    demand_id: pd.Series,
) -> tuple[Any, ...]:
    """Return a line's row: leaving when it serves most of those it can bring home by midnight."""
    moments = sorted({soonest for soonest, _ in needed.values()})

    def served(moment: float) -> list[int]:
        return [
            place
            for place, (soonest, to_door) in needed.items()
            if soonest <= moment and moment + to_door <= _DAY_END_S
        ]

    # The soonest of those that serve most.
    depart = max(moments, key=lambda moment: (len(served(moment)), -moment))
    stops, runs = timetable.stops, timetable.runs
    ends = [str(stops.name[row] or stops.identifier[row]) for row in line.stop[[0, -1]]]
    places = sorted(demand_id.iloc[place] for place in served(depart))
    return (runs.line[line.run], runs.headsign[line.run], *ends, depart / 60, places)
