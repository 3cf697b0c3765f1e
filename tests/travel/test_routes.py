from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.towns import fork, places, towns
from support.toy import CENTRES, sites, straight_road

from msap_geo import network, travel


def at(index, dx=0.0, dy=0.0):
    x, y = CENTRES[index]
    return shapely.Point(x + dx, y + dy)


def test_a_way_goes_from_door_to_door():
    found = travel.route(straight_road(), at(0, 2500, 500), at(2, 0, 250))
    assert found.minutes == pytest.approx(6 + 17.5 + 3)
    assert found.km == pytest.approx(0.5 + 17.5 + 0.25)
    x, y = CENTRES[0]
    assert shapely.get_coordinates(found.line).tolist() == [
        [x + 2500, y + 500], [x + 2500, y], [x + 10_000, y], [x + 20_000, y], [x + 20_000, y + 250],
    ]  # fmt: skip
    assert found.reason == ""


def test_two_places_on_one_road_need_no_junction():
    found = travel.route(straight_road(), at(1, 4000), at(1, 1000))
    assert (found.minutes, found.km, found.line.length) == pytest.approx((3, 3, 3000))


def test_a_place_to_itself_takes_no_time():
    found = travel.route(straight_road(), at(1, 4000), at(1, 4000))
    assert (found.minutes, found.km, found.line.length) == (0, 0, 0)


def test_no_route_has_its_reason():
    off = travel.route(straight_road(), at(0, 0, 2500), at(1))
    assert (off.reason, off.line.is_empty) == ("hors réseau", True)
    assert np.isnan(off.minutes)
    nodes = pd.DataFrame({"node": range(4), "x": [0.0, 1000, 9000, 9900], "y": 0.0})
    links = pd.DataFrame({"from": [0, 1, 2, 3], "to": [1, 0, 3, 2], "minutes": 1.0})
    apart = network.from_links(nodes, links, crs=2154)
    assert travel.route(apart, shapely.Point(0, 0), shapely.Point(9900, 0)).reason == "sans route"


def test_of_parallel_roads_the_quickest_is_drawn():
    nodes = pd.DataFrame({"node": range(3), "x": [0.0, 1000, 1000], "y": [0.0, 0, 900]})
    links = pd.DataFrame(
        {"from": [0, 0, 2, 1, 1], "to": [1, 2, 1, 0, 2], "minutes": [9.0, 2.0, 2.0, 9.0, 2.0]}
    )
    net = network.from_links(nodes, links, crs=2154)
    found = travel.route(net, shapely.Point(0, 0), shapely.Point(1000, 0))
    assert found.minutes == pytest.approx(4)
    assert shapely.get_coordinates(found.line).tolist() == [[0, 0], [1000, 900], [1000, 0]]


def test_a_road_that_loops_is_left_by_its_nearer_side():
    # A square of a kilometre a side from node 0 back to it, and a road away from there.
    loop = network.arrays.Edges(
        tail=np.array([0, 0], np.int32),
        head=np.array([0, 1], np.int32),
        forward=np.array([4.0, 5.0]),
        backward=np.array([4.0, 5.0]),
        length_m=np.array([4000.0, 5000.0]),
        shape_start=np.array([0, 5, 7]),
        shape_x=np.array([0.0, 1000, 1000, 0, 0, 0, -5000]),
        shape_y=np.array([0.0, 0, 1000, 1000, 0, 0, 0]),
    )
    profile = dataclasses.replace(network.load_profile("voiture"), junctions=network.Junctions())
    net = network.model.build_network(np.array([0.0, -5000]), np.zeros(2), loop, profile, epsg=2154)
    for place in (shapely.Point(0, 500), shapely.Point(500, 0)):
        for way in ((place, shapely.Point(-5000, 0)), (shapely.Point(-5000, 0), place)):
            found = travel.route(net, *way)
            assert found.minutes == pytest.approx(5.5)
            assert found.line.length == pytest.approx(5500)


@pytest.mark.parametrize("east_first", [True, False])
def test_a_way_takes_the_whole_of_a_road_that_a_forbidden_turn_begins(east_first):
    net = fork(banned=(1, 0), east_first=east_first)
    for way in ([-1000.0, 22_000.0], [22_000.0, -1000.0]):
        found = travel.route(net, *(shapely.Point(x, 0) for x in way))
        assert found.minutes == pytest.approx(23)
        x = shapely.get_coordinates(found.line)[:, 0].tolist()
        assert x == [way[0], *sorted([0.0, 20_000.0], reverse=way[0] > way[1]), way[1]]


@pytest.mark.slow
@given(towns(), st.data())
@settings(max_examples=80)
def test_a_route_takes_what_nearest_says(case, data):
    net, *_ = case
    edge = st.tuples(st.integers(0, len(net.edges.tail) - 1), st.floats(0, 1))
    ends = [
        net.edge_lines[e].interpolate(f, normalized=True)
        for e, f in data.draw(st.tuples(edge, edge))
    ]
    found = travel.route(net, *ends)
    table = travel.nearest(net, places(ends[:1]), sites([("S", (ends[1].x, ends[1].y))]))
    assert found.minutes == pytest.approx(table["minutes"].iloc[0], abs=1e-6)
    assert found.km == pytest.approx(table["km"].iloc[0], abs=1e-6)
    # Links here are straight: the line is as long as the trip.
    assert found.line.length / 1000 == pytest.approx(found.km, abs=1e-6)
    assert shapely.Point(found.line.coords[0]).distance(ends[0]) == 0
    assert shapely.Point(found.line.coords[-1]).distance(ends[1]) == 0


@pytest.mark.corse
def test_a_corsican_way_is_drawn_along_its_roads(shared):
    net = network.load_network(
        [shared / "corse" / "corse.osm.pbf"], network.load_profile("voiture"), epsg=2154
    )
    towns = gpd.GeoSeries(gpd.points_from_xy([8.737, 9.450], [41.919, 42.697]), crs=4326)
    found = travel.route(net, *towns.to_crs(2154))
    # Lengths are those on the ground, the projection's may differ by a thousandth.
    assert found.line.length / 1000 == pytest.approx(found.km, rel=2e-3)
    assert 130 < found.minutes < 155
