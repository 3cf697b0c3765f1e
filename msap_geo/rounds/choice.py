"""Which days together: whole days chosen among known ones, their stays left free.

A candidate is a kind of day and stops in order; how long each stop lasts is decided with all the
others, by a mixed-integer programme given to HiGHS.
"""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from msap_geo.rounds.relaxation import DayPlan, merged_places
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.working_time import WorkingTime

MOST_IN_A_DAY = 6
"""Stops of one day whose order is looked for by trying all of them."""


class Chosen(NamedTuple):
    """Days chosen, their value, and the most that any choice among the candidates is worth."""

    days: tuple[DayPlan, ...]
    value: float
    bound: float


class Budget(NamedTuple):
    """Minutes open some of the days may have together."""

    members: NDArray[np.int64]
    minutes: int


def best_order(problem: RoundProblem, base: int, stops: Iterable[int]) -> tuple[int, ...]:
    """Return stops in the order that is driven in the fewest minutes, the first one of equals."""
    given = sorted(stops)
    if len(given) > MOST_IN_A_DAY:
        return tuple(given)
    return min(permutations(given), key=lambda order: (problem.drive(base, order), order))


def orders(problem: RoundProblem, work: WorkingTime, days: Iterable[DayPlan]) -> list[DayPlan]:
    """Return the days, and those with some of their stops, in their best order, shortest stays.

    Parameters
    ----------
    problem, work
        What plans are made of.
    days
        Known days.

    Returns
    -------
    list of DayPlan
        One for each kind and set of stops that fits in a day, sorted.
    """
    wanted: set[tuple[int, frozenset[int]]] = set()
    for day in days:
        stops = sorted(set(day.stops))[: MOST_IN_A_DAY + 2]
        for size in range(1, min(len(stops), MOST_IN_A_DAY) + 1):
            wanted.update((day.kind, frozenset(part)) for part in combinations(stops, size))
    found = []
    for kind, stops_of in wanted:
        order = best_order(problem, problem.kinds[kind].base, stops_of)
        shortest = DayPlan(kind, order, tuple(int(problem.least[stop]) for stop in order))
        if fits(problem, work, shortest):
            found.append(shortest)
    return sorted(found)


def every_order(problem: RoundProblem, work: WorkingTime) -> list[DayPlan]:
    """Return every order of every set of stops that fits in a day: small problems only."""
    found: list[DayPlan] = []
    for rank in range(len(problem.kinds)):
        grown: list[tuple[int, ...]] = [()]
        while grown:
            longer = []
            for begun in grown:
                for stop in range(len(problem.stop_ids)):
                    if stop in begun:
                        continue
                    order = (*begun, stop)
                    stays = tuple(int(problem.least[s]) for s in order)
                    day = DayPlan(rank, order, stays)
                    if fits(problem, work, day):
                        found.append(day)
                        longer.append(order)
            grown = longer
    return found


def fits(problem: RoundProblem, work: WorkingTime, day: DayPlan) -> bool:
    """Tell whether a day holds its driving and its stays, clock times left aside."""
    kind = problem.kinds[day.kind]
    within = all(
        problem.least[stop] <= stay <= kind.longest[stop]
        for stop, stay in zip(day.stops, day.stays, strict=True)
    )
    return within and problem.drive(kind.base, day.stops) + day.open_minutes <= work.busy_minutes


def choose(
    problem: RoundProblem,
    work: WorkingTime,
    benefit: Benefit,
    candidates: Sequence[DayPlan],
    *,
    seconds: float,
    gap: float,
    fixed: Sequence[Budget] | None = None,
    quarters: bool = False,
) -> Chosen | None:
    """Choose days and their stays.

    Parameters
    ----------
    problem, work, benefit
        What plans are made of.
    candidates
        Days: their kinds and orders count, their stays do not.
    seconds, gap
        Stop after so long, or once this close to the bound.
    fixed
        Take every candidate, once each, under these budgets (one for each vehicle and week)
        instead of those of whole bases.
    quarters
        Whether stays are whole quarters of an hour.

    Returns
    -------
    Chosen or None
        None where nothing was found.
    """
    model = _Model(problem, work, benefit, candidates)
    model.budgets(fixed)
    if fixed is not None:
        model.lower[: model.n] = 1.0
        model.upper[: model.n] = 1.0
    return model.solve(seconds=seconds, gap=gap, quarters=quarters)


