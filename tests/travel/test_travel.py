from __future__ import annotations

import dataclasses
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from support.towns import places, towns
from support.toy import CENTRES, sites, straight_road

from msap_geo import network, travel
from msap_geo.errors import DataError, MissingColumnError, NetworkError
from msap_geo.network import order, snapping
from msap_geo.travel import engine


def at(index, dx=0.0, dy=0.0):
    x, y = CENTRES[index]
    return shapely.Point(x + dx, y + dy)


class TestToyTown:
    def test_minutes_and_kilometres_of_the_same_route(self, town):
        table = travel.nearest(town.roads, town.origins, town.maisons)
        assert table["minutes"].tolist() == pytest.approx([0, 10, 20, 30, 40, 50])
        assert table["km"].tolist() == pytest.approx([0, 10, 20, 30, 40, 50])
        assert table["site_id"].tolist() == ["FS1"] * 6
        assert table["raison"].tolist() == [""] * 6

    def test_the_legs_to_the_road_count_at_both_ends(self, town):
        # 500 m on foot at 5 km/h is 6 min; from 2.5 km along, 7.5 km of road is 7.5 min.
        demand = places([at(1, 2500, 500)])
        site = sites([("S", (CENTRES[2][0], CENTRES[2][1] + 250))])
        row = travel.nearest(town.roads, demand, site).iloc[0]
        assert row["minutes"] == pytest.approx(6 + 7.5 + 3)
        assert row["km"] == pytest.approx(0.5 + 7.5 + 0.25)
        assert row["acces_m"] == pytest.approx(500)

    def test_two_places_on_one_road_need_no_junction(self, town):
        demand, site = places([at(1, 2000)]), sites([("S", (CENTRES[1][0] + 5000, CENTRES[1][1]))])
        assert travel.nearest(town.roads, demand, site)["minutes"].iloc[0] == pytest.approx(3)

    def test_a_oneway_road_is_left_by_its_end(self):
        # a → b one-way (10 min), back by a longer road (30 min), places along a–b.
        nodes = pd.DataFrame({"node": ["a", "b"], "x": [0.0, 10_000], "y": 0.0})
        links = pd.DataFrame({"from": ["a", "b"], "to": ["b", "a"], "minutes": [10.0, 30.0]})
        net = network.from_links(nodes, links, crs=2154)
        # the two directions are the two sides of one road, so going back costs its share of 30
        demand, site = places([shapely.Point(6000, 0)]), sites([("S", (4000.0, 0.0))])
        assert travel.nearest(net, demand, site)["minutes"].iloc[0] == pytest.approx(0.2 * 30)
        forth = travel.nearest(net, places([shapely.Point(4000, 0)]), sites([("S", (6000.0, 0))]))
        assert forth["minutes"].iloc[0] == pytest.approx(2)

    def test_two_oneways_of_other_lengths_are_two_roads(self):
        nodes = pd.DataFrame({"node": ["a", "b"], "x": [0.0, 10_000], "y": 0.0})
        links = pd.DataFrame({"from": ["a", "b"], "to": ["b", "a"], "minutes": [10.0, 30.0]})
        net = network.from_links(nodes, links.assign(length_m=[10_000.0, 30_000.0]), crs=2154)
        ends = places([shapely.Point(0, 0), shapely.Point(10_000, 0)])
        times = travel.matrix(net, ends, sites([("A", (0.0, 0.0)), ("B", (10_000.0, 0.0))]))
        assert times.minutes.toarray().tolist() == [[0, 10], [30, 0]]
        assert times.km.toarray().tolist() == [[0, 10], [30, 0]]
        assert travel.route(net, *ends.geometry[::-1]).km == 30

    @pytest.mark.parametrize(("across_m", "km"), [(1000, 1.5), (1999, 2.499), (2100, 2.5)])
    def test_of_two_ways_as_quick_the_shorter_is_told(self, across_m, km):
        # Three sides of a square of a kilometre, driven at 60 km/h, and a short cut between its
        # feet, as quick as two kilometres of it: 2.5 min from one side to the other either way.
        roads = network.arrays.Edges(
            tail=np.array([0, 0], np.int32),
            head=np.array([1, 1], np.int32),
            forward=np.array([3.0, 2.0]),
            backward=np.array([3.0, 2.0]),
            length_m=np.array([3000.0, across_m]),
            shape_start=np.array([0, 4, 6]),
            shape_x=np.array([0.0, 0, 1000, 1000, 0, 1000]),
            shape_y=np.array([0.0, 1000, 1000, 0, 0, 0]),
        )
        car = dataclasses.replace(network.load_profile("voiture"), junctions=network.Junctions())
        x, y = np.array([0.0, 1000.0]), np.zeros(2)
        net = network.model.build_network(x, y, roads, car, epsg=2154)
        demand, site = places([shapely.Point(0, 250)]), sites([("S", (1000.0, 250.0))])
        times, table = travel.matrix(net, demand, site), travel.nearest(net, demand, site)
        for row in (times.long().iloc[0], table.iloc[0]):
            assert (row["minutes"], row["km"]) == pytest.approx((2.5, km))

    def test_ring_of_oneways_is_driven_round(self):
        nodes = pd.DataFrame({"node": range(3), "x": [0.0, 9000.0, 0.0], "y": [0.0, 0.0, 9000.0]})
        ring = pd.DataFrame({"from": [0, 1, 2], "to": [1, 2, 0], "minutes": [10.0, 20.0, 30.0]})
        net = network.from_links(nodes, ring, crs=2154)
        demand, site = places([shapely.Point(6000, 0)]), sites([("S", (3000.0, 0.0))])
        # ahead to node 1 (10/3), round by 2 (20 + 30), then a third of the first road (10/3)
        assert travel.nearest(net, demand, site)["minutes"].iloc[0] == pytest.approx(50 + 20 / 3)

    def test_ties_go_to_the_smallest_site_id(self, town):
        table = travel.nearest(town.roads, town.origins, sites([("Z", 0), ("A", 4), ("M", 4)]))
        assert table["site_id"].tolist() == ["Z", "Z", "A", "A", "A", "A"]

    def test_k_nearest_are_distinct_and_ordered(self, town):
        offices = sites([("P0", 0), ("P3", 3), ("P5", 5)])
        table = travel.nearest(town.roads, town.origins, offices, k=2)
        second = table[table["rang"] == 2]
        assert second["site_id"].tolist() == ["P3", "P3", "P0", "P5", "P5", "P3"]
        assert second["minutes"].tolist() == pytest.approx([30, 20, 20, 20, 10, 20])

    def test_the_bound_is_inclusive_and_the_reason_said(self, town):
        table = travel.nearest(town.roads, town.origins, town.maisons, max_minutes=20)
        assert table["minutes"].notna().tolist() == [True, True, True, False, False, False]
        assert table["raison"].tolist() == ["", "", ""] + ["au-delà du maximum"] * 3

    def test_unreachable_places_keep_their_row(self, town):
        demand = places([at(0), None, at(0, 0, 2500)])
        table = travel.nearest(town.roads, demand, town.maisons)
        assert table["demand_id"].tolist() == ["D0", "D1", "D2"]
        assert table["raison"].tolist() == ["", "hors réseau", "hors réseau"]
        none = travel.nearest(town.roads, places([at(0)]), sites([("S", None)]))
        assert none["raison"].tolist() == ["sans route"]

    def test_matrix_holds_every_pair_within_the_bound(self, town):
        times = travel.matrix(town.roads, town.origins, town.offices, max_minutes=20)
        expected = [[10, 0], [0, 0], [10, 20], [20, 10], [0, 0], [0, 10]]
        np.testing.assert_allclose(times.minutes.toarray(), expected, atol=1e-9)
        assert times.minutes.nnz == 8  # zero minutes are stored, absence means beyond
        long = times.long().set_index(["demand_id", "site_id"])
        assert long.loc[("53002", "P-B"), "minutes"] == pytest.approx(0)
        np.testing.assert_allclose(long["minutes"], long["km"])

    def test_tables_in_another_projection_are_refused(self, town):
        with pytest.raises(NetworkError, match="projeter"):
            travel.nearest(town.roads, town.origins.to_crs(4326), town.maisons)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"direction": "vers"}, "sens inconnu"),
            ({"max_minutes": np.nan}, "impossible"),
            ({"max_minutes": -5}, "impossible"),
            ({"k": 0}, "au moins un"),
            ({"k": 1.5}, "entier"),
        ],
    )
    def test_options_without_meaning_are_refused(self, town, options, said):
        with pytest.raises(DataError, match=said):
            travel.nearest(town.roads, town.origins, town.maisons, **options)
        if "k" not in options:
            with pytest.raises(DataError, match=said):
                travel.matrix(town.roads, town.origins, town.maisons, **options)

    def test_tables_of_other_things_are_refused(self, town):
        with pytest.raises(DataError, match="points"):
            travel.nearest(
                town.roads, town.communes.assign(demand_id=town.communes["nom"]), town.maisons
            )
        with pytest.raises(MissingColumnError, match="demand_id"):
            travel.nearest(town.roads, town.communes, town.maisons)
        nowhere = places([shapely.Point(np.nan, 1.0)])
        assert travel.nearest(town.roads, nowhere, town.maisons)["raison"].tolist() == [
            "hors réseau"
        ]

    def test_far_and_unconnected_are_told_apart(self):
        nodes = pd.DataFrame({"node": range(5), "x": [0.0, 5e4, 9e4, 2e5, 2.1e5], "y": 0.0})
        pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3)]
        links = pd.DataFrame(pairs, columns=["from", "to"]).assign(minutes=50.0)
        net = network.from_links(nodes, links, crs=2154)
        demand = places([shapely.Point(x, 0) for x in (0, 5e4, 2e5)])
        table = travel.nearest(net, demand, sites([("S", (9e4, 0.0))]), max_minutes=60)
        assert table["raison"].tolist() == ["au-delà du maximum", "", "sans route"]

    @pytest.mark.parametrize(
        ("direction", "told"),
        [("to", ["au-delà du maximum", ""]), ("from", ["sans route", "sans route"])],
    )
    def test_the_reason_is_that_of_the_way_asked(self, direction, told):
        nodes = pd.DataFrame({"node": range(3), "x": [0.0, 5e4, 9e4], "y": 0.0})
        links = pd.DataFrame({"from": [0, 1], "to": [1, 2], "minutes": 50.0})  # one way only
        net = network.from_links(nodes, links, crs=2154)
        demand = places([shapely.Point(x, 0) for x in (0, 5e4)])
        table = travel.nearest(
            net, demand, sites([("S", (9e4, 0.0))]), max_minutes=60, direction=direction
        )
        assert table["raison"].tolist() == told

    def test_a_network_nobody_drives_on_leads_nowhere(self):
        nodes = pd.DataFrame({"node": range(2), "x": [0.0, 100.0], "y": 0.0})
        links = pd.DataFrame({"from": [0], "to": [1], "minutes": [np.inf]})
        net = network.from_links(nodes, links, crs=2154)
        table = travel.nearest(net, places([shapely.Point(0, 0)]), sites([("S", (5000.0, 0.0))]))
        assert table["raison"].tolist() == ["hors réseau"]

    def test_nothing_given_is_changed(self, town):
        before = town.origins.copy(), town.maisons.copy()
        travel.nearest(town.roads, town.origins, town.maisons)
        travel.matrix(town.roads, town.origins, town.maisons)
        pd.testing.assert_frame_equal(pd.DataFrame(town.origins), pd.DataFrame(before[0]))
        pd.testing.assert_frame_equal(pd.DataFrame(town.maisons), pd.DataFrame(before[1]))


