"""Days given to vehicles and weeks, with their best stays and their hours."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.rounds.assignment import assign
from msap_geo.rounds.choice import Budget, choose
from msap_geo.rounds.timetable import Timetable, timetable
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.relaxation import DayPlan
    from msap_geo.rounds.working_time import WorkingTime


class RoundDay(NamedTuple):
    """A day of a vehicle: which one, in which week, and its hours."""

    vehicle: int
    week: int
    weekday: int
    base: int
    plan: DayPlan
    hours: Timetable


class Settled(NamedTuple):
    """Days with their vehicles, weeks and hours, and their worth; days without hours apart."""

    days: tuple[RoundDay, ...]
    hours: NDArray[np.float64]
    value: float
    refused: tuple[DayPlan, ...]


def day_km(problem: RoundProblem, day: RoundDay) -> float:
    """Return the kilometres of a day, the base left and found again."""
    stops = day.plan.stops
    between = sum(float(problem.km[a, b]) for a, b in pairwise(stops))
    return (
        float(problem.out_km[day.base, stops[0]] + problem.back_km[day.base, stops[-1]]) + between
    )


def settle(
    problem: RoundProblem,
    work: WorkingTime,
    benefit: Benefit,
    days: Sequence[DayPlan],
    *,
    refine: bool = True,
) -> Settled:
    """Give days to vehicles, stays their best lengths, and everything its hours.

    Parameters
    ----------
    problem, work, benefit
        What plans are made of.
    days
        Days, not more of each kind than there are.
    refine
        Whether to look for better stays; given ones are kept otherwise.

    Returns
    -------
    Settled
        Days without any hours that suit them are apart, and serve nobody.
    """
    slots = assign(problem, work, days)
    if refine and days:
        weeks = sorted({(slot.vehicle, slot.week) for slot in slots})
        budgets = [
            Budget(
                np.array([r for r, s in enumerate(slots) if (s.vehicle, s.week) == pair]),
                work.open_minutes,
            )
            for pair in weeks
        ]
        better = choose(
            problem, work, benefit, days, seconds=_REFINING, gap=1e-6, fixed=budgets, quarters=True
        )
        if better is not None:
            days = better.days
    placed: list[RoundDay] = []
    refused: list[DayPlan] = []
    taken = set(slots)
    for day, slot in zip(days, slots, strict=True):
        kind = problem.kinds[day.kind]
        hours = timetable(problem, work, day, slot.weekday)
        if hours is None:
            # Alike days differ at most by the hours of windows.
            others = [slot._replace(weekday=d) for d in kind.weekdays]
            for other in (o for o in others if o not in taken):
                hours = timetable(problem, work, day, other.weekday)
                if hours is not None:
                    taken.add(other)
                    slot = other  # noqa: PLW2901
                    break
        while hours is None and any(
            stay > problem.least[stop] for stop, stay in zip(day.stops, day.stays, strict=True)
        ):
            day = _shorter(problem, day)  # noqa: PLW2901
            hours = timetable(problem, work, day, slot.weekday)
        if hours is None:
            refused.append(day)
            continue
        placed.append(RoundDay(slot.vehicle, slot.week, slot.weekday, kind.base, day, hours))
    served = service_hours(problem, work, placed)
    value = float(problem.weight @ benefit(served))
    return Settled(tuple(sorted(placed)), served, value, tuple(refused))


_REFINING = 10.0


def _shorter(problem: RoundProblem, day: DayPlan) -> DayPlan:
    """Take a quarter of an hour from the stay that has most to spare."""
    spare = [
        stay - int(problem.least[stop]) for stop, stay in zip(day.stops, day.stays, strict=True)
    ]
    at = int(np.argmax(spare))
    stays = (*day.stays[:at], day.stays[at] - QUARTER, *day.stays[at + 1 :])
    return day._replace(stays=stays)


def service_hours(
    problem: RoundProblem, work: WorkingTime, days: Sequence[RoundDay]
) -> NDArray[np.float64]:
    """Return the hours a week some vehicle is open within reach of each place, none twice."""
    minutes = np.zeros(len(problem.place_ids))
    served = problem.reach_of_stops
    for when in sorted({(day.week, day.weekday) for day in days}):
        visits = [v for d in days if (d.week, d.weekday) == when for v in d.hours.visits]
        cuts = sorted({time for v in visits for time in (v.arrival, v.departure)})
        for start, end in pairwise(cuts):
            stops = [v.stop for v in visits if v.arrival <= start and v.departure >= end]
            if stops:
                people = np.unique(
                    np.concatenate(
                        [served.indices[served.indptr[s] : served.indptr[s + 1]] for s in stops]
                    )
                )
                minutes[people] += end - start
    hours: NDArray[np.float64] = minutes / 60 / work.weeks
    return hours
