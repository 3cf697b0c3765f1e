from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from inequality.gini import Gini
from support.accesses import MINUTES, places
from support.toy import PEOPLE, sites

from msap_geo import coverage, travel
from msap_geo.coverage.equity import gini, tail_mean


def test_equity_by_hand():
    density = pd.Series(["urbain", "urbain", "urbain", "rural", "rural", None])
    table = coverage.equity(places(), density, threshold=20).set_index("classe")
    whole = table.loc["ensemble"]
    assert table.index.tolist() == ["ensemble", "non classé", "rural", "urbain"]
    # Worst tenth: 210 of the 600 at 50 minutes. Best two fifths: 840 people, 100 at 0, 200 at 10,
    # 300 at 20 and 240 of those at 30.
    assert whole["minutes_pire_decile"] == 50
    assert whole["palma"] == pytest.approx(210 * 50 / (2000 + 6000 + 7200), abs=0.0005)
    assert whole["fgt_0"] == pytest.approx(1500 / 2100, abs=1e-6)
    assert whole["fgt_1"] == pytest.approx((400 * 0.5 + 500 * 1 + 600 * 1.5) / 2100, abs=1e-6)
    assert whole["fgt_2"] == pytest.approx((400 * 0.25 + 500 + 600 * 2.25) / 2100, abs=1e-6)
    assert table["contribution_fgt_1"].to_dict() == pytest.approx(
        {"ensemble": 1, "non classé": 900 / 1600, "rural": 700 / 1600, "urbain": 0}
    )
    assert table["population"].tolist() == [2100, 600, 900, 600]


def test_without_a_route_only_the_gap_counts():
    table = coverage.equity(places([0, 10, 20, 30, 40, np.nan]), threshold=20).iloc[0]
    assert table["population_sans_trajet"] == 600
    assert table["minutes_pire_decile"] == 40
    assert table["fgt_1"] == pytest.approx((400 * 0.5 + 500 + 600) / 2100, abs=1e-6)  # as 40 min


times = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), min_size=1, max_size=15).filter(
    lambda rows: sum(t * p for t, p in rows) > 0
)


@given(times)
@settings(max_examples=100, deadline=None)
def test_gini_is_that_of_inequality_on_every_inhabitant(rows):
    value, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    everyone = np.repeat(value, weight.astype(int))
    assert gini(value, weight) == pytest.approx(Gini(everyone).g, abs=1e-9)
    assert 0 <= gini(value, weight) + 1e-12 <= 1


@given(times, st.sampled_from([0.1, 0.4, 1.0]))
@settings(max_examples=60, deadline=None)
def test_tails_are_those_of_every_inhabitant(rows, share):
    value, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    everyone = np.sort(np.repeat(value, 10 * weight.astype(int)))  # ten of each: whole tenths
    n = round(share * len(everyone))
    assert tail_mean(value, weight, share=share, worst=True) == pytest.approx(everyone[-n:].mean())
    assert tail_mean(value, weight, share=share, worst=False) == pytest.approx(everyone[:n].mean())


@given(times)
@settings(max_examples=60, deadline=None)
def test_a_variable_that_ranks_as_times_do_concentrates_as_gini(rows):
    value, weight = (pd.Series(column, dtype=float) for column in zip(*rows, strict=True))
    held = gini(value.to_numpy(), weight.to_numpy())
    assert coverage.concentration_index(value, weight, value) == pytest.approx(held, abs=1e-9)
    assert coverage.concentration_index(value, weight, -value) == pytest.approx(-held, abs=1e-9)
    flat = pd.Series(1.0, index=value.index)
    assert coverage.concentration_index(value, weight, flat) == pytest.approx(0, abs=1e-9)


def test_groups_far_away_concentrate_above_zero():
    table = coverage.concentration_of_groups(
        places(habitants_75_plus=[0.0, 0, 0, 40, 50, 60], chomeurs=[60.0, 50, 40, 0, 0, 0])
    ).set_index("groupe")["concentration"]
    assert table["habitants_75_plus"] > 0 > table["chomeurs"]


def test_neighbours_by_hand(town):
    maisons = sites([("A", 0), ("E", 4), ("F", 5)])
    maisons["departement"] = ["53", "72", "53"]
    reached = coverage.access_by_place(
        town.origins, travel.nearest(town.roads, town.origins, maisons)
    )
    times = travel.matrix(town.roads, town.origins, maisons, max_minutes=20)
    home = pd.Series(["53"] * 6)
    (row,) = coverage.reliance_on_neighbours(
        reached, times, home, maisons.set_index("site_id")["departement"], threshold=10
    ).to_dict("records")
    # Within ten minutes: A and B of A, E and F of F, D of E only.
    assert (row["population"], row["population_couverte"]) == (2100, 100 + 200 + 400 + 500 + 600)
    assert (row["couverte_par_soi"], row["couverte_par_voisins"]) == (1400, 400)
    assert row["part_par_voisins"] == pytest.approx(400 / 1800, abs=1e-6)
    # C is at 20 minutes of A and of E: the first in order, A; D and E go to E.
    assert row["plus_proche_ailleurs"] == 400 + 500


