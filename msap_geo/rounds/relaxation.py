"""Mixtures of days: an upper bound on every plan, and days worth building plans of.

A plan picks whole days; a mixture may take a third of one and two thirds of another, so the best
one is worth at least as much as any plan. What a place gains is bounded twice: by its benefit of
all its hours, and, half a day being worth no more than half of what a day is, by the sum over days
of what each gives. Days enter the linear programme as they prove profitable (Dantzig & Wolfe, 1960;
prices smoothed after Pessoa et al., 2018). At any prices, what the mixture would earn plus the best
day's profit times the number of days is a proven bound (Lasdon, 1970): the search may stop anytime.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array, hstack, vstack

from msap_geo.rounds.pricing import earnings
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.working_time import WorkingTime


class DayPlan(NamedTuple):
    """A day of one vehicle: its kind, its stops in order and the minutes open at each."""

    kind: int
    stops: tuple[int, ...]
    stays: tuple[int, ...]

    @property
    def simple(self) -> bool:
        """Whether no stop comes twice."""
        return len(set(self.stops)) == len(self.stops)

    @property
    def open_minutes(self) -> int:
        """Minutes open in the day."""
        return sum(self.stays)


class Prices(NamedTuple):
    """What the rows of the mixture are worth: one more unit of each."""

    day: NDArray[np.float64]
    lines: NDArray[np.float64]
    kinds: NDArray[np.float64]
    hours: NDArray[np.float64]
    floors: NDArray[np.float64]
    forced: NDArray[np.float64]


class Mixed(NamedTuple):
    """The best mixture of the days known."""

    value: float
    shares: NDArray[np.float64]
    prices: Prices
    lacking: NDArray[np.float64]


class Mixture:
    """Days known so far, and the linear programme of their mixtures.

    Parameters
    ----------
    problem, work, benefit
        What plans are made of.
    """

    def __init__(self, problem: RoundProblem, work: WorkingTime, benefit: Benefit) -> None:
        self.problem, self.work, self.benefit = problem, work, benefit
        self.reach, self.weight = merged_places(problem)
        self.constants, self.slopes = benefit.pieces
        self.stays = np.arange(work.shortest_stop, work.busy_minutes + 1, QUARTER, dtype=np.int64)
        self.share = benefit(self.stays / 60 / work.weeks)
        # Two stays one after the other, as short as may be, give this much less than their sum.
        shortest = work.shortest_stop / 60 / work.weeks
        self.overlap = float(2 * benefit(shortest) - benefit(2 * shortest))
        self.days: list[DayPlan] = []
        self.bound = np.inf
        self._columns: list[csc_array] = []
        self._known: set[DayPlan] = set()
        self._dense = self.reach.toarray()
        self._penalty = 10.0 * float(self.weight.sum()) + 1.0

    def add(self, days: Iterable[DayPlan]) -> int:
        """Add days not known yet; return how many."""
        new = [day for day in dict.fromkeys(days) if day not in self._known]
        for day in new:
            self._known.add(day)
            self.days.append(day)
            self._columns.append(self._column(day))
        return len(new)

    def _column(self, day: DayPlan) -> csc_array:
        """Return what a day brings to each row."""
        problem, weeks = self.problem, self.work.weeks
        stops, stays = np.array(day.stops), np.array(day.stays)
        covered = self._dense[:, stops]
        given = covered @ self.benefit(stays / 60 / weeks)
        for first, then in zip(day.stops, day.stops[1:], strict=False):
            given -= self.overlap * self._dense[:, first] * self._dense[:, then]
        hours = covered @ (stays / 60 / weeks)
        kind = np.zeros(len(problem.kinds))
        kind[day.kind] = 1.0
        opened = np.zeros(len(problem.base_ids))
        opened[problem.kinds[day.kind].base] = stays.sum()
        floors = [
            -stays[np.isin(stops, group)].sum() / 60 / weeks for _, group, _ in problem.floors
        ]
        forced = [-float((stops == stop).sum()) for stop in problem.forced]
        lines = [-slope * hours for slope in self.slopes[1:]]
        column = np.concatenate([-given, *lines, kind, opened, floors, forced])
        return csc_array(column[:, None])

    @property
    def limits(self) -> NDArray[np.float64]:
        """Return the right-hand sides of the rows."""
        problem, n = self.problem, len(self.weight)
        return np.concatenate(
            [
                np.zeros(n),
                np.repeat(self.constants[1:], n),
                self.numbers,
                [count * self.work.weeks * self.work.open_minutes for count in problem.vehicles],
                [-hours for _, _, hours in problem.floors],
                np.full(len(problem.forced), -1.0),
            ]
        )

    def best(self) -> Mixed:
        """Solve the linear programme over the days known."""
        from scipy.optimize import linprog  # noqa: PLC0415 - slow to import, and few need it

        problem, n, lines = self.problem, len(self.weight), len(self.slopes) - 1
        soft = len(problem.floors) + len(problem.forced)
        rows = len(self.limits)
        gains = vstack([eye_array(n)] * (1 + lines) + [csr_array((rows - n * (1 + lines), n))])
        slack = vstack([csr_array((rows - soft, soft)), -eye_array(soft)]) if soft else None
        blocks = [*self._columns, gains, *([slack] if soft else [])]
        m = len(self.days)
        lower = np.zeros(m + n + soft)
        upper = np.concatenate([np.full(m, np.inf), np.ones(n), np.full(soft, np.inf)])
        cost = np.concatenate([np.zeros(m), -self.weight, np.full(soft, self._penalty)])
        found = linprog(
            cost,
            A_ub=csr_array(hstack(blocks)),
            b_ub=self.limits,
            bounds=np.column_stack([lower, upper]),
            method="highs",
        )
        if found.status != 0:
            return Mixed(-np.inf, np.zeros(m), self._prices(np.zeros(rows)), np.zeros(soft))
        prices = self._prices(np.maximum(-found.ineqlin.marginals, 0.0))
        return Mixed(-float(found.fun), found.x[:m], prices, found.x[m + n :])

    def _prices(self, rows: NDArray[np.float64]) -> Prices:
        problem, n = self.problem, len(self.weight)
        sizes = [
            n,
            n * (len(self.slopes) - 1),
            len(problem.kinds),
            len(problem.base_ids),
            len(problem.floors),
            len(problem.forced),
        ]
        return Prices(*np.split(rows, np.cumsum(sizes)[:-1]))

    def stay_prices(self, prices: Prices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the price of every stay at every stop by base, and what neighbours share.

        Returns
        -------
        price
            Shape (bases, stops, stays).
        shared
            Shape (stops, stops).
        """
        problem, weeks = self.problem, self.work.weeks
        lines = prices.lines.reshape(len(self.slopes) - 1, -1)
        hourly = self.reach.T @ (self.slopes[1:] @ lines)
        for (_, group, _), worth in zip(problem.floors, prices.floors, strict=True):
            hourly[group] += worth
        visit = np.zeros(len(problem.stop_ids))
        for stop, worth in zip(problem.forced, prices.forced, strict=True):
            visit[stop] += worth
        daily = self.reach.T @ prices.day
        rate = hourly[None, :] / 60 / weeks - prices.hours[:, None]
        price = rate[:, :, None] * self.stays + daily[:, None] * self.share + visit[:, None]
        shared = self.overlap * ((self._dense.T * prices.day) @ self._dense)
        return price, shared

    def profitable(self, prices: Prices) -> tuple[list[DayPlan], float]:
        """Find the best day by last stop at these prices, and the bound they prove.

        Returns
        -------
        days
            Best first in each kind.
        bound
            No plan is worth more, nor any mixture.
        """
        problem = self.problem
        price, shared = self.stay_prices(prices)
        most = np.zeros(len(problem.kinds))
        found: list[DayPlan] = []
        for rank, kind in enumerate(problem.kinds):
            allowed = (self.stays >= problem.least[:, None]) & (self.stays <= kind.longest[:, None])
            table = np.where(allowed, price[kind.base], -np.inf)
            earned, stay, before = earnings(
                problem.leg,
                problem.out[kind.base],
                problem.back[kind.base],
                self.stays,
                table,
                shared,
                self.work.busy_minutes,
            )
            when = earned.argmax(axis=1)
            best = earned[np.arange(len(when)), when]
            most[rank] = max(0.0, float(best.max(initial=0.0)))
            for stop in np.argsort(-best, kind="stable")[:_TAKEN]:
                if best[stop] == -np.inf:
                    break
                found.append(self._traced(rank, stay, before, int(stop), int(when[stop])))
        return found, self._worth(prices) + float(self.numbers @ most)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Return how many days of each kind there are."""
        return np.array([kind.number for kind in self.problem.kinds], dtype=float)

    def _worth(self, prices: Prices) -> float:
        """Return what everything but the days is worth at these prices."""
        problem = self.problem
        lines = prices.lines.reshape(len(self.slopes) - 1, -1)
        left = np.maximum(self.weight - prices.day - lines.sum(axis=0), 0.0).sum()
        opened = self.work.weeks * self.work.open_minutes * np.array(problem.vehicles)
        due = np.array([hours for _, _, hours in problem.floors])
        return float(
            left
            + self.constants[1:] @ lines.sum(axis=1)
            + prices.hours @ opened
            - prices.floors @ due
            - prices.forced.sum()
        )

    def _traced(
        self,
        kind: int,
        stay: NDArray[np.int32],
        before: NDArray[np.int32],
        stop: int,
        minute: int,
    ) -> DayPlan:
        stops: list[int] = []
        stays: list[int] = []
        while stop >= 0:
            lasted = int(self.stays[stay[stop, minute]])
            stops.append(stop)
            stays.append(lasted)
            minute -= lasted
            previous = int(before[stop, minute])
            if previous >= 0:
                minute -= int(self.problem.leg[previous, stop])
            stop = previous
        return DayPlan(kind, tuple(stops[::-1]), tuple(stays[::-1]))

    def grow(self, *, gap: float, rounds: int, seconds: float) -> Mixed:
        """Add profitable days until the bound is proven this close, or time is up.

        Parameters
        ----------
        gap
            Share of the bound.
        rounds, seconds
            At most so many programmes solved, and so long.
        """
        deadline = time.process_time() + seconds
        centre: Prices | None = None
        mixed = self.best()
        for _ in range(rounds):
            far = self.bound - mixed.value > 3 * gap * abs(self.bound)
            asked = mixed.prices
            if centre is not None and far:
                pairs = zip(centre, mixed.prices, strict=True)
                asked = Prices(*(_SMOOTH * old + (1 - _SMOOTH) * new for old, new in pairs))
            days, proven = self.profitable(asked)
            if proven < self.bound:
                self.bound, centre = proven, asked
            new = self.add(days)
            done = self.bound - mixed.value <= gap * abs(self.bound)
            if done or (not new and not far) or time.process_time() > deadline:
                break
            mixed = self.best()
        return self.best()


_SMOOTH = 0.7
"""Weight of the prices that proved the best bound so far: without them prices swing."""

_TAKEN = 60
"""Days added at a time, by kind."""


def merged_places(problem: RoundProblem) -> tuple[csr_array, NDArray[np.float64]]:
    """Put together the places that the same stops serve.

    Returns
    -------
    reach
        Shape (groups, stops); places no stop serves are left out.
    weight
        Weight of each group.
    """
    rows = problem.reach
    keys: dict[bytes, int] = {}
    group = np.full(rows.shape[0], -1)
    first: list[int] = []
    for place in range(rows.shape[0]):
        served = np.sort(rows.indices[rows.indptr[place] : rows.indptr[place + 1]])
        if len(served) == 0:
            continue
        key = served.tobytes()
        if key not in keys:
            keys[key] = len(first)
            first.append(place)
        group[place] = keys[key]
    kept = group >= 0
    weight = np.bincount(group[kept], weights=problem.weight[kept], minlength=len(first))
    return csr_array(rows[first]), weight.astype(float)
