from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import sites, straight_road, toy_communes

from msap_geo import coverage, siting, travel
from msap_geo.errors import DataError
from msap_geo.siting import backtest, criteria


def score(town, offices, *, threshold=20):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(
        town.communes, nearest, town.maisons, thresholds=[threshold]
    )
    bound = siting.longest_useful_trip(access, threshold=threshold)
    times = travel.matrix(town.roads, town.origins, offices, max_minutes=bound)
    to_maison = travel.nearest(
        town.roads, offices.assign(demand_id=offices["site_id"]), town.maisons
    )
    return siting.score_candidates(offices, access, times, to_maison, threshold=threshold)


def test_gains_by_hand(town):
    scored = score(town, town.offices).set_index("site_id")
    # From E: D, E and F come within 20 min (400 + 500 + 600); they save 20, 40 and 40 minutes.
    assert scored.loc["P-E", "population_gagnee"] == 1500
    assert scored.loc["P-E", "habitants_rapproches"] == 1500
    assert scored.loc["P-E", "minutes_gagnees"] == pytest.approx(34.7)  # 52 000 / 1 500
    assert scored.loc["P-E", "minutes_maison"] == 40
    assert scored.loc["P-E", "km_maison"] == 40
    # From B: only D comes within 20 min; everyone but A saves 10 minutes.
    assert scored.loc["P-B", "population_gagnee"] == 400
    assert scored.loc["P-B", "habitants_rapproches"] == 2000
    assert scored.loc["P-B", "minutes_gagnees"] == 10
    # E is best at everything; B has 400/1500, 20 000/52 000 and 10/40 of it.
    assert scored.loc["P-E", "score"] == 100
    assert scored.loc["P-B", "score"] == pytest.approx(
        100 * (0.6 * 400 / 1500 + 0.3 * 20 / 52 + 0.1 * 10 / 40), abs=0.05
    )
    assert scored["rang"].to_dict() == {"P-E": 1, "P-B": 2}


def test_an_office_beside_a_maison_brings_nothing(town):
    scored = score(town, sites([("P-A", 0), ("P-F", 5)])).set_index("site_id")
    assert scored.loc["P-A", ["population_gagnee", "minutes_gagnees", "score"]].tolist() == [0] * 3


def test_offices_off_the_network_keep_their_row(town):
    scored = score(town, sites([("P-E", 4), ("P-?", None)])).set_index("site_id")
    assert scored.loc["P-?", "raison"] == "hors réseau"
    assert scored.loc["P-?", "score"] == 0
    assert pd.isna(scored.loc["P-?", "minutes_maison"])


@pytest.mark.parametrize("parts", ["aaaaaa", "aaabbb", "abcabc", "cbbbba", "abcdef"])
def test_parts_of_a_country_add_up_to_the_whole(town, parts):
    offices = sites([("P-B", 1), ("P-E", 4), ("P-F", 5), ("P-?", None)])
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(town.communes, nearest, town.maisons, thresholds=[20])
    to_maison = travel.nearest(
        town.roads, offices.assign(demand_id=offices["site_id"]), town.maisons
    )

    def measured(rows, chosen):
        here = access[rows].reset_index(drop=True)
        times = travel.matrix(
            town.roads,
            town.origins[rows].reset_index(drop=True),
            chosen,
            max_minutes=siting.longest_useful_trip(here, threshold=20),
        )
        mine = to_maison[to_maison["demand_id"].isin(chosen["site_id"])].reset_index(drop=True)
        return siting.measure_alone(chosen, here, times, mine, threshold=20)

    of = pd.Series(list(parts))
    whole = measured(of != "", offices).sort_index()
    cut = [measured(of == name, offices) for name in sorted(set(parts))]
    # One that brings nothing to a part need not be measured there.
    cut[0] = cut[0][cut[0]["habitants_rapproches"] > 0]
    added = siting.added([*cut, measured(of == "", offices)])
    pd.testing.assert_frame_equal(added, whole, check_dtype=False)
    assert whole.loc["P-E", "population_gagnee"] == 1500


def test_no_candidate(town):
    assert len(score(town, town.offices.iloc[:0])) == 0


def test_ties_go_to_the_smallest_identifier(town):
    scored = score(town, sites([("Z", 4), ("A", 4)]))
    assert scored["site_id"].tolist() == ["A", "Z"]


