from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, sites, straight_road

from msap_geo import coverage, travel
from msap_geo.coverage import robustness

REFERENCE = [0.0, 10, 20, 21, 26, 50]
SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)


def minutes_of(reference, other=None):
    columns = {"mairie": reference, **({} if other is None else {"carreaux": other})}
    return pd.DataFrame(columns, index=pd.Index(CODES, name="code_insee"), dtype=float)


def test_communes_by_hand():
    grid = coverage.full_grid(["mairie"], speeds=SPEEDS, periods={"creuses": 1.0})
    assert len(grid) == 25
    table = coverage.robustness_of_communes(minutes_of(REFERENCE), grid, threshold=20)
    assert table["blanche"].tolist() == [False, False, False, True, True, True]
    # Limits (20 + shift) × speed, by shift: 14.4 16.2 18 19.8 21.6; 15.2 17.1 19 20.9 22.8;
    # 16 18 20 22 24; 16.8 18.9 21 23.1 25.2; 17.6 19.8 22 24.2 26.4. Thirteen are under 20.
    assert table["part_blanche"].tolist() == [0, 0, 13 / 25, 15 / 25, 24 / 25, 1]
    assert table["robustesse"].tolist() == [
        "jamais blanche",
        "jamais blanche",
        "probable",
        "probable",
        "solide",
        "solide",
    ]
    assert table["vitesse_de_bascule"].tolist() == [0, 0.5, 1, 1.05, 1.3, 2.5]


def test_what_flips_each_commune():
    grid = coverage.full_grid(["mairie", "carreaux"], speeds=SPEEDS)
    minutes = minutes_of(REFERENCE, [0.0, 25, 20, 21, 26, 50])
    table = coverage.factors_that_flip(minutes, grid, threshold=20).set_index("code_insee")
    assert table["facteurs"].tolist() == [
        "",
        "origine",
        "vitesse, seuil, période",
        "vitesse, seuil",
        "",
        "",
    ]
    assert table.loc[CODES[1], "bascule_origine"]
    assert not table.loc[CODES[1], "bascule_vitesse"]


def test_no_route_is_blanche_in_every_run():
    runs = coverage.random_runs(["mairie"], n=50, seed=1, sigma=0.2)
    table = coverage.robustness_of_communes(minutes_of([0, np.nan, 0, 0, 0, 0]), runs, threshold=20)
    assert table["part_blanche"].tolist() == [0, 1, 0, 0, 0, 0]


def test_within_no_minute_there_is_nobody():
    grid = coverage.full_grid(["mairie"], speeds=[1.0], threshold_shifts=[-2.0], periods={"x": 1.0})
    near = minutes_of([0.5, 1, 2, 3, 4, 5])
    table = coverage.robustness_of_communes(near, grid, threshold=2, sigma=0.1)
    assert table["part_blanche"].tolist() == [1] * 6


def test_random_runs_are_those_of_their_seed():
    first, again, other = (
        coverage.random_runs(["a", "b"], n=40, seed=seed, sigma=0.1) for seed in (7, 7, 8)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    # Forty draws of a log-normal law of 0.1: the logarithms spread so.
    assert np.log(first["vitesse"]).std() == pytest.approx(0.1, abs=0.04)
    assert first["decalage"].between(-2, 2).all()
    # Of forty draws between -2 and 2, the extremes are a tenth away from either end.
    assert first["decalage"].min() < -1.5
    assert first["decalage"].max() > 1.5


def test_a_zone_stays_while_most_of_its_people_are_beyond():
    grid = coverage.full_grid(
        ["mairie"], speeds=SPEEDS, threshold_shifts=[0.0], periods={"creuses": 1.0}
    )
    zone = pd.Series([None, None, None, "Z", "Z", "Y"])
    people = pd.Series([1, 1, 1, 300, 100, 5])
    table = coverage.robustness_of_zones(
        zone, people, minutes_of(REFERENCE), grid, threshold=20
    ).set_index("zone_id")
    # Three quarters of Z are at 21 minutes: it holds at 0.8, 0.9 and 1 but not at 1.1 and 1.2.
    assert table["part_blanche"].to_dict() == {"Y": 1, "Z": 0.6}


times = st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=6, max_size=6)


