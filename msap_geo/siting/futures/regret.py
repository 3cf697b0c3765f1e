"""One plan for several futures: the one whose worst regret is least (min–max regret).

In a future (people of a horizon, roads faster or slower), the regret of a plan is what the best
plan for that future alone would bring more. Savage, *Journal of the American Statistical
Association* 46, 1951; for siting: Serra & Marianov, *Location Science* 6, 1998 (p-median whose
demand and times change), Snyder, *IIE Transactions* 38, 2006 (review).

    min r   with   r + Σ_i p_si max_{j ∈ X} u_sij ≥ best_s   for every future s

The ``max`` is written as levels (:func:`msap_geo.siting.solving.exact.add_gains`), shared by the
futures whose roads are alike. Futures enter the model one at a time, the one most regretted first:
a model of a few of them bounds that of all from below.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french
from msap_geo.errors import DataError
from msap_geo.siting import infeasible
from msap_geo.siting.futures.gains import Future, Roads, Worth, roads_of, scaled
from msap_geo.siting.objectives.gained import DEFAULT, PEOPLE, PERSON_MINUTES
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.exact import undecided
from msap_geo.siting.solving.gains import grain_of, rounded_up
from msap_geo.siting.solving.greedy import in_order
from msap_geo.siting.solving.highs import Answer, Effort, Model, solve
from msap_geo.siting.solving.reduction import merged
from msap_geo.siting.solving.solver import best_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5
_FIRST_SHARE = 0.4
"""Share of the time given to the best plan of each future; the common one takes what is left."""
_LAST_SHARE = 0.5
"""Share of what is left then given to choose among plans of the same regret."""
_NOISE = 1e-6


@dataclass(frozen=True, eq=False)
class Regrets:
    """A plan for several futures, and what each of them would have liked better.

    Parameters
    ----------
    plan
        The plan; its value is the worst regret, its bound what no plan's worst regret is below.
    futures
        One row per future: ``futur``, ``valeur`` with the plan, ``aujourdhui``, ``meilleure`` (of
        the best plan found for that future alone) and its ``borne``, ``regret``, ``regret_au_plus``
        (were the bound reached), ``regret_part`` (share of what the best plan brings).
    best
        Sites of the best plan of each future.
    """

    plan: Plan
    futures: pd.DataFrame
    best: tuple[tuple[str, ...], ...]


def least_regret(
    problem: Problem,
    rules: Rules,
    futures: Sequence[Future],
    worth: Worth,
    *,
    effort: Effort = DEFAULT,
) -> Regrets:
    """Choose the sites whose worst regret over the futures is least.

    Parameters
    ----------
    problem
        Places, candidates and trips; its people are replaced by those of each future.
    rules
        What the plan must respect.
    futures
        What may be; at least one.
    worth
        Maximal covering, or p-median.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Regrets
        Of the plans of least worst regret, the one that brings most on the average of the futures.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    DataError, StudyError
        If rules are wrong, futures are absent, or trips are not known far enough.
    """
    begin = time.perf_counter()
    _check(problem, futures, worth)
    limits, forced = infeasible.limits_of(problem, rules, effort)
    roads = roads_of(problem, futures, worth)
    share = replace(effort, seconds=_FIRST_SHARE * effort.seconds / len(futures))
    alone = [_best(roads, rank, limits, forced, share) for rank in range(len(futures))]
    plans = [found.sites for found in alone]
    reached = np.array(
        [[roads.gain(rank, sites) for sites in plans] for rank in range(len(futures))]
    )
    best = reached.max(axis=1)
    top = np.maximum([found.bound for found in alone], best)
    start = plans[int(np.argmin((best[:, None] - reached).max(axis=0)))]
    sites, bound = _common(roads, best, limits, forced, start, effort, begin)
    gained = np.array([roads.gain(rank, sites) for rank in range(len(futures))])
    best = np.maximum(best, gained)
    return _regrets(
        problem,
        roads,
        futures,
        worth,
        _Found(sites, bound, best, top, gained, plans),
        effort,
        begin,
    )


def gains_with(
    problem: Problem, futures: Sequence[Future], worth: Worth, sites: Iterable[str]
) -> NDArray[np.float64]:
    """Return what some sites bring in each future, over today's.

    Parameters
    ----------
    problem, futures, worth
        As for :func:`least_regret`.
    sites
        Identifiers.
    """
    roads, chosen = roads_of(problem, futures, worth), problem.positions(sites)
    return np.array([roads.gain(rank, chosen) for rank in range(len(futures))])


class _Found(NamedTuple):
    sites: NDArray[np.int64]
    bound: float
    best: NDArray[np.float64]
    top: NDArray[np.float64]
    gained: NDArray[np.float64]
    plans: list[NDArray[np.int64]]


def _check(problem: Problem, futures: Sequence[Future], worth: Worth) -> None:
    if not futures:
        raise DataError("aucun futur où juger un plan", remedy="donner des horizons")
    fastest = min(future.factor for future in futures)
    if worth.reach > fastest * problem.max_minutes + _NOISE:
        raise DataError(
            f"les temps de trajet s'arrêtent à {french.short(problem.max_minutes)} min, avant "
            f"{french.short(worth.reach)} min sur les routes les plus rapides",
            remedy="les recalculer assez loin",
        )


class _Alone(NamedTuple):
    sites: NDArray[np.int64]
    bound: float


def _best(
    roads: Roads, future: int, limits: Limits, forced: NDArray[np.int64], effort: Effort
) -> _Alone:
    """Return the best plan of one future, and what none exceeds there."""
    gains = roads.gains(future)
    base = gains.value(forced)
    rest = limits.after(forced)
    outcome = best_plan(gains.without(~rest.free, opened=forced), rest, effort)
    if not outcome.feasible:
        raise undecided()
    sites = np.union1d(forced, outcome.chosen).astype(np.int64)
    return _Alone(sites, base + outcome.bound)


def _common(
    roads: Roads,
    best: NDArray[np.float64],
    limits: Limits,
    forced: NDArray[np.int64],
    start: NDArray[np.int64],
    effort: Effort,
    begin: float,
) -> tuple[NDArray[np.int64], float]:
    """Return the plan of least worst regret, and what no plan's worst regret is below."""

    def regrets(sites: NDArray[np.int64]) -> NDArray[np.float64]:
        gained = np.array([roads.gain(rank, sites) for rank in range(len(best))])
        lacking: NDArray[np.float64] = best - gained
        return lacking

    sites, bound = start, 0.0
    worst = regrets(sites)
    asked = [int(np.argmax(worst))]
    until = begin + effort.seconds
    while worst.max() > bound + effort.gap * max(worst.max(), 1.0):
        left = until - time.perf_counter()
        if left <= 0:
            break
        answer = _solved(
            roads, best, limits, forced, asked, sites, replace(effort, seconds=_LAST_SHARE * left)
        )
        if answer.infeasible:
            raise undecided()
        bound = max(bound, -answer.bound)
        if not len(answer.x):
            break
        proposed = np.flatnonzero(answer.x[: roads.n_sites] > _HALF)
        seen = regrets(proposed)
        if limits.accepts(proposed) and seen.max() < worst.max() - _NOISE:
            sites, worst = proposed, seen
        new = [rank for rank in np.argsort(-seen, kind="stable") if rank not in asked]
        if not new or seen[new[0]] <= max(bound, seen[asked].max()) + _NOISE:
            break
        asked.append(int(new[0]))
    left = until - time.perf_counter()
    if left > 0:
        every = list(range(len(best)))
        cap = max(float(worst.max()), 0.0)
        answer = _solved(
            roads, best, limits, forced, every, sites, replace(effort, seconds=left), cap=cap
        )
        proposed = np.flatnonzero(answer.x[: roads.n_sites] > _HALF)
        fits = len(answer.x) and limits.accepts(proposed)
        if fits and regrets(proposed).max() <= cap + _NOISE * max(cap, 1.0):
            sites = proposed
    return sites, max(bound, 0.0)


