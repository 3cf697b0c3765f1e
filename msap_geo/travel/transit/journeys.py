"""How long one takes to a site by coach, over the departures of a part of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.errors import DataError
from msap_geo.travel.transit import kernels
from msap_geo.travel.transit.access import (
    Access,
    Ends,
    both_ends,
    check_access,
    egress,
    limit_seconds,
)
from msap_geo.travel.transit.connections import (
    Connections,
    Footpaths,
    day_connections,
    footpaths,
)
from msap_geo.travel.transit.days import alike_days, on_every_core
from msap_geo.travel.transit.itinerary import Names, itinerary

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Timetable
    from msap_geo.travel.transit.days import AlikeDays

CHANGE_MINUTES = 2.0
"""Minutes a change of vehicle takes beyond the walk."""

FOOTPATH_M = 500.0
"""Longest walk between two vehicles, metres as the crow flies."""

COLUMNS = (
    "demand_id",
    "site_id",
    "median_minutes",
    "best_minutes",
    "p90_minutes",
    "share",
    "best_day",
    "best_depart",
    "legs",
)


class _Day(NamedTuple):
    """Days alike, ready to be searched."""

    alike: AlikeDays
    connections: Connections


def by_transit(  # noqa: PLR0913 - every assumption of a journey has its name
    roads: RoadNetwork,
    timetable: Timetable,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    depart: tuple[str, str] = ("07:00", "10:00"),
    every_minutes: float = 5,
    max_minutes: float = 120,
    max_walk_minutes: float = 30,
    access: Access = "pied",
    change_minutes: float = CHANGE_MINUTES,
    footpath_m: float = FOOTPATH_M,
) -> pd.DataFrame:
    """Measure the way to each site by public transport, whenever one leaves.

    One leaves home at each moment of the window, every day of the timetable, goes to a stop on the
    roads, and from the last stop to the site; waiting at the stop counts. The whole way on foot (or
    by bicycle) counts too, where it is no longer than ``max_walk_minutes``.

    Parameters
    ----------
    roads
        Roads of the way to the stop: profile ``pied`` or ``velo``.
    timetable
        Timetable.
    demand, sites
        Places with ``demand_id``, sites with ``site_id``: points in the roads' CRS.
    depart
        First and last moment one leaves, inclusive.
    every_minutes
        Minutes between two of them.
    max_minutes
        Longest journey, waiting included, inclusive.
    max_walk_minutes
        Longest way to a stop, from a stop, or without a vehicle, inclusive.
    access
        How one goes to the stop and from it.
    change_minutes, footpath_m
        Changes, as in :func:`earliest_arrivals`.

    Returns
    -------
    pandas.DataFrame
        One row for each place and site: ``demand_id, site_id, median_minutes, best_minutes,
        p90_minutes, share, best_day, best_depart, legs``. ``share`` is that of the departures that
        arrive. Quantiles are over all departures, those that do not arrive being longer than any
        (the smallest of the list that a share of it does not exceed); null where there they are.
        ``best_depart`` is in minutes after midnight, ``legs`` the itinerary then: empty where no
        departure arrives.

    Raises
    ------
    NetworkError
        If the roads are those of another mode, or a table is not in their CRS.
    MissingColumnError, DataError
        If a table or an option is not what it should be.
    """
    check_access(roads, access)
    moments = _moments(depart, every_minutes)
    limit = limit_seconds(max_minutes)
    paths = footpaths(timetable, change_minutes=change_minutes, footpath_m=footpath_m)
    out, _ = both_ends(roads, timetable, demand, sites, max_walk_minutes=max_walk_minutes)
    days = [_Day(alike, day_connections(timetable, alike.day)) for alike in alike_days(timetable)]
    names = Names(timetable, access, demand["demand_id"], sites["site_id"])

    def one(site: int) -> dict[str, Any]:
        return _to_site(site, days, paths, out, moments, limit, names)

    found = on_every_core(one, len(sites))
    table = {
        column: np.stack([site[column] for site in found], axis=1).ravel() if found else np.empty(0)
        for column in COLUMNS[2:]
    }
    return pd.DataFrame(
        {
            "demand_id": np.repeat(demand["demand_id"].to_numpy(), len(sites)),
            "site_id": np.tile(sites["site_id"].to_numpy(), len(demand)),
            **table,
        }
    )


def _moments(depart: tuple[str, str], every_minutes: float) -> NDArray[np.float64]:
    """Return the moments of a window, seconds after midnight, both ends included."""
    try:
        first, last = (_minutes(clock) for clock in depart)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"départs illisibles : {depart!r}", remedy='écrire depart=("07:00", "10:00")'
        ) from error
    if not (every_minutes > 0 and first <= last):
        raise DataError(
            f"départs impossibles : de {depart[0]} à {depart[1]} toutes les {every_minutes} min"
        )
    count = int((last - first + 1e-9) // every_minutes) + 1
    return np.asarray(60.0 * (first + every_minutes * np.arange(count)))


def _minutes(clock: str) -> float:
    hour, minute = (int(part) for part in str(clock).strip().split(":"))
    if not (hour >= 0 and 0 <= minute < 60):  # noqa: PLR2004
        raise ValueError(clock)
    return 60.0 * hour + minute


def _to_site(
    site: int,
    days: list[_Day],
    paths: Footpaths,
    out: Ends,
    moments: NDArray[np.float64],
    limit: float,
    names: Names,
) -> dict[str, Any]:
    """Return the columns of the result for one site, a value per place."""
    walk = egress(out.sites, site, len(paths.start) - 1)
    direct = np.ascontiguousarray(out.direct[:, site])
    n = len(direct)
    best = np.full(n, np.inf)
    best_day, best_depart = np.full(n, None, dtype=object), np.full(n, np.nan)
    legs = np.full(n, None, dtype=object)
    seconds = []
    for day in days:
        one = day.connections
        lists = kernels.profiles(
            one.from_stop, one.to_stop, one.departs, one.arrives, one.boards, one.alights,
            one.after, *paths, walk, limit,
        )  # fmt: skip
        took, moment, ride, boarded, left = kernels.by_departure(
            *out.demand, direct, moments, one.departs, one.after, *lists, limit
        )
        seconds.append(np.repeat(took, len(day.alike.ranks), axis=1))
        quickest = took.min(axis=1)
        for place in np.flatnonzero(quickest < best):
            rides = slice(ride[place], ride[place + 1])
            depart = moments[moment[place]]
            best[place], best_depart[place] = quickest[place], depart / 60
            best_day[place] = day.alike.day.isoformat()
            legs[place] = itinerary(
                names, one, paths, (boarded[rides], left[rides]), out, (int(place), site), depart
            )
    return {
        **_quantiles(np.concatenate(seconds, axis=1) / 60),
        "best_day": best_day,
        "best_depart": best_depart,
        "legs": _or_empty(legs),
    }


def _or_empty(legs: NDArray[np.object_]) -> NDArray[np.object_]:
    for place in np.flatnonzero([one is None for one in legs]):
        legs[place] = ()
    return legs


def _quantiles(minutes: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Sum up the departures of each place, those that do not arrive being longer than any."""
    minutes.sort(axis=1)
    n = minutes.shape[1]

    def quantile(share: float) -> NDArray[np.float64]:
        value = minutes[:, max(int(np.ceil(share * n - 1e-9)) - 1, 0)]
        return np.where(np.isfinite(value), value, np.nan)

    return {
        "median_minutes": quantile(0.5),
        "best_minutes": quantile(0.0),
        "p90_minutes": quantile(0.9),
        "share": np.isfinite(minutes).sum(axis=1) / n,
    }
