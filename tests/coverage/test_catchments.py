"""Catchments and floating catchments: by hand, and against the ``access`` package."""

from __future__ import annotations

import access.fca
import access.weights
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import reach
from support.toy import CODES, sites

from msap_geo import coverage, travel
from msap_geo.coverage.floating import E2SFCA_MINUTES, E2SFCA_WEIGHTS
from msap_geo.errors import DataError

PEOPLE = np.array([100.0, 200.0, 300.0])
SUPPLY = np.array([12.0, 24.0])
MINUTES = [[0, 25], [15, 10], [np.nan, 30]]


def test_two_step_by_hand():
    index = coverage.two_step(reach(MINUTES), PEOPLE, SUPPLY, threshold=20)
    # Site 0: 12 h for 300 people; site 1: 24 h for 200.
    assert index.tolist() == pytest.approx([12 / 300, 12 / 300 + 24 / 200, 0])
    assert index.index.tolist() == ["p0", "p1", "p2"]


def test_enhanced_two_step_by_hand():
    index = coverage.enhanced_two_step(reach(MINUTES), PEOPLE, SUPPLY)
    first = 12 / (100 + 0.68 * 200)
    second = 24 / (0.22 * 100 + 200 + 0.22 * 300)
    assert index.tolist() == pytest.approx(
        [first + 0.22 * second, 0.68 * first + second, 0.22 * second]
    )


def test_three_step_by_hand():
    index = coverage.three_step(reach(MINUTES), PEOPLE, SUPPLY)
    g00, g01 = 1 / 1.22, 0.22 / 1.22
    g10, g11 = 0.68 / 1.68, 1 / 1.68
    first = 12 / (g00 * 100 + g10 * 200 * 0.68)
    second = 24 / (g01 * 100 * 0.22 + g11 * 200 + 300 * 0.22)
    assert index.tolist() == pytest.approx(
        [g00 * first + g01 * 0.22 * second, g10 * 0.68 * first + g11 * second, 0.22 * second]
    )


def test_times_too_short_are_refused():
    with pytest.raises(DataError, match="s'arrêtent à 20 min"):
        coverage.enhanced_two_step(reach(MINUTES, max_minutes=20), PEOPLE, SUPPLY)


matrices = st.lists(
    st.lists(st.one_of(st.none(), st.floats(0, 45)), min_size=3, max_size=3), min_size=1, max_size=6
)
amounts = st.integers(1, 500)


@pytest.mark.slow
@given(
    matrices, st.lists(amounts, min_size=6, max_size=6), st.lists(amounts, min_size=3, max_size=3)
)
@settings(max_examples=25, deadline=None)
def test_indices_equal_those_of_access(minutes, population, hours):
    table = np.array([[np.nan if m is None else round(m, 3) for m in row] for row in minutes])
    times = reach(table.astype(float))
    people = np.array(population[: len(table)], dtype=float)
    supply = np.array(hours, dtype=float)
    cost = times.long().rename(
        columns={"demand_id": "origin", "site_id": "dest", "minutes": "cost"}
    )
    demand = pd.DataFrame({"geoid": times.demand_ids, "demand": people}).set_index(
        "geoid", drop=False
    )
    offer = pd.DataFrame({"supply": supply}, index=times.site_ids)
    weight = access.weights.step_fn(dict(zip(E2SFCA_MINUTES, E2SFCA_WEIGHTS, strict=True)))
    ours = {
        "two": coverage.two_step(times, people, supply, threshold=20),
        "enhanced": coverage.enhanced_two_step(times, people, supply),
        "three": coverage.three_step(times, people, supply),
    }
    if (cost["cost"] <= 20).any():
        theirs = access.fca.two_stage_fca(
            demand.rename_axis(None), offer, cost, max_cost=20, demand_index="geoid"
        )
        _same(ours["two"], theirs)
    if (cost["cost"] <= 30).any():
        near = cost[cost["cost"] <= 30].copy()
        theirs = access.fca.two_stage_fca(
            demand.rename_axis(None), offer, near, max_cost=30, weight_fn=weight
        )
        _same(ours["enhanced"], theirs)
        theirs = access.fca.three_stage_fca(
            demand.rename_axis(None), offer, near, max_cost=30, weight_fn=weight
        )
        _same(ours["three"], theirs)
    for index in (ours["two"], ours["enhanced"]):
        # What people have adds up to what there is, where someone is within reach.
        assert (people * index.to_numpy()).sum() <= supply.sum() + 1e-6


