"""Travel between tables of places, snapped to the roads.

The direction is that of the inhabitant: from the demand to the site. A trip is the leg to the
road, the part of that road, whole links, the part of the last road, the leg to the counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import schemas
from msap_geo.errors import NetworkError
from msap_geo.network import snap
from msap_geo.travel import kernels

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped


OFF_NETWORK = "hors réseau"
NO_ROUTE = "sans route"
BEYOND_MAXIMUM = "au-delà du maximum"


class _Ends(NamedTuple):
    """The two nodes through which places meet the network: shape (p, 2), node −1 where closed."""

    node: NDArray[np.int64]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]


class _Trips(NamedTuple):
    """Trips in long form, one row each."""

    demand: NDArray[np.int64]
    site: NDArray[np.int64]
    minutes: NDArray[np.float64]
    length_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Sparse travel times from places to sites.

    Parameters
    ----------
    demand_ids, site_ids
        Identifiers of the rows and of the columns.
    minutes, km
        Sparse matrices of the same pattern; a pair that is not stored is beyond ``max_minutes``.
    max_minutes
        Bound the times were computed within, inclusive.
    """

    demand_ids: pd.Index
    site_ids: pd.Index
    minutes: csr_array
    km: csr_array
    max_minutes: float

    def long(self) -> pd.DataFrame:
        """Return the times as a table: ``demand_id, site_id, minutes, km``."""
        times = self.minutes.tocoo()
        return pd.DataFrame(
            {
                "demand_id": self.demand_ids[times.row],
                "site_id": self.site_ids[times.col],
                "minutes": times.data,
                "km": self.km.tocoo().data,
            }
        )


def nearest(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    k: int = 1,
    max_minutes: float = np.inf,
) -> pd.DataFrame:
    """Find the nearest sites of each place, by time.

    Parameters
    ----------
    network
        Road network.
    demand
        Places with ``demand_id`` and points in the network's CRS.
    sites
        Sites with ``site_id`` and points in the network's CRS.
    k
        How many sites to find for each place.
    max_minutes
        Longest trip, inclusive.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.NEAREST`, in the order of ``demand`` then ``rang``.
        Every place has a row ``rang`` 1; where no site is found its minutes are null and
        ``raison`` says why. Of equally near sites the smallest ``site_id`` comes first. ``acces_m``
        is the leg from the place to the road, metres.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    """
    _same_crs(network, demand, sites)
    by_id = sites.sort_values("site_id", kind="stable")
    from_places, to_sites = snap(network, demand.geometry), snap(network, by_id.geometry)
    seeds = _arrivals(network, to_sites)
    open_ = seeds.node >= 0
    minutes, ranks, lengths = kernels.k_nearest(
        *network.reverse,
        seeds.node[open_],
        seeds.minutes[open_],
        seeds.length_m[open_],
        np.nonzero(open_)[0],
        k,
        float(max_minutes),
    )
    ends = _departures(network, from_places)
    rows, sides = np.nonzero(ends.node >= 0)
    nodes = ends.node[rows, sides]
    through = _Trips(
        np.repeat(rows, k),
        ranks[nodes].ravel(),
        (ends.minutes[rows, sides][:, None] + minutes[nodes]).ravel(),
        (ends.length_m[rows, sides][:, None] + lengths[nodes]).ravel(),
    )
    trips = _best(_joined(through, _along_one_edge(network, from_places, to_sites)), max_minutes)
    return _nearest_table(demand, by_id, from_places, to_sites, trips, k, max_minutes)


def matrix(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    max_minutes: float = np.inf,
) -> TravelTimes:
    """Compute the time of every trip within a bound.

    Parameters
    ----------
    network
        Road network.
    demand
        Places with ``demand_id`` and points in the network's CRS.
    sites
        Sites with ``site_id`` and points in the network's CRS.
    max_minutes
        Longest trip kept, inclusive.

    Returns
    -------
    TravelTimes
        Sparse minutes and kilometres, rows in the order of ``demand``, columns of ``sites``.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    """
    _same_crs(network, demand, sites)
    from_places, to_sites = snap(network, demand.geometry), snap(network, sites.geometry)
    seeds, ends = _arrivals(network, to_sites), _departures(network, from_places)
    open_ = seeds.node >= 0
    seed_start = np.concatenate([[0], np.cumsum(open_.sum(axis=1))])
    start, place, minutes, lengths = kernels.bounded_rows(
        *network.reverse,
        seed_start,
        seeds.node[open_],
        seeds.minutes[open_],
        seeds.length_m[open_],
        *ends,
        float(max_minutes),
    )
    site = np.repeat(np.arange(len(sites)), np.diff(start))
    through = _Trips(place, site, minutes, lengths)
    trips = _best(_joined(through, _along_one_edge(network, from_places, to_sites)), max_minutes)
    shape = (len(demand), len(sites))
    order = np.lexsort((trips.site, trips.demand))
    cells = (trips.demand[order], trips.site[order])
    return TravelTimes(
        pd.Index(demand["demand_id"]),
        pd.Index(sites["site_id"]),
        csr_array((trips.minutes[order], cells), shape=shape),
        csr_array((trips.length_m[order] / 1000, cells), shape=shape),
        float(max_minutes),
    )


def _same_crs(network: RoadNetwork, *tables: gpd.GeoDataFrame) -> None:
    for table in tables:
        if table.crs is None or table.crs.to_epsg() != network.epsg:
            raise NetworkError(
                f"les lieux sont en {table.crs}, le réseau en EPSG:{network.epsg}",
                remedy=f"projeter la table : table.to_crs({network.epsg})",
            )


