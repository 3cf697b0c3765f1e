"""What a map is drawn on, as its page carries it: sea, neighbours, rivers, relief."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from msap_geo.outputs.page.topology import (
    WORLD_M,
    Grid,
    degrees_of,
    lines_on_grid,
    on_grid,
    packed,
    topology,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from msap_geo.loaders import Relief, Scenery

_AROUND = 2.3
"""Side of the square drawn around a territory, in its longest sides: what a wide screen shows."""

_MOST_SURFACES, _MOST_LINES, _MOST_RELIEF = 60_000, 120_000, 150_000
"""Bytes of the page for the sea or the neighbours, for rivers, for relief."""

_SHORTEST_RIVER_M = 1500.0
_RELIEF_PIXELS, _FEWEST_PIXELS = 700, 90
_LIGHT, _HEIGHT, _RAISED = 315.0, 45.0, 1.5
"""Where the light comes from (degrees from the north, above the horizon), and how much heights are
raised: the usual north-west light of maps."""

_GREYS, _DARKEST = 16, 150
"""Shades of relief, and the opacity of black in the darkest, of 255."""


def scenery_data(
    scenery: Scenery | None, communes: gpd.GeoDataFrame, drawn: gpd.GeoSeries, grid: Grid
) -> dict[str, Any]:
    """Return what the page draws under and over its communes, where the study gives it.

    Parameters
    ----------
    scenery
        What is given.
    communes
        Communes of the territory, with their département.
    drawn
        Their simplified outlines, same rows.
    grid
        Grid of the page.

    Returns
    -------
    dict
        ``mer``, ``voisins``, ``rivieres``, ``relief``: those there are, simplified until each holds
        in its share of the page.
    """
    if scenery is None:
        return {}
    known = drawn.dropna()
    frame = _frame(known)
    found = {
        "mer": _surfaces(scenery.sea, frame, grid),
        "voisins": _neighbours(scenery.neighbours, communes, known, frame, grid),
        "rivieres": _rivers(scenery.rivers, frame, grid),
        "relief": _shading(scenery.relief, known, grid),
    }
    return {name: part for name, part in found.items() if part}


def _frame(areas: gpd.GeoSeries) -> shapely.Polygon:
    west, south, east, north = areas.total_bounds
    half = max(east - west, north - south) * _AROUND / 2
    x, y = (west + east) / 2, (south + north) / 2
    square: shapely.Polygon = shapely.box(x - half, y - half, x + half, y + half)
    return square


def _within(most: int, first_m: float, make: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
    """Return the finest of ever coarser parts that holds in a weight."""
    tolerance = first_m
    while True:
        part = make(tolerance)
        weight = sum(len(text) for text in part.values() if isinstance(text, str))
        if weight <= most:
            return part
        tolerance *= 1.6


def _clipped(table: gpd.GeoDataFrame | None, frame: shapely.Polygon) -> gpd.GeoDataFrame | None:
    """Return what a layer holds of the frame."""
    if table is None:
        return None
    near = table[table.geometry.intersects(frame)]
    near = near.set_geometry(shapely.intersection(near.geometry.to_numpy(), frame), crs=near.crs)
    near = near[~near.geometry.is_empty]
    return near.reset_index(drop=True) if len(near) else None


def _surfaces(
    table: gpd.GeoDataFrame | None, frame: shapely.Polygon, grid: Grid
) -> dict[str, Any] | None:
    near = _clipped(table, frame)
    if near is None:
        return None
    whole = shapely.union_all(near.geometry.to_numpy())
    first = _finest(frame)

    def make(tolerance: float) -> dict[str, Any]:
        simple = shapely.make_valid(shapely.simplify(whole, tolerance))
        areas = gpd.GeoSeries([_polygons(simple)], crs=near.crs)
        return packed(topology(areas, grid))

    return _within(_MOST_SURFACES, first, make)


def _finest(frame: shapely.Polygon) -> float:
    """Return metres a pixel of the first view covers, about."""
    return float(shapely.length(frame)) / 4 / 1600


def _polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    return shapely.MultiPolygon([one for one in parts if one.geom_type == "Polygon"])


def _neighbours(
    table: gpd.GeoDataFrame | None,
    communes: gpd.GeoDataFrame,
    known: gpd.GeoSeries,
    frame: shapely.Polygon,
    grid: Grid,
) -> dict[str, Any] | None:
    """Return the neighbouring départements: outlines that meet, and where their names stand."""
    if table is None:
        return None
    table = table[~table["code"].isin(set(communes["departement"]))]
    inside = shapely.union_all(known.to_numpy())
    # Without codes, what lies mostly in the territory is no neighbour.
    ours = shapely.contains_xy(
        inside, shapely.get_coordinates(shapely.point_on_surface(table.geometry.to_numpy()))
    )
    near = _clipped(table[~ours], frame)
    if near is None:
        return None

    def make(tolerance: float) -> dict[str, Any]:
        simple = shapely.make_valid(shapely.simplify(near.geometry.to_numpy(), tolerance))
        areas = gpd.GeoSeries([_polygons(one) for one in simple], crs=near.crs)
        return packed(topology(areas, grid))

    points = shapely.point_on_surface(near.geometry.to_numpy())
    return {
        "trace": _within(_MOST_SURFACES, _finest(frame), make),
        "noms": near["nom"].tolist(),
        "points": on_grid(shapely.get_coordinates(points), grid, crs=near.crs).tolist(),
    }


def _rivers(
    table: gpd.GeoDataFrame | None, frame: shapely.Polygon, grid: Grid
) -> dict[str, Any] | None:
    near = _clipped(table, frame)
    if near is None:
        return None
    merged = shapely.line_merge(shapely.multilinestrings(_segments(near)))
    lines = shapely.get_parts(merged)
    finest = _finest(frame)

    def make(tolerance: float) -> dict[str, Any]:
        # Coarser means fewer too: the shortest streams go first.
        shortest = _SHORTEST_RIVER_M * tolerance / finest if tolerance > finest else 0.0
        kept = lines[shapely.length(lines) >= shortest]
        simple = gpd.GeoSeries(shapely.simplify(kept, tolerance), crs=near.crs)
        return {"arcs": lines_on_grid(simple, grid), "anneaux": ""}

    return _within(_MOST_LINES, finest, make)


def _segments(table: gpd.GeoDataFrame) -> NDArray[np.object_]:
    parts = shapely.get_parts(shapely.get_parts(table.geometry.to_numpy()))
    lines: NDArray[np.object_] = parts[shapely.get_dimensions(parts) == 1]
    return lines


def _shading(reliefs: Sequence[Relief], known: gpd.GeoSeries, grid: Grid) -> dict[str, Any] | None:
    """Return a picture of shadows, black more or less opaque, and its corners on the grid."""
    if not reliefs:
        return None
    west, south, east, north = known.total_bounds
    corners = on_grid(
        np.array([[west, south], [west, north], [east, south], [east, north]]), grid, crs=known.crs
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    edge = np.ceil(0.02 * (high - low)).astype(np.int64)
    low, high = low - edge, high + edge
    pixels = _RELIEF_PIXELS
    while pixels >= _FEWEST_PIXELS:
        shade = _shadows(reliefs, grid, low, high, pixels)
        if shade is None:
            return None
        text = base64.b64encode(_png(shade)).decode("ascii")
        if len(text) <= _MOST_RELIEF:
            return {"image": text, "boite": [*low.tolist(), *high.tolist()]}
        pixels = int(0.8 * pixels)
    return None


def _shadows(
    reliefs: Sequence[Relief],
    grid: Grid,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    pixels: int,
) -> NDArray[np.float64] | None:
    """Return how dark each pixel is, from 0 to 1; none where no elevation is known."""
    size = (high - low) / max(high - low) * pixels
    columns, rows = (max(2, round(float(one))) for one in size)
    step = (high - low) / (columns, rows)
    x = low[0] + (np.arange(columns) + 0.5) * step[0]
    y = low[1] + (np.arange(rows) + 0.5) * step[1]
    across, down = np.meshgrid(x, y)
    longitude, latitude = degrees_of(across, down, grid)
    metres = np.full(longitude.shape, np.nan)
    for relief in reliefs:
        found = relief.at(longitude, latitude)
        metres = np.where(np.isnan(metres), found, metres)
    if np.isnan(metres).all():
        return None
    # Pixels of Mercator shrink on the ground as the cosine of the latitude.
    ground = grid.step * WORLD_M * np.cos(np.radians(latitude))
    return hill_shade(metres, across_m=step[0] * ground, down_m=step[1] * ground)


def hill_shade(
    metres: NDArray[np.float64],
    *,
    across_m: NDArray[np.float64],
    down_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how much darker than flat ground each cell is under a north-west light.

    Lambert's cosine of the angle between the light and the normal of the ground, its slopes those
    of central differences (Horn, *Hill shading and the reflectance map*, Proc. IEEE 69, 1981).

    Parameters
    ----------
    metres
        Elevations, northernmost row first, not a number where unknown.
    across_m, down_m
        Sides of each cell, metres, same shape.

    Returns
    -------
    numpy.ndarray
        From 0 (as light as flat ground, or lighter, or unknown) to 1, same shape.
    """
    eastwards = np.gradient(metres, axis=1) / across_m * _RAISED
    southwards = np.gradient(metres, axis=0) / down_m * _RAISED
    height, azimuth = np.radians(_HEIGHT), np.radians(_LIGHT)
    # The normal is (−dz/dx, dz/dsouth, 1), with y northwards; the light comes from the azimuth.
    light = (
        np.sin(azimuth) * np.cos(height) * -eastwards
        + np.cos(azimuth) * np.cos(height) * southwards
        + np.sin(height)
    ) / np.sqrt(1 + eastwards**2 + southwards**2)
    dark: NDArray[np.float64] = np.nan_to_num(1 - light / np.sin(height), nan=0.0).clip(0, 1)
    return dark


def _png(shade: NDArray[np.float64]) -> bytes:
    """Write shades as a picture of few tones, black of growing opacity."""
    from PIL import Image  # noqa: PLC0415 - slow, and for those alone who give elevations

    tone = np.rint(shade * (_GREYS - 1)).astype(np.uint8)
    image = Image.fromarray(tone, mode="P")
    image.putpalette([0, 0, 0] * _GREYS)
    opacity = bytes(round(_DARKEST * tone / (_GREYS - 1)) for tone in range(_GREYS))
    stream = io.BytesIO()
    image.save(stream, format="PNG", transparency=opacity, optimize=True, bits=4)
    return stream.getvalue()