def test_the_edge_may_hide_a_nearer_site(town):
    outline = shapely.union_all(town.communes.geometry.to_numpy())
    unsure = coverage.uncertain_at_the_edge(town.origins, town.maisons, outline, belt_km=30)
    # Centres are 5 km from the edge: sure up to 35 km from the Maison, that is A to D.
    assert unsure.tolist() == [False, False, False, False, True, True]
    assert coverage.uncertain_at_the_edge(
        town.origins, sites([("?", None)]), outline, belt_km=30
    ).all()


def test_the_circle_to_the_nearest_site_must_stay_in_the_belt():
    outline = shapely.box(0, 0, 20_000, 20_000)
    # The middle is 10 km from the edge, 30 from the end of the belt; outside, the belt is all.
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([10_000, 10_000, -5_000, -5_000], [10_000] * 4), crs=2154
    )
    for x, unsure in ((40_000, [False] * 2), (40_001, [True] * 2)):
        known = gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [10_000]), crs=2154)
        found = coverage.uncertain_at_the_edge(points[:2], known, outline, belt_km=20)
        assert found.tolist() == unsure
    for x, unsure in ((15_000, [False] * 2), (15_900, [True] * 2)):
        known = gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [10_000]), crs=2154)
        found = coverage.uncertain_at_the_edge(points[2:], known, outline, belt_km=20)
        assert found.tolist() == unsure


def test_the_edge_is_asked_of_far_places_only_and_answers_the_same():
    rng = np.random.default_rng(3)
    outline = shapely.Point(0, 0).buffer(90_000)
    x, y = rng.uniform(-100_000, 100_000, (2, 300))
    points = gpd.GeoDataFrame(geometry=[*gpd.points_from_xy(x, y), None], crs=2154)
    known = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 60_000], [0, 20_000]), crs=2154)
    found = coverage.uncertain_at_the_edge(points, known, outline, belt_km=20)
    shapes = points.geometry.to_numpy()
    to_edge = shapely.distance(shapes, outline.boundary) / 1000
    slack = np.where(shapely.covers(outline, shapes), to_edge, 0.0) + 20
    expected = ~(coverage.straight_km(points, known).to_numpy() <= slack)
    assert found.tolist() == expected.tolist()
    assert 0 < expected.sum() < len(expected)


def test_small_cells_keep_their_times_and_lose_their_people():
    cells = places(
        menages=[5.0, 11, 30, 40, 50, np.nan],
        impute=[False, False, True, False, False, False],
        habitants_75_plus=1.0,
    )
    table = coverage.for_publication(cells)
    assert table["publiable"].tolist() == [False, True, True, True, True, False]
    assert table["population"].isna().tolist() == [True, False, False, False, False, True]
    assert table["habitants_75_plus"].notna().sum() == table["menages"].notna().sum() == 4
    assert table["minutes"].tolist() == MINUTES
    assert cells["population"].tolist() == PEOPLE
    unknown = coverage.for_publication(cells.drop(columns="menages"))
    assert unknown["publiable"].tolist() == [True, True, False, True, True, True]


def test_few_people_call_for_caution():
    table = coverage.access_by_territory(places(), thresholds=[20])
    told = coverage.caution(table, from_cells=False)
    assert told[table["zonage"] == "commune"].tolist() == ["moins de 200", *[""] * 5]
    from_cells = coverage.caution(table, from_cells=True)
    assert from_cells[table["zonage"] == "commune"].str.contains("canton").sum() == 5
    assert (from_cells[table["zonage"] == "ensemble"] == "").all()
    cells = places(menages=[5.0, 11, 30, 40, 50, 60])
    codes = [a.code for a in coverage.guard_anomalies(cells, table)]
    assert codes == ["carreaux-non-publies", "petits-effectifs"]


def test_how_many_live_in_a_household_is_no_fragility():
    table = coverage.concentration_of_groups(
        places(menages=[50.0, 90, 100, 150, 200, 210], menages_pauvres=[5.0, 9, 10, 15, 20, 21])
    )
    assert table["groupe"].tolist() == ["menages_pauvres"]
