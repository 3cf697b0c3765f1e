"""Shortest trips to sites that cannot hold everyone: the capacitated p-median."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT, PERSON_MINUTES
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.gains import from_pairs, grain_of, rounded_up
from msap_geo.siting.solving.highs import Answer, Effort, Model, solve
from msap_geo.siting.solving.limits import Limits, unlimited
from msap_geo.siting.solving.solver import best_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules

_HALF, _NOISE = 0.5, 1e-6
_SEARCH_SHARE = 0.5
"""Share of the time given to better plans; the whole model takes the rest, for the bound."""

_TOGETHER, _ONCE = 4, 3.0
"""Sites chosen anew together with the places they serve, and the seconds it may take."""

_STALE = 40

_MOST_MOVES = 50_000
"""Moves looked at, at each step of a plan, to tell what its first sites are worth."""


def capacitated_median(
    problem: Problem,
    rules: Rules,
    *,
    longest: float,
    capacity: float,
    load: NDArray[np.float64] | None = None,
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the sites that make trips shortest, none serving more than it can hold.

    The people of a place go to one site together (single source; Mulvey & Beck, *European Journal
    of Operational Research* 18, 1984). They may stay with their nearest existing Maison, whose
    capacity is not known, or be served by nobody, at the cost of the longest trip.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    longest
        A longer trip, or none, counts for so many minutes.
    capacity
        What a new site can hold.
    load
        What each place takes of it, in the order of ``problem``; its people by default.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in person-minutes. Large neighbourhoods give the plan (the places of a few
        neighbouring sites are served anew, exactly), the whole model its bound.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    StudyError
        If rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = infeasible.limits_of(problem, rules, effort)
    bound_minutes = min(longest, problem.max_minutes)
    whole = _Assignment.of(problem, bound_minutes, capacity, load)
    search = _Search(whole, limits, forced, effort, begin)
    search.run(_SEARCH_SHARE * effort.seconds)
    left = max(effort.seconds - (time.perf_counter() - begin), 1.0)
    answer = whole.solve(limits, forced, replace(effort, seconds=left), start=search.served)
    if len(answer.x) and (search.opened is None or -answer.value < search.value - _NOISE):
        search.keep(whole.served_of(answer), whole.opened_of(answer))
    grain = grain_of(np.concatenate([whole.cost, whole.alone]))
    bound = min(rounded_up(-answer.bound, grain), search.value)
    sites = search.sites()
    order, values = _steps(whole, sites, search.served)
    return Plan(
        objective="p-mediane-capacite",
        unit=PERSON_MINUTES,
        smaller_is_better=True,
        sites=tuple(problem.site_ids[order]),
        value=float(search.value),
        bound=float(bound),
        today=float(whole.alone.sum()),
        status=status(float(search.value), float(bound), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, values),
        details={
            "capacite_par_site": float(capacity),
            "habitants_rattaches": float(problem.people[search.served >= 0].sum()),
        },
    )


@dataclass(frozen=True, eq=False)
class _Assignment:
    """Pairs of places and sites worth serving, what each costs, and what places cost alone."""

    place: NDArray[np.int64]
    site: NDArray[np.int64]
    cost: NDArray[np.float64]
    alone: NDArray[np.float64]
    load: NDArray[np.float64]
    capacity: float
    n_sites: int

    @classmethod
    def of(
        cls,
        problem: Problem,
        longest: float,
        capacity: float,
        load: NDArray[np.float64] | None,
    ) -> _Assignment:
        people = problem.people.astype(float)
        alone = people * np.minimum(problem.today, longest)
        coo = problem.minutes.tocoo()
        cost = people[coo.row] * coo.data
        each = people if load is None else np.asarray(load, dtype=float)
        kept = (cost < alone[coo.row] - _NOISE) & (each[coo.row] <= capacity)
        return cls(
            coo.row[kept].astype(np.int64),
            coo.col[kept].astype(np.int64),
            cost[kept],
            alone,
            each,
            capacity,
            len(problem.site_ids),
        )

    def solve(
        self,
        limits: Limits,
        forced: NDArray[np.int64],
        effort: Effort,
        *,
        start: NDArray[np.int64] | None = None,
        free: NDArray[np.bool_] | None = None,
        fixed: NDArray[np.int64] | None = None,
    ) -> Answer:
        """Serve places at least cost; those not ``free`` stay with their ``fixed`` site."""
        open_ = np.ones(len(self.alone), dtype=bool) if free is None else free
        pairs = np.flatnonzero(open_[self.place])
        place, site = self.place[pairs], self.site[pairs]
        model = Model()
        y = exact.add_sites(model, limits)
        lower, room = exact.forced_open(len(y), forced), np.full(self.n_sites, float(self.capacity))
        if fixed is not None:
            stay = np.flatnonzero(~open_ & (fixed >= 0))
            lower[fixed[stay]] = 1.0
            room -= np.bincount(fixed[stay], weights=self.load[stay], minlength=self.n_sites)
        model.lower[0], model.upper[0] = lower, np.maximum(model.upper[0], lower)
        saved = self.alone[place] - self.cost[pairs]
        x = model.columns(len(pairs), cost=saved, integer=True)
        model.rows(len(self.alone), (place, x, 1.0), upper=1.0)
        # A site closed holds nobody; one others stay with holds what they leave.
        model.rows(
            self.n_sites,
            (site, x, self.load[place]),
            (np.arange(self.n_sites), y, -room),
            upper=0.0,
        )
        entry = np.arange(len(pairs))
        model.rows(len(pairs), (entry, x, 1.0), (entry, y[site], -1.0), upper=0.0)
        values = None
        if start is not None:
            values = np.zeros(model.n_columns)
            values[y] = np.maximum(lower, np.isin(np.arange(self.n_sites), start[start >= 0]))
            values[x] = start[place] == site
        answer = solve(model, effort, start=values)
        total = self.alone.sum()
        if fixed is not None:
            total -= self._saved(fixed, ~open_)
        return replace(answer, value=answer.value - total, bound=answer.bound - total)

    def _saved(self, served: NDArray[np.int64], among: NDArray[np.bool_]) -> float:
        chosen = (served[self.place] == self.site) & among[self.place]
        return float((self.alone[self.place] - self.cost)[chosen].sum())

    def value(self, served: NDArray[np.int64]) -> float:
        """Return what everyone's trips cost, each served by a site or by none (−1)."""
        return float(self.alone.sum()) - self._saved(served, np.ones(len(served), dtype=bool))

    def opened_of(self, answer: Answer) -> NDArray[np.int64]:
        """Return the sites an answer opens."""
        opened: NDArray[np.int64] = np.flatnonzero(answer.x[: self.n_sites] > _HALF)
        return opened

    def served_of(
        self,
        answer: Answer,
        free: NDArray[np.bool_] | None = None,
        fixed: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Return the site of each place in an answer, −1 for none."""
        open_ = np.ones(len(self.alone), dtype=bool) if free is None else free
        pairs = np.flatnonzero(open_[self.place])
        served = np.full(len(self.alone), -1, dtype=np.int64)
        if fixed is not None:
            served[~open_] = fixed[~open_]
        chosen = pairs[answer.x[self.n_sites :] > _HALF]
        served[self.place[chosen]] = self.site[chosen]
        return served


class _Search:
    """Large neighbourhood search: a few sites and their places chosen anew, exactly, in turn."""

    def __init__(
        self,
        whole: _Assignment,
        limits: Limits,
        forced: NDArray[np.int64],
        effort: Effort,
        begin: float,
    ) -> None:
        self.whole, self.limits, self.forced = whole, limits, forced
        self.effort, self.begin = effort, begin
        self.rng = np.random.default_rng(effort.seed)
        self.served = np.full(len(whole.alone), -1, dtype=np.int64)
        self.value = whole.value(self.served)
        self.opened: NDArray[np.int64] | None = None

    def keep(self, served: NDArray[np.int64], opened: NDArray[np.int64]) -> None:
        """Take a plan if it is better, its value counted anew: solvers leave a hair."""
        value = self.whole.value(served)
        if value < self.value or self.opened is None:
            self.served, self.value, self.opened = served, value, opened

    def sites(self) -> NDArray[np.int64]:
        """Return the sites of the plan: those that serve, and those the rules ask for besides.

        Raises
        ------
        DataError
            If no plan was found in time.
        """
        rest = self.limits.after(self.forced)
        used = np.union1d(self.forced, np.unique(self.served[self.served >= 0]))
        if rest.accepts(np.setdiff1d(used, self.forced)):
            return used
        if self.opened is None:
            raise exact.undecided()
        kept = self.opened
        for site in np.setdiff1d(kept, used).tolist():
            fewer = kept[kept != site]
            if rest.accepts(np.setdiff1d(fewer, self.forced)):
                kept = fewer
        return kept

    def run(self, seconds: float) -> None:
        """Search until out of time, or until nothing changes for long."""
        self._first(seconds)
        stale = 0
        while stale < _STALE and time.perf_counter() - self.begin < seconds:
            opened = np.unique(self.served[self.served >= 0])
            stale = stale + 1 if not self._again(opened) else 0
            if len(opened) <= _TOGETHER:
                break

    def _first(self, seconds: float) -> None:
        """Serve everyone from the sites an uncapacitated plan would open."""
        whole = self.whole
        rest = self.limits.after(self.forced)
        opened = np.union1d(self.forced, _uncapacitated(whole, rest, self.effort))
        only = replace(unlimited(whole.n_sites), free=np.isin(np.arange(whole.n_sites), opened))
        effort = replace(self.effort, seconds=max(seconds / 4, 1.0), gap=1e-3)
        answer = whole.solve(only, self.forced, effort)
        if len(answer.x) and rest.accepts(np.setdiff1d(opened, self.forced)):
            self.keep(whole.served_of(answer), opened)

    def _again(self, opened: NDArray[np.int64]) -> bool:
        whole = self.whole
        if not len(opened):
            return False
        near = self._near(opened)
        drawn = self.rng.random(len(self.served)) < _HALF
        free = np.isin(self.served, near) | ((self.served < 0) & drawn)
        effort = replace(self.effort, seconds=_ONCE, gap=1e-6)
        answer = whole.solve(
            self.limits, self.forced, effort, start=self.served, free=free, fixed=self.served
        )
        if not len(answer.x) or -answer.value >= self.value - _NOISE:
            return False
        self.keep(whole.served_of(answer, free, self.served), whole.opened_of(answer))
        return True

    def _near(self, opened: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw a site and those whose places it could serve best."""
        whole = self.whole
        first = int(self.rng.choice(opened))
        mine = np.flatnonzero(whole.site == first)
        gain = np.zeros(whole.n_sites)
        places = whole.place[mine]
        sites = self.served[places]
        worth = (whole.alone[places] - whole.cost[mine]) * (sites >= 0)
        np.add.at(gain, sites[sites >= 0], worth[sites >= 0])
        weight = gain[opened] * (opened != first)
        count = min(_TOGETHER - 1, int((weight > 0).sum()))
        if not count:
            return np.array([first])
        drawn = self.rng.choice(opened, count, replace=False, p=weight / weight.sum())
        return np.append(drawn, first)


def _uncapacitated(whole: _Assignment, rest: Limits, effort: Effort) -> NDArray[np.int64]:
    """Return the sites to open if each could hold everyone."""
    saved = whole.alone[whole.place] - whole.cost
    gains = from_pairs(whole.place, whole.site, saved, np.ones(len(whole.alone)), whole.n_sites)
    nothing = np.empty(0, dtype=np.int64)
    found = best_plan(gains.without(~rest.free, opened=nothing), rest, replace(effort, seconds=5.0))
    return found.chosen


def _steps(
    whole: _Assignment, sites: NDArray[np.int64], served: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order sites by what those they serve save, most first, and tell the value at each step.

    A place whose site is not open yet goes, meanwhile, where it saves most among those that are and
    have room: what they are worth alone, not what the last plan leaves them.
    """
    gain = whole.alone[whole.place] - whole.cost
    chosen = served[whole.place] == whole.site
    saved = np.bincount(whole.site[chosen], weights=gain[chosen], minlength=whole.n_sites)[sites]
    order = sites[np.lexsort((sites, -saved))]
    pairs = np.flatnonzero(np.isin(whole.site, order))
    pairs = pairs[np.lexsort((whole.site[pairs], whole.place[pairs], -gain[pairs]))]
    own = np.zeros(len(whole.alone))
    own[whole.place[chosen]] = gain[chosen]
    worth = np.zeros(len(order) + 1)
    for n in range(1, len(order) + 1):
        at_home = np.isin(served, order[:n])
        room = whole.capacity - np.bincount(
            served[at_home], weights=whole.load[at_home], minlength=whole.n_sites
        )
        worth[n] = own[at_home].sum()
        away = pairs[~at_home[whole.place[pairs]] & np.isin(whole.site[pairs], order[:n])]
        gone = at_home.copy()
        for pair in away[:_MOST_MOVES]:
            place, site = whole.place[pair], whole.site[pair]
            if not gone[place] and whole.load[place] <= room[site] + _NOISE:
                gone[place] = True
                room[site] -= whole.load[place]
                worth[n] += gain[pair]
    # With more sites open, no less; with all of them, what the plan says.
    worth = np.minimum(np.maximum.accumulate(worth), own.sum())
    return order, whole.alone.sum() - worth
