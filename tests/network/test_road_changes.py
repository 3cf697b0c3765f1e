"""Roads of another day, by hand and against a Dijkstra that knows nothing of how they are cut."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from support.osm_files import osm_file
from support.toy import CENTRES, sites, straight_road

from msap_geo import network, travel
from msap_geo.errors import NetworkError, UnreadableFileError

X, Y = CENTRES[2]
PASS = shapely.box(X + 2000, Y - 100, X + 3000, Y + 100)
"""A kilometre of the road from C to D."""


def change(**what):
    return network.RoadChange("Col", **what)


def minutes(net, xs=tuple(x for x, _ in CENTRES)):
    points = gpd.GeoDataFrame(
        {"demand_id": [str(i) for i in range(len(xs))]},
        geometry=[shapely.Point(x, Y) for x in xs],
        crs=2154,
    )
    return travel.nearest(net, points, sites([("FS1", 0)]))["minutes"].to_list()


class TestZones:
    def test_a_closed_pass_leaves_each_side_its_own(self):
        net = network.with_changes(straight_road(), [change(zone=PASS, closed=True)])
        # Two kilometres beyond C one still goes back to it; three beyond, one is cut off.
        there = minutes(net, [X, X + 2000, X + 3000, X + 10_000])
        assert there[:2] == pytest.approx([20, 22])
        assert np.isnan(there[2:]).all()

    @pytest.mark.parametrize(
        ("what", "added"), [({"factor": 3.0}, 2.0), ({"factor": 0.5}, -0.5), ({"kmh": 20.0}, 2.0)]
    )
    def test_only_what_lies_within_changes(self, what, added):
        net = network.with_changes(straight_road(), [change(zone=PASS, **what)])
        assert minutes(net) == pytest.approx([0, 10, 20, 30 + added, 40 + added, 50 + added])

    def test_one_way(self):
        # The road is drawn from A to F: coming to A's Maison is going back along it.
        shut = {"zone": PASS, "closed": True}
        assert minutes(network.with_changes(straight_road(), [change(**shut, back=False)]))[5] == 50
        back = network.with_changes(straight_road(), [change(**shut, ahead=False)])
        assert np.isnan(minutes(back)[5])

    def test_changes_add_up_in_order(self):
        twice = [change(zone=PASS, factor=2.0), change(zone=PASS, factor=2.0)]
        assert minutes(network.with_changes(straight_road(), twice))[3] == pytest.approx(33)

    def test_a_line_along_a_road_spares_those_it_crosses(self):
        nodes = pd.DataFrame(
            {"node": list("WENSO"), "x": [-2000.0, 2000, 0, 0, 0], "y": [0.0, 0, 2000, -2000, 0]}
        )
        links = pd.DataFrame(
            [(a, b, 2.0) for one in "WENS" for a, b in ((one, "O"), ("O", one))],
            columns=["from", "to", "minutes"],
        )
        cross = network.from_links(nodes, links, crs=2154)
        line = shapely.LineString([(-1500, 5), (1500, -5)])
        net = network.with_changes(cross, [change(zone=line, closed=True)])
        points = gpd.GeoDataFrame(
            {"demand_id": ["N", "E"]},
            geometry=[shapely.Point(0, 2000), shapely.Point(2000, 0)],
            crs=2154,
        )
        south = gpd.GeoDataFrame({"site_id": ["S"]}, geometry=[shapely.Point(0, -2000)], crs=2154)
        north, east = travel.nearest(net, points, south)["minutes"]
        assert north == pytest.approx(4)
        assert np.isnan(east)

    def test_a_point_closes_the_road_there(self):
        spot = shapely.Point(X + 2500, Y + 10)
        net = network.with_changes(straight_road(), [change(zone=spot, closed=True)])
        assert np.isnan(minutes(net)[3:]).all()

    def test_the_network_given_is_left_as_it_is(self):
        net = straight_road()
        network.with_changes(net, [change(zone=PASS, closed=True)])
        assert minutes(net)[5] == 50
        assert network.with_changes(net, []) is net

    def test_what_bears_on_no_road_is_refused(self):
        away = shapely.box(X, Y + 9000, X + 10, Y + 9010)
        with pytest.raises(NetworkError, match="« Col » ne porte sur aucune route"):
            network.with_changes(straight_road(), [change(zone=away, closed=True)])

    def test_each_change_is_told_with_its_kilometres(self):
        net = network.with_changes(straight_road(), [change(zone=PASS, factor=1.5)])
        (told,) = net.report.anomalies
        assert told.code == "routes-modifiees"
        assert told.message == "durées multipliées par 1,5 : 1,0 km"


class TestClasses:
    def test_only_roads_of_the_class_change(self, tmp_path):
        ways = [((1, 2), {"highway": "primary"}), ((2, 3), {"highway": "tertiary"})]
        path = osm_file(tmp_path, ways)
        roads = network.read_osm(path, network.load_profile("voiture"), epsg=2154)
        slow = network.with_changes(roads, [change(road_class="tertiary", factor=2.0)])
        before, after = (
            dict(zip(net.edges.kind.tolist(), net.edges.forward.tolist(), strict=True))
            for net in (roads, slow)
        )
        primary, tertiary = (network.ROAD_CLASSES.index(one) for one in ("primary", "tertiary"))
        assert after == {
            primary: pytest.approx(before[primary]),
            tertiary: pytest.approx(2 * before[tertiary]),
        }

    def test_a_class_that_is_not_there_names_those_that_are(self, tmp_path):
        path = osm_file(tmp_path, [((1, 2), {"highway": "primary"})])
        roads = network.read_osm(path, network.load_profile("voiture"), epsg=2154)
        with pytest.raises(NetworkError, match="choisir parmi celles de ces routes : primary"):
            network.with_changes(roads, [change(road_class="motorway", closed=True)])


class TestNewRoads:
    def test_a_new_road_is_straight_between_two_junctions(self):
        ends = ((CENTRES[0][0], Y + 300), (CENTRES[5][0], Y - 300))
        net = network.with_changes(straight_road(), [change(ends=ends, kmh=120.0)])
        assert minutes(net) == pytest.approx([0, 10, 20, 30, 35, 25])

    def test_one_way(self):
        there = change(ends=(CENTRES[0], CENTRES[5]), kmh=120.0, back=False)
        assert minutes(network.with_changes(straight_road(), [there]))[5] == 50

    def test_its_speed_is_told_with_a_comma(self):
        fast = change(ends=(CENTRES[0], CENTRES[5]), kmh=62.5)
        (told,) = network.with_changes(straight_road(), [fast]).report.anomalies
        assert told.message == "route nouvelle à 62,5 km/h : 50,0 km"

    def test_an_end_far_from_roads_is_refused(self):
        away = change(ends=(CENTRES[0], (X, Y + 90_000)), kmh=50.0)
        with pytest.raises(NetworkError, match="90,0 km de tout carrefour"):
            network.with_changes(straight_road(), [away])

    def test_both_ends_at_one_junction_are_refused(self):
        here = change(ends=(CENTRES[0], CENTRES[0]), kmh=50.0)
        with pytest.raises(NetworkError, match="au même carrefour"):
            network.with_changes(straight_road(), [here])


@pytest.mark.slow
@given(st.data())
def test_equals_dijkstra_on_a_grid_cut_by_hand(data):
    """A 5 by 5 grid of two-minute streets, whose zones are bands between rows of junctions."""
    factor = data.draw(st.sampled_from([0.25, 2.0, 5.0, None]))
    row, low, high = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 4)))
    low, high = min(low, high), max(low, high)
    nodes = [(i, j) for i in range(5) for j in range(5)]
    streets = [((i, j), (i + 1, j)) for i in range(4) for j in range(5)]
    streets += [((i, j), (i, j + 1)) for i in range(5) for j in range(4)]
    frame = pd.DataFrame(
        {
            "node": range(25),
            "x": [1000.0 * i for i, _ in nodes],
            "y": [1000.0 * j for _, j in nodes],
        }
    )
    number = {node: k for k, node in enumerate(nodes)}
    both = [(number[a], number[b], 2.0) for one in streets for a, b in (one, one[::-1])]
    links = pd.DataFrame(both, columns=["from", "to", "minutes"])
    # Half of each street that goes up from ``row``, in columns ``low`` to ``high``.
    zone = shapely.box(1000 * low - 100, 1000 * row + 250, 1000 * high + 100, 1000 * row + 750)
    what = change(zone=zone, closed=True) if factor is None else change(zone=zone, factor=factor)
    net = network.with_changes(network.from_links(frame, links, crs=2154), [what])
    graph = nx.Graph()
    for a, b in streets:
        within = a[0] == b[0] and a[1] == row and low <= a[0] <= high
        if not (within and factor is None):
            graph.add_edge(number[a], number[b], weight=2.0 + within * ((factor or 1) - 1))
    found = travel.matrix_nodes(net, np.arange(25), np.arange(25), max_minutes=1e6)
    dense, reached = found.toarray(), 0
    for start, lengths in nx.all_pairs_dijkstra_path_length(graph):
        for end, length in lengths.items():
            reached += 1
            if start != end:
                assert dense[start, end] == pytest.approx(length, abs=1e-6)
    assert found.nnz == reached


class TestZoneFiles:
    def test_surfaces_or_points_and_never_both(self, tmp_path):
        path = tmp_path / "zone.geojson"
        shapes = [shapely.box(3, 47, 3.1, 47.1), shapely.Point(4, 47)]
        gpd.GeoDataFrame(geometry=shapes, crs=4326).to_file(path)
        with pytest.raises(UnreadableFileError, match="à la fois des surfaces et des points"):
            network.read_zone(path, epsg=2154)
        gpd.GeoDataFrame(geometry=shapes[:1], crs=4326).to_file(path)
        zone = network.read_zone(path, epsg=2154)
        assert zone.geom_type == "Polygon"
        assert zone.area == pytest.approx(84e6, rel=0.02)

    @pytest.mark.parametrize("name", ["z.gpkg", "z.shp", "z.fgb", "z.parquet", "z.geojson"])
    def test_every_container(self, tmp_path, name):
        table = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(3, 47, 3.1, 47.1)], crs=4326)
        write = table.to_parquet if name.endswith("parquet") else table.to_file
        write(tmp_path / name)
        assert network.read_zone(tmp_path / name, epsg=2154).area == pytest.approx(84e6, rel=0.02)

    def test_a_layer_without_projection_is_refused(self, tmp_path):
        table = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(3, 47, 3.1, 47.1)], crs=4326)
        table.to_file(tmp_path / "z.shp")
        (tmp_path / "z.prj").unlink()
        with pytest.raises(UnreadableFileError, match="système de coordonnées"):
            network.read_zone(tmp_path / "z.shp", epsg=2154)

    @pytest.mark.parametrize("text", ["{", '{"type": "FeatureCollection", "features": []}'])
    def test_what_draws_nothing_is_refused(self, tmp_path, text):
        path = tmp_path / "zone.geojson"
        path.write_text(text)
        with pytest.raises(UnreadableFileError):
            network.read_zone(path, epsg=2154)