def _solved(
    roads: Roads,
    best: NDArray[np.float64],
    limits: Limits,
    forced: NDArray[np.int64],
    asked: Sequence[int],
    start: NDArray[np.int64],
    effort: Effort,
    *,
    cap: float | None = None,
) -> Answer:
    """Minimise the worst regret over some futures; with a cap, bring most on average within it."""
    model = Model()
    y = exact.add_sites(model, limits)
    lower = exact.forced_open(len(y), forced)
    model.lower[0], model.upper[0] = lower, np.maximum(model.upper[0], lower)
    highest = float(best.max(initial=0.0)) + 1.0
    regret = model.columns(
        1, cost=0.0 if cap is not None else -1.0, upper=highest if cap is None else cap
    )
    values = {int(regret[0]): 0.0}
    columns: dict[int, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = {}
    for part in dict.fromkeys(roads.of_future[rank][0] for rank in asked):
        road = roads.parts[part]
        levels = exact.levels_of(road.unit)
        z = exact.add_gains(model, y, road.unit)
        mean = road.people.sum(axis=1)[levels.row] if cap is not None else 0.0
        model.cost[-1] = levels.worth * mean
        columns[part] = (z, levels.row, levels.worth)
        opened = road.unit.best(start)[levels.row] >= levels.value - 1e-12
        values |= dict(zip(z.tolist(), opened.astype(float).tolist(), strict=True))
    for rank in asked:
        part, position = roads.of_future[rank]
        z, row, worth = columns[part]
        weight = worth * roads.parts[part].people[row, position]
        model.row(
            np.concatenate([regret, z]), np.concatenate([[1.0], weight]), lower=float(best[rank])
        )
    initial = np.zeros(model.n_columns)
    initial[list(values)] = list(values.values())
    initial[y[start]] = 1.0
    worst = max(float(best[rank]) - roads.gain(rank, start) for rank in asked)
    initial[regret[0]] = max(worst, 0.0)
    return solve(model, effort, start=initial)


def _regrets(
    problem: Problem,
    roads: Roads,
    futures: Sequence[Future],
    worth: Worth,
    found: _Found,
    effort: Effort,
    begin: float,
) -> Regrets:
    order = in_order(merged(roads.together()), found.sites).sites
    steps = np.array(
        [
            max(found.best[rank] - roads.gain(rank, order[:n]) for rank in range(len(futures)))
            for n in range(len(order) + 1)
        ]
    )
    # Differences of sums of gains are multiples of what all gains are.
    data = np.concatenate([roads.gains(rank).by_row.data for rank in range(len(futures))])
    value = max(float(steps[-1]), 0.0)
    bound = min(rounded_up(found.bound - _NOISE, grain_of(data)), value)
    plan = Plan(
        objective="regret",
        unit=PEOPLE if worth.longest is None else PERSON_MINUTES,
        smaller_is_better=True,
        sites=tuple(problem.site_ids[order]),
        value=value,
        bound=max(bound, 0.0),
        today=float(steps[0]),
        status=status(value, max(bound, 0.0), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, steps),
    )
    return Regrets(
        plan,
        _table(problem, futures, worth, found),
        tuple(tuple(problem.site_ids[sites]) for sites in found.plans),
    )


def _table(
    problem: Problem, futures: Sequence[Future], worth: Worth, found: _Found
) -> pd.DataFrame:
    today = np.array(
        [
            float(future.people @ worth.of(scaled(problem.today, future.factor)))
            for future in futures
        ]
    )
    sign = 1.0
    if worth.longest is not None:
        # As the p-median is told: person-minutes, fewer being better.
        today = np.array([worth.longest * future.people.sum() for future in futures]) - today
        sign = -1.0
    best = np.maximum(found.best, found.gained)
    regret = best - found.gained
    return pd.DataFrame(
        {
            "futur": [future.name for future in futures],
            "aujourdhui": today,
            "valeur": today + sign * found.gained,
            "meilleure": today + sign * best,
            "borne": today + sign * np.maximum(found.top, best),
            "regret": regret,
            "regret_au_plus": np.maximum(found.top, best) - found.gained,
            "regret_part": np.divide(regret, best, out=np.zeros_like(best), where=best > 0),
        }
    )
