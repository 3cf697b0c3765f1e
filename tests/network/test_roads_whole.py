"""Road files of every form: read whole, or the loss is told."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zipfile

import numpy as np
import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.osm_files import osm_file
from support.road_files import BIKE, CAR, FOOT, HEAD, minutes, node, place, read, way

from msap_geo import network
from msap_geo.errors import DataError, MsapGeoError, NetworkError, UnreadableFileError
from msap_geo.network.osm.files import read_roads
from msap_geo.network.osm.tags import blocks, way_speeds
from msap_geo.network.osm.values import duration_minutes
from msap_geo.tabular import vast

# A street of 2 km in two ways, and a detour of 13 km between its middle and its end.
NODES = {1: (0, 0), 2: (1000, 0), 3: (2000, 0), 9: (1500, 0), 4: (1000, 6000), 5: (2000, 6000)}
WAYS = {1: [1, 2], 2: [2, 4, 5, 3], 10: [2, 9, 3]}
SHORT, LONG = 4.8, 33.6


def nodes(but=()):
    return "".join(node(number, *xy) for number, xy in NODES.items() if number not in but)


def ways(but=()):
    return "".join(way(number, refs) for number, refs in WAYS.items() if number not in but)


@pytest.mark.parametrize(
    ("name", "end", "right"),
    [
        ("josm-nouvelle-route.osm", (2000, 0), 4.8),
        ("josm-voie-supprimee.osm", (2000, 0), 33.6),
        ("voies-avant-noeuds.osm", (1000, 0), 2.4),
        ("lieux-dans-les-voies.osm.pbf", (1000, 0), 2.4),
        ("historique.osm.pbf", (1000, 0), 12.0),
        ("barrieres.osm", (1000, 0), 12.0),
        ("acces.osm", (1000, 0), 12.0),
    ],
)
def test_the_small_files_that_failed(cases, name, end, right):
    net = network.read_osm(cases / "routes" / name, CAR, epsg=2154)
    assert minutes(net, (0, 0), end) == pytest.approx(right, abs=0.05)


def test_the_other_small_files_that_failed(cases):
    roads = read_roads(cases / "routes" / "relations-avant-voies.osm.pbf", CAR)
    assert len(roads.way) == 38
    assert roads.lost() == (0, 0.0)
    with pytest.raises(NetworkError, match=r"90.attributs illisibles"):
        network.read_osm(cases / "routes" / "attribut-latin1.osm.pbf", CAR, epsg=2154)
    with pytest.raises(NetworkError, match=r"système de coordonnées inconnu.*crs-illisible"):
        network.read_graphml(cases / "routes" / "crs-illisible.graphml", CAR, epsg=2154)


class TestJosm:
    def test_new_objects_have_negative_numbers(self, tmp_path):
        drawn = node(-1, 1500, 0) + way(-10, [2, -1, 3])
        net = read(tmp_path / "a.osm", nodes([9]), drawn, ways([10]))
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)

    def test_each_file_has_its_own_negative_numbers(self, tmp_path):
        # Node −1 of one file is not node −1 of the other: 1 km apart, and no road between.
        parts = [node(-1, 0, 0), node(-2, 1000, 0), way(-1, [-1, -2])]
        other = [node(-1, 5000, 0), node(-2, 6000, 0), way(-1, [-1, -2])]
        read(tmp_path / "a.osm", *parts)
        read(tmp_path / "b.osm", *other)
        link = HEAD + node(1, 0, 0) + node(2, 3000, 9000) + way(1, [1, 2]) + "</osm>"
        (tmp_path / "c.osm").write_text(link)
        roads = network.osm.extracts.merge_roads(
            [read_roads(tmp_path / f"{name}.osm", CAR) for name in "abc"]
        )
        assert (len(roads.node), len(roads.way)) == (6, 3)
        assert roads.lost() == (0, 0.0)

    @pytest.mark.parametrize("packed", [False, True])
    def test_deleted_objects_are_gone(self, tmp_path, packed):
        gone = way(10, WAYS[10], 'action="delete"')
        net = read(tmp_path / "a.osm", nodes(), ways([10]), gone)
        if packed:
            path = tmp_path / "b.osm.gz"
            path.write_bytes(gzip.compress((tmp_path / "a.osm").read_bytes()))
            net = network.read_osm(path, CAR, epsg=2154)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "iso-8859-1"])
    def test_deleted_objects_are_gone_whatever_the_encoding(self, tmp_path, encoding):
        gone = way(10, WAYS[10], 'action="delete"', highway="residential", name="Allée")
        head = HEAD.replace("UTF-8", encoding.replace("-sig", "").replace("-be", ""))
        text = head + nodes() + ways([10]) + gone + "</osm>"
        path = tmp_path / "a.osm"
        path.write_bytes(text.encode(encoding))
        net = network.read_osm(path, CAR, epsg=2154)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)

    @pytest.mark.parametrize("gone", ['<way action="delete"/>', '<node action="delete"/>'])
    def test_a_deleted_object_without_a_number_deletes_nothing(self, tmp_path, gone):
        net = read(tmp_path / "a.osm", nodes(), ways(), gone)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)

    def test_a_number_that_is_none_is_refused(self, tmp_path):
        with pytest.raises(UnreadableFileError, match="OpenStreetMap lisible"):
            read(tmp_path / "a.osm", nodes(), ways(), '<way id="x" action="delete"/>')

    def test_modified_objects_are_not(self, tmp_path):
        net = read(tmp_path / "a.osm", nodes(), ways([10]), way(10, WAYS[10], "action='modify'"))
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)

    def test_a_deleted_barrier_stops_nobody(self, tmp_path):
        bollard = '<tag k="barrier" v="bollard"/>'
        stopped = read(tmp_path / "a.osm", nodes([9]), node(9, 1500, 0, bollard), ways())
        assert minutes(stopped, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)


class TestOrder:
    def test_ways_may_come_first_and_nodes_twice(self, tmp_path):
        # Overpass, « out body; >; out skel »: a node asked for is written again without its tags.
        bollard = node(9, 1500, 0, '<tag k="barrier" v="bollard"/>')
        net = read(tmp_path / "a.osm", bollard, ways(), nodes())
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)
        net = read(tmp_path / "b.osm", ways(), nodes())
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)

    @pytest.mark.slow
    @given(st.permutations([("n", n) for n in NODES] + [("w", w) for w in WAYS] + [("r", 1)] * 3))
    def test_a_pbf_may_be_in_any_order(self, tmp_path_factory, order):
        path = tmp_path_factory.mktemp("ordre") / "carte.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for kind, number in order:
                match kind:
                    case "n":
                        writer.add_node(
                            osmium.osm.mutable.Node(id=number, location=place(*NODES[number]))
                        )
                    case "w":
                        writer.add_way(
                            osmium.osm.mutable.Way(
                                id=number, nodes=WAYS[number], tags={"highway": "residential"}
                            )
                        )
                    case _:
                        writer.add_relation(
                            osmium.osm.mutable.Relation(id=1, members=[("w", 1, "")])
                        )
        roads = read_roads(path, CAR)
        assert sorted(roads.way.tolist()) == sorted(WAYS)
        assert roads.lost() == (0, 0.0)

    def test_places_may_be_in_the_ways(self, tmp_path):
        read(tmp_path / "a.osm", nodes(), ways())
        path = tmp_path / "b.osm.pbf"
        with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,locations_on_ways=true")) as writer:
            for item in osmium.FileProcessor(str(tmp_path / "a.osm")).with_locations():
                if item.is_way():
                    writer.add_way(item)
        net = network.read_osm(path, CAR, epsg=2154)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)


# Of a road, versions of which the last one is no road for cars.
VERSIONS = [
    [way(10, WAYS[10], 'version="1"'), way(10, [], 'version="2" visible="false"', a="b")],
    [way(10, WAYS[10], 'version="1"'), way(10, WAYS[10], 'version="2"', highway="path")],
    [way(10, WAYS[10], 'version="2"', highway="path"), way(10, WAYS[10], 'version="1"')],
    [way(10, WAYS[10], 'version="3" visible="false"')],
]


class TestHistory:
    @pytest.mark.parametrize(
        ("versions", "form"),
        [
            (versions, form)
            for versions in VERSIONS
            for form in ("", "pbf", "pbf,history=true")
            if form != "pbf" or len(versions) > 1  # a plain PBF says nothing of deletion
        ],
    )
    def test_only_the_last_version_counts(self, tmp_path, versions, form):
        net = read(tmp_path / "a.osm", nodes(), ways([10]), *versions)
        if form:
            path = tmp_path / "b.osm.pbf"
            with osmium.SimpleWriter(osmium.io.File(str(path), form)) as writer:
                for item in osmium.FileProcessor(str(tmp_path / "a.osm")):
                    writer.add(item)
            net = network.read_osm(path, CAR, epsg=2154)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)


REMARK = '<remark> runtime error: Query timed out in "query" at line 3 after 26 s. </remark>'


class TestUnfinished:
    """An answer of Overpass that stopped before its end is well-formed, and lacks roads."""

    @pytest.mark.parametrize(
        ("name", "pack"),
        [
            ("a.osm", lambda text: text.encode()),
            ("a.xml", lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16")),
            ("a.osm.gz", lambda text: gzip.compress(text.encode())),
            ("a.osm.bz2", lambda text: bz2.compress(text.encode())),
        ],
    )
    def test_is_refused(self, tmp_path, name, pack):
        path = tmp_path / name
        path.write_bytes(pack(HEAD + nodes() + ways([10]) + REMARK + "</osm>"))
        with pytest.raises(UnreadableFileError, match=r"incomplète.*Query timed out"):
            network.read_osm(path, CAR, epsg=2154)

    def test_any_other_remark_stops_nothing(self, tmp_path):
        net = read(tmp_path / "a.osm", nodes(), ways(), "<remark>fine</remark>")
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("form", ["osm", "osm.pbf"])
def test_extracts_of_different_days_give_one_answer_whatever_their_order(tmp_path, form, turned):
    # A street slowed between two days: the slower stays, and the difference is told.
    files = []
    for name, kmh in (("a", "100"), ("b", "20")):
        read(
            tmp_path / f"{name}.osm",
            nodes(),
            ways([10]),
            way(10, WAYS[10], highway="residential", maxspeed=kmh),
        )
        files.append(tmp_path / f"{name}.{form}")
        if form != "osm":
            with osmium.SimpleWriter(str(files[-1])) as writer:
                for item in osmium.FileProcessor(str(tmp_path / f"{name}.osm")):
                    writer.add(item)
    net = network.read_osm(files[::-1] if turned else files, CAR, epsg=2154)
    assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(2.4 + 60 / 16, abs=0.05)
    (told,) = net.report.anomalies
    assert (told.code, told.message[:6]) == ("routes-extraits-differents", "1\u00a0voie")
    assert network.read_osm([files[0]] * 2, CAR, epsg=2154).report.anomalies == ()


class TestGuard:
    @staticmethod
    def street(count, missing):
        """Return a street of so many vertices 10 m apart, some of them without a place."""
        points = [node(i, 10 * i, 0) for i in range(1, count + 1) if i not in missing]
        return [*points, way(1, range(1, count + 1))]

    def test_too_many_lost_vertices_are_refused(self, tmp_path):
        with pytest.raises(NetworkError, match=r"position de 2.points sur 1.000.*complete_ways"):
            read(tmp_path / "a.osm", *self.street(1000, {500, 501}))

    def test_a_few_are_told_with_their_kilometres(self, tmp_path):
        net = read(tmp_path / "a.osm", *self.street(3000, {1500, 1501}))
        (told,) = net.report.anomalies
        assert told.code == "routes-points-absents"
        assert "2\u00a0points" in told.message
        lost, km = read_roads(tmp_path / "a.osm", CAR).lost()
        assert (lost, km) == (2, pytest.approx(0.03, rel=1e-3))  # three sections of ten metres

    def test_what_was_told_is_kept_with_the_network(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        read(tmp_path / "a.osm", *self.street(3000, {1500, 1501}))
        first, again = (network.load_network([tmp_path / "a.osm"], CAR, epsg=2154) for _ in "ab")
        assert len(first.report.anomalies) == 1
        assert again.report == first.report


@pytest.mark.parametrize(
    ("garbled", "found"), [("maxspeed", ("told", 25)), ("name", ("quiet", 64)), ("highway", None)]
)
def test_a_tag_that_is_not_utf8_is_ignored_and_told(tmp_path, garbled, found):
    tags = {"highway": "residential", "maxspeed": "80", "name": "x"} | {garbled: "ZZZZZ"}
    path = tmp_path / "a.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        for number, xy in NODES.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place(*xy)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags))
    path.write_bytes(path.read_bytes().replace(b"ZZZZZ", b"ZZ\xe9ZZ"))
    if found is None:
        with pytest.raises(NetworkError, match=r"1.attribut illisible"):
            network.read_osm(path, CAR, epsg=2154)
        return
    told, kmh = found
    net = network.read_osm(path, CAR, epsg=2154)
    assert minutes(net, (0, 0), (1000, 0)) == pytest.approx(60 / kmh, abs=0.01)
    assert [a.code for a in net.report.anomalies] == ["routes-attributs-illisibles"] * (
        told == "told"
    )
    slow = network.osm.forms.read_roads_with_osmium(path, CAR)
    assert slow.garbled == len(net.report.anomalies)


@pytest.mark.parametrize("form", ["pbf", "pbf,history=true", "pbf,pbf_dense_nodes=false"])
def test_a_role_that_is_not_utf8_is_no_role(tmp_path, form):
    path = tmp_path / "a.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), f"{form},pbf_compression=none")) as writer:
        for number, xy in NODES.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place(*xy)))
        for number, refs in WAYS.items():
            tags = {"highway": "residential"}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
        members = [("w", 1, "ZZZZZ"), ("n", 2, "via"), ("w", 10, "to")]
        tags = {"type": "restriction", "restriction": "no_straight_on"}
        writer.add_relation(osmium.osm.mutable.Relation(id=1, members=members, tags=tags))
    path.write_bytes(path.read_bytes().replace(b"ZZZZZ", b"ZZ\xe9ZZ"))
    net = network.read_osm(path, CAR, epsg=2154)
    assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.02)


@pytest.mark.parametrize("form", ["osm", "osm.pbf"])
def test_a_limit_or_a_duration_nobody_can_read_is_told(tmp_path, form):
    tags = [
        {"highway": "residential", "maxspeed": "vite"},
        {"highway": "residential", "maxspeed:forward": "?"},
        {"route": "ferry", "duration": "un quart d’heure"},
        {"highway": "residential", "maxspeed": "none", "maxspeed:backward": "30"},
        {"route": "ferry", "duration": "0:20"},
        {"highway": "residential", "maxspeed": "vite", "access": "no"},
        {"highway": "footway", "maxspeed": "vite"},
    ]
    lines = [way(20 + i, [i + 1, i + 2], **each) for i, each in enumerate(tags)]
    points = [node(i, 900 * i, 0) for i in range(1, 9)]
    net = read(tmp_path / "a.osm", *points, *lines)
    if form != "osm":
        path = tmp_path / "a.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(tmp_path / "a.osm")):
                writer.add(item)
        net = network.read_osm(path, CAR, epsg=2154)
    (told,) = net.report.anomalies
    assert (told.code, told.message[:7]) == ("routes-valeurs-illisibles", "3\u00a0voies")


class TestClosed:
    @pytest.mark.parametrize(
        ("tags", "stopped"),
        [
            ({"barrier": "gate", "locked": "yes"}, "voiture velo pied"),
            ({"barrier": "gate", "locked": "no"}, ""),
            ({"barrier": "gate", "locked": "yes", "motor_vehicle": "yes"}, "velo pied"),
            (
                {"barrier": "lift_gate", "locked": "yes", "access": "destination"},
                "voiture velo pied",
            ),
            ({"barrier": "height_restrictor", "maxheight": "1.9"}, "voiture"),
            ({"barrier": "height_restrictor", "maxheight": "6'0\""}, "voiture"),
            ({"barrier": "height_restrictor", "maxheight": "2.1 m"}, ""),
            ({"barrier": "height_restrictor"}, ""),
            ({"barrier": "gate", "motor_vehicle": "permit"}, "voiture"),
            ({"locked": "yes"}, ""),
        ],
    )
    def test_barriers(self, tags, stopped):
        modes = {"voiture": CAR, "velo": BIKE, "pied": FOOT}
        found = [name for name, profile in modes.items() if blocks(tags, profile.rules)]
        assert found == stopped.split()

    @pytest.mark.parametrize(
        "tags",
        [
            {"access": "permit"},
            {"motor_vehicle": "residents"},
            {"motorcar": "official"},
            {"construction": "yes"},
            {"construction": "residential"},
            {"maxheight": "1.8"},
            {"maxweight": "1.5 t"},
            {"maxwidth": "1,8 m"},
        ],
    )
    def test_closed_roads(self, tags):
        assert way_speeds({"highway": "residential"} | tags, CAR)[:2] == (0, 0)

    @pytest.mark.parametrize(
        "tags",
        [
            {"access": "permissive"},
            {"construction": "minor"},
            {"maxheight": "default"},
            {"maxheight": "3.5"},
            {"maxweight": "3500 kg"},
            {"width": "4"},
        ],
    )
    def test_open_roads(self, tags):
        assert way_speeds({"highway": "residential"} | tags, CAR)[:2] == (25, 25)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("60 min", 60),
        ("1h", 60),
        ("1h30", 90),
        ("1 h 30 min", 90),
        ("PT1.5H", 90),
        ("PT0.5H", 30),
        ("1,5 heures", 90),
        ("90 minutes", 90),
        ("2 hours 15 minutes", 135),
        ("12 min 30 s", 12.5),
        ("P1DT2H", 1560),
    ],
)
def test_durations_as_people_write_them(value, right):
    assert duration_minutes(value) == right


class TestLinks:
    NODES = "node,lon,lat\n1,3.0,46.5\n2,3.013028,46.5\n3,3.026056,46.5\n"  # a kilometre apart

    def read(self, tmp_path, rows):
        nodes, links = tmp_path / "n.csv", tmp_path / "l.csv"
        nodes.write_text(self.NODES)
        links.write_text("from,to,length_m,highway,maxspeed\n" + rows)
        return network.read_links(nodes, links, CAR, epsg=2154)

    GOOD = "1,2,1000,primary,\n2,1,1000,primary,\n2,3,1000,primary,\n3,2,1000,primary,\n"

    @pytest.mark.parametrize("length", ["900", "0", "1.0", "inf", "-5", "x", "25000"])
    def test_impossible_lengths_name_their_line(self, tmp_path, length):
        with pytest.raises(DataError, match="ligne 6"):
            self.read(tmp_path, self.GOOD + f"1,3,{length},primary,\n")

    def test_a_rare_hairpin_is_told_and_kept(self, tmp_path):
        net = self.read(tmp_path, self.GOOD * 250 + "1,3,25000,primary,\n")
        (told,) = net.report.anomalies
        assert (told.code, "ligne 1002" in told.message) == ("liens-tres-longs", True)

    def test_a_loop_is_as_long_as_it_wants(self, tmp_path):
        assert self.read(tmp_path, self.GOOD + "1,1,5000,primary,\n").report.anomalies == ()

    def test_a_limit_that_cannot_be_read_is_named(self, tmp_path):
        net = self.read(tmp_path, self.GOOD.replace("2,3,1000,primary,", "2,3,1000,primary,vite"))
        (told,) = net.report.anomalies
        assert told.code == "liens-limites-illisibles"
        assert "ligne 4 : « vite »" in told.message
        assert np.unique(net.links.minutes) == pytest.approx([60 / 65])

    @pytest.mark.parametrize(
        ("text", "kmh"), [("50", 40), ("FR:urban", 40), ("30 mph", 38.6243), ("none", 65), ("", 65)]
    )
    def test_limits_are_read_as_the_map_writes_them(self, tmp_path, text, kmh):
        net = self.read(tmp_path, f"1,2,1000,primary,{text}\n2,1,1000,primary,{text}\n")
        assert net.links.minutes == pytest.approx([60 / kmh] * 2, rel=1e-4)
        assert net.report.anomalies == ()


def graph(tmp_path, crs="epsg:4326", length="1000", x="3.0"):
    path = tmp_path / "g.graphml"
    edge = (
        f'<edge source="{{}}" target="{{}}"><data key="l">{length}</data>'
        '<data key="h">primary</data><data key="i">1</data></edge>'
    )
    path.write_text(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="c" for="graph" attr.name="crs" attr.type="string"/>'
        '<key id="x" for="node" attr.name="x" attr.type="string"/>'
        '<key id="y" for="node" attr.name="y" attr.type="string"/>'
        '<key id="l" for="edge" attr.name="length" attr.type="string"/>'
        '<key id="h" for="edge" attr.name="highway" attr.type="string"/>'
        '<key id="i" for="edge" attr.name="osmid" attr.type="string"/>'
        f'<graph edgedefault="directed"><data key="c">{crs}</data>'
        f'<node id="0"><data key="x">{x}</data><data key="y">46.5</data></node>'
        '<node id="1"><data key="x">3.013028</data><data key="y">46.5</data></node>'
        + edge.format(0, 1)
        + edge.format(1, 0)
        + "</graph></graphml>"
    )
    return path


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"crs": "epsg:4j26"}, "inconnu : « epsg:4j26 »"),
        ({"crs": "epsg:999999"}, "inconnu : « epsg:999999 »"),
        ({"crs": "epsg:2154", "x": "inf"}, "pas de place"),
        ({"length": "10"}, "plus courts que la ligne droite"),
    ],
)
def test_a_graph_that_cannot_be_placed_is_refused(tmp_path, fault, said):
    with pytest.raises(MsapGeoError, match=said):
        network.read_graphml(graph(tmp_path, **fault), CAR, epsg=2154)


def test_the_same_graph_without_fault_is_read(tmp_path):
    net = network.read_graphml(graph(tmp_path), CAR, epsg=2154)
    assert (net.n_nodes, net.report.anomalies) == (2, ())


def test_a_file_that_is_no_map_is_still_refused(tmp_path):
    path = tmp_path / "a.osm"
    path.write_text("<osm><way id='1' action='delete'>")
    with pytest.raises(UnreadableFileError):
        network.read_osm(path, CAR, epsg=2154)


def as_pbf(path):
    other = path.with_name("carte.osm.pbf")
    other.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(other)) as writer:
        for item in osmium.FileProcessor(str(path)):
            writer.add(item)
    return other.read_bytes()


HIDDEN = {
    "gz named osm": ("a.osm", lambda p: gzip.compress(p.read_bytes())),
    "bz2 named gz": ("a.osm.gz", lambda p: bz2.compress(p.read_bytes())),
    "plain named bz2": ("a.osm.bz2", lambda p: p.read_bytes()),
    "no extension": ("extrait", lambda p: p.read_bytes()),
    "gz without extension": ("extrait", lambda p: gzip.compress(p.read_bytes())),
    "XML named pbf": ("a.osm.pbf", lambda p: p.read_bytes()),
    "PBF named osm": ("a.osm", as_pbf),
    "PBF named gz": ("a.osm.gz", as_pbf),
    "PBF without extension": ("extrait", as_pbf),
    "several streams of gzip": (
        "a.osm.gz",
        lambda p: gzip.compress(p.read_bytes()[:90]) + gzip.compress(p.read_bytes()[90:]),
    ),
    "UTF-16 named gz": (
        "a.osm.gz",
        lambda p: (
            p.read_text(encoding="utf-8").replace('<?xml version="1.0"?>', "").encode("utf-16")
        ),
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_the_form_is_that_of_the_content_whatever_the_name(tmp_path, case):
    name, made = HIDDEN[case]
    plain = osm_file(tmp_path, [([1, 2, 3], {"highway": "primary"})])
    hidden = tmp_path / name
    hidden.write_bytes(made(plain))
    found, right = (network.read_osm(path, CAR, epsg=2154) for path in (hidden, plain))
    assert found.edges.forward.tolist() == right.edges.forward.tolist()
    assert found.edges.length_m.sum() > 0


def zipped(path):
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
        archive.write(path, "carte.osm")
    return path.with_suffix(".zip").read_bytes()


FOREIGN = {
    "zip": ("a.osm", zipped, "une archive zip"),
    "zip by its name": ("a.osm.zip", zipped, "contient un fichier OpenStreetMap, « carte.osm »"),
    "xz": ("a.osm.xz", lambda p: lzma.compress(p.read_bytes()), "compressé par xz"),
    "xz named osm": ("a.osm", lambda p: lzma.compress(p.read_bytes()), "compressé par xz"),
    "zstd": ("a.osm.zst", lambda _: b"\x28\xb5\x2f\xfd" + bytes(99), "compressé par Zstandard"),
    "rar": ("a.osm", lambda _: b"Rar!\x1a\x07\x01\x00" + bytes(99), "une archive RAR"),
    "tar": ("a.osm", lambda _: b"a.osm".ljust(257, b"\0") + b"ustar\x0000", "une archive tar"),
    "PBF packed": ("a.osm.pbf.gz", lambda p: gzip.compress(as_pbf(p)), "une seconde fois"),
    "page": ("a.osm.pbf", lambda _: b"\n<!DOCTYPE html><html></html>", "une page web"),
    "GPX": ("a.osm", lambda _: b'<?xml version="1.0"?><gpx/>', "une trace GPX"),
    "KML": ("a.kml", lambda _: b"<!-- a --><kml><NetworkLink/></kml>", "un fichier KML"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_none_of_openstreetmap_is_told(tmp_path, case):
    name, made, said = FOREIGN[case]
    path = tmp_path / name
    path.write_bytes(made(osm_file(tmp_path, [([1, 2, 3], {"highway": "primary"})])))
    with pytest.raises(UnreadableFileError, match=re.escape(said)):
        network.load_network(path, CAR, epsg=2154)


def test_a_gzip_that_swells_is_refused_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(vast, "ALLOWED_BYTES", 1 << 20)
    path = tmp_path / "a.osm.gz"
    path.write_bytes(gzip.compress(b'<osm version="0.6">' + b" " * (4 << 20) + b"</osm>"))
    with pytest.raises(UnreadableFileError, match="gonfle hors de proportion"):
        network.read_osm(path, CAR, epsg=2154)
