"""Rounds as the JSON other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo import rounds
from msap_geo.answers.decided.adaptation_json import rows
from msap_geo.answers.plan_json import plain_values
from msap_geo.answers.rounds import Rounds, vehicle_name
from msap_geo.coverage.opening import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msap_geo.answers.services import Services


def rounds_json(found: Rounds) -> dict[str, Any]:
    """Return rounds as plain values, with the French keys of the JSON.

    The keys are documented in ``docs/tournees.md``; none depends on the clock.
    """
    plan, asked, study = found.plan, found.asked, found.result.study
    return {
        "etude": study.etude.nom,
        "vehicules": asked.vehicles,
        "heures_ouvertes": asked.open_hours,
        "arret_minimum_minutes": asked.shortest_minutes,
        "frequence": asked.frequency,
        "portee_minutes": found.threshold,
        "bases": [
            {"code_insee": code, "nom": str(found.names[code]), "vehicules": count}
            for code, count in zip(plan.problem.base_ids, plan.problem.vehicles, strict=True)
        ],
        "tournees": [_day(found, day) for day in plan.days],
        "habitants_servis": int(plan.value),
        "habitants_a_portee": found.within_reach,
        "habitants_zones_blanches": int(found.people.sum()),
        "borne": int(-(-plan.bound // 1)),
        "ecart": round(plan.gap, 6),
        "recherche": "arrêtée au temps" if plan.hurried else "terminée",
        "plan_de_reference": int(plan.greedy_value),
        "heures_semaine": round(plan.weekly_hours, 2),
        "km_an": round(found.yearly_km),
        "cout_eur_an": round(sum(found.yearly_eur.values())),
        "couts": {name: round(value) for name, value in found.yearly_eur.items()},
        "non_servis": [plain_values(row) for row in found.unserved().to_dict("records")],
        "remarques": [*found.remarks, *found.costs.remarks],
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }


def services_json(found: Services) -> dict[str, Any]:
    """Return the ways to serve each zone, and the mixed plan, as plain values.

    The keys are documented in ``docs/tournees.md``.
    """
    mixed = found.mixed
    plan = None
    if mixed is not None:
        chosen = found.chosen()
        plan = {
            "budget_eur": found.budget_eur,
            "cout_eur_an": round(mixed.cost_eur, 2),
            "bus": mixed.buses,
            "services": [plain_values(row) for row in chosen.to_dict("records")],
            "habitants_servis": int(mixed.value),
            "borne": int(-(-mixed.bound // 1)),
            "ecart": round(mixed.gap, 6),
        }
    return {
        "etude": found.result.study.etude.nom,
        "portee_minutes": found.threshold,
        "heures_par_millier": round(found.hours_per_thousand, 4),
        "zones": rows(found.table),
        "plan_mixte": plan,
        "remarques": [*found.remarks, *found.costs.remarks],
        "temps_estimes": found.result.estimated,
        "demonstration": found.result.study.etude.demonstration,
    }


def _day(found: Rounds, day: rounds.RoundDay) -> Mapping[str, Any]:
    problem, hours = found.plan.problem, day.hours
    last = hours.visits[-1].stop
    return {
        "vehicule": vehicle_name(day.vehicle),
        "jour": WEEKDAYS[day.weekday],
        "semaine": day.week + 1,
        "base": problem.base_ids[day.base],
        "depart_base": rounds.clock(hours.leaves),
        "etapes": found.steps(day),
        "pause": None
        if hours.lunch is None
        else {"debut": rounds.clock(hours.lunch[0]), "fin": rounds.clock(hours.lunch[1])},
        "retour_base": rounds.clock(hours.returns),
        "retour_minutes": round(float(problem.back_minutes[day.base, last]), 3),
        "retour_km": round(float(problem.back_km[day.base, last]), 3),
        "heures_ouvertes": round(day.plan.open_minutes / 60, 2),
        "km": round(rounds.day_km(problem, day), 3),
    }
