from __future__ import annotations

import dataclasses
import json
from itertools import zip_longest

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.osm_files import OSM, osm_file
from support.toy import CENTRES, straight_road

from msap_geo import network
from msap_geo.errors import (
    DataError,
    MissingColumnError,
    NetworkError,
    StoreError,
    StudyError,
    UnreadableFileError,
)
from msap_geo.network.arrays import in_order, road_name, road_number
from msap_geo.network.links import pair_links
from msap_geo.network.osm.files import read_roads
from msap_geo.network.osm.roads import cut_roads
from msap_geo.network.osm.values import posted_kmh
from msap_geo.network.store import store_key

NODES = pd.DataFrame({"node": list("abcd"), "x": [0.0, 100, 200, 900], "y": 0.0})


def links(*rows):
    return pd.DataFrame(rows, columns=["from", "to", "minutes"])


def two_way(*rows):
    return links(*rows, *[(b, a, m) for a, b, m in rows])


class TestFromLinks:
    def test_keeps_every_node_in_order(self):
        net = network.from_links(
            NODES, links(("a", "b", 1), ("b", "a", 2), ("b", "c", 1), ("d", "c", 1)), crs=2154
        )
        assert (net.n_nodes, net.n_links) == (4, 4)
        assert net.x.tolist() == [0, 100, 200, 900]
        assert (net.report.nodes_dropped, net.report.parts_dropped) == (0, 0)

    def test_a_class_in_capitals_is_the_same(self, tmp_path):
        nodes, table = tmp_path / "n.csv", tmp_path / "l.csv"
        nodes.write_text("node,lon,lat\na,0,47\nb,0.01,47\n")
        table.write_text("from,to,length_m,highway\na,b,800,Primary\nb,a,800,PRIMARY \n")
        net = network.read_links(nodes, table, network.load_profile("voiture"), epsg=2154)
        assert (net.n_nodes, net.n_links) == (2, 2)
        assert net.report.unknown_classes == ""

    def test_of_a_road_file_the_largest_strongly_connected_part_is_kept(self, tmp_path):
        nodes, table = tmp_path / "n.csv", tmp_path / "l.csv"
        places = [f"{n},{i / 100},47" for i, n in enumerate("abcd")]
        nodes.write_text("\n".join(["node,lon,lat", *places]))
        rows = ["a,b,800,primary", "b,a,800,primary", "b,c,800,primary", "d,c,800,primary"]
        table.write_text("\n".join(["from,to,length_m,highway", *rows]))
        net = network.read_links(nodes, table, network.load_profile("voiture"), epsg=2154)
        assert (net.n_nodes, net.n_links) == (2, 2)
        assert (net.report.nodes_dropped, net.report.parts_dropped) == (2, 2)
        assert net.report.km_dropped == pytest.approx(1.6)

    def test_minutes_are_settled_so_that_sums_are_exact(self):
        net = network.from_links(NODES, two_way(("a", "b", 0.1), ("b", "c", 0.2)), crs=2154)
        grains = net.links.minutes / network.MINUTE_GRAIN
        assert (grains == grains.round()).all()
        assert net.links.minutes.tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2], abs=1e-9)

    def test_of_duplicate_links_the_quickest_wins(self):
        net = network.from_links(
            NODES, links(("a", "b", 7), ("a", "b", 5), ("b", "a", 5), ("b", "a", 9)), crs=2154
        )
        assert net.links.minutes.tolist() == [5, 5]

    def test_the_reverse_is_the_transpose(self):
        net = network.from_links(
            NODES, links(("a", "b", 1), ("b", "c", 2), ("c", "a", 3), ("a", "c", 4)), crs=2154
        )
        n = net.n_nodes

        def dense(csr):
            matrix = np.full((n, n), np.nan)
            for row in range(n):
                span = slice(csr.start[row], csr.start[row + 1])
                matrix[row, csr.head[span]] = csr.minutes[span]
            return matrix

        np.testing.assert_array_equal(dense(net.links), dense(net.reverse).T)

    @pytest.mark.parametrize(
        ("nodes", "table", "said"),
        [
            (NODES, links(("a", "z", 1)), "nœud inconnu"),
            (NODES, links(("a", "b", -1), ("b", "a", 1)), "négative"),
            (NODES, links(("a", "b", np.nan)), "durée"),
            (pd.concat([NODES, NODES]), links(("a", "b", 1)), "en double"),
            (NODES, links(), "vide"),
        ],
    )
    def test_wrong_tables_are_refused(self, nodes, table, said):
        with pytest.raises(NetworkError, match=said):
            network.from_links(nodes, table, crs=2154)

    def test_missing_columns_are_named(self):
        with pytest.raises(MissingColumnError, match="minutes"):
            network.from_links(NODES, links(("a", "b", 1)).drop(columns="minutes"), crs=2154)

    def test_nothing_given_is_changed(self):
        nodes, table = NODES.copy(), two_way(("a", "b", 1), ("b", "c", 1))
        kept = table.copy()
        network.from_links(nodes, table, crs=2154)
        pd.testing.assert_frame_equal(nodes, NODES)
        pd.testing.assert_frame_equal(table, kept)


