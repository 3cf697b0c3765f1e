"""The ways of a study without a car: its timetables, the roads to the stops, and round trips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage, network, travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from msap_geo.study.result import StudyResult
    from msap_geo.study.sections import Mobilite

_MODES = {"pied": ("pied", "car"), "velo": ("velo", "car_velo")}
"""Modes of each access: the whole way, and to a coach."""


@dataclass(frozen=True, eq=False)
class Ways:
    """What round trips are measured with.

    Parameters
    ----------
    asked
        ``[mobilite]`` of the study.
    timetable
        Its feeds.
    roads
        Roads on foot, by bicycle, as asked.
    """

    asked: Mobilite
    timetable: network.Timetable
    roads: Mapping[str, network.RoadNetwork]

    def by_mode(
        self, points: gpd.GeoDataFrame, maisons: gpd.GeoDataFrame
    ) -> dict[str, pd.DataFrame]:
        """Return the round trips by each of :data:`msap_geo.coverage.MODES` asked."""
        timetable = self.timetable
        nothing = replace(timetable, active=np.zeros_like(timetable.active))
        hours = maisons.set_index("site_id")["horaires"]
        found = {}
        for access in self.roads:
            for mode, running in zip(_MODES[access], (nothing, timetable), strict=True):
                found[mode] = self._round_trips(access, running, points, maisons, hours)
        return {mode: found[mode] for mode in coverage.MODES if mode in found}

    def pairs(
        self, points: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, hours: pd.Series | str
    ) -> pd.DataFrame:
        """Return which places have a round trip to which sites, by any way, and how many days.

        ``demand_id, site_id, jours``: a coach is never worse than walking or cycling all the way,
        so that one search for each access tells of every way.
        """
        trips = [
            self._round_trips(access, self.timetable, points, sites, hours) for access in self.roads
        ]
        return served_pairs(trips)

    def times(self, points: gpd.GeoDataFrame, maisons: gpd.GeoDataFrame) -> travel.TravelTimes:
        """Return the quickest minutes of a morning without a car, door to door."""
        tables = [
            travel.by_transit(
                roads,
                self.timetable,
                points,
                maisons,
                max_minutes=self.asked.trajet_max_minutes,
                max_walk_minutes=self.asked.marche_max_minutes,
                access="velo" if access == "velo" else "pied",
            )
            for access, roads in self.roads.items()
        ]
        found = pd.concat(tables).dropna(subset="best_minutes")
        return travel.from_table(
            pd.DataFrame(
                {
                    "origine": found["demand_id"],
                    "destination": found["site_id"],
                    "minutes": found["best_minutes"],
                }
            ),
            demand_ids=pd.Index(points["demand_id"]),
            site_ids=pd.Index(maisons["site_id"]),
            max_minutes=self.asked.trajet_max_minutes,
        )

    def missing_returns(self, points: gpd.GeoDataFrame, maisons: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return the lines one more run of which would bring places home, going there on foot."""
        access = next(iter(self.roads))
        return travel.missing_returns(
            self.roads[access],
            self.timetable,
            points,
            maisons,
            hours=maisons.set_index("site_id")["horaires"],
            stay_minutes=self.asked.sur_place_minutes,
            max_minutes=self.asked.trajet_max_minutes,
            max_walk_minutes=self.asked.marche_max_minutes,
            access="velo" if access == "velo" else "pied",
        )

    def _round_trips(
        self,
        access: str,
        timetable: network.Timetable,
        points: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        hours: pd.Series | str,
    ) -> pd.DataFrame:
        return travel.there_and_back(
            self.roads[access],
            timetable,
            points,
            sites,
            hours=hours,
            stay_minutes=self.asked.sur_place_minutes,
            max_minutes=self.asked.trajet_max_minutes,
            max_walk_minutes=self.asked.marche_max_minutes,
            access="velo" if access == "velo" else "pied",
        )


def served_pairs(trips: list[pd.DataFrame]) -> pd.DataFrame:
    """Return ``demand_id, site_id, jours`` of the pairs with a round trip some day."""
    columns = ["demand_id", "site_id", "day"]
    served = pd.concat([one.loc[one["reason"] == "", columns] for one in trips]).drop_duplicates()
    days = served.groupby(["demand_id", "site_id"], sort=True).size()
    return days.rename("jours").reset_index()


def read_timetables(result: StudyResult) -> network.Timetable:
    """Read the feeds of a study, for the days it asks for."""
    study = result.study
    return network.read_timetable(
        [study.path(path) for path in study.mobilite.gtfs], dates=study.mobilite.jours
    )


def ways_of(result: StudyResult, timetable: network.Timetable) -> Ways:
    """Read the roads of a study on foot and by bicycle, as it asks.

    Parameters
    ----------
    result
        The study, which has roads.
    timetable
        Its feeds.

    Raises
    ------
    MsapGeoError
        If the roads cannot be used.
    """
    study = result.study
    roads: dict[str, network.RoadNetwork] = {
        access: network.load_network(
            [study.path(path) for path in study.reseau.sources],
            network.load_profile(access),
            epsg=result.times.epsg,
        )
        for access in study.mobilite.acces
    }
    return Ways(study.mobilite, timetable, roads)
