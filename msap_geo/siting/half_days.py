"""When to open longer: the half-days that bring most people an open Maison within reach.

A place is served on a half-day if one of the Maisons within its reach opens then, whichever it is:
hours that neighbours already give are worth nothing, so that weeks complete one another. Adding
half-days under a number of hours is a maximal covering whose sites are (Maison, half-day) pairs and
whose rows are (place, half-day) pairs (:mod:`msap_geo.siting.solving`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from msap_geo.coverage.opening import NOON
from msap_geo.hours import DAYS, Interval, WeeklyHours, weekly_hours
from msap_geo.siting.plan import status
from msap_geo.siting.solving.gains import Gains, from_pairs
from msap_geo.siting.solving.highs import Effort
from msap_geo.siting.solving.limits import Group, Limits
from msap_geo.siting.solving.solver import best_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SLOTS = 2 * len(DAYS)
"""Half-days of a week, Monday morning first."""

MORNING, AFTERNOON = (9 * 60, 12 * 60), (14 * 60, 17 * 60)
"""Hours of a half-day where a Maison has no habit of its own; ours."""

LABEL_MINUTES, LABEL_DAYS = 24 * 60, 5
"""France Services label: twenty-four hours a week at least, over five days at least (circular of
1 July 2019)."""

DEFAULT = Effort()


class Addition(NamedTuple):
    """A half-day a Maison could open.

    Parameters
    ----------
    site
        Column of the Maison.
    slot
        Half-day.
    hours
        From when to when, minutes since midnight.
    """

    site: int
    slot: int
    hours: Interval


class Move(NamedTuple):
    """A half-day a Maison could open in the place of another one.

    Parameters
    ----------
    site
        Column of the Maison.
    leaves, enters
        Half-days.
    hours
        When it would open.
    gained, lost
        Persons who would have an open Maison on the new half-day, and no longer on the old one.
    gain
        Change of the value, weights counted.
    """

    site: int
    leaves: int
    enters: int
    hours: Interval
    gained: int
    lost: int
    gain: float


@dataclass(frozen=True, eq=False)
class Week:
    """Who may reach which Maison, and when each opens.

    Parameters
    ----------
    people
        Persons of each place, whole.
    reach
        Which Maisons are within reach of each place; boolean, shape (places, Maisons).
    hours
        Hours of each Maison, None where unknown: it then opens for nobody and never changes.
    weight
        What a person counts on each half-day with each Maison, shape (Maisons, :data:`SLOTS`):
        Saturdays, market days of its commune.
    may_change
        Which Maisons may change.
    days
        Weekdays a Maison may open, 0 for Monday.
    """

    people: NDArray[np.int64]
    reach: csr_array
    hours: tuple[WeeklyHours | None, ...]
    weight: NDArray[np.float64]
    may_change: NDArray[np.bool_]
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5)

    def open(self) -> NDArray[np.bool_]:
        """Return which half-days each Maison opens, shape (Maisons, :data:`SLOTS`)."""
        found = np.zeros((len(self.hours), SLOTS), dtype=bool)
        for site, week in enumerate(self.hours):
            if week is not None:
                found[site] = [bool(spans_of(week, slot)) for slot in range(SLOTS)]
        return found

    def served(self, open_: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what a person of each place counts on each half-day, shape (places, slots)."""
        return self.served_at(open_, np.arange(len(self.people)))

    def served_at(self, open_: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the same for some places."""
        table = csr_array(self.reach[places])
        counts = np.diff(table.indptr)
        found = np.zeros((len(places), SLOTS))
        filled = np.flatnonzero(counts)
        if len(filled):
            worth = np.where(open_, self.weight, 0.0)[table.indices]
            found[filled] = np.maximum.reduceat(worth, table.indptr[filled], axis=0)
        return found

    def value(self, open_: NDArray[np.bool_]) -> float:
        """Return people × half-days with an open Maison within reach, weights counted."""
        return float(self.people @ self.served(open_).sum(axis=1))


@dataclass(frozen=True, eq=False)
class LongerWeek:
    """Half-days to add, and the proof of what they are worth.

    Parameters
    ----------
    additions
        In the order they bring most.
    value, bound, today
        People × half-days, weighted: with them, at most for so many hours, and without.
    status
        As :class:`msap_geo.siting.Plan` has it.
    """

    additions: tuple[Addition, ...]
    value: float
    bound: float
    today: float
    status: str

    @property
    def gap(self) -> float:
        """Distance from the value to the bound, as a share of the value."""
        distance = abs(self.bound - self.value)
        return distance / self.value if self.value else (0.0 if distance == 0 else np.inf)


def spans_of(week: WeeklyHours, slot: int) -> list[Interval]:
    """Return when a week is open on a half-day."""
    low, high = (0, NOON) if slot % 2 == 0 else (NOON, 24 * 60)
    cut = [(max(start, low), min(end, high)) for start, end in week.days[slot // 2]]
    return [(start, end) for start, end in cut if start < end]


def usual_hours(week: WeeklyHours, slot: int) -> Interval:
    """Return when a Maison opens on such half-days most often, its longest habit among equals."""
    found: dict[Interval, int] = {}
    for day in range(len(DAYS)):
        spans = spans_of(week, 2 * day + slot % 2)
        if spans:
            span = (spans[0][0], spans[-1][1])
            found[span] = found.get(span, 0) + 1
    if not found:
        return AFTERNOON if slot % 2 else MORNING
    return max(found, key=lambda span: (found[span], span[1] - span[0], -span[0]))


def additions_of(week: Week) -> tuple[Addition, ...]:
    """Return every half-day a Maison that may change could add to its week."""
    open_ = week.open()
    found = []
    for site, hours in enumerate(week.hours):
        if hours is None or not week.may_change[site]:
            continue
        for day in week.days:
            found += [
                Addition(site, slot, usual_hours(hours, slot))
                for slot in (2 * day, 2 * day + 1)
                if not open_[site, slot]
            ]
    return tuple(found)


def add_hours(
    week: Week, *, minutes: float, per_site: int | None = None, effort: Effort = DEFAULT
) -> LongerWeek:
    """Choose the half-days that bring most people an open Maison within reach.

    Parameters
    ----------
    week
        Who may reach which Maison, and when each opens.
    minutes
        Minutes to add to the week, all Maisons together, at most.
    per_site
        Half-days a Maison may add at most.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    LongerWeek
        The half-days, their value and its bound.
    """
    offered = additions_of(week)
    open_ = week.open()
    today = week.value(open_)
    gains = _gains(week, offered, week.served(open_))
    cost = np.array([end - start for _, _, (start, end) in offered], dtype=float)
    groups = []
    if per_site is not None:
        sites = np.array([addition.site for addition in offered], dtype=np.int64)
        groups = [
            Group(str(site), np.flatnonzero(sites == site), 0, per_site)
            for site in np.unique(sites)
        ]
    limits = Limits(None, float(minutes), cost, np.ones(len(offered), dtype=bool), tuple(groups))
    outcome = best_plan(gains, limits, effort)
    chosen = _in_order(gains, outcome.chosen)
    value, bound = today + outcome.found, today + outcome.bound
    return LongerWeek(
        tuple(offered[rank] for rank in chosen),
        value,
        bound,
        today,
        status(value, bound, effort.gap),
    )


def _in_order(gains: Gains, chosen: NDArray[np.int64]) -> list[int]:
    """Order additions, each next one adding most; those that add nothing are left out."""
    left, order = set(chosen.tolist()), []
    best = np.zeros(gains.n_rows)
    columns = gains.by_site
    while left:
        adds = {}
        for rank in sorted(left):
            span = slice(columns.indptr[rank], columns.indptr[rank + 1])
            rows, values = columns.indices[span], columns.data[span]
            adds[rank] = float(np.maximum(values - best[rows], 0.0).sum())
        first = max(adds, key=lambda rank: (adds[rank], -rank))
        if adds[first] <= 0:
            break
        span = slice(columns.indptr[first], columns.indptr[first + 1])
        rows = columns.indices[span]
        best[rows] = np.maximum(best[rows], columns.data[span])
        order.append(first)
        left.discard(first)
    return order


def _gains(week: Week, offered: Sequence[Addition], served: NDArray[np.float64]) -> Gains:
    by_site = week.reach.tocsc()
    rows, columns, values = [], [], []
    for rank, (site, slot, _) in enumerate(offered):
        places = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        more = week.weight[site, slot] - served[places, slot]
        rows.append(places.astype(np.int64) * SLOTS + slot)
        columns.append(np.full(len(places), rank, dtype=np.int64))
        values.append(np.maximum(more, 0.0) * week.people[places])
    nothing = [np.empty(0, dtype=np.int64)]
    return from_pairs(
        np.concatenate(rows or nothing),
        np.concatenate(columns or nothing),
        np.concatenate(values or [np.empty(0)]),
        np.repeat(week.people, SLOTS).astype(float),
        len(offered),
    )


def free_moves(week: Week, *, count: int) -> list[Move]:
    """Return the half-days best opened in the place of others, at no hour more.

    Every move of one half-day of one Maison is tried; those that would cost a Maison its label
    (:data:`LABEL_MINUTES`, :data:`LABEL_DAYS`) are left out, and those that gain nothing.

    Parameters
    ----------
    week
        Who may reach which Maison, and when each opens.
    count
        How many at most, one a Maison and half-day entered, the best first.
    """
    open_ = week.open()
    found: list[Move] = []
    by_site = week.reach.tocsc()
    served = week.served(open_)
    for site, hours in enumerate(week.hours):
        if hours is None or not week.may_change[site]:
            continue
        places = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        people = week.people[places]
        without = open_.copy()
        without[site] = False
        others = week.served_at(without, places)
        for leaves in np.flatnonzero(open_[site]).tolist():
            spare = sum(end - start for start, end in spans_of(hours, leaves))
            drop = served[places, leaves] - others[:, leaves]
            for day in week.days:
                for enters in (2 * day, 2 * day + 1):
                    if open_[site, enters]:
                        continue
                    start, end = usual_hours(hours, enters)
                    span = (start, min(end, start + spare))
                    if not _keeps_label(hours, leaves, enters, span):
                        continue
                    rise = np.maximum(week.weight[site, enters] - served[places, enters], 0.0)
                    gain = float(people @ (rise - drop))
                    if gain > 0:
                        gained = int(people[served[places, enters] == 0].sum())
                        lost = int(people[(others[:, leaves] == 0) & (drop > 0)].sum())
                        found.append(Move(site, leaves, enters, span, gained, lost, gain))
    found.sort(key=lambda move: (-move.gain, move.site, move.leaves, move.enters))
    kept: dict[tuple[int, int], Move] = {}
    for move in found:
        kept.setdefault((move.site, move.enters), move)
    return list(kept.values())[:count]


def changed(week: WeeklyHours, leaves: int | None, enters: int, span: Interval) -> WeeklyHours:
    """Return a week with one half-day more, and one less if it moves."""
    days = [list(day) for day in week.days]
    if leaves is not None:
        other = 2 * (leaves // 2) + (1 - leaves % 2)
        days[leaves // 2] = spans_of(week, other)
    days[enters // 2].append(span)
    return weekly_hours(days)


def has_label(week: WeeklyHours) -> bool:
    """Tell whether a week is long enough for the label, and over days enough."""
    return week.minutes >= LABEL_MINUTES and week.days_open >= LABEL_DAYS


def _keeps_label(week: WeeklyHours, leaves: int, enters: int, span: Interval) -> bool:
    return not has_label(week) or has_label(changed(week, leaves, enters, span))
