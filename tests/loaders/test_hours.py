from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import hours
from msap_geo.errors import DataError

OFFICE = [[(540, 720), (810, 1020)]] * 5 + [[(540, 720)], []]

spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda s: (s[0], s[0] + s[1]))
weeks = st.lists(st.lists(spans, max_size=4), min_size=7, max_size=7)


def minutes_open(week):
    """The minutes of the week open, one by one."""
    return {
        (1440 * day + minute) % (7 * 1440)
        for day, given_spans in enumerate(week)
        for start, end in given_spans
        for minute in range(start, end)
    }


def test_an_office_week():
    week = hours.weekly_hours(OFFICE)
    assert week.text() == "Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00"
    assert week.minutes == 5 * 390 + 180
    assert week.days_open == 6


def test_closed_all_week_is_not_unknown():
    assert hours.weekly_hours([[]] * 7).text() == "off"
    assert hours.read_hours("off").minutes == 0


def test_a_night_runs_into_the_next_day():
    week = hours.weekly_hours([[]] * 6 + [[(1320, 1560)]])
    assert week.text() == "Mo 00:00-02:00; Su 22:00-24:00"


@pytest.mark.slow
@given(weeks)
def test_each_minute_counts_once(week):
    merged = hours.weekly_hours(week)
    assert merged.minutes == len(minutes_open(week))
    assert minutes_open(merged.days) == minutes_open(week)
    for day in merged.days:
        assert all(before[1] < after[0] for before, after in pairwise(day))


@given(weeks)
def test_text_reads_back(week):
    made = hours.weekly_hours(week)
    assert hours.read_hours(made.text()) == made


@pytest.mark.slow
@given(weeks, weeks)
def test_union_is_open_when_either_is(one, other):
    together = hours.union([hours.weekly_hours(one), hours.weekly_hours(other)])
    assert minutes_open(together.days) == minutes_open(one) | minutes_open(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lu 09:00-12:00",
        "Mo 9:00-12:00",
        "Mo 12:00-09:00",
        "Mo 25:00-26:00",
        "Mo",
        "Sa-Mo 09:00-12:00",
    ],
)
def test_other_texts_are_refused(text):
    with pytest.raises(DataError):
        hours.read_hours(text)


@pytest.mark.parametrize("week", [[[]] * 6, [[(10, 10)], *[[]] * 6], [[(-1, 10)], *[[]] * 6]])
def test_impossible_weeks_are_refused(week):
    with pytest.raises(DataError):
        hours.weekly_hours(week)