def choose_beside(
    problem: RoundProblem,
    work: WorkingTime,
    benefit: Benefit,
    candidates: Mapping[DayPlan, int],
    *,
    seconds: float,
    gap: float,
) -> Chosen | None:
    """Choose days beside some that are kept.

    Parameters
    ----------
    problem, work, benefit, seconds, gap
        As :func:`choose` takes them.
    candidates
        Days, and how many times each is taken at least.
    """
    model = _Model(problem, work, benefit, list(candidates))
    model.budgets(None)
    model.lower[: model.n] = list(candidates.values())
    return model.solve(seconds=seconds, gap=gap, quarters=False)


class _Model:
    """The programme, its columns in blocks.

    Days taken (n), quarters open at each of their stops (m), what each of these stays gives (m),
    what each place gains (p).
    """

    def __init__(
        self,
        problem: RoundProblem,
        work: WorkingTime,
        benefit: Benefit,
        candidates: Sequence[DayPlan],
    ) -> None:
        self.problem, self.work, self.candidates = problem, work, candidates
        self.reach, self.weight = merged_places(problem)
        self.n = len(candidates)
        self.stop = np.array([s for day in candidates for s in day.stops], dtype=np.int64)
        self.owner = np.repeat(np.arange(self.n), [len(day.stops) for day in candidates])
        self.m, self.p = len(self.stop), len(self.weight)
        self.kind = np.array([day.kind for day in candidates], dtype=np.int64)
        self.base = np.array([kind.base for kind in problem.kinds])[self.kind]
        numbers = np.array([kind.number for kind in problem.kinds], dtype=float)
        longest = np.array([kind.longest for kind in problem.kinds])[
            self.kind[self.owner], self.stop
        ]
        self.lower = np.zeros(self.n + 2 * self.m + self.p)
        self.upper = np.concatenate(
            [
                numbers[self.kind],
                (longest // QUARTER) * numbers[self.kind[self.owner]],
                numbers[self.kind[self.owner]],
                np.ones(self.p),
            ]
        )
        self.blocks: list[csr_array] = []
        self.sides: list[NDArray[np.float64]] = []
        self._days(numbers, longest // QUARTER)
        self._gains(*benefit.pieces)
        self._wishes()

    def _rows(self, *blocks: csr_array | None, most: NDArray[np.float64]) -> None:
        """Add rows ``blocks · columns <= most``; a block that is None is empty."""
        widths = (self.n, self.m, self.m, self.p)
        filled = [
            csr_array((len(most), width)) if block is None else block
            for block, width in zip(blocks, widths, strict=True)
        ]
        self.blocks.append(csr_array(hstack(filled)))
        self.sides.append(np.asarray(most, dtype=float))

    def _days(self, numbers: NDArray[np.float64], longest: NDArray[np.int64]) -> None:
        problem, n, m = self.problem, self.n, self.m
        belongs = csr_array((np.ones(m), (np.arange(m), self.owner)), shape=(m, n))
        least = csr_array(
            (problem.least[self.stop] / QUARTER, (np.arange(m), self.owner)), shape=(m, n)
        )
        most = csr_array((longest.astype(float), (np.arange(m), self.owner)), shape=(m, n))
        each = eye_array(m, format="csr")
        self._rows(least, -each, None, None, most=np.zeros(m))
        self._rows(-most, each, None, None, most=np.zeros(m))
        drive = np.array(
            [
                problem.drive(int(b), d.stops)
                for b, d in zip(self.base, self.candidates, strict=True)
            ]
        )
        room = (self.work.busy_minutes - drive) // QUARTER
        self._rows(
            csr_array((-room.astype(float), (np.arange(n), np.arange(n))), shape=(n, n)),
            csr_array(belongs.T),
            None,
            None,
            most=np.zeros(n),
        )
        self._spans()
        of_kind = csr_array((np.ones(n), (self.kind, np.arange(n))), shape=(len(numbers), n))
        self._rows(of_kind, None, None, None, most=numbers)
        self.belongs = belongs

    def _spans(self) -> None:
        """Hold what is served between two stops with hours of their own within those hours."""
        rows: list[int] = []
        columns: list[int] = []
        owners: list[int] = []
        most: list[int] = []
        for rank, day in enumerate(self.candidates):
            weekday = self.problem.kinds[day.kind].weekdays[0]
            bound = [at for at, stop in enumerate(day.stops) if stop in self.problem.windows]
            for first, last in combinations(bound, 2):
                opens, closes = (
                    [w for w in self.problem.windows[day.stops[at]] if w[0] == weekday]
                    for at in (first, last)
                )
                room = max((w[2] for w in closes), default=0) - min(
                    (w[1] for w in opens), default=0
                )
                legs = pairwise(day.stops[first : last + 1])
                room -= sum(int(self.problem.leg[a, b]) for a, b in legs)
                start = int(np.searchsorted(self.owner, rank))
                inside = range(start + first, start + last + 1)
                rows += [len(most)] * len(inside)
                columns += list(inside)
                owners.append(rank)
                most.append(max(room // QUARTER, 0))
        if most:
            n, count = self.n, len(most)
            taken = csr_array((-np.array(most, float), (range(count), owners)), shape=(count, n))
            stays = csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, self.m))
            self._rows(taken, stays, None, None, most=np.zeros(count))

    def _gains(self, constants: NDArray[np.float64], slopes: NDArray[np.float64]) -> None:
        m, p, hours = self.m, self.p, QUARTER / 60 / self.work.weeks
        each, gained = eye_array(m, format="csr"), eye_array(p, format="csr")
        stays = csr_array(
            (np.ones(m), (self.stop, np.arange(m))), shape=(len(self.problem.stop_ids), m)
        )
        around = csr_array(self.reach @ stays)
        for constant, slope in zip(constants, slopes, strict=True):
            self._rows(
                -constant * self.belongs, -slope * hours * each, each, None, most=np.zeros(m)
            )
        self._rows(-self.belongs, None, each, None, most=np.zeros(m))
        self._rows(None, None, -around, gained, most=np.zeros(p))
        for constant, slope in zip(constants, slopes, strict=True):
            self._rows(
                None, -slope * hours * around, None, gained, most=np.full(p, float(constant))
            )

    def _wishes(self) -> None:
        hours = QUARTER / 60 / self.work.weeks
        for _, group, due in self.problem.floors:
            inside = np.where(np.isin(self.stop, group), -hours, 0.0)
            self._rows(None, csr_array(inside[None, :]), None, None, most=np.array([-due]))
        for stop in self.problem.forced:
            serves = np.array([[-float(stop in day.stops) for day in self.candidates]])
            self._rows(csr_array(serves), None, None, None, most=np.array([-1.0]))

    def budgets(self, fixed: Sequence[Budget] | None) -> None:
        """Bound the minutes open of bases, or of given days."""
        weeks, problem = self.work.weeks, self.problem
        if fixed is None:
            fixed = [
                Budget(np.flatnonzero(self.base == base), count * weeks * self.work.open_minutes)
                for base, count in enumerate(problem.vehicles)
            ]
        for budget in fixed:
            inside = np.isin(self.owner, budget.members).astype(float)
            most = np.array([budget.minutes // QUARTER], dtype=float)
            self._rows(None, csr_array(inside[None, :]), None, None, most=most)

    def solve(self, *, seconds: float, gap: float, quarters: bool) -> Chosen | None:
        """Maximise what people gain."""
        from scipy.optimize import (  # noqa: PLC0415 - slow to import, and few need it
            Bounds,
            LinearConstraint,
            milp,
        )

        n, m = self.n, self.m
        whole = np.zeros(len(self.lower))
        whole[:n] = 1
        whole[n : n + m] = quarters
        found = milp(
            -np.concatenate([np.zeros(n + 2 * m), self.weight]),
            constraints=LinearConstraint(vstack(self.blocks), -np.inf, np.concatenate(self.sides)),
            integrality=whole,
            bounds=Bounds(self.lower, self.upper),
            options={"time_limit": max(seconds, 0.1), "mip_rel_gap": gap},
        )
        if found.x is None:
            return None
        taken = np.round(found.x[:n]).astype(int)
        minutes = found.x[n : n + m] * QUARTER
        days: list[DayPlan] = []
        for rank in map(int, np.flatnonzero(taken)):
            inside = np.flatnonzero(self.owner == rank)
            shared = minutes[inside] / taken[rank]
            stays = tuple(int(round(stay, 6)) for stay in shared)
            days += [DayPlan(int(self.kind[rank]), self.candidates[rank].stops, stays)] * taken[
                rank
            ]
        bound = -float(found.mip_dual_bound) if found.mip_dual_bound is not None else np.inf
        return Chosen(tuple(days), -float(found.fun), bound)
