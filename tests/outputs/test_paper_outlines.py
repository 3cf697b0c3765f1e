"""Outlines of printed maps: one path a surface, holes and parts included."""

from __future__ import annotations

import numpy as np
import shapely
from matplotlib.path import Path as Outline

from msap_geo.outputs.paper import drawing
from msap_geo.outputs.paper.layers import _outlines


def test_a_surface_is_the_path_of_its_rings():
    hole = shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 4, 5))
    two = shapely.MultiPolygon([hole, shapely.box(20, 0, 21, 1)])
    mixed = shapely.GeometryCollection([shapely.Point(1, 1), shapely.box(5, 5, 6, 7)])
    shapes = np.array([hole, shapely.LineString([(0, 0), (1, 1)]), two, mixed, shapely.Polygon()])
    for shape, found in zip(shapes, _outlines(shapes), strict=True):
        rings = [
            np.asarray(ring.coords)
            for part in shapely.get_parts(shape)
            if part.geom_type == "Polygon" and not part.is_empty
            for ring in (part.exterior, *part.interiors)
        ]
        if not rings:
            assert len(found.vertices) == 0
            continue
        told = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        assert found.vertices.tolist() == told.vertices.tolist()
        assert found.codes.tolist() == told.codes.tolist()


def test_only_the_third_decimals_and_on_are_left_out():
    path = b' d="M 1.2345 -0.12L10.999 3.5L1.005 7z"'
    assert drawing._DECIMALS.sub(b"", path) == b' d="M 1.23 -0.12L10.99 3.5L1.00 7z"'
