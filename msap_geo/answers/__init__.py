"""What is asked of a result: its diagnosis, its rated candidates, plans, a look back."""

from __future__ import annotations

from msap_geo.answers.ahead.robust import Robust, optimise_ahead, robust_json
from msap_geo.answers.ahead.scenarios import (
    Scenario,
    run_scenario,
    scenario_in_words,
    scenario_json,
)
from msap_geo.answers.backtest import DEFAULT_DATE as BACKTEST_DATE
from msap_geo.answers.backtest import Backtest, run_backtest
from msap_geo.answers.basket import Basket, fill_basket
from msap_geo.answers.basket_json import basket_json
from msap_geo.answers.decided.adaptation import AdaptedNetwork, Wanted, adapt_network
from msap_geo.answers.decided.adaptation_json import adaptation_json
from msap_geo.answers.decided.asked import Decisions, decisions_of
from msap_geo.answers.decided.longer import LongerOpening, open_longer
from msap_geo.answers.decided.longer_json import longer_json
from msap_geo.answers.diagnosis import Diagnosis, diagnose
from msap_geo.answers.mobility_sites import WithoutCarPlan, plan_without_car
from msap_geo.answers.origins import departure_in_words
from msap_geo.answers.plan import Implantation, optimise
from msap_geo.answers.plan_json import implantation_json
from msap_geo.answers.problem import Asked
from msap_geo.answers.rating import Rating, rate
from msap_geo.answers.rounds import Rounds, design_rounds, vehicle_name
from msap_geo.answers.rounds_json import rounds_json, services_json
from msap_geo.answers.rounds_problem import RoundsAsked
from msap_geo.answers.services import WAYS_TOLD, Services, compare_services
from msap_geo.answers.truth.attendance import attendance_in_words

__all__ = [
    "BACKTEST_DATE",
    "WAYS_TOLD",
    "AdaptedNetwork",
    "Asked",
    "Backtest",
    "Basket",
    "Decisions",
    "Diagnosis",
    "Implantation",
    "LongerOpening",
    "Rating",
    "Robust",
    "Rounds",
    "RoundsAsked",
    "Scenario",
    "Services",
    "Wanted",
    "WithoutCarPlan",
    "adapt_network",
    "adaptation_json",
    "attendance_in_words",
    "basket_json",
    "compare_services",
    "decisions_of",
    "departure_in_words",
    "design_rounds",
    "diagnose",
    "fill_basket",
    "implantation_json",
    "longer_json",
    "open_longer",
    "optimise",
    "optimise_ahead",
    "plan_without_car",
    "rate",
    "robust_json",
    "rounds_json",
    "run_backtest",
    "run_scenario",
    "scenario_in_words",
    "scenario_json",
    "services_json",
    "vehicle_name",
]
