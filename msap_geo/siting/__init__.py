"""Which office should host the next Maison: scores, plans with proof, alternatives."""

from __future__ import annotations

from msap_geo.siting.alternatives import Alternatives, interchangeable, k_best, near_optimal
from msap_geo.siting.backup import backup_covering, capacitated_covering
from msap_geo.siting.covering import p_centre, set_covering
from msap_geo.siting.equity import fairest_covering
from msap_geo.siting.gains import Gains
from msap_geo.siting.greedy import greedy
from msap_geo.siting.highs import Effort
from msap_geo.siting.objectives import covering_gains, maximal_covering, p_median, trip_gains
from msap_geo.siting.plan import Plan
from msap_geo.siting.problem import Problem, make_problem
from msap_geo.siting.rules import Quota, Rules
from msap_geo.siting.scores import WEIGHTS, longest_useful_trip, score_candidates

__all__ = [
    "WEIGHTS",
    "Alternatives",
    "Effort",
    "Gains",
    "Plan",
    "Problem",
    "Quota",
    "Rules",
    "backup_covering",
    "capacitated_covering",
    "covering_gains",
    "fairest_covering",
    "greedy",
    "interchangeable",
    "k_best",
    "longest_useful_trip",
    "make_problem",
    "maximal_covering",
    "near_optimal",
    "p_centre",
    "p_median",
    "score_candidates",
    "set_covering",
    "trip_gains",
]
