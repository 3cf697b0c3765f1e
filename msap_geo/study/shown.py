"""How a study and its results show themselves in a notebook (``_repr_html_``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo import french
from msap_geo.anomalies import tally
from msap_geo.notebook_html import card, table
from msap_geo.siting import CRITERIA
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from msap_geo.study.backtest import Backtest
    from msap_geo.study.diagnostic import Diagnosis
    from msap_geo.study.file import Study
    from msap_geo.study.implantation import Implantation, Regret
    from msap_geo.study.rating import Rating
    from msap_geo.study.run import StudyResult

_FEW = 5

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


def study_html(study: Study) -> str:
    """Show what a study asks, and its files."""
    named = ", ".join(f"{DEPARTEMENTS[code]} ({code})" for code in study.departements)
    figures = {
        "départements": named,
        "seuils": ", ".join(f"{value:g} min" for value in study.thresholds),
        "profil": study.reseau.profil,
        "dossier": str(study.folder),
    }
    rows = [
        (role, path.as_posix(), study.vintage(role) or None)
        for role, paths in study.inputs().items()
        for path in paths
    ]
    files = pd.DataFrame(rows, columns=["role", "fichier", "millesime"])
    titles = {"role": "Clé", "fichier": "Fichier", "millesime": "Millésime"}
    return card(
        study.etude.nom,
        figures,
        tables=[table(files, titles, shown=None)],
        remarks=_invented(study),
    )


def result_html(result: StudyResult) -> str:
    """Show the key figures of a study, its largest zones blanches and its first candidates."""
    study = result.study
    figures = {
        "habitants": french.number(result.shares[0].population),
        "communes": french.number(len(result.communes)),
        "Maisons": f"{french.number(int((~result.neighbours).sum()))}, et "
        f"{french.number(int(result.neighbours.sum()))} chez les voisins",
    }
    for share in result.shares:
        figures[f"à {share.threshold:g} min ou moins"] = (
            f"{french.percent(share.share)} des habitants ; {french.number(share.beyond)} au-delà, "
            f"dans {french.counted(share.communes_beyond, 'commune')}"
        )
    figures["zones blanches"] = french.number(len(result.zones))
    figures["anomalies"] = french.anomalies(tally(result.anomalies)) or "aucune"
    zones = table(
        result.zones.assign(nom=_zone_names(result)),
        {
            "rang": "Rang",
            "nom": "Autour de",
            "nb_communes": "Communes",
            "population": "Habitants",
            "minutes_max": "Minutes au plus",
        },
        caption="Zones blanches",
        shown=_FEW,
    )
    candidates = table(
        result.candidates,
        {"rang": "Rang", "nom": "Bureau", "commune": "Commune", "population_gagnee": "Gagnés"},
        caption="Bureaux candidats (habitants gagnés par chacun, seul)",
        shown=_FEW,
    )
    return card(study.etude.nom, figures, tables=[zones, candidates], remarks=_limits(result))


def _zone_names(result: StudyResult) -> pd.Series:
    named = result.communes.set_index("code_insee")["nom"]
    return result.zones["zone_id"].str.removeprefix("ZB-").map(named)


def diagnosis_html(found: Diagnosis) -> str:
    """Show which tables a diagnosis holds."""
    sizes = [(name, len(each), each.shape[1]) for name, each in found.tables.items()]
    tables = pd.DataFrame(sizes, columns=["nom", "lignes", "colonnes"])
    figures = {
        "tables": french.number(len(found.tables)),
        "couches": ", ".join(found.layers),
        "anomalies": french.anomalies(tally(found.anomalies)) or "aucune",
    }
    titles = {"nom": "Table (.tables[…])", "lignes": "Lignes", "colonnes": "Colonnes"}
    return card(
        f"Diagnostic – {found.result.study.etude.nom}",
        figures,
        tables=[table(tables, titles, shown=None)],
        remarks=_limits(found.result),
    )


def rating_html(found: Rating) -> str:
    """Show the first candidates, and what their score is made of."""
    figures = {
        "bureaux notés": french.number(len(found.table)),
        "poids": ", ".join(
            f"{CRITERIA[name].title} {french.percent(weight)}"
            for name, weight in found.weights.items()
        ),
    }
    if found.silent:
        figures["critères sans donnée"] = ", ".join(CRITERIA[name].title for name in found.silent)
    best = table(
        found.table,
        {
            "rang": "Rang",
            "nom": "Bureau",
            "commune": "Commune",
            "score": "Note",
            "population_gagnee": "Gagnés seul",
            "gain_marginal": "Gagnés après les meilleurs",
        },
    )
    title = f"Bureaux candidats – {found.result.study.etude.nom}"
    return card(title, figures, tables=[best], remarks=_limits(found.result))


def implantation_html(found: Implantation) -> str:
    """Show a plan with its proof, its cost and how open the choice is."""
    plan = found.plan
    gap = f", écart {french.percent(plan.gap)}" if plan.sites else ""
    figures = {
        "objectif": f"{plan.objective} ({plan.unit})",
        "sites": french.number(len(plan.sites)),
        "habitants passés à portée": french.number(found.newly_covered),
        "preuve": f"{plan.status}{gap}",
        "coût par an, tous payeurs": f"{french.number(plan.curve['cout_eur'].iloc[-1])} €",
        "plans presque aussi bons": french.number(len(found.alternatives)),
    }
    if found.regret is not None:
        figures["le choix imposé coûte"] = f"{french.number(found.regret.loss)} {plan.unit}"
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
        remarks=[*plan.remarks, *_limits(found.result)],
    )


def regret_html(found: Regret) -> str:
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
        table(rows, titles, caption=caption, shown=_FEW)
        for rows, caption in ((found.losers, "S’éloignent"), (found.winners, "Se rapprochent"))
    ]
    return card("Choix imposé", figures, tables=tables)


def backtest_html(found: Backtest) -> str:
    """Show the coverage of the real choices beside ours."""
    people = int(found.result.access["population"].sum())
    rows = [
        (_WHAT.get(name, name), value, 100 * value / people if people else float("nan"))
        for name, value in found.coverages.items()
    ]
    covered = pd.DataFrame(rows, columns=["quoi", "habitants", "part"])
    threshold = f"{found.result.study.threshold:g}"
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
        remarks=_limits(found.result),
    )


def _invented(study: Study) -> list[str]:
    return ["Exemple : Maisons et bureaux inventés."] if study.etude.demonstration else []


def _limits(result: StudyResult) -> list[str]:
    """Return what no figure may be read without."""
    estimated = ["Temps estimés sans routes : un ordre de grandeur."] if result.estimated else []
    return [*_invented(result.study), *estimated]
