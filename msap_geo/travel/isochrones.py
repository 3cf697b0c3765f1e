"""Isochrones: where one is within so many minutes of a site.

The plane is sampled: every point of a grid is snapped to the roads as any place would be, and gets
the minutes any place there would get, the leg to the road included. The isochrone is the contour of
that field, so that a point is inside when its own minutes are, up to the grid's resolution.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from msap_geo.errors import DataError
from msap_geo.network import snap
from msap_geo.travel import engine
from msap_geo.travel.legs import along_one_edge, ends, straight_walks
from msap_geo.travel.places import check_places, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.network import RoadNetwork, Snapped
    from msap_geo.travel.engine import Direction, Reach
    from msap_geo.travel.legs import Ends

CELL_M = 100.0
"""Side of the grid's cells, metres: an isochrone's outline is known to about half of it."""

REACH_CELL_M = 400.0
"""Side of the grid's cells of :func:`reach_areas`, metres: a picture of a whole territory."""

_TILE_M = 100_000.0
"""Sites are treated together by tiles of this side, so that the grid fits in memory."""


def isochrones(
    network: RoadNetwork,
    sites: gpd.GeoDataFrame,
    *,
    minutes: float | Sequence[float] = (10.0, 20.0, 30.0),
    direction: Direction = "to",
    cell_m: float = CELL_M,
) -> gpd.GeoDataFrame:
    """Draw the area within each bound of each site.

    Parameters
    ----------
    network
        Road network.
    sites
        Sites with ``site_id`` and points in the network's CRS.
    minutes
        Bound or bounds, inclusive.
    direction
        Of the trips: ``"to"`` the sites, or ``"from"`` them.
    cell_m
        Resolution, metres: a finer one takes the square of the time.

    Returns
    -------
    geopandas.GeoDataFrame
        ``site_id, minutes, area_km2`` and a multipolygon with its holes, one row per site and
        bound, in the order of ``sites`` then of the bounds; each area holds those of the smaller
        bounds. A site off the roads has empty areas.

    Raises
    ------
    NetworkError
        If the sites are not in the network's CRS.
    DataError
        If a bound or the resolution is not positive.
    """
    check_places(network, sites, "site_id")
    engine.check_options(direction=direction)
    bounds = _bounds(minutes)
    if not bounds or not all(0 < bound < np.inf for bound in (*bounds, cell_m)):
        raise DataError(
            "les durées et la résolution d'une isochrone doivent être positives",
            remedy="écrire par exemple minutes=(10, 20, 30)",
        )
    counters = snap(network, sites.geometry)
    reach = engine.reach(
        network,
        ends(network, counters, leaving=direction == "from").seeds(),
        max_minutes=bounds[-1],
        direction=direction,
    )
    areas = np.full((len(sites), len(bounds)), shapely.MultiPolygon(), dtype=object)
    for members in _tiles(sites, counters):
        grid = _grid(network, sites.geometry, counters, reach, members, bounds[-1], cell_m)
        doors = ends(network, grid.snapped, leaving=direction == "to")
        for site in members:
            at_points = _minutes(network, grid, doors, counters, reach, site, direction)
            _walk_straight(network, grid, counters, site, at_points)
            areas[site] = _areas(grid.lattice, at_points, bounds)
    table = gpd.GeoDataFrame(
        {
            "site_id": np.repeat(sites["site_id"].to_numpy(), len(bounds)),
            "minutes": np.tile(bounds, len(sites)),
        },
        geometry=areas.ravel(),
        crs=sites.crs,
    )
    table.insert(2, "area_km2", table.area / 1e6)
    return table


