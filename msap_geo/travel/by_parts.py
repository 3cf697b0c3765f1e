"""A country too large for one machine's memory: trips within a bound, a part at a time.

Each part is measured on the roads of its places and of a belt wide enough for the bound
(:mod:`msap_geo.network.cut`); put together, the answers are those of the whole network, to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype
from scipy.sparse import coo_array, csr_array

from msap_geo.errors import DataError
from msap_geo.network import around, belt_m, snap
from msap_geo.travel.places import check_places, matrix, nearest, reasons
from msap_geo.travel.times import TravelTimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork
    from msap_geo.travel.engine import Direction


def nearest_by_parts(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    parts: pd.Series,
    *,
    max_minutes: float,
    k: int = 1,
    direction: Direction = "to",
) -> pd.DataFrame:
    """Find the nearest sites of each place within a bound, a part of the country at a time.

    Parameters
    ----------
    network, demand, sites, k, direction
        As for :func:`msap_geo.travel.nearest`.
    parts
        Part of each place (its département), same rows as ``demand``.
    max_minutes
        Longest trip, inclusive: finite, it is what makes the belt.

    Returns
    -------
    pandas.DataFrame
        What :func:`msap_geo.travel.nearest` gives on the whole network with the same bound.

    Raises
    ------
    DataError
        If the bound is infinite or a place has no part.
    NetworkError
        If a table is not in the network's CRS.
    """
    found = [
        nearest(cut, here, near, k=k, max_minutes=max_minutes, direction=direction)
        for _, here, near, cut in _parts(network, demand, sites, parts, max_minutes)
    ]
    order = pd.Series(range(len(demand)), index=demand["demand_id"])
    # A part where nobody has a site knows not that identifiers are texts.
    kinds = [one["site_id"].dtype for one in found]
    text = next((kind for kind in kinds if not is_object_dtype(kind)), kinds[0])
    table = pd.concat(found, ignore_index=True).astype({"site_id": text})
    place = table["demand_id"].map(order).to_numpy()
    table = table.iloc[np.lexsort((table["rang"], place))].reset_index(drop=True)
    # A belt knows not what lies beyond it: why a place has no site is the whole network's to say.
    row = table["demand_id"].map(order)
    whole = snap(network, demand.geometry), snap(network, sites.geometry)
    return table.assign(raison=reasons(network, *whole, table.assign(row=row), direction))


def matrix_by_parts(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    parts: pd.Series,
    *,
    max_minutes: float,
    direction: Direction = "to",
) -> TravelTimes:
    """Compute the time of every trip within a bound, a part of the country at a time.

    Parameters
    ----------
    network, demand, sites, direction
        As for :func:`msap_geo.travel.matrix`.
    parts
        Part of each place, same rows as ``demand``.
    max_minutes
        Longest trip, inclusive and finite.

    Returns
    -------
    TravelTimes
        What :func:`msap_geo.travel.matrix` gives on the whole network.

    Raises
    ------
    DataError
        If the bound is infinite or a place has no part.
    NetworkError
        If a table is not in the network's CRS.
    """
    columns = pd.Series(range(len(sites)), index=sites["site_id"])
    rows, cells, minutes, km = [], [], [], []
    for at, here, near, cut in _parts(network, demand, sites, parts, max_minutes):
        times = matrix(cut, here, near, max_minutes=max_minutes, direction=direction)
        stored = times.minutes.tocoo()
        rows.append(at[stored.row])
        cells.append(columns.loc[near["site_id"]].to_numpy()[stored.col])
        minutes.append(stored.data)
        km.append(times.km.tocoo().data)
    shape = (len(demand), len(sites))
    row, cell, data, length = (np.concatenate(one) for one in (rows, cells, minutes, km))
    order = np.lexsort((cell, row))
    place = (row[order], cell[order])
    whole = csr_array(coo_array((data[order], place), shape=shape))
    return TravelTimes(
        pd.Index(demand["demand_id"]),
        pd.Index(sites["site_id"]),
        whole,
        csr_array((length[order], whole.indices, whole.indptr), shape=shape),
        float(max_minutes),
    )


def _parts(
    network: RoadNetwork,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    parts: pd.Series,
    max_minutes: float,
) -> Iterator[tuple[NDArray[np.int64], gpd.GeoDataFrame, gpd.GeoDataFrame, RoadNetwork]]:
    """Yield the rows, the places, the sites and the roads of each part."""
    check_places(network, demand, "demand_id")
    check_places(network, sites, "site_id")
    if not np.isfinite(max_minutes):
        raise DataError(
            "un pays ne se découpe pas sans borne de temps", remedy="donner max_minutes"
        )
    if len(parts) != len(demand) or parts.isna().any():
        raise DataError(
            "un lieu n'est dans aucune partie du pays", remedy="donner une partie à chaque lieu"
        )
    belt = belt_m(network, max_minutes)
    labels = parts.to_numpy()
    for part in sorted(set(labels), key=str):
        at = np.flatnonzero(labels == part)
        here = demand.iloc[at]
        west, south, east, north = here.total_bounds
        if not np.isfinite(west):  # nobody of this part has a place: any roads will do
            west, south, east, north = (float(network.x[0]), float(network.y[0])) * 2
        x, y = sites.geometry.x, sites.geometry.y  # NaN without a point: near nothing
        near = sites[x.between(west - belt, east + belt) & y.between(south - belt, north + belt)]
        yield at, here, near, around(network, (west, south, east, north), belt=belt)
