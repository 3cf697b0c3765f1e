"""Rush hour, bends, junctions and crossings: what is added to the time of a road."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from support.osm_files import write_osm
from support.toy import CENTRES, straight_road, toy_communes

from msap_geo import network, travel
from msap_geo.errors import NetworkError
from msap_geo.network.arrays import Edges
from msap_geo.network.crossings import is_crossing
from msap_geo.network.model import ISLAND_KM
from msap_geo.network.penalties import delayed_at_junctions, penalised, slowed_in_bends, turning
from msap_geo.network.profiles import Traffic

CAR = network.load_profile("voiture")


class TestTraffic:
    def test_each_road_takes_the_factor_of_its_commune(self):
        communes = toy_communes()  # 100 km² each, 100 to 600 inhabitants: 1 to 6 per km²
        free = straight_road()
        rush = network.with_traffic(free, communes, Traffic((1.0, 3.0), (1.0, 1.5, 2.0)))
        # The middle of each road is on a border: the denser or the first commune, so ask edges.
        assert set((rush.edges.forward / free.edges.forward).round(9)) <= {1.0, 1.5, 2.0}
        assert rush.edges.forward[-1] == 20
        assert rush.links.minutes.max() == 20
        assert free.links.minutes.max() == 10  # what is given is left as it is

    def test_bounds_are_inclusive_and_the_outside_is_free(self):
        # One road inside commune A (1 inhabitant per km²), one outside every commune.
        x, y = CENTRES[0]
        nodes = pd.DataFrame(
            {"node": range(3), "x": [x - 1000, x + 1000, x - 90_000], "y": [y, y, y]}
        )
        links = pd.DataFrame(
            {"from": [0, 1, 0, 2], "to": [1, 0, 2, 0], "minutes": [2.0, 2.0, 5.0, 5.0]}
        )
        free = network.from_links(nodes, links, crs=2154)
        for limit, factor in ((1.0, 1.0), (0.99, 3.0)):
            rush = network.with_traffic(free, toy_communes(), Traffic((limit,), (1.0, 3.0)))
            assert sorted(set(rush.links.minutes)) == sorted({2.0 * factor, 5.0})

    def test_profiles_without_factors_are_unchanged(self):
        net = straight_road()
        bike = network.load_profile("velo")
        assert network.with_traffic(net, toy_communes(), bike.traffic) is net

    def test_projections_must_agree(self):
        with pytest.raises(NetworkError, match="EPSG:2154"):
            network.with_traffic(straight_road(), toy_communes().to_crs(4326), CAR.traffic)

    def test_the_shipped_factors_never_hasten(self):
        traffic = CAR.traffic
        assert len(traffic.factors) == len(traffic.limits) + 1
        assert list(traffic.factors) == sorted(traffic.factors)
        assert traffic.factors[0] == 1


def edges(*shapes, minutes=1.0):
    """Make edges of lines of coordinates, node numbers being their ends in order of appearance."""
    ends = list(dict.fromkeys(end for shape in shapes for end in (shape[0], shape[-1])))
    xy = np.array([point for shape in shapes for point in shape], dtype=float)
    n = len(shapes)
    return Edges(
        tail=np.array([ends.index(shape[0]) for shape in shapes], dtype=np.int32),
        head=np.array([ends.index(shape[-1]) for shape in shapes], dtype=np.int32),
        forward=np.full(n, minutes),
        backward=np.full(n, minutes),
        length_m=np.array([shapely.LineString(shape).length for shape in shapes]),
        shape_start=np.concatenate([[0], np.cumsum([len(shape) for shape in shapes])]),
        shape_x=xy[:, 0],
        shape_y=xy[:, 1],
    )


class TestBends:
    def test_turning_adds_left_and_right(self):
        square = [(0, 0), (100, 0), (100, 100), (200, 100)]
        assert turning(edges(square, [(0, 0), (500, 0)])) == pytest.approx([np.pi, 0])

    def test_a_circle_is_driven_at_the_comfortable_speed(self):
        radius, lateral = 50.0, 3.0
        angle = np.linspace(0, np.pi, 200)
        arc = [(radius * np.cos(a), radius * np.sin(a)) for a in angle]
        made = slowed_in_bends(edges(arc, minutes=0.01), lateral)
        speed_ms = made.length_m[0] / (made.forward[0] * 60)
        assert speed_ms == pytest.approx(np.sqrt(lateral * radius), rel=0.01)

    def test_straight_roads_and_slow_ones_are_left_alone(self):
        straight = edges([(0, 0), (1000, 0)], minutes=0.5)
        assert slowed_in_bends(straight, 3.0).forward == pytest.approx([0.5])
        bent = edges([(0, 0), (100, 0), (100, 100)], minutes=60.0)
        assert slowed_in_bends(bent, 3.0).forward == pytest.approx([60.0])

    @given(
        st.lists(
            st.tuples(st.integers(-500, 500), st.integers(-500, 500)),
            min_size=2,
            max_size=8,
            unique=True,
        ),
        st.floats(0.1, 10),
    )
    def test_never_quicker_and_symmetric(self, shape, lateral):
        made = edges(shape)
        slowed = slowed_in_bends(made, lateral)
        assert (slowed.forward >= made.forward).all()
        assert slowed_in_bends(edges(shape[::-1]), lateral).forward == pytest.approx(
            slowed.forward, rel=1e-6
        )


class TestJunctions:
    # A main road A–B–C driven in one minute a kilometre, a side road D–B in four.
    def made(self):
        shapes = [[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(1000, 1000), (1000, 0)]]
        return dataclasses.replace(
            edges(*shapes), forward=np.array([1.0, 1, 4]), backward=np.array([1.0, 1, 4])
        )

    def test_only_joining_a_faster_road_costs(self):
        made = delayed_at_junctions(self.made(), 6.0)
        assert made.forward == pytest.approx([1, 1, 4.1])  # D → B gives way
        assert made.backward == pytest.approx([1, 1, 4])

    def test_two_roads_are_no_junction(self):
        pair = dataclasses.replace(
            edges([(0, 0), (1000, 0)], [(1000, 0), (2000, 0)]),
            forward=np.array([1.0, 4.0]),
            backward=np.array([1.0, 4.0]),
        )
        assert delayed_at_junctions(pair, 6.0).backward == pytest.approx([1, 4])

    def test_off_by_default_on_by_choice(self):
        made = self.made()
        assert CAR.penalties == network.Penalties()
        assert penalised(made, CAR.penalties) is made
        assert penalised(made, network.Penalties(3.0, 6.0)).forward[2] > 4


# A mainland and an island, 8 km of road each, 0.5° apart: no bridge.
LAND = {i: (i * 0.02, 48.0, {}) for i in range(1, 7)}
ISLE = {10 + i: (0.5 + i * 0.02, 48.0, {}) for i in range(1, 7)}
ROADS = [
    (1, list(LAND), {"highway": "primary"}),
    (2, list(ISLE), {"highway": "primary"}),
]
BOAT = (3, [6, 11], {"route": "ferry", "motor_vehicle": "yes", "duration": "01:00"})
ON_THE_BOAT = (0.3, 48.0)


def sea(tmp_path, ways=(), crossings=(), profile=CAR):
    path = write_osm(tmp_path / "mer.osm.pbf", LAND | ISLE, [*ROADS, *ways])
    return network.read_osm(path, profile, epsg=2154, crossings=crossings)


def places(ids, lonlat, name):
    points = gpd.points_from_xy(*zip(*lonlat, strict=True), crs=4326).to_crs(2154)
    return gpd.GeoDataFrame({name: ids}, geometry=points, crs=2154)


HOMES = places(["continent", "île", "mer"], [(0.02, 48), (0.62, 48), ON_THE_BOAT], "demand_id")


class TestIslands:
    def reasons(self, net, lonlat):
        found = travel.nearest(net, HOMES, places(["FS"], [lonlat], "site_id"))
        return dict(zip(found["demand_id"], found["raison"], strict=True)), found

    def test_an_island_without_boat_is_without_route(self, tmp_path):
        net = sea(tmp_path)
        assert (net.report.islands, net.report.ferries) == (1, 0)
        reasons, _ = self.reasons(net, (0.02, 48))
        assert reasons == {"continent": "", "île": "sans route", "mer": "hors réseau"}

    def test_an_island_has_its_own_sites(self, tmp_path):
        reasons, _ = self.reasons(sea(tmp_path), (0.60, 48))
        assert reasons == {"continent": "sans route", "île": "", "mer": "hors réseau"}

    def test_a_boat_of_the_map_joins_them(self, tmp_path):
        net = sea(tmp_path, [BOAT])
        assert (net.report.islands, net.report.ferries) == (0, 1)
        reasons, found = self.reasons(net, (0.12, 48))
        assert reasons == {"continent": "", "île": "", "mer": "hors réseau"}
        isle = found.set_index("demand_id").loc["île"]
        road = 0.1 * 74_600 / 1000 / 65 * 60  # 0.1° at 48° N, class speed
        assert isle["minutes"] == pytest.approx(road + 60 + 15, abs=0.1)  # boat, then the wait
        assert isle["km"] == pytest.approx(0.5 * 74.6, rel=0.01)

    def test_the_wait_is_paid_once_at_each_boarding(self, tmp_path):
        through = [(3, [6, 20], BOAT[2]), (4, [20, 11], BOAT[2])]
        path = write_osm(
            tmp_path / "mer.osm.pbf", {**LAND, **ISLE, 20: (0.3, 48, {})}, [*ROADS, *through]
        )
        net = network.read_osm(path, CAR, epsg=2154)
        boats = is_crossing(net.edges)
        assert boats.sum() == 2
        assert sorted(net.edges.forward[boats]) == [60, 75]
        assert sorted(net.edges.backward[boats]) == [60, 75]

    def test_a_boat_for_walkers_takes_no_car(self, tmp_path):
        walk = (3, [6, 11], {"route": "ferry", "foot": "yes", "duration": "01:00"})
        assert sea(tmp_path, [walk]).report.islands == 1
        foot = network.load_profile("pied")
        assert sea(tmp_path, [walk], profile=foot).report.islands == 0

    def test_a_declared_crossing_joins_them(self, tmp_path):
        ports = gpd.points_from_xy([0.121, 0.519], [48.001, 48.001], crs=4326).to_crs(2154)
        crossing = network.Crossing((ports[0].x, ports[0].y), (ports[1].x, ports[1].y), 90.0)
        net = sea(tmp_path, crossings=[crossing])
        assert (net.report.islands, net.report.ferries) == (0, 1)
        (boat,) = np.flatnonzero(is_crossing(net.edges))
        assert net.edges.forward[boat] == net.edges.backward[boat] == 90
        assert net.edges.length_m[boat] == pytest.approx(0.4 * 74_600, rel=0.01)
        reasons, _ = self.reasons(net, (0.12, 48))
        assert reasons["mer"] == "hors réseau"
        assert reasons["île"] == ""

    def test_traffic_spares_boats(self, tmp_path):
        net = sea(tmp_path, [BOAT])
        everywhere = gpd.GeoDataFrame(
            {"population": [10**9]},
            geometry=[shapely.box(net.x.min() - 1, 0, net.x.max() + 1, 10**7)],
            crs=2154,
        )
        rush = network.with_traffic(net, everywhere, CAR.traffic)
        boats = is_crossing(net.edges)
        assert rush.edges.forward[boats] == net.edges.forward[boats]
        assert (rush.edges.forward[~boats] > net.edges.forward[~boats]).all()

    def test_the_store_tells_two_crossings_apart(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        path = write_osm(tmp_path / "mer.osm.pbf", LAND | ISLE, ROADS)
        ends = (0.0, 6e6), (1e6, 6e6)
        for minutes in (30.0, 60.0, 60.0):
            crossings = [network.Crossing(*ends, minutes)]
            net = network.load_network([path], CAR, epsg=2154, crossings=crossings)
            assert net.edges.forward[is_crossing(net.edges)].tolist() == [minutes]
        assert len(list((tmp_path / "cache" / "reseaux").iterdir())) == 2

    def test_roads_amid_the_others_are_no_island(self, tmp_path):
        # The mainland's road again, under other identifiers: a place must not be stranded on it.
        twin = {40 + i: (lon, lat + 0.001, {}) for i, (lon, lat, _) in LAND.items()}
        path = write_osm(
            tmp_path / "mer.osm.pbf",
            {**LAND, **ISLE, **twin},
            [*ROADS, (5, list(twin), {"highway": "primary"})],
        )
        report = network.read_osm(path, CAR, epsg=2154).report
        assert report.islands == 1
        assert report.km_dropped > ISLAND_KM

    def test_short_stretches_are_left_out(self, tmp_path):
        lane = [(9, [31, 32], {"highway": "service"})]
        nodes = LAND | ISLE | {31: (0.9, 48, {}), 32: (0.91, 48, {})}
        path = write_osm(tmp_path / "mer.osm.pbf", nodes, [*ROADS, *lane])
        report = network.read_osm(path, CAR, epsg=2154).report
        assert report.islands == 1
        assert report.parts_dropped == 1
        assert 0.5 < report.km_dropped < ISLAND_KM


@pytest.mark.corse
def test_corsica_looks_real(shared):
    """Centre to centre, off-peak; the plain is slow by OSRM's own rule (docs/reseau.md)."""
    net = network.read_osm(shared / "corse" / "corse.osm.pbf", CAR, epsg=2154)
    towns = {
        "Ajaccio": (8.7386, 41.9192),
        "Bastia": (9.4503, 42.7003),
        "Corte": (9.1497, 42.3061),
        "Porto-Vecchio": (9.2797, 41.5912),
        "Calvi": (8.7570, 42.5664),
    }
    homes = places(list(towns), list(towns.values()), "demand_id")
    sites = places(list(towns), list(towns.values()), "site_id")
    minutes = travel.matrix(net, homes, sites).long().set_index(["demand_id", "site_id"])["minutes"]
    assert 140 <= minutes["Ajaccio", "Bastia"] <= 155
    assert 75 <= minutes["Ajaccio", "Corte"] <= 90
    assert 90 <= minutes["Bastia", "Calvi"] <= 105
    # OSRM itself says 155: its own rule is slow on the plain (docs/reseau.md).
    assert 140 <= minutes["Porto-Vecchio", "Bastia"] <= 156
    slowed = dataclasses.replace(CAR, penalties=network.Penalties(3.0, 5.0))
    bent = network.read_osm(shared / "corse" / "corse.osm.pbf", slowed, epsg=2154)
    slower = travel.matrix(bent, homes, sites).long().set_index(["demand_id", "site_id"])["minutes"]
    assert (slower >= minutes).all()
    assert slower["Ajaccio", "Bastia"] > minutes["Ajaccio", "Bastia"] + 5
