"""A network without roads: town halls joined to their neighbours, for demonstration and triage.

An estimate, labelled as such wherever it shows. Method and measured error are in
``docs/reseau-estime.md``; the parameters are in ``profils/estime.toml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import Delaunay, KDTree, QhullError

from msap_geo.errors import NetworkError
from msap_geo.network.arrays import Edges
from msap_geo.network.model import RoadNetwork, build_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network.profiles import Profile


def estimate_network(
    communes: gpd.GeoDataFrame, origins: gpd.GeoDataFrame, profile: Profile
) -> RoadNetwork:
    """Join the communes' origins into a network of estimated roads.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`, projected (density: population ÷ area).
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, same rows.
    profile
        The ``estime`` profile.

    Returns
    -------
    RoadNetwork
        Two-way links along the Gabriel graph of the origins.

    Raises
    ------
    NetworkError
        If fewer than three communes have a position.
    """
    points = origins.geometry.to_numpy()
    present = np.flatnonzero(~shapely.is_missing(points))
    # Two town halls at one place are one junction: Delaunay would leave the second one out.
    spots = shapely.get_coordinates(points[present])
    present = present[np.sort(np.unique(spots, axis=0, return_index=True)[1])]
    x, y = shapely.get_x(points[present]), shapely.get_y(points[present])
    tail, head = gabriel_graph(x, y)
    area_km2 = shapely.area(communes.geometry.to_numpy()[present]) / 1e6
    people = communes["population"].to_numpy(dtype=float)[present]
    # A commune without outline has no known density: count it among the sparse ones.
    density = np.divide(people, area_km2, out=np.zeros_like(people), where=area_km2 > 0)
    straight_m = np.hypot(x[tail] - x[head], y[tail] - y[head])
    length_m = straight_m * profile.parameters["sinuosite"]
    kmh = edge_speeds(
        (density[tail] + density[head]) / 2,
        limits=profile.parameters["densites_max"],
        speeds_kmh=profile.parameters["vitesses_densite_kmh"],
    )
    minutes = length_m / 1000 / kmh * 60
    vertices = np.column_stack([tail, head]).ravel()
    edges = Edges(
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        forward=minutes,
        backward=minutes,
        length_m=length_m,
        shape_start=np.arange(0, 2 * len(tail) + 1, 2, dtype=np.int64),
        shape_x=x[vertices],
        shape_y=y[vertices],
    )
    return build_network(x, y, edges, profile, epsg=int(communes.crs.to_epsg()))


def gabriel_graph(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of places with no third one in the circle they span.

    Gabriel & Sokal (1969). A subset of the Delaunay edges, connected when places are distinct.

    Parameters
    ----------
    x, y
        Places, metres, shape (n,).

    Returns
    -------
    tail, head
        Index of each pair's ends, tail < head, sorted.

    Raises
    ------
    NetworkError
        If there are fewer than three distinct places, or all on one line.
    """
    places = np.column_stack([x, y])
    try:
        triangles = Delaunay(places).simplices
    except (QhullError, ValueError) as error:
        raise NetworkError(
            "le réseau estimé a besoin d'au moins trois communes non alignées",
            remedy="fournir un réseau routier ([reseau] source) pour un si petit territoire",
        ) from error
    pairs = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    middle = places[pairs].mean(axis=1)
    radius = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) / 2
    nearest, _ = KDTree(places).query(middle)
    empty = nearest >= radius * (1 - 1e-9)
    tail, head = pairs[empty].T
    return tail, head


def edge_speeds(
    density: NDArray[np.float64], *, limits: Sequence[float], speeds_kmh: Sequence[float]
) -> NDArray[np.float64]:
    """Return the speed of each link by the density it crosses.

    Parameters
    ----------
    density
        Inhabitants per km².
    limits
        Upper bound of each density class but the last, inclusive, increasing.
    speeds_kmh
        Speed of each class, one more than the bounds.

    Returns
    -------
    numpy.ndarray
        km/h, same shape as ``density``.
    """
    return np.asarray(speeds_kmh, dtype=float)[np.searchsorted(limits, density, side="left")]