def oracle(nodes, links, targets):
    """Minutes from every node to every target, by SciPy, the quickest of parallel links."""
    best = links.groupby(["from", "to"])["minutes"].min().reset_index()
    best = best[best["from"] != best["to"]]
    n = len(nodes)
    graph = csr_array((best["minutes"], (best["from"], best["to"])), shape=(n, n))
    return dijkstra(csr_array(graph.T), indices=targets).T


@pytest.mark.slow
@given(towns())
@settings(max_examples=150)
def test_node_to_node_times_equal_scipy(case):
    net, nodes, links, chosen = case
    demand = places([shapely.Point(x, y) for x, y in zip(nodes["x"], nodes["y"], strict=True)])
    table = sites([(f"S{i:02}", (nodes["x"][i], nodes["y"][i])) for i in sorted(chosen)])
    expected = oracle(nodes, links, sorted(chosen))
    times = travel.matrix(net, demand, table)
    assert times.minutes.nnz == expected.size
    np.testing.assert_allclose(times.minutes.toarray(), expected, atol=1e-6)
    first = travel.nearest(net, demand, table)
    np.testing.assert_allclose(first["minutes"], expected.min(axis=1), atol=1e-6)
    k = len(chosen)
    all_k = travel.nearest(net, demand, table, k=k)
    np.testing.assert_allclose(
        all_k["minutes"].to_numpy().reshape(-1, k), np.sort(expected, axis=1), atol=1e-6
    )
    smallest = np.array([f"S{i:02}" for i in sorted(chosen)])[expected.argmin(axis=1)]
    assert first["site_id"].tolist() == smallest.tolist()


