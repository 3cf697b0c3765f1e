"""A plan judged at every horizon of a study at once, roads faster or slower than they are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import coverage, french, siting
from msap_geo.answers.ahead.people import ELDERS, spread_of
from msap_geo.answers.plan_json import plain_values
from msap_geo.answers.problem import Asked, check_budget, site_problem, study_rules
from msap_geo.errors import StudyError
from msap_geo.notebook_html import card, table
from msap_geo.study.ahead.reading import read_ahead
from msap_geo.study.costs import study_costs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from msap_geo.study.result import StudyResult

MEASURED = "mesurés"
"""Roads as the study tells them."""

_OBJECTIVES = ("couverture", "p-mediane")
_NAMES = {
    "population": "habitants",
    ELDERS: "personnes de 75 ans ou plus",
}


class Speed(NamedTuple):
    """Roads as they may be: their name, and what minutes are multiplied by."""

    name: str
    factor: float


@dataclass(frozen=True, eq=False)
class Robust:
    """A plan for every horizon.

    Parameters
    ----------
    result
        The study.
    asked
        Number or budget, and imposed sites.
    found
        The plan, and each future's regret.
    futures
        ``found.futures`` with ``horizon``, ``temps`` (*plus longs*, *mesurés*, *plus courts*) and
        ``facteur`` in front.
    today
        Worst regret of the plan that is best for the first horizon, times as measured, alone.
    sites
        Sites of the plan, in order: ``rang, site_id, nom, genre, code_insee, commune, regret``
        (worst one with the first sites), ``cout_cumule_eur, futurs`` (how many futures' own best
        plan holds it).
    counted
        Who is counted, in words.
    """

    result: StudyResult
    asked: Asked
    found: siting.Regrets
    futures: pd.DataFrame
    today: float
    sites: pd.DataFrame
    counted: str

    @property
    def plan(self) -> siting.Plan:
        """The plan; its value is the worst regret."""
        return self.found.plan

    def _repr_html_(self) -> str:
        """Show the plan in a notebook."""
        unit = self.plan.unit
        figures = {
            "pire regret": french.quantity(self.plan.value, unit),
            "borne prouvée": french.amount(self.plan.bound, unit),
            "pire regret du plan d’aujourd’hui": french.quantity(self.today, unit),
        }
        titles = {
            "rang": "Rang",
            "nom": "Bureau",
            "commune": "Commune",
            "futurs": f"Futurs qui l’auraient choisi, sur {len(self.futures)}",
        }
        return card(
            f"Un plan bon à tous les horizons – {self.result.study.etude.nom}",
            figures,
            tables=[table(self.sites, titles, shown=None)],
            remarks=[*map(str, self.result.cautions)],
        )

    def __repr__(self) -> str:
        sites = list(self.sites["site_id"])
        return f"Robust(sites={sites}, value={self.plan.value:.0f}, bound={self.plan.bound:.0f})"

    def horizons(self) -> pd.DataFrame:
        """Return one row per horizon, times as measured, with the worst regret over the times."""
        told = self.futures[self.futures["temps"] == MEASURED]
        worst = self.futures.groupby("horizon")["regret"].max()
        table = told.drop(columns=["futur", "temps", "facteur"]).reset_index(drop=True)
        return table.assign(regret_au_pire_des_temps=worst.loc[table["horizon"]].to_numpy())


def speeds(*, estimated: bool) -> tuple[Speed, ...]:
    """Return the times a plan is judged on: as told, and slower or faster by what is measured.

    Parameters
    ----------
    estimated
        Whether roads are estimated: their common error is larger (``etalement.toml``).

    Returns
    -------
    tuple of Speed
        Quantiles 0.1, 0.5 and 0.9 of the error all times of a territory share.
    """
    factors = coverage.likely_speeds(coverage.spread(estimated=estimated).territory)
    return (
        Speed("plus longs", round(1 / factors[0], 4)),
        Speed(MEASURED, 1.0),
        Speed("plus courts", round(1 / factors[-1], 4)),
    )


def optimise_ahead(
    result: StudyResult, asked: Asked, *, progress: Callable[[str], None] = lambda _: None
) -> Robust:
    """Find the plan whose worst regret over the horizons, and over the times, is least.

    Parameters
    ----------
    result
        The study, run; its file has ``[prospective] fichier``.
    asked
        Number or budget, and imposed sites.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Robust
        The plan, its proven bound, and what each horizon would have liked better.

    Raises
    ------
    StudyError
        If the study gives no projection, or another objective than covering and p-median.
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    MsapGeoError
        If a file of ``[prospective]`` is absent or unusable.
    """
    study = result.study
    wanted, ahead = study.implantation, study.prospective
    if wanted.objectif not in _OBJECTIVES:
        raise StudyError(
            f"l'objectif « {wanted.objectif} » ne se juge pas sur plusieurs horizons",
            where="[implantation] objectif",
            remedy=f"choisir : {' ou '.join(_OBJECTIVES)}",
        )
    if asked.share is not None or asked.frontier:
        raise StudyError(
            "un plan pour plusieurs horizons se demande par un nombre de sites ou un budget",
            where="--horizons",
            remedy="écrire par exemple optimiser etude.toml --nombre 3 --horizons",
        )
    progress("Habitants de chaque horizon")
    read = read_ahead(study, pd.DataFrame(result.communes), result.places.codes)
    people = spread_of(result, read, ahead.horizons).communes
    if ahead.public not in people:
        raise StudyError(
            "la projection ne coupe pas les âges à 75 ans",
            where="[prospective] public",
            remedy='donner une projection qui les coupe, ou public = "population"',
        )
    progress("Temps de trajet vers les bureaux candidats")
    costs, roads = study_costs(study), speeds(estimated=result.estimated)
    worth = _worth(result)
    problem = site_problem(
        result, longest=worth.reach / min(speed.factor for speed in roads), costs=costs
    )
    rules = study_rules(result, asked)
    rules = replace(rules, forced=rules.forced | set(asked.imposed))
    check_budget(asked, problem)
    progress("Regret de chaque horizon")
    futures = [
        siting.Future(
            f"{horizon}, temps {speed.name}",
            _people(problem, people, horizon, ahead.public),
            speed.factor,
        )
        for horizon in ahead.horizons
        for speed in roads
    ]
    found = siting.least_regret(
        problem, rules, futures, worth, effort=siting.Effort(seconds=wanted.secondes)
    )
    return Robust(
        result,
        asked,
        found,
        _named(found.futures, ahead.horizons, roads),
        _of_today(problem, futures, found, worth, roads),
        _sites(result, found),
        _NAMES[ahead.public],
    )


def _worth(result: StudyResult) -> siting.Worth:
    wanted = result.study.implantation
    if wanted.objectif == "p-mediane":
        return siting.Worth(longest=wanted.trajet_max_minutes)
    thresholds = wanted.seuils_minutes or (result.study.threshold,)
    return siting.Worth(tuple(thresholds), tuple(wanted.poids_des_seuils))


def _people(
    problem: siting.Problem, people: pd.DataFrame, horizon: int, public: str
) -> NDArray[np.float64]:
    here = people[people["horizon"] == horizon].set_index("code_insee")[public]
    counted: NDArray[np.float64] = here.loc[problem.demand_ids].to_numpy(dtype=float)
    return counted


def _named(futures: pd.DataFrame, horizons: Sequence[int], roads: Sequence[Speed]) -> pd.DataFrame:
    table = futures.copy()
    table.insert(0, "horizon", np.repeat(list(horizons), len(roads)))
    table.insert(1, "temps", [speed.name for speed in roads] * len(horizons))
    table.insert(2, "facteur", [speed.factor for speed in roads] * len(horizons))
    return table


def _of_today(
    problem: siting.Problem,
    futures: Sequence[siting.Future],
    found: siting.Regrets,
    worth: siting.Worth,
    roads: Sequence[Speed],
) -> float:
    """Return the worst regret of the plan that looks at the first horizon only."""
    first = next(rank for rank, speed in enumerate(roads) if speed.name == MEASURED)
    gained = siting.gains_with(problem, futures, worth, found.best[first])
    best = (found.futures["meilleure"] - found.futures["aujourdhui"]).abs().to_numpy()
    return float(max((best - gained).max(), 0.0))


def _sites(result: StudyResult, found: siting.Regrets) -> pd.DataFrame:
    curve = found.plan.curve.iloc[1:]
    known = result.candidates.set_index("site_id", drop=False).loc[list(found.plan.sites)]
    held = [sum(site in best for best in found.best) for site in found.plan.sites]
    return pd.DataFrame(
        {
            "rang": curve["n"].to_numpy(),
            "site_id": list(found.plan.sites),
            "nom": known["nom"].to_numpy(),
            "genre": known["genre"].to_numpy(),
            "code_insee": known["code_insee"].to_numpy(),
            "commune": known["commune"].to_numpy(),
            "regret": curve["valeur"].to_numpy(dtype=float),
            "cout_cumule_eur": curve["cout_eur"].to_numpy(dtype=float),
            "futurs": np.array(held, dtype=np.int64),
        }
    )


def robust_json(found: Robust) -> dict[str, Any]:
    """Return a plan for every horizon as plain values, with the French keys of the JSON."""
    study, plan = found.result.study, found.plan
    told = plan.as_dict()
    told["sites"] = [plain_values(row) for row in found.sites.to_dict("records")]
    return {
        "etude": study.etude.nom,
        **told,
        "juge_sur": study.implantation.objectif,
        "compte": found.counted,
        "seuil_minutes": study.threshold,
        "horizons": [plain_values(row) for row in found.horizons().to_dict("records")],
        "futurs": [
            {**plain_values(row), "meilleurs_sites": list(best)}
            for row, best in zip(
                found.futures.drop(columns="futur").to_dict("records"),
                found.found.best,
                strict=True,
            )
        ],
        "regret_du_plan_d_aujourdhui": round(found.today, 6),
        "temps_estimes": found.result.estimated,
        "demonstration": study.etude.demonstration,
    }