def read(tmp_path, ways, **options):
    """Read a small map whose minutes are those of its speeds: turns cost nothing."""
    profile = dataclasses.replace(network.load_profile("voiture"), junctions=network.Junctions())
    return network.read_osm(osm_file(tmp_path, ways, **options), profile, epsg=2154)


class TestOsm:
    # 0.01° of longitude at 48° N on the GRS80 ellipsoid: N(φ) cos φ × π/18000.
    STEP_M = 746.0

    def test_ways_are_cut_at_junctions_only(self, tmp_path):
        net = read(
            tmp_path,
            [([1, 2, 3, 4], {"highway": "primary"}), ([3, 5], {"highway": "tertiary"})],
        )
        assert net.n_nodes == 4  # 1, 3, 4, 5: node 2 is only a bend
        assert net.edges.length_m == pytest.approx(
            [2 * self.STEP_M, self.STEP_M, 2 * self.STEP_M], rel=1e-3
        )
        kmh = net.edges.length_m / 1000 / net.edges.forward * 60
        assert sorted(kmh.round().tolist()) == [40, 65, 65]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("tags", "ahead", "back"),
        [
            ({}, True, True),
            ({"oneway": "yes"}, True, False),
            ({"oneway": "-1"}, False, True),
            ({"junction": "roundabout"}, True, False),
            ({"junction": "roundabout", "oneway": "no"}, True, True),
            ({"oneway": "reversible"}, False, False),
            ({"motor_vehicle:backward": "no"}, True, False),
        ],
    )
    def test_oneways(self, tmp_path, tags, ahead, back):
        loop = ([2, 3, 4, 2], {"highway": "primary"})  # keeps both ends mutually reachable
        one = ([2, 4], {"highway": "tertiary"} | tags)
        net = read(tmp_path, [loop, one])
        if not ahead and not back:
            assert net.report.ways_refused == 1
            return
        quickest = np.minimum(net.edges.forward, net.edges.backward)
        (edge,) = np.flatnonzero((net.edges.length_m / 1000 / quickest * 60).round() == 40)
        assert np.isfinite(net.edges.forward[edge]) == ahead
        assert np.isfinite(net.edges.backward[edge]) == back

    @pytest.mark.parametrize(
        ("tags", "open_"),
        [
            ({"access": "private"}, False),
            ({"access": "no", "motor_vehicle": "yes"}, True),
            ({"motorcar": "no"}, False),
            ({"access": "permissive"}, True),
            ({"motor_vehicle": "agricultural"}, False),
            ({"motor_vehicle": "agricultural;forestry"}, False),
            ({"motor_vehicle": "forestry;permissive"}, True),
            ({"area": "yes"}, False),
            ({"highway": "track"}, False),
            ({"highway": "footway"}, False),
        ],
    )
    def test_access(self, tmp_path, tags, open_):
        ways = [([1, 2], {"highway": "primary"}), ([2, 3], {"highway": "residential"} | tags)]
        assert (read(tmp_path, ways).n_nodes == 3) == open_

    @pytest.mark.parametrize(
        ("barrier", "open_"),
        [
            ({"barrier": "bollard"}, False),
            ({"barrier": "gate"}, True),
            ({"barrier": "gate", "access": "private"}, False),
            ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ],
    )
    def test_barriers_cut_the_road(self, tmp_path, barrier, open_):
        ways = [([1, 2, 3, 4], {"highway": "primary"}), ([4, 5], {"highway": "primary"})]
        net = read(tmp_path, ways, barriers={2: barrier})
        total = net.report.km * 1000 / self.STEP_M
        assert total == pytest.approx(4 if open_ else 3, rel=1e-3)

    @staticmethod
    def cut(tmp_path, ways):
        """Return the edges of ways, whatever nodes they lack."""
        with pytest.raises(NetworkError, match="position"):
            read(tmp_path, ways)
        return cut_roads(
            read_roads(tmp_path / "carte.osm", network.load_profile("voiture")), 2154
        ).edges

    def test_a_way_cut_by_the_extract_keeps_its_known_part(self, tmp_path):
        edges = self.cut(tmp_path, [([1, 2, 99], {"highway": "primary"})])
        assert edges.length_m.sum() == pytest.approx(self.STEP_M, rel=1e-3)

    def test_no_road_is_invented_across_a_gap(self, tmp_path):
        ways = [([1, 2, 98, 99, 4, 5], {"highway": "primary"}), ([1, 6], {"highway": "primary"})]
        edges = self.cut(tmp_path, ways)  # 1–2, 4–5 and 1–6
        assert edges.length_m.sum() == pytest.approx(7 * self.STEP_M, rel=1e-3)

    def test_limits_one_way(self, tmp_path):
        tags = {"highway": "primary", "maxspeed:forward": "50", "maxspeed:backward": "100"}
        net = read(tmp_path, [([1, 2], tags)])
        kmh = net.edges.length_m / 1000 / np.array([net.edges.forward, net.edges.backward]).T * 60
        assert sorted(kmh[0].round().tolist()) == [40, 80]

    def test_files_that_are_not_osm_are_refused(self, tmp_path):
        path = tmp_path / "faux.osm.pbf"
        path.write_bytes(b"ceci n'est pas du pbf" * 10)
        with pytest.raises(UnreadableFileError, match="OpenStreetMap"):
            network.read_osm(path, network.load_profile("voiture"), epsg=2154)

    def test_no_road_is_refused(self, tmp_path):
        with pytest.raises(NetworkError, match="aucune route utilisable"):
            read(tmp_path, [([1, 2], {"highway": "footway"})])

    @pytest.mark.parametrize(
        ("value", "kmh"),
        [
            (None, None),
            ("50", 50),
            ("50 km/h", 50),
            ("30 mph", 30 * 1.609344),
            ("FR:urban", 50),
            ("fr:rural", 80),
            ("FR:30", 30),
            ("FR:zone30", 30),
            ("FR:zone:20", 20),
            ("FR:zone 30", 30),
            ("zone30", 30),
            ("FR:living_street", 20),
            ("50,5", 50.5),
            ("50 (zone)", 50),
            ("50 kmph", 50),
            ("IT:urban", 50),
            ("CH:rural", 80),
            ("BE-VLG:rural", 70),
            ("DE:motorway", None),
            ("FR:x", None),
            ("vingt", None),
            ("none", None),
            ("0", None),
            ("signals", None),
            ("sign", None),
            ("70;50", 70),
            ("0.1", None),
            ("999", None),
        ],
    )
    def test_maxspeed(self, value, kmh):
        assert posted_kmh(value) == (None if kmh is None else pytest.approx(kmh))


