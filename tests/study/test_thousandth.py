"""A trip is within a bound if it is so to the thousandth of a minute: in every command alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from support.towns import places
from support.toy import CENTRES, PEOPLE, StudyFolder, poste_row, sites, straight_road, write_csv

import msap_geo as mg
from msap_geo import answers, siting, travel
from msap_geo.study.scoring import other_measures
from msap_geo.study.what_if import simulation_of

OFFICE = "00002A"


@pytest.fixture
def barely_beyond(tmp_path):
    """A toy town whose links take 10.0002 minutes, so that two of them make 20.0004."""
    toy = StudyFolder(tmp_path).write(la_poste=[poste_row(2), poste_row(0)])
    links = [(i, j) for i in range(6) for j in (i - 1, i + 1) if 0 <= j < 6]
    write_csv(
        tmp_path / "liens.csv",
        ["from", "to", "length_m", "highway"],
        [{"from": i, "to": j, "length_m": 10_000.2, "highway": "primary"} for i, j in links],
    )
    toy.configure(
        ("seuils_minutes = [20, 30]", "seuils_minutes = [20]"),
        ("[candidats]", "[implantation]\ntrajet_max_minutes = 20\n\n[candidats]"),
    )
    return toy


@pytest.mark.slow
def test_every_command_counts_the_same_people(barely_beyond):
    today = mg.run(barely_beyond.path)
    result = mg.scenario(today, closed=today.maisons["site_id"].tolist())
    assert result.access["minutes"].isna().all()
    # From the third town: two links each way at most, 20.0004 minutes.
    around = sum(PEOPLE[:5])
    scored = result.candidates.set_index("site_id")
    assert scored.loc[OFFICE, "population_gagnee"] == around
    tables = (result.study, result.trips, result.communes, result.access, result.candidates)
    measured = other_measures(*tables)
    assert measured.loc[OFFICE, "gain_marginal"] == around
    for asked in (answers.Asked(number=1), answers.Asked(share=0.7)):
        plan = answers.optimise(result, asked).plan
        assert plan.sites == (OFFICE,)
        assert answers.optimise(result, asked).newly_covered == around
    opened = mg.scenario(today, closed=today.maisons["site_id"].tolist(), opened=[OFFICE])
    assert opened.shares[0].within == around
    page = simulation_of(result)
    assert page.plans[0]["sites"] == [OFFICE]
    assert page.plans[0]["valeur"] == around


@pytest.mark.parametrize("bound", [20.0, 20.001, 19.999])
def test_a_bounded_matrix_is_the_whole_one_cut_to_the_thousandth(bound):
    roads = straight_road(minutes=bound / 2 + 0.0002)
    towns = places([shapely.Point(x, y) for x, y in CENTRES])
    offices = sites([("A", 2), ("B", 5)])
    whole = travel.matrix(roads, towns, offices)
    cut = travel.matrix(roads, towns, offices, max_minutes=bound)
    again = whole.between(["A", "B"], max_minutes=bound)
    kept = np.round(whole.minutes.data, 3) <= bound
    assert kept.sum() == 5 + 3
    for times in (cut, again):
        assert times.minutes.nnz == kept.sum()
        assert (times.minutes.data <= bound).all()
        assert np.round(times.minutes.data, 3).tolist() == [
            pytest.approx(minutes) for minutes in np.round(whole.minutes.data[kept], 3)
        ]
    near = travel.nearest(roads, towns, offices, max_minutes=bound)
    assert near["minutes"].notna().all()
    assert (near["minutes"] <= bound).all()


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 60_000_000), min_size=1, max_size=12),
    st.integers(0, 60_000),
)
def test_a_bound_never_says_otherwise_than_the_rounded_table(millionths, thousandths):
    minutes, bound = np.array(millionths) / 1e6, thousandths / 1000
    halfway = np.abs(minutes - bound - 0.0005) < 1e-9
    minutes = np.where(halfway, bound, minutes)
    table = pd.DataFrame(
        {"origine": [f"D{i}" for i in range(len(minutes))], "destination": "S", "minutes": minutes}
    )
    whole = travel.from_table(table)
    within = np.round(minutes, 3) <= bound
    assert whole.between(["S"], max_minutes=bound).minutes.nnz == within.sum()
    cut = travel.from_table(table, demand_ids=whole.demand_ids, max_minutes=bound)
    assert cut.minutes.nnz == within.sum()
    people = pd.Series(np.ones(len(minutes), dtype=int))
    nobody = pd.Series(np.full(len(minutes), np.nan))
    problem = siting.make_problem(cut, people, nobody)
    plan = siting.maximal_covering(problem, siting.Rules(count=1), thresholds=[bound])
    assert plan.value == within.sum()