@pytest.mark.parametrize("neighbours", [24, 1])
def test_a_matrix_is_the_same_from_its_other_side(monkeypatch, neighbours):
    monkeypatch.setattr(order, "MOST_NEIGHBOURS", neighbours)  # with one, a core is left to search
    rng = np.random.default_rng(2)
    side, n = 7, 49
    x, y = (1000.0 * part.ravel() for part in np.mgrid[0:side, 0:side])
    joined = [(i, i + step) for i in range(n) for step in (1, side) if i + step < n]
    joined = [(a, b) for a, b in joined if abs(x[a] - x[b]) + abs(y[a] - y[b]) == 1000]
    links = pd.DataFrame([*joined, *(pair[::-1] for pair in joined)], columns=["from", "to"])
    links["minutes"] = rng.uniform(1, 5, len(links))
    nodes = pd.DataFrame({"node": range(n), "x": x, "y": y})
    net = network.from_links(nodes, links, crs=2154)
    demand = places([shapely.Point(*spot) for spot in rng.uniform(0, 6000, (30, 2))])
    table = sites([(f"S{i:02}", tuple(rng.uniform(0, 6000, 2))) for i in range(25)])
    found = []
    for fewer in (1e9, 0):
        monkeypatch.setattr(engine, "_FEWER", fewer)
        found.append(travel.matrix(net, demand, table, max_minutes=15))
    one, other = found
    assert 0 < one.minutes.nnz < 750
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(one.minutes, name), getattr(other.minutes, name))
    np.testing.assert_allclose(one.km.data, other.km.data, rtol=1e-12)


