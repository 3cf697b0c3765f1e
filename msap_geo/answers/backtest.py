"""A study's method against the Maisons really opened in post offices after a day."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import coverage, french, siting
from msap_geo.answers.plan_json import plain_values
from msap_geo.answers.problem import site_problem
from msap_geo.errors import DataError
from msap_geo.notebook_html import card, table
from msap_geo.siting import backtest

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from msap_geo.study.result import StudyResult

DEFAULT_DATE = dt.date(2020, 1, 31)
"""The first labels date from January 2020: the network as the programme found it."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """What the method would have chosen, beside what was.

    Parameters
    ----------
    result
        The study.
    date
        Day the network is rebuilt at.
    matched
        Maisons said to be in a post office opened after it: ``site_id, nom, labellisation,
        office_id, metres, moyen``.
    counts
        Maisons of the network at the date, without a date (counted in it), said to be in a post
        office, really to choose (offices).
    plan
        As many offices as were chosen, by the method.
    coverages
        People within the threshold: at the date, with the real choice, ours, greedy, by chance.
    real, missed
        Offices really chosen, those of them our plan lacks, with what they bring:
        ``site_id, nom, commune, apport_seul, dans_notre_plan``.
    hits
        ``multiple, nombre, communs, communs_au_hasard`` for 1×, 2×, 3× as many offices.
    """

    result: StudyResult
    date: dt.date
    matched: pd.DataFrame
    counts: dict[str, int]
    plan: siting.Plan
    coverages: dict[str, float]
    real: pd.DataFrame
    hits: pd.DataFrame

    def _repr_html_(self) -> str:
        """Show the comparison in a notebook."""
        return _card(self)

    def __repr__(self) -> str:
        return (
            f"Backtest(date={self.date.isoformat()}, real={len(self.real)}, "
            f"common={int(self.real['dans_notre_plan'].sum())})"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values, with the French keys of the JSON."""
        return {
            "etude": self.result.study.etude.nom,
            "date": self.date.isoformat(),
            "seuil_minutes": self.result.study.threshold,
            "population": int(self.result.access["population"].sum()),
            "effectifs": self.counts,
            "couverture": plain_values(self.coverages),
            "choix_reels": [plain_values(row) for row in self.real.to_dict("records")],
            "notre_plan": self.plan.as_dict(),
            "communs": [plain_values(row) for row in self.hits.to_dict("records")],
            "appariement": [plain_values(row) for row in self.matched.to_dict("records")],
            "temps_estimes": self.result.estimated,
        }


def run_backtest(
    result: StudyResult,
    *,
    date: dt.date = DEFAULT_DATE,
    progress: Callable[[str], None] = lambda _: None,
) -> Backtest:
    """Rebuild the network of Maisons at a day and choose as many offices as were chosen after it.

    Parameters
    ----------
    result
        The study, run on a list of Maisons that tells when each was labelled.
    date
        The day; Maisons labelled on it are there.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Backtest
        The comparison. Maisons opened since elsewhere than in a post office are in neither plan.

    Raises
    ------
    DataError
        If the list tells no date, or if no office of the study was chosen after the day.
    """
    study, threshold = result.study, result.study.threshold
    labelled = result.maisons["labellisation"]
    if labelled.isna().all():
        raise DataError(
            "la liste des Maisons ne dit pas quand chacune a été labellisée",
            where=study.donnees.maisons,
            remedy="prendre une liste qui le dit, par exemple celle d'août 2024",
        )
    # Days as ISO text are in the order of days.
    after = labelled.notna() & (labelled.fillna("") > date.isoformat())
    progress(f"Réseau des Maisons au {date:%d/%m/%Y}")
    before = _at_date(result, result.maisons[~after].reset_index(drop=True))
    problem = site_problem(before, longest=threshold)
    inside = after & backtest.in_post_office(result.maisons)
    opened = result.maisons[inside & ~result.neighbours]
    matched = backtest.match_offices(opened, result.la_poste)
    matched = opened[["site_id", "nom", "labellisation"]].merge(matched, on="site_id")
    offices = matched["office_id"].dropna().unique()
    chosen = problem.positions(offices)
    if not len(chosen):
        raise DataError(
            f"aucune Maison ouverte après le {date:%d/%m/%Y} dans un bureau candidat de l'étude",
            where=study.donnees.maisons,
            remedy="choisir une date plus ancienne (date, ou --date de la commande)",
        )
    progress("Plan de la méthode")
    rules = siting.Rules(count=len(chosen))
    plan = siting.maximal_covering(problem, rules, thresholds=[threshold])
    gains = siting.covering_gains(problem, thresholds=[threshold])
    limits, _ = siting.compile_rules(problem, rules)
    wide = dataclasses.replace(limits, count=None)
    ours = problem.positions(plan.sites)
    order = np.array([problem.positions([site])[0] for site in plan.sites], dtype=np.int64)
    rest = backtest.greedy_order(
        gains.without(np.isin(np.arange(gains.n_sites), ours), opened=ours), wide
    )
    order = np.concatenate([order, rest[~np.isin(rest, order)]])
    progress("Tirages au hasard")
    mean, low, high = backtest.chance(gains, np.arange(gains.n_sites), len(chosen))
    coverages = {
        "a_la_date": plan.today,
        "choix_reels": plan.today + gains.value(chosen),
        "notre_plan": plan.value,
        "notre_borne": plan.bound,
        "glouton": plan.today + gains.value(siting.greedy(gains, limits).sites),
        "hasard_moyen": plan.today + mean,
        "hasard_5_pour_cent": plan.today + low,
        "hasard_95_pour_cent": plan.today + high,
    }
    return Backtest(
        result,
        date,
        matched,
        {
            "maisons_a_la_date": int((~after & ~result.neighbours).sum()),
            "maisons_sans_date_comptees_presentes": int(labelled.isna().sum()),
            "maisons_la_poste_ouvertes_apres": len(opened),
            "bureaux_reellement_choisis": len(chosen),
            "bureaux_candidats": gains.n_sites,
        },
        plan,
        coverages,
        _real(before, problem, gains, chosen, ours),
        pd.DataFrame(
            [
                (h.multiple, h.number, h.hits, round(h.number * len(chosen) / gains.n_sites, 2))
                for h in backtest.hits(order, chosen)
            ],
            columns=["multiple", "nombre", "communs", "communs_au_hasard"],
        ),
    )


