"""There and back the same day: whether one can go, be received, and come home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.errors import DataError
from msap_geo.hours import WeeklyHours, read_hours
from msap_geo.travel.transit import kernels
from msap_geo.travel.transit.access import (
    Access,
    Ends,
    both_ends,
    check_access,
    egress,
    limit_seconds,
)
from msap_geo.travel.transit.connections import Connections, Footpaths, day_connections, footpaths
from msap_geo.travel.transit.days import alike_days, on_every_core
from msap_geo.travel.transit.journeys import CHANGE_MINUTES, FOOTPATH_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Timetable
    from msap_geo.travel.transit.days import AlikeDays

SERVED = ""
NO_COACH = "pas de car"
NO_RETURN = "pas de retour"
CLOSED = "fermé"
UNKNOWN_HOURS = "horaires inconnus"

REASONS = (SERVED, NO_COACH, NO_RETURN, CLOSED, UNKNOWN_HOURS)
"""Why a day does not work, by the number the kernels give it; empty where it does."""

_UNKNOWN = REASONS.index(UNKNOWN_HOURS)
_DAY_END_S = 24 * 3600.0

Hours = WeeklyHours | str | None


class _Day(NamedTuple):
    """Days alike, ready to be searched out and back."""

    alike: AlikeDays
    out: Connections
    back: Connections


def there_and_back(  # noqa: PLR0913 - every assumption of a journey has its name
    roads: RoadNetwork,
    timetable: Timetable,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    hours: WeeklyHours | str | Mapping[str, Hours] | pd.Series,
    stay_minutes: float = 60,
    max_minutes: float = 120,
    max_walk_minutes: float = 30,
    access: Access = "pied",
    change_minutes: float = CHANGE_MINUTES,
    footpath_m: float = FOOTPATH_M,
) -> pd.DataFrame:
    """Find, for each place, site and day, the round trip that is shortest away from home.

    One leaves home in the day, is received at the site for ``stay_minutes`` in one go while it is
    open (waiting for it to open if need be), and is home by midnight. On foot or by bicycle all the
    way counts, one way or both.

    Parameters
    ----------
    roads, timetable, demand, sites
        As :func:`by_transit` takes them.
    hours
        Opening hours of each site by ``site_id`` (hours or their canonical text, null when
        unknown), or those of all of them.
    stay_minutes
        Minutes one is received.
    max_minutes
        Longest journey each way, from the door to the door, inclusive.
    max_walk_minutes, access, change_minutes, footpath_m
        As :func:`by_transit` takes them.

    Returns
    -------
    pandas.DataFrame
        One row for each place, site and day, in the order of the tables: ``demand_id, site_id, day,
        leave, arrive, stay_minutes, return, away_minutes, reason``. ``leave``, ``arrive`` (at the
        site) and ``return`` (home) are minutes after midnight, ``stay_minutes`` those at the site
        until one leaves it. ``reason`` is empty where the day works, else one of :data:`REASONS`.
        Of equally short trips the first to be back.

    Raises
    ------
    NetworkError
        If the roads are those of another mode, or a table is not in their CRS.
    MissingColumnError, DataError
        If a table, hours or an option is not what it should be.
    """
    check_access(roads, access)
    paths = footpaths(timetable, change_minutes=change_minutes, footpath_m=footpath_m)
    ends = both_ends(roads, timetable, demand, sites, max_walk_minutes=max_walk_minutes)
    weeks = weeks_of(hours, sites["site_id"])
    found = search(timetable, ends, paths, weeks, stay_minutes, max_minutes)
    return _table(timetable, demand["demand_id"], sites["site_id"], found)


def search(
    timetable: Timetable,
    both: tuple[Ends, Ends],
    paths: Footpaths,
    weeks: list[WeeklyHours | None],
    stay_minutes: float,
    max_minutes: float,
) -> Sequence[tuple[NDArray[np.float64], NDArray[np.int8]]]:
    """Return, site by site, the four moments and the reason of every place and day.

    Parameters
    ----------
    timetable
        Timetable.
    both
        Ways on foot or by bicycle, out and back.
    paths
        Ways between stops.
    weeks
        Hours of each site, none where unknown.
    stay_minutes, max_minutes
        As :func:`there_and_back` takes them.

    Raises
    ------
    DataError
        If an option has no meaning.
    """
    if not stay_minutes > 0:
        raise DataError(f"stay_minutes = {stay_minutes} : il faut un nombre positif")
    limit = limit_seconds(max_minutes)
    out, back = both
    days = []
    for alike in alike_days(timetable):
        one = day_connections(timetable, alike.day)
        days.append(_Day(alike, one, one.reversed()))
    backwards = paths.reversed()
    calendar = [day.weekday() for day in timetable.days]

    def one_site(site: int) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        ends = [(out, paths), (back, backwards)]
        return _round_trips(site, days, ends, weeks[site], calendar, 60.0 * stay_minutes, limit)

    return on_every_core(one_site, len(weeks))


def weeks_of(hours: Any, sites: pd.Series) -> list[WeeklyHours | None]:
    """Return the hours of each site, none where unknown."""
    if isinstance(hours, (WeeklyHours, str)):
        given: Mapping[str, Any] = dict.fromkeys(sites, hours)
    elif isinstance(hours, (Mapping, pd.Series)):
        given = dict(hours.items())
    else:
        raise DataError(
            "horaires absents", remedy="donner les heures d'ouverture de chaque site, par site_id"
        )
    return [_week(given.get(site), str(site)) for site in sites]


def _week(value: Any, site: str) -> WeeklyHours | None:
    if isinstance(value, WeeklyHours):
        return value
    if isinstance(value, str):
        return read_hours(value)
    if value is None or pd.isna(value):
        return None
    raise DataError(f"horaires illisibles pour le site « {site} » : {value!r}")


def _round_trips(
    site: int,
    days: list[_Day],
    ends: list[tuple[Ends, Footpaths]],
    week: WeeklyHours | None,
    calendar: list[int],
    stay: float,
    limit: float,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return the four moments, and the reason, of every place and day for one site."""
    n = len(ends[0][0].direct)
    trips = np.full((4, n, len(calendar)), np.nan)
    reason = np.full((n, len(calendar)), _UNKNOWN, dtype=np.int8)
    if week is None:
        return trips, reason
    for day in days:
        ways: list[Any] = []
        for connections, (end, paths) in zip((day.out, day.back), ends, strict=True):
            walk = egress(end.sites, site, len(paths.start) - 1)
            arrival, _, head, later = kernels.profiles(
                connections.from_stop, connections.to_stop, connections.departs,
                connections.arrives, connections.boards, connections.alights, connections.after,
                *paths, walk, limit,
            )  # fmt: skip
            direct = np.ascontiguousarray(end.direct[:, site])
            ways += [*end.demand, direct, connections.departs, arrival, head, later]
        openings = [week.days[calendar[rank]] for rank in day.alike.ranks]
        start = np.concatenate([[0], np.cumsum([len(spans) for spans in openings])])
        spans = np.array([span for spans in openings for span in spans], dtype=np.float64)
        ranks = list(day.alike.ranks)
        trips[:, :, ranks], reason[:, ranks] = kernels.round_trips(
            *ways, start.astype(np.int64), 60 * spans.reshape(-1, 2), stay, limit, _DAY_END_S
        )
    return trips, reason


def _table(
    timetable: Timetable,
    demand_id: pd.Series,
    site_id: pd.Series,
    found: Any,
) -> pd.DataFrame:
    days = [day.isoformat() for day in timetable.days]
    shape = (len(demand_id), len(site_id), len(days))
    leave, arrive, off, home = (
        np.stack([trips[moment] for trips, _ in found], axis=1).ravel() / 60
        if found
        else np.empty(0)
        for moment in range(4)
    )
    reason = (
        np.stack([reasons for _, reasons in found], axis=1).ravel()
        if found
        else np.empty(0, dtype=np.int8)
    )
    rows = np.indices(shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "demand_id": demand_id.to_numpy()[rows[0]],
            "site_id": site_id.to_numpy()[rows[1]],
            "day": np.array(days, dtype=object)[rows[2]],
            "leave": leave,
            "arrive": arrive,
            "stay_minutes": off - arrive,
            "return": home,
            "away_minutes": home - leave,
            "reason": np.array(REASONS, dtype=object)[reason],
        }
    )