def _same(ours, theirs):
    expected = theirs.reindex(ours.index).fillna(0)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


@given(matrices)
@settings(max_examples=40, deadline=None)
def test_huff_shares_everyone_out(minutes):
    table = np.array([[np.nan if m is None else m for m in row] for row in minutes], dtype=float)
    times = reach(table)
    shares = coverage.huff_probabilities(times, np.array([10.0, 0.0, 30.0]))
    reached = ~np.isnan(table).all(axis=1)
    np.testing.assert_allclose(shares.sum(axis=1), reached.astype(float))
    assert (shares.data >= 0).all()


def test_huff_by_hand():
    times = reach([[0, 2], [4, 2]])
    shares = coverage.huff_probabilities(times, np.array([12.0, 24.0])).toarray()
    # At home: 12 / 1² against 24 / 2²; then 12 / 4² against 24 / 2².
    np.testing.assert_allclose(shares[:, 0], [12 / 18, 0.75 / 6.75])
    # Half an hour a week attracts too: only what sites weigh against one another counts.
    small = coverage.huff_probabilities(times, np.array([0.5, 1.0])).toarray()
    np.testing.assert_allclose(small, shares)


def test_catchments_by_hand(town):
    maisons = sites([("A", 0), ("D", 3), ("Z", None)]).assign(
        horaires=["Mo-Fr 09:00-13:00", "Mo 09:00-13:00", None]
    )
    nearest = travel.nearest(town.roads, town.origins, maisons)
    demand = town.origins.assign(habitants_75_plus=[1.0, 2, 3, 4, 5, 6])
    places = coverage.access_by_place(demand, nearest)
    times = travel.matrix(town.roads, town.origins, maisons, max_minutes=30)
    supply = coverage.weekly_supply(maisons)
    table = coverage.catchments(places, maisons, supply, times).set_index("site_id")
    assert table["habitants"].to_dict() == {"A": 300, "D": 1800, "Z": 0}
    assert table["habitants_75_plus"].to_dict() == {"A": 3, "D": 18, "Z": 0}
    blanked = places.assign(habitants_75_plus=[np.nan, np.nan, 3.0, np.nan, 5.0, 6.0])
    other = coverage.catchments(blanked, maisons, supply, times).set_index("site_id")
    assert np.isnan(other.loc["A", "habitants_75_plus"])  # nothing known is not nobody
    assert other.loc[["D", "Z"], "habitants_75_plus"].tolist() == [14, 0]
    assert table["heures"].to_dict() == {"A": 20, "D": 4, "Z": 12}
    assert table["heures_supposees"].to_dict() == {"A": False, "D": False, "Z": True}
    assert table["habitants_huff"].sum() == pytest.approx(2100, abs=0.2)
    assert table["charge"].to_dict() == {"A": "ordinaire", "D": "surchargée", "Z": "sous-utilisée"}
    indices = coverage.accessibility(
        times,
        places,
        supply["heures"].to_numpy(),
        threshold=20,
        need=coverage.fragile_people(places),
    )
    assert indices["demand_id"].tolist() == CODES
    # D has 4 h for B, C, D, E and F; A has 20 h for A, B and C.
    assert indices["deux_etapes"].iloc[0] == pytest.approx(1000 * 20 / 600, abs=0.001)
    assert indices["deux_etapes"].iloc[5] == pytest.approx(1000 * 4 / 2000, abs=0.001)
    # Old people are spread as everyone: the standardised index is the plain one.
    np.testing.assert_allclose(indices["apl"], indices["deux_etapes_ameliorees"], atol=1e-4)


