"""Every objective under every kind of rule, against trying every set of sites."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import floyd_warshall

from msap_geo import siting
from msap_geo.errors import InfeasibleError
from msap_geo.siting.rules import Quota, Rules
from msap_geo.siting.solving.branch import branch
from msap_geo.siting.solving.gains import grain_of, rounded_down, rounded_up
from msap_geo.siting.solving.highs import Effort
from msap_geo.travel import TravelTimes

PLACES, SITES = 9, 6
NEAR, FAR = 15.0, 40.0
CAPACITY = 70.0


def random_case(seed: int) -> tuple[siting.Problem, Rules]:
    """Draw a small problem and rules of every kind, often contradictory."""
    rng = np.random.default_rng(seed)
    minutes = np.round(rng.uniform(0, 45, (PLACES, SITES)), 1)
    minutes[minutes > FAR] = np.nan
    row, column = np.nonzero(np.isfinite(minutes))
    start = np.concatenate([[0], np.cumsum(np.isfinite(minutes).sum(axis=1))])
    table = csr_array((minutes[row, column], column, start), shape=minutes.shape)
    ids = pd.Index([f"s{n}" for n in range(SITES)])
    times = TravelTimes(pd.Index([f"p{n}" for n in range(PLACES)]), ids, table, table, FAR)
    today = np.where(rng.random(PLACES) < 0.3, rng.uniform(0, 80, PLACES).round(1), np.nan)
    second = np.where(rng.random(PLACES) < 0.3, today + 3, np.nan)
    people = rng.integers(0, 40, PLACES) * (rng.random() > 0.05)
    problem = siting.make_problem(
        times,
        pd.Series(people),
        pd.Series(today),
        second=pd.Series(second),
        cost_eur=pd.Series(rng.integers(1, 10, SITES) * 10.0),
        group=pd.Series(rng.choice(["A", "B"], PLACES)),
        xy_m=rng.uniform(0, 10_000, (SITES, 2)),
    )

    def some(share: float) -> frozenset[str]:
        return frozenset(ids[rng.random(SITES) < share])

    forced = some(0.15) if rng.random() < 0.6 else frozenset()
    quotas = []
    for name in ("q0", "q1")[: rng.integers(0, 3)]:
        least = int(rng.integers(0, 3))
        most = None if rng.random() < 0.5 else int(rng.integers(0, 3))
        quotas.append(Quota(name, some(0.5), least, most))
    return problem, Rules(
        count=None if rng.random() < 0.3 else int(rng.integers(0, 5)),
        budget_eur=None if rng.random() < 0.7 else float(rng.integers(0, 200)),
        forced=forced,
        forbidden=(some(0.2) if rng.random() < 0.5 else frozenset()) - forced,
        exclusive=(some(0.4),) if rng.random() < 0.3 else (),
        quotas=tuple(quotas),
        apart_km=None if rng.random() < 0.7 else float(rng.uniform(0.5, 5)),
    )


def respects(problem: siting.Problem, rules: Rules, sites: tuple[int, ...]) -> bool:
    """Tell, from the words of the rules, whether a set of sites respects them."""
    ids = {problem.site_ids[site] for site in sites}
    pairs = itertools.combinations(sites, 2)
    far = rules.apart_km is None or all(
        np.hypot(*(problem.xy_m[a] - problem.xy_m[b])) >= 1000 * rules.apart_km for a, b in pairs
    )
    return (
        far
        and (rules.count is None or len(ids) <= rules.count)
        and (rules.budget_eur is None or problem.cost_eur[list(sites)].sum() <= rules.budget_eur)
        and rules.forced <= ids
        and not rules.forbidden & ids
        and all(len(group & ids) <= 1 for group in rules.exclusive)
        and all(
            q.least <= len(q.sites & ids) <= (SITES if q.most is None else q.most)
            for q in rules.quotas
        )
    )


def plans(problem: siting.Problem, rules: Rules) -> list[tuple[int, ...]]:
    """Return every set of sites the rules allow."""
    every = (sites for n in range(SITES + 1) for sites in itertools.combinations(range(SITES), n))
    return [sites for sites in every if respects(problem, rules, sites)]


def minutes_of(problem: siting.Problem) -> np.ndarray:
    """Return the minutes as a full table, infinite without a trip."""
    full = np.full(problem.minutes.shape, np.inf)
    coo = problem.minutes.tocoo()
    full[coo.row, coo.col] = coo.data
    return full


def access(problem: siting.Problem, sites: tuple[int, ...]) -> np.ndarray:
    return np.minimum(
        problem.today, minutes_of(problem)[:, list(sites)].min(axis=1, initial=np.inf)
    )


def covered(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    return float(problem.people[access(problem, sites) <= NEAR].sum())


def trips(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    return float(problem.people @ np.minimum(access(problem, sites), FAR))


def twice(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    near = (minutes_of(problem)[:, list(sites)] <= NEAR).sum(axis=1)
    near += (problem.today <= NEAR).astype(int) + (problem.second <= NEAR)
    return float(problem.people @ ((near >= 1) + 0.5 * (near > 1)))


def served(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    """Return who is served within capacity, by a transport problem of SciPy."""
    near = minutes_of(problem)[:, list(sites)] <= NEAR
    near &= (problem.today > NEAR)[:, None]
    place, site = np.nonzero(near)
    today = float(problem.people[problem.today <= NEAR].sum())
    if not len(place):
        return today
    rows = np.zeros((PLACES + len(sites), len(place)))
    rows[place, np.arange(len(place))] = 1
    rows[PLACES + site, np.arange(len(place))] = 1
    limit = np.concatenate([problem.people, np.full(len(sites), CAPACITY)])
    return today - float(linprog(-np.ones(len(place)), rows, limit).fun)


def fairest(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    near = access(problem, sites) <= NEAR
    shares = []
    for name in np.unique(problem.group):
        here = problem.people * (problem.group == name)
        if here.sum():
            shares.append((here @ near) / here.sum())
    return min(shares, default=1.0)


def longest(problem: siting.Problem, rules: Rules, sites: tuple[int, ...]) -> float:
    allowed = [n for n, s in enumerate(problem.site_ids) if s not in rules.forbidden]
    able = (problem.people > 0) & np.isfinite(access(problem, tuple(allowed)))
    return float(access(problem, sites)[able].max(initial=0.0))


OBJECTIVES = {
    "couverture": (lambda p, r: siting.maximal_covering(p, r, thresholds=[NEAR]), covered, max),
    "p-mediane": (lambda p, r: siting.p_median(p, r, longest=FAR), trips, min),
    "double": (lambda p, r: siting.backup_covering(p, r, threshold=NEAR), twice, max),
    "capacite": (
        lambda p, r: siting.capacitated_covering(p, r, threshold=NEAR, capacity=CAPACITY),
        served,
        max,
    ),
    "equite": (lambda p, r: siting.fairest_covering(p, r, threshold=NEAR), fairest, max),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_every_objective_finds_the_best_set_or_says_there_is_none(name, seed):
    solve, value, best = OBJECTIVES[name]
    problem, rules = random_case(seed)
    allowed = plans(problem, rules)
    if not allowed:
        with pytest.raises(InfeasibleError, match="aucun plan ne respecte"):
            solve(problem, rules)
        return
    expected = best(value(problem, sites) for sites in allowed)
    plan = solve(problem, rules)
    sites = tuple(problem.positions(plan.sites))
    assert respects(problem, rules, sites)
    assert plan.value == pytest.approx(expected, abs=1e-6)
    assert plan.value == pytest.approx(value(problem, sites), abs=1e-6)
    assert plan.bound == pytest.approx(expected, abs=1e-5 * max(expected, 1))


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=150, deadline=None)
def test_the_fewest_sites_for_a_share_whatever_the_rules(seed):
    problem, rules = random_case(seed)
    share = (seed % 11) / 10
    aim = np.ceil(share * problem.people.sum() - 1e-6)
    allowed = [s for s in plans(problem, rules) if covered(problem, s) >= aim]
    if not allowed:
        with pytest.raises(InfeasibleError, match=r"inatteignable|ne respecte toutes"):
            siting.set_covering(problem, rules, threshold=NEAR, share=share)
        return
    plan = siting.set_covering(problem, rules, threshold=NEAR, share=share)
    assert respects(problem, rules, tuple(problem.positions(plan.sites)))
    assert covered(problem, tuple(problem.positions(plan.sites))) >= aim
    assert plan.value == plan.bound == min(len(sites) for sites in allowed)
    cheap = siting.set_covering(problem, rules, threshold=NEAR, share=share, cheapest=True)
    assert cheap.value == cheap.bound
    assert cheap.value == min(problem.cost_eur[list(sites)].sum() for sites in allowed)


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=150, deadline=None)
def test_the_shortest_longest_trip_whatever_the_rules(seed):
    problem, rules = random_case(seed)
    allowed = plans(problem, rules)
    values = [longest(problem, rules, sites) for sites in allowed]
    if not np.isfinite(min(values, default=np.inf)):
        with pytest.raises(InfeasibleError):
            siting.p_centre(problem, rules)
        return
    plan = siting.p_centre(problem, rules)
    sites = tuple(problem.positions(plan.sites))
    assert respects(problem, rules, sites)
    assert plan.value == plan.bound == min(values) == longest(problem, rules, sites)
    # Today and each step are told as the plan is, beyond the bound of the trips too.
    steps = plan.curve["valeur"].to_numpy()
    assert steps[0] == plan.today == longest(problem, rules, ())
    assert steps[-1] == plan.value
    order = [int(problem.positions([site])[0]) for site in plan.sites]
    assert [longest(problem, rules, tuple(order[:n])) for n in range(len(order) + 1)] == list(steps)


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=150, deadline=None)
def test_the_rules_said_to_stretch_are_enough(seed):
    problem, rules = random_case(seed)
    limits, forced = siting.compile_rules(problem, rules)
    broken = siting.breaches(problem, limits, forced, Effort())
    assert bool(broken) == (not plans(problem, rules))
    stretched = rules
    for rule, amount, text in broken:
        assert str(round(amount)) in text or "imposé" in text
        if rule == "nombre":
            stretched = replace(stretched, count=(rules.count or 0) + round(amount))
        elif rule == "budget":
            stretched = replace(stretched, budget_eur=(rules.budget_eur or 0) + amount)
        elif rule.startswith("quota"):
            stretched = replace(
                stretched,
                quotas=tuple(_stretched(quota, rule, round(amount)) for quota in stretched.quotas),
            )
        elif rule == "exclusifs":
            stretched = replace(stretched, exclusive=())
        elif rule.startswith("exclusifs"):
            stretched = replace(stretched, apart_km=None)
        elif rule == "interdits":
            stretched = replace(stretched, forbidden=frozenset())
        else:
            stretched = replace(stretched, forced=stretched.forced - {rule.removeprefix("imposé ")})
    assert plans(problem, stretched)


def _stretched(quota: Quota, rule: str, amount: int) -> Quota:
    if rule == f"quota « {quota.name} » min":
        return replace(quota, least=quota.least - amount)
    if rule == f"quota « {quota.name} » max":
        most = len(quota.sites) if quota.most is None else quota.most
        return replace(quota, most=most + amount)
    return quota


def test_a_minimum_counts_where_the_share_is_reached_already():
    problem, _ = random_case(3)
    asked = Rules(quotas=(Quota("2A", frozenset({"s1", "s2", "s3"}), least=2),))
    plan = siting.set_covering(problem, asked, threshold=NEAR, share=0.0)
    assert plan.value == plan.bound == 2
    assert set(plan.sites) <= {"s1", "s2", "s3"}


def test_a_share_out_of_reach_names_the_rule_and_the_amount():
    problem, _ = random_case(1)
    everyone = covered(problem, tuple(range(SITES))) / problem.people.sum()
    asked = Rules(quotas=(Quota("2A", frozenset(problem.site_ids), most=0),))
    with pytest.raises(InfeasibleError, match=r"quota « 2A » : 0 au plus, il en faudrait \d"):
        siting.set_covering(problem, asked, threshold=NEAR, share=everyone)
    with pytest.raises(InfeasibleError, match="à moins de 99 km l'un de l'autre"):
        siting.set_covering(problem, Rules(apart_km=99.0), threshold=NEAR, share=everyone)


def test_nobody_to_serve_is_no_error():
    problem, _ = random_case(1)
    nobody = replace(problem, people=np.zeros(PLACES, dtype=np.int64))
    plan = siting.set_covering(nobody, Rules(), threshold=NEAR, share=0.9)
    assert plan.sites == ()
    assert plan.value == plan.bound == 0
    assert not np.signbit(plan.bound)
    assert plan.as_dict()["details"]["part_couverte"] is None


@pytest.mark.parametrize(
    ("values", "grain"),
    [
        ([3.0, 9.0, 6.0], 3.0),
        ([0.25, 1.0], 0.25),
        ([0.68 * 50, 0.22 * 50], 1.0),
        ([17 * 12.345, 3 * 0.001], 0.003),
        ([1 / 3, 1.0], 0.0),
        ([], 0.0),
    ],
)
def test_a_bound_is_rounded_to_the_grid_of_the_gains(values, grain):
    found = grain_of(np.array(values))
    assert found == pytest.approx(grain)
    if grain:
        assert rounded_down(7 * grain - 1e-9, found) == pytest.approx(7 * grain)
        assert rounded_down(7.5 * grain, found) == pytest.approx(7 * grain)
        assert rounded_up(7.5 * grain, found) == pytest.approx(8 * grain)
    else:
        assert rounded_down(1.234567, found) == 1.234567


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_cuts_branch_to_the_best_median(seed):
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 60, (30, 12)) * 1.0
    ids = pd.Index([f"s{n:02d}" for n in range(12)])
    table = csr_array(minutes)
    times = TravelTimes(pd.Index([f"p{n:02d}" for n in range(30)]), ids, table, table, 60.0)
    people = rng.integers(1, 100, 30)
    problem = siting.make_problem(times, pd.Series(people), pd.Series(np.full(30, np.nan)))
    gains = siting.trip_gains(problem, longest=60.0)
    count = int(rng.integers(1, 6))
    quotas = (Quota("q", frozenset(ids[:4]), int(rng.integers(0, 2)), 1),)
    limits, _ = siting.compile_rules(problem, Rules(count=count, quotas=quotas))
    allowed = [
        np.array(sites)
        for sites in itertools.combinations(range(12), count)
        if limits.accepts(np.array(sites))
    ]
    best = max(gains.value(sites) for sites in allowed)
    found = branch(gains, limits, allowed[0], tolerance=lambda _: 0.0, grain=1.0, seconds=60.0)
    assert found.value == best
    assert best <= found.bound < best + 1


PMED = Path(__file__).parents[3] / "shared" / "data" / "instances" / "pmed"


@pytest.mark.skipif(not PMED.is_dir(), reason="instances of the OR-Library: ../shared is absent")
@pytest.mark.parametrize(("name", "optimum"), [("pmed1", 5819), ("pmed6", 7824), ("pmed8", 4445)])
def test_or_library_medians_are_proven(name, optimum):
    n, _, count, *edges = map(int, (PMED / f"{name}.txt").read_text().split())
    lengths = np.full((n, n), np.inf)
    for one, other, length in np.array(edges).reshape(-1, 3):
        lengths[one - 1, other - 1] = lengths[other - 1, one - 1] = length
    np.fill_diagonal(lengths, 0)
    minutes = floyd_warshall(lengths)
    column = np.tile(np.arange(n), n)
    # Every pair is stored, a trip of no time too.
    table = csr_array((minutes.ravel(), column, np.arange(0, n * n + 1, n)), shape=(n, n))
    ids = pd.Index([f"{i:04d}" for i in range(n)])
    times = TravelTimes(ids, ids, table, table, float(minutes.max()))
    problem = siting.make_problem(
        times, pd.Series(np.ones(n, dtype=int)), pd.Series(np.full(n, np.nan))
    )
    plan = siting.p_median(problem, Rules(count=count), longest=float(minutes.max()))
    assert plan.value == plan.bound == optimum
    assert plan.status == "optimal"


def trips_within_capacity(problem: siting.Problem, sites: tuple[int, ...]) -> float:
    """Try every assignment of places to sites, each within its capacity, or to nobody."""
    full, alone = minutes_of(problem), problem.people * np.minimum(problem.today, FAR)
    best = {(CAPACITY,) * len(sites): 0.0}
    for place in range(PLACES):
        found: dict[tuple[float, ...], float] = {}
        for room, cost in best.items():
            options = [(room, cost + alone[place])]
            for rank, site in enumerate(sites):
                left = room[rank] - problem.people[place]
                if left >= 0 and np.isfinite(full[place, site]):
                    after = (*room[:rank], left, *room[rank + 1 :])
                    options.append((after, cost + problem.people[place] * full[place, site]))
            for after, total in options:
                found[after] = min(found.get(after, np.inf), total)
        best = found
    return min(best.values())


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=25, deadline=None)
def test_the_shortest_trips_within_capacity_whatever_the_rules(seed):
    problem, rules = random_case(seed)
    rules = replace(rules, count=2 if rules.count is None else min(rules.count, 2))
    allowed = plans(problem, rules)

    def solve() -> siting.Plan:
        return siting.capacitated_median(problem, rules, longest=FAR, capacity=CAPACITY)

    if not allowed:
        with pytest.raises(InfeasibleError, match="aucun plan ne respecte"):
            solve()
        return
    expected = min(trips_within_capacity(problem, sites) for sites in allowed)
    plan = solve()
    sites = tuple(problem.positions(plan.sites))
    assert respects(problem, rules, sites)
    assert plan.value == pytest.approx(expected, abs=1e-6)
    assert plan.value == pytest.approx(trips_within_capacity(problem, sites), abs=1e-6)
    assert plan.bound == pytest.approx(expected, abs=1e-5 * max(expected, 1))
    assert plan.curve["valeur"].iloc[-1] == pytest.approx(plan.value)


CAPACITATED = PMED.parent / "pmedcap"


@pytest.mark.slow
@pytest.mark.skipif(not CAPACITATED.is_dir(), reason="instances: ../shared is absent")
@pytest.mark.parametrize("name", ["pmedcap1", "pmedcap2"])
def test_or_library_capacitated_medians(name):
    numbers = list(map(int, (CAPACITATED / f"{name}.txt").read_text().split()))
    optimum, n, count, capacity = numbers[1:5]
    points = np.array(numbers[5:]).reshape(-1, 4)
    minutes = np.floor(np.hypot(*(points[:, None, 1:3] - points[None, :, 1:3]).transpose(2, 0, 1)))
    column = np.tile(np.arange(n), n)
    table = csr_array((minutes.ravel(), column, np.arange(0, n * n + 1, n)), shape=(n, n))
    ids = pd.Index([f"{i:04d}" for i in range(n)])
    problem = siting.make_problem(
        TravelTimes(ids, ids, table, table, 1000.0),
        pd.Series(np.ones(n, dtype=int)),
        pd.Series(np.full(n, np.nan)),
    )
    plan = siting.capacitated_median(
        problem,
        Rules(count=count),
        longest=1000.0,
        capacity=capacity,
        load=points[:, 3].astype(float),
    )
    assert plan.value == optimum
    assert plan.bound >= 0.99 * optimum
