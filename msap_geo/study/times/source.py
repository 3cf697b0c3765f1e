"""What tells the minutes of a study: its roads, or a table another engine computed.

Every question about times goes through a :class:`TimeSource`, so that no figure mixes the two: the
table answers for the places and sites it knows, and refuses the rest (:class:`NotGivenError`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import french, network, travel
from msap_geo.errors import StudyError
from msap_geo.travel.times import NOT_GIVEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

WITHOUT_TIME = "sans_temps"
"""Flag of the post offices a table of times leaves out: they are no candidates."""

_NAMED = 5


class NotGivenError(StudyError):
    """A question the table of times does not answer."""


class TimeSource(ABC):
    """Minutes between the places and the sites of a study."""

    file: str
    """Name of the table the times come from; empty for times computed on roads."""
    engine: str
    """What computed the times of a table, as it says; empty where it does not."""

    @property
    def described(self) -> str:
        """The table and what computed its times, in words; empty for times computed on roads."""
        if not self.file:
            return ""
        whose = f"calculés par {self.engine}" if self.engine else "d’un autre moteur"
        return f"« {self.file} », {whose}"

    @property
    @abstractmethod
    def epsg(self) -> int:
        """Projection of the places."""

    @property
    @abstractmethod
    def credit(self) -> str:
        """Credit due to the authors of the roads; empty where there are none."""

    @property
    @abstractmethod
    def roads(self) -> network.RoadNetwork:
        """Roads the times are computed on.

        Raises
        ------
        NotGivenError
            If times come from a table: nothing else is measured on other roads.
        """

    @abstractmethod
    def nearest(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, k: int = 1
    ) -> pd.DataFrame:
        """Find the nearest sites of each place (:func:`msap_geo.travel.nearest`)."""

    @abstractmethod
    def matrix(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, max_minutes: float = np.inf
    ) -> travel.TravelTimes:
        """Return every trip within a bound (:func:`msap_geo.travel.matrix`)."""


@dataclass(frozen=True, eq=False)
class OnRoads(TimeSource):
    """Times computed on a network, real or estimated.

    Parameters
    ----------
    given
        Roads of the study.
    """

    given: network.RoadNetwork
    file: str = field(default="", init=False)
    engine: str = field(default="", init=False)

    @property
    def epsg(self) -> int:
        """Projection of the roads."""
        return self.given.epsg

    @property
    def credit(self) -> str:
        """Credit due to their authors."""
        return self.given.attribution

    @property
    def roads(self) -> network.RoadNetwork:
        """The network."""
        return self.given

    def nearest(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, k: int = 1
    ) -> pd.DataFrame:
        """Find the nearest sites of each place."""
        return travel.nearest(self.given, demand, sites, k=k)

    def matrix(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, max_minutes: float = np.inf
    ) -> travel.TravelTimes:
        """Return every trip within a bound."""
        return travel.matrix(self.given, demand, sites, max_minutes=max_minutes)


@dataclass(frozen=True, eq=False)
class FromTable(TimeSource):
    """Times read in a table (``[temps] source``).

    Parameters
    ----------
    file
        Name of the table.
    projection
        EPSG code of the study.
    table
        Its times: rows are communes and offices, columns sites.
    communes
        Codes of the communes of the study: those without a row have no time.
    stand_in
        Commune whose times stand for those of an office that has no row.
    told
        Sites without any time, of which the study has told.
    engine
        What computed the times, as the table says; empty where it does not.
    """

    file: str
    projection: int
    table: travel.TravelTimes
    communes: frozenset[str]
    stand_in: Mapping[str, str] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    engine: str = ""

    @property
    def epsg(self) -> int:
        """Projection of the study."""
        return self.projection

    @property
    def credit(self) -> str:
        """Nothing is due for roads that are not known."""
        return ""

    @property
    def roads(self) -> network.RoadNetwork:
        """There are none: the table refuses the question."""
        raise NotGivenError(
            f"cette question demande des routes, et les temps de l'étude sont lus dans "
            f"« {self.file} »",
            where="[temps] source",
            remedy="la poser à une étude sur routes : sans [temps], avec [reseau] source",
        )

    def knows(self, site_ids: pd.Series) -> NDArray[np.bool_]:
        """Tell which sites the table has times to."""
        known: NDArray[np.bool_] = site_ids.isin(self.table.site_ids).to_numpy(dtype=bool)
        return known

    def nearest(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, k: int = 1
    ) -> pd.DataFrame:
        """Find the nearest sites of each place, among those of the table."""
        found = self.matrix(demand, sites).nearest(k=k)
        none = found["demand_id"].isin(demand["demand_id"][self._rows(demand) < 0])
        lost = found["minutes"].isna() & none
        return found.assign(raison=found["raison"].mask(lost, NOT_GIVEN))

    def matrix(
        self, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, max_minutes: float = np.inf
    ) -> travel.TravelTimes:
        """Return every trip within a bound, among those of the table."""
        rows, wanted = self._rows(demand), sites["site_id"]
        columns = self.table.site_ids.get_indexer(wanted)
        absent = wanted[(columns < 0) & ~wanted.isin(self.told).to_numpy()]
        if len(absent):
            raise NotGivenError(
                f"« {self.file} » ne donne aucun temps vers "
                f"{french.counted(len(absent), 'site')} : {_some(absent)}",
                where="[temps] source",
                remedy="ajouter à la table les trajets des communes vers ces sites",
            )
        shape = (len(rows), len(columns))
        minutes, km = (
            _taken(values, rows, columns, shape) for values in (self.table.minutes, self.table.km)
        )
        times = travel.TravelTimes(
            pd.Index(demand["demand_id"]), pd.Index(wanted), minutes, km, self.table.max_minutes
        )
        return times.between(wanted, max_minutes=max_minutes)

    def _rows(self, demand: gpd.GeoDataFrame) -> NDArray[np.int64]:
        """Return the row of each place, −1 for a commune the table says nothing of."""
        ids = demand["demand_id"]
        own = self.table.demand_ids
        known = set(own)
        started = pd.Series(
            [name if name in known else self.stand_in.get(name, name) for name in ids],
            index=ids.index,
            dtype=object,
        )
        rows: NDArray[np.int64] = own.get_indexer(started)
        absent = ids[(rows < 0) & ~started.isin(self.communes).to_numpy()]
        if len(absent):
            raise NotGivenError(
                f"« {self.file} » ne donne aucun temps depuis {_some(absent)}",
                where="[temps] source",
                remedy="poser cette question à une étude sur routes",
            )
        return rows


def _some(ids: pd.Series) -> str:
    more = ", …" if len(ids) > _NAMED else ""
    return ", ".join(map(str, ids.iloc[:_NAMED])) + more


def _taken(
    values: csr_array,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    shape: tuple[int, int],
) -> csr_array:
    """Return some rows and columns of a sparse table, zeros that are stored kept; −1 is empty."""
    there = np.flatnonzero(rows >= 0)
    picked = values[rows[there]]
    place = np.repeat(there, np.diff(picked.indptr))
    # A column may be asked for once only: sites have one identifier each.
    rank = np.full(values.shape[1], -1, dtype=np.int64)
    rank[columns[columns >= 0]] = np.flatnonzero(columns >= 0)
    column = rank[picked.indices]
    kept = column >= 0
    order = np.lexsort((column[kept], place[kept]))
    start = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(place[kept], minlength=shape[0]), out=start[1:])
    found = column[kept][order].astype(np.int32)
    return csr_array((picked.data[kept][order], found, start), shape=shape)
