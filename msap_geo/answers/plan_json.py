"""Plans as the JSON other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo import siting
from msap_geo.answers import plan as implantation

if TYPE_CHECKING:
    from collections.abc import Mapping


def implantation_json(found: implantation.Implantation) -> dict[str, Any]:
    """Return a plan and its discussion as plain values, with the French keys of the JSON.

    The keys are documented in ``docs/implantation.md``; none depends on the clock.
    """
    study, plan = found.result.study, found.plan
    newly = found.newly_covered
    told = plan.as_dict()
    near = found.others.groupby("site_id")
    told["sites"] = [
        {
            **plain_values(row),
            "interchangeable_avec": [
                {
                    "site_id": other.remplacant,
                    "nom": found.offices.loc[other.remplacant, "nom"],
                    "perte": round(other.perte, 3),
                }
                for other in (
                    near.get_group(row["site_id"]).itertuples()
                    if row["site_id"] in near.groups
                    else ()
                )
            ],
        }
        for row in found.sites().to_dict("records")
    ]
    spent = siting.plan_costs(
        found.costs, found.offices.loc[list(plan.sites), "genre"], first_year=study.couts.annee
    )
    price = siting.euros_per_person(plan, people_gained=newly)
    return {
        "etude": study.etude.nom,
        **told,
        "seuil_minutes": study.threshold,
        "habitants_gagnes": newly,
        "eur_par_habitant_gagne": None if np.isnan(price) else round(price, 2),
        "couts": [plain_values(row) for row in spent.to_dict("records")],
        "modele_de_couts": found.costs.as_dict(),
        "plans_proches": {
            "tolerance": implantation.WITHIN,
            "plans": [
                {"sites": list(sites), "apport": round(value, 3)}
                for sites, value in found.alternatives
            ],
        },
        "regret": None if found.regret is None else _regret_json(found.regret),
        "frontiere": None
        if found.frontier is None
        else [plain_values(row) for row in found.frontier.to_dict("records")],
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }


def _regret_json(regret: implantation.Regret) -> dict[str, Any]:
    return {
        "plan_libre": list(regret.free.sites),
        "valeur_libre": regret.free.as_dict()["valeur"],
        "perte": round(regret.loss, 6),
        "perdants": [plain_values(row) for row in regret.losers.to_dict("records")],
        "gagnants": [plain_values(row) for row in regret.winners.to_dict("records")],
    }


def plain_values(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as plain values, null where unknown, whole where whole."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer | int):
        return int(value)
    if isinstance(value, np.floating | float):
        if not np.isfinite(value):
            return None
        return int(value) if float(value).is_integer() else round(float(value), 6)
    return value
