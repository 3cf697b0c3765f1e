"""The timetable: plain arrays, never changed once built.

A *run* is one vehicle going once along its stops: a trip of the feed, or one departure of a trip
given by frequency. A *call* is a run at a stop. Seconds count from the midnight of the service day
and may pass 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french, notebook_html
from msap_geo.anomalies import table as anomaly_table
from msap_geo.anomalies import tally
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.anomalies import Anomaly

DAY_SECONDS = 24 * 3600


class Stops(NamedTuple):
    """Stops, stations included.

    Parameters
    ----------
    identifier
        ``stop_id``; preceded by the name of its feed where two feeds use the same one.
    name
        Name shown.
    latitude, longitude
        Degrees; NaN where the feed has none.
    feed
        Rank of the feed.
    """

    identifier: NDArray[np.object_]
    name: NDArray[np.object_]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    feed: NDArray[np.int32]


class Runs(NamedTuple):
    """Runs: run ``r`` makes the calls ``start[r]:start[r + 1]``.

    Parameters
    ----------
    start
        Shape (r + 1,).
    service
        Row of :attr:`Timetable.active`.
    trip_id, line, headsign
        What the feed calls them.
    """

    start: NDArray[np.int64]
    service: NDArray[np.int32]
    trip_id: NDArray[np.object_]
    line: NDArray[np.object_]
    headsign: NDArray[np.object_]


class Calls(NamedTuple):
    """Calls of the runs, in order.

    Parameters
    ----------
    stop
        Row of the stop.
    arrival, departure
        Seconds after the midnight of the service day.
    boards, alights
        Whether passengers may get in and out.
    booked
        Whether one must book (by telephone or with the driver) to get in or out.
    """

    stop: NDArray[np.int32]
    arrival: NDArray[np.int32]
    departure: NDArray[np.int32]
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]
    booked: NDArray[np.bool_]


class Transfers(NamedTuple):
    """Changes the feeds rule: seconds from one stop to another, infinite where forbidden."""

    origin: NDArray[np.int32]
    destination: NDArray[np.int32]
    seconds: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Timetable:
    """Public transport of some days, from one feed or several.

    Parameters
    ----------
    feeds
        Their names.
    first, last
        Days asked for, inclusive.
    stops, runs, calls, transfers
        The arrays.
    active
        Whether a service runs on a day, shape (services, days): column 0 is ``days_before`` days
        before ``first``, since yesterday's runs may end today.
    days_before
        Days kept before ``first``.
    attribution
        Credit line due to the agencies.
    anomalies
        What was repaired, left out or worth a note.
    """

    feeds: tuple[str, ...]
    first: date
    last: date
    stops: Stops
    runs: Runs
    calls: Calls
    transfers: Transfers
    active: NDArray[np.bool_]
    days_before: int
    attribution: str = ""
    anomalies: tuple[Anomaly, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """Days asked for."""
        return tuple(
            self.first + timedelta(days=rank) for rank in range((self.last - self.first).days + 1)
        )

    @property
    def stop_ids(self) -> pd.Index:
        """Identifiers of the stops, in order."""
        return pd.Index(self.stops.identifier, name="stop_id")

    def running(self, day: date) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the runs on the road on a day, and the seconds to add to their times.

        Parameters
        ----------
        day
            One of :attr:`days`.

        Returns
        -------
        run, shift
            Runs of that service day, shift 0; those of the days before that are still running
            after midnight, shift a negative whole number of days. Seconds then count from the
            midnight of ``day``.

        Raises
        ------
        DataError
            If the day was not asked for.
        """
        if not self.first <= day <= self.last:
            raise DataError(
                f"l'horaire lu ne couvre pas le {french_day(day)} : il va du "
                f"{french_day(self.first)} au {french_day(self.last)}",
                remedy="lire le flux pour ce jour (dates)",
            )
        column = (day - self.first).days + self.days_before
        last = self.calls.arrival[self.runs.start[1:] - 1]
        found, shifts = [], []
        for back in range(self.days_before + 1):
            runs = np.flatnonzero(
                self.active[self.runs.service, column - back] & (last >= back * DAY_SECONDS)
            )
            found.append(runs)
            shifts.append(np.full(len(runs), -back * DAY_SECONDS))
        return np.concatenate(found), np.concatenate(shifts).astype(np.int64)

    def table(self) -> pd.DataFrame:
        """Return the stops as a table: ``stop_id, nom, latitude, longitude, flux``."""
        return pd.DataFrame(
            {
                "stop_id": self.stops.identifier,
                "nom": self.stops.name,
                "latitude": self.stops.latitude,
                "longitude": self.stops.longitude,
                "flux": np.array(self.feeds, dtype=object)[self.stops.feed],
            }
        )

    def report(self) -> pd.DataFrame:
        """Return the anomalies as a table, one row each, French column titles."""
        return anomaly_table(self.anomalies)

    def _repr_html_(self) -> str:
        """Show the timetable in a notebook."""
        figures = {
            "flux": ", ".join(self.feeds),
            "jours": f"du {french_day(self.first)} au {french_day(self.last)}",
            "arrêts": french.number(len(self.stops.identifier)),
            "courses": french.number(len(self.runs.service)),
            "courses par jour": ", ".join(
                french.number(len(self.running(day)[0])) for day in self.days[:7]
            ),
            "anomalies": french.anomalies(tally(self.anomalies)) or "aucune",
        }
        if self.attribution:
            figures["source"] = self.attribution
        told = notebook_html.anomalies(self.report())
        return notebook_html.card("Horaires de transport", figures, tables=[told])

    def __repr__(self) -> str:
        return (
            f"Timetable(feeds={self.feeds}, days={self.first}/{self.last}, "
            f"stops={len(self.stops.identifier)}, runs={len(self.runs.service)})"
        )


def french_day(day: date) -> str:
    """Return a day as French readers write it: ``15/06/2022``."""
    return f"{day:%d/%m/%Y}"
