"""Travel between tables of places, snapped to the roads.

A trip is the leg to the road, the part of that road, whole links, the part of the last road, the
leg to the counter; or the straight walk, where it is no longer than those legs. Unless told
otherwise it is the inhabitant's: from the demand to the site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import schemas
from msap_geo.errors import DataError, MissingColumnError, NetworkError
from msap_geo.network import snap
from msap_geo.travel import engine
from msap_geo.travel.legs import Trips, along_one_edge, ends, straight_walks
from msap_geo.travel.times import (
    BEYOND_MAXIMUM,
    NO_ROUTE,
    OFF_NETWORK,
    TIE_MINUTES,
    TravelTimes,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.engine import Direction


_NAMED = 5
"""Duplicates named in a message."""


def nearest(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    k: int = 1,
    max_minutes: float = np.inf,
    direction: Direction = "to",
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
    direction
        Of the trips: ``"to"`` the sites, or ``"from"`` them.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.NEAREST`, in the order of ``demand`` then ``rang``.
        Every place has a row ``rang`` 1; where no site is found its minutes are null and
        ``raison`` says why. Of equally near sites the smallest ``site_id`` comes first. ``acces_m``
        is the leg between the place and the road, metres.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    MissingColumnError, DataError
        If a table lacks its identifiers or holds other things than points, or if an option has no
        meaning.
    """
    check_places(network, demand, "demand_id")
    check_places(network, sites, "site_id")
    engine.check_options(k=k, max_minutes=max_minutes, direction=direction)
    by_id = sites.sort_values("site_id", kind="stable")
    places, counters = snap(network, demand.geometry), snap(network, by_id.geometry)
    near = engine.nearest(
        network,
        ends(network, counters, leaving=direction == "from").seeds(),
        k=k,
        max_minutes=max_minutes,
        direction=direction,
    )
    doors = ends(network, places, leaving=direction == "to")
    rows, sides = np.nonzero(doors.node >= 0)
    nodes = doors.node[rows, sides]
    through = Trips(
        np.repeat(rows, k),
        near.rank[nodes].ravel().astype(np.int64),
        (doors.minutes[rows, sides][:, None] + near.minutes[nodes]).ravel(),
        (doors.length_m[rows, sides][:, None] + near.length_m[nodes]).ravel(),
    )
    points = demand.geometry.to_numpy(), by_id.geometry.to_numpy()
    short = (
        along_one_edge(network, places, counters, direction),
        straight_walks(network, places, counters, points),
    )
    trips = _best(_joined(through, *short), max_minutes)
    table = _nearest_table(demand, by_id, trips, k)
    reason = reasons(network, places, counters, table, direction)
    result = table.assign(acces_m=places.access_m[table["row"]], raison=reason)
    columns = ["demand_id", "rang", "site_id", "minutes", "km", "acces_m", "raison"]
    return schemas.check(result[columns], schemas.NEAREST)


