"""An adapted network as the JSON other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo.answers.origins import departure
from msap_geo.answers.plan_json import plain_values

if TYPE_CHECKING:
    from msap_geo.answers.decided.adaptation import AdaptedNetwork


def adaptation_json(found: AdaptedNetwork) -> dict[str, Any]:
    """Return an adaptation as plain values, with the French keys of the JSON.

    The keys are documented in ``docs/adapter.md``; only ``borne``, ``ecart`` and
    ``prouve`` of what time was too short for depend on the clock.
    """
    study, plan, wanted = found.result.study, found.plan, found.wanted
    return {
        "etude": study.etude.nom,
        "demande": {"nombre": wanted.number, "economie_eur": wanted.saving_eur},
        "unite": "habitants × minutes",
        "sens": "min",
        **departure(found.result, by_cell=found.by_cell),
        "transformations": rows(found.transformations),
        "plus_loin": rows(found.farther),
        "habitants_plus_loin": found.people_farther,
        "valeur": round(plan.value, 6),
        "borne": round(plan.bound, 6),
        "ecart": round(plan.gap, 8) if np.isfinite(plan.gap) else None,
        "statut": plan.status,
        "economie_eur": round(plan.saved_eur, 2),
        "marges": rows(found.margins),
        "courbe": rows(found.curve),
        "plans_proches": [
            {
                "valeur": round(float(table["valeur"].iloc[0]), 6),
                "transformations": rows(table[["site_id", "nom", "devient"]]),
            }
            for _, table in found.others.groupby("rang")
        ],
        "ruptures": rows(found.ruptures),
        "fragilite": rows(found.fragility),
        "accords_refuses": list(found.refused),
        "portent_une_maison": list(found.carrying),
        "modele_de_couts": found.costs.as_dict(),
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values, null where unknown."""
    return [
        {name: None if value is pd.NA else value for name, value in plain_values(row).items()}
        for row in table.to_dict("records")
    ]
