"""A plan improved a few days at a time: these are chosen again beside the others, which are kept.

Large-neighbourhood search (Shaw, 1998). What stops it is a number of choices, not a clock, so that
the same study gives the same plan on any machine that is not too slow for the time allowed.
"""

from __future__ import annotations

import time
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.rounds.choice import choose_beside
from msap_geo.rounds.relaxation import DayPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.choice import Chosen
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.working_time import WorkingTime

CHOICES = 24
"""Choices made at most."""

_LOOKS = ((2, 90), (2, 250), (3, 90))
"""How many days are freed, and how many others they are chosen among."""

_GAP = 5e-4
_BETTER = 0.5


class Improved(NamedTuple):
    """Days, and whether the clock stopped the search before its end."""

    days: tuple[DayPlan, ...]
    hurried: bool


def improve(
    problem: RoundProblem,
    work: WorkingTime,
    benefit: Benefit,
    pool: Sequence[DayPlan],
    start: Sequence[DayPlan],
    *,
    target: float,
    seconds: float,
) -> Improved:
    """Improve a plan.

    Parameters
    ----------
    problem, work, benefit
        What plans are made of.
    pool
        Days to choose among.
    start
        Days of a plan that respects the wishes.
    target
        A value that is good enough.
    seconds
        Time allowed: a guard, which ends the search without a reproducible answer.

    Returns
    -------
    Improved
        The best days found.
    """
    deadline = time.process_time() + seconds
    search = _Search(problem, work, benefit, pool)
    best = search.among(start, list(start), seconds)
    if best is None:
        return Improved(tuple(start), hurried=False)
    tried: set[tuple[tuple[DayPlan, ...], int]] = set()
    while len(tried) < CHOICES and best.value < target:
        look = next(
            (k for k in search.neighbours(best.days) if (_bare(k[0]), k[1]) not in tried), None
        )
        if look is None:
            return Improved(best.days, hurried=False)
        left = deadline - time.process_time()
        if left <= 0:
            return Improved(best.days, hurried=True)
        kept, most = look
        tried.add((_bare(kept), most))
        found = search.among(kept, [*kept, *search.promising(kept, best.days, most)], left)
        if found is not None and found.value > best.value + _BETTER:
            best = found
    return Improved(best.days, hurried=False)


def _bare(days: Sequence[DayPlan]) -> tuple[DayPlan, ...]:
    """Return kinds and orders alone, sorted: stays are chosen again every time."""
    return tuple(sorted(DayPlan(day.kind, day.stops, ()) for day in days))


class _Search:
    def __init__(
        self,
        problem: RoundProblem,
        work: WorkingTime,
        benefit: Benefit,
        pool: Sequence[DayPlan],
    ) -> None:
        self.problem, self.work, self.benefit, self.pool = problem, work, benefit, pool
        self.reach: NDArray[np.float64] = problem.reach.toarray()
        self.most = sum(kind.number for kind in problem.kinds)

    def among(
        self, kept: Sequence[DayPlan], candidates: Sequence[DayPlan], seconds: float
    ) -> Chosen | None:
        """Choose among candidates, the first ones being kept."""
        counts: dict[DayPlan, int] = {}
        for rank, day in enumerate(candidates):
            bare = DayPlan(day.kind, day.stops, ())
            counts[bare] = counts.get(bare, 0) + (rank < len(kept))
        return choose_beside(
            self.problem, self.work, self.benefit, counts, seconds=seconds, gap=_GAP
        )

    def neighbours(self, days: Sequence[DayPlan]) -> list[tuple[tuple[DayPlan, ...], int]]:
        """Return what is kept when a few days near one another are freed, and how many to try."""
        found = []
        for freed, most in _LOOKS:
            groups = sorted(
                combinations(range(len(days)), min(freed, len(days))),
                key=lambda group: (self._apart([days[rank] for rank in group]), group),
            )
            found += [
                (tuple(day for rank, day in enumerate(days) if rank not in group), most)
                for group in groups
            ]
        return found

    def _apart(self, days: Sequence[DayPlan]) -> int:
        leg = self.problem.leg
        return sum(int(leg[np.ix_(a.stops, b.stops)].min()) for a, b in pairwise(days))

    def promising(
        self, kept: Sequence[DayPlan], today: Sequence[DayPlan], most: int
    ) -> list[DayPlan]:
        """Return the days of the pool that bring most beside those kept, today's among them."""
        hours = np.zeros(len(self.problem.place_ids))
        for day in kept:
            hours += self._given(day)
        now = self.benefit(hours)
        free = max(self.most - len(kept), 1)
        opened = sum(day.open_minutes for day in kept)
        whole = sum(self.problem.vehicles) * self.work.weeks * self.work.open_minutes
        room = max(whole - opened, 0) / min(free, max(len(today) - len(kept), 1))

        def gain(day: DayPlan) -> float:
            more = self.benefit(hours + self._given(self._filled(day, room))) - now
            return float(self.problem.weight @ more)

        ranked = sorted(self.pool, key=lambda day: (-gain(day), day))
        return [*today, *ranked[:most]]

    def _filled(self, day: DayPlan, room: float) -> DayPlan:
        """Share the room of a day out among its stops."""
        base = self.problem.kinds[day.kind].base
        most = min(room, self.work.busy_minutes - self.problem.drive(base, day.stops))
        least = [int(self.problem.least[stop]) for stop in day.stops]
        spare = max(0.0, (most - sum(least)) / len(least))
        return day._replace(stays=tuple(int(stay + spare) for stay in least))

    def _given(self, day: DayPlan) -> NDArray[np.float64]:
        stays = np.array(day.stays, dtype=float) / 60 / self.work.weeks
        hours: NDArray[np.float64] = self.reach[:, list(day.stops)] @ stays
        return hours