class TestSeveralExtracts:
    """Extracts of neighbouring regions make one network, the same as one extract of both."""

    def extract(self, path, nodes, ways):
        places = [f'<node id="{i}" lat="48.0" lon="{i / 100}" version="1"/>' for i in nodes]
        lines = [
            f'<way id="{number}" version="1">'
            + "".join(f'<nd ref="{ref}"/>' for ref in refs)
            + '<tag k="highway" v="primary"/></way>'
            for number, refs in ways.items()
        ]
        text = OSM.format(nodes="\n".join(places), ways="\n".join(lines))
        path.write_text(text, encoding="utf-8")
        return path

    def roads(self, files):
        return network.read_osm(files, network.load_profile("voiture"), epsg=2154)

    def test_like_one_extract_of_both(self, tmp_path):
        # Both hold whole the way 2, which crosses the border.
        left = self.extract(tmp_path / "a.osm", [1, 2, 3, 4], {1: [1, 2, 3], 2: [3, 4]})
        right = self.extract(tmp_path / "b.osm", [3, 4, 5, 6], {2: [3, 4], 3: [4, 5, 6]})
        both = self.extract(
            tmp_path / "ab.osm", range(1, 7), {1: [1, 2, 3], 2: [3, 4], 3: [4, 5, 6]}
        )
        one = self.roads(both)
        for files in ([left, right], [right, left]):
            joined = self.roads(files)
            assert joined.n_nodes == one.n_nodes == 4
            assert sorted(joined.edges.length_m) == pytest.approx(sorted(one.edges.length_m))

    def test_a_way_cut_in_one_is_taken_whole_from_the_other(self, tmp_path):
        cut = self.extract(tmp_path / "cut.osm", [1, 2], {7: [1, 2, 3]})
        rest = self.extract(tmp_path / "rest.osm", [1, 2, 3], {7: [1, 2, 3]})
        step = self.roads(rest).edges.length_m.sum() / 2
        for files in ([cut, rest], [rest, cut]):
            joined = self.roads(files)
            assert joined.x.max() - joined.x.min() == pytest.approx(2 * step, rel=0.01)

    def test_a_road_keeps_its_number_whatever_is_added(self, tmp_path):
        path = self.extract(tmp_path / "a.osm", range(1, 8), {1: [1, 2, 3], 2: [3, 4, 7]})
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("</way>", '<tag k="ref" v="D 81b;D 4"/></way>', 1), "utf-8")
        crossing = network.Crossing((600_000, 6_790_000), (601_000, 6_790_000), 10)
        read = network.read_osm(
            [path], network.load_profile("voiture"), epsg=2154, crossings=[crossing]
        )
        km = {
            road_name(number): read.edges.length_m[read.edges.number == number].sum() / 1000
            for number in np.unique(read.edges.number)
        }
        # Two hundredths of a degree of longitude at 48° are 1.49 km.
        assert km["D 81b"] == pytest.approx(1.49, abs=0.01)
        assert km[""] > km["D 81b"]

    @pytest.mark.parametrize(
        ("told", "name"),
        [
            ("D81", "D 81"),
            ("d 81B", "D 81b"),
            ("RN-193", "RN 193"),
            ("A 7;A 9", "A 7"),
            ("D 10E1", "D 10"),
            ("D 0081", "D 81"),
            ("ZZ 9999z", "ZZ 9999z"),
            ("12", ""),
            ("D", ""),
            (None, ""),
        ],
    )
    def test_a_number_is_kept_as_a_whole_number(self, told, name):
        number = road_number(told)
        assert 0 <= number < 2**31
        assert road_name(number) == name

    def test_two_extracts_are_not_taken_for_nodes_and_links(self, tmp_path):
        left = self.extract(tmp_path / "a.osm", [1, 2], {1: [1, 2]})
        right = self.extract(tmp_path / "b.osm", [2, 3], {2: [2, 3]})
        profile = network.load_profile("voiture")
        assert network.load_network([left, right], profile, epsg=2154).n_nodes == 3

    def test_extracts_without_roads_are_all_named(self, tmp_path):
        files = [self.extract(tmp_path / name, [1], {}) for name in ("a.osm", "b.osm")]
        with pytest.raises(NetworkError, match=r"utilisable .* dans « a\.osm », « b\.osm »"):
            self.roads(files)


