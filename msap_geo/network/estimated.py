"""A network without roads: neighbouring town halls joined over land, for a first look.

An estimate, labelled as such wherever it shows. Method, measured error and limits are in
``docs/reseau-estime.md``; the parameters are in ``profils/estime.toml`` and come from
``scripts/calibrate_estimated.py``.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError

from msap_geo.errors import NetworkError
from msap_geo.network.arrays import Edges
from msap_geo.network.land import across_water, over_land, share_through_others
from msap_geo.network.model import RoadNetwork, build_network
from msap_geo.network.surroundings import Surroundings, surroundings
from msap_geo.territory import LAMBERT_93, WGS84

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network.crossings import Crossing
    from msap_geo.network.profiles import Profile

_UNKNOWN_RADIUS_M = 2200.0
_STUB_M = 100.0
_MEASURED = ("2A", "2B")


def estimate_network(
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    profile: Profile,
    *,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Join the communes' origins into a network of estimated roads.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`, projected.
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, same rows.
    profile
        The ``estime`` profile.
    crossings
        Crossings declared by the study.

    Returns
    -------
    RoadNetwork
        Two-way links between neighbours (:func:`delaunay_pairs`) that land joins
        (:func:`msap_geo.network.land.over_land`); an island is a network of its own, be it of one
        commune.

    Raises
    ------
    NetworkError
        If no commune has a position.
    """
    points = origins.geometry.to_numpy()
    present = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    if not present.size:
        raise NetworkError(
            "aucune commune de l'étude n'a de position : le réseau estimé n'a rien à joindre",
            remedy="vérifier les fichiers des communes et des mairies",
        )
    # Two town halls at one place are one junction: Delaunay would leave the second one out.
    spots = shapely.get_coordinates(points[present])
    present = present[np.sort(np.unique(spots, axis=0, return_index=True)[1])]
    known = communes.iloc[present]
    points = points[present]
    x, y = shapely.get_x(points), shapely.get_y(points)
    outlines = known.geometry.to_numpy()
    unknown = shapely.is_missing(outlines) | shapely.is_empty(outlines)
    around = surroundings(x, y, outlines, known["population"].to_numpy(dtype=float))
    land = np.where(unknown, shapely.buffer(points, _UNKNOWN_RADIUS_M), outlines)
    tail, head = over_land(x, y, land, *delaunay_pairs(x, y), land=_ground(communes, land))
    dry = ~across_water(x, y, tail, head, _waters(int(communes.crs.to_epsg())))
    tail, head = _with_links((tail[dry], head[dry]), known["code_insee"].to_numpy())
    measured = known["departement"].isin(_MEASURED).to_numpy(dtype=float)
    through = share_through_others(x, y, land, tail, head)
    minutes = link_minutes(x, y, tail, head, around, measured, through, profile.parameters)
    islands = np.setdiff1d(np.arange(len(x)), np.concatenate([tail, head]))
    tail, head = np.append(tail, islands), np.append(head, len(x) + np.arange(len(islands)))
    ends = _somewhere_else(land[islands], points[islands])
    slow = profile.parameters["minutes_par_km"]
    stub_km = np.hypot(ends[:, 0] - x[islands], ends[:, 1] - y[islands]) / 1000
    minutes = np.append(minutes, slow * stub_km)
    x, y = np.append(x, ends[:, 0]), np.append(y, ends[:, 1])
    length_m = np.hypot(x[tail] - x[head], y[tail] - y[head]) * profile.parameters["sinuosite"]
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
    epsg = int(communes.crs.to_epsg())
    # Everything is kept: what no link joins is an island, not a stretch cut off by mistake.
    roads = build_network(x, y, edges, profile, epsg=epsg, crossings=crossings, keep_all=True)
    parts = _parts(roads.edges.tail, roads.edges.head, len(x))
    return replace(
        roads,
        access_minutes=profile.parameters["minutes_au_depart"] / 2,
        report=replace(roads.report, islands=parts - 1),
    )