def _at_date(result: StudyResult, maisons: gpd.GeoDataFrame) -> StudyResult:
    """Return the study with other Maisons, its access counted again."""
    study = result.study
    nearest = result.times.nearest(result.origins, maisons)
    access = coverage.access_by_commune(
        result.communes, nearest, maisons, thresholds=study.thresholds
    )
    return dataclasses.replace(
        result,
        maisons=maisons,
        access=access,
        shares=coverage.shares(access, thresholds=study.thresholds),
    )


def _real(
    result: StudyResult,
    problem: siting.Problem,
    gains: siting.Gains,
    chosen: np.ndarray[Any, np.dtype[np.int64]],
    ours: np.ndarray[Any, np.dtype[np.int64]],
) -> pd.DataFrame:
    named = result.candidates.set_index("site_id")
    sites = problem.site_ids[chosen]
    return pd.DataFrame(
        {
            "site_id": sites,
            "nom": named.loc[sites, "nom"].to_numpy(),
            "commune": named.loc[sites, "commune"].to_numpy(),
            "apport_seul": gains.alone()[chosen],
            "dans_notre_plan": np.isin(chosen, ours),
        }
    )


_WHAT = {
    "a_la_date": "à la date",
    "choix_reels": "avec les choix réels",
    "notre_plan": "avec notre plan",
    "notre_borne": "mieux possible",
    "glouton": "avec le plan glouton",
    "hasard_moyen": "au hasard, en moyenne",
    "hasard_5_pour_cent": "au hasard, pires 5 %",
    "hasard_95_pour_cent": "au hasard, meilleurs 5 %",
}


def _card(found: Backtest) -> str:
    """Show the coverage of the real choices beside ours."""
    people = int(found.result.access["population"].sum())
    rows = [
        (_WHAT.get(name, name), value, 100 * value / people if people else float("nan"))
        for name, value in found.coverages.items()
    ]
    covered = pd.DataFrame(rows, columns=["quoi", "habitants", "part"])
    threshold = french.short(found.result.study.threshold)
    return card(
        f"Retour sur les choix réels – {found.result.study.etude.nom}",
        {
            "réseau au": f"{found.date:%d/%m/%Y}",
            "bureaux choisis depuis": french.number(found.counts["bureaux_reellement_choisis"]),
            "bureaux candidats": french.number(found.counts["bureaux_candidats"]),
        },
        tables=[
            table(
                covered,
                {"quoi": "", "habitants": f"Habitants à {threshold} min", "part": "%"},
                decimals=0,
            ),
            table(
                found.hits,
                {
                    "nombre": "Nos premiers",
                    "communs": "Choix réels parmi eux",
                    "communs_au_hasard": "Au hasard",
                },
            ),
        ],
        remarks=[str(told) for told in found.result.cautions],
    )
