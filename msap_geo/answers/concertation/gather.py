"""The opinions of several people, each measured as a scenario and beside the plan of its size."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import siting
from msap_geo.answers.plan import Implantation, optimise
from msap_geo.answers.problem import Asked
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.errors import InfeasibleError, StudyError
from msap_geo.study import scenario
from msap_geo.study.choice import CLOSE, OPEN, Choice, Site
from msap_geo.study.costs import study_costs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from msap_geo.study.result import StudyResult

COMMON = "commun à tous"
"""Name of what everyone asks for, measured beside the opinions."""

TODAY, PLAN = "aujourd’hui", "plan du même nombre"
"""What an opinion is compared with."""

EVERYBODY, SEVERAL, ALONE = "tous", "plusieurs", "un seul"
"""How many ask for a site."""

_STATE = "État"


@dataclass(frozen=True, eq=False)
class Opinion:
    """What one person asks for, and what it does.

    Parameters
    ----------
    author
        Who asks: that of the file, else its name.
    choice
        Openings and closings, named as the study names them.
    result
        The study under the choice.
    plan
        The proven plan of as many openings; null without any, or where no plan respects the rules.
    """

    author: str
    choice: Choice
    result: StudyResult
    plan: Implantation | None


@dataclass(frozen=True, eq=False)
class Concertation:
    """Several opinions on one study.

    Parameters
    ----------
    result
        The study as it is.
    opinions
        In the order of the files.
    common
        What everyone asks for, measured; null with one opinion, or where nothing is common.
    choices
        One row per opinion, then the common part: figures, and those of the plan beside.
    sites
        One row per site anyone asks for: by how many, by whom, whether plans hold it.
    losers
        Communes whose trip is longer than today, or than with the plan of the same number: of each
        opinion, and of the common part.
    held
        Author of the choice held; empty while nothing is decided.
    """

    result: StudyResult
    opinions: tuple[Opinion, ...]
    common: Opinion | None
    choices: pd.DataFrame
    sites: pd.DataFrame
    losers: pd.DataFrame
    held: str = ""


def gather_opinions(
    result: StudyResult,
    choices: Sequence[Choice],
    *,
    held: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Concertation:
    """Measure the choices of several people side by side.

    Parameters
    ----------
    result
        The study they were made on, run.
    choices
        One a person; ``author`` names them, else their file.
    held
        Author, or file, of the choice held; none while nothing is decided.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Concertation
        Figures, agreements and losers.

    Raises
    ------
    StudyError
        If there is no choice, one was made on another study or names unknown sites, or the choice
        held is none of them.
    """
    if not choices:
        raise StudyError("aucun choix à rapprocher", remedy="donner au moins un fichier de choix")
    authors = _authors(choices)
    chosen = _held(held, authors, choices)
    plans: dict[int, Implantation | None] = {}
    opinions = []
    for author, choice in zip(authors, choices, strict=True):
        progress(f"Choix de {author}")
        opinions.append(_opinion(result, author, choice, plans))
    common = None
    shared = _common(opinions)
    if len(opinions) > 1 and (shared.opens or shared.closes):
        progress("Ce que tous demandent")
        common = _opinion(result, COMMON, shared, plans)
    told = [*opinions, *([] if common is None else [common])]
    return Concertation(
        result=result,
        opinions=tuple(opinions),
        common=common,
        choices=pd.DataFrame([_figures(result, opinion) for opinion in told]),
        sites=_sites(result, opinions),
        losers=_losers(result, told),
        held=chosen,
    )


def _opinion(
    result: StudyResult, author: str, choice: Choice, plans: dict[int, Implantation | None]
) -> Opinion:
    found = scenario(result, choice)
    number = len(choice.opened)
    if number not in plans:
        plans[number] = _plan(result, number)
    named = found.choice if found.choice is not None else choice
    return Opinion(author, named, found, plans[number])


def _plan(result: StudyResult, number: int) -> Implantation | None:
    if not number or result.candidates.empty:
        return None
    try:
        return optimise(result, Asked(number=number))
    except InfeasibleError:  # the rules of the study ask for more, or other, sites
        return None


def _authors(choices: Sequence[Choice]) -> list[str]:
    """Name each opinion: its author, else its file; alike names are numbered.

    A name goes to one opinion alone, and never that of the part common to all.
    """
    names = [choice.author or _file_name(choice) for choice in choices]
    told: list[str] = []
    for name in names:
        numbered = (f"{name} ({n})" for n in itertools.count(1))
        alone = names.count(name) == 1 and name not in {COMMON, *told}
        told.append(name if alone else next(one for one in numbered if one not in {*names, *told}))
    return told


def _file_name(choice: Choice) -> str:
    stem = PurePath(choice.file).stem
    return stem.removeprefix("choix-").removeprefix("choix_") or stem or "choix"


def _held(asked: str, authors: Sequence[str], choices: Sequence[Choice]) -> str:
    if not asked:
        return ""
    for author, choice in zip(authors, choices, strict=True):
        if asked in {author, choice.file, PurePath(choice.file).stem}:
            return author
    raise StudyError(
        f"le choix retenu, « {asked} », n'est aucun de ceux qui sont donnés",
        remedy=f"donner l'un de ces noms : {', '.join(authors)}",
    )


def _common(opinions: Sequence[Opinion]) -> Choice:
    def in_all(side: Callable[[Choice], tuple[Site, ...]]) -> tuple[Site, ...]:
        rest = [{site.site_id for site in side(opinion.choice)} for opinion in opinions[1:]]
        return tuple(
            site
            for site in side(opinions[0].choice)
            if all(site.site_id in other for other in rest)
        )

    first = opinions[0].choice
    return replace(
        first,
        opened=in_all(lambda choice: choice.opened),
        closed=in_all(lambda choice: choice.closed),
        stops_opened=in_all(lambda choice: choice.stops_opened),
        stops_closed=in_all(lambda choice: choice.stops_closed),
        file="",
        sha256="",
        author="",
    )


def _figures(result: StudyResult, opinion: Opinion) -> dict[str, object]:
    people = result.access["population"].to_numpy(dtype=np.int64)
    threshold = result.study.threshold
    today, mine = _minutes(result), _minutes(opinion.result)
    kinds = result.candidates.set_index("site_id")["genre"]
    opened = [site.site_id for site in opinion.choice.opened]
    cost, state = _costs(result, kinds.loc[opened])
    closed = [site.site_id for site in opinion.choice.closed]
    shut = result.maisons.set_index("site_id")["genre"].loc[closed]
    row: dict[str, object] = {
        "choix": opinion.author,
        "ouvertures": len(opened),
        "fermetures": len(opinion.choice.closed),
        "arrets": len(opinion.choice.stops_opened) + len(opinion.choice.stops_closed),
        "cout_eur": cost,
        "cout_etat_eur": state,
        "epargne_eur": sum(study_costs(result.study).running_of(str(kind)) for kind in shut),
        "population_couverte": int(people[mine <= threshold].sum()),
        "population_au_dela": int(people[~(mine <= threshold)].sum()),
        "gagnes": int(people[(mine <= threshold) & ~(today <= threshold)].sum()),
        "perdus": int(people[(today <= threshold) & ~(mine <= threshold)].sum()),
        "nb_zones": len(opinion.result.zones),
        "habitants_plus_loin": int(people[mine > today].sum()),
        "plan_couverte": pd.NA,
        "plan_cout_eur": np.nan,
        "ecart_au_plan": pd.NA,
        "perdus_plan": pd.NA,
        "gagnes_plan": pd.NA,
    }
    if opinion.plan is not None:
        planned = _planned(result, opinion.plan)
        row |= {
            "plan_couverte": int(people[planned <= threshold].sum()),
            "plan_cout_eur": float(opinion.plan.plan.curve["cout_eur"].iloc[-1]),
            "ecart_au_plan": int(people[mine <= threshold].sum())
            - int(people[planned <= threshold].sum()),
            "perdus_plan": int(people[(planned <= threshold) & ~(mine <= threshold)].sum()),
            "gagnes_plan": int(people[(mine <= threshold) & ~(planned <= threshold)].sum()),
        }
    return row


def _costs(result: StudyResult, kinds: pd.Series) -> tuple[float, float]:
    """Return what openings cost a year, and what the State pays of it in the first year."""
    model, year = study_costs(result.study), result.study.couts.annee
    spent = siting.plan_costs(model, kinds, first_year=year)
    state = spent[(spent["annee"] == year) & spent["payeur"].str.startswith(_STATE)]
    yearly = sum(model.yearly(str(kind)) for kind in kinds)
    return float(yearly), float(state["montant_eur"].sum())


def _minutes(result: StudyResult) -> NDArray[np.float64]:
    minutes: NDArray[np.float64] = result.access["minutes"].fillna(np.inf).to_numpy(dtype=float)
    return minutes


def _planned(result: StudyResult, plan: Implantation) -> NDArray[np.float64]:
    problem = plan.problem
    minutes = problem.access_with(problem.positions(plan.plan.sites)).round(MINUTES_DECIMALS)
    in_order = pd.Series(minutes, index=problem.demand_ids).reindex(result.access["code_insee"])
    # Beyond the longest trip of the plan, today's is the one.
    planned: NDArray[np.float64] = in_order.fillna(np.inf).to_numpy(dtype=float)
    return np.minimum(planned, _minutes(result))


def _sites(result: StudyResult, opinions: Sequence[Opinion]) -> pd.DataFrame:
    alone = result.candidates.set_index("site_id")["population_gagnee"]
    plans = [set(opinion.plan.plan.sites) for opinion in opinions if opinion.plan is not None]
    asked: dict[tuple[str, str], list[str]] = {}
    named: dict[tuple[str, str], Site] = {}
    for opinion in opinions:
        for action, sites in ((OPEN, opinion.choice.opens), (CLOSE, opinion.choice.closes)):
            for site in sites:
                asked.setdefault((action, site.site_id), []).append(opinion.author)
                named.setdefault((action, site.site_id), site)
    rows = [
        {
            "action": action,
            "site_id": site_id,
            "nom": named[action, site_id].name,
            "commune": named[action, site_id].commune,
            "nb_choix": len(authors),
            "accord": _agreement(len(authors), len(opinions)),
            "demande_par": ", ".join(authors),
            "nb_plans": sum(site_id in plan for plan in plans) if action == OPEN else 0,
            "population_gagnee": alone.get(site_id, pd.NA) if action == OPEN else pd.NA,
        }
        for (action, site_id), authors in asked.items()
    ]
    table = pd.DataFrame(rows).astype({"population_gagnee": "Int64"})
    order = ["nb_choix", "population_gagnee", "site_id"]
    return table.sort_values(order, ascending=[False, False, True]).reset_index(drop=True)


def _agreement(count: int, everyone: int) -> str:
    if count == everyone:
        return EVERYBODY
    return SEVERAL if count > 1 else ALONE


def _losers(result: StudyResult, opinions: Iterable[Opinion]) -> pd.DataFrame:
    parts = []
    for opinion in opinions:
        references = [(TODAY, _minutes(result))]
        if opinion.plan is not None:
            references.append((PLAN, _planned(result, opinion.plan)))
        parts += [_farther(result, opinion, name, minutes) for name, minutes in references]
    return pd.concat(parts, ignore_index=True)


def _farther(
    result: StudyResult, opinion: Opinion, reference: str, before: NDArray[np.float64]
) -> pd.DataFrame:
    threshold, mine = result.study.threshold, _minutes(opinion.result)
    known = result.access[["code_insee", "nom", "population"]]
    table = known.assign(
        choix=opinion.author,
        compare_a=reference,
        minutes_avant=before,
        minutes_apres=np.where(np.isinf(mine), np.nan, mine),
        passe_au_dela=(before <= threshold) & ~(mine <= threshold),
    )[mine > before]
    table = table.sort_values(["population", "code_insee"], ascending=[False, True])
    first = ["choix", "compare_a"]
    return table[[*first, *(name for name in table.columns if name not in first)]]
