"""Which vehicle does which day, in which week: hours shared out, places on different days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.relaxation import DayPlan
    from msap_geo.rounds.working_time import WorkingTime


class Slot(NamedTuple):
    """A working day of a vehicle; vehicles are numbered over all bases."""

    vehicle: int
    week: int
    weekday: int


def assign(problem: RoundProblem, work: WorkingTime, days: Sequence[DayPlan]) -> tuple[Slot, ...]:
    """Share days out among vehicles and weeks, then among weekdays.

    The longest days first, each to the vehicle and week with the fewest minutes open so far that
    has a day of its kind left; then on the weekday when the fewest people would be served by two
    vehicles at once, away from the days when they are served already.

    Parameters
    ----------
    problem, work
        What the days are made of.
    days
        Not more of each kind than there are.

    Returns
    -------
    tuple of Slot
        One for each day, same order.
    """
    first = np.concatenate([[0], np.cumsum(problem.vehicles)])
    load: dict[tuple[int, int], int] = {}
    taken: set[Slot] = set()
    slots: dict[int, Slot] = {}
    served = problem.reach_of_stops
    presence = np.zeros((work.weeks, 7, len(problem.place_ids)))
    for rank in sorted(range(len(days)), key=lambda r: (-days[r].open_minutes, days[r])):
        day = days[rank]
        kind = problem.kinds[day.kind]
        people = np.unique(
            np.concatenate(
                [served.indices[served.indptr[s] : served.indptr[s + 1]] for s in day.stops]
            )
        )
        weight = problem.weight[people]
        free = [
            (vehicle, week)
            for vehicle in range(first[kind.base], first[kind.base + 1])
            for week in range(work.weeks)
            if any(Slot(vehicle, week, weekday) not in taken for weekday in kind.weekdays)
        ]

        def burden(
            place: tuple[int, int], people: np.ndarray = people, weight: np.ndarray = weight
        ) -> tuple[float, float, int, int]:
            already = presence[place[1]][:, people].sum(axis=0) @ weight
            return (load.get(place, 0) // _ALIKE, float(already), place[1], place[0])

        vehicle, week = min(free, key=burden)
        weekday = min(
            (d for d in kind.weekdays if Slot(vehicle, week, d) not in taken),
            key=lambda d: (
                float(presence[week, d, people] @ weight),
                float(presence[week, max(d - 1, 0) : d + 2][:, people].sum(axis=0) @ weight),
                d,
            ),
        )
        slots[rank] = Slot(vehicle, week, weekday)
        taken.add(slots[rank])
        load[vehicle, week] = load.get((vehicle, week), 0) + day.open_minutes
        presence[week, weekday, people] += 1
    return tuple(slots[rank] for rank in range(len(days)))


_ALIKE = 30
"""Minutes of load that make no difference."""
