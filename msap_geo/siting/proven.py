"""The proven plans a page offers: for each number of sites, which ones, and how sure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.siting.alternatives import interchangeable, near_optimal
from msap_geo.siting.objectives.gained import (
    covering_gains,
    covering_plan,
    decay,
    saved_gains,
)
from msap_geo.siting.plan import OPTIMAL
from msap_geo.siting.rules import Rules, compile_rules
from msap_geo.siting.solving.highs import Effort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.solving.gains import Gains

MOST = 10
"""Best choices are proven for 1 to so many openings."""

WITHIN = 0.01
"""Plans that gain so much less at most are nearly as good."""

_SECONDS_A_PLAN = 2.0
_NOISE = 1e-6
_ALTERNATIVES = 12
_MINUTES_DECIMALS = 3
_CLOSE_MINUTES = 1.0
"""A gain hangs on a minute where the new trip is shorter than the threshold by less than it."""


def proven_plans(problem: Problem, *, threshold: float, most: int = MOST) -> list[dict[str, Any]]:
    """Return the best choice for each number of openings, until more of them bring nothing.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    threshold
        Minutes, inclusive.
    most
        How many openings at most.

    Returns
    -------
    list of dict
        For ``n`` openings: ``sites``, each next one the one that adds most, and what each adds
        (``apports``, persons); ``gain``; ``valeur`` (persons within the threshold) and the
        proven ``borne``; ``statut``; for each site ``variantes`` (others that gain as many in its
        place), ``tenus`` (share of plans within :data:`WITHIN` of this gain that hold it);
        ``fragile`` (persons of the gain whose new trip is within a minute of the threshold).
    """
    gains = covering_gains(problem, thresholds=[threshold])
    plans: list[dict[str, Any]] = []
    if not gains.by_row.nnz:
        return plans
    today = float(problem.people @ decay(problem.today, [threshold], [1.0]))
    ties = saved_gains(problem)
    for number in range(1, min(most, len(problem.site_ids)) + 1):
        rules, effort = Rules(count=number), Effort(seconds=_SECONDS_A_PLAN)
        plan = covering_plan(problem, gains, rules, effort, today=today, ties=ties)
        best = plans[-1]["valeur"] if plans else round(plan.today)
        if plan.status == OPTIMAL and round(plan.value) == best:
            break
        # People are whole: a bound of half a person more is none.
        bound = max(round(plan.value), math.floor(plan.bound + _NOISE))
        plans.append(
            {
                "n": number,
                "sites": list(plan.sites),
                "apports": np.diff(np.rint(plan.curve["valeur"]).astype(int)).tolist(),
                "gain": round(plan.value) - round(plan.today),
                "valeur": round(plan.value),
                "borne": bound,
                "statut": OPTIMAL if bound == round(plan.value) else plan.status,
                "fragile": _fragile(problem, plan.sites, threshold),
                **_certainty(problem, gains, plan.sites),
            }
        )
    return plans


def _fragile(problem: Problem, sites: Sequence[str], threshold: float) -> int:
    """Count the people gained whose trip is shorter than the threshold by less than a minute."""
    minutes = np.round(problem.access_with(problem.positions(sites)), _MINUTES_DECIMALS)
    gained = (problem.today > threshold) & (minutes <= threshold)
    close = minutes > threshold - _CLOSE_MINUTES
    return int(problem.people[gained & close].sum())


def _certainty(problem: Problem, gains: Gains, sites: Sequence[str]) -> dict[str, list[Any]]:
    """Tell which sites could be others, and which plans nearly as good keep."""
    chosen = problem.positions(sites)
    limits, _ = compile_rules(problem, Rules(count=len(chosen)))
    found = near_optimal(gains, limits, chosen, count=_ALTERNATIVES, within=WITHIN)
    held = found.share_holding(len(problem.site_ids))
    swaps = interchangeable(gains, chosen, limits, within=0.0)
    order = [problem.positions([site]) for site in sites]
    return {
        "variantes": [
            problem.site_ids[swaps.loc[swaps["site"] == int(at[0]), "remplacant"]].tolist()
            for at in order
        ],
        "tenus": [round(float(held[at[0]]), 3) for at in order],
    }