@pytest.mark.parametrize(("bound", "share"), [(2, 1 / 8), (20, 1), (np.inf, 1)])
def test_few_sites_or_many_are_told_in_the_same_order(bound, share):
    x = CENTRES[0][0] + 1000.0 * np.arange(50)
    demand = places([shapely.Point(at, CENTRES[0][1]) for at in x])
    counters = sites([(f"S{i:02}", (at, CENTRES[0][1])) for i, at in enumerate(x)])
    found = travel.matrix(straight_road(), demand, counters, max_minutes=bound).minutes
    away = np.abs(np.subtract.outer(np.arange(50), np.arange(50)))
    assert np.diff(found.indptr).max() <= share * 50
    np.testing.assert_array_equal(found.indices, np.nonzero(away <= bound)[1])
    np.testing.assert_allclose(found.data, away[away <= bound], atol=1e-9)


def test_the_places_of_a_study_are_snapped_once(monkeypatch):
    net, seen = straight_road(), []
    whole = snapping._snapped
    monkeypatch.setattr(snapping, "_snapped", lambda *asked: seen.append(1) or whole(*asked))
    points = shapely.points(np.linspace(0, 40_000, 300), 100.0)
    lost = points.copy()
    lost[7] = None
    for asked in (points, points.copy(), lost, points[::-1], points, lost):
        found = network.snap(net, gpd.GeoSeries(asked))
        again = whole(net, asked)
        for name in ("edge", "fraction", "access_m"):
            np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
    assert len(seen) == 3
    network.snap(straight_road(), gpd.GeoSeries(points))
    assert len(seen) == 4
    with pytest.raises(ValueError, match="read-only"):
        found.edge[0] = 1


