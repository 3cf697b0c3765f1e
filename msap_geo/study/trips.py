"""The trips of a study, computed once: what one question asked for serves the next."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo import travel
    from msap_geo.study.times.source import TimeSource

EVERY_TRIP = 8_000_000
"""Up to so many pairs of places and sites every trip is computed; beyond, those within
:data:`LONG_MINUTES`; beyond :data:`TOO_MANY`, those a question asks for."""

TOO_MANY = 80_000_000
LONG_MINUTES = 90.0


class Trips:
    """Trips from the communes to the Maisons and to the candidates.

    Parameters
    ----------
    times
        What tells them.
    origins
        Starting points, under :data:`msap_geo.schemas.DEMAND`.
    maisons, candidates
        Sites, under :data:`msap_geo.schemas.SITES`.
    nearest
        The two nearest Maisons of each commune, under :data:`msap_geo.schemas.NEAREST`.
    useful
        Minutes beyond which no question needs a trip.
    """

    def __init__(
        self,
        times: TimeSource,
        origins: gpd.GeoDataFrame,
        maisons: gpd.GeoDataFrame,
        candidates: gpd.GeoDataFrame,
        *,
        nearest: pd.DataFrame,
        useful: float,
    ) -> None:
        self.times = times
        self.origins = origins
        self.maisons = maisons
        self.nearest = nearest
        self.candidates = candidates[~candidates["site_id"].isin(maisons["site_id"])]
        offices = len(self.candidates)
        pairs = (len(origins) + offices) * (len(maisons) + offices)
        self.too_many = pairs > TOO_MANY
        """Whether trips are computed when asked for, none being kept."""
        self.limit = np.inf if pairs <= EVERY_TRIP else max(LONG_MINUTES, useful)

    @cached_property
    def _sites(self) -> gpd.GeoDataFrame:
        tables = [table[["site_id", "geometry"]] for table in (self.maisons, self.candidates)]
        return gpd.GeoDataFrame(
            {"site_id": np.concatenate([table["site_id"].to_numpy(object) for table in tables])},
            geometry=np.concatenate([table.geometry.to_numpy() for table in tables]),
            crs=self.origins.crs,
        )

    @cached_property
    def _times(self) -> travel.TravelTimes:
        return self.times.matrix(self.origins, self._sites, max_minutes=self.limit)

    def to(self, sites: pd.Series, *, max_minutes: float) -> travel.TravelTimes:
        """Return the trips to some Maisons or candidates, in their order.

        Parameters
        ----------
        sites
            Their identifiers.
        max_minutes
            Longest trip wanted, inclusive.
        """
        if self.too_many:
            asked = self._sites.set_index("site_id", drop=False).loc[sites].reset_index(drop=True)
            return self.times.matrix(self.origins, asked, max_minutes=max_minutes)
        return self._times.between(sites, max_minutes=max_minutes)
