"""A basket as the JSON other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.answers.decided.adaptation_json import rows
from msap_geo.answers.origins import departure

if TYPE_CHECKING:
    from msap_geo.answers.basket import Basket


def basket_json(found: Basket) -> dict[str, Any]:
    """Return a basket as plain values, with the French keys of the JSON.

    The keys are documented in ``docs/panier.md``; none depends on the clock.
    """
    study, plan = found.result.study, found.plan
    return {
        "etude": study.etude.nom,
        "seuils_minutes": list(study.thresholds),
        "attente_max_jours": study.panier.attente_max_jours,
        **departure(found.result, by_cell=found.by_cell),
        "services": rows(found.services),
        "territoires": rows(found.territories),
        "communes": rows(found.communes),
        "un_service_de_plus": rows(found.one_more),
        "couteau_suisse": rows(found.plan_sites),
        "valeur": None if plan is None else round(plan.value, 6),
        "borne": None if plan is None else round(plan.bound, 6),
        "ecart": None if plan is None or not np.isfinite(plan.gap) else round(plan.gap, 8),
        "statut": None if plan is None else plan.status,
        "anomalies": [anomaly.as_dict() for anomaly in found.anomalies],
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }
