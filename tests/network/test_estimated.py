"""The estimated network: who is joined, how fast, islands; and what is expected of its times."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from msap_geo import coverage, french, network, travel
from msap_geo.network.estimated import delaunay_pairs, link_minutes
from msap_geo.network.land import across_water, over_land, share_through_others
from msap_geo.network.surroundings import surroundings


def squares(places, side_m=4000.0):
    """One square commune round each place, with its hall."""
    x, y = np.array(places, dtype=float).T * 1000 + np.array([[600_000.0], [6_600_000.0]])
    half = side_m / 2
    codes = [f"53{i:03d}" for i in range(len(x))]
    communes = gpd.GeoDataFrame(
        {"code_insee": codes, "nom": codes, "departement": "53", "population": 500},
        geometry=shapely.box(x - half, y - half, x + half, y + half),
        crs=2154,
    )
    origins = gpd.GeoDataFrame(
        {"demand_id": codes, "origine": "mairie"}, geometry=shapely.points(x, y), crs=2154
    )
    return communes, origins


GRID = [(4 * i, 4 * j) for i in range(4) for j in range(4)]


@pytest.fixture
def profile():
    return network.load_profile("estime")


def minutes(origins, roads):
    sites = origins.assign(site_id=origins["demand_id"])
    return travel.matrix(roads, origins, sites).minutes.toarray()


def test_a_trip_is_its_pace_and_what_leaving_takes(profile):
    communes, origins = squares(GRID)
    roads = network.estimate_network(communes, origins, profile)
    told = profile.parameters
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    around = surroundings(x, y, communes.geometry.to_numpy(), np.full(16, 500.0))
    pace = told["minutes_par_km"] * np.exp(
        told["effet_population"] * np.log(520 / 500) + told["effet_espacement"] * around.spacing[0]
    )
    found = minutes(origins, roads)
    assert found[0, 1] == pytest.approx(4 * pace + told["minutes_au_depart"], rel=1e-6)
    assert found[0, 3] == pytest.approx(12 * pace + told["minutes_au_depart"], rel=1e-6)


def test_sinuosity_stretches_kilometres_and_times():
    usual, longer = network.load_profile("estime"), network.load_profile("estime", sinuosity=2.6)
    assert longer.parameters["minutes_par_km"] == 2 * usual.parameters["minutes_par_km"]


def test_an_island_has_roads_and_no_way_out(profile):
    # Two communes at sea, ten kilometres off, and one alone, farther.
    communes, origins = squares([*GRID, (26, 0), (26, 4), (50, 0)])
    roads = network.estimate_network(communes, origins, profile)
    found = minutes(origins, roads)
    assert roads.report.islands == 2
    assert found[16, 17] > 0
    assert not found[:16, 16:].any()
    assert not found[18, :18].any()
    alone = origins.iloc[[18]]
    site = alone.assign(site_id="s").set_geometry(alone.translate(1500, 0))
    assert travel.nearest(roads, alone, site)["minutes"].between(1, 10).all()


@pytest.mark.parametrize("people", [20, 2_000_000])
def test_a_territory_of_one_commune(profile, people):
    # Everybody is at the town hall; a Maison of the commune is reached, wherever it lies in it.
    communes, origins = squares([(0, 0)], side_m=12_000)
    roads = network.estimate_network(communes.assign(population=people), origins, profile)

    def minutes_to(dx, dy):
        site = origins.assign(site_id="s").set_geometry(origins.translate(dx, dy))
        return travel.nearest(roads, origins, site)["minutes"].iloc[0]

    assert minutes_to(0, 0) == 0
    assert minutes_to(0, -1000) < minutes_to(0, -2000) < minutes_to(0, -4000) < 10
    assert minutes_to(-3000, 0) == pytest.approx(minutes_to(0, 3000), rel=0.05)


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=12, unique=True),
    st.floats(0, np.pi),
)
def test_places_on_a_line_are_joined_in_a_row(along, angle):
    at = np.array(along, dtype=float) * 1000
    tail, head = delaunay_pairs(6e5 + at * np.cos(angle), 6.6e6 + at * np.sin(angle))
    joined = {tuple(sorted(pair)) for pair in zip(at[tail], at[head], strict=True)}
    row = np.sort(at)
    assert joined >= set(pairwise(row))
    assert (tail < head).all()


def test_a_declared_crossing_joins_an_island(profile):
    communes, origins = squares([*GRID, (26, 0), (26, 4)])
    here, there = (origins.geometry[i] for i in (12, 16))
    crossing = network.Crossing((here.x, here.y), (there.x, there.y), 45.0)
    roads = network.estimate_network(communes, origins, profile, crossings=[crossing])
    found = minutes(origins, roads)
    assert found[12, 16] == pytest.approx(45 + profile.parameters["minutes_au_depart"])


def test_a_known_bridge_joins_its_island(profile):
    communes, origins = squares([*GRID, (18.5, 0)])
    assert network.estimate_network(communes, origins, profile).report.islands == 1
    bridged = communes.assign(
        code_insee=[*communes["code_insee"][:12], "17300", *communes["code_insee"][13:16], "17297"]
    )
    assert network.estimate_network(bridged, origins, profile).report.islands == 0


def test_a_link_may_go_through_the_communes_of_others():
    communes, origins = squares([(0, 0), (4, 0), (8, 0), (8, 3)])
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    tail, head = np.array([0, 0, 2]), np.array([1, 2, 3])
    found = share_through_others(x, y, communes.geometry.to_numpy(), tail, head)
    # Two of the eight kilometres at each end are their own; the four between are the middle one's.
    assert found == pytest.approx([0, 0.5, 0])


def test_what_a_link_goes_through_is_the_same_either_way():
    communes, origins = squares([(0, 0), (4, 0), (8, 0), (8, 3), (3, 5)])
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    outlines = communes.geometry.to_numpy()
    tail, head = np.triu_indices(5, 1)
    there, back = (
        share_through_others(x, y, outlines, *ends) for ends in ((tail, head), (head, tail))
    )
    along = (np.arange(12) + 0.5) / 12
    for found, one, other in zip(there, tail, head, strict=True):
        points = shapely.points(
            x[one] * (1 - along) + x[other] * along, y[one] * (1 - along) + y[other] * along
        )
        inside = shapely.contains(outlines[one], points) | shapely.contains(outlines[other], points)
        assert found == pytest.approx(1 - inside.sum() / 12)
    assert there.tolist() == back.tolist()


def test_a_through_road_is_faster(profile):
    communes, origins = squares([(0, 0), (4, 0.1), (8, 0)])
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    around = surroundings(x, y, communes.geometry.to_numpy(), np.full(3, 500.0))
    slow, fast = (
        link_minutes(
            x, y, np.array([0]), np.array([2]), around, np.zeros(3), np.array([share]),
            profile.parameters,
        )[0]
        for share in (0.0, 0.5)
    )  # fmt: skip
    assert fast == pytest.approx(slow * np.exp(0.5 * profile.parameters["effet_traversee"]))


def test_the_less_populated_end_makes_the_pace(profile):
    x, y = np.array([0.0, 4000, 8000]), np.array([0.0, 0, 1])
    communes, _ = squares([(0, 0), (4, 0), (8, 0)])
    around = surroundings(x, y, communes.geometry.to_numpy(), np.array([100.0, 900, 5000]))
    found = link_minutes(
        x, y, np.array([0, 1]), np.array([1, 2]), around, np.zeros(3), np.zeros(2),
        profile.parameters,
    )  # fmt: skip
    assert found[0] / found[1] == pytest.approx(
        (120 / 920) ** profile.parameters["effet_population"], rel=1e-3
    )


def test_a_gulf_is_gone_round_and_land_holds_together():
    # A horseshoe: its two tips face each other over six kilometres of water.
    places = [(0, 8), (0, 4), (0, 0), (4, 0), (8, 0), (10, 4), (10, 8)]
    communes, origins = squares(places)
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    tail, head = over_land(x, y, communes.geometry.to_numpy(), *delaunay_pairs(x, y))
    pairs = set(zip(tail.tolist(), head.tolist(), strict=True))
    assert (0, 6) not in pairs
    assert (1, 5) not in pairs
    assert {(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)} <= pairs


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=4, max_size=25, unique=True
    )
)
def test_every_way_over_land_stays_in_one_mass(places):
    if np.linalg.matrix_rank(np.array(places) - np.mean(places, axis=0)) < 2:
        return
    communes, origins = squares(places)
    outlines = communes.geometry.to_numpy()
    x, y = origins.geometry.x.to_numpy(), origins.geometry.y.to_numpy()
    tail, head = over_land(x, y, outlines, *delaunay_pairs(x, y))
    land = shapely.get_parts(shapely.union_all(shapely.buffer(outlines, 101, join_style="mitre")))
    mass = np.array(
        [next(i for i, part in enumerate(land) if part.covers(p)) for p in origins.geometry]
    )
    assert (mass[tail] == mass[head]).all()
    joined = {*tail.tolist(), *head.tolist()}
    for i in range(len(places)):
        assert i in joined or (mass == mass[i]).sum() == 1


def test_share_within_is_the_mean_over_the_disc():
    found = coverage.share_within(
        np.array([18.0, 0.0, np.nan]), np.array([0.0, 10.0, 5.0]), 20.0, sigma=0.2
    )
    # Nobody away from the town hall: the law of the error alone.
    assert found[0] == pytest.approx(norm.cdf(np.log(20 / 18) / 0.2))
    # The Maison at the town hall: 3.5, 9 and 16 minutes for 40, 40 and 20 % of the people.
    told = sum(w * norm.cdf(np.log(20 / t) / 0.2) for t, w in ((3.5, 0.4), (9, 0.4), (16, 0.2)))
    assert found[1] == pytest.approx(told)
    assert found[2] == 0


@given(st.floats(0, 60), st.floats(0, 15), st.floats(5, 45))
def test_share_within_is_a_share_that_falls_with_time(time, radius, threshold):
    near, far = (
        coverage.share_within(np.array([t]), np.array([radius]), threshold, sigma=0.2)[0]
        for t in (time, time + radius * 4 + 5)
    )
    assert 0 <= far <= near + 1e-12 <= 1 + 1e-9


def test_the_quadrature_is_near_the_integral_round_the_disc():
    def share(angle):
        time = np.sqrt(18**2 + 9**2 + 2 * 18 * 9 * np.cos(angle))
        return norm.cdf(np.log(20 / time) / 0.2) / np.pi

    exact = quad(share, 0, np.pi)[0]
    four = np.mean([share(a) * np.pi for a in (np.arange(4) + 0.5) * np.pi / 4])
    assert four == pytest.approx(exact, abs=0.01)


def test_communes_too_close_to_call():
    spread = coverage.Spread(person=0.2, commune=0.3, territory=0.4)
    found = coverage.expected_by_commune(
        pd.Series([20.0, 5.0, 60.0, np.nan]), np.zeros(4), thresholds=[20], spread=spread
    )
    assert found["risque_20"].tolist() == [0.5, 0.0, 1.0, 1.0]
    assert found["incertain_20"].tolist() == [True, False, False, False]


def test_too_close_is_a_matter_of_minutes_alone():
    spread = coverage.Spread(person=0.2, commune=0.06, territory=0.14)
    low, high = spread.too_close(20)
    # 20 · exp(±1.2816 · 0.06), to a thousandth.
    assert (low, high) == (18.52, 21.599)
    told = coverage.expected_by_commune(
        pd.Series([low - 0.001, low, high, high + 0.001]), np.zeros(4), thresholds=[20],
        spread=spread,
    )  # fmt: skip
    assert told["incertain_20"].tolist() == [False, True, True, False]
    assert told["risque_20"].tolist() == [0.1, 0.1, 0.9, 0.9]


def test_departements_are_wrong_together_but_little():
    spread = coverage.Spread(person=0.2, commune=0.3, territory=0.4)

    def width(codes):
        access = pd.DataFrame({"code_insee": codes, "population": 100, "minutes": 21.0})
        radius = np.zeros(len(codes))
        told = coverage.expected_by_commune(
            access["minutes"], radius, thresholds=[20], spread=spread
        )
        (found,) = coverage.expected_shares(
            access.join(told), radius, thresholds=[20], spread=spread
        )
        return found.high - found.low

    one, four = width(["53001"] * 4), width(["53001", "72001", "49001", "44001"])
    # Four like ones: errors of correlation 0.03 add as √((1 + 3 × 0.03) / 4).
    assert four == pytest.approx(one * np.sqrt((1 + 3 * 0.03) / 4), rel=1e-6)


def test_the_interval_holds_the_expected_share():
    spread = coverage.Spread(person=0.2, commune=0.3, territory=0.4)
    access = pd.DataFrame(
        {"code_insee": ["53001", "53002"], "population": [100, 300], "minutes": [15.0, 22.0]}
    )
    radius = np.array([2.0, 3.0])
    told = coverage.expected_by_commune(access["minutes"], radius, thresholds=[20], spread=spread)
    (share,) = coverage.expected_shares(access.join(told), radius, thresholds=[20], spread=spread)
    assert share.low < share.share < share.high
    assert share.share == pytest.approx((told["part_20"] * [0.25, 0.75]).sum(), abs=1e-4)
    assert share.uncertain == 1 + int(told["incertain_20"][0])


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.951, 0.977, "95 à 98"),
        (0.9931, 0.9978, "plus de 99"),
        (0.951, 0.9978, "plus de 95"),
        (0.951, 1, "95 à 100"),
        (0.996, 1, "plus de 99"),
        (0.002, 0.043, "moins de 5"),
        (0, 0.043, "0 à 4"),
        (0.002, 0.998, "moins de 1 à plus de 99"),
        (0.996, 0.999, "plus de 99"),
        (1, 1, "100"),
        (0.421, 0.424, "42"),
    ],
)
def test_an_interval_is_told_in_whole_percents(low, high, told):
    assert french.interval(low, high).replace("\u202f", " ").replace("\xa0", " ") == f"{told} %"


def test_real_roads_are_surer_than_estimated_ones():
    real, estimated = coverage.spread(estimated=False), coverage.spread(estimated=True)
    assert real.commune < estimated.commune
    assert real.territory < estimated.territory


# --- Waters without a bridge -------------------------------------------------------------------


@given(
    ends=st.lists(st.tuples(*[st.integers(-5, 5)] * 4).filter(lambda e: e[:2] != e[2:]), min_size=1)
)
def test_a_link_across_water_is_one_whose_ends_are_on_both_banks(ends):
    # A water along x = 0.5, from y = −20 to 20: no whole number stands on it.
    water = np.array([shapely.LineString([(0.5, -20), (0.5, 20)])])
    table = np.array(ends, dtype=float)
    x, y = table[:, [0, 2]].ravel(), table[:, [1, 3]].ravel()
    tail = 2 * np.arange(len(ends))
    found = across_water(x, y, tail, tail + 1, water)
    assert found.tolist() == [(a <= 0) != (c <= 0) for a, _, c, _ in ends]
    assert not across_water(x, y, tail, tail + 1, water[:0]).any()


def _at(places):
    """Communes whose outlines meet half-way, as those of both banks of an estuary do."""
    x, y = np.array(places, dtype=float).T
    codes = [f"33{i:03d}" for i in range(len(x))]
    outlines = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(np.column_stack([x, y])), extend_to=shapely.box(0, 0, 1, 1)
        )
    )
    own = [
        next(part for part in outlines if shapely.contains_xy(part, *xy))
        for xy in zip(x, y, strict=True)
    ]
    communes = gpd.GeoDataFrame(
        {"code_insee": codes, "nom": codes, "departement": "33", "population": 500},
        geometry=own,
        crs=2154,
    )
    origins = gpd.GeoDataFrame(
        {"demand_id": codes, "origine": "mairie"}, geometry=shapely.points(x, y), crs=2154
    )
    return communes, origins


def test_the_gironde_is_not_driven_across():
    # Pauillac and Lamarque on one bank, Blaye and Braud on the other, whose outlines meet half-way.
    banks = [(404_700, 6_460_900), (407_300, 6_452_000), (411_600, 6_454_900), (412_400, 6_468_700)]
    communes, origins = _at(banks)
    profile = network.load_profile("estime")
    roads = network.estimate_network(communes, origins, profile)
    pairs = {tuple(sorted(pair)) for pair in zip(roads.edges.tail, roads.edges.head, strict=True)}
    assert pairs == {(0, 1), (2, 3)}
    assert roads.report.islands == 1
    # A ferry the study declares crosses it; the same places elsewhere are neighbours.
    ferry = network.Crossing(banks[1], banks[2], 45.0)
    sites = origins.assign(site_id=origins["demand_id"])
    joined = network.estimate_network(communes, origins, profile, crossings=[ferry])
    assert travel.matrix(joined, origins, sites).minutes.nnz == 16
    inland = [(x + 60_000, y) for x, y in banks]
    assert network.estimate_network(*_at(inland), profile).report.islands == 0