def matrix(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    max_minutes: float = np.inf,
    direction: Direction = "to",
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
    direction
        Of the trips: ``"to"`` the sites, or ``"from"`` them.

    Returns
    -------
    TravelTimes
        Sparse minutes and kilometres, rows in the order of ``demand``, columns of ``sites``.

    Raises
    ------
    NetworkError
        If a table is not in the network's CRS.
    MissingColumnError, DataError
        If a table lacks its identifiers or holds other things than points, or if an option has no
        meaning.
    """
    check_places(network, demand, "demand_id")
    check_places(network, sites, "site_id")
    engine.check_options(max_minutes=max_minutes, direction=direction)
    places, counters = snap(network, demand.geometry), snap(network, sites.geometry)
    to_site = direction == "to"
    outer = ends(network, places, leaving=to_site).seeds()
    inner = ends(network, counters, leaving=not to_site).seeds()
    origins, destinations = (outer, inner) if to_site else (inner, outer)
    minutes, length_m = engine.matrix(network, origins, destinations, max_minutes=max_minutes)
    if not to_site:
        minutes, length_m = csr_array(minutes.T), csr_array(length_m.T)
    points = demand.geometry.to_numpy(), sites.geometry.to_numpy()
    short = _joined(
        along_one_edge(network, places, counters, direction),
        straight_walks(network, places, counters, points),
    )
    minutes, length_m = _with_trips(minutes, length_m, _best(short, max_minutes))
    km = np.divide(length_m.data, 1000, out=length_m.data)
    return TravelTimes(
        pd.Index(demand["demand_id"]),
        pd.Index(sites["site_id"]),
        minutes,
        csr_array((km, minutes.indices, minutes.indptr), shape=minutes.shape),
        float(max_minutes),
    )


def _with_trips(
    minutes: csr_array, length_m: csr_array, trips: Trips
) -> tuple[csr_array, csr_array]:
    """Return the matrices with these trips, one a pair, where they are quicker or alone."""
    if len(trips.demand) == 0:
        return minutes, length_m
    order = np.lexsort((trips.site, trips.demand))
    row, site = trips.demand[order], trips.site[order]
    new_minutes, new_m = trips.minutes[order], trips.length_m[order]
    place, there = _cells(minutes, row, site)
    old, new = place[there], np.flatnonzero(there)
    quicker = (new_minutes[new] < minutes.data[old] - TIE_MINUTES) | (
        (new_minutes[new] <= minutes.data[old] + TIE_MINUTES) & (new_m[new] < length_m.data[old])
    )
    minutes.data[old[quicker]], length_m.data[old[quicker]] = (
        new_minutes[new[quicker]],
        new_m[new[quicker]],
    )
    if there.all():
        return minutes, length_m
    place, alone = place[~there], ~there
    added = np.bincount(row[alone], minlength=minutes.shape[0])
    start = minutes.indptr + np.concatenate([[0], np.cumsum(added)])
    columns = np.insert(minutes.indices, place, site[alone])
    return tuple(
        csr_array((np.insert(old.data, place, new[alone]), columns, start), shape=minutes.shape)
        for old, new in ((minutes, new_minutes), (length_m, new_m))
    )


def _cells(
    matrix: csr_array, row: NDArray[np.int64], column: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where cells are stored, or would be, and whether they are; columns are sorted."""
    low = matrix.indptr[row].astype(np.int64)
    last = matrix.indptr[row + 1].astype(np.int64)
    high = last.copy()
    # All binary searches at once: a matrix has thousands of times more cells than are looked for.
    while (open_ := low < high).any():
        middle = (low + high) // 2
        before = open_ & (matrix.indices[np.where(open_, middle, 0)] < column)
        low, high = np.where(before, middle + 1, low), np.where(open_ & ~before, middle, high)
    there = low < last
    there[there] = matrix.indices[low[there]] == column[there]
    return low, there


def check_places(network: RoadNetwork, table: gpd.GeoDataFrame, identifier: str) -> None:
    """Make sure a table holds points on this network, under unique identifiers.

    A place without position is kept: it has no trip, and says so.

    Raises
    ------
    NetworkError
        If it is not in the network's CRS.
    MissingColumnError, DataError
        If it lacks its identifiers, if some repeat or are no text, or if it holds something else
        than points.
    """
    if not hasattr(table, "columns"):
        raise DataError(
            f"les lieux sont une table, pas {type(table).__name__}",
            remedy="donner une GeoDataFrame de points (geopandas.points_from_xy)",
        )
    if identifier not in table.columns:
        raise MissingColumnError(f"table des lieux : colonne absente : {identifier}")
    _check_identifiers(table[identifier])
    if not hasattr(table, "geom_type"):
        raise DataError(
            "les lieux n'ont pas de position",
            remedy="donner une GeoDataFrame de points (geopandas.points_from_xy)",
        )
    if table.crs is None:
        raise NetworkError(
            "les lieux ne disent pas dans quel système de coordonnées ils sont",
            remedy=f"le dire, puis projeter la table : table.set_crs(4326).to_crs({network.epsg})",
        )
    if table.crs is None or table.crs.to_epsg() != network.epsg:
        raise NetworkError(
            f"les lieux sont en {table.crs}, le réseau en EPSG:{network.epsg}",
            remedy=f"projeter la table : table.to_crs({network.epsg})",
        )
    present = ~(table.geometry.isna() | table.geometry.is_empty)
    if not (table.geom_type[present] == "Point").all():
        raise DataError(
            "les lieux doivent être des points",
            remedy="prendre un point de chaque surface : table.representative_point()",
        )


def _check_identifiers(identifiers: pd.Series) -> None:
    name = identifiers.name
    if identifiers.isna().any():
        raise DataError(
            f"{int(identifiers.isna().sum())} lieux sans identifiant ({name})",
            where=f"table des lieux, rang {int(identifiers.isna().argmax())}",
            remedy="donner un identifiant à chacun",
        )
    if len(identifiers) and pd.api.types.infer_dtype(identifiers, skipna=False) != "string":
        raise DataError(
            f"les identifiants ({name}) doivent être du texte : « 01 » n'est pas 1",
            remedy=f'les écrire en texte : table.assign({name}=table["{name}"].astype(str))',
        )
    repeated = identifiers[identifiers.duplicated()].unique()
    if len(repeated):
        more = ", …" if len(repeated) > _NAMED else ""
        raise DataError(
            f"identifiants en double ({name}) : {', '.join(repeated[:_NAMED])}{more}",
            remedy="garder un lieu de chaque, ou leur donner des identifiants différents",
        )


def _joined(*trips: Trips) -> Trips:
    return Trips(*(np.concatenate(columns) for columns in zip(*trips, strict=True)))


def _coarse(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round minutes just enough for legs, whose sums are rounded, to tie as they should."""
    rounded: NDArray[np.float64] = np.round(minutes / TIE_MINUTES)
    return rounded


def _best(trips: Trips, max_minutes: float) -> Trips:
    """Keep the quickest trip of each pair, within the bound, in order of time then site."""
    kept = np.flatnonzero((trips.site >= 0) & np.isfinite(trips.minutes))
    kept = kept[trips.minutes[kept] <= max_minutes + engine.ROUNDING]
    order = kept[
        np.lexsort(
            (
                trips.length_m[kept],
                trips.site[kept],
                _coarse(trips.minutes[kept]),
                trips.demand[kept],
            )
        )
    ]
    pairs = pd.DataFrame({"demand": trips.demand[order], "site": trips.site[order]})
    demand, site, minutes, length_m = (
        column[order[~pairs.duplicated().to_numpy()]] for column in trips
    )
    return Trips(demand, site, np.minimum(minutes, max_minutes), length_m)


def _nearest_table(
    demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, trips: Trips, k: int
) -> pd.DataFrame:
    """Return the k first trips of each place, one row at least, ``row`` being its rank."""
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
    return table.assign(
        rang=table["rang"].fillna(1).astype("int64"),
        minutes=table["minutes"].astype(float),
        km=table["km"].astype(float),
        demand_id=demand["demand_id"].to_numpy()[table["row"]],
    ).reset_index(drop=True)


def reasons(
    network: RoadNetwork,
    places: Snapped,
    counters: Snapped,
    table: pd.DataFrame,
    direction: Direction,
) -> pd.Series:
    """Say why the places without a site have none; empty text for the others.

    Parameters
    ----------
    network, places, counters
        Roads, and where places and sites meet them.
    table
        A row per place and rank, with ``minutes`` and ``row``, the place's own.
    direction
        Of the trips.
    """
    lost = table["minutes"].isna().to_numpy()
    reason = np.full(len(table), "", dtype=object)
    if lost.any():
        row = table["row"].to_numpy()[lost]
        alone = places.part(row)
        somewhere = _leads_somewhere(network, alone, counters, direction)
        why = np.where(somewhere, BEYOND_MAXIMUM, NO_ROUTE)
        reason[lost] = np.where(alone.edge < 0, OFF_NETWORK, why)
    return pd.Series(reason, index=table.index).astype(str)


def _leads_somewhere(
    network: RoadNetwork, places: Snapped, counters: Snapped, direction: Direction
) -> NDArray[np.bool_]:
    """Tell which places have a trip to some site, however long."""
    seeds = ends(network, counters, leaving=direction == "from").seeds()
    near = engine.nearest(network, seeds, k=1, max_minutes=np.inf, direction=direction)
    doors = ends(network, places, leaving=direction == "to")
    found = (doors.node >= 0) & (near.rank[doors.node, 0] >= 0)
    beside = along_one_edge(network, places, counters, direction)
    joined: NDArray[np.bool_] = found.any(axis=1)
    joined[beside.demand[np.isfinite(beside.minutes)]] = True
    return joined
