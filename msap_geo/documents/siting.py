"""The sections of a report on what to open: candidates, plan, alternatives, money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msap_geo import french, siting
from msap_geo.answers.plan import WITHIN
from msap_geo.coverage import classify
from msap_geo.documents.access import curve, known
from msap_geo.documents.maps import map_figure, plan_map
from msap_geo.outputs.paper.chart import access_chart, bar_chart
from msap_geo.outputs.report import (
    Block,
    Column,
    Figure,
    Paragraph,
    Section,
    Table,
)
from msap_geo.siting.plan import OPTIMAL

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.answers.plan import Implantation
    from msap_geo.documents.parts import ReportParts

_CANDIDATES = 8


def candidates(parts: ReportParts) -> Section:
    """Tell the best candidates, each judged alone."""
    rating = parts.rating
    title = "Où ouvrir : les bureaux candidats"
    if rating.table.empty:
        kinds = ", ".join(parts.result.study.candidats.types)
        text = (
            f"Aucun candidat : la liste de La Poste n’a aucun point de ce genre ({kinds}) dans le "
            "territoire. Ni plan ni fiche ne peuvent être proposés."
        )
        return Section(title, (Paragraph(text),))
    weights = ", ".join(
        f"{siting.CRITERIA[name].title} {french.short(100 * weight)} %"
        for name, weight in rating.weights.items()
    )
    text = (
        f"{french.counted(len(rating.table), 'candidat')}. La note, de 0 à 100, rapporte chaque "
        f"critère au meilleur candidat, avec ces poids : {weights}. Elle juge chaque bureau seul : "
        "des voisins bien notés gagnent souvent les mêmes habitants."
    )
    shown = rating.table.head(_CANDIDATES)
    left = len(rating.table) - len(shown)
    note = (
        "Stabilité : part des tirages de poids où le bureau reste parmi "
        f"{french.the_first(rating.top)}. Robustesse : part des hypothèses (vitesse, seuil, heure) "
        "où il garde les quatre cinquièmes de son gain."
    )
    table = Table(
        "Les candidats les mieux notés",
        (
            Column("Rang", number=True),
            Column("Bureau"),
            Column("Commune"),
            Column("Note", number=True),
            Column(f"Gagnés à {parts.limit} min", number=True),
            Column("Gain moyen", number=True),
            Column("Robustesse", number=True),
            Column("Stabilité", number=True),
        ),
        tuple(
            (
                french.number(row["rang"]),
                row["nom"],
                parts.commune(row["code_insee"]),
                french.number(row["score"], 1),
                french.number(row["population_gagnee"]),
                french.minutes(row["minutes_gagnees"]),
                french.rate(known(row["robustesse"])),
                french.percent(known(row["stabilite"])),
            )
            for row in shown.to_dict("records")
        ),
        note=" ".join((note, french.others(left, "bureaux.csv (lancer --tout)"))).strip(),
    )
    return Section(title, (Paragraph(text), table))


def plan(parts: ReportParts) -> Section | None:
    """Tell the plan, what it brings and costs, and its near-equals."""
    found = parts.found
    if found is None:
        return None
    title = "Le plan proposé et ses alternatives"
    if not found.plan.sites:
        text = "Aucun bureau candidat ne rapproche quiconque : ouvrir n’apporterait rien."
        return Section(title, (Paragraph(text), *map(Paragraph, found.plan.remarks)))
    blocks: list[Block] = [
        Paragraph(_worth(parts, found)),
        *(Paragraph(remark, tone="note") for remark in found.plan.remarks),
        _sites(parts, found),
        *_frontier(parts, found),
        payers(found),
        Paragraph(" ".join(found.costs.remarks), tone="note"),
        *_pictures(parts, found),
    ]
    return Section(title, tuple(blocks))


def proof(found: Implantation) -> str:
    """Return how sure it is that no plan does better."""
    plan = found.plan
    if plan.status == OPTIMAL:
        return "aucun autre plan du même nombre de sites ne fait mieux (preuve complète)"
    return f"aucun plan ne fait mieux de plus de {french.gap(plan.gap)} ({plan.status})"


def _worth(parts: ReportParts, found: Implantation) -> str:
    share = parts.result.shares[0]
    newly, people = found.newly_covered, max(share.population, 1)
    places = french.counted(len(found.plan.sites), "site")
    value = french.quantity(found.plan.value, found.plan.unit)
    return (
        f"{places}, objectif « {found.plan.title} », les Maisons existantes restant ouvertes : "
        f"{french.people(newly)} de plus à {parts.limit} minutes, de "
        f"{french.percent(known(share.share))} à {french.percent((share.within + newly) / people)} "
        f"des habitants. Valeur du plan : {value} (aujourd’hui "
        f"{french.amount(found.plan.today, found.plan.unit)}) ; {proof(found)}."
    )


def _sites(parts: ReportParts, found: Implantation) -> Table:
    near = dict(tuple(found.others.groupby("site_id")))
    unit = found.plan.unit
    rows = []
    for row in found.sites().to_dict("records"):
        other = "–"
        if row["site_id"] in near:
            best = near[row["site_id"]].iloc[0]
            name = found.offices.loc[best["remplacant"], "nom"]
            lost = f"−{french.amount(best['perte'], unit)}" if best["perte"] else "sans perte"
            other = f"{name} ({lost})"
        rows.append(
            (
                french.number(row["rang"]),
                row["nom"],
                parts.commune(row["code_insee"]),
                french.amount(row["apport"], unit),
                french.euros(row["cout_cumule_eur"]),
                french.rate(known(row["part_des_plans_proches"])),
                other,
            )
        )
    count = len(found.alternatives)
    return Table(
        "Les bureaux proposés, dans l’ordre de ce qu’ils ajoutent",
        (
            Column("Rang", number=True),
            Column("Bureau"),
            Column("Commune"),
            Column("Apport", number=True),
            Column("Coût cumulé", number=True),
            Column("Plans proches", number=True),
            Column("Remplaçable par"),
        ),
        tuple(rows),
        note=f"Apport : {found.plan.unit}. Coût : par an, tous payeurs. Plans proches : part, "
        f"parmi {french.counted(count, 'plan')} à {french.percent(WITHIN, 0)} près, de ceux qui le "
        "tiennent. Remplaçant : le meilleur à ce pourcentage près, les autres sites restant, et ce "
        "que l’échange perd.",
    )


def _pictures(parts: ReportParts, found: Implantation) -> list[Block]:
    thresholds = parts.result.study.thresholds
    after = parts.minutes_with(found.plan.sites)
    names = ", ".join(f"{row.rang}. {row.nom}" for row in found.sites().itertuples())
    today = parts.result.access["minutes"]
    # The map last: a tall figure goes to the next page with room, and numbers stay in order.
    return [
        Figure(
            access_chart(
                (
                    curve(parts, "aujourd’hui", today),
                    curve(parts, "avec le plan", after, later=True),
                ),
                thresholds,
            ),
            "Part des habitants selon le temps de trajet, aujourd’hui et avec le plan",
            "Deux courbes cumulées : celle du plan est au-dessus de celle d’aujourd’hui.",
        ),
        map_figure(
            plan_map(found, classify(after, thresholds=thresholds), parts.origin.attributions),
            "Temps d’accès avec le plan, bureaux proposés et autres candidats",
            f"Carte des communes selon le temps d’accès une fois ouverts les bureaux : {names}.",
        ),
    ]


def _frontier(parts: ReportParts, found: Implantation) -> list[Block]:
    if found.frontier is None or found.frontier.empty:
        return []
    kept = found.frontier[found.frontier["efficace"]].drop_duplicates("nombre")
    kept = kept[kept["nombre"] > 0]
    if kept.empty:
        return []
    numbers = kept["nombre"].tolist()
    chosen = numbers.index(len(found.plan.sites)) if len(found.plan.sites) in numbers else None
    table = Table(
        "Avec plus ou moins de sites",
        (
            Column("Sites", number=True),
            Column("Coût par an", number=True),
            Column(f"Habitants gagnés à {parts.limit} min", number=True),
            Column("Par habitant gagné et par an", number=True),
        ),
        tuple(
            (
                french.number(row["nombre"]),
                french.euros(row["cout_eur"]),
                french.number(row["gagnes"]),
                french.euros(known(row["eur_par_habitant"])),
            )
            for row in kept.to_dict("records")
        ),
    )
    chart = Figure(
        bar_chart(
            [french.number(number) for number in numbers],
            kept["gagnes"].tolist(),
            xlabel="nombre de sites ouverts",
            chosen=chosen,
        ),
        f"Habitants gagnés à {parts.limit} min selon le nombre de sites",
        "Une barre par nombre de sites ; ses valeurs sont celles du tableau précédent.",
    )
    return [table, chart]


def payers(found: Implantation, sites: tuple[str, ...] | None = None) -> Table:
    """Return what sites cost, by payer and year; those of the plan by default."""
    chosen = list(found.plan.sites if sites is None else sites)
    year = found.result.study.couts.annee
    spent = siting.plan_costs(found.costs, found.offices.loc[chosen, "genre"], first_year=year)
    years = sorted(spent["annee"].unique()) or [year]
    lines = spent[["poste", "payeur"]].drop_duplicates().to_dict("records")

    def row(name: str, part: pd.DataFrame) -> tuple[str, ...]:
        by_year = part.groupby("annee")["montant_eur"].sum().reindex(years, fill_value=0.0)
        return (name, *map(french.euros, by_year), french.euros(float(by_year.sum())))

    rows = [
        row(
            line["payeur"][:1].upper()
            + line["payeur"][1:]
            + (", investissement" if line["poste"] == "investissement" else ""),
            spent[(spent["poste"] == line["poste"]) & (spent["payeur"] == line["payeur"])],
        )
        for line in lines
    ]
    return Table(
        f"Qui paie ({found.costs.title})",
        (
            Column("Payeur"),
            *(Column(str(each), number=True) for each in years),
            Column("Ensemble", number=True),
        ),
        (*rows, row("Ensemble", spent)),
        note=f"Source : {found.costs.source}.",
        total=True,
    )


def money(found: Implantation) -> str:
    """Return what the plan costs and who pays, for the first page."""
    year, chosen = found.result.study.couts.annee, list(found.plan.sites)
    spent = siting.plan_costs(found.costs, found.offices.loc[chosen, "genre"], first_year=year)
    cost = float(found.plan.curve["cout_eur"].iloc[-1])
    newly = found.newly_covered
    text = f"{french.euros(cost)} par an, tous payeurs confondus"
    if newly:
        price = siting.euros_per_person(found.plan, people_gained=newly)
        text += f", soit {french.euros(price)} par an et par habitant gagné"
    shares = spent.groupby("payeur", sort=False)["montant_eur"].sum()
    told = " ; ".join(f"{name}, {french.euros(amount)}" for name, amount in shares.items())
    last = year + found.costs.years - 1
    text += f". De {year} à {last} : {told} ({found.costs.title}, coûts moyens)."
    return f"{text}{_another_year(found)}"


def _another_year(found: Implantation) -> str:
    """Say why costs are of one year beside a network of another."""
    study = found.result.study
    network = re.findall(r"\b20\d\d\b", study.vintage("maisons"))
    if not network or int(network[-1]) == study.couts.annee:
        return ""
    return (
        f" Le réseau est celui de {network[-1]}, les coûts ceux de {study.couts.annee} : ce que "
        "ces ouvertures coûteraient si elles se faisaient alors."
    )
