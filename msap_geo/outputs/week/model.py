"""A round's weeks as data: who stops where, when, by which roads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import shapely

_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
}


class Spot(NamedTuple):
    """A place a vehicle stops at, degrees."""

    code_insee: str
    name: str
    place: str
    longitude: float
    latitude: float


class Call(NamedTuple):
    """A vehicle open somewhere, minutes since midnight."""

    spot: Spot
    opens: int
    closes: int


class Outing(NamedTuple):
    """A day of one vehicle.

    Parameters
    ----------
    vehicle
        Its name.
    week, weekday
        Rank in the cycle, from 1; Monday is 0.
    base
        Where it sleeps.
    leaves, returns
        Minutes since midnight.
    calls
        Its stops in order; one that closes for lunch comes twice.
    ways
        Roads taken, in the territory's projection: to each stop, then back.
    """

    vehicle: str
    week: int
    weekday: int
    base: Spot
    leaves: int
    returns: int
    calls: tuple[Call, ...]
    ways: tuple[shapely.LineString, ...]


class Week(NamedTuple):
    """All of it.

    Parameters
    ----------
    title
        Name of the study.
    cycle
        Weeks after which it begins again.
    start, end
        Monday of the first week, and last day.
    departement
        Which tells the time zone.
    outings
        By vehicle, week and weekday.
    crs
        Projection of the roads.
    warnings
        What the reader must know.
    """

    title: str
    cycle: int
    start: dt.date
    end: dt.date
    departement: str
    outings: tuple[Outing, ...]
    crs: str
    warnings: tuple[str, ...] = ()

    @property
    def time_zone(self) -> str:
        """Name of the time zone of the territory."""
        return _ZONES.get(self.departement, "Europe/Paris")

    def day_of(self, outing: Outing) -> dt.date:
        """Return the first day of an outing."""
        return self.start + dt.timedelta(days=7 * (outing.week - 1) + outing.weekday)

    def dates_of(self, outing: Outing) -> list[dt.date]:
        """Return every day of an outing."""
        first = self.day_of(outing)
        count = (self.end - first).days // (7 * self.cycle) + 1
        return [first + dt.timedelta(days=7 * self.cycle * rank) for rank in range(max(count, 0))]


def first_monday(day: dt.date) -> dt.date:
    """Return the first Monday from a day on."""
    return day + dt.timedelta(days=-day.weekday() % 7)
