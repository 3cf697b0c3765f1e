"""Areas that share their borders, each border stored once.

The outline of any group of areas is then the arcs used once among them: the page draws zones,
catchments and départements from the communes' own arcs, and simplifying cannot tear neighbours
apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyproj
import shapely

from msap_geo.outputs.page.packing import pack

if TYPE_CHECKING:
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray

WORLD_M = 2 * np.pi * 6_378_137.0
"""Side of the square the world fills in Web Mercator, metres (EPSG:3857)."""


class Grid(NamedTuple):
    """Where whole coordinates stand: the square of the world is one by one, its corner north-west.

    Parameters
    ----------
    x, y
        Of the grid's origin, the north-west corner of the map.
    step
        From one whole number to the next.
    """

    x: float
    y: float
    step: float


class Topology(NamedTuple):
    """Rings as sequences of arcs, arcs as sequences of whole points.

    Parameters
    ----------
    start, points
        Points of arc ``i`` are ``points[start[i]:start[i + 1]]``, shape (p, 2), on the grid.
    ring_start, ring_arcs
        Arcs of ring ``i``: twice the arc's number, plus one when it is walked backwards.
    area_rings
        How many rings each area has, shape (n,); an area without any has no place on the map.
    """

    start: NDArray[np.int64]
    points: NDArray[np.int64]
    ring_start: NDArray[np.int64]
    ring_arcs: NDArray[np.int64]
    area_rings: NDArray[np.int64]


def simplified(areas: gpd.GeoSeries, *, tolerance_m: float) -> gpd.GeoSeries:
    """Simplify shared borders once, so that neighbours stay joined.

    Parameters
    ----------
    areas
        Polygons in metres, possibly null.
    tolerance_m
        Square root of the smallest area a bend may enclose
        (:func:`shapely.coverage_simplify`, Visvalingam–Whyatt), metres.
    """
    drawn = areas.copy()
    known = areas.notna().to_numpy()
    if tolerance_m > 0 and known.any():
        drawn[known] = shapely.coverage_simplify(areas[known].to_numpy(), tolerance_m)
    return drawn


def grid_of(areas: gpd.GeoSeries, *, step_m: float) -> Grid:
    """Lay the grid of a map over its areas.

    Parameters
    ----------
    areas
        Areas in any CRS; at least one is not null.
    step_m
        Metres on the ground from one whole coordinate to the next, in the middle of the map.
    """
    west, south, east, north = bounds_in_degrees(areas)
    shrunk = np.cos(np.radians((south + north) / 2))
    x, y = _on_square(np.array([west, east]), np.array([south, north]))
    return Grid(float(x[0]), float(y[1]), step_m / shrunk / WORLD_M)


def bounds_in_degrees(areas: gpd.GeoSeries) -> tuple[float, float, float, float]:
    """Return the west, south, east and north of areas, possibly null; NaN where all are.

    Their points are projected, no geometry is made of them again.
    """
    points = shapely.get_coordinates(areas.to_numpy())
    if not len(points):
        return np.nan, np.nan, np.nan, np.nan
    to_degrees = pyproj.Transformer.from_crs(areas.crs, 4326, always_xy=True)
    x, y = to_degrees.transform(points[:, 0], points[:, 1])
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _on_square(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project degrees onto the square of the world (spherical Web Mercator, as Leaflet's)."""
    sine = np.sin(np.radians(latitude))
    return longitude / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)


def on_grid(points: NDArray[np.float64], grid: Grid, *, crs: Any) -> NDArray[np.int64]:
    """Put points on the grid.

    Parameters
    ----------
    points
        Shape (p, 2), in ``crs``.
    grid
        Where to.
    crs
        Of the points.

    Returns
    -------
    numpy.ndarray
        Whole coordinates, x eastwards and y southwards, shape (p, 2).
    """
    to_degrees = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
    x, y = _on_square(*to_degrees.transform(points[:, 0], points[:, 1]))
    whole = np.rint(np.column_stack([x - grid.x, y - grid.y]) / grid.step)
    return whole.astype(np.int64)