def _departures(network: RoadNetwork, places: Snapped) -> _Ends:
    """Cost of reaching each end of the road a place is on."""
    edges, e, f = network.edges, places.edge, places.fraction
    to_tail, to_head = _part(f, edges.backward[e]), _part(1 - f, edges.forward[e])
    return _ends(network, places, np.column_stack([to_tail, to_head]))


def _arrivals(network: RoadNetwork, places: Snapped) -> _Ends:
    """Cost of reaching a place from each end of the road it is on."""
    edges, e, f = network.edges, places.edge, places.fraction
    from_tail, from_head = _part(f, edges.forward[e]), _part(1 - f, edges.backward[e])
    return _ends(network, places, np.column_stack([from_tail, from_head]))


def _part(share: NDArray[np.float64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the minutes of a part of a road; none of it takes none, even where it is closed."""
    with np.errstate(invalid="ignore"):
        return np.where(share == 0, 0.0, share * minutes)


def _ends(network: RoadNetwork, places: Snapped, along: NDArray[np.float64]) -> _Ends:
    edges, e, f = network.edges, places.edge, places.fraction
    closed = ~np.isfinite(along) | (e < 0)[:, None]
    node = np.where(closed, -1, np.column_stack([edges.tail[e], edges.head[e]])).astype(np.int64)
    length_m = np.column_stack([f, 1 - f]) * edges.length_m[e][:, None]
    return _Ends(
        node,
        along + _access_minutes(network, places)[:, None],
        length_m + places.access_m[:, None],
    )


def _access_minutes(network: RoadNetwork, places: Snapped) -> NDArray[np.float64]:
    minutes: NDArray[np.float64] = places.access_m / 1000 / network.access_kmh * 60
    return minutes


def _along_one_edge(network: RoadNetwork, places: Snapped, sites: Snapped) -> _Trips:
    """Trips between two points of one road that need no junction."""
    on = pd.DataFrame({"edge": places.edge, "demand": np.arange(len(places.edge))})
    at = pd.DataFrame({"edge": sites.edge, "site": np.arange(len(sites.edge))})
    pairs = on[on["edge"] >= 0].merge(at, on="edge")
    p, s = pairs["demand"].to_numpy(), pairs["site"].to_numpy()
    edge = pairs["edge"].to_numpy()
    ahead = sites.fraction[s] - places.fraction[p]
    along = np.where(ahead >= 0, network.edges.forward[edge], network.edges.backward[edge])
    share = np.abs(ahead)
    access = _access_minutes(network, places)[p] + _access_minutes(network, sites)[s]
    length_m = share * network.edges.length_m[edge] + places.access_m[p] + sites.access_m[s]
    return _Trips(p, s, _part(share, along) + access, length_m)


def _joined(first: _Trips, second: _Trips) -> _Trips:
    return _Trips(*(np.concatenate(columns) for columns in zip(first, second, strict=True)))


def _best(trips: _Trips, max_minutes: float) -> _Trips:
    """Keep the quickest trip of each pair, within the bound, in order of time then site."""
    kept = np.flatnonzero((trips.site >= 0) & np.isfinite(trips.minutes))
    kept = kept[trips.minutes[kept] <= max_minutes]
    order = kept[
        np.lexsort(
            (trips.length_m[kept], trips.site[kept], trips.minutes[kept], trips.demand[kept])
        )
    ]
    pairs = pd.DataFrame({"demand": trips.demand[order], "site": trips.site[order]})
    order = order[~pairs.duplicated().to_numpy()]
    return _Trips(*(column[order] for column in trips))


def _nearest_table(
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    places: Snapped,
    to_sites: Snapped,
    trips: _Trips,
    k: int,
    max_minutes: float,
) -> pd.DataFrame:
    rang = pd.Series(trips.demand).groupby(trips.demand).cumcount().to_numpy() + 1
    first = rang <= k
    found = pd.DataFrame(
        {
            "row": trips.demand[first],
            "rang": rang[first],
            "site_id": sites["site_id"].to_numpy(dtype=object)[trips.site[first]],
            "minutes": trips.minutes[first],
            "km": trips.length_m[first] / 1000,
        }
    )
    everyone = pd.DataFrame({"row": np.arange(len(demand))})
    table = everyone.merge(found, on="row", how="left").sort_values(["row", "rang"])
    table["rang"] = table["rang"].fillna(1).astype("int64")
    lost = table["minutes"].isna()
    off = pd.Series(places.edge < 0)[table["row"]].to_numpy()
    some_site = bool((to_sites.edge >= 0).any())
    otherwise = BEYOND_MAXIMUM if some_site and np.isfinite(max_minutes) else NO_ROUTE
    reason = np.where(lost & off, OFF_NETWORK, np.where(lost, otherwise, ""))
    table.insert(0, "demand_id", demand["demand_id"].to_numpy()[table["row"]])
    result = table.assign(
        minutes=table["minutes"].astype(float),
        km=table["km"].astype(float),
        acces_m=places.access_m[table["row"]],
        raison=pd.Series(reason, index=table.index).astype(str),
    )[["demand_id", "rang", "site_id", "minutes", "km", "acces_m", "raison"]]
    return schemas.check(result.reset_index(drop=True), schemas.NEAREST)