def reach_areas(
    network: RoadNetwork,
    sites: gpd.GeoDataFrame,
    region: shapely.Geometry,
    *,
    minutes: float | Sequence[float],
    cell_m: float = REACH_CELL_M,
) -> gpd.GeoDataFrame:
    """Draw the area from which some site is within each bound, over a whole region at once.

    One search answers for every site: hundreds of them cost no more than one.

    Parameters
    ----------
    network
        Road network.
    sites
        Sites with ``site_id`` and points in the network's CRS.
    region
        Area to sample, in the network's CRS; nothing is drawn outside it but a margin of two cells.
    minutes
        Bound or bounds, inclusive.
    cell_m
        Resolution, metres.

    Returns
    -------
    geopandas.GeoDataFrame
        ``minutes, area_km2`` and a multipolygon with its holes, one row per bound, increasing.

    Raises
    ------
    NetworkError
        If the sites are not in the network's CRS.
    """
    bounds = _bounds(minutes)
    near = shapely.buffer(shapely.simplify(region, cell_m / 2), 2 * cell_m)
    west, south, east, north = (np.array(near.bounds) / cell_m).astype(np.int64)
    column, row = np.mgrid[west - 1 : east + 2, south - 1 : north + 2].reshape(2, -1)
    shapely.prepare(near)
    inside = shapely.contains_xy(near, column * cell_m, row * cell_m)
    column, row = column[inside], row[inside]
    points = gpd.GeoDataFrame(
        {"demand_id": np.arange(len(column)).astype(str)},
        geometry=gpd.points_from_xy(column * cell_m, row * cell_m),
        crs=sites.crs,
    )
    found = nearest(network, points, sites)["minutes"].fillna(np.inf).to_numpy(dtype=float)
    areas = _areas(_lattice(network, column, row, cell_m), found, bounds)
    table = gpd.GeoDataFrame({"minutes": bounds}, geometry=areas, crs=sites.crs)
    table.insert(1, "area_km2", table.area / 1e6)
    return table


def _bounds(minutes: float | Sequence[float]) -> list[float]:
    return sorted({float(bound) for bound in np.atleast_1d(minutes)})


def _tiles(sites: gpd.GeoDataFrame, counters: Snapped) -> list[NDArray[np.int64]]:
    """Group the sites on the roads by tile."""
    on_road = np.flatnonzero(counters.edge >= 0)
    points = shapely.get_coordinates(sites.geometry.to_numpy()[on_road])
    if len(on_road) == 0:
        return []
    _, group = np.unique(np.floor(points / _TILE_M), axis=0, return_inverse=True)
    return [on_road[group.ravel() == one] for one in range(int(group.max()) + 1)]


def _rows(reach: Reach, site: int) -> slice:
    return slice(int(reach.start[site]), int(reach.start[site + 1]))


class _Lattice(NamedTuple):
    """Points of a regular grid.

    Parameters
    ----------
    column, row
        Place of each point in the grid: its coordinates divided by ``cell_m``.
    cell_m, cell_minutes
        From a point to the next: metres, and minutes on foot.
    """

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    cell_m: float
    cell_minutes: float


class _Grid(NamedTuple):
    """Points near the roads within reach, and where they are on the network, for all the sites."""

    lattice: _Lattice
    snapped: Snapped
    points: gpd.GeoSeries
    sites: gpd.GeoSeries


def _grid(
    network: RoadNetwork,
    sites: gpd.GeoSeries,
    counters: Snapped,
    reach: Reach,
    members: NDArray[np.int64],
    longest: float,
    cell_m: float,
) -> _Grid:
    """Lay a grid over what these sites may reach: the roads, and as far as one walks from them."""
    from scipy import ndimage  # noqa: PLC0415 - only isochrones need it

    reached = np.zeros(network.n_nodes, dtype=bool)
    for site in members:
        reached[reach.node[_rows(reach, site)]] = True
    edges = network.edges
    near = reached[edges.tail] | reached[edges.head]
    near |= reached[edges.tail_in] | reached[edges.head_out]
    near &= edges.door
    near[counters.edge[members]] = True
    near &= shapely.length(network.edge_lines) > 0  # a point has no way to be cut in pieces
    roads = shapely.segmentize(network.edge_lines[near], cell_m)
    # The sites themselves: around one far from its road, people walk straight to it.
    places = np.concatenate([roads, sites.to_numpy()[members]])
    cells = np.unique(np.round(shapely.get_coordinates(places) / cell_m).astype(np.int64), axis=0)
    walk_m = min(network.max_snap_m, longest / 60 * network.access_kmh * 1000)
    margin = int(np.ceil(walk_m / cell_m)) + 1
    low, high = cells.min(axis=0) - margin, cells.max(axis=0) + margin
    on_road = np.zeros(tuple(high - low + 1), dtype=bool)
    on_road[tuple((cells - low).T)] = True
    distance = ndimage.distance_transform_edt(~on_road, sampling=cell_m)
    # The roads' cells stand for them to within a cell.
    column, row = np.argwhere(distance <= walk_m + cell_m).T + low[:, None]
    points = gpd.GeoSeries(gpd.points_from_xy(column * cell_m, row * cell_m))
    lattice = _lattice(network, column, row, cell_m)
    return _Grid(lattice, snap(network, points), points, sites)