class TestCsv:
    def write(self, tmp_path, nodes, rows):
        (tmp_path / "n.csv").write_text(nodes)
        (tmp_path / "l.csv").write_text(rows)
        profile = network.load_profile("voiture")
        return network.read_links(tmp_path / "n.csv", tmp_path / "l.csv", profile, epsg=2154)

    NODES = "node,lon,lat\n1,0.0,48\n2,0.01,48\n3,0.02,48\n"

    def test_speeds_by_class_and_maxspeed(self, tmp_path):
        net = self.write(
            tmp_path,
            self.NODES,
            "from,to,length_m,highway,maxspeed\n1,2,1300,primary,\n2,1,1300,primary,\n"
            "2,3,800,tertiary,50\n3,2,800,tertiary,50\n1,3,9,track,\n",
        )
        assert sorted(net.links.minutes.round(9).tolist()) == [1.2] * 4
        assert net.report.ways_refused == 1

    def test_wrong_rows_name_their_line(self, tmp_path):
        with pytest.raises(DataError, match="ligne 3"):
            self.write(tmp_path, "node,lon,lat\n1,0,48\n2,,48\n", "from,to,length_m,highway\n")

    def test_files_that_do_not_go_together(self, tmp_path):
        with pytest.raises(NetworkError, match="nœud inconnu"):
            self.write(tmp_path, self.NODES, "from,to,length_m,highway\n1,9,5,primary\n")


