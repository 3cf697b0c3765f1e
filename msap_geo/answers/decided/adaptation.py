"""Adapting the network of post offices of a study: which change with least harm, and to whom."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import french, siting
from msap_geo.answers.decided import adaptation_tables as tables
from msap_geo.answers.decided.network import AGREED, REFUSED, offers, postal_network
from msap_geo.answers.decided.order import by_identifier
from msap_geo.answers.decided.promises import promises
from msap_geo.errors import DataError, InfeasibleError
from msap_geo.notebook_html import card, table
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from msap_geo.study.result import StudyResult

WITHIN, OTHERS = 0.01, 3
"""Choices told beside the best: how many, and how much more harm they may do."""

_STEPS = 20
_CURVE_SHARE, _OTHERS_SHARE, _BREAK_SHARE = 0.5, 0.25, 0.25
_EXACT = 1e-4


@dataclass(frozen=True)
class Wanted:
    """How far to adapt: one of the two is given.

    Parameters
    ----------
    number
        So many transformations, those agreed included.
    saving_eur
        At least so many euros a year.
    """

    number: int | None = None
    saving_eur: float | None = None


@dataclass(frozen=True, eq=False)
class AdaptedNetwork:
    """Transformations of least harm, and everything needed to discuss them.

    Parameters
    ----------
    result
        The study.
    wanted
        What was asked.
    plan
        The transformations chosen, their loss and its bound.
    points
        Every point of the territory, indexed by ``site_id``.
    transformations, farther, margins
        Tables; columns in ``docs/adapter.md``.
    curve
        ``nombre, economie_eur, valeur, borne`` from one transformation (or a part of the saving).
    others
        Near-equal choices: ``rang, valeur, site_id, devient``.
    ruptures
        What would break each rule, alone or together.
    fragility
        The two post offices whose loss would leave most people without one, before and after.
    costs
        Prices.
    refused
        Offices whose mayor refused.
    carrying
        Offices that carry a Maison, and do not change.
    by_cell
        Whether people start from the cells they live in; from their town hall else.
    """

    result: StudyResult
    wanted: Wanted
    plan: adaptation.Adaptation
    points: gpd.GeoDataFrame
    transformations: pd.DataFrame
    farther: pd.DataFrame
    margins: pd.DataFrame
    curve: pd.DataFrame
    others: pd.DataFrame
    ruptures: pd.DataFrame
    fragility: pd.DataFrame
    costs: siting.CostModel
    refused: tuple[str, ...]
    carrying: tuple[str, ...]
    by_cell: bool

    @property
    def people_farther(self) -> int:
        """Inhabitants farther than before, of whatever service, each once."""
        told = self.farther
        twice = told.loc[told["service"] == BUREAU, "dont_des_deux"].sum()
        return int(told["population"].sum() - twice)

    @property
    def worth(self) -> str:
        """What the choice is worth, in words."""
        communes = self.farther["code_insee"].nunique()
        return (
            f"{french.counted(len(self.transformations), 'transformation')}, perte de "
            f"{french.quantity(self.plan.value, 'habitants × minutes')} (borne prouvée : "
            f"{french.number(self.plan.bound)}) ; {french.people(self.people_farther)} plus loin "
            f"qu’avant, dans {french.counted(communes, 'commune')} ; "
            f"{french.euros(self.plan.saved_eur)} économisés par an (coûts moyens)."
        )

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        figures = {
            "transformations": str(len(self.transformations)),
            "habitants × minutes": french.number(self.plan.value),
            "habitants plus loin qu'avant": french.number(self.people_farther),
        }
        titles = {
            "nom": "Bureau",
            "commune": "Commune",
            "devient": "Devient",
            "accord_maire": "Accord du maire",
            "perte": "Perte",
        }
        return card(
            f"Adapter le réseau – {self.result.study.etude.nom}",
            figures,
            tables=[table(self.transformations, titles, decimals=0, shown=None)],
            remarks=[*map(str, self.result.cautions)],
        )

    def __repr__(self) -> str:
        plan = self.plan
        return (
            f"AdaptedNetwork(transformations={len(self.transformations)}, value={plan.value:.0f}, "
            f"bound={plan.bound:.0f})"
        )


def adapt_network(
    result: StudyResult, wanted: Wanted, *, progress: Callable[[str], None] = lambda _: None
) -> AdaptedNetwork:
    """Find the transformations a study asks for, those who are farther, and what is left of rules.

    Parameters
    ----------
    result
        The study, run.
    wanted
        A number of transformations, or euros to save.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    AdaptedNetwork
        The transformations and everything needed to discuss them.

    Raises
    ------
    InfeasibleError
        If the rules and the mayors' answers do not allow so much.
    StudyError, DataError
        If the study's own rules, quotas or answers are wrong.
    """
    whole, result = result, by_identifier(result)
    study = result.study
    costs = siting.load_costs("reseau-postal", running_eur=study.couts.fonctionnement_eur)
    progress("Temps de trajet vers les points de contact")
    postal = postal_network(result)
    points, network = postal.points, postal.network
    offered = offers(result, points, network, costs)
    guarantees = promises(result, points)
    question = adaptation.Question(
        network,
        offered.changes,
        tuple(guarantees),
        offered.numbers,
        offered.imposed,
        weights={BUREAU: 1.0, CONTACT: study.adaptation.poids_du_contact},
    )
    effort = siting.Effort(seconds=study.adaptation.secondes, gap=_EXACT)
    progress("Recherche des transformations les moins dommageables")
    plan = _preferred(
        question,
        adaptation.adapt(
            question, count=wanted.number, saving_eur=wanted.saving_eur, effort=effort
        ),
        wanted,
    )
    progress("De une transformation à toutes")
    curve = _curve(question, plan, wanted, _part(effort, _CURVE_SHARE))
    progress("Choix presque aussi bons")
    near = adaptation.near_equal(
        question,
        plan,
        count=OTHERS,
        within=WITHIN,
        saving_eur=wanted.saving_eur,
        effort=_part(effort, _OTHERS_SHARE),
    )
    near = [_preferred(question, other, wanted) for other in near]
    progress("Ce qui romprait les règles")
    inside = np.arange(len(points)) < len(result.contact_points)
    broken = adaptation.ruptures(
        network, tuple(guarantees), inside, effort=_part(effort, _BREAK_SHARE)
    )
    named = points.set_index("site_id", drop=False)
    return AdaptedNetwork(
        result=whole,
        wanted=wanted,
        plan=plan,
        points=named,
        transformations=tables.transformations(question, plan, named, offered),
        farther=tables.farther(result, question, plan, named, postal.codes),
        margins=tables.margins(result, question, plan),
        curve=curve,
        others=tables.others(question, near, named),
        ruptures=tables.ruptures(broken, named),
        fragility=tables.fragility(question, plan, named, study.threshold),
        costs=costs,
        refused=offered.refused,
        carrying=offered.carrying,
        by_cell=postal.by_cell,
    )


def _part(effort: siting.Effort, share: float) -> siting.Effort:
    return dataclasses.replace(effort, seconds=share * effort.seconds)


def _preferred(
    question: adaptation.Question, plan: adaptation.Adaptation, wanted: Wanted
) -> adaptation.Adaptation:
    """Of what a point may become with the same harm, take what the study lists first."""
    chosen = set(plan.chosen.tolist())
    for rank in plan.chosen.tolist():
        change = question.changes[rank]
        for other, rival in enumerate(question.changes[:rank]):
            same = rival.point == change.point and rival.loses == change.loses
            if not same or rival.toll > change.toll or rank in question.imposed:
                continue
            swapped = np.array(sorted((chosen - {rank}) | {other}), dtype=np.int64)
            if question.saved(swapped) >= (wanted.saving_eur or 0.0):
                chosen = set(swapped.tolist())
                break
    final = np.array(sorted(chosen), dtype=np.int64)
    return dataclasses.replace(plan, chosen=final, saved_eur=question.saved(final))


def _curve(
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    wanted: Wanted,
    effort: siting.Effort,
) -> pd.DataFrame:
    columns = ["nombre", "economie_eur", "valeur", "borne"]
    rows: list[tuple[int, float, float, float]] = []
    if wanted.number is not None:
        least = max(len(question.imposed), 1)
        steps = np.unique(np.linspace(least, wanted.number, _STEPS).round().astype(int))
        asked: list[Wanted] = [Wanted(number=int(n)) for n in steps[:-1]]
    else:
        parts = np.arange(1, _STEPS // 2) / (_STEPS // 2)
        asked = [Wanted(saving_eur=float(part * (wanted.saving_eur or 0.0))) for part in parts]
    each = _part(effort, 1 / max(len(asked), 1))
    for ask in asked:
        try:
            found = _preferred(
                question,
                adaptation.adapt(
                    question, count=ask.number, saving_eur=ask.saving_eur, effort=each
                ),
                ask,
            )
        except (DataError, InfeasibleError):
            continue  # a minimum asks for more than this step, or the time was too short for it
        rows.append((len(found.chosen), found.saved_eur, found.value, found.bound))
    rows.append((len(plan.chosen), plan.saved_eur, plan.value, plan.bound))
    # As many changes may save more at more harm: two steps of a saving, and the last is the plan.
    table = pd.DataFrame(rows, columns=columns)
    same = table.duplicated(["nombre", "economie_eur", "valeur"], keep="last")
    return table[~same].reset_index(drop=True)


__all__ = ["AGREED", "REFUSED", "AdaptedNetwork", "Wanted", "adapt_network"]
