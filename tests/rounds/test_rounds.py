"""Rounds against brute force, their bound, and a checker that recomputes each day."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo import rounds
from msap_geo.errors import InfeasibleError, StudyError
from msap_geo.rounds.choice import orders
from msap_geo.rounds.greedy import greedy
from msap_geo.rounds.improving import improve
from msap_geo.rounds.relaxation import DayPlan, Mixture
from msap_geo.rounds.settling import settle
from msap_geo.rounds.timetable import timetable
from msap_geo.travel import TravelTimes

seeds = st.integers(0, 10_000)
few = settings(max_examples=6, deadline=None)


def tables(seed, *, places=8, stops=4, side=60.0):
    """Return places, stops and a base on a square, minutes in a straight line."""
    rng = np.random.default_rng(seed)
    here, there = rng.random((places, 2)) * side, rng.random((stops, 2)) * side
    ends = np.vstack([there, [[side / 2, side / 2]]])
    codes = [*(f"s{i}" for i in range(stops)), "base"]
    near = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
    legs = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
    reach = TravelTimes(
        pd.Index([f"p{i}" for i in range(places)]),
        pd.Index(codes[:-1]),
        csr_array(near),
        csr_array(near),
        np.inf,
    )
    between = TravelTimes(
        pd.Index(codes), pd.Index(codes), csr_array(legs), csr_array(legs), np.inf
    )
    return reach, between, rng.integers(10, 1000, places).astype(float)


def problem(seed, work, *, vehicles=1, wishes=None, threshold=25.0, **size):
    reach, between, people = tables(seed, **size)
    return rounds.make_problem(
        reach,
        between,
        people,
        threshold=threshold,
        fleet=rounds.Fleet({"base": vehicles}),
        work=work,
        wishes=wishes or rounds.Wishes(),
    )


def hours_of(case, work, days):
    """Return hours a week by place, days being lists of (stop, minutes)."""
    hours = np.zeros(len(case.place_ids))
    reach = case.reach.toarray()
    for day in days:
        for stop, stay in day:
            hours += reach[:, stop] * stay / 60 / work.weeks
    return hours


def brute_force(case, work, benefit):
    """Return the best value over every set of days, stops in any order, whole quarters."""
    feasible = []
    for size in range(1, len(case.stop_ids) + 1):
        for order in itertools.permutations(range(len(case.stop_ids)), size):
            drive = case.out[0, order[0]] + case.back[0, order[-1]]
            drive += sum(case.leg[a, b] for a, b in itertools.pairwise(order))
            room = work.busy_minutes - drive
            choices = [
                range(int(case.least[s]), min(int(room), work.open_minutes) + 1, 15) for s in order
            ]
            feasible += [
                tuple(sorted(zip(order, stays, strict=True)))
                for stays in itertools.product(*choices)
                if sum(stays) <= min(room, work.open_minutes)
            ]
    feasible = sorted(set(feasible))
    best = 0.0
    number = sum(kind.number for kind in case.kinds)
    for count in range(number + 1):
        for days in itertools.combinations_with_replacement(feasible, count):
            if sum(stay for day in days for _, stay in day) <= work.open_minutes * work.weeks:
                value = case.weight @ benefit(hours_of(case, work, days))
                best = max(best, float(value))
    return best


def check(plan):
    """Recompute every leg, stay, break and day of a plan from its problem's minutes alone."""
    case, work = plan.problem, plan.work
    opened, seen = {}, set()
    for day in plan.days:
        assert (day.vehicle, day.week, day.weekday) not in seen
        seen.add((day.vehicle, day.week, day.weekday))
        assert day.weekday in work.weekdays
        assert day.week < work.weeks
        hours = day.hours
        assert work.earliest <= hours.leaves
        assert hours.returns <= work.latest
        assert hours.returns - hours.leaves <= work.day_minutes
        now, before = hours.leaves, None
        rest = hours.lunch
        for visit in hours.visits:
            trip = (
                case.out_minutes[day.base, visit.stop]
                if before is None
                else 0.0
                if before == visit.stop
                else case.minutes[before, visit.stop]
            )
            pause = rest[1] - rest[0] if rest and now <= rest[0] and rest[1] <= visit.arrival else 0
            assert now + trip + pause <= visit.arrival + 1e-6
            assert visit.departure - visit.arrival >= work.shortest_stop
            spans = case.windows.get(visit.stop)
            assert spans is None or any(
                d == day.weekday and s <= visit.arrival and visit.departure <= e
                for d, s, e in spans
            )
            now, before = visit.departure, visit.stop
        home = case.back_minutes[day.base, before]
        after = rest[1] - rest[0] if rest and rest[0] >= now else 0
        assert now + home + after <= hours.returns + 1e-6
        if rest is None:
            assert hours.returns - hours.leaves <= work.lunch_beyond
        else:
            assert rest[1] - rest[0] >= work.lunch_minutes
            assert work.lunch_between[0] <= rest[0] <= work.lunch_between[1]
            assert all(v.departure <= rest[0] or v.arrival >= rest[1] for v in hours.visits)
        week = (day.vehicle, day.week)
        opened[week] = opened.get(week, 0) + sum(v.departure - v.arrival for v in hours.visits)
    assert all(minutes <= work.open_minutes for minutes in opened.values())
    stays = {}
    for day in plan.days:
        for visit in day.hours.visits:
            key = (day.vehicle, day.week, day.weekday, visit.stop)
            stays[key] = stays.get(key, 0) + visit.departure - visit.arrival
    assert all(minutes >= case.least[key[3]] for key, minutes in stays.items())
    value = float(case.weight @ plan.benefit(plan.hours))
    assert value == pytest.approx(plan.value)
    assert plan.value <= plan.bound + 1e-6
    assert plan.bound <= case.weight.sum() + 1e-6


