"""Catchments and floating catchments: by hand, and against the ``access`` package."""

from __future__ import annotations

import access.fca
import access.weights
import numpy as np
import pandas as pd
import pytest
from conftest import CODES, sites
from hypothesis import given, settings
from hypothesis import strategies as st
from test_opening import reach

from msap_geo import coverage, travel
from msap_geo.coverage.catchments import E2SFCA_MINUTES, E2SFCA_WEIGHTS
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


def test_times_of_other_places_are_refused(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    places = coverage.access_by_place(town.origins, nearest)
    times = travel.matrix(town.roads, town.origins[::-1], town.maisons, max_minutes=30)
    with pytest.raises(DataError, match="ne sont pas ceux"):
        coverage.accessibility(times, places, np.ones(1), threshold=20)
