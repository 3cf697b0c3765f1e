"""Whom rounds that exist serve, and for how long."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.errors import StudyError
from msap_geo.rounds.stops import Stop, cycles_of, held_in, whole_cycle
from msap_geo.travel import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork
    from msap_geo.travel import TravelTimes


def weekly_service(
    times: TravelTimes,
    stops: tuple[Stop, ...],
    *,
    threshold: float,
    cycles: Mapping[str, int] | None = None,
) -> NDArray[np.float64]:
    """Count the hours a week with some stop open within the threshold, no minute twice.

    Parameters
    ----------
    times
        From places to communes (``site_id``), at least as far as the threshold.
    stops
        Stops; those of a week of their vehicle's cycle count for their share of it.
    threshold
        Minutes, inclusive.
    cycles
        Weeks after which each vehicle begins again, where these stops are but a part of theirs;
        :func:`msap_geo.rounds.stops.cycles_of` them by default.

    Returns
    -------
    numpy.ndarray
        Hours, rows of ``times``.

    Raises
    ------
    StudyError
        If a stop is in a commune the times do not know, or vehicles hardly ever begin again
        together (:data:`msap_geo.rounds.stops.LONGEST_CYCLE`).
    """
    ids = pd.Index(times.site_ids)
    if unknown := sorted({stop.code_insee for stop in stops} - set(ids)):
        raise StudyError(
            f"arrêts dans des communes d'une autre étude : {', '.join(unknown)}",
            remedy="retirer ces arrêts, ou prendre l'étude de leur territoire",
        )
    near = _within(times, threshold)
    every = cycles_of(stops) | dict(cycles or {})
    weeks = whole_cycle(every)
    minutes = np.zeros(len(times.demand_ids))
    for week in range(1, weeks + 1):
        for weekday in range(7):
            today = [s for s in stops if s.weekday == weekday and held_in(s, week, every)]
            cuts = sorted({moment for s in today for moment in (s.opens, s.closes)})
            for start, end in pairwise(cuts):
                held = [s.code_insee for s in today if s.opens <= start and s.closes >= end]
                if held:
                    reached = near[:, ids.get_indexer(sorted(set(held)))].sum(axis=1) > 0
                    minutes[np.asarray(reached).ravel()] += end - start
    hours: NDArray[np.float64] = minutes / 60 / weeks
    return hours


def _within(times: TravelTimes, threshold: float) -> csr_array:
    trips = times.minutes.tocoo()
    inside = np.round(trips.data, MINUTES_DECIMALS) <= round(threshold, MINUTES_DECIMALS)
    return csr_array(
        (np.ones(int(inside.sum())), (trips.row[inside], trips.col[inside])), shape=trips.shape
    )


def _to_stops(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Iterable[Stop],
    threshold: float,
    stands: gpd.GeoDataFrame | None,
) -> TravelTimes:
    held = {stop.code_insee for stop in stops}
    places = origins if stands is None else stands
    where = places[places["code_insee"].isin(held)].reset_index(drop=True)
    return matrix(roads, origins, where.assign(site_id=where["code_insee"]), max_minutes=threshold)


def places_within(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Sequence[Stop],
    *,
    threshold: float,
    stands: gpd.GeoDataFrame | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return which communes each commune with a stop serves.

    Parameters
    ----------
    roads, origins, stops, threshold, stands
        As of :func:`hours_within`.

    Returns
    -------
    dict
        Rows of ``origins``, by ``code_insee`` of the stops.
    """
    if not stops:
        return {}
    times = _to_stops(roads, origins, stops, threshold, stands)
    near = _within(times, threshold).tocsc()
    return {
        str(code): np.sort(near.indices[near.indptr[i] : near.indptr[i + 1]]).astype(np.int64)
        for i, code in enumerate(times.site_ids)
    }


def hours_within(
    roads: RoadNetwork,
    origins: gpd.GeoDataFrame,
    stops: Sequence[Stop],
    *,
    threshold: float,
    cycles: Mapping[str, int] | None = None,
    stands: gpd.GeoDataFrame | None = None,
) -> NDArray[np.float64]:
    """Count the hours a week each commune has some stop open within the threshold.

    Parameters
    ----------
    roads
        Roads of the study.
    origins
        Where communes start from, ``demand_id`` and ``code_insee``.
    stops
        Stops, in these communes or in those of ``stands``.
    threshold
        Minutes, inclusive.
    cycles
        As of :func:`weekly_service`.
    stands
        Where vehicles stop, communes across the border included; ``origins`` by default.

    Returns
    -------
    numpy.ndarray
        Hours, rows of ``origins``.
    """
    if not stops:
        return np.zeros(len(origins))
    times = _to_stops(roads, origins, stops, threshold, stands)
    return weekly_service(times, tuple(stops), threshold=threshold, cycles=cycles)


PERMANENT, ITINERANT, NOTHING = "permanent", "itinérant", "aucun"


def kinds_of_cover(beyond: NDArray[np.bool_], hours: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name what covers each place: a Maison before a round, whatever the hours of the round.

    Parameters
    ----------
    beyond
        Whether the place is beyond reach of every Maison.
    hours
        Hours a week of some round within its reach.

    Returns
    -------
    numpy.ndarray
        :data:`PERMANENT`, :data:`ITINERANT` or :data:`NOTHING`.
    """
    moving = np.where(hours > 0, ITINERANT, NOTHING)
    return np.where(beyond, moving, PERMANENT).astype(object)
