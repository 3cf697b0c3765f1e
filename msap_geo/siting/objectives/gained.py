"""Maximal covering and p-median: the objectives that read as gains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from msap_geo import french
from msap_geo.errors import DataError
from msap_geo.siting import infeasible
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving.exact import undecided
from msap_geo.siting.solving.gains import Gains, from_pairs, grain_of
from msap_geo.siting.solving.greedy import in_order
from msap_geo.siting.solving.highs import Effort
from msap_geo.siting.solving.solver import best_plan
from msap_geo.siting.solving.swap import first_of_equals, improve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.limits import Limits

DEFAULT = Effort()
PEOPLE = "habitants"
PERSON_MINUTES = "habitants × minutes"


class Words(NamedTuple):
    """How the plan of an objective is told."""

    objective: str
    unit: str
    smaller_is_better: bool = False


def covering_gains(
    problem: Problem, *, thresholds: Sequence[float], shares: Sequence[float] = (1.0,)
) -> Gains:
    """Return what each site adds to the people within reach.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    thresholds
        Minutes, increasing, inclusive.
    shares
        How much a person within each threshold counts, decreasing from at most 1.

    Raises
    ------
    DataError
        If thresholds and shares do not go together, or a threshold exceeds the trips known.
    """
    if (
        len(thresholds) != len(shares)
        or list(thresholds) != sorted(set(thresholds))
        or list(shares) != sorted(shares, reverse=True)
        or not all(0 < share <= 1 for share in shares)
    ):
        raise DataError(
            "seuils et poids ne vont pas ensemble",
            remedy="un poids par seuil, de 1 à 0, du plus petit seuil au plus grand",
        )
    if thresholds[-1] > problem.max_minutes:
        raise DataError(
            f"les temps de trajet s'arrêtent à {french.short(problem.max_minutes)} min, avant le "
            "seuil de "
            f"{french.short(thresholds[-1])} min",
            remedy="les recalculer assez loin",
        )
    return _gains(
        problem,
        decay(problem.minutes.data, thresholds, shares),
        decay(problem.today, thresholds, shares),
    )


def trip_gains(problem: Problem, *, longest: float) -> Gains:
    """Return the person-minutes each site saves.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    longest
        A longer trip, or none, counts for so many minutes.
    """
    return _gains(
        problem, longest - problem.minutes.data, longest - np.minimum(problem.today, longest)
    )


def saved_gains(problem: Problem) -> Gains:
    """Return the person-minutes each site saves those who have a trip today: what breaks ties.

    A place without any route today gains a service, not minutes: as in the score of a candidate
    (:func:`msap_geo.siting.scores.measure_alone`) and in the page, it counts for none.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    """
    row = np.repeat(np.arange(len(problem.people)), np.diff(problem.minutes.indptr))
    routed = np.isfinite(problem.today)
    return _gains(
        problem,
        np.where(routed[row], -problem.minutes.data, 0.0),
        np.where(routed, -problem.today, 0.0),
    )


def decay(
    minutes: NDArray[np.float64], thresholds: Sequence[float], shares: Sequence[float]
) -> NDArray[np.float64]:
    """Return how much a person at so many minutes counts: the share of the first threshold met."""
    step = np.searchsorted(np.asarray(thresholds, dtype=float), minutes, side="left")
    return np.append(np.asarray(shares, dtype=float), 0.0)[step]


def _gains(problem: Problem, value: NDArray[np.float64], today: NDArray[np.float64]) -> Gains:
    row = np.repeat(np.arange(len(problem.people)), np.diff(problem.minutes.indptr))
    people = problem.people.astype(float)
    return from_pairs(
        row,
        problem.minutes.indices,
        people[row] * (value - today[row]),
        people,
        len(problem.site_ids),
    )


def maximal_covering(
    problem: Problem,
    rules: Rules,
    *,
    thresholds: Sequence[float],
    shares: Sequence[float] = (1.0,),
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the sites that bring most people within reach (MCLP).

    Church & ReVelle, *Papers of the Regional Science Association* 32, 1974; with several
    thresholds, a person counts for the share of the first one met (generalised covering: Berman &
    Krass, *Computers & Operations Research* 29, 2002).

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    thresholds, shares
        Minutes, and how much a person within each counts; see :func:`covering_gains`.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in persons, existing Maisons included.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    DataError, StudyError
        If thresholds or rules are wrong.
    """
    gains = covering_gains(problem, thresholds=thresholds, shares=shares)
    today = float(problem.people @ decay(problem.today, thresholds, shares))
    return covering_plan(problem, gains, rules, effort, today=today, ties=saved_gains(problem))


