"""Longer weeks as the JSON other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.answers.decided.adaptation_json import rows
from msap_geo.answers.origins import departure

if TYPE_CHECKING:
    from msap_geo.answers.decided.longer import LongerOpening


def longer_json(found: LongerOpening) -> dict[str, Any]:
    """Return the half-days to add as plain values, with the French keys of the JSON.

    The keys are documented in ``docs/horaires.md``; none depends on the clock.
    """
    study, plan = found.result.study, found.plan
    return {
        "etude": study.etude.nom,
        "demande": {"heures": found.hours},
        "seuil_minutes": study.threshold,
        "unite": "habitants × demi-journées, pondérés",
        "sens": "max",
        **departure(found.result, by_cell=found.by_cell),
        "ajouts": rows(found.additions),
        "valeur": round(plan.value, 6),
        "borne": round(plan.bound, 6),
        "ecart": round(plan.gap, 8) if np.isfinite(plan.gap) else None,
        "statut": plan.status,
        "aujourdhui": round(plan.today, 6),
        "heures_ajoutees": round(float(found.additions["heures"].sum()), 4),
        "deplacements": rows(found.moves),
        "semaines": rows(found.weeks),
        "demi_journees": rows(found.half_days),
        "horaires_inconnus": list(found.unknown),
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }
