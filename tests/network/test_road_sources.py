"""Road data of other forms: IGN sections, OSMnx graphs, tables of links."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import pytest
import shapely
from support.sections import OLD, sections

from msap_geo import network
from msap_geo.errors import DataError, MissingColumnError, NetworkError, UnreadableFileError
from msap_geo.network.segments import section_classes

CAR, BIKE, FOOT = (network.load_profile(name) for name in ("voiture", "velo", "pied"))


NEW = {
    "nature": "Route à 1 chaussée",
    "importance": "3",
    "sens_de_circulation": "Double sens",
    "vitesse_moyenne_vl": 70,
    "acces_vehicule_leger": "Libre",
    "etat_de_l_objet": "En service",
}
R500 = {
    "VOCATION": "Liaison régionale",
    "SENS": "Double sens",
    "NB_CHAUSSE": "1 chaussée",
    "CLASS_ADM": "Départementale",
    "ACCES": "Libre",
    "ETAT": "Revêtu",
}


def speeds(path, profile=CAR):
    net = network.read_segments(path, profile, epsg=2154)
    return sorted((net.edges.length_m / 1000 / net.edges.forward * 60).round(1).tolist())


class TestSegments:
    def test_old_bd_topo_goes_by_nature_and_importance(self, tmp_path):
        rows = [
            (0, 1, OLD),
            (1, 2, OLD | {"IMPORTANCE": "4"}),
            (2, 3, OLD | {"NATURE": "Route empierrée", "IMPORTANCE": "5"}),
            (3, 4, OLD | {"NATURE": "Chemin"}),
        ]
        path = sections(tmp_path, rows)
        assert speeds(path) == [15, 40, 55]
        assert speeds(path, BIKE) == [12, 15, 15, 15]
        assert speeds(path, FOOT) == [5, 5, 5, 5]

    def test_lost_accents_change_nothing(self, tmp_path):
        mangled = OLD | {"NATURE": "Route ï¿½ 1 chaussï¿½e"}
        assert speeds(sections(tmp_path, [(0, 1, mangled)])) == [55]

    def test_version_3_goes_by_its_mean_speed(self, tmp_path):
        rows = [
            (0, 1, NEW),
            (1, 2, NEW | {"vitesse_moyenne_vl": 0}),
            (2, 3, NEW | {"acces_vehicule_leger": "Restreint aux ayants droit"}),
            (3, 4, NEW | {"etat_de_l_objet": "En construction"}),
        ]
        path = sections(tmp_path, rows)
        assert speeds(path) == [70]
        assert network.read_segments(path, CAR, epsg=2154).report.ways_refused == 3

    def test_senses(self, tmp_path):
        loop = [(0, 1, OLD), (1, 2, OLD | {"SENS": "Direct"}), (2, 1, OLD | {"SENS": "Direct"})]
        net = network.read_segments(sections(tmp_path, loop), CAR, epsg=2154)
        assert (net.n_nodes, net.n_links) == (3, 4)
        for word in ("Inverse", "Sens inverse"):
            one = [(0, 1, OLD), (1, 2, OLD | {"SENS": word})]
            net = network.read_segments(sections(tmp_path, one), CAR, epsg=2154)
            assert net.n_nodes == 2  # nobody comes back from the end of a one-way
            assert network.read_segments(sections(tmp_path, one), FOOT, epsg=2154).n_nodes == 3

    def test_route_500(self, tmp_path):
        rows = [
            (0, 1, R500),
            (1, 2, R500 | {"VOCATION": "Liaison locale"}),
            (2, 3, R500 | {"VOCATION": "Liaison principale", "ACCES": "A péage"}),
            (3, 4, R500 | {"VOCATION": "Type autoroutier", "CLASS_ADM": "Autoroute"}),
            (4, 5, R500 | {"ETAT": "Non revêtu"}),
        ]
        path = sections(tmp_path, rows, name="TRONCON_ROUTE.shp")
        assert speeds(path) == [15, 40, 55, 65, 90]

    def test_ferries_are_crossings(self, tmp_path):
        rows = [(0, 1, NEW), (1, 11, NEW | {"nature": "Bac ou liaison maritime"}), (11, 12, NEW)]
        rows[1][2]["vitesse_moyenne_vl"] = 0
        net = network.read_segments(sections(tmp_path, rows), CAR, epsg=2154)
        assert net.report.ferries == 1
        assert net.report.islands == 0
        boat = net.edges.forward.max()
        assert boat == pytest.approx(10 / 5 * 60 + 15, rel=1e-3)

    def test_a_section_of_two_deliveries_counts_once(self, tmp_path):
        rows = [(0, 1, OLD | {"ID": "A"}), (1, 2, OLD | {"ID": "B"})]
        one = sections(tmp_path, rows, name="72.gpkg")
        other = sections(tmp_path, [*rows[1:], (2, 3, OLD | {"ID": "C"})], name="53.gpkg")
        net = network.read_segments([one, other], CAR, epsg=2154)
        assert net.report.km == pytest.approx(3, rel=1e-3)
        assert net.n_nodes == 4

    def test_unknown_natures_are_told(self, tmp_path):
        rows = [(0, 1, OLD), (1, 2, OLD | {"NATURE": "Téléphérique"})]
        net = network.read_segments(sections(tmp_path, rows), CAR, epsg=2154)
        assert net.report.unknown_classes == "Téléphérique (1)"

    def test_other_layers_are_refused(self, tmp_path):
        with pytest.raises(MissingColumnError, match="VOCATION"):
            network.read_segments(sections(tmp_path, [(0, 1, {"a": 1})]), CAR, epsg=2154)
        path = tmp_path / "faux.gpkg"
        path.write_text("rien")
        with pytest.raises(UnreadableFileError, match="GeoPackage"):
            network.read_segments(path, CAR, epsg=2154)

    def test_nothing_usable_is_refused(self, tmp_path):
        path = sections(tmp_path, [(0, 1, OLD | {"NATURE": "Sentier"})])
        with pytest.raises(NetworkError, match="aucune route utilisable"):
            network.read_segments(path, CAR, epsg=2154)

    def test_the_real_excerpt_of_the_sarthe(self, shared):
        path = shared / "formats" / "bdtopo-route-sarthe" / "ROUTE.shp"
        net = network.load_network([path], CAR, epsg=2154)
        assert net.report.unknown_classes == ""
        # 1,070 sections, of which 121 paths, 19 footpaths and 5 cycleways are not for cars.
        assert net.report.ways_refused == 145
        layer = gpd.read_file(path)
        driven = layer[layer["NATURE"].str.startswith("Route")]
        total = net.report.km + net.report.km_dropped
        assert total == pytest.approx(driven.length.sum() / 1000, rel=2e-3)

    def test_bretelles_take_the_rank_of_their_road(self):
        columns = dict.fromkeys(("vocation", "etat", "admin"), "")
        table = pd.DataFrame(
            [
                columns | {"nature": "Bretelle", "importance": rank}
                for rank in ("1", "3", "5", "6", "NC")
            ]
        )
        classes, unknown = section_classes(table)
        assert classes.tolist() == [
            "trunk_link",
            "secondary_link",
            "unclassified",
            "service",
            "unclassified",
        ]
        assert unknown.empty


def graph(**first):
    """Make a graph as OSMnx does: a two-way street, bent, and a one-way round it."""
    made = nx.MultiDiGraph(crs="epsg:4326")
    for node, lon in enumerate((0.0, 0.01, 0.02)):
        made.add_node(node, x=lon, y=48.0)
    bend = shapely.LineString([(0, 48), (0.005, 48.001), (0.01, 48)])
    street = {"highway": "primary", "length": 800.0, "oneway": False, "osmid": 1} | first
    made.add_edge(0, 1, geometry=bend, reversed=False, **street)
    made.add_edge(1, 0, geometry=bend.reverse(), reversed=True, **street)
    one_way = {"highway": "tertiary", "length": 750.0, "oneway": True, "osmid": 2}
    made.add_edge(1, 2, reversed=False, **one_way)
    made.add_edge(2, 0, reversed=False, **(one_way | {"length": 1500.0}))
    return made


class TestGraphs:
    def test_directions_are_paired_and_bends_kept(self):
        net = network.from_graph(graph(), CAR, epsg=2154)
        assert (net.n_nodes, net.n_links, len(net.edges.tail)) == (3, 4, 3)
        street = int(net.edges.forward.argmin())
        assert net.edges.forward[street] == pytest.approx(0.8 / 65 * 60)
        assert net.edges.backward[street] == pytest.approx(0.8 / 65 * 60)
        counts = np.diff(net.edges.shape_start)
        assert counts[street] == 3
        line = net.edge_lines[street]
        first = shapely.Point(net.x[net.edges.tail[street]], net.y[net.edges.tail[street]])
        assert shapely.distance(shapely.get_point(line, 0), first) < 0.01

    @pytest.mark.parametrize(
        ("tags", "kmh"),
        [
            ({"maxspeed": "50"}, 40),
            ({"maxspeed": ["50", "90"]}, 56),
            ({"highway": ["primary", "tertiary"]}, 52.5),
            ({"highway": ["primary", "track"]}, 65),
            ({"maxspeed": "none"}, 65),
        ],
    )
    def test_merged_ways_take_the_mean(self, tags, kmh):
        net = network.from_graph(graph(**tags), CAR, epsg=2154)
        minutes = net.edges.forward[np.isclose(net.edges.length_m, 800)]
        assert minutes == pytest.approx(0.8 / kmh * 60)

    def test_a_projected_graph_is_the_same(self):
        plain = network.from_graph(graph(), CAR, epsg=2154)
        projected = network.from_graph(osmnx.project_graph(graph()), CAR, epsg=2154)
        np.testing.assert_allclose(projected.x, plain.x, atol=0.01)
        np.testing.assert_allclose(projected.links.minutes, plain.links.minutes)

    def test_graphml_round_trip(self, tmp_path):
        path = tmp_path / "ville.graphml"
        osmnx.save_graphml(graph(maxspeed=["50", "90"]), path)
        again = network.load_network([path], CAR, epsg=2154)
        direct = network.from_graph(graph(maxspeed=["50", "90"]), CAR, epsg=2154)
        np.testing.assert_allclose(again.links.minutes, direct.links.minutes)
        assert again.report == direct.report

    def test_other_files_and_graphs_are_refused(self, tmp_path):
        path = tmp_path / "faux.graphml"
        path.write_text("<graphml>")
        with pytest.raises(UnreadableFileError, match="OSMnx"):
            network.read_graphml(path, CAR, epsg=2154)
        with pytest.raises(NetworkError, match="OSMnx"):
            network.from_graph(nx.MultiDiGraph(), CAR, epsg=2154)
        with pytest.raises(NetworkError, match="OSMnx"):
            network.from_graph(nx.path_graph(3), CAR, epsg=2154)

    @pytest.mark.parametrize(
        ("attributes", "km"),
        [
            ({}, 2),
            ({"access": "yes"}, 2),
            ({"access": float("nan")}, 2),
            ({"access": "permit"}, 0),
            ({"access": ["yes", "private"]}, 0),
            ({"access": "no", "motor_vehicle": "yes"}, 2),
            ({"construction": "yes"}, 0),
            ({"construction": "minor"}, 2),
        ],
    )
    def test_a_graph_of_all_ways_holds_closed_ones(self, attributes, km):
        # network_type="all": « acces.osm » and « barrieres.osm », as OSMnx keeps their tags.
        made = nx.MultiDiGraph(crs="epsg:2154")
        for i in range(4):
            made.add_node(i, x=700_000.0 + 1000 * i, y=6_600_000.0)
        for i, told in enumerate([{}, {}, attributes]):
            for u, v in ((i, i + 1), (i + 1, i)):
                made.add_edge(u, v, length=1000.0, highway="primary", **told)
        net = network.from_graph(made, CAR, epsg=2154)
        assert net.edges.length_m.sum() == 2000 + 500 * km

    def test_an_empty_graph_is_told(self):
        with pytest.raises(NetworkError, match="vide"):
            network.from_graph(nx.MultiDiGraph(crs="epsg:4326"), CAR, epsg=2154)

    def test_a_place_is_asked_of_osmnx_in_our_cache(self, monkeypatch):
        asked = {}

        def answer(place, **options):
            asked.update(options, place=place, cache=osmnx.settings.cache_folder)
            return graph()

        before = osmnx.settings.cache_folder
        monkeypatch.setattr(osmnx, "graph_from_place", answer)
        net = network.from_place("La Flèche, France", BIKE, epsg=2154)
        assert net.n_nodes == 3
        assert (asked["place"], asked["network_type"]) == ("La Flèche, France", "bike")
        assert asked["cache"] == str(network.cache_folder() / "osmnx")
        assert osmnx.settings.cache_folder == before

    def test_a_kept_answer_that_was_damaged_is_asked_for_again(self, monkeypatch, tmp_path):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path))
        asked = []

        def answer(place, **options):
            kept = Path(osmnx.settings.cache_folder) / "0a1b.json"
            if not kept.exists():
                asked.append((place, options))
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text('{"elements": []}', encoding="utf-8")
            return graph()

        monkeypatch.setattr(osmnx, "graph_from_place", answer)

        def codes():
            net = network.from_place("La Flèche, France", BIKE, epsg=2154)
            return [told.code for told in net.report.anomalies]

        assert (codes(), codes(), len(asked)) == ([], [], 1)
        kept, hashes = (tmp_path / "osmnx" / name for name in ("0a1b.json", "empreintes.json"))
        kept.write_bytes(kept.read_bytes().replace(b"e", b"d", 1))
        assert (codes(), codes(), len(asked)) == (["osm-reponse-abimee"], [], 2)
        for damage in (b"", b"[]", hashes.read_bytes().replace(b"a", b"b")):
            hashes.write_bytes(damage)
            assert (codes(), codes()) == (["osm-reponse-abimee"], [])
        assert len(asked) == 5

    def test_a_place_that_does_not_answer_is_told(self, monkeypatch):
        def fail(place, **options):
            raise ConnectionError(place, options)

        monkeypatch.setattr(osmnx, "graph_from_place", fail)
        with pytest.raises(NetworkError, match="La Flèche"):
            network.from_place("La Flèche, France", CAR, epsg=2154)
        with pytest.raises(NetworkError, match="estime"):
            network.from_place("La Flèche", network.load_profile("estime"), epsg=2154)


class TestLinks:
    NODES = "node,lon,lat\n1,0.0,48\n2,0.01,48\n3,0.02,48\n"

    def read(self, tmp_path, rows, profile=CAR):
        nodes, links = tmp_path / "n.csv", tmp_path / "l.csv"
        nodes.write_text(self.NODES)
        links.write_text("from,to,length_m,highway,maxspeed\n" + rows)
        return network.load_network([nodes, links], profile, epsg=2154)

    @pytest.mark.parametrize(
        ("rows", "error", "said"),
        [
            ("1,2,650,primary,\n2,1,x,primary,\n", DataError, "ligne 3"),
            ("1,2,650,primary,\n2,1,-5,primary,\n", DataError, "ligne 3"),
            ("1,2,650,primary,\n\n2,9,5,primary,\n", NetworkError, "va de 2 à 9.*ligne 4"),
        ],
    )
    def test_wrong_rows_name_their_line(self, tmp_path, rows, error, said):
        with pytest.raises(error, match=said):
            self.read(tmp_path, rows)

    def test_unknown_classes_are_told_and_known_ones_are_not(self, tmp_path):
        good = "1,2,750,primary,\n2,1,750,primary,\n"
        net = self.read(tmp_path, good + "2,3,9,track,\n3,2,9,piste,\n1,3,9,piste,\n")
        assert net.report.unknown_classes == "piste (2)"
        assert net.report.ways_refused == 3

    def test_limits_are_not_for_bicycles(self, tmp_path):
        net = self.read(tmp_path, "1,2,750,primary,30\n2,1,750,primary,30\n", BIKE)
        assert net.links.minutes == pytest.approx([3, 3])


def test_files_that_cannot_be_joined_are_refused(tmp_path):
    for name in ("a.osm.pbf", "b.shp"):
        (tmp_path / name).write_text("x")
    with pytest.raises(NetworkError, match="ne se joignent pas"):
        network.load_network([tmp_path / "a.osm.pbf", tmp_path / "b.shp"], CAR, epsg=2154)
