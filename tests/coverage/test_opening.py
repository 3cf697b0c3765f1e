"""Hours within reach: by hand, and minute by minute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import reach
from support.toy import sites

from msap_geo import coverage, hours

MORNINGS = "Mo-Tu 09:00-12:00; Th-Fr 09:00-12:00"
LONG = "Mo 10:00-14:30; Sa 09:00-11:00"


def maisons(*texts):
    table = sites([(f"s{j}", 0) for j in range(len(texts))])
    return table.assign(horaires=pd.Series(texts, dtype=object))


def test_half_an_hour_makes_a_half_day():
    table = coverage.open_hours(
        reach([[5]]), maisons("Mo 09:00-09:30; Tu 14:00-14:20"), threshold=9
    )
    assert table["demi_journees"].tolist() == [2]
    assert table["heures_mardi_apres_midi"].tolist() == [0.3333]


def test_hours_by_hand():
    times = reach([[5, 10], [5, 25], [np.nan, 20], [np.nan, np.nan]])
    table = coverage.open_hours(times, maisons(MORNINGS, LONG), threshold=20)
    # Both: Monday 9 to 14:30, the other mornings and Saturday 9 to 11.
    assert table["heures_semaine"].tolist() == [5.5 + 9 + 2, 12, 6.5, 0]
    assert table["heures_lundi"].tolist() == [5.5, 3, 4.5, 0]
    assert table["heures_lundi_matin"].tolist() == [4, 3, 3, 0]
    assert table["heures_lundi_apres_midi"].tolist() == [1.5, 0, 1.5, 0]
    assert table["heures_midi"].tolist() == [2, 0, 2, 0]
    assert table["heures_samedi"].tolist() == [2, 0, 2, 0]
    assert table["demi_journees"].tolist() == [6, 4, 3, 0]
    assert table["ferme_le"].tolist() == [
        "mercredi",
        "mercredi, samedi",
        "mardi, mercredi, jeudi, vendredi",
        "",
    ]
    assert table["maisons_a_portee"].tolist() == [2, 1, 1, 0]
    first = ["demand_id", "maisons_a_portee", "maisons_sans_horaires", "heures_semaine"]
    assert table.columns.tolist()[:4] == first


def test_unknown_hours_are_not_closed():
    times = reach([[5, 10], [5, 25]])
    table = coverage.open_hours(times, maisons(None, "off"), threshold=20)
    assert table["maisons_sans_horaires"].tolist() == [1, 1]
    assert table["heures_semaine"].tolist()[0] == 0
    assert pd.isna(table["heures_semaine"].iloc[1])
    assert table["ferme_le"].tolist() == ["lundi, mardi, mercredi, jeudi, vendredi, samedi", ""]


def test_people_by_half_day_by_hand():
    times = reach([[5, 10], [5, 25], [np.nan, 20], [np.nan, np.nan]])
    table = coverage.open_hours(times, maisons(MORNINGS, LONG), threshold=20)
    people = pd.Series([10, 20, 30, 40])
    moments = coverage.people_by_half_day(people, table).set_index("moment")
    assert moments.loc["mercredi_matin"].tolist()[:4] == [0, 60, 0, 40]
    assert moments.loc["samedi_matin"].tolist()[:4] == [40, 20, 0, 40]
    assert moments.loc["semaine", "heures_moyennes"] == pytest.approx((165 + 240 + 195) / 100)
    counted = moments[[name for name in moments if name.startswith("population")]]
    assert (counted.sum(axis=1) == 100).all()


def test_supply_of_unknown_hours_is_the_median_of_the_known():
    table = coverage.weekly_supply(maisons(MORNINGS, LONG, None))
    assert table["heures"].tolist() == [12, 6.5, 9.25]
    assert table["heures_supposees"].tolist() == [False, False, True]
    assert coverage.weekly_supply(maisons(None))["heures"].tolist() == [24]


spans = st.tuples(st.integers(0, 1439), st.integers(1, 700)).map(lambda s: (s[0], s[0] + s[1]))
weeks = st.lists(st.lists(spans, max_size=2), min_size=7, max_size=7).map(hours.weekly_hours)


@given(
    st.lists(st.one_of(st.none(), weeks), min_size=1, max_size=4),
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=4, max_size=4), max_size=4
    ),
)
@settings(max_examples=40, deadline=None)
def test_the_union_is_that_of_the_minutes(openings, minutes):
    table = np.array([[np.nan if m is None else m for m in row] for row in minutes], dtype=float)
    times = reach(table.reshape(len(minutes), 4)[:, : len(openings)])
    texts = [None if one is None else one.text() for one in openings]
    found = coverage.open_hours(times, maisons(*texts), threshold=20)
    for row, place in zip(times.minutes.toarray(), found.itertuples(), strict=True):
        stored = times.minutes[[int(place.Index)], :].indices
        near = [j for j in stored if row[j] <= 20]
        known = [openings[j] for j in near if openings[j] is not None]
        opened = {
            (1440 * day + m)
            for week in known
            for day, intervals in enumerate(week.days)
            for start, end in intervals
            for m in range(start, end)
        }
        assert place.maisons_a_portee == len(near)
        if near and not known:
            assert np.isnan(place.heures_semaine)
            continue
        assert place.heures_semaine == pytest.approx(len(opened) / 60, abs=1e-4)
        assert place.heures_midi == pytest.approx(
            sum(720 <= m % 1440 < 840 for m in opened) / 60, abs=1e-4
        )
        assert place.heures_mercredi_apres_midi == pytest.approx(
            sum(2880 + 780 <= m < 4320 for m in opened) / 60, abs=1e-4
        )
        assert place.heures_semaine <= sum(week.minutes for week in known) / 60 + 1e-4


def test_without_a_known_hour_within_reach_there_is_no_mean():
    # The first place reaches a site of unknown hours, the second reaches none.
    table = coverage.open_hours(reach([[5], [np.nan]]), maisons(None), threshold=20)
    moments = coverage.people_by_half_day(pd.Series([100, 50]), table).set_index("moment")
    assert moments["heures_moyennes"].isna().all()
    assert moments.loc["semaine", ["population_inconnue", "population_hors_portee"]].tolist() == [
        100,
        50,
    ]
