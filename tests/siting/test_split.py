"""How the cost of a site is split among the groups it serves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo.siting.objectives.split import Split, shared_out, simplex

seeds = st.integers(0, 10_000)


def several(seed, n=6, m=4):
    """Return values and which of them may be more than zero, one a row at least."""
    rng = np.random.default_rng(seed)
    within = rng.random((n, m)) < 0.6
    within[np.arange(n), rng.integers(0, m, n)] = True
    return rng, rng.normal(0.3, 0.8, (n, m)), within


@given(seed=seeds)
def test_a_split_is_parts_of_one_and_no_other_is_nearer(seed):
    rng, values, within = several(seed)
    found = simplex(values, within)
    assert (found >= 0).all()
    assert (found[~within] == 0).all()
    assert found.sum(axis=1) == pytest.approx(1)
    for _ in range(50):
        other = np.where(within, rng.dirichlet(np.ones(4), 6), 0.0)
        other /= other.sum(axis=1, keepdims=True)
        mine = np.where(within, found - values, 0.0)
        theirs = np.where(within, other - values, 0.0)
        assert ((mine**2).sum(axis=1) <= (theirs**2).sum(axis=1) + 1e-9).all()


def test_what_is_a_split_already_stays_so():
    values = np.array([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    within = np.array([[True, True, False], [True, False, False]])
    assert simplex(values, within) == pytest.approx(values)


def test_sites_of_one_group_alone_leave_nothing_to_split():
    assert Split(np.eye(3), np.eye(3, dtype=bool)).settled


def test_what_prices_leave_of_a_site_is_shared_evenly():
    serves = np.array([[True, True, False], [True, True, True], [True, False, True]])
    price = np.array([[0.5, 0.1, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 1.0]])
    wanted = [[0.7, 0.3, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.75, 0.0, 0.25]]
    assert shared_out(price, serves) == pytest.approx(np.array(wanted))


def test_a_site_some_take_and_others_leave_is_made_dearer_to_those_who_take_it():
    split = Split(np.full((2, 2), 0.5), np.ones((2, 2), dtype=bool))
    split.learn(np.array([[True, False], [True, True]]), bound=1.0, missing=1.0)
    assert split.price[0, 0] > 0.5 > split.price[0, 1]
    assert split.price[1].tolist() == [0.5, 0.5]
    assert split.price.sum(axis=1) == pytest.approx(1)


def test_it_comes_back_to_the_best_split_where_others_prove_less():
    first = np.array([[0.5, 0.5]])
    split = Split(first, np.ones((1, 2), dtype=bool))
    split.learn(np.array([[True, False]]), bound=2.0, missing=1.0)
    step = split.step
    for _ in range(2):
        assert split.best_price.tolist() == first.tolist()
        split.learn(np.array([[False, False]]), bound=1.0, missing=1.0)
    assert split.step == step / 2
    assert split.best == 2.0
    assert not split.settled
    for _ in range(8):
        split.learn(np.array([[False, False]]), bound=1.0, missing=1.0)
    assert split.settled


def dual(price, cost):
    """Return what two groups spend apart, each for one of two sites, and what they take."""
    taken = np.zeros_like(price, dtype=bool)
    taken[np.argmin(price * cost[:, None], axis=0), np.arange(2)] = True
    return float((price * cost[:, None])[taken].sum()), taken


def test_the_bound_grows_to_what_they_need_together():
    """Two groups, two sites that serve both: one site is enough, and costs one."""
    split = Split(np.array([[1.0, 0.0], [0.0, 1.0]]), np.ones((2, 2), dtype=bool))
    values = []
    for _ in range(40):
        value, taken = dual(split.price, np.ones(2))
        values.append(value)
        split.learn(taken, value, max(1 - value, 0.01))
    assert values[0] == 0
    assert 0.9 < max(values) <= 1 + 1e-9
