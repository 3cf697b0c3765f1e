"""A journey in detail: what one takes, from where to where, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.network import Timetable
    from msap_geo.travel.transit.access import Ends, Walks
    from msap_geo.travel.transit.connections import Connections, Footpaths

COACH = "car"
"""Mode of a leg in a vehicle of the timetable, whatever it is."""


class Leg(NamedTuple):
    """Part of a journey.

    Parameters
    ----------
    mode
        ``pied``, ``velo``, or ``car`` in a vehicle of the timetable.
    line
        Line, and where it goes when the feed says so; empty on foot.
    origin, destination
        Names of the stops; identifier of the place at the ends of the journey.
    depart, arrive
        Minutes after midnight.
    booked
        Whether one must book.
    """

    mode: str
    line: str
    origin: str
    destination: str
    depart: float
    arrive: float
    booked: bool = False

    def __str__(self) -> str:
        line = f" ({self.line})" if self.line else ""
        book = ", sur réservation" if self.booked else ""
        return (
            f"{clock(self.depart)} {self.origin} → {clock(self.arrive)} {self.destination}, "
            f"{self.mode}{line}{book}"
        )


def clock(minutes: float) -> str:
    """Return a moment as French readers write it: ``7 h 35``."""
    whole = round(minutes)
    return f"{whole // 60}\u00a0h\u00a0{whole % 60:02}"


class Names(NamedTuple):
    """What places and stops are called."""

    timetable: Timetable
    access: str
    demand: pd.Series
    sites: pd.Series

    def stop(self, row: int) -> str:
        """Return the name of a stop, its identifier where it has none."""
        stops = self.timetable.stops
        return str(stops.name[row] or stops.identifier[row])


def itinerary(
    names: Names,
    one: Connections,
    paths: Footpaths,
    rides: tuple[NDArray[np.int32], NDArray[np.int32]],
    ends: Ends,
    places: tuple[int, int],
    depart: float,
) -> tuple[Leg, ...]:
    """Return the legs of a journey.

    Parameters
    ----------
    names
        Names of places and stops.
    one, paths
        Connections of the day, and ways between stops.
    rides
        Connections boarded and left, in order; none for a journey without a vehicle.
    ends
        Ways between places and stops.
    places
        Row of the place one leaves, and of the site.
    depart
        When one leaves, seconds after midnight: before a vehicle, one leaves just in time.

    Returns
    -------
    tuple of Leg
        In order.
    """
    place, site = places
    home, there = str(names.demand.iloc[place]), str(names.sites.iloc[site])
    boarded, left = rides
    if len(boarded) == 0:
        walk = float(ends.direct[place, site])
        return (Leg(names.access, "", home, there, depart / 60, (depart + walk) / 60),)
    legs = []
    first, last = int(one.from_stop[boarded[0]]), int(one.to_stop[left[-1]])
    begin = float(one.departs[boarded[0]])
    walk = _between(ends.demand, place, first)
    legs.append(Leg(names.access, "", home, names.stop(first), (begin - walk) / 60, begin / 60))
    for rank, (on, off) in enumerate(zip(boarded, left, strict=True)):
        if rank:
            before, here = int(one.to_stop[left[rank - 1]]), int(one.from_stop[on])
            if before != here:
                arrived = float(one.arrives[left[rank - 1]])
                ready = arrived + _path(paths, before, here)
                legs.append(
                    Leg("pied", "", names.stop(before), names.stop(here), arrived / 60, ready / 60)
                )
        legs.append(_ride(names, one, int(on), int(off)))
    end = float(one.arrives[left[-1]])
    walk = _between(ends.sites, site, last)
    legs.append(Leg(names.access, "", names.stop(last), there, end / 60, (end + walk) / 60))
    return tuple(legs)


def _ride(names: Names, one: Connections, on: int, off: int) -> Leg:
    runs, calls = names.timetable.runs, names.timetable.calls
    run = int(one.run[on])
    line, headsign = str(runs.line[run]), str(runs.headsign[run])
    return Leg(
        COACH,
        f"{line} vers {headsign}" if headsign else line,
        names.stop(int(one.from_stop[on])),
        names.stop(int(one.to_stop[off])),
        one.departs[on] / 60,
        one.arrives[off] / 60,
        bool(calls.booked[one.call[on]] or calls.booked[one.call[off] + 1]),
    )


def _between(walks: Walks, place: int, stop: int) -> float:
    mine = slice(walks.start[place], walks.start[place + 1])
    return float(walks.seconds[mine][walks.stop[mine] == stop][0])


def _path(paths: Footpaths, stop: int, other: int) -> float:
    mine = slice(paths.start[stop], paths.start[stop + 1])
    return float(paths.walk_s[mine][paths.stop[mine] == other][0])
