"""Which office should host the next Maison: scores, plans with proof, alternatives."""

from __future__ import annotations

from msap_geo.siting.alternatives import Alternatives, interchangeable, k_best, near_optimal
from msap_geo.siting.criteria import CRITERIA, longest_needed, measure
from msap_geo.siting.futures.gains import Future, Worth
from msap_geo.siting.futures.regret import Regrets, gains_with, least_regret
from msap_geo.siting.infeasible import Breach, breaches
from msap_geo.siting.itinerant_costs import ItinerantCosts, load_itinerant_costs
from msap_geo.siting.landmarks import Landmark, landmarks
from msap_geo.siting.money import (
    CostModel,
    closing_savings,
    euros_per_person,
    frontier,
    load_costs,
    plan_costs,
    without_envelopes,
)
from msap_geo.siting.objectives.backup import backup_covering
from msap_geo.siting.objectives.capacity import capacitated_covering
from msap_geo.siting.objectives.capacity_median import capacitated_median
from msap_geo.siting.objectives.centre import p_centre
from msap_geo.siting.objectives.covering import people_to_spare, set_covering
from msap_geo.siting.objectives.equity import fairest_covering
from msap_geo.siting.objectives.gained import covering_gains, maximal_covering, p_median, trip_gains
from msap_geo.siting.plan import Plan
from msap_geo.siting.problem import Problem, make_problem
from msap_geo.siting.proven import MOST as MOST_PLANNED
from msap_geo.siting.proven import proven_plans
from msap_geo.siting.ranking import Ranking, best_first, check_weights, rank, stability
from msap_geo.siting.rules import Quota, Rules, compile_rules
from msap_geo.siting.scores import (
    WEIGHTS,
    added,
    longest_useful_trip,
    measure_alone,
    measure_places,
    score_candidates,
    scored,
)
from msap_geo.siting.solving.gains import Gains
from msap_geo.siting.solving.greedy import greedy
from msap_geo.siting.solving.highs import Effort

__all__ = [
    "CRITERIA",
    "MOST_PLANNED",
    "WEIGHTS",
    "Alternatives",
    "Breach",
    "CostModel",
    "Effort",
    "Future",
    "Gains",
    "ItinerantCosts",
    "Landmark",
    "Plan",
    "Problem",
    "Quota",
    "Ranking",
    "Regrets",
    "Rules",
    "Worth",
    "added",
    "backup_covering",
    "best_first",
    "breaches",
    "capacitated_covering",
    "capacitated_median",
    "check_weights",
    "closing_savings",
    "compile_rules",
    "covering_gains",
    "euros_per_person",
    "fairest_covering",
    "frontier",
    "gains_with",
    "greedy",
    "interchangeable",
    "k_best",
    "landmarks",
    "least_regret",
    "load_costs",
    "load_itinerant_costs",
    "longest_needed",
    "longest_useful_trip",
    "make_problem",
    "maximal_covering",
    "measure",
    "measure_alone",
    "measure_places",
    "near_optimal",
    "p_centre",
    "p_median",
    "people_to_spare",
    "plan_costs",
    "proven_plans",
    "rank",
    "score_candidates",
    "scored",
    "set_covering",
    "stability",
    "trip_gains",
    "without_envelopes",
]