def split_graph(net, spots):
    """Cut every edge at the places on it: the graph a trip really runs on, for SciPy.

    ``spots`` are (edge, fraction) of each place; place ``i`` is node ``n_nodes + i``.
    """
    rows = []
    edges = net.edges
    for e in range(len(edges.tail)):
        on_it = sorted((f, net.n_nodes + i) for i, (edge, f) in enumerate(spots) if edge == e)
        stops = [(0.0, edges.tail[e]), *on_it, (1.0, edges.head[e])]
        for (f, a), (g, b) in pairwise(stops):
            for one, other, minutes in ((a, b, edges.forward[e]), (b, a, edges.backward[e])):
                if np.isfinite(minutes):
                    rows.append((one, other, (g - f) * minutes))
    table = pd.DataFrame(rows, columns=["from", "to", "m"]).groupby(["from", "to"])["m"].min()
    tail, head = (table.index.get_level_values(level) for level in ("from", "to"))
    size = net.n_nodes + len(spots)
    return csr_array((table.to_numpy(), (tail, head)), shape=(size, size))


@pytest.mark.slow
@given(towns(), st.data())
@settings(max_examples=120)
def test_places_along_the_roads_equal_scipy_on_the_split_graph(case, data):
    net, *_ = case
    spot = st.tuples(
        st.integers(0, len(net.edges.tail) - 1), st.floats(0.05, 0.95).map(lambda f: round(f, 3))
    )
    spots = data.draw(st.lists(spot, min_size=2, max_size=8, unique=True))
    points = [net.edge_lines[e].interpolate(f, normalized=True) for e, f in spots]
    # Where roads cross or run together a place is on either: keep those on one road only.
    alone = [sum(line.distance(p) < 1 for line in net.edge_lines) == 1 for p in points]
    assume(all(alone))
    half = len(spots) // 2
    demand = places(points[:half])
    table = sites([(f"S{i}", (p.x, p.y)) for i, p in enumerate(points[half:])])
    graph = split_graph(net, spots)
    indices = net.n_nodes + np.arange(half)
    expected = dijkstra(graph, indices=indices)[:, net.n_nodes + half :]
    times = travel.matrix(net, demand, table).minutes.toarray()
    np.testing.assert_allclose(times, expected, atol=1e-5)
    first = travel.nearest(net, demand, table)
    np.testing.assert_allclose(first["minutes"], expected.min(axis=1), atol=1e-5)


@pytest.mark.slow
@given(st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True), st.integers(0, 5))
@settings(max_examples=40)
def test_adding_a_site_never_lengthens_a_trip(present, added):
    net = straight_road()
    demand = places([at(i, 1234.0 * (i % 3)) for i in range(5)])
    before = travel.nearest(net, demand, sites([(f"S{i}", i) for i in present]))
    after = travel.nearest(
        net, demand, sites([(f"S{i}", i) for i in dict.fromkeys([*present, added])])
    )
    assert (after["minutes"] <= before["minutes"] + 1e-9).all()


@pytest.mark.slow
@given(st.permutations(range(6)), st.permutations(range(3)))
@settings(max_examples=30)
def test_row_order_is_irrelevant(order, site_order):
    net = straight_road()
    demand = places([at(i) for i in range(6)])
    table = sites([("B", 1), ("A", 1), ("C", 4)])
    straight = travel.nearest(net, demand, table, k=2).sort_values(["demand_id", "rang"])
    shuffled = travel.nearest(
        net, demand.iloc[list(order)], table.iloc[list(site_order)], k=2
    ).sort_values(["demand_id", "rang"])
    pd.testing.assert_frame_equal(straight.reset_index(drop=True), shuffled.reset_index(drop=True))