SMALL = rounds.WorkingTime(open_minutes=360, weekdays=(0, 1))


class TestBenefit:
    def test_hand_values(self):
        worth = rounds.Benefit()
        assert worth(np.array([0.0, 0.75, 1.5, 2.25, 3.0, 5.0, 7.0, 40.0])).tolist() == [
            0.0, 0.25, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0,
        ]  # fmt: skip

    @given(st.floats(0, 20), st.floats(0, 20))
    def test_two_visits_are_never_worth_more_than_each_alone(self, first, second):
        worth = rounds.Benefit()
        assert worth(first + second) <= worth(first) + worth(second) + 1e-12
        assert worth(first + second) >= worth(first)

    @pytest.mark.parametrize(
        ("hours", "shares"),
        [((1.0, 2.0), (0.3, 1.0)), ((2.0, 1.0), (0.5, 1.0)), ((1.0,), (0.9,)), ((), ())],
    )
    def test_refuses_what_is_not_concave(self, hours, shares):
        with pytest.raises(StudyError, match="valeur des heures"):
            rounds.Benefit(hours, shares)


class TestSmallProblems:
    @pytest.mark.slow
    @given(seeds)
    @few
    def test_equals_brute_force(self, seed):
        case = problem(seed, SMALL, stops=3)
        plan = rounds.design(case, SMALL, rounds.Benefit(), seconds=20)
        best = brute_force(case, SMALL, rounds.Benefit())
        assert plan.exact
        assert plan.value == pytest.approx(best)
        assert plan.bound == pytest.approx(best, rel=1e-6)
        check(plan)

    @pytest.mark.slow
    @given(seeds)
    @few
    def test_the_bound_of_mixtures_holds(self, seed):
        case = problem(seed, SMALL, stops=3)
        mixture = Mixture(case, SMALL, rounds.Benefit())
        mixture.add(greedy(case, SMALL, rounds.Benefit()))
        mixture.grow(gap=1e-4, rounds=50, seconds=20)
        assert mixture.bound >= brute_force(case, SMALL, rounds.Benefit()) - 1e-6

    @pytest.mark.slow
    @given(seeds)
    @few
    def test_a_longer_week_never_serves_fewer(self, seed):
        values = []
        for minutes in (180, 300, 480):
            work = rounds.WorkingTime(open_minutes=minutes, weekdays=(0, 1))
            plan = rounds.design(problem(seed, work), work, rounds.Benefit(), seconds=20)
            check(plan)
            values.append(plan.value)
        assert values == sorted(values)

    @pytest.mark.slow
    @pytest.mark.parametrize(("vehicles", "weeks"), [(1, 1), (2, 1), (1, 2), (2, 4)])
    def test_larger_plans_are_feasible_and_near_their_bound(self, vehicles, weeks):
        work = rounds.WorkingTime(open_minutes=900, weeks=weeks)
        case = problem(7, work, vehicles=vehicles, places=60, stops=25, side=140.0)
        plan = rounds.design(case, work, rounds.Benefit(), seconds=15)
        check(plan)
        assert plan.value >= plan.greedy_value
        assert plan.gap <= 0.05

    def test_the_same_question_has_the_same_answer(self):
        case = problem(3, SMALL, stops=5)
        first, again = (rounds.design(case, SMALL, rounds.Benefit()) for _ in range(2))
        assert first.days == again.days

    @pytest.mark.slow
    def test_a_large_question_has_the_same_answer_whatever_the_time_allowed(self):
        work = rounds.WorkingTime(open_minutes=900)
        case = problem(7, work, places=60, stops=25, side=140.0)
        first, again = (
            rounds.design(case, work, rounds.Benefit(), seconds=seconds) for seconds in (60, 90)
        )
        assert not first.exact
        assert not first.hurried
        assert first.days == again.days

    def test_a_search_cut_short_says_so(self):
        work = rounds.WorkingTime(open_minutes=900)
        case = problem(7, work, places=60, stops=25, side=140.0)
        plan = rounds.design(case, work, rounds.Benefit(), seconds=1e-3)
        assert plan.hurried
        check(plan)
        assert plan.value >= plan.greedy_value

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(3))
    def test_improving_never_loses(self, seed):
        work = rounds.WorkingTime(open_minutes=900)
        case = problem(seed, work, places=60, stops=25, side=140.0)
        start = greedy(case, work, rounds.Benefit())
        pool = orders(case, work, start)
        found = improve(case, work, rounds.Benefit(), pool, start, target=np.inf, seconds=60)
        before = settle(case, work, rounds.Benefit(), start).value
        assert settle(case, work, rounds.Benefit(), found.days).value >= before - 1
        assert not found.hurried