def degrees_of(
    x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the longitude and latitude of points of the grid; the other way of :func:`on_grid`."""
    longitude = (grid.x + x * grid.step - 0.5) * 360
    sine = np.tanh((0.5 - grid.y - y * grid.step) * 2 * np.pi)
    return longitude, np.degrees(np.arcsin(sine))


def lines_on_grid(lines: gpd.GeoSeries, grid: Grid) -> str:
    """Write lines as arcs (``trace.js``): of each its points, then the steps between them."""
    points, line = shapely.get_coordinates(lines.to_numpy(), return_index=True)
    if len(points) == 0:
        return ""
    whole = on_grid(points, grid, crs=lines.crs)
    counts = np.bincount(line)
    steps = np.diff(whole, axis=0, prepend=0).ravel()
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return pack(np.insert(steps, 2 * start, counts))


def topology(areas: gpd.GeoSeries, grid: Grid) -> Topology:
    """Cut the outlines of areas into arcs, each stored once.

    Two outlines share what they share vertex by vertex, which :func:`simplified` keeps. An arc
    runs between places where three borders meet, or all the way round; arcs are numbered in the
    order the rings meet them.

    Parameters
    ----------
    areas
        Polygons and multipolygons, possibly null.
    grid
        Where their points are put; rings too small for it vanish, unless an area would have none.
    """
    shapes = areas.to_numpy()
    polygons, of_area = shapely.get_parts(shapes, return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    whole = on_grid(points, grid, crs=areas.crs)
    # Points that fell together count once; the closing point of a ring is its first one.
    same = (of_ring[1:] == of_ring[:-1]) & (whole[1:] == whole[:-1]).all(axis=1)
    keep = np.concatenate([[True], ~same])
    whole, of_ring = whole[keep], of_ring[keep]
    ring_area = of_area[of_polygon]
    large = np.bincount(of_ring, minlength=len(rings)) > 3  # noqa: PLR2004 - three corners, and back
    large |= _largest_of_each(shapely.length(rings), ring_area, large)
    kept = large[of_ring] & (np.bincount(of_ring, minlength=len(rings)) > 1)[of_ring]
    ring_number = np.cumsum(np.isin(np.arange(len(rings)), of_ring[kept])) - 1
    used = np.unique(of_ring[kept])
    cut = _cut(whole[kept], ring_number[of_ring[kept]])
    return Topology(*cut, np.bincount(ring_area[used], minlength=len(shapes)))


def _largest_of_each(
    length: NDArray[np.float64], area: NDArray[np.int64], kept: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the longest ring of each area none of whose rings is kept."""
    order = np.lexsort((-length, area))
    first = order[np.unique(area[order], return_index=True)[1]]
    chosen = np.zeros(len(area), dtype=bool)
    chosen[first[~np.isin(area[first], area[kept])]] = True
    return chosen


def _cut(
    points: NDArray[np.int64], ring: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut closed rings where borders meet; return arcs, then the rings as arcs."""
    if len(points) == 0:
        none = np.zeros(0, dtype=np.int64)
        return np.zeros(1, dtype=np.int64), points, np.zeros(1, dtype=np.int64), none
    vertex = _numbered(points)
    n_rings = int(ring[-1]) + 1
    # Edges are the steps inside a ring; each ring has one point more than edges.
    step = np.flatnonzero(ring[1:] == ring[:-1])
    tail, head = vertex[step], vertex[step + 1]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    pairs, edge = np.unique(low * (vertex.max() + 1) + high, return_inverse=True)
    ends = np.stack([pairs // (vertex.max() + 1), pairs % (vertex.max() + 1)])
    degree = np.bincount(ends.ravel(), minlength=int(vertex.max()) + 1)
    # Rings are turned so that they begin at a junction, if they have one.
    of_ring = ring[step]
    begin = np.searchsorted(of_ring, np.arange(n_rings))
    size = np.diff(np.append(begin, len(step)))
    place = np.arange(len(step)) - begin[of_ring]
    junction = degree[tail] != 2  # noqa: PLR2004 - a point passed through has two borders
    first = np.full(n_rings, 0, dtype=np.int64)
    at = np.flatnonzero(junction)[::-1]
    first[of_ring[at]] = place[at]
    turned = begin[of_ring] + (place + first[of_ring]) % size[of_ring]
    starts_here = junction[turned] | (place == 0)
    piece_at = np.flatnonzero(starts_here)
    piece = np.cumsum(starts_here) - 1
    # A border is known by the least of its edges, and its direction by that edge's.
    key = np.minimum.reduceat(edge[turned], piece_at)
    holder = np.zeros(len(piece_at), dtype=np.int64)
    is_key = np.flatnonzero(edge[turned] == key[piece])
    holder[piece[is_key[::-1]]] = turned[is_key[::-1]]
    forward = tail[holder] < head[holder]
    _, model, arc = np.unique(key, return_index=True, return_inverse=True)
    by_first_use = np.argsort(model, kind="stable")
    number = np.empty(len(model), dtype=np.int64)
    number[by_first_use] = np.arange(len(model))
    backwards = forward != forward[model[arc]]
    refs = 2 * number[arc] + backwards
    ring_start = np.searchsorted(of_ring[piece_at], np.arange(n_rings + 1))
    chosen = model[by_first_use]
    lengths = np.diff(np.append(piece_at, len(step)))[chosen]
    start = np.concatenate([[0], np.cumsum(lengths + 1)])
    member = np.repeat(np.arange(len(chosen)), lengths + 1)
    offset = np.arange(start[-1]) - start[member]
    inside = np.minimum(offset, lengths[member] - 1)
    along = turned[piece_at[chosen][member] + inside]
    last = offset == lengths[member]
    return start, points[step[along] + last], ring_start, refs


def _numbered(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each point among the places there are, by x then y.

    Each is told by one whole number: sorting rows of two takes several times as long.
    """
    low = points.min(axis=0)
    span = points.max(axis=0) - low + 1
    if float(span[0]) * float(span[1]) > np.iinfo(np.int64).max:
        number = np.unique(points, axis=0, return_inverse=True)[1]
    else:
        key = (points[:, 0] - low[0]) * span[1] + points[:, 1] - low[1]
        number = np.unique(key, return_inverse=True)[1]
    return number.ravel().astype(np.int64)


def packed(shape: Topology) -> dict[str, str]:
    """Write a topology as the page reads it (``trace.js``).

    Returns
    -------
    dict
        ``arcs``: for each arc its number of points, then the steps from point to point, the first
        from the last point of the arc before. ``anneaux``: for each area its number of rings, for
        each ring its number of arcs, then for each arc 0 if it is the next new one, else how far
        back it was numbered, twice, plus one when it is walked backwards.
    """
    steps = np.diff(shape.points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    arcs = np.insert(steps.ravel(), 2 * shape.start[:-1], np.diff(shape.start))
    new = np.zeros(len(shape.ring_arcs), dtype=bool)
    new[np.unique(shape.ring_arcs >> 1, return_index=True)[1]] = True
    known = np.cumsum(new)
    back = np.where(new, 0, 2 * (known - (shape.ring_arcs >> 1)) + (shape.ring_arcs & 1))
    with_sizes = np.insert(back, shape.ring_start[:-1], np.diff(shape.ring_start))
    ring_place = shape.ring_start[:-1] + np.arange(len(shape.ring_start) - 1)
    ring_place = np.append(ring_place, len(with_sizes))
    first_ring = np.concatenate([[0], np.cumsum(shape.area_rings)[:-1]]).astype(np.int64)
    rings = np.insert(with_sizes, ring_place[first_ring], shape.area_rings)
    return {"arcs": pack(arcs), "anneaux": pack(rings)}