class TestProfiles:
    def test_class_speeds_are_those_of_osrm(self):
        speeds = network.load_profile("voiture").speeds_kmh
        assert speeds["motorway"] == 90
        assert (speeds["primary"], speeds["secondary"], speeds["tertiary"]) == (65, 55, 40)
        assert speeds["residential"] == speeds["unclassified"] == 25

    def test_overrides_do_not_touch_the_profile(self):
        changed = network.load_profile("voiture", speeds_kmh={"tertiary": 45})
        assert changed.speeds_kmh["tertiary"] == 45
        assert network.load_profile("voiture").speeds_kmh["tertiary"] == 40

    def test_wrong_names_and_speeds(self):
        with pytest.raises(StudyError, match="voiture"):
            network.load_profile("fusée")
        with pytest.raises(StudyError, match="tertiary"):
            network.load_profile("voiture", speeds_kmh={"tertiary": 0})


class TestStore:
    def test_round_trip(self, tmp_path):
        net = straight_road()
        network.save_network(net, tmp_path / "store")
        again = network.open_network(tmp_path / "store")
        assert again.report == net.report
        for one, other in ((net.links, again.links), (net.reverse, again.reverse)):
            for name in one._fields:
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for field in dataclasses.fields(net.edges):
            np.testing.assert_array_equal(
                getattr(net.edges, field.name), getattr(again.edges, field.name)
            )
        assert isinstance(again.links.minutes, np.memmap)
        assert [path.name for path in tmp_path.iterdir()] == ["store"]

    @pytest.mark.parametrize("damage", ["truncate", "delete", "zero", "list", "foreign", "version"])
    def test_damage_is_noticed(self, tmp_path, damage):
        folder = tmp_path / "store"
        network.save_network(straight_road(), folder)
        manifest = folder / "reseau.json"
        if damage == "truncate":
            array = folder / "links_minutes.npy"
            array.write_bytes(array.read_bytes()[:-8])
        elif damage == "delete":
            (folder / "x.npy").unlink()
        elif damage == "zero":
            array = folder / "links_head.npy"
            array.write_bytes(array.read_bytes()[:128] + bytes(len(array.read_bytes()) - 128))
        elif damage == "list":
            content = json.loads(manifest.read_text())
            manifest.write_text(json.dumps(content | {"arrays": [1]}))
        elif damage == "foreign":
            manifest.write_text("[]")
        else:
            content = json.loads(manifest.read_text())
            manifest.write_text(json.dumps(content | {"format": 0}))
        with pytest.raises(StoreError):
            network.open_network(folder)

    def test_a_damaged_store_is_replaced_and_a_whole_one_left_alone(self, tmp_path):
        folder = tmp_path / "store"
        network.save_network(straight_road(), folder)
        (folder / "x.npy").write_bytes(b"")
        network.save_network(straight_road(), folder)
        first = (folder / "x.npy").stat().st_mtime_ns
        network.save_network(straight_road(), folder)
        assert (folder / "x.npy").stat().st_mtime_ns == first
        assert network.open_network(folder).n_nodes == 6

    def test_the_cache_spares_parsing_and_heals(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        source = osm_file(tmp_path, [([1, 2, 3], {"highway": "primary"})])
        profile = network.load_profile("voiture")
        first = network.load_network([source], profile, epsg=2154)
        (store,) = (tmp_path / "cache" / "reseaux").iterdir()
        with monkeypatch.context() as patch:
            patch.setattr(network, "read_osm", None)  # would fail if it were called
            assert network.load_network([source], profile, epsg=2154).report == first.report
        (store / "x.npy").write_bytes(b"")
        assert network.load_network([source], profile, epsg=2154).report == first.report
        assert network.open_network(store).n_nodes == first.n_nodes

    def test_the_key_follows_content_and_profile(self, tmp_path):
        one, other = tmp_path / "a", tmp_path / "b"
        one.write_text("1")
        other.write_text("2")
        car = network.load_profile("voiture")
        slow = network.load_profile("voiture", speeds_kmh={"primary": 30})
        keys = {
            store_key([one], car, epsg=2154),
            store_key([other], car, epsg=2154),
            store_key([one], slow, epsg=2154),
            store_key([one], car, epsg=2972),
        }
        assert len(keys) == 4


class TestSnap:
    def test_to_the_nearest_point_of_a_road_not_to_a_junction(self):
        net = straight_road()
        x, y = CENTRES[0]
        places = gpd.GeoSeries(
            [shapely.Point(x + 2500, y + 300), None, shapely.Point(x, y + 2001)], crs=2154
        )
        snapped = network.snap(net, places)
        assert snapped.edge.tolist() == [0, -1, -1]
        assert snapped.fraction[0] == pytest.approx(0.25)
        assert snapped.access_m[0] == pytest.approx(300)
        assert np.isnan(snapped.access_m[1:]).all()

    @pytest.mark.slow
    @given(
        st.floats(-1000, 51_000),
        st.floats(-1900, 1900),
    )
    @settings(max_examples=50)
    def test_equals_brute_force(self, dx, dy):
        net = straight_road()
        point = shapely.Point(CENTRES[0][0] + dx, CENTRES[0][1] + dy)
        snapped = network.snap(net, gpd.GeoSeries([point], crs=2154))
        nearest = min(line.distance(point) for line in net.edge_lines)
        if nearest <= net.max_snap_m:
            assert snapped.access_m[0] == pytest.approx(nearest)
        else:
            assert snapped.edge[0] == -1


class TestEstimated:
    def test_network_is_connected_and_labelled(self, town):
        profile = network.load_profile("estime")
        origins = town.origins.copy()
        moved = [shapely.Point(p.x, p.y + 1000 * (i % 2)) for i, p in enumerate(origins.geometry)]
        net = network.estimate_network(town.communes, origins.set_geometry(moved), profile)
        assert net.n_nodes == 6
        assert net.profile == "estime"
        straight = np.hypot(10_000, 1000)
        assert net.edges.length_m.min() == pytest.approx(straight * profile.parameters["sinuosite"])

    def test_places_on_one_line_are_each_joined_to_the_next(self, town):
        profile = network.load_profile("estime")
        net = network.estimate_network(town.communes, town.origins, profile)
        assert (net.n_nodes, len(net.edges.tail), net.report.islands) == (6, 5, 0)
        straight = 10_000 * profile.parameters["sinuosite"]
        assert net.edges.length_m == pytest.approx(np.full(5, straight))

    def test_no_place_at_all(self, town):
        profile = network.load_profile("estime")
        nowhere = town.origins.set_geometry([None] * len(town.origins))
        with pytest.raises(NetworkError, match="aucune commune de l'étude n'a de position"):
            network.estimate_network(town.communes, nowhere, profile)

    def test_coincident_town_halls_are_one_junction(self, town):
        profile = network.load_profile("estime")
        points = [
            shapely.Point(p.x, p.y + 1000 * (i % 2)) for i, p in enumerate(town.origins.geometry)
        ]
        points[1] = points[0]
        net = network.estimate_network(town.communes, town.origins.set_geometry(points), profile)
        assert (net.n_nodes, net.report.nodes_dropped) == (5, 0)


# --- Links sorted and paired -------------------------------------------------------------------

few = st.integers(0, 3)
links_of_few = st.lists(
    st.tuples(few, few, st.sampled_from([1.0, 2.0]), st.sampled_from([1.0, 100.0, 100.5, 300.0])),
    max_size=25,
)


@given(links=links_of_few)
@settings(max_examples=150, deadline=None)
def test_links_pair_as_one_would_by_hand(links):
    tail, head, minutes, length = np.array(links, dtype=float).reshape(-1, 4).T
    tail, head = tail.astype(np.int64), head.astype(np.int64)
    expected, apart = [], []
    for low, high in sorted({(min(a, b), max(a, b)) for a, b, *_ in links}):
        ways = [
            sorted(
                (i for i, (a, b, *_) in enumerate(links) if (a, b) == way),
                key=lambda i: (length[i], minutes[i], i),
            )
            for way in ((low, high), (high, low))
        ]
        out, back = ways if low != high else (ways[0], [])
        for one, other in zip_longest(out, back, fillvalue=-1):
            alike = -1 in (one, other) or np.isclose(
                length[one], length[other], rtol=0.01, atol=1.0
            )
            expected.append((one, other if alike else -1))
            apart += [] if alike else [(-1, other)]
    found = pair_links(tail, head, minutes, length)
    assert list(zip(*(side.tolist() for side in found), strict=True)) == expected + apart


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([0.5, 1.0]), st.sampled_from([2, 3]))
    )
)
@settings(max_examples=100, deadline=None)
def test_rows_are_in_order_of_their_key_then_of_their_ties(rows):
    key, first, second = np.array(rows, dtype=float).reshape(-1, 3).T
    expected = sorted(range(len(rows)), key=lambda i: (*rows[i], i))
    assert in_order(key.astype(np.int64), first, second).tolist() == expected