def _lattice(
    network: RoadNetwork, column: NDArray[np.int64], row: NDArray[np.int64], cell_m: float
) -> _Lattice:
    return _Lattice(column, row, cell_m, cell_m / 1000 / network.access_kmh * 60)


def _minutes(
    network: RoadNetwork,
    grid: _Grid,
    doors: Ends,
    counters: Snapped,
    reach: Reach,
    site: int,
    direction: Direction,
) -> NDArray[np.float64]:
    """Return the minutes of every point of the grid to or from a site, infinite beyond reach."""
    at_node = np.full(network.n_nodes + 1, np.inf)  # the last one is where closed ends lead
    at_node[reach.node[_rows(reach, site)]] = reach.minutes[_rows(reach, site)]
    minutes: NDArray[np.float64] = (doors.minutes + at_node[doors.node]).min(axis=1)
    beside = np.flatnonzero(grid.snapped.edge == counters.edge[site])
    counter = counters.part(np.array([site]))
    trips = along_one_edge(network, grid.snapped.part(beside), counter, direction)
    place = beside[trips.demand]
    minutes[place] = np.minimum(minutes[place], trips.minutes)
    return minutes


def _walk_straight(
    network: RoadNetwork, grid: _Grid, counters: Snapped, site: int, minutes: NDArray[np.float64]
) -> None:
    """Give the points from which one walks straight to the site those minutes, where fewer."""
    one = np.array([site])
    points = grid.points.to_numpy(), grid.sites.to_numpy()[one]
    walks = straight_walks(network, grid.snapped, counters.part(one), points)
    minutes[walks.demand] = np.minimum(minutes[walks.demand], walks.minutes)


def _areas(
    grid: _Lattice, minutes: NDArray[np.float64], bounds: Sequence[float]
) -> list[shapely.MultiPolygon]:
    """Return the area within each bound."""
    within = np.flatnonzero(minutes <= bounds[-1] + grid.cell_minutes)
    if len(within) == 0:
        return [shapely.MultiPolygon()] * len(bounds)
    column, row = grid.column[within], grid.row[within]
    # One point more all round, where nobody is: every outline closes.
    left, bottom = column.min() - 1, row.min() - 1
    field = np.full((row.max() - bottom + 2, column.max() - left + 2), np.inf)
    field[row - bottom, column - left] = minutes[within]
    x = (np.arange(field.shape[1]) + left) * grid.cell_m
    y = (np.arange(field.shape[0]) + bottom) * grid.cell_m
    return [_area(x, y, field, bound, grid.cell_minutes) for bound in bounds]


def _area(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    field: NDArray[np.float64],
    bound: float,
    cell_minutes: float,
) -> shapely.MultiPolygon:
    import contourpy  # noqa: PLC0415 - only isochrones need it

    # Minutes jump where two places take different roads: a cell's walk on each side of the bound
    # is all that counts, so that the outline then passes half way.
    contours = contourpy.contour_generator(
        x,
        y,
        np.clip(field, bound - cell_minutes, bound + cell_minutes),
        fill_type=contourpy.FillType.OuterOffset,
    )
    polygons = []
    for points, offsets in zip(*contours.filled(-np.inf, bound), strict=True):
        rings = [points[begin:end] for begin, end in pairwise(offsets)]
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    area = shapely.make_valid(shapely.MultiPolygon(polygons))
    parts = [part for part in shapely.get_parts(area, return_index=False) if part.area > 0]
    return shapely.MultiPolygon([one for part in parts for one in shapely.get_parts(part)])
