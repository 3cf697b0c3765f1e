"""The ends of a journey: on foot or by bicycle between places and stops, on the real roads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import numpy as np

from msap_geo.errors import DataError, NetworkError
from msap_geo.network import available_profiles
from msap_geo.travel.engine import ROUNDING
from msap_geo.travel.places import check_places, matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from msap_geo.network import RoadNetwork, Timetable

Access = Literal["pied", "velo"]
"""How one goes to the stop and from it."""


class Walks(NamedTuple):
    """Ways between places and stops: those of place ``p`` are ``start[p]:start[p + 1]``."""

    start: NDArray[np.int64]
    stop: NDArray[np.int32]
    seconds: NDArray[np.float64]


class Ends(NamedTuple):
    """The ends of every journey between demand and sites, one way.

    Parameters
    ----------
    demand, sites
        Ways between each and the stops.
    direct
        Seconds of the way without a vehicle, shape (demand, sites), infinite where too long.
    """

    demand: Walks
    sites: Walks
    direct: NDArray[np.float64]


def check_access(roads: RoadNetwork, access: str) -> None:
    """Make sure the roads are those of the way one goes to the stop.

    Raises
    ------
    DataError
        If the way is unknown.
    NetworkError
        If the roads are those of another one.
    """
    if access not in ("pied", "velo"):
        raise DataError(f"accès inconnu : « {access} »", remedy='choisir "pied" ou "velo"')
    if roads.profile != access and roads.profile in available_profiles():
        raise NetworkError(
            f"le réseau est celui du profil « {roads.profile} », l'accès se fait « {access} »",
            remedy=f"lire les routes avec le profil {access} : network.load_profile({access!r})",
        )


def stop_points(timetable: Timetable, epsg: int) -> gpd.GeoDataFrame:
    """Return the stops as points; those without a position, or without a vehicle, have none.

    Parameters
    ----------
    timetable
        Timetable.
    epsg
        Projected CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        ``stop_id`` and points, in the order of the timetable.
    """
    stops = timetable.stops
    points = gpd.GeoSeries(gpd.points_from_xy(stops.longitude, stops.latitude), crs=4326).to_crs(
        epsg
    )
    called = np.zeros(len(points), dtype=bool)
    called[timetable.calls.stop] = True
    placed = called & np.isfinite(stops.longitude) & np.isfinite(stops.latitude)
    return gpd.GeoDataFrame({"stop_id": stops.identifier}, geometry=points.where(placed), crs=epsg)


def both_ends(
    roads: RoadNetwork,
    timetable: Timetable,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    max_walk_minutes: float,
) -> tuple[Ends, Ends]:
    """Find the ways on foot or by bicycle of journeys out and back.

    Parameters
    ----------
    roads
        Roads of the way one goes to the stop.
    timetable
        Timetable.
    demand, sites
        Places with ``demand_id``, sites with ``site_id``: points in the roads' CRS.
    max_walk_minutes
        Longest of each way, inclusive.

    Returns
    -------
    out, back
        From the demand to the sites, and from the sites to the demand.

    Raises
    ------
    NetworkError, MissingColumnError, DataError
        If a table is not what it should be.
    """
    check_places(roads, demand, "demand_id")
    check_places(roads, sites, "site_id")
    if not max_walk_minutes >= 0:
        raise DataError(f"max_walk_minutes = {max_walk_minutes} : il faut un nombre positif ou nul")
    stops = stop_points(timetable, roads.epsg)
    place = demand[["demand_id", demand.geometry.name]]
    site = sites[["site_id", sites.geometry.name]]
    as_sites, as_demand = (
        stops.rename(columns={"stop_id": name}) for name in ("site_id", "demand_id")
    )

    def minutes(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, *, to: bool) -> csr_array:
        return matrix(
            roads, one, other, max_minutes=max_walk_minutes, direction="to" if to else "from"
        ).minutes

    return tuple(  # type: ignore[return-value]
        Ends(
            _walks(minutes(place, as_sites, to=out)),
            _walks(minutes(as_demand, site, to=out).T.tocsr()),
            _direct(minutes(place, site, to=out)),
        )
        for out in (True, False)
    )


def _walks(minutes: csr_array) -> Walks:
    return Walks(
        minutes.indptr.astype(np.int64), minutes.indices.astype(np.int32), minutes.data * 60
    )


def _direct(minutes: csr_array) -> NDArray[np.float64]:
    seconds = np.full(minutes.shape, np.inf)
    ways = minutes.tocoo()
    seconds[ways.row, ways.col] = ways.data * 60
    return seconds


def egress(walks: Walks, place: int, n_stops: int) -> NDArray[np.float64]:
    """Return the seconds between each stop and a place, infinite where too long."""
    seconds = np.full(n_stops, np.inf)
    mine = slice(walks.start[place], walks.start[place + 1])
    seconds[walks.stop[mine]] = walks.seconds[mine]
    return seconds


def limit_seconds(max_minutes: float) -> float:
    """Return the longest journey, seconds, rounding errors forgiven.

    Raises
    ------
    DataError
        If it has no meaning.
    """
    if not max_minutes >= 0:
        raise DataError(f"durée maximale impossible : {max_minutes} minutes")
    return 60 * (float(max_minutes) + ROUNDING)