@pytest.mark.slow
@given(times, times, st.integers(0, 10))
@settings(max_examples=50, deadline=None)
def test_looking_limits_up_is_rescaling_every_time(reference, other, seed):
    minutes = minutes_of(reference, other)
    runs = pd.concat(
        [
            coverage.full_grid(["mairie", "carreaux"], speeds=SPEEDS),
            coverage.random_runs(["mairie", "carreaux"], n=20, seed=seed, sigma=0.15),
        ],
        ignore_index=True,
    )
    table = coverage.robustness_of_communes(minutes, runs, threshold=20)
    beyond = np.zeros(6)
    for run in runs.itertuples():
        scaled = np.round(minutes[run.origine] * run.facteur_periode / run.vitesse, 9)
        beyond += ~(scaled <= round(20 + run.decalage, 9))
    np.testing.assert_allclose(table["part_blanche"], beyond / len(runs), atol=1e-6)
    assert set(table["robustesse"]) <= {"solide", "probable", "fragile", "jamais blanche"}
    assert robustness.SOLID > robustness.LIKELY


def test_likely_speeds_are_quantiles_of_a_measured_law():
    # Quantiles of the normal law at 0.1 and 0.3: −1.2816 and −0.5244.
    assert coverage.likely_speeds(0.14) == pytest.approx(
        [np.exp(0.14 * z) for z in (-1.2816, -0.5244, 0, 0.5244, 1.2816)], abs=1e-4
    )
    assert coverage.likely_speeds(0.0) == (1, 1, 1, 1, 1)


def test_an_error_of_its_own_makes_a_place_probable():
    runs = coverage.full_grid(
        ["mairie"], speeds=[1.0], threshold_shifts=[0.0], periods={"creuses": 1.0}
    )
    minutes = minutes_of([0.0, 20, 20 * np.exp(0.06), 20 * np.exp(-0.12), np.nan, 50])
    table = coverage.robustness_of_communes(minutes, runs, threshold=20, sigma=0.06)
    # On the limit half of the chances; one standard deviation beyond, 84 %; two within, 2 %.
    assert table["part_blanche"].tolist() == [0, 0.5, 0.841, 0.023, 1, 1]
    assert table["robustesse"].tolist()[:2] == ["jamais blanche", "probable"]