class TestWishes:
    def test_imposed_stops_are_served_and_forbidden_ones_are_not(self):
        worst = min(range(4), key=lambda s: problem(5, SMALL).reach_of_stops.toarray()[s].sum())
        name = f"s{worst}"
        wishes = rounds.Wishes(forced=frozenset({name}))
        plan = rounds.design(problem(5, SMALL, wishes=wishes), SMALL, rounds.Benefit())
        check(plan)
        served = {plan.problem.stop_ids[s] for day in plan.days for s in day.plan.stops}
        assert name in served
        free = rounds.design(problem(5, SMALL), SMALL, rounds.Benefit())
        without = rounds.Wishes(forbidden=frozenset(served))
        left = set(free.problem.stop_ids) - served
        if left:
            other = rounds.design(problem(5, SMALL, wishes=without), SMALL, rounds.Benefit())
            check(other)
            assert (
                not {other.problem.stop_ids[s] for d in other.days for s in d.plan.stops} & served
            )

    def test_market_days_are_kept(self):
        wishes = rounds.Wishes(windows={f"s{i}": ((1, 480, 750),) for i in range(4)})
        plan = rounds.design(problem(5, SMALL, wishes=wishes), SMALL, rounds.Benefit())
        check(plan)
        assert plan.days
        assert {day.weekday for day in plan.days} == {1}

    def test_groups_get_their_hours(self):
        wishes = rounds.Wishes(floors={"ouest": (frozenset({"s0", "s1"}), 2.0)})
        plan = rounds.design(problem(5, SMALL, wishes=wishes), SMALL, rounds.Benefit())
        check(plan)
        stays = [
            stay
            for day in plan.days
            for stop, stay in zip(day.plan.stops, day.plan.stays, strict=True)
            if plan.problem.stop_ids[stop] in {"s0", "s1"}
        ]
        assert sum(stays) >= 120


class TestImpossible:
    def test_hours_that_do_not_fit_say_how_many_are_missing(self):
        work = rounds.WorkingTime(open_minutes=60 * 60)
        with pytest.raises(InfeasibleError, match=r"60 h d'ouverture .* il manque \d+ h"):
            rounds.design(problem(5, work), work, rounds.Benefit())

    def test_hours_too_few_for_one_stop(self):
        work = rounds.WorkingTime(open_minutes=60)
        with pytest.raises(InfeasibleError, match="il manque 30"):
            rounds.design(problem(5, work), work, rounds.Benefit())

    def test_a_stop_too_far_says_by_how_much(self):
        work = rounds.WorkingTime(open_minutes=600, day_minutes=240, lunch_minutes=45)
        wishes = rounds.Wishes(forced=frozenset({"s0"}))
        case = problem(5, work, wishes=wishes, side=2000.0, threshold=2000.0)
        with pytest.raises(InfeasibleError, match=r"l'arrêt imposé s0 .* dépassent de \d+"):
            rounds.design(case, work, rounds.Benefit())

    def test_groups_asking_too_much_are_named(self):
        wishes = rounds.Wishes(floors={"nord": (frozenset({"s0", "s1", "s2", "s3"}), 8.0)})
        with pytest.raises(
            InfeasibleError, match=r"« nord » : 8 h par semaine .* il en manque 2 h"
        ):
            rounds.design(problem(5, SMALL, wishes=wishes), SMALL, rounds.Benefit())

    def test_unknown_stops(self):
        with pytest.raises(StudyError, match="arrêts inconnus dans cette étude : 75056"):
            problem(5, SMALL, wishes=rounds.Wishes(forced=frozenset({"75056"})))

    def test_stays_are_quarters_of_an_hour(self):
        with pytest.raises(StudyError, match="quarts d'heure"):
            rounds.WorkingTime(open_minutes=600, shortest_stop=50)


class TestTimetable:
    @given(seeds, st.integers(1, 4), st.integers(6, 20))
    @settings(max_examples=20, deadline=None)
    def test_every_day_that_fits_gets_hours(self, seed, count, quarters):
        work = rounds.WorkingTime(open_minutes=2000)
        case = problem(seed, work, side=40.0)
        order = tuple(range(min(count, len(case.stop_ids))))
        stays = [90] * (len(order) - 1) + [15 * quarters]
        day = DayPlan(0, order, tuple(stays))
        if case.drive(0, order) + sum(stays) > work.busy_minutes:
            return
        hours = timetable(case, work, day, 0)
        assert hours is not None
        assert sum(v.departure - v.arrival for v in hours.visits) == sum(stays)
        assert hours.returns - hours.leaves <= work.day_minutes

    def test_a_long_stop_closes_for_lunch(self):
        work = rounds.WorkingTime(open_minutes=2000)
        case = problem(5, work)
        hours = timetable(case, work, DayPlan(0, (0,), (420,)), 0)
        assert hours.lunch is not None
        assert [v.stop for v in hours.visits] == [0, 0]
