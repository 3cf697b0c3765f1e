"""What junctions cost, and turns one may not make."""

from __future__ import annotations

import dataclasses
import heapq

import geopandas as gpd
import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.optimize import nnls
from shapely import Point
from support.road_files import minutes, node, place, read, way

from msap_geo import network, travel
from msap_geo.network.osm.files import read_roads
from msap_geo.network.osm.forms import read_roads_with_osmium
from msap_geo.network.turn_kernels import shared, turn_s

CAR = network.load_profile("voiture")
PLAIN = dataclasses.replace(CAR, junctions=network.Junctions())


ROADS = st.tuples(st.floats(-3, 3), st.booleans(), st.booleans())
"""Bearing of a road at a junction, whether one comes by it, whether one leaves by it."""


class TestTurns:
    @pytest.mark.parametrize(
        ("angle", "seconds"), [(0, 0.02), (90, 2.10), (-90, 7.31), (180, 7.45), (-180, 9.50)]
    )
    def test_a_turn_costs_what_osrm_says(self, angle, seconds):
        # 7.5 s, bias 1.075, 2 s across what comes: computed by hand from process_turn.
        assert turn_s(angle, 7.5, 1.075, 2.0) == pytest.approx(seconds, abs=0.02)

    @settings(max_examples=40)
    @given(
        st.lists(st.tuples(st.floats(-3, 3), st.booleans(), st.booleans()), min_size=3, max_size=5)
    )
    def test_the_sharing_is_nearly_the_best_there_is(self, roads):
        bearing, arrives, leaves = (np.array(column) for column in zip(*roads, strict=True))
        n = len(roads)
        into, out = shared(np.array([0, n]), bearing, arrives, leaves, 7.5, 1.075, 2.0)
        rows, target = [], []
        for i in range(n):
            for k in range(n):
                if i == k or not arrives[i] or not leaves[k]:
                    continue
                angle = (np.degrees(bearing[i] + np.pi - bearing[k]) + 180) % 360 - 180
                cost = turn_s(angle, 7.5, 1.075, 2.0)
                row = np.zeros(2 * n)
                row[i] = row[n + k] = 1 / (1 + cost)
                rows.append(row)
                target.append(cost / (1 + cost))
        assert (into >= 0).all()
        assert (out >= 0).all()
        if rows:
            best = nnls(np.array(rows), np.array(target))[1]
            ours = np.linalg.norm(np.array(rows) @ np.concatenate([into, out]) - target)
            assert ours <= best + 0.05

    def cross(self, tmp_path, profile=CAR):
        """Return a crossing of four streets of a kilometre, and what each trip through it costs."""
        ends = [(1000, 0), (0, 1000), (-1000, 0), (0, -1000)]
        parts = [node(9, 0, 0), *(node(i, *end) for i, end in enumerate(ends, 1))]
        ways = [way(i, [i, 9]) for i in range(1, 5)]
        net = read(tmp_path / "a.osm", *parts, *ways, profile=profile)
        return {(a, b): minutes(net, ends[a], ends[b]) for a in range(4) for b in range(4)}

    @pytest.mark.slow
    def test_straight_on_is_cheap_and_left_dear(self, tmp_path):
        with_turns, without = self.cross(tmp_path), self.cross(tmp_path, PLAIN)
        lost = {trip: 60 * (with_turns[trip] - without[trip]) for trip in with_turns}
        assert lost[0, 2] < 1.5
        assert lost[0, 2] == pytest.approx(lost[1, 3], abs=0.05)
        assert all(0 <= seconds < 8 for seconds in lost.values())

    def test_a_bend_is_no_junction(self, tmp_path):
        parts = [node(1, 0, 0), node(2, 1000, 0), node(3, 1000, 1000)]
        both = [way(1, [1, 2]), way(2, [2, 3])]
        times = [
            minutes(read(tmp_path / "a.osm", *parts, *both, profile=mode), (0, 0), (1000, 1000))
            for mode in (CAR, PLAIN)
        ]
        assert times[0] == times[1]