def test_the_most_loaded_site_comes_first_and_half_the_median_is_under_used(town):
    # Huff's law between 10, 20 and 36 hours all at the town hall of A: people go by the hours.
    maisons = sites([("S10", 0), ("S20", 0), ("S36", 3)])
    supply = pd.DataFrame(
        {"site_id": maisons["site_id"], "heures": [10.0, 20, 36], "heures_supposees": False}
    )
    people = town.origins.assign(population=[300, 0, 0, 360, 0, 0])
    nearest = travel.nearest(town.roads, people, maisons)
    times = travel.matrix(town.roads, people, maisons, max_minutes=20)
    table = coverage.catchments(
        coverage.access_by_place(people, nearest), maisons, supply, times
    )  # fmt: skip
    # A shares 300 as 10 to 20: ten people an hour at either; D has its 360 for 36 hours.
    assert table["habitants_huff"].tolist() == [100, 200, 360]
    assert set(table["charge"]) == {"ordinaire"}
    people = people.assign(population=[300, 0, 0, 144, 0, 0])
    table = coverage.catchments(
        coverage.access_by_place(people, nearest), maisons, supply, times
    )  # fmt: skip
    assert table["site_id"].tolist() == ["S10", "S20", "S36"]
    assert table["habitants_par_heure"].tolist() == [10, 10, 4]
    assert table["charge"].tolist() == ["ordinaire", "ordinaire", "sous-utilisée"]


def test_an_hour_a_week_attracts_a_twelfth_of_twelve():
    attraction = coverage.HUFF.attraction(np.array([0.0, 0.5, 1.0, 12.0]))
    assert attraction.tolist() == [0, 0.5, 1, 12]


@pytest.mark.parametrize(
    ("group", "counted"), [([np.nan, 7.0], [np.nan, 7]), ([np.nan, np.nan], [np.nan, np.nan])]
)
def test_of_the_only_place_of_a_site_nothing_known_is_not_nobody(group, counted):
    where = pd.DataFrame(
        {
            "demand_id": ["p0", "p1"], "code_insee": CODES[:2], "population": [10, 20],
            "site_id": ["s0", "s1"], "minutes": [5.0, 5.0], "km": 1.0, "raison": "",
            "habitants_75_plus": group,
        }
    )  # fmt: skip
    table = coverage.catchments(
        where,
        sites([("s0", 0), ("s1", 1)]),
        pd.DataFrame({"site_id": ["s0", "s1"], "heures": 10.0, "heures_supposees": False}),
        reach([[5, np.nan], [np.nan, 5]]),
    ).set_index("site_id")
    np.testing.assert_array_equal(table.loc[["s0", "s1"], "habitants_75_plus"], counted)


def test_without_needs_known_the_standardised_index_is_null():
    places = pd.DataFrame(
        {
            "demand_id": ["p0"], "code_insee": CODES[:1], "population": [100],
            "site_id": "s0", "minutes": 5.0, "km": 1.0, "raison": "",
        }
    )  # fmt: skip
    for need in (None, np.array([np.nan])):
        (row,) = coverage.accessibility(
            reach([[5]]), places, np.array([10.0]), threshold=20, need=need
        ).to_dict("records")  # fmt: skip
        assert np.isnan(row["apl"])
        assert row["deux_etapes"] == row["deux_etapes_ameliorees"] == 1000 * 10 / 100


@pytest.mark.parametrize("first", [0.0, 0.5])
def test_a_first_zone_may_end_at_the_site_s_own_door(first):
    found = coverage.enhanced_two_step(
        reach([[first], [10]]), np.array([10.0, 20]), np.array([20.0]),
        zones=(first, 10), weights=(1.0, 0.5),
    )  # fmt: skip
    # 10 at the door and half of 20: an hour a head there, half an hour further.
    assert found.tolist() == [1, 0.5]


