"""Rush hour: minutes stretched by the density of the commune each road lies in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from msap_geo.errors import NetworkError
from msap_geo.network.crossings import is_crossing
from msap_geo.network.model import reweighted

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges
    from msap_geo.network.model import RoadNetwork
    from msap_geo.network.profiles import Traffic


def with_traffic(network: RoadNetwork, communes: gpd.GeoDataFrame, traffic: Traffic) -> RoadNetwork:
    """Return the network as it is travelled at rush hour.

    Parameters
    ----------
    network
        Network in free flow; it is left as it is.
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`, in the network's CRS.
    traffic
        Factors by density (``profile.traffic``).

    Returns
    -------
    RoadNetwork
        The same roads, their minutes multiplied by the factor of the commune their middle lies in;
        roads outside every commune given, and crossings, keep theirs.

    Raises
    ------
    NetworkError
        If the communes are not in the network's CRS.
    """
    if communes.crs is None or communes.crs.to_epsg() != network.epsg:
        raise NetworkError(
            f"les communes sont en {communes.crs}, le réseau en EPSG:{network.epsg}",
            remedy=f"projeter la table : communes.to_crs({network.epsg})",
        )
    if not traffic.factors:
        return network
    density = edge_densities(network.edges, communes)
    # NaN sorts last: it is given the first class, then overwritten.
    rank = np.searchsorted(traffic.limits, np.nan_to_num(density), side="left")
    factor = np.where(np.isnan(density), 1.0, np.asarray(traffic.factors)[rank])
    factor[is_crossing(network.edges)] = 1.0
    edges = replace(
        network.edges,
        forward=network.edges.forward * factor,
        backward=network.edges.backward * factor,
    )
    return reweighted(network, edges)


def edge_densities(edges: Edges, communes: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the density of the commune the middle vertex of each edge lies in.

    Parameters
    ----------
    edges
        Road sections.
    communes
        Outlines and population, projected.

    Returns
    -------
    numpy.ndarray
        Inhabitants per km², not a number outside every commune, shape (e,).
    """
    middle = (edges.shape_start[:-1] + edges.shape_start[1:] - 1) // 2
    after = np.minimum(middle + 1, edges.shape_start[1:] - 1)
    # Of a shape without middle vertex (two ends), halfway.
    even = np.diff(edges.shape_start) % 2 == 0
    x, y = (
        np.where(even, (values[middle] + values[after]) / 2, values[middle])
        for values in (edges.shape_x, edges.shape_y)
    )
    outlines = communes.geometry.to_numpy()
    area_km2 = shapely.area(outlines) / 1e6
    people = communes["population"].to_numpy(dtype=float)
    density = np.divide(people, area_km2, out=np.zeros_like(people), where=area_km2 > 0)
    shapely.prepare(outlines)
    points = shapely.points(x, y)
    found, commune = shapely.STRtree(outlines).query(points, predicate="intersects")
    result = np.full(len(points), np.nan)
    result[found] = density[commune]
    return result