class TestObstacles:
    def lost(self, tmp_path, tags, at=500):
        """Return the seconds lost each way on a street of a kilometre with a point on it."""
        inside = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        parts = [node(1, 0, 0), node(2, at, 0, inside), node(3, 1000, 0)]
        net = read(tmp_path / "a.osm", *parts, way(1, [1, 2, 3]))
        free = 60 / 25
        there, back = minutes(net, (0, 0), (1000, 0)), minutes(net, (1000, 0), (0, 0))
        return round(60 * (there - free)), round(60 * (back - free))

    @pytest.mark.parametrize(
        ("tags", "at", "seconds"),
        [
            ({}, 500, (0, 0)),
            ({"highway": "traffic_signals"}, 500, (2, 2)),
            ({"highway": "traffic_signals", "traffic_signals:direction": "forward"}, 500, (2, 0)),
            ({"highway": "traffic_signals", "direction": "backward"}, 500, (0, 2)),
            ({"highway": "stop"}, 900, (2, 0)),  # for those who come to the nearest end
            ({"highway": "stop"}, 100, (0, 2)),
            ({"highway": "give_way", "direction": "backward"}, 900, (0, 1)),
            ({"barrier": "gate"}, 500, (60, 60)),
            ({"barrier": "gate", "access": "yes"}, 500, (0, 0)),
            ({"barrier": "cattle_grid"}, 500, (0, 0)),
            ({"highway": "crossing"}, 500, (0, 0)),
        ],
    )
    def test_signals_signs_and_gates(self, tmp_path, tags, at, seconds):
        assert self.lost(tmp_path, tags, at) == seconds

    def test_a_signal_at_a_junction_is_met_once(self, tmp_path):
        signal = '<tag k="highway" v="traffic_signals"/>'
        parts = [node(1, 0, 0), node(2, 500, 0, signal), node(3, 1000, 0)]
        net = read(tmp_path / "a.osm", *parts, way(1, [1, 2]), way(2, [2, 3]))
        assert 60 * (minutes(net, (0, 0), (1000, 0)) - 60 / 25) == pytest.approx(2, abs=0.05)


def restriction(number, kind, left, via, taken, **extra):
    members = [("way", left, "from"), ("node", via, "via"), ("way", taken, "to")]
    inside = "".join(f'<member type="{t}" ref="{r}" role="{role}"/>' for t, r, role in members)
    tags = {"type": "restriction", "restriction": kind} | extra
    inside += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items() if value)
    return f'<relation id="{number}">{inside}</relation>\n'


# A grid of nine junctions 100 m apart; each way is one section: (from, to).
SECTIONS = [(i, i + 1) for i in (1, 2, 4, 5, 7, 8)] + [(i, i + 3) for i in range(1, 7)]


