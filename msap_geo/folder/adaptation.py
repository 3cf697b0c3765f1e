"""The tables of an adapted network, of longer weeks and of a basket, by their dictionary names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.answers.basket import Basket
    from msap_geo.answers.decided.adaptation import AdaptedNetwork
    from msap_geo.answers.decided.longer import LongerOpening


def adaptation_tables(found: AdaptedNetwork) -> dict[str, pd.DataFrame]:
    """Return the tables of an adaptation, by name (``outputs.dictionary``), the changes first."""
    return {
        "adaptation_transformations": found.transformations,
        "adaptation_plus_loin": found.farther,
        "adaptation_marges": found.margins,
        "adaptation_courbe": found.curve,
        "adaptation_proches": found.others,
        "adaptation_ruptures": found.ruptures,
        "adaptation_fragilite": found.fragility,
    }


def basket_tables(found: Basket) -> dict[str, pd.DataFrame]:
    """Return the tables of a basket, by name (``outputs.dictionary``), the communes first."""
    return {
        "panier_communes": found.communes,
        "panier_territoires": found.territories,
        "panier_services": found.services,
        "panier_un_service": found.one_more,
        "panier_couteau_suisse": found.plan_sites,
    }


def longer_tables(found: LongerOpening) -> dict[str, pd.DataFrame]:
    """Return the tables of longer weeks, by name (``outputs.dictionary``), what is added first."""
    return {
        "horaires_ajouts": found.additions,
        "horaires_deplacements": found.moves,
        "horaires_semaines": found.weeks,
        "horaires_demi_journees": found.half_days,
    }