def link_minutes(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    around: Surroundings,
    measured: NDArray[np.float64],
    through: NDArray[np.float64],
    parameters: Mapping[str, Any],
) -> NDArray[np.float64]:
    """Return the minutes of straight links between places.

    Parameters
    ----------
    x, y
        Places, metres.
    tail, head
        Index of each link's ends.
    around
        What the communes tell (:func:`msap_geo.network.surroundings.surroundings`).
    measured
        One for the communes whose relief was measured on real roads, zero for the others.
    through
        Share of each link outside the communes of its ends
        (:func:`msap_geo.network.land.share_through_others`): it follows a through road.
    parameters
        ``minutes_par_km``, and the effects on its logarithm of the less populated end
        (``effet_population``), of the mean of both ends (``effet_espacement``, ``effet_corse``),
        and of ``through`` (``effet_traversee``).

    Returns
    -------
    numpy.ndarray
        Minutes, shape (e,).
    """
    pace = parameters["effet_espacement"] * around.spacing + parameters["effet_corse"] * measured
    effects = (
        (pace[tail] + pace[head]) / 2
        + parameters["effet_population"] * np.minimum(around.people[tail], around.people[head])
        + parameters["effet_traversee"] * through
    )
    km = np.hypot(x[tail] - x[head], y[tail] - y[head]) / 1000
    minutes: NDArray[np.float64] = km * parameters["minutes_par_km"] * np.exp(effects)
    return minutes


def delaunay_pairs(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the neighbours among places: the sides of their Delaunay triangles.

    A way along them is hardly longer than the straight line, whatever its direction. Places on one
    line have no triangle: each is joined to the next, and a place alone to none.

    Parameters
    ----------
    x, y
        Distinct places, metres, shape (n,).

    Returns
    -------
    tail, head
        Index of each pair's ends, tail < head, sorted.
    """
    places = np.column_stack([x, y])
    try:
        triangles = Delaunay(places).simplices
    except (QhullError, ValueError):
        order = _along_line(places)
        sides = np.column_stack([order[:-1], order[1:]])
    else:
        sides = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.sort(sides, axis=1), axis=0).astype(np.int64)
    return pairs[:, 0], pairs[:, 1]


def _along_line(places: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order of places along the line nearest to them."""
    from_middle = places - places.mean(axis=0)
    direction = np.linalg.svd(from_middle, full_matrices=False)[2][0]
    return np.argsort(from_middle @ direction, kind="stable")


def _told() -> dict[str, Any]:
    text = (files("msap_geo.network") / "liaisons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _waters(epsg: int) -> NDArray[np.object_]:
    """Return the waters that outlines do not tell, projected; none out of the métropole."""
    if epsg != LAMBERT_93:
        return np.array([], dtype=object)
    to_metres = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True)
    lines = [
        shapely.LineString(np.column_stack(to_metres.transform(*np.array(water["ligne"]).T)))
        for water in _told()["eau"]
    ]
    return np.array(lines, dtype=object)


def _with_links(
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]], codes: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add the bridges and the ways to enclaves that outlines do not tell."""
    row = {code: i for i, code in enumerate(codes)}
    told = _told()
    links = [
        (row[link["de"]], row[link["a"]])
        for link in (*told["pont"], *told["enclave"])
        if link["de"] in row and link["a"] in row
    ]
    added = np.array(links, dtype=np.int64).reshape(-1, 2)
    every = np.unique(np.sort(np.vstack([np.column_stack(pairs), added]), axis=1), axis=0)
    return every[:, 0], every[:, 1]


def _ground(communes: gpd.GeoDataFrame, outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return all the land known: a commune without a place of its own is crossed like another."""
    every = communes.geometry.to_numpy()
    known = every[~(shapely.is_missing(every) | shapely.is_empty(every))]
    ground: NDArray[np.object_] = np.concatenate([known, outlines])
    return ground


def _somewhere_else(
    outlines: NDArray[np.object_], points: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Return another point of each commune: an island of one commune has a road too."""
    other = shapely.get_coordinates(shapely.point_on_surface(outlines)).reshape(-1, 2)
    here = shapely.get_coordinates(points).reshape(-1, 2)
    same = np.hypot(*(other - here).T) < _STUB_M
    other[same, 0] = here[same, 0] + _STUB_M
    return other


def _parts(tail: NDArray[np.int32], head: NDArray[np.int32], n: int) -> int:
    links = coo_array((np.ones(len(tail)), (tail, head)), shape=(n, n)).tocsr()
    return int(connected_components(links, directed=False)[0])