def grid(path, *relations, profile=PLAIN):
    parts = [node(i, 100 * ((i - 1) % 3), 100 * ((i - 1) // 3)) for i in range(1, 10)]
    ways = [way(w, list(section)) for w, section in enumerate(SECTIONS, 1)]
    return read(path, *parts, *ways, *relations, profile=profile)


def middles(net):
    points = []
    for a, b in SECTIONS:
        x, y = (100 * ((a - 1) % 3 + (b - 1) % 3) / 2, 100 * ((a - 1) // 3 + (b - 1) // 3) / 2)
        points.append(Point(*place(x, y)))
    shapes = gpd.GeoSeries(points, crs=4326).to_crs(net.epsg)
    return [
        gpd.GeoDataFrame({name: [str(i) for i in range(len(points))]}, geometry=shapes)
        for name in ("demand_id", "site_id")
    ]


def oracle(banned):
    """Return the minutes between the middles of sections, by a search over directed sections."""
    step = 0.1 / 25 * 60
    moves = {(a, b) for a, b in SECTIONS} | {(b, a) for a, b in SECTIONS}
    number = {section: i for i, pair in enumerate(SECTIONS) for section in (pair, pair[::-1])}
    result = np.full((len(SECTIONS),) * 2, np.inf)
    for origin, pair in enumerate(SECTIONS):
        best = {}
        heap = [(0.0, pair), (0.0, pair[::-1])]  # minutes from the middle of the section
        while heap:
            spent, move = heapq.heappop(heap)
            if move in best:
                continue
            best[move] = spent
            at = move[1]
            for after in moves:
                turn = (number[move], at, number[after])
                if after[0] == at and turn not in banned:
                    heapq.heappush(heap, (spent + step, after))
        for move, spent in best.items():
            result[origin, number[move]] = min(result[origin, number[move]], spent)
    return result


turns = st.tuples(
    st.booleans(), st.integers(0, len(SECTIONS) - 1), st.integers(0, 1), st.integers(0, 11)
)


class TestRestrictions:
    @pytest.mark.slow
    @settings(max_examples=25)
    @given(st.lists(turns, max_size=6))
    def test_trips_are_those_of_a_search_over_sections(self, tmp_path_factory, drawn):
        relations, banned = [], set()
        for number, (only, left, end, taken) in enumerate(drawn, 1):
            via = SECTIONS[left][end]
            if via not in SECTIONS[taken] or taken == left:
                continue
            kind = "only_straight_on" if only else "no_left_turn"
            relations.append(restriction(number, kind, left + 1, via, taken + 1))
            around = {i for i, pair in enumerate(SECTIONS) if via in pair} - {left}
            banned |= {(left, via, i) for i in (around - {taken} if only else {taken})}
        net = grid(tmp_path_factory.mktemp("virages") / "a.osm", *relations)
        found = travel.matrix(net, *middles(net)).minutes.toarray()
        np.testing.assert_allclose(found, oracle(banned), atol=2e-3)

    def turned(self, tmp_path, *relations, profile=PLAIN):
        """Return the minutes from the middle of way 1 (1–2) to that of way 8 (2–5)."""
        net = grid(tmp_path / "a.osm", *relations, profile=profile)
        demand, sites = middles(net)
        return travel.matrix(net, demand, sites).minutes.toarray()[0, 7]

    FREE, BARRED = 0.24, 0.72

    @pytest.mark.parametrize(
        ("kind", "extra", "minutes"),
        [
            ("no_left_turn", {}, 0.72),
            ("no_turn_on_red", {}, 0.72),
            ("only_straight_on", {}, 0.24),  # way 8 is the only one
            ("no_left_turn", {"except": "psv;motorcar"}, 0.24),
            ("no_left_turn", {"except": "psv"}, 0.72),
            ("", {"restriction:motor_vehicle": "no_left_turn"}, 0.72),
            ("", {"restriction:hgv": "no_left_turn"}, 0.24),
            ("", {"restriction:conditional": "no_left_turn @ (Mo-Fr)"}, 0.24),
        ],
    )
    def test_who_is_concerned(self, tmp_path, kind, extra, minutes):
        barred = restriction(1, kind, 1, 2, 8, **extra)
        assert self.turned(tmp_path, barred) == pytest.approx(minutes, abs=2e-3)

    def test_pedestrians_turn_as_they_like(self, tmp_path):
        foot = network.load_profile("pied")
        barred = restriction(1, "no_left_turn", 1, 2, 8)
        assert self.turned(tmp_path, barred, profile=foot) == pytest.approx(1.2, abs=2e-3)

    @pytest.mark.slow
    def test_both_readers_read_the_same(self, tmp_path):
        relations = [restriction(i, "no_left_turn", i, 2, 8) for i in range(1, 4)]
        relations.append(restriction(9, "only_right_turn", 2, 2, 8))
        grid(tmp_path / "a.osm", *relations)
        path = tmp_path / "b.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(tmp_path / "a.osm")):
                writer.add(item)
        fast, slow = read_roads(path, CAR), read_roads_with_osmium(path, CAR)
        assert fast.restrictions.tolist() == slow.restrictions.tolist()
        assert fast.restrictions.tolist() == [
            [0, 1, 2, 8], [0, 2, 2, 8], [0, 3, 2, 8], [1, 2, 2, 8],
        ]  # fmt: skip

    @pytest.mark.slow
    def test_a_route_through_a_restricted_junction_is_drawn(self, tmp_path):
        net = grid(tmp_path / "a.osm", restriction(1, "no_left_turn", 1, 2, 8))
        demand, sites = middles(net)
        way_ = travel.route(net, demand.geometry[0], sites.geometry[1])
        assert way_.minutes == pytest.approx(0.24, abs=2e-3)
        assert way_.line.length == pytest.approx(100, abs=0.2)
        assert way_.line.is_simple

    def test_lambert_is_close_to_the_ground_here(self):
        x, _ = Transformer.from_crs(4326, 2154, always_xy=True).transform(
            *np.array([place(0, 0), place(100, 0)]).T
        )
        assert x[1] - x[0] == pytest.approx(100, abs=0.1)
