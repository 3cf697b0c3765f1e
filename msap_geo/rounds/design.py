"""Rounds designed: which days, where and when vehicles stop, with the proof of their worth."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo import french
from msap_geo.errors import InfeasibleError
from msap_geo.rounds.candidates import gather
from msap_geo.rounds.choice import choose, every_order, fits
from msap_geo.rounds.greedy import greedy
from msap_geo.rounds.impossible import check
from msap_geo.rounds.improving import improve
from msap_geo.rounds.relaxation import DayPlan, Mixture
from msap_geo.rounds.settling import RoundDay, Settled, day_km, settle
from msap_geo.rounds.working_time import WorkingTime, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit
    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.relaxation import Mixed

ENOUGH = 0.002
"""Plans this close to the bound are the best as far as anyone can tell."""

_EXACT_STOPS = 7
"""Problems of so few stops are solved over every day there is."""


@dataclass(frozen=True, eq=False)
class RoundPlan:
    """Rounds, and what is proven of them.

    Parameters
    ----------
    problem, work, benefit
        What was asked.
    days
        By vehicle, week and weekday.
    hours
        Hours of service a week within reach of each place, no minute counted twice.
    value
        Inhabitants served, each place by the benefit of its hours.
    bound
        No plan is worth more.
    greedy_value
        Value of the baseline.
    exact
        Whether every possible day was considered.
    hurried
        Whether the clock ended the search: another run may then find another plan.
    seconds
        Time taken.
    """

    problem: RoundProblem
    work: WorkingTime
    benefit: Benefit
    days: tuple[RoundDay, ...]
    hours: NDArray[np.float64]
    value: float
    bound: float
    greedy_value: float
    exact: bool
    hurried: bool
    seconds: float

    @property
    def gap(self) -> float:
        """Share of the bound that may be missing."""
        return 0.0 if self.bound <= 0 else max(0.0, 1.0 - self.value / self.bound)

    @property
    def weekly_hours(self) -> float:
        """Hours open a week, all vehicles together."""
        return sum(day.plan.open_minutes for day in self.days) / 60 / self.work.weeks

    @property
    def weekly_km(self) -> float:
        """Kilometres driven a week, all vehicles together."""
        return sum(day_km(self.problem, day) for day in self.days) / self.work.weeks


def design(
    problem: RoundProblem,
    work: WorkingTime,
    benefit: Benefit,
    *,
    seconds: float = 90.0,
    progress: Callable[[str], None] = lambda _: None,
) -> RoundPlan:
    """Design rounds.

    Parameters
    ----------
    problem, work, benefit
        What is asked.
    seconds
        Time allowed, about. The search ends by itself before; cut short, it says so.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    RoundPlan
        The best plan found, and the bound.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules; the message names which and by how much.
    """
    check(problem, work)
    begin = time.process_time()
    progress("Tournées : plan de référence")
    hand = greedy(problem, work, benefit)
    mixture = Mixture(problem, work, benefit)
    mixture.add([*hand, *_singles(problem, work)])
    progress("Tournées : borne")
    mixed = mixture.grow(gap=1e-3, rounds=_ROUNDS, seconds=0.5 * seconds)
    hurried = time.process_time() - begin > 0.5 * seconds
    _check_wishes(problem, mixed)
    exact = len(problem.stop_ids) <= _EXACT_STOPS
    if exact:
        candidates = every_order(problem, work)
    else:
        progress("Tournées : itinéraires")
        candidates = gather(mixture, mixed, hand)
    progress("Tournées : choix des journées")
    left = max(begin + seconds - time.process_time(), 0.2 * seconds)
    target = (1.0 - ENOUGH) * mixture.bound
    asked = _Asked(problem, work, benefit, target, exact=exact)
    found = _best(asked, candidates, hand, left)
    best = found.plan
    return RoundPlan(
        problem=problem,
        work=work,
        benefit=benefit,
        days=best.days,
        hours=best.hours,
        value=best.value,
        bound=max(min(found.bound, mixture.bound), best.value),
        greedy_value=settle(problem, work, benefit, hand, refine=False).value,
        exact=exact,
        hurried=hurried or found.hurried,
        seconds=time.process_time() - begin,
    )


def _singles(problem: RoundProblem, work: WorkingTime) -> list[DayPlan]:
    every = [
        DayPlan(kind, (stop,), (int(problem.least[stop]),))
        for kind in range(len(problem.kinds))
        for stop in range(len(problem.stop_ids))
    ]
    return [day for day in every if fits(problem, work, day)]


def _check_wishes(problem: RoundProblem, mixed: Mixed) -> None:
    """Refuse what even mixtures of days do not give, saying how much is missing."""
    floors = len(problem.floors)
    short = [
        f"« {name} » : {told(60 * due)} par semaine demandées, il en manque {told(60 * lack)}"
        for (name, _, due), lack in zip(problem.floors, mixed.lacking[:floors], strict=True)
        if lack > _NOISE
    ]
    short += [
        f"arrêt imposé {problem.stop_ids[stop]} : {french.number(100 * lack)} % d'une visite manque"
        for stop, lack in zip(problem.forced, mixed.lacking[floors:], strict=True)
        if lack > _NOISE
    ]
    if short:
        raise InfeasibleError(
            "aucune tournée ne respecte toutes les règles ; " + " ; ".join(short),
            where="[regles_tournees] et options de la commande",
            remedy="assouplir ce qui est dit, ou donner plus d'heures, de jours ou de véhicules",
        )


_NOISE = 1e-6


class _Asked(NamedTuple):
    problem: RoundProblem
    work: WorkingTime
    benefit: Benefit
    target: float
    exact: bool


class _Found(NamedTuple):
    """A plan, a bound if every day was known, and whether the clock ended the search."""

    plan: Settled
    bound: float
    hurried: bool


def _best(
    asked: _Asked, candidates: Sequence[DayPlan], hand: Sequence[DayPlan], seconds: float
) -> _Found:
    """Choose days, give them hours, keep the best of all plans."""
    problem, work, benefit = asked[:3]
    plans = [settle(problem, work, benefit, hand)] if hand else []
    pool, bound, hurried = list(candidates), np.inf, False
    deadline = time.process_time() + seconds
    for _ in range(_TRIES):
        left = max(deadline - time.process_time(), seconds / 10)
        days, proven, late = _chosen(asked, pool, plans, left)
        hurried = hurried or late
        bound = min(bound, proven)
        if days is None:
            break
        plan = settle(problem, work, benefit, days)
        plans.append(plan)
        if not plan.refused:
            break
        # No hours suit these days (windows, lunch): do without them.
        refused = {(day.kind, day.stops) for day in plan.refused}
        pool = [day for day in pool if (day.kind, day.stops) not in refused]
    respected = [plan for plan in plans if _respects(problem, work, plan)]
    if not respected:
        raise InfeasibleError(
            "aucune tournée entière ne respecte à la fois les arrêts imposés, les minima et les "
            "horaires",
            where="[regles_tournees]",
            remedy="retirer un arrêt imposé, baisser un minimum ou élargir des horaires",
        )
    return _Found(max(respected, key=lambda plan: plan.value), bound, hurried)


def _chosen(
    asked: _Asked, pool: Sequence[DayPlan], plans: Sequence[Settled], seconds: float
) -> tuple[Sequence[DayPlan] | None, float, bool]:
    """Choose among every day at once if there are few, else improve the best plan so far."""
    problem, work, benefit = asked[:3]
    if asked.exact:
        found = choose(problem, work, benefit, pool, seconds=seconds, gap=_EXACT_GAP, quarters=True)
        return (None, np.inf, False) if found is None else (found.days, found.bound, False)
    good = [plan for plan in plans if _respects(problem, work, plan)]
    if good:
        best = max(good, key=lambda plan: plan.value)
        start: Sequence[DayPlan] = [day.plan for day in best.days]
    else:
        whole = choose(problem, work, benefit, pool, seconds=seconds / 2, gap=_ROUGH)
        if whole is None:
            return None, np.inf, False
        start = whole.days
    better = improve(problem, work, benefit, pool, start, target=asked.target, seconds=seconds)
    return better.days, np.inf, better.hurried


_TRIES = 4
_EXACT_GAP = 1e-9
_ROUGH = 0.02
_ROUNDS = 200


def _respects(problem: RoundProblem, work: WorkingTime, plan: Settled) -> bool:
    minutes = np.zeros(len(problem.stop_ids))
    for day in plan.days:
        np.add.at(minutes, list(day.plan.stops), list(day.plan.stays))
    floors = all(
        minutes[group].sum() / 60 / work.weeks >= due - _NOISE for _, group, due in problem.floors
    )
    return floors and bool((minutes[list(problem.forced)] > 0).all())
