"""The plan a careful hand would make: always the stop or the quarter of an hour that brings most.

The baseline plans are compared with, and where they start from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.rounds.choice import fits
from msap_geo.rounds.relaxation import DayPlan
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.working_time import WorkingTime


def greedy(problem: RoundProblem, work: WorkingTime, benefit: Benefit) -> tuple[DayPlan, ...]:
    """Make a plan one step at a time.

    Each step adds a stop of the shortest stay to a day (where it lengthens the drive least), or
    opens a day with it, or lengthens a stay by a quarter of an hour: whichever brings most for each
    minute of driving and opening. Imposed stops and groups with a floor come first.

    Parameters
    ----------
    problem, work, benefit
        What plans are made of.

    Returns
    -------
    tuple of DayPlan
        The days that serve somebody.
    """
    days: list[DayPlan] = []
    slots = [rank for rank, kind in enumerate(problem.kinds) for _ in range(kind.number)]
    opened = np.zeros(len(problem.base_ids))
    hours = np.zeros(len(problem.place_ids))
    budget = np.array(problem.vehicles) * work.weeks * work.open_minutes
    served = problem.reach_of_stops
    while True:
        best: tuple[float, tuple[int, ...], int, DayPlan] | None = None
        gains = _gains(problem, work, benefit, hours)
        wanted = _wanted(problem, work, days)
        for rank, new, added, stop in _steps(problem, work, days, slots):
            base = problem.kinds[new.kind].base
            if opened[base] + added > budget[base]:
                continue
            gain = gains(stop, added) * (_FIRST if wanted[stop] else 1.0)
            already = 0 if rank is None else _busy(problem, days[rank])
            rate = gain / max(_busy(problem, new) - already, 1)
            key = (-1 if rank is None else rank, *new.stops)
            if gain > 0 and (best is None or rate > best[0] + _NOISE):
                best = (rate, key, -1 if rank is None else rank, new)
        if best is None:
            return tuple(sorted(days))
        _, _, rank, new = best
        before = days[rank] if rank >= 0 else DayPlan(new.kind, (), ())
        if rank >= 0:
            days[rank] = new
        else:
            days.append(new)
            slots.remove(new.kind)
        opened[problem.kinds[new.kind].base] += new.open_minutes - before.open_minutes
        for day, sign in ((before, -1), (new, 1)):
            for stop, stay in zip(day.stops, day.stays, strict=True):
                around = served.indices[served.indptr[stop] : served.indptr[stop + 1]]
                hours[around] += sign * stay / 60 / work.weeks


_FIRST = 1e6
_NOISE = 1e-12


def _busy(problem: RoundProblem, day: DayPlan) -> int:
    return problem.drive(problem.kinds[day.kind].base, day.stops) + day.open_minutes


def _gains(
    problem: RoundProblem, work: WorkingTime, benefit: Benefit, hours: NDArray[np.float64]
) -> _Gains:
    return _Gains(problem, work, benefit, hours)


class _Gains:
    """What so many more minutes at a stop bring, each length counted once for all stops."""

    def __init__(
        self,
        problem: RoundProblem,
        work: WorkingTime,
        benefit: Benefit,
        hours: NDArray[np.float64],
    ) -> None:
        self.problem, self.work, self.benefit, self.hours = problem, work, benefit, hours
        self.now = benefit(hours)
        self.by_minutes: dict[int, NDArray[np.float64]] = {}

    def __call__(self, stop: int, minutes: int) -> float:
        if minutes not in self.by_minutes:
            more = self.benefit(self.hours + minutes / 60 / self.work.weeks) - self.now
            self.by_minutes[minutes] = self.problem.reach.T @ (self.problem.weight * more)
        return float(self.by_minutes[minutes][stop])


def _wanted(problem: RoundProblem, work: WorkingTime, days: list[DayPlan]) -> NDArray[np.bool_]:
    """Tell which stops rules still ask for."""
    wanted = np.zeros(len(problem.stop_ids), dtype=bool)
    minutes = np.zeros(len(problem.stop_ids))
    for day in days:
        np.add.at(minutes, list(day.stops), list(day.stays))
    for stop in problem.forced:
        wanted[stop] = minutes[stop] == 0
    for _, group, due in problem.floors:
        if minutes[group].sum() / 60 / work.weeks < due:
            wanted[group] = True
    return wanted


def _steps(
    problem: RoundProblem, work: WorkingTime, days: list[DayPlan], slots: list[int]
) -> Iterator[tuple[int | None, DayPlan, int, int]]:
    """Yield what may be done: which day changes, what it becomes, minutes opened more, where."""
    for rank, day in enumerate(days):
        for place, stop in enumerate(day.stops):
            stays = list(day.stays)
            stays[place] += QUARTER
            longer = DayPlan(day.kind, day.stops, tuple(stays))
            if fits(problem, work, longer):
                yield rank, longer, QUARTER, stop
        room = work.busy_minutes - _busy(problem, day)
        for stop in range(len(problem.stop_ids)):
            least = int(problem.least[stop])
            if stop in day.stops or least > room:
                continue
            place = min(range(len(day.stops) + 1), key=lambda at: _detour(problem, day, at, stop))
            grown = DayPlan(
                day.kind,
                (*day.stops[:place], stop, *day.stops[place:]),
                (*day.stays[:place], least, *day.stays[place:]),
            )
            if fits(problem, work, grown):
                yield rank, grown, least, stop
    for kind in sorted(set(slots)):
        for stop in range(len(problem.stop_ids)):
            least = int(problem.least[stop])
            begun = DayPlan(kind, (stop,), (least,))
            if fits(problem, work, begun):
                yield None, begun, least, stop


def _detour(problem: RoundProblem, day: DayPlan, place: int, stop: int) -> int:
    base = problem.kinds[day.kind].base
    return problem.drive(base, (*day.stops[:place], stop, *day.stops[place:]))
