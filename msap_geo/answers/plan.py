"""Plans of a study: which offices, for how much, how sure, and what an imposed choice costs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import french, siting
from msap_geo.answers.problem import Asked, check_budget, left_out, site_problem, study_rules
from msap_geo.notebook_html import card, table
from msap_geo.study.costs import study_costs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import geopandas as gpd

    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult

WITHIN = 0.01
"""A plan within 1 % of what the best one brings is as good to decide on as the data are sure."""

ALTERNATIVES = 20
_FIRST = 5
_MANY = 12
"""Rows of the frontier around what is asked."""


@dataclass(frozen=True, eq=False)
class Regret:
    """What an imposed choice costs, and to whom.

    Parameters
    ----------
    free
        The plan without it.
    loss
        Value lost, in the unit of the objective.
    losers, winners
        Communes farther from (or nearer to) a Maison than with the free plan:
        ``code_insee, nom, population, minutes_libre, minutes``, most inhabitants first.
    """

    free: siting.Plan
    loss: float
    losers: pd.DataFrame
    winners: pd.DataFrame

    def _repr_html_(self) -> str:
        """Show what it costs and to whom in a notebook."""
        return _regret_card(self)

    def __repr__(self) -> str:
        return f"Regret(loss={self.loss:g}, losers={len(self.losers)}, winners={len(self.winners)})"


@dataclass(frozen=True, eq=False)
class Implantation:
    """A plan and everything needed to discuss it.

    Parameters
    ----------
    result
        The study.
    asked
        What was asked.
    problem
        Communes, candidates and trips.
    plan
        The answer.
    costs
        Cost model of the study.
    offices
        Candidates, indexed by ``site_id``.
    shares, others
        Share of the near-optimal plans that hold each office; offices that may replace each one of
        the plan (``site_id, remplacant, perte``). Empty where the objective has none.
    alternatives
        Near-optimal plans as identifiers, with their values, the best first.
    regret
        Of the imposed choice, None without one.
    frontier
        Best plan of other numbers or budgets, None if not asked.
    """

    result: StudyResult
    asked: Asked
    problem: siting.Problem
    plan: siting.Plan
    costs: siting.CostModel
    offices: gpd.GeoDataFrame
    shares: pd.Series
    others: pd.DataFrame
    alternatives: tuple[tuple[tuple[str, ...], float], ...]
    regret: Regret | None
    frontier: pd.DataFrame | None

    @property
    def newly_covered(self) -> int:
        """Inhabitants the plan brings within the first threshold."""
        return self.covered_with(self.plan.sites) - self.covered_with(())

    def covered_with(self, sites: Iterable[str]) -> int:
        """Return the inhabitants within the first threshold once some candidates are open.

        Parameters
        ----------
        sites
            Identifiers of candidates, with which to compare the plan; unknown ones are left out.
        """
        access = self.problem.access_with(self.problem.positions(sites))
        return int(self.problem.people[access <= self.result.study.threshold].sum())

    def _repr_html_(self) -> str:
        """Show the plan in a notebook."""
        return _plan_card(self)

    def __repr__(self) -> str:
        return f"Implantation({self.plan!r}, alternatives={len(self.alternatives)})"

    def sites(self) -> pd.DataFrame:
        """Return the sites of the plan, in order, with what is known of each."""
        curve = self.plan.curve.iloc[1:]
        known = self.offices.loc[list(self.plan.sites)]
        steps = np.abs(np.diff(self.plan.curve["valeur"].to_numpy(dtype=float)))
        return pd.DataFrame(
            {
                "rang": curve["n"].to_numpy(),
                "site_id": list(self.plan.sites),
                "nom": known["nom"].to_numpy(),
                "genre": known["genre"].to_numpy(),
                "code_insee": known["code_insee"].to_numpy(),
                "commune": known["commune"].to_numpy(),
                "valeur": curve["valeur"].to_numpy(dtype=float),
                "apport": steps,
                "cout_cumule_eur": curve["cout_eur"].to_numpy(dtype=float),
                "part_des_plans_proches": self.shares.reindex(list(self.plan.sites)).to_numpy(),
            }
        )


def optimise(
    result: StudyResult, asked: Asked, *, progress: Callable[[str], None] = lambda _: None
) -> Implantation:
    """Find the plan a study asks for, and what there is to say about it.

    Parameters
    ----------
    result
        The study, run.
    asked
        Number, budget or share, and imposed sites.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Implantation
        The plan, its alternatives, its cost, and the regret of what is imposed.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    StudyError
        If rules name unknown sites or groups.
    """
    study = result.study
    costs = study_costs(study)
    progress("Temps de trajet vers les bureaux candidats")
    wanted = study.implantation
    longest = max([*study.thresholds, *wanted.seuils_minutes, wanted.trajet_max_minutes])
    problem = site_problem(result, longest=longest, costs=costs)
    rules = study_rules(result, asked)
    check_budget(asked, problem)
    progress("Recherche du meilleur plan")
    free = _solve(problem, study, rules, asked)
    plan, regret = free, None
    if asked.imposed:
        progress("Regret du choix imposé")
        forced = dataclasses.replace(rules, forced=rules.forced | set(asked.imposed))
        plan = _solve(problem, study, forced, asked)
        regret = _regret(result, problem, plan, free)
        rules = forced
    progress("Plans presque aussi bons")
    shares, others, alternatives = _alternatives(problem, study, rules, plan, asked)
    frontier = None
    if asked.frontier:
        progress("Autres nombres de sites et budgets")
        frontier = _frontier(problem, study, rules, asked, plan)
    return Implantation(
        result=result,
        asked=asked,
        problem=problem,
        plan=plan,
        costs=costs,
        offices=result.candidates.set_index("site_id", drop=False),
        shares=shares,
        others=others,
        alternatives=alternatives,
        regret=regret,
        frontier=frontier,
    )


def _effort(study: Study) -> siting.Effort:
    return siting.Effort(seconds=study.implantation.secondes)


def _solve(problem: siting.Problem, study: Study, rules: siting.Rules, asked: Asked) -> siting.Plan:
    wanted, effort, first = study.implantation, _effort(study), study.threshold
    if asked.share is not None:
        fewest = siting.set_covering(
            problem, rules, threshold=first, share=asked.share, effort=effort
        )
        return dataclasses.replace(fewest, remarks=fewest.remarks + left_out(study))
    solvers: dict[str, Callable[[], siting.Plan]] = {
        "couverture": lambda: siting.maximal_covering(
            problem,
            rules,
            thresholds=wanted.seuils_minutes or (first,),
            shares=wanted.poids_des_seuils,
            effort=effort,
        ),
        "p-mediane": lambda: siting.p_median(
            problem, rules, longest=wanted.trajet_max_minutes, effort=effort
        ),
        "p-centre": lambda: siting.p_centre(problem, rules, effort=effort),
        "double-couverture": lambda: siting.backup_covering(
            problem, rules, threshold=first, second=wanted.seconde_couverture, effort=effort
        ),
        "capacite": lambda: siting.capacitated_covering(
            problem, rules, threshold=first, capacity=float(wanted.capacite or 0), effort=effort
        ),
        "p-mediane-capacite": lambda: siting.capacitated_median(
            problem,
            rules,
            longest=wanted.trajet_max_minutes,
            capacity=float(wanted.capacite or 0),
            effort=effort,
        ),
        "equite": lambda: siting.fairest_covering(problem, rules, threshold=first, effort=effort),
    }
    return solvers[wanted.objectif]()


def _regret(
    result: StudyResult, problem: siting.Problem, plan: siting.Plan, free: siting.Plan
) -> Regret:
    with_plan = problem.access_with(problem.positions(plan.sites))
    with_free = problem.access_with(problem.positions(free.sites))
    named = result.communes.set_index("code_insee")["nom"]
    table = pd.DataFrame(
        {
            "code_insee": problem.demand_ids,
            "nom": named.reindex(problem.demand_ids).to_numpy(),
            "population": problem.people,
            "minutes_libre": np.where(np.isinf(with_free), np.nan, with_free),
            "minutes": np.where(np.isinf(with_plan), np.nan, with_plan),
        }
    ).sort_values(["population", "code_insee"], ascending=[False, True])
    farther, nearer = with_plan > with_free, with_plan < with_free
    return Regret(
        free,
        abs(plan.value - free.value),
        table[farther[table.index]].reset_index(drop=True),
        table[nearer[table.index]].reset_index(drop=True),
    )


def _alternatives(
    problem: siting.Problem, study: Study, rules: siting.Rules, plan: siting.Plan, asked: Asked
) -> tuple[pd.Series, pd.DataFrame, tuple[tuple[tuple[str, ...], float], ...]]:
    """Look for plans as good, where the objective reads as gains."""
    others = pd.DataFrame(
        {"site_id": pd.Series(dtype=str), "remplacant": pd.Series(dtype=str), "perte": []}
    )
    gains = _gains(problem, study, plan)
    if gains is None or not plan.sites:
        return pd.Series(dtype=float), others, ()
    best = problem.positions(plan.sites)
    if rules.count is None and rules.budget_eur is None:
        rules = dataclasses.replace(rules, count=len(plan.sites))
    limits, forced = siting.compile_rules(problem, rules)
    rest = gains.without(~limits.after(forced).free, opened=forced)
    free = np.setdiff1d(best, forced)
    value, spare = gains.value(best), siting.people_to_spare(problem, plan, asked.share)
    loss = min(WITHIN * value, spare + 1e-6)  # people are whole
    tolerance = min(loss / max(rest.value(free), 1e-9), 1.0)
    found = siting.near_optimal(
        rest, limits.after(forced), free, count=ALTERNATIVES, within=tolerance
    )
    held = np.ones(len(problem.site_ids))
    held[:] = found.share_holding(len(held))
    held[forced] = 1.0
    swaps = siting.interchangeable(gains, best, limits, within=loss / max(value, 1e-9))
    swaps = swaps[~swaps["site"].isin(forced)]
    others = pd.DataFrame(
        {
            "site_id": problem.site_ids[swaps["site"]],
            "remplacant": problem.site_ids[swaps["remplacant"]],
            "perte": swaps["perte"].to_numpy(),
        }
    )
    plans = tuple(
        (tuple(problem.site_ids[np.union1d(forced, sites)]), gains.value(forced) + worth)
        for sites, worth in zip(found.plans, found.values, strict=True)
    )
    return pd.Series(held, index=problem.site_ids), others, plans


def _gains(problem: siting.Problem, study: Study, plan: siting.Plan) -> siting.Gains | None:
    wanted = study.implantation
    if plan.objective == "p-mediane":
        return siting.trip_gains(problem, longest=wanted.trajet_max_minutes)
    if plan.objective == "couverture":
        shares = wanted.poids_des_seuils
        return siting.covering_gains(
            problem, thresholds=wanted.seuils_minutes or (study.threshold,), shares=shares
        )
    if plan.objective == "couverture-totale":
        return siting.covering_gains(problem, thresholds=[study.threshold])
    return None


def _frontier(
    problem: siting.Problem,
    study: Study,
    rules: siting.Rules,
    asked: Asked,
    plan: siting.Plan,
) -> pd.DataFrame:
    """Cover most people with fewer and with more, around what is asked."""
    rows: Sequence[siting.Rules]
    if asked.budget_eur is not None:
        least = float(problem.cost_eur.min(initial=np.inf))
        levels = np.unique(np.linspace(least, 2 * asked.budget_eur, _MANY).round())
        rows = [dataclasses.replace(rules, budget_eur=float(euros)) for euros in levels]
    else:
        middle = asked.number if asked.number is not None else len(plan.sites)
        numbers = np.unique(np.linspace(max(len(rules.forced), 1), 2 * middle, _MANY).round())
        rows = [dataclasses.replace(rules, count=int(number)) for number in numbers]
    return siting.frontier(problem, rows, threshold=study.threshold, effort=_effort(study))


def _plan_card(found: Implantation) -> str:
    """Show a plan with its proof, its cost and how open the choice is."""
    plan = found.plan
    gap = f", écart {french.percent(plan.gap)}" if plan.sites else ""
    figures = {
        "objectif": f"{plan.title} ({plan.unit})",
        "sites": french.number(len(plan.sites)),
        "habitants passés à portée": french.number(found.newly_covered),
        "preuve": f"{plan.status}{gap}",
        "coût par an, tous payeurs": f"{french.number(plan.curve['cout_eur'].iloc[-1])} €",
        "plans presque aussi bons": french.number(len(found.alternatives)),
    }
    if found.regret is not None:
        figures["le choix imposé coûte"] = french.quantity(found.regret.loss, plan.unit)
    sites = found.sites()
    sites["part"] = 100 * sites["part_des_plans_proches"].astype(float)
    titles = {
        "rang": "Rang",
        "nom": "Bureau",
        "commune": "Commune",
        "apport": "Apport",
        "cout_cumule_eur": "€ par an, cumulés",
        "part": "% des plans proches",
    }
    return card(
        f"Plan – {found.result.study.etude.nom}",
        figures,
        tables=[table(sites, titles, decimals=0, shown=None)],
        remarks=[*plan.remarks, *map(str, found.result.cautions)],
    )


def _regret_card(found: Regret) -> str:
    """Show what an imposed choice costs, and to whom."""
    figures = {
        "perte": f"{french.number(found.loss)} {found.free.unit}",
        "trajet plus long": french.people(int(found.losers["population"].sum())),
        "trajet plus court": french.people(int(found.winners["population"].sum())),
    }
    titles = {
        "nom": "Commune",
        "population": "Habitants",
        "minutes_libre": "Plan libre (min)",
        "minutes": "Choix imposé (min)",
    }
    tables = [
        table(rows, titles, caption=caption, shown=_FIRST)
        for rows, caption in ((found.losers, "S’éloignent"), (found.winners, "Se rapprochent"))
    ]
    return card("Choix imposé", figures, tables=tables)