@pytest.mark.slow
@given(times, st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_the_error_of_a_commune_is_what_drawing_it_gives(reference, seed):
    runs = coverage.full_grid(["mairie"], speeds=SPEEDS)
    told = coverage.robustness_of_communes(minutes_of(reference), runs, threshold=20, sigma=0.2)[
        "part_blanche"
    ]
    draws = np.exp(np.random.default_rng(seed).normal(0, 0.2, 400))
    drawn = np.mean(
        [
            coverage.robustness_of_communes(minutes_of(reference) * factor, runs, threshold=20)[
                "part_blanche"
            ]
            for factor in draws
        ],
        axis=0,
    )
    np.testing.assert_allclose(told, drawn, atol=0.06)


def test_closures_by_hand(town):
    maisons = sites([("A", 0), ("D", 3)])  # A 0, B 10, C 10 from D, D 0, E 10, F 20
    nearest = travel.nearest(town.roads, town.origins, maisons, k=2)
    table = coverage.closures(town.origins, nearest, maisons, thresholds=(20, 30))
    west, east = (table.set_index("site_id").loc[site] for site in ("A", "D"))
    assert table["site_id"].tolist() == ["D", "A"]
    # D serves C, D, E, F: 1 800 people; without it they are 20, 30, 40 and 50 minutes from A.
    assert east["habitants"] == 300 + 400 + 500 + 600
    assert east["perdus_20"] == 400 + 500 + 600
    assert east["perdus_30"] == 500 + 600
    assert east["minutes_avant"] == pytest.approx((3000 + 0 + 5000 + 12_000) / 1800, abs=0.0005)
    assert east["minutes_apres"] == pytest.approx(
        (6000 + 12_000 + 20_000 + 30_000) / 1800, abs=0.0005
    )
    assert east["minutes_apres_max"] == 50
    # A serves A and B, at 30 and 20 minutes from D.
    assert (west["habitants"], west["perdus_20"], west["perdus_30"]) == (300, 100, 0)


def test_the_only_maison_leaves_no_recourse(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons, k=2)
    (row,) = coverage.closures(town.origins, nearest, town.maisons, thresholds=[20]).to_dict(
        "records"
    )
    assert (row["sans_recours"], row["perdus_20"]) == (2100, 600)
    assert np.isnan(row["minutes_apres"])


def test_backup_by_hand(town):
    maisons = sites([("A", 0), ("B", 1), ("C", 2), ("D", 3)])
    times = travel.matrix(town.roads, town.origins, maisons, max_minutes=30)
    table = coverage.backup_coverage(town.origins, times, thresholds=(10, 20))
    assert table[table["seuil"] == 10].set_index("maisons")["population"].to_dict() == {
        "0": 600,
        "1": 500,
        "2": 100 + 400,
        "3 ou plus": 200 + 300,
    }
    assert (table.groupby("seuil")["population"].sum() == 2100).all()
    assert table.groupby("seuil")["part"].sum().tolist() == pytest.approx([1, 1], abs=1e-5)


def test_numbers_of_sites_nobody_has_are_told_too(town):
    times = travel.matrix(town.roads, town.origins, sites([("A", 0)]), max_minutes=30)
    table = coverage.backup_coverage(town.origins, times, thresholds=[10])
    assert table["maisons"].tolist() == ["0", "1", "2", "3 ou plus"]
    assert table["population"].tolist() == [1800, 300, 0, 0]


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
    st.integers(1, 50),
)
@settings(max_examples=30, deadline=None)
def test_a_closure_is_what_removing_the_site_shows(places, threshold):
    roads = straight_road()
    origins = sites([(code, i) for i, code in enumerate(CODES)]).rename(
        columns={"site_id": "demand_id"}
    )
    origins["population"] = [100, 200, 300, 400, 500, 600]
    maisons = sites([(f"S{i}", i) for i in places])
    table = coverage.closures(
        origins, travel.nearest(roads, origins, maisons, k=2), maisons, thresholds=[threshold]
    ).set_index("site_id")

    def within(kept):
        found = travel.nearest(roads, origins, kept)["minutes"] <= threshold
        return origins["population"][found.to_numpy()].sum()

    today = within(maisons)
    assert table["habitants"].sum() == 2100
    for i in range(len(maisons)):
        lost = today - within(maisons.drop(index=i).reset_index(drop=True))
        assert table.loc[maisons["site_id"][i], f"perdus_{threshold:g}"] == lost >= 0


def test_nobody_in_a_convention_is_not_nobody_reached():
    """A commune without cells, three minutes from a Maison, is never blanche."""
    minutes = minutes_of([3, 25, np.nan, 3, 25, 3], [np.nan, np.nan, np.nan, np.nan, 10, 3])
    # Cells of the fourth commune have no route; the first three communes have no cell.
    places = {
        "mairie": pd.DataFrame({"code_insee": CODES}),
        "carreaux": pd.DataFrame({"code_insee": CODES[3:]}),
    }
    known = coverage.with_known_origins(minutes, places)
    np.testing.assert_array_equal(known["mairie"], minutes["mairie"])
    np.testing.assert_array_equal(known["carreaux"], [3, 25, np.nan, np.nan, 10, 3])
    grid = coverage.full_grid(list(known.columns), speeds=SPEEDS)
    table = coverage.robustness_of_communes(known, grid, threshold=20)
    assert table["robustesse"].tolist()[0] == "jamais blanche"
    assert table["part_blanche"].tolist()[2:4] == [1, 0.5]
