"""Several services at once, against every place, site and service tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo.siting import baskets


def town(seed):
    rng = np.random.default_rng(seed)
    n, sites, services = rng.integers(1, 8), rng.integers(1, 6), rng.integers(1, 5)
    minutes = rng.choice([0.0, 5.0, 19.999, 20.0, 20.001, 40.0, np.inf], (n, services))
    people = rng.choice([0, 1, 10, 137], n).astype(np.int64)
    trips = rng.choice([0.0, 1.0, 20.0, 21.0], (n, sites))
    kept = trips <= 20
    row, column = np.nonzero(kept)
    reach = csr_array((trips[kept], (row, column)), shape=trips.shape)
    return minutes, people, kept, reach


@given(st.integers(0, 100_000))
@settings(max_examples=300, deadline=None)
def test_one_more_service_by_brute_force(seed):
    minutes, people, near, reach = town(seed)
    lacking = baskets.missing_services(minutes, 20.0)
    found = baskets.one_more_service(reach, people, lacking)
    for site in range(near.shape[1]):
        for service in range(minutes.shape[1]):
            there = minutes.copy()
            there[near[:, site], service] = 0
            before = people[baskets.basket_minutes(minutes) <= 20].sum()
            after = people[baskets.basket_minutes(there) <= 20].sum()
            assert found[site, service] == after - before


@given(st.integers(0, 100_000))
@settings(max_examples=200, deadline=None)
def test_waits_and_what_is_missed_by_brute_force(seed):
    minutes, people, near, reach = town(seed)
    rng = np.random.default_rng(seed)
    days = rng.choice([0.0, 2.0, 10.0], near.shape[1])
    waits = baskets.least_wait(reach, days, n_places=len(people))
    for place in range(len(people)):
        assert waits[place] == min(days[near[place]], default=np.inf)
    all_days = np.tile(waits[:, None], (1, minutes.shape[1]))
    lacking = baskets.missing_services(minutes, 20.0, days=all_days, most_days=2)
    assert (lacking == ((minutes > 20) | (all_days > 2))).all()
    group = rng.integers(0, 3, len(people))
    names = [f"s{k}" for k in range(minutes.shape[1])]
    told = baskets.most_missed(lacking, people, group, n_groups=3, services=names)
    for place, (name, count) in enumerate(told):
        sums = [people[(group == place) & lacking[:, k]].sum() for k in range(len(names))]
        assert count == max(sums)
        assert name == ("" if not count else names[sums.index(max(sums))])


def test_a_site_where_one_lives_is_within_reach_though_its_trip_is_nought():
    """A stored trip of zero minutes counts, as one of twenty does."""
    reach = csr_array((np.array([0.0]), (np.array([0]), np.array([0]))), shape=(1, 1))
    lacking = np.array([[True, False]])
    people = np.array([7])
    assert baskets.one_more_service(reach, people, lacking)[0].tolist() == [7, 0]
    assert baskets.least_wait(reach, np.array([3.0]), n_places=1)[0] == 3


def test_a_basket_of_nothing_is_had_by_all():
    assert baskets.basket_minutes(np.zeros((2, 0))).tolist() == [0, 0]
    assert baskets.most_missed(
        np.zeros((2, 0), bool), np.array([1, 2]), np.array([0, 0]), n_groups=1, services=[]
    ) == [("", 0)]


def test_inclusive_thresholds():
    lacking = baskets.missing_services(np.array([[20.0, 20.001, np.inf, np.nan]]), 20.0)
    assert lacking[0].tolist() == [False, True, True, True]


@pytest.mark.parametrize("most", [0.0, 2.0])
def test_an_open_door_is_within_the_wait_allowed(most):
    lacking = baskets.missing_services(
        np.array([[1.0, 1.0]]), 20.0, days=np.array([[most, most + 0.1]]), most_days=most
    )
    assert lacking[0].tolist() == [False, True]