def test_times_of_other_places_are_refused(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    places = coverage.access_by_place(town.origins, nearest)
    times = travel.matrix(town.roads, town.origins[::-1], town.maisons, max_minutes=30)
    with pytest.raises(DataError, match="ne sont pas ceux"):
        coverage.accessibility(times, places, np.ones(1), threshold=20)


def test_balanced_by_hand():
    people, supply = np.array([100.0, 300.0]), np.array([20.0, 10.0])
    both = reach([[5, 15], [15, 5]])
    index = coverage.balanced(both, people, supply, zones=(10, 20), weights=(1.0, 0.5))
    # Each place sends two thirds to its own site and one third to the other.
    first, second = 20 / (200 / 3 + 100), 10 / (100 / 3 + 200)
    assert index.tolist() == pytest.approx(
        [2 / 3 * first + 1 / 3 * second, 1 / 3 * first + 2 / 3 * second]
    )
    assert index.sum() == pytest.approx(first + second)
    assert coverage.people_counted(both, people, zones=(10, 20), weights=(1.0, 0.5)) == 1.5
    # Who has no site within reach is no part of the mean.
    lost = reach([[5, 15], [15, 5], [np.nan, np.nan]])
    three = np.array([100.0, 300.0, 1_000.0])
    assert coverage.people_counted(lost, three, zones=(10, 20), weights=(1.0, 0.5)) == 1.5


@given(st.integers(0, 10_000))
def test_balanced_keeps_people_and_levels_of_service(seed):
    rng = np.random.default_rng(seed)
    times = reach(np.where(rng.random((6, 4)) < 0.6, rng.uniform(0, 29, (6, 4)), np.nan).tolist())
    people, supply = rng.integers(1, 50, 6) * 1.0, rng.integers(1, 40, 4) * 1.0
    index = coverage.balanced(times, people, supply)
    weight = np.zeros((6, 4))
    coo = times.minutes.tocoo()
    weight[coo.row, coo.col] = np.select([coo.data <= 10, coo.data <= 20], [1.0, 0.68], 0.22)
    shares = weight / np.where(weight.sum(axis=1) > 0, weight.sum(axis=1), 1)[:, None]
    queue = shares.T @ people
    assert queue.sum() == pytest.approx(people[weight.sum(axis=1) > 0].sum())
    assert index.sum() == pytest.approx((supply[queue > 0] / queue[queue > 0]).sum())


@pytest.mark.parametrize(
    "index",
    [
        lambda t, p, s: coverage.two_step(t, p, s, threshold=20),
        coverage.enhanced_two_step,
        coverage.three_step,
        coverage.balanced,
    ],
)
@pytest.mark.parametrize(
    ("people", "supply", "said"),
    [
        ([1.0, np.nan], [1.0, 1.0], "habitants.* position 1"),
        ([1.0, -1.0], [1.0, 1.0], "habitants"),
        ([1.0, np.inf], [1.0, 1.0], "habitants"),
        ([1.0], [1.0, 1.0], "1 valeurs pour 2"),
        ([1.0, 1.0], [np.nan, 1.0], "offre.* position 0"),
        ([1.0, 1.0], [1.0], "offre"),
    ],
)
def test_what_is_absent_is_refused_not_spread(index, people, supply, said):
    times = reach([[5, 15], [15, 5]])
    with pytest.raises(DataError, match=said):
        index(times, np.array(people), np.array(supply))


@pytest.mark.parametrize(
    "index", [coverage.enhanced_two_step, coverage.three_step, coverage.balanced]
)
@pytest.mark.parametrize(
    ("zones", "weights"),
    [
        ((30, 20, 10), (1.0, 0.68, 0.22)),
        ((10, 10, 30), (1.0, 0.68, 0.22)),
        ((10, 20), (1.0, 0.68, 0.22)),
        ((10, 20, 30), (1.0, 0.68)),
        ((10, 20, 30), (1.0, -0.68, 0.22)),
        ((10, 20, 30), (1.0, np.nan, 0.22)),
        ((10, np.nan, 30), (1.0, 0.68, 0.22)),
        ((), ()),
    ],
)
def test_zones_and_weights_that_do_not_go_together_are_refused(index, zones, weights):
    times = reach([[5, 15], [15, 5]])
    with pytest.raises(DataError, match="ne vont pas ensemble"):
        index(times, np.ones(2), np.ones(2), zones=zones, weights=weights)


def test_an_unknown_attraction_is_refused():
    with pytest.raises(DataError, match="attraction"):
        coverage.huff_probabilities(reach([[5, 15]]), np.array([1.0, np.nan]))
