"""Plans of least worst regret against every plan there is, in every future."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo import siting
from msap_geo.errors import DataError, InfeasibleError
from msap_geo.siting.rules import Quota, Rules
from msap_geo.travel import TravelTimes

FAR = 60.0
EXACT = siting.Effort(seconds=20, gap=0.0)
WORTHS = (
    siting.Worth((15.0,)),
    siting.Worth((10.0, 20.0), (1.0, 0.5)),
    siting.Worth(longest=30.0),
)


class Case(NamedTuple):
    """A small question, and its trips as a full table."""

    problem: siting.Problem
    minutes: np.ndarray
    futures: list
    worth: siting.Worth
    rules: Rules


def problem_from(minutes, people, today, cost=None):
    rows, columns = np.nonzero(minutes <= FAR)
    table = csr_array((minutes[rows, columns], (rows, columns)), shape=minutes.shape)
    places, sites = minutes.shape
    return siting.make_problem(
        TravelTimes(
            pd.Index([f"d{i:02}" for i in range(places)]),
            pd.Index([f"s{i:02}" for i in range(sites)]),
            table,
            table,
            FAR,
        ),
        pd.Series(people),
        pd.Series(today),
        cost_eur=None if cost is None else pd.Series(cost),
    )


def random_case(seed):
    rng = np.random.default_rng(seed)
    places, sites = int(rng.integers(3, 12)), int(rng.integers(2, 7))
    here, there = rng.random((places, 2)) * 40, rng.random((sites, 2)) * 40
    minutes = np.round(np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)), 3)
    today = np.where(rng.random(places) < 0.4, rng.random(places) * 40, np.nan)
    cost = rng.integers(1, 9, sites) * 1000.0
    problem = problem_from(minutes, rng.integers(0, 100, places), today, cost)
    factors = rng.choice([0.8, 0.9, 1.0, 1.1, 1.3], 2, replace=False)
    futures = [
        siting.Future(f"{h} × {factor}", rng.integers(0, 120, places).astype(float), float(factor))
        for h in range(int(rng.integers(1, 4)))
        for factor in factors
    ]
    ids = problem.site_ids
    forced = frozenset(rng.choice(ids, 1)) if rng.random() < 0.2 else frozenset()
    forbidden = frozenset(rng.choice(ids, 1)) - forced if rng.random() < 0.2 else frozenset()
    exclusive = (frozenset(rng.choice(ids, 2, replace=False)),) if rng.random() < 0.2 else ()
    quotas = (
        (Quota("q", frozenset(ids[:2]), int(rng.integers(0, 2)), int(rng.integers(1, 3))),)
        if rng.random() < 0.2
        else ()
    )
    limit = (
        {"budget_eur": float(rng.integers(1, 15) * 1000)}
        if rng.random() < 0.3
        else {"count": int(rng.integers(0, 4))}
    )
    rules = Rules(forced=forced, forbidden=forbidden, exclusive=exclusive, quotas=quotas, **limit)
    return Case(problem, minutes, futures, WORTHS[int(rng.integers(3))], rules)


def allowed(case):
    rules, ids = case.rules, case.problem.site_ids
    for k in range(len(ids) + 1):
        for sites in itertools.combinations(range(len(ids)), k):
            names = {ids[i] for i in sites}
            if (
                (rules.count is None or k <= rules.count)
                and (
                    rules.budget_eur is None
                    or case.problem.cost_eur[list(sites)].sum() <= rules.budget_eur
                )
                and rules.forced <= names
                and not rules.forbidden & names
                and all(len(group & names) <= 1 for group in rules.exclusive)
                and all(q.least <= len(q.sites & names) <= q.most for q in rules.quotas)
            ):
                yield sites


def counted(case, future, sites):
    """Count a plan as it is defined, place by place."""
    total = 0.0
    for place, people in enumerate(future.people):
        best = min([case.problem.today[place], *case.minutes[place, list(sites)]])
        time = round(best * future.factor, 3)
        if case.worth.longest is not None:
            total += people * (case.worth.longest - min(time, case.worth.longest))
        else:
            pairs = zip(case.worth.thresholds, case.worth.shares, strict=True)
            total += people * next((share for limit, share in pairs if time <= limit), 0.0)
    return total


def check(case):
    plans = list(allowed(case))
    try:
        found = siting.least_regret(
            case.problem, case.rules, case.futures, case.worth, effort=EXACT
        )
    except InfeasibleError:
        assert not plans
        return
    values = np.array([[counted(case, future, plan) for plan in plans] for future in case.futures])
    regrets = values.max(axis=1, keepdims=True) - values
    worst = regrets.max(axis=0)
    least = worst.min()
    near = 1e-5 * max(least, 1.0)
    assert found.plan.value == pytest.approx(least, abs=near)
    assert found.plan.bound == pytest.approx(least, abs=near)
    assert found.plan.status == "optimal"
    mine = plans.index(tuple(sorted(case.problem.positions(found.plan.sites).tolist())))
    assert worst[mine] == pytest.approx(least, abs=near)
    # Of equals, the one that brings most on average.
    assert values[:, mine].mean() >= values[:, worst <= least + near].mean(axis=0).max() - 1e-4
    told = found.futures
    np.testing.assert_allclose(told["regret"], regrets[:, mine], atol=1e-5)
    np.testing.assert_allclose(told["regret_au_plus"], regrets[:, mine], atol=1e-3)
    whole = np.zeros(len(case.futures))
    sign = 1.0
    if case.worth.longest is not None:
        whole = np.array([case.worth.longest * future.people.sum() for future in case.futures])
        sign = -1.0
    np.testing.assert_allclose(told["valeur"], whole + sign * values[:, mine], atol=1e-5)
    np.testing.assert_allclose(told["meilleure"], whole + sign * values.max(axis=1), atol=1e-5)
    nothing = np.array([counted(case, future, ()) for future in case.futures])
    np.testing.assert_allclose(told["aujourdhui"], whole + sign * nothing, atol=1e-5)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_no_plan_regrets_less(seed):
    check(random_case(seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_no_plan_regrets_less_in_thousands_of_cases(block):
    for seed in range(200 * block, 200 * (block + 1)):
        check(random_case(seed))


def test_by_hand():
    """Two places, a site near each, one to open: half and half regrets least.

    Today 100 people live at A and 60 at B; tomorrow 40 and 80. Opening A regrets 40 tomorrow,
    opening B 40 today; a third site between, that serves 70 of A's side today and 50 tomorrow,
    regrets 30 both times.
    """
    minutes = np.full((5, 3), 50.0)
    minutes[0, 0] = minutes[1, 0] = minutes[2, 1] = minutes[3, 1] = 5.0
    minutes[0, 2] = minutes[2, 2] = 5.0
    people = [[40, 60, 30, 30, 0], [20, 20, 30, 50, 0]]
    problem = problem_from(minutes, people[0], [np.nan] * 5)
    futures = [
        siting.Future(str(y), np.array(p, float)) for y, p in zip((1, 2), people, strict=True)
    ]
    found = siting.least_regret(problem, Rules(count=1), futures, siting.Worth((20.0,)))
    assert found.plan.sites == ("s02",)
    assert found.plan.value == 30
    assert found.futures["regret"].tolist() == [30, 30]
    assert found.best == (("s00",), ("s01",))
    assert found.plan.today == 100
    gained = siting.gains_with(problem, futures, siting.Worth((20.0,)), ["s00"])
    assert gained.tolist() == [100, 40]


def test_one_future_is_its_own_best_plan():
    case = random_case(7)
    people = case.futures[0].people.astype(np.int64)
    alone = [siting.Future("seul", people.astype(float))]
    problem = problem_from(case.minutes, people, case.problem.today)
    for worth in WORTHS[::2]:
        found = siting.least_regret(problem, Rules(count=2), alone, worth)
        assert found.plan.value == 0
        best = (
            siting.p_median(problem, Rules(count=2), longest=worth.longest)
            if worth.longest
            else siting.maximal_covering(problem, Rules(count=2), thresholds=worth.thresholds)
        )
        assert found.futures["valeur"].iloc[0] == pytest.approx(best.value)


def test_trips_must_be_known_as_far_as_faster_roads_go():
    problem = problem_from(np.array([[5.0]]), [1], [np.nan])
    fast = [siting.Future("vite", np.array([1.0]), 0.5)]
    with pytest.raises(DataError, match="s'arrêtent à 60 min"):
        siting.least_regret(problem, Rules(count=1), fast, siting.Worth((31.0,)))
    with pytest.raises(DataError, match="aucun futur"):
        siting.least_regret(problem, Rules(count=1), [], siting.Worth((20.0,)))
