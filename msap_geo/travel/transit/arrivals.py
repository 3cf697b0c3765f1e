"""When one gets where from a stop, by vehicles alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.errors import DataError
from msap_geo.travel.transit import kernels
from msap_geo.travel.transit.connections import day_connections, footpaths

if TYPE_CHECKING:
    from msap_geo.network import Timetable


def earliest_arrivals(
    timetable: Timetable,
    stop_id: str,
    depart: str,
    *,
    change_minutes: float = 2,
    footpath_m: float = 0,
) -> pd.Series:
    """Find when one gets to each stop at the earliest, leaving a stop at a moment.

    The vehicles are those of that day, and of the day before where they run past midnight: nobody
    waits for the next day. Boarding the first vehicle and staying aboard take no time; changing
    takes ``change_minutes`` beyond the walk, unless the feed times that change. One walk at most is
    taken before, between and after vehicles.

    Parameters
    ----------
    timetable
        Timetable.
    stop_id
        Stop one leaves from. A station is not its platforms: one walks to them.
    depart
        Day and time: ``"2022-06-15 08:00"``.
    change_minutes
        Minutes a change of vehicle takes.
    footpath_m
        Longest walk between stops, metres as the crow flies, at 4.5 km/h; 0 for the same stop only.

    Returns
    -------
    pandas.Series
        Minutes after that day's midnight, by ``stop_id``; NaN where one does not get.

    Raises
    ------
    DataError
        If the stop is unknown, if the moment cannot be read or is no day of the timetable, or if an
        option has no meaning.
    """
    moment = _moment(depart)
    source = timetable.stop_ids.get_indexer([stop_id])[0]
    if source < 0:
        raise DataError(
            f"arrêt inconnu : « {stop_id} »",
            where=", ".join(timetable.feeds),
            remedy="prendre un identifiant de timetable.stop_ids",
        )
    paths = footpaths(timetable, change_minutes=change_minutes, footpath_m=footpath_m)
    one = day_connections(timetable, moment.date())
    seconds = kernels.arrivals(
        one.from_stop, one.to_stop, one.departs, one.arrives, one.boards, one.alights, one.before,
        *paths, source, _after_midnight(moment), len(timetable.stops.identifier),
    )  # fmt: skip
    minutes = np.where(np.isfinite(seconds), seconds / 60, np.nan)
    return pd.Series(minutes, index=timetable.stop_ids, name="minutes")


def _after_midnight(moment: datetime) -> float:
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=moment.tzinfo)
    return (moment - midnight).total_seconds()


def _moment(depart: str) -> datetime:
    try:
        return datetime.fromisoformat(str(depart).strip())
    except ValueError as error:
        raise DataError(
            f"moment de départ illisible : « {depart} »", remedy='écrire "2022-06-15 08:00"'
        ) from error
