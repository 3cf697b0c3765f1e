"""What sites cost in a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import siting

if TYPE_CHECKING:
    from msap_geo.study.file import Study


def study_costs(study: Study) -> siting.CostModel:
    """Return the cost model of a study, its own prices included."""
    return siting.load_costs(
        study.couts.modele,
        running_eur=study.couts.fonctionnement_eur,
        investment_eur=study.couts.investissement_eur,
        numbers=study.couts.nombres,
    )
