"""Shared borders stored once: areas come back as they were, and unions have the right outline."""

from __future__ import annotations

import geopandas as gpd
import hypothesis.strategies as st
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from support.toy import SHARED

from msap_geo.outputs.page import topology as topology_module
from msap_geo.outputs.page.packing import pack, unpack
from msap_geo.outputs.page.topology import grid_of, on_grid, packed, simplified, topology

INT32 = st.integers(-(2**31), 2**31 - 1)


@given(st.lists(INT32))
def test_numbers_come_back(numbers):
    text = pack(np.array(numbers, dtype=np.int64))
    assert unpack(text).tolist() == numbers
    assert text.isascii()
    assert not set(text) & set('<>&"\\')


def test_small_numbers_are_short():
    # Zigzag 0, 1, 2 in bits 0, 10, 110 (k = 0): 010110, of a first character for k.
    assert pack(np.array([0, -1, 1])) == "AW"
    assert len(pack(np.zeros(600, dtype=np.int64))) == 101
    # Zigzag 1022 and 1023: of k = 10, a zero and ten bits each, 66 bits in all.
    assert len(pack(np.array([511, -512] * 3))) == 12


def rings_of(shape):
    """Rebuild the rings of each area, as lists of grid points."""
    areas, ring = [], 0
    for count in shape.area_rings:
        rings = []
        for number in range(ring, ring + count):
            points = []
            for ref in shape.ring_arcs[shape.ring_start[number] : shape.ring_start[number + 1]]:
                arc = shape.points[shape.start[ref >> 1] : shape.start[(ref >> 1) + 1]].tolist()
                arc = arc[::-1] if ref & 1 else arc
                assert not points or points[-1] == arc[0]
                points += arc[1:] if points else arc
            assert points[0] == points[-1]
            rings.append(points)
        ring += count
        areas.append(rings)
    return areas


def filled(rings):
    """Fill rings as a canvas does, by the even-odd rule."""
    whole = shapely.MultiPolygon()
    for ring in rings:
        whole = whole.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return whole


def on_the_grid(areas, grid):
    return [
        shapely.make_valid(
            shapely.transform(area, lambda xy: on_grid(xy, grid, crs=areas.crs).astype(float))
        )
        for area in areas
    ]


def mosaic(seed, n=30):
    """Cut a square of 60 km into Voronoi cells, one of them with an enclave, some in two parts."""
    rng = np.random.default_rng(seed)
    points = shapely.MultiPoint(rng.random((n, 2)) * 60_000 + [400_000, 6_700_000])
    box = shapely.box(400_000, 6_700_000, 460_000, 6_760_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box))
    cells = shapely.intersection(cells, box)
    middle = shapely.point_on_surface(cells[0])
    enclave = shapely.buffer(middle, 0.5 * shapely.distance(middle, cells[0].boundary))
    cells[0] = shapely.difference(cells[0], enclave)
    merged = shapely.union_all([cells[1], cells[-1]])
    return gpd.GeoSeries([*cells[:1], merged, *cells[2:-1], enclave], crs=2154)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_areas_come_back_from_their_arcs(seed):
    areas = mosaic(seed)
    grid = grid_of(areas, step_m=1.0)
    shape = topology(areas, grid)
    for rings, expected in zip(rings_of(shape), on_the_grid(areas, grid), strict=True):
        assert filled(rings).symmetric_difference(expected).area <= 1e-6 * expected.area


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 20))
def test_the_outline_of_a_union_is_the_arcs_used_once(seed, size):
    areas = mosaic(seed)
    chosen = np.random.default_rng(seed).choice(len(areas), size, replace=False)
    grid = grid_of(areas, step_m=1.0)
    shape = topology(areas, grid)
    ring_area = np.repeat(np.arange(len(areas)), shape.area_rings)
    of_ref = np.repeat(ring_area, np.diff(shape.ring_start))
    used = np.bincount(shape.ring_arcs[np.isin(of_ref, chosen)] >> 1, minlength=len(shape.start))
    once = [
        shapely.LineString(shape.points[shape.start[arc] : shape.start[arc + 1]])
        for arc in np.flatnonzero(used == 1)
    ]
    union = shapely.union_all(on_the_grid(areas.iloc[chosen], grid))
    length = sum(line.length for line in once)
    assert length == pytest.approx(union.boundary.length, rel=1e-3)


def test_a_border_is_stored_once(town):
    areas = town.communes.geometry
    shape = topology(areas, grid_of(areas, step_m=1.0))
    # Six squares in a row: five shared sides, a cap at each end, two sides for each of the others.
    assert np.bincount(np.bincount(shape.ring_arcs >> 1)).tolist() == [0, 2 + 4 * 2, 5]
    assert len(unpack(packed(shape)["anneaux"])) == 6 + 6 + len(shape.ring_arcs)


def test_a_commune_without_outline_has_no_ring(town):
    areas = town.communes.geometry.copy()
    areas.iloc[2] = None
    shape = topology(simplified(areas, tolerance_m=10.0), grid_of(areas, step_m=1.0))
    assert shape.area_rings.tolist() == [1, 1, 0, 1, 1, 1]


def test_an_area_smaller_than_the_grid_keeps_a_ring(town):
    areas = town.communes.geometry.copy()
    areas.iloc[0] = shapely.box(400_000, 6_780_000, 400_030, 6_780_030)
    shape = topology(areas, grid_of(areas, step_m=100.0))
    assert shape.area_rings.tolist()[1:] == [1] * 5


@pytest.mark.corse
def test_corsica_comes_back_to_the_step():
    files = sorted((SHARED / "corse").glob("communes-2*.geojson"))
    if not files:
        pytest.skip("les contours de la Corse ne sont pas là")
    areas = gpd.read_file(files[0]).to_crs(2154).geometry
    drawn = simplified(areas, tolerance_m=30.0)
    grid = grid_of(drawn, step_m=2.5)
    shape = topology(drawn, grid)
    for rings, expected in zip(rings_of(shape), on_the_grid(drawn, grid), strict=True):
        assert filled(rings).symmetric_difference(expected).area <= 1e-6 * expected.area
    assert len(packed(shape)["arcs"]) < 60_000


@pytest.mark.parametrize("far", [1, 2**40])
def test_points_are_numbered_in_their_order(far):
    points = np.random.default_rng(1).integers(-9, 9, (200, 2)) * far
    expected = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    assert topology_module._numbered(points).tolist() == expected.tolist()


def test_bounds_in_degrees_are_those_of_the_projected_areas():
    areas = gpd.GeoSeries([shapely.Point(7e5, 6.6e6).buffer(9e4), None], crs=2154)
    found = topology_module.bounds_in_degrees(areas)
    assert found == tuple(areas.dropna().to_crs(4326).total_bounds)
    assert np.isnan(topology_module.bounds_in_degrees(areas[1:])).all()
