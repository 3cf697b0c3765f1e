"""Adapting the network of post offices of a study: which change with least harm, and to whom."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage, siting
from msap_geo.answers.assumptions import rules
from msap_geo.answers.network import AGREED, REFUSED, Offers, offers, postal_network
from msap_geo.answers.origins import from_communes
from msap_geo.answers.promises import promises
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.errors import DataError, InfeasibleError
from msap_geo.notebook_html import card
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

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
    by_cell: bool

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        figures = {
            "transformations": str(len(self.transformations)),
            "habitants × minutes": f"{self.plan.value:,.0f}".replace(",", " "),
            "habitants plus loin qu'avant": f"{int(self.farther['population'].sum())}",
        }
        return card("Adapter le réseau", figures)


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
        question, plan, count=OTHERS, within=WITHIN, effort=_part(effort, _OTHERS_SHARE)
    )
    progress("Ce qui romprait les règles")
    inside = np.arange(len(points)) < len(result.la_poste)
    broken = adaptation.ruptures(
        network, tuple(guarantees), inside, effort=_part(effort, _BREAK_SHARE)
    )
    named = points.set_index("site_id", drop=False)
    return AdaptedNetwork(
        result=result,
        wanted=wanted,
        plan=plan,
        points=named,
        transformations=_transformations(question, plan, named, offered),
        farther=_farther(result, question, plan, named, postal.codes),
        margins=_margins(result, question, plan),
        curve=curve,
        others=_others(question, near, named),
        ruptures=_ruptures(broken, named),
        fragility=_fragility(question, plan, named, study.threshold),
        costs=costs,
        refused=offered.refused,
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


def _transformations(
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    offered: Offers,
) -> pd.DataFrame:
    network = question.network
    _, nearest = network.nearest(BUREAU)
    rows = []
    for rank in plan.chosen.tolist():
        change = question.changes[rank]
        point = points.iloc[change.point]
        others = plan.chosen[plan.chosen != rank]
        rows.append(
            {
                "site_id": point["site_id"],
                "nom": point["nom"],
                "genre": point["genre"],
                "code_insee": point["code_insee"],
                "commune": point["commune"],
                "devient": change.becomes,
                "accord_maire": offered.accords.get(str(point["site_id"]), "requis"),
                "habitants": int(network.people[nearest == change.point].sum()),
                "perte": round(plan.value - question.loss(others), 3),
                "economie_eur": round(change.saves_eur, 2),
            }
        )
    table = pd.DataFrame(rows, columns=list(_TRANSFORMATION))
    return table.sort_values(["perte", "site_id"], ignore_index=True)


_TRANSFORMATION = (
    "site_id", "nom", "genre", "code_insee", "commune", "devient", "accord_maire", "habitants",
    "perte", "economie_eur",
)  # fmt: skip


def _farther(
    result: StudyResult,
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    codes: NDArray[np.object_],
) -> pd.DataFrame:
    """Name everyone who is farther, service by service, most inhabitants first."""
    network, parts = question.network, []
    named = result.communes.set_index("code_insee")["nom"]
    ids = np.array([*points["site_id"], None], dtype=object)
    for service in (BUREAU, CONTACT):
        before, was = network.nearest(service)
        after, becomes = network.nearest(service, question.lost(service, plan.chosen))
        far = (after > before) & (network.people > 0)
        table = pd.DataFrame(
            {
                "code_insee": codes[far],
                "population": network.people[far],
                "minutes_avant": before[far] * network.people[far],
                "minutes_apres": after[far] * network.people[far],
                "site_avant": ids[was[far]],
                "site_apres": ids[becomes[far]],
            }
        ).sort_values(["population", "site_avant"], ascending=[False, True])
        sums = table.groupby("code_insee")[["population", "minutes_avant", "minutes_apres"]].sum()
        most = table.groupby("code_insee")[["site_avant", "site_apres"]].agg(_first)
        for name in ("minutes_avant", "minutes_apres"):
            sums[name] = (sums[name] / sums["population"]).round(MINUTES_DECIMALS)
        parts.append(sums.join(most).reset_index().assign(service=service))
    table = pd.concat(parts, ignore_index=True)
    table.insert(1, "nom", named.reindex(table["code_insee"]).to_numpy())
    table.insert(2, "departement", coverage.departements_of(table["code_insee"].astype(object)))
    return table.sort_values(
        ["service", "population", "code_insee"], ascending=[True, False, True], ignore_index=True
    )


def _first(values: pd.Series) -> object:
    """Return the first value, null too: that of the most people."""
    return values.iloc[0]


def _margins(
    result: StudyResult, question: adaptation.Question, plan: adaptation.Adaptation
) -> pd.DataFrame:
    """Evaluate every rule before and after, as the diagnosis does."""
    gone = question.lost(CONTACT, plan.chosen)[: len(result.la_poste)]
    after = dataclasses.replace(
        result,
        la_poste=result.la_poste[~gone].reset_index(drop=True),
        la_poste_national=result.la_poste_national - int(gone.sum()),
    )
    origin = from_communes(result, result.maisons)
    before, then = rules(result, origin), rules(after, origin)
    kept = ["regle", "titre", "distance", "territoire", "nom", "unite", "exigence"]
    table = before[kept].assign(
        verdict_avant=before["verdict"],
        verdict=then["verdict"],
        valeur_avant=before["valeur"],
        valeur=then["valeur"],
        marge_avant=before["marge_habitants"],
        marge=then["marge_habitants"],
    )
    return table.reset_index(drop=True)


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
            found = adaptation.adapt(
                question, count=ask.number, saving_eur=ask.saving_eur, effort=each
            )
        except (DataError, InfeasibleError):
            continue  # a minimum asks for more than this step, or the time was too short for it
        rows.append((len(found.chosen), found.saved_eur, found.value, found.bound))
    rows.append((len(plan.chosen), plan.saved_eur, plan.value, plan.bound))
    return pd.DataFrame(rows, columns=columns).drop_duplicates("nombre", ignore_index=True)


def _others(
    question: adaptation.Question, near: list[adaptation.Adaptation], points: gpd.GeoDataFrame
) -> pd.DataFrame:
    rows = [
        {
            "rang": rank,
            "valeur": plan.value,
            "site_id": points["site_id"].iloc[question.changes[change].point],
            "nom": points["nom"].iloc[question.changes[change].point],
            "devient": question.changes[change].becomes,
        }
        for rank, plan in enumerate(near, start=2)
        for change in plan.chosen.tolist()
    ]
    return pd.DataFrame(rows, columns=["rang", "valeur", "site_id", "nom", "devient"])


def _ruptures(broken: list[adaptation.Rupture], points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tell which losses break each rule: alone, and together as few as can be."""
    ids, names = points["site_id"].to_numpy(), points["nom"].to_numpy()
    rows = []
    for found in broken:
        for how, chosen in (("seul", found.alone), ("ensemble", found.fewest)):
            if how == "ensemble" and len(found.alone):
                continue
            rows += [
                {
                    "regle": found.guarantee.rule,
                    "territoire": found.guarantee.territory,
                    "service": found.guarantee.service,
                    "habitants_permis": int(found.guarantee.allowed),
                    "comment": how,
                    "site_id": ids[point],
                    "nom": names[point],
                    "prouve": found.proven,
                }
                for point in chosen.tolist()
            ]
    columns = [
        "regle", "territoire", "service", "habitants_permis", "comment", "site_id", "nom", "prouve",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _fragility(
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    threshold: float,
) -> pd.DataFrame:
    ids, names = points["site_id"].to_numpy(), points["nom"].to_numpy()
    rows = []
    nothing = np.empty(0, dtype=np.int64)
    for when, chosen in (("avant", nothing), ("apres", plan.chosen)):
        lost = question.lost(BUREAU, chosen)
        found = adaptation.worst_two(question.network, BUREAU, lost, threshold=threshold)
        rows += [
            {
                "quand": when,
                "seuil_minutes": threshold,
                "habitants": found.people,
                "site_id": ids[point],
                "nom": names[point],
            }
            for point in found.points
        ]
    return pd.DataFrame(rows, columns=["quand", "seuil_minutes", "habitants", "site_id", "nom"])


__all__ = ["AGREED", "REFUSED", "AdaptedNetwork", "Wanted", "adapt_network"]