def covering_plan(
    problem: Problem, gains: Gains, rules: Rules, effort: Effort, *, today: float, ties: Gains
) -> Plan:
    """Choose as :func:`maximal_covering` does, the gains being known.

    Parameters
    ----------
    problem, gains, rules, effort
        The question (:func:`covering_gains`).
    today
        Value without any new site.
    ties
        What decides between equals (:func:`saved_gains`).
    """
    words = Words("couverture", PEOPLE)
    return solve_gains(problem, gains, rules, effort, words=words, today=today, ties=ties)


def p_median(problem: Problem, rules: Rules, *, longest: float, effort: Effort = DEFAULT) -> Plan:
    """Choose the sites that make everyone's trips shortest together (p-median).

    Hakimi, *Operations Research* 12, 1964, each person counted; a trip longer than a bound, or
    none, counts for the bound, so that places nobody can serve do not decide.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    longest
        The bound, minutes.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in person-minutes of one trip each, existing Maisons included.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    StudyError
        If rules are wrong.
    """
    gains = trip_gains(problem, longest=min(longest, problem.max_minutes))
    today = float(problem.people @ np.minimum(problem.today, min(longest, problem.max_minutes)))
    return solve_gains(
        problem,
        gains,
        rules,
        effort,
        words=Words("p-mediane", PERSON_MINUTES, smaller_is_better=True),
        today=today,
    )


def solve_gains(
    problem: Problem,
    gains: Gains,
    rules: Rules,
    effort: Effort,
    *,
    words: Words,
    today: float,
    ties: Gains | None = None,
) -> Plan:
    """Choose the sites of an objective given as gains, and make the plan of them.

    Parameters
    ----------
    problem, gains, rules, effort
        The question.
    words
        How the plan is told.
    today
        Value without any new site.
    ties
        Second objective, by which swaps choose among sites worth the same (:func:`lexicographic`).
    """
    begin = time.perf_counter()
    limits, forced = infeasible.limits_of(problem, rules, effort)
    base = gains.value(forced)
    rest = limits.after(forced)
    outcome = best_plan(
        gains.without(~rest.free, opened=forced),
        rest,
        effort,
        ceiling=today - base if words.smaller_is_better else 0.0,
    )
    if not outcome.feasible:
        infeasible.check(problem, limits, np.arange(0), effort)
        raise undecided()
    free = outcome.chosen
    if ties is not None and len(free):
        # What forced sites already bring is no other site's to bring, nor to be equal by.
        none = np.zeros(gains.n_sites, dtype=bool)
        left, tie = (part.without(none, opened=forced) for part in (gains, ties))
        both = lexicographic(left, tie)
        if both is not None:
            free = first_of_equals(left, tie, improve(both, free, rest), rest)
    chosen = np.union1d(forced, free)
    order = in_order(gains, chosen)
    sign = -1.0 if words.smaller_is_better else 1.0
    values = today + sign * np.concatenate([[0.0], np.cumsum(order.added)])
    value, bound = values[-1], today + sign * (base + outcome.bound)
    bound = min(bound, value) if words.smaller_is_better else max(bound, value)
    return Plan(
        objective=words.objective,
        unit=words.unit,
        smaller_is_better=words.smaller_is_better,
        sites=tuple(problem.site_ids[order.sites]),
        value=float(value),
        bound=float(bound),
        today=today,
        status=status(float(value), float(bound), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order.sites, values),
        remarks=_remarks(order.added, limits),
    )


def lexicographic(first: Gains, second: Gains) -> Gains | None:
    """Return gains whose second part only ever decides between plans equal under the first.

    Parameters
    ----------
    first
        Gains that count first: persons, or the shares of them that thresholds with decay count.
    second
        Gains that break ties.

    Returns
    -------
    Gains or None
        The first gains weighed so that the least difference between two plans is more than all the
        second ones together, and these; None where nothing tells that difference (shares that are
        no thousandths), or where floats could not tell them apart.
    """
    every = np.arange(first.n_sites)
    least = grain_of(first.by_row.data) if first.n_rows else 1.0
    if not least:
        return None
    weight = (np.ceil(second.value(every)) + 1.0) / least
    if weight * max(first.value(every), 1.0) > _EXACT_FLOATS:
        return None
    table = vstack([first.by_row * weight, second.by_row], format="csr")
    return Gains(csr_array(table), np.concatenate([first.people, second.people]))


_EXACT_FLOATS = 2.0**50


def _remarks(added: NDArray[np.float64], limits: Limits) -> tuple[str, ...]:
    if limits.count is not None and len(added) < limits.count:
        if len(added) == 0:
            allowed = french.counted(limits.count, "site")
            return (
                f"aucun candidat n'améliore cet objectif : le plan est vide ({allowed} au plus)",
            )
        remark = (
            f"au-delà de {french.counted(len(added), 'site')}, plus aucun candidat n'améliore cet "
            f"objectif : le plan en compte moins que les {limits.count} permis"
        )
        return (remark,)
    return ()
