"""What a study file asks to be decided, for its map, its workbook and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo import outputs
from msap_geo.answers.ahead.robust import Robust, optimise_ahead
from msap_geo.answers.basket import Basket, fill_basket
from msap_geo.answers.decided.adaptation import AdaptedNetwork, Wanted, adapt_network
from msap_geo.answers.decided.longer import LongerOpening, open_longer
from msap_geo.answers.origins import departure_in_words
from msap_geo.answers.problem import Asked
from msap_geo.answers.rounds import Rounds, design_rounds
from msap_geo.answers.rounds_problem import RoundsAsked

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.study.result import StudyResult


class Decisions(NamedTuple):
    """What a study asks to be decided; null where it does not ask.

    Parameters
    ----------
    adapted
        Of ``[adaptation] nombre`` or ``economie_eur``.
    longer
        Of ``[horaires] heures``.
    designed
        Of ``[regles_tournees] vehicules``; null too where nobody is beyond reach of a Maison.
    basket
        Of ``[panier]``, where the study has one.
    robust
        Of ``[prospective] nombre``.
    """

    adapted: AdaptedNetwork | None = None
    longer: LongerOpening | None = None
    designed: Rounds | None = None
    basket: Basket | None = None
    robust: Robust | None = None

    def proposals(self) -> outputs.Proposals | None:
        """Return what a map shows of them."""
        adapted, longer, robust = self.adapted, self.longer, self.robust
        if adapted is None and longer is None and robust is None:
            return None
        return outputs.Proposals(
            transformations=None if adapted is None else adapted.transformations,
            farther=None if adapted is None else adapted.farther,
            adapted="" if adapted is None else _worth(adapted),
            additions=None if longer is None else longer.additions,
            longer="" if longer is None else _worth(longer),
            robust=None if robust is None else robust.sites,
            futures=0 if robust is None else len(robust.futures),
        )


def _worth(found: AdaptedNetwork | LongerOpening) -> str:
    """Say what is decided and of whom: a map has no note to say it elsewhere."""
    started = departure_in_words(found.result, by_cell=found.by_cell)
    return f"{found.worth} {started[:1].upper()}{started[1:]}."


def decisions_of(
    result: StudyResult, *, progress: Callable[[str], None] = lambda _: None
) -> Decisions:
    """Decide what the study file asks for, and nothing else.

    Parameters
    ----------
    result
        The study, run.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Decisions
        The network adapted, the weeks made longer, the rounds designed, the basket measured, the
        plan for every horizon.

    Raises
    ------
    MsapGeoError
        If a rule, a quota or an answer is wrong, or nothing respects them all.
    """
    adaptation, hours = result.study.adaptation, result.study.horaires.heures
    adapted = longer = None
    if adaptation.nombre is not None or adaptation.economie_eur is not None:
        wanted = Wanted(number=adaptation.nombre, saving_eur=adaptation.economie_eur)
        adapted = adapt_network(result, wanted, progress=progress)
    if hours is not None:
        longer = open_longer(result, hours, progress=progress)
    basket = None
    if "panier" in result.study.model_fields_set:  # an empty section asks for the usual services
        basket = fill_basket(result, progress=progress)
    robust = None
    if result.study.prospective.nombre is not None:
        asked = Asked(number=result.study.prospective.nombre)
        robust = optimise_ahead(result, asked, progress=progress)
    return Decisions(adapted, longer, _rounds(result, progress), basket, robust)


def _rounds(result: StudyResult, progress: Callable[[str], None]) -> Rounds | None:
    rules = result.study.regles_tournees
    if rules.vehicules is None or result.zones.empty:
        return None
    asked = RoundsAsked(
        vehicles=rules.vehicules,
        open_hours=rules.heures_ouvertes,
        shortest_minutes=rules.arret_minutes,
        frequency=rules.frequence,
    )
    progress("Tournées")
    return design_rounds(result, asked, progress=progress)
