"""The siting problem of a study: its communes, candidates, trips and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french, schemas, siting
from msap_geo.errors import InfeasibleError, StudyError
from msap_geo.study.scoring import problem_of

if TYPE_CHECKING:
    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult


@dataclass(frozen=True)
class Asked:
    """What a plan must do: one of the three is given.

    Parameters
    ----------
    number
        At most so many new sites.
    budget_eur
        At most so many euros a year, all payers together.
    share
        At least this share of the population within the first threshold, with the fewest sites.
    imposed
        Sites the decider wants, whose regret is told.
    frontier
        Whether to compute the best plan of other numbers (or budgets) too.
    """

    number: int | None = None
    budget_eur: float | None = None
    share: float | None = None
    imposed: tuple[str, ...] = ()
    frontier: bool = False


def site_problem(
    result: StudyResult, *, longest: float, costs: siting.CostModel | None = None
) -> siting.Problem:
    """Make the siting problem of a study that is run: :func:`problem_of`, of its tables."""
    return problem_of(
        result.study,
        result.trips,
        result.communes,
        result.access,
        result.candidates,
        longest=longest,
        costs=costs,
    )


def study_rules(result: StudyResult, asked: Asked) -> siting.Rules:
    """Return the rules of a study and of what is asked.

    Raises
    ------
    StudyError
        If a quota is for a group no candidate belongs to.
    """
    wanted = result.study.implantation
    return siting.Rules(
        count=asked.number,
        budget_eur=asked.budget_eur,
        forced=frozenset(wanted.imposes),
        forbidden=frozenset(wanted.interdits),
        exclusive=tuple(frozenset(group) for group in wanted.exclusifs),
        quotas=tuple(
            siting.Quota(code, _members(result, code), bounds.min, bounds.max)
            for code, bounds in wanted.quotas.items()
        ),
        apart_km=wanted.distance_min_km,
    )


def _members(result: StudyResult, code: str) -> frozenset[str]:
    columns = [name for name in schemas.MEMBERSHIPS if name in result.communes]
    inside = (result.communes[columns] == code).any(axis=1)
    here = set(result.communes.loc[inside, "code_insee"])
    if not here:
        raise StudyError(
            f"aucune commune de l'étude n'appartient à « {code} »",
            where="[implantation.quotas]",
            remedy=f"donner un code parmi ceux des colonnes {', '.join(columns)}",
        )
    candidates = result.candidates
    return frozenset(candidates.loc[candidates["code_insee"].isin(here), "site_id"])


def check_budget(asked: Asked, problem: siting.Problem) -> None:
    """Refuse a budget that pays for no site at all: an empty plan would not say why.

    Raises
    ------
    InfeasibleError
        If the cheapest candidate costs more.
    """
    cheapest = problem.cost_eur.min(initial=np.inf)
    if asked.budget_eur is not None and len(problem.site_ids) and asked.budget_eur < cheapest:
        raise InfeasibleError(
            f"un site coûte {french.euros(cheapest)} par an au moins, un budget de "
            f"{french.euros(asked.budget_eur)} n'en paie aucun",
            where="budget",
            remedy="augmenter le budget, ou revoir les prix dans [couts]",
        )


def left_out(study: Study) -> tuple[str, ...]:
    """Tell which keys of the study a share asked for leaves out."""
    wanted = study.implantation
    if wanted.objectif == "couverture":
        return ()
    capacity = "" if wanted.capacite is None else f" et la capacité de {wanted.capacite} habitants"
    left = f"l'objectif « {wanted.objectif} »{capacity} n'y comptent pas"
    return (f"une part à couvrir (--couverture) cherche le moins de sites : {left}",)
