"""When, to the minute: a day's departure, stops, lunch and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msap_geo.rounds.problem import RoundProblem, Window
    from msap_geo.rounds.relaxation import DayPlan
    from msap_geo.rounds.working_time import WorkingTime


class Visit(NamedTuple):
    """A stop open to people, clock times in minutes since midnight."""

    stop: int
    arrival: int
    departure: int


class Timetable(NamedTuple):
    """A day to the minute.

    Parameters
    ----------
    leaves, returns
        When the vehicle leaves its base and is back.
    visits
        Stops in order; one that closes for lunch comes twice.
    lunch
        When lunch begins and ends, None on a short day.
    """

    leaves: int
    returns: int
    visits: tuple[Visit, ...]
    lunch: tuple[int, int] | None


class _Step(NamedTuple):
    """Something the team does: drive, serve or rest."""

    what: str
    minutes: int
    stop: int = -1


_OPENING = 540
"""A first stop opens at nine where nothing else decides."""

_LUNCH = 735
"""Lunch begins at a quarter past twelve where nothing else decides."""


def timetable(
    problem: RoundProblem, work: WorkingTime, day: DayPlan, weekday: int
) -> Timetable | None:
    """Give a day its hours: the shortest one, then the one most like an office's.

    Parameters
    ----------
    problem, work
        Roads, windows and rules of the day.
    day
        Stops in order and stays.
    weekday
        Monday is 0.

    Returns
    -------
    Timetable or None
        None if no hours respect the windows and the rules.
    """
    for every in (_EVERY, 1):
        found = _shortest(problem, work, day, weekday, every)
        if found is not None:
            return found
    return None


_EVERY = 5
"""Departures are tried every five minutes, then every minute if none of these will do."""


def _shortest(
    problem: RoundProblem, work: WorkingTime, day: DayPlan, weekday: int, every: int
) -> Timetable | None:
    best: tuple[tuple[int, int, int], Timetable] | None = None
    for steps in _orders(problem, work, day):
        lunch = any(step.what == "lunch" for step in steps)
        for leaves in range(work.earliest, work.latest + 1, every):
            found = _run(problem, work, steps, leaves, weekday)
            if found is None:
                continue
            length = found.returns - leaves
            if length > work.day_minutes or (not lunch and length > work.lunch_beyond):
                continue
            late = 0 if found.lunch is None else abs(found.lunch[0] - _LUNCH)
            key = (length, late + abs(found.visits[0].arrival - _OPENING), leaves)
            if best is None or key < best[0]:
                best = (key, found)
    return None if best is None else best[1]


def _orders(problem: RoundProblem, work: WorkingTime, day: DayPlan) -> Iterator[list[_Step]]:
    """Yield the steps of the day without lunch, then with lunch wherever it may be."""
    base = problem.kinds[day.kind].base
    steps = [_Step("drive", int(problem.out[base, day.stops[0]]))]
    for rank, (stop, stay) in enumerate(zip(day.stops, day.stays, strict=True)):
        if rank:
            steps.append(_Step("drive", int(problem.leg[day.stops[rank - 1], stop])))
        steps.append(_Step("serve", stay, stop))
    steps.append(_Step("drive", int(problem.back[base, day.stops[-1]])))
    busy = sum(step.minutes for step in steps)
    if busy <= work.lunch_beyond:
        yield steps
    lunch = _Step("lunch", work.lunch_minutes)
    for rank in range(1, len(steps)):
        yield [*steps[:rank], lunch, *steps[rank:]]
    for rank, step in enumerate(steps):
        if step.what == "serve":
            for first in range(work.shortest_stop, step.minutes - work.shortest_stop + 1, _CUT):
                parts = [step._replace(minutes=first), lunch]
                parts.append(step._replace(minutes=step.minutes - first))
                yield [*steps[:rank], *parts, *steps[rank + 1 :]]


_CUT = 15
"""A stay is cut by lunch at whole quarters of an hour."""


def _run(
    problem: RoundProblem, work: WorkingTime, steps: Sequence[_Step], leaves: int, weekday: int
) -> Timetable | None:
    now, visits, lunch = leaves, [], None
    for step in steps:
        if step.what == "lunch":
            earliest, latest = work.lunch_between
            if now > latest:
                return None
            now = max(now, earliest)
            lunch = (now, now + step.minutes)
        elif step.what == "serve":
            opens = _opening(problem.windows.get(step.stop), weekday, now, step.minutes)
            if opens is None:
                return None
            now = opens
            visits.append(Visit(step.stop, now, now + step.minutes))
        now += step.minutes
    if now > work.latest:
        return None
    return Timetable(leaves, now, tuple(visits), lunch)


def _opening(windows: Sequence[Window] | None, weekday: int, now: int, minutes: int) -> int | None:
    """Return when a stay reached now may begin, None if it may not."""
    if windows is None:
        return now
    starts = [
        max(now, start)
        for day, start, end in windows
        if day == weekday and max(now, start) + minutes <= end
    ]
    return min(starts, default=None)
