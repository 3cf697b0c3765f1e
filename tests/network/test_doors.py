"""One enters a road where there is a door: not in mid-motorway, nor through the rock."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from shapely import Point
from support.road_files import minutes, node, place, read, way
from support.sections import OLD, sections

from msap_geo import network, travel

CAR, BIKE, FOOT = (network.load_profile(name) for name in ("voiture", "velo", "pied"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start", "end", "right"),
    [
        ("autoroute-a-cote.osm", (0, 60), (10_000, 0), 21.9),
        ("tunnel-dessous.osm", (0, 50), (5_000, 0), 26.8),
    ],
)
def test_the_small_files_that_failed(cases, name, start, end, right):
    net = network.read_osm(cases / "routes" / name, CAR, epsg=2154)
    assert minutes(net, start, end) == pytest.approx(right, abs=0.05)


def beside(tmp_path, profile=CAR, **tags):
    """Return how a place at (0, 50) enters: a road at y = 0 has the tags, its street is at 100."""
    parts = [node(1, -4000, 0), node(2, -1000, 0), node(3, 1000, 0), node(4, 4000, 0)]
    parts += [node(5, -1000, 100), node(6, 1000, 100)]
    ways = [way(1, [1, 2]), way(2, [2, 3], **({"highway": "primary"} | tags)), way(3, [3, 4])]
    ways += [way(4, [2, 5, 6, 3])]
    net = read(tmp_path / "a.osm", *parts, *ways, profile=profile)
    hall = shapely.transform(Point(0, 49), _project)
    snapped = network.snap(net, gpd.GeoSeries([hall], crs=2154))
    return round(float(snapped.access_m[0]))


def _project(xy):
    lonlat = np.array([place(*each) for each in xy])
    return np.column_stack(Transformer.from_crs(4326, 2154, always_xy=True).transform(*lonlat.T))


@pytest.mark.parametrize(
    ("tags", "metres"),
    [
        ({}, 49),
        ({"highway": "motorway", "oneway": "no"}, 51),
        ({"highway": "motorway_link"}, 51),
        ({"highway": "trunk"}, 49),
        ({"highway": "trunk", "motorroad": "yes"}, 51),
        ({"tunnel": "yes"}, 51),
        ({"tunnel": "avalanche_protector"}, 51),
        ({"tunnel": "no"}, 49),
        ({"tunnel": "building_passage"}, 49),
        ({"junction": "roundabout", "oneway": "no"}, 51),
        ({"junction": "circular", "oneway": "no"}, 51),
        ({"bridge": "yes"}, 51),  # two kilometres
        ({"bridge": "viaduct"}, 51),
        ({"bridge": "no"}, 49),
    ],
)
def test_roads_without_a_door(tmp_path, tags, metres):
    assert beside(tmp_path, **tags) == pytest.approx(metres, abs=1)


@pytest.mark.parametrize("profile", [BIKE, FOOT])
def test_nobody_enters_a_tunnel(tmp_path, profile):
    assert beside(tmp_path, profile, tunnel="yes") == pytest.approx(51, abs=1)


@pytest.mark.parametrize(("metres", "parts", "closed"), [(150, 1, 0), (150, 2, 2), (250, 1, 1)])
def test_a_bridge_is_as_long_as_it_goes_on(tmp_path, metres, parts, closed):
    ends = range(1, parts + 2)
    deck = [node(i, metres * i, 0) for i in ends] + [node(99, metres * (parts + 1) + 5000, 0)]
    ways = [way(i, [i, i + 1], highway="primary", bridge="yes") for i in range(1, parts + 1)]
    # A side road at each pier, so that sections stay apart.
    sides = [node(100 + i, metres * i, 300) for i in ends]
    ways += [way(100 + i, [i, 100 + i]) for i in ends] + [way(999, [parts + 1, 99])]
    net = read(tmp_path / "a.osm", *deck, *sides, *ways)
    assert int((~net.edges.door).sum()) == closed


def test_a_ferry_is_entered_at_its_ends(tmp_path):
    parts = [node(1, 0, 0), node(2, 6000, 0), node(3, 9000, 0), node(4, -6000, 0)]
    boat = way(2, [1, 2], route="ferry", motor_vehicle="yes", duration="00:20")
    net = read(tmp_path / "a.osm", *parts, way(1, [4, 1]), boat, way(3, [2, 3]))
    assert (~net.edges.door).tolist() == [False, True, False]


def test_without_any_door_near_a_place_is_off_the_network(tmp_path):
    parts = [node(1, 0, 0), node(2, 20_000, 0), node(3, 20_000, 3000)]
    net = read(
        tmp_path / "a.osm",
        *parts,
        way(1, [1, 2], highway="motorway", oneway="no"),
        way(2, [2, 3]),
    )
    assert np.isnan(minutes(net, (5000, 50), (20_000, 3000)))


@pytest.mark.slow
def test_isochrones_follow(tmp_path):
    parts = [node(1, 0, 0), node(2, 20_000, 0), node(3, 20_000, 1000), node(4, 0, 1000)]
    ways = [way(1, [1, 2], highway="motorway", oneway="no"), way(2, [2, 3]), way(3, [1, 4])]
    net = read(tmp_path / "a.osm", *parts, *ways)
    site = gpd.GeoDataFrame({"site_id": ["s"]}, geometry=[Point(*_project([(0, 1000)])[0])])
    area = travel.isochrones(net, site.set_crs(2154), minutes=25).geometry.iloc[0]
    middle, far = (Point(*_project([(x, y)])[0]) for x, y in ((10_000, 100), (20_000, 900)))
    assert not area.contains(middle)
    assert area.contains(far)


def test_a_network_keeps_its_doors_in_its_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    beside(tmp_path, tunnel="yes")
    first, again = (network.load_network(tmp_path / "a.osm", CAR, epsg=2154) for _ in "ab")
    assert sorted(first.edges.door.tolist()) == [False, True, True, True]
    np.testing.assert_array_equal(again.edges.door, first.edges.door)


def test_links_of_a_motorway_have_no_door(tmp_path):
    nodes, links = tmp_path / "n.csv", tmp_path / "l.csv"
    nodes.write_text("node,lon,lat\n1,3.0,46.5\n2,3.013028,46.5\n3,3.026056,46.5\n")
    rows = ["1,2,1000,motorway", "2,1,1000,motorway", "2,3,1000,primary", "3,2,1000,primary"]
    links.write_text("\n".join(["from,to,length_m,highway", *rows]))
    net = network.read_links(nodes, links, CAR, epsg=2154)
    assert sorted(net.edges.door.tolist()) == [False, True]


def test_a_graph_tells_its_tunnels():
    graph = nx.MultiDiGraph(crs="epsg:2154")
    for i in range(4):
        graph.add_node(i, x=700_000.0 + 1000 * i, y=6_600_000.0)
    for i, extra in enumerate(
        [{}, {"tunnel": ["yes", "no"]}, {"highway": ["primary", "motorway"]}]
    ):
        for u, v in ((i, i + 1), (i + 1, i)):
            graph.add_edge(u, v, **({"length": 1000.0, "highway": "primary"} | extra))
    net = network.from_graph(graph, CAR, epsg=2154)
    assert net.edges.door.tolist() == [True, False, False]


def test_sections_of_the_ign_tell_their_level(tmp_path):
    kinds = [{"POS_SOL": "0"}, {"POS_SOL": "-1"}, {"POS_SOL": "1"}, {"NATURE": "Rond-point"}]
    kinds += [{"NATURE": "Type autoroutier"}]
    path = sections(
        tmp_path, [(i, i + 1, OLD | {"POS_SOL": "0"} | kind) for i, kind in enumerate(kinds)]
    )
    net = network.read_segments(path, CAR, epsg=2154)
    assert net.edges.door.tolist() == [True, False, False, False, False]


def test_declared_crossings_do_not_land_on_a_motorway(tmp_path):
    parts = [node(1, 0, 0), node(2, 5000, 0), node(3, 5000, 500), node(4, 0, 500)]
    ways = [way(1, [1, 2], highway="motorway", oneway="no"), way(2, [2, 3, 4])]
    xy = _project([(0, 100), (5000, 510)])
    crossing = network.Crossing(tuple(xy[0]), tuple(xy[1]), 1.0)
    path = tmp_path / "a.osm"
    read(path, *parts, *ways)
    net = network.read_osm(path, CAR, epsg=2154, crossings=[crossing])
    landing = net.edges.tail[-1]
    assert np.hypot(net.x[landing] - xy[0][0], net.y[landing] - xy[0][1]) == pytest.approx(
        400, abs=2
    )


def test_edges_without_a_word_are_open():
    net = network.from_links(
        pd.DataFrame({"node": [0, 1], "x": [0.0, 1000.0], "y": 0.0}),
        pd.DataFrame({"from": [0, 1], "to": [1, 0], "minutes": 1.0}),
        crs=2154,
    )
    assert net.edges.door.all()
