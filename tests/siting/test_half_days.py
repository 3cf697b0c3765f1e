"""Opening longer: against every choice of half-days, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo.hours import read_hours
from msap_geo.siting import half_days
from msap_geo.siting.half_days import SLOTS, Week
from msap_geo.siting.solving.highs import Effort

PLACES, SITES = 7, 3
EXACT = Effort(gap=0.0)
WEEKS = (
    "Mo-Fr 09:00-12:00,14:00-17:00",
    "Mo-We 09:00-12:30",
    "Tu,Th 14:00-18:00; Sa 09:00-11:30",
    "Mo-Sa 09:00-12:00",
    "off",
    "Mo-Fr 08:00-16:00",
)


def random_week(seed: int) -> Week:
    rng = np.random.default_rng(seed)
    texts = rng.choice(WEEKS, SITES)
    hours = tuple(
        None if rng.random() < 0.15 else read_hours(str(text).replace("Tu,Th", "Tu-Th"))
        for text in texts
    )
    weight = np.ones((SITES, SLOTS))
    weight[:, 10:12] = rng.choice([1.0, 2.0])
    weight[int(rng.integers(SITES)), int(rng.integers(SLOTS))] = 1.5
    days = tuple(sorted(rng.choice(6, 2, replace=False).tolist()))
    return Week(
        rng.integers(0, 40, PLACES),
        csr_array(rng.random((PLACES, SITES)) < 0.5),
        hours,
        weight,
        rng.random(SITES) < 0.8,
        days,
    )


def value_by_hand(week: Week, extra: set[tuple[int, int]]) -> float:
    total, reach = 0.0, week.reach.toarray()
    for place in range(PLACES):
        for slot in range(SLOTS):
            best = 0.0
            for site in range(SITES):
                hours = week.hours[site]
                opens = (site, slot) in extra or (
                    hours is not None
                    and any(
                        start < (780 if slot % 2 == 0 else 1440)
                        and end > (0 if slot % 2 == 0 else 780)
                        for start, end in hours.days[slot // 2]
                    )
                )
                if reach[place, site] and opens:
                    best = max(best, week.weight[site, slot])
            total += best * week.people[place]
    return total


@pytest.mark.slow
@given(st.integers(0, 100_000), st.integers(0, 14), st.sampled_from([None, 1, 2]))
@settings(max_examples=150, deadline=None)
def test_so_many_hours_for_most_people(seed, hours, per_site):
    week = random_week(seed)
    offered = half_days.additions_of(week)
    best = 0.0
    for n in range(len(offered) + 1):
        for chosen in itertools.combinations(offered, n):
            minutes = sum(end - start for _, _, (start, end) in chosen)
            sites = [one.site for one in chosen]
            if minutes <= 60 * hours and all(
                per_site is None or sites.count(site) <= per_site for site in sites
            ):
                best = max(best, value_by_hand(week, {(one.site, one.slot) for one in chosen}))
    found = half_days.add_hours(week, minutes=60 * hours, per_site=per_site, effort=EXACT)
    assert found.value == pytest.approx(best)
    assert found.bound == pytest.approx(best, abs=1e-4)
    assert found.today == pytest.approx(value_by_hand(week, set()))
    assert value_by_hand(week, {(a.site, a.slot) for a in found.additions}) == pytest.approx(best)
    assert sum(a.hours[1] - a.hours[0] for a in found.additions) <= 60 * hours


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=150, deadline=None)
def test_moves_gain_what_they_say_and_none_is_better(seed):
    week = random_week(seed)
    open_ = week.open()
    today = value_by_hand(week, set())
    best = 0.0
    for site in range(SITES):
        hours = week.hours[site]
        if hours is None or not week.may_change[site]:
            continue
        for leaves in np.flatnonzero(open_[site]):
            for enters in (s for day in week.days for s in (2 * day, 2 * day + 1)):
                if open_[site, enters]:
                    continue
                start, end = half_days.usual_hours(hours, enters)
                spare = sum(b - a for a, b in half_days.spans_of(hours, leaves))
                after = half_days.changed(hours, leaves, enters, (start, min(end, start + spare)))
                if half_days.has_label(hours) and not half_days.has_label(after):
                    continue
                weeks = tuple(after if n == site else w for n, w in enumerate(week.hours))
                moved = Week(week.people, week.reach, weeks, week.weight, week.may_change)
                best = max(best, value_by_hand(moved, set()) - today)
    found = half_days.free_moves(week, count=5)
    assert (found[0].gain if found else 0.0) == pytest.approx(best)
    for move in found:
        hours = week.hours[move.site]
        after = half_days.changed(hours, move.leaves, move.enters, move.hours)
        assert after.minutes <= hours.minutes
        assert not half_days.has_label(hours) or half_days.has_label(after)


def test_neighbours_complete_one_another():
    # Two Maisons for the same people: what one opens already is worth nothing to the other.
    week = Week(
        np.array([100]),
        csr_array(np.array([[True, True]])),
        (read_hours("Mo-Fr 09:00-12:00"), read_hours("Mo-Sa 14:00-17:00")),
        np.ones((2, SLOTS)),
        np.array([True, True]),
    )
    found = half_days.add_hours(week, minutes=180, effort=EXACT)
    assert found.today == 1100
    assert found.value == found.bound == 1200
    assert [(a.slot, a.hours) for a in found.additions] == [(10, (540, 720))]
    # Nothing is left to gain with more hours: no useless half-day is proposed.
    assert len(half_days.add_hours(week, minutes=6000, effort=EXACT).additions) == 1


def test_a_move_never_costs_the_label():
    week = Week(
        np.array([50]),
        csr_array(np.array([[True]])),
        (read_hours("Mo-Fr 09:00-12:00,14:00-17:00"),),
        np.where(np.arange(SLOTS) // 2 == 5, 3.0, 1.0)[None, :],
        np.array([True]),
    )
    moves = half_days.free_moves(week, count=20)
    assert {move.enters for move in moves} == {10, 11}
    assert moves[0].gain == 100
    assert moves[0].gained == moves[0].lost == 50


def alike(texts, *, people=100, may_change=True):
    """Maisons that the same people may reach, every half-day worth as much."""
    n = len(texts)
    return Week(
        np.array([people]),
        csr_array(np.ones((1, n), dtype=bool)),
        tuple(read_hours(text) for text in texts),
        np.ones((n, SLOTS)),
        np.array([may_change, *[False] * (n - 1)]),
    )


def test_a_move_that_gains_nobody_is_not_proposed():
    assert half_days.free_moves(alike(["Mo-Fr 09:00-12:00"]), count=20) == []


def test_a_half_day_that_a_neighbour_opens_too_is_free_to_leave():
    # Both open on Monday morning: to leave it costs nobody, any other serves a hundred more.
    (move,) = half_days.free_moves(alike(["Mo 09:00-12:00"] * 2), count=1)
    assert (move.site, move.leaves, move.gain) == (0, 0, 100)
    assert (move.gained, move.lost) == (100, 0)
