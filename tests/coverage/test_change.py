from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.accesses import places
from support.toy import CODES, PEOPLE, sites

from msap_geo import coverage, travel
from msap_geo.errors import DataError

BEFORE = [0.0, 10, 20, 30, 40, np.nan]
AFTER = [25.0, 10, 15, np.nan, 20, np.nan]


def test_changes_by_hand():
    table = coverage.changes(places(BEFORE), places(AFTER), thresholds=[20])
    assert table["sens"].tolist() == [
        "plus loin",
        "inchangé",
        "plus près",
        "plus loin",
        "plus près",
        "inchangé",
    ]
    assert table["statut_20"].tolist() == [
        "perd",
        "toujours à portée",
        "toujours à portée",
        "toujours au-delà",
        "gagne",
        "toujours au-delà",
    ]
    assert table["ecart_minutes"].isna().tolist() == [False, False, False, True, False, True]
    # The last route lost comes first, then 100 people × 25 minutes.
    assert coverage.losers(table)["demand_id"].tolist() == [CODES[3], CODES[0]]
    (row,) = coverage.changes_by_territory(
        table, pd.Series("53", index=table.index), thresholds=[20]
    ).to_dict("records")
    assert (row["gagnent_20"], row["perdent_20"]) == (500, 100)
    assert (row["toujours_a_portee_20"], row["toujours_au_dela_20"]) == (500, 1000)
    assert (row["rapproches"], row["eloignes"]) == (800, 500)


def test_a_tenth_of_a_minute_is_told_unless_it_is_noise():
    before, after = places([10.0] * 6), places([9.9, 10, 10.1, 10, 10, 10])
    told = [coverage.changes(before, after, thresholds=[20], **noise)["sens"].tolist()[:3]
            for noise in ({}, {"noise_minutes": 0.5})]  # fmt: skip
    assert told == [["plus près", "inchangé", "plus loin"], ["inchangé"] * 3]


def test_those_who_lose_most_together_come_first():
    after = places([25.0, 10, 20, 30, 40, 60])
    table = coverage.changes(places([0.0, 10, 20, 30, 40, 50]), after, thresholds=[20])
    # 600 people × 10 minutes before 100 people × 25.
    assert coverage.losers(table)["demand_id"].tolist() == [CODES[5], CODES[0]]


def test_nobody_losing_is_still_shown():
    table = coverage.changes(places(BEFORE), places(BEFORE), thresholds=[20])
    assert coverage.losers(table).empty
    assert "minutes_apres" in coverage.losers(table).columns


def test_other_places_are_refused():
    with pytest.raises(DataError, match="mêmes lieux"):
        coverage.changes(places(), places()[::-1], thresholds=[20])


def test_what_became_of_each_zone():
    before = pd.Series(["Z1", "Z1", "Z2", "Z3", None, None])
    after = pd.Series(["Z1", None, None, "Z3", "Z3", "Z9"])
    table = coverage.zone_changes(before, after, pd.Series(PEOPLE)).set_index("zone_id")
    assert table["evolution"].to_dict() == {
        "Z1": "réduite",
        "Z2": "résorbée",
        "Z3": "étendue",
        "Z9": "nouvelle",
    }
    assert table["population_avant"].to_dict() == {"Z1": 300, "Z2": 300, "Z3": 400, "Z9": 0}
    assert table["population_sortie"].to_dict() == {"Z1": 200, "Z2": 300, "Z3": 0, "Z9": 0}
    assert table["population_entree"].to_dict() == {"Z1": 0, "Z2": 0, "Z3": 500, "Z9": 600}
    assert table.loc["Z3", "zones_apres"] == "Z3"


def test_a_merged_zone_goes_on_as_that_of_most_of_its_people():
    before = pd.Series(["Z1", "Z2", None])
    after = pd.Series(["Z9", "Z9", "Z9"])
    table = coverage.zone_changes(before, after, pd.Series([100, 300, 50])).set_index("zone_id")
    assert table["evolution"].to_dict() == {"Z1": "fusionnée", "Z2": "étendue"}
    assert table["population_entree"].to_dict() == {"Z1": 0, "Z2": 50}


def test_one_person_is_enough_to_extend_or_reduce_a_zone():
    before = pd.Series(["Z1", None, "Z2", "Z2", "Z3"])
    after = pd.Series(["Z1", "Z1", "Z2", None, "Z3"])
    table = coverage.zone_changes(before, after, pd.Series([9, 1, 9, 1, 9])).set_index("zone_id")
    assert table["evolution"].to_dict() == {"Z1": "étendue", "Z2": "réduite", "Z3": "inchangée"}


ids = st.lists(st.one_of(st.none(), st.sampled_from("ABC")), min_size=6, max_size=6)


@pytest.mark.slow
@given(ids, ids)
@settings(max_examples=80, deadline=None)
def test_zone_changes_count_everyone_once(before, after):
    people = pd.Series(PEOPLE)
    was, now = (pd.Series(ids, dtype=object) for ids in (before, after))
    table = coverage.zone_changes(was, now, people)
    assert table["population_avant"].sum() == people[was.notna()].sum()
    assert (
        table["population_restante"] + table["population_sortie"] == table["population_avant"]
    ).all()
    assert table["population_restante"].sum() == people[was.notna() & now.notna()].sum()
    assert table["population_entree"].sum() == people[was.isna() & now.notna()].sum()


def test_history_by_hand(town):
    maisons = sites([("A", 0), ("D", 3), ("F", 5)])
    opened = pd.Series(pd.to_datetime(["2020-01-01", "2022-06-01", None]), index=["A", "D", "F"])
    times = travel.matrix(town.roads, town.origins, maisons, max_minutes=20)
    dates = [pd.Timestamp(text) for text in ("2019-12-31", "2020-01-01", "2024-01-01")]
    table = coverage.history(
        times,
        town.origins.set_index("demand_id")["population"],
        opened,
        dates=dates,
        thresholds=(10, 20),
    )
    assert table["maisons"].tolist() == [0, 1, 2]
    assert table["population_20"].tolist() == [0, 600, 2100]
    assert table["population_10"].tolist() == [0, 300, 300 + 1200]
    assert table["part_20"].tolist() == [0, round(600 / 2100, 6), 1]