def test_times_of_other_places_are_refused(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(town.communes, nearest, town.maisons, thresholds=[20])
    times = travel.matrix(town.roads, town.origins, town.offices[::-1])
    to_maison = travel.nearest(
        town.roads, town.offices.assign(demand_id=town.offices["site_id"]), town.maisons
    )
    with pytest.raises(DataError, match="ne sont pas ceux"):
        siting.score_candidates(town.offices, access, times, to_maison, threshold=20)


@pytest.mark.slow
@given(st.integers(0, 5), st.integers(5, 60))
@settings(max_examples=30)
def test_the_gain_is_what_opening_the_office_would_show(index, threshold):
    communes = toy_communes()
    maisons, office = sites([("FS1", 0)]), sites([("P", index)])
    origins = sites([(code, i) for i, code in enumerate(communes["code_insee"])]).rename(
        columns={"site_id": "demand_id"}
    )
    roads = straight_road()

    def within(table):
        access = coverage.access_by_commune(
            communes, travel.nearest(roads, origins, table), table, thresholds=[threshold]
        )
        return access, coverage.shares(access, thresholds=[threshold])[0].within

    access, today = within(maisons)
    _, tomorrow = within(pd.concat([maisons, office], ignore_index=True))
    bound = siting.longest_useful_trip(access, threshold=threshold)
    times = travel.matrix(roads, origins, office, max_minutes=bound)
    to_maison = travel.nearest(roads, office.assign(demand_id="P"), maisons)
    scored = siting.score_candidates(office, access, times, to_maison, threshold=threshold)
    assert scored["population_gagnee"].iloc[0] == tomorrow - today


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"nom": ["France services La Poste", "France services"]}, [True, False]),
        (
            {"nom": ["Bourg", "Bourg", "Bourg"], "structure": ["La Poste", "Mairie", None]},
            [True, False, False],
        ),
    ],
)
def test_a_maison_is_in_a_post_office_by_its_name_or_by_who_bears_it(columns, told):
    assert backtest.in_post_office(pd.DataFrame(columns)).tolist() == told


def test_scores_by_hand():
    measures = pd.DataFrame(
        {
            "population_gagnee": [10.0, 5, 0],
            "ecart_label_heures": [4.0, 1, None],  # less is better; unknown, it brings nothing
            "accessible": [None, None, None],
            "robustesse": [1.0, 1, 1],
        },
        index=["a", "b", "c"],
    )
    weights = {"population_gagnee": 4, "horaires": 1, "accessible": 3, "robustesse": 0}
    ranked = siting.rank(measures, weights)
    # What nobody knows weighs nothing, nor what is not asked: four fifths and one fifth are left.
    assert ranked.weights == pytest.approx({"population_gagnee": 0.8, "horaires": 0.2})
    assert ranked.silent == ("accessible",)
    assert ranked.table["score"].to_dict() == pytest.approx({"a": 80, "b": 40 + 15, "c": 0})
    assert ranked.table["points_horaires"].tolist() == [0, 15, 0]


def test_equal_scores_go_to_more_people_then_to_more_minutes_then_to_the_first_identifier():
    rows = [
        ("e", 50, 10, 100),
        ("d", 50, 10, 100),
        ("b", 50, 20, 50),
        ("c", 50, 10, 200),
        ("a", 40, 90, 900),
        ("z", 60, 0, 0),
    ]
    columns = ["site_id", "score", "population_gagnee", "minutes_economisees"]
    told = siting.best_first(pd.DataFrame(rows, columns=columns))
    assert told["site_id"].tolist() == ["z", "b", "c", "d", "e", "a"]
    assert told["rang"].tolist() == [1, 2, 3, 4, 5, 6]


def test_first_at_everything_is_first_whatever_the_weights():
    measures = pd.DataFrame(
        {"population_gagnee": [9.0, 5, 1], "minutes_economisees": [90.0, 10, 50]}
    )
    weights = {"population_gagnee": 0.5, "minutes_economisees": 0.5}
    held = siting.stability(siting.rank(measures, weights), top=1)
    assert held.tolist() == [1, 0, 0]
    # The second and the third depend on the weights; equals share a place.
    two = siting.stability(siting.rank(measures, weights), top=2)
    assert two[0] == 1
    assert two[1] + two[2] == pytest.approx(1)
    assert 0 < two[1] < 1
    alike = siting.rank(measures.iloc[[0, 0]].reset_index(drop=True), weights)
    assert siting.stability(alike, top=1).tolist() == [1, 1]


def test_old_people_gained_are_those_beyond_the_threshold_and_unknown_is_not_nobody(town):
    offices = sites([("P-B", 1), ("P-E", 4)])
    times = travel.matrix(town.roads, town.origins, offices)
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    problem = siting.make_problem(times, town.communes["population"], nearest["minutes"])

    def gained(old):
        communes = town.communes.assign(habitants_65_plus=old)
        found = criteria.measure(problem, offices, communes, thresholds=[20], speeds=[1.0])
        return found["habitants_65_plus_gagnes"].fillna(-1).to_dict()

    # P-B brings D within 20 minutes, P-E brings D, E and F; A, B and C are there already.
    assert gained([1.0, 2, 4, 8, 16, 32]) == {"P-B": 8, "P-E": 56}
    assert gained([1.0, 2, 4, 8, None, 32]) == {"P-B": 8, "P-E": 40}
    assert gained([1.0, 2, 4, None, 16, 32]) == {"P-B": -1, "P-E": 48}
    assert gained([1.0, 2, 4, 0, 16, 32]) == {"P-B": 0, "P-E": 48}
