"""The report in the order of the schéma départemental (SDAASaP): the same figures, rearranged.

Loi n° 2015-991 du 7 août 2015 (NOTRe), article 98: the schéma, drawn up for six years by the
préfet and the département, improves the accessibility of services to the public. Its usual seven
dimensions: time, availability, cost, level of service, choice, information, image.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.documents.access import known
from msap_geo.outputs.report import Block, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msap_geo.documents.parts import ReportParts

_NOT_MEASURED = "non mesuré ici : à renseigner par enquête"


def in_order(parts: ReportParts, by_name: Mapping[str, Section | None]) -> list[Section]:
    """Return the sections of a report in the order of the schéma.

    Parameters
    ----------
    parts
        What the report is made of.
    by_name
        Sections of the report, by the name of the function that composes each.

    Returns
    -------
    list of Section
        The seven dimensions, the diagnosis, the objectives, the yearly indicators, the annexes.
    """
    groups: Sequence[tuple[str, Sequence[str]]] = (
        (
            "Diagnostic",
            (
                "access",
                "zones",
                "people",
                "ahead",
                "season",
                "without_car",
                "itinerant",
                "attendance",
                "rules",
            ),
        ),
        (
            "Objectifs",
            ("candidates", "plan", "fiches", "adapted", "longer", "basket", "designed", "robust"),
        ),
    )
    told = [Section("Les sept dimensions de l’accessibilité", _dimensions(parts))]
    kept = []
    for prefix, names in groups:
        for name in names:
            section = by_name.get(name)
            kept.append(name)
            if section is not None:
                # One colon a title: what the diagnosis puts after its own follows a comma.
                own = section.title.replace(" : ", ", ", 1)
                title = f"{prefix} : {own[:1].lower()}{own[1:]}"
                told.append(Section(title, section.blocks, new_page=section.new_page))
    told.append(Section("Indicateurs à suivre chaque année", _indicators(parts)))
    told += [
        section for name, section in by_name.items() if name not in kept and section is not None
    ]
    return told


def _dimensions(parts: ReportParts) -> tuple[Block, ...]:
    share = parts.result.shares[0]
    whole = parts.table("acces_territoires").iloc[0]
    week = parts.table("demi_journees").set_index("moment").loc["semaine"]
    hours = week["heures_moyennes"]
    maisons = parts.result.maisons
    told = int(maisons["horaires"].notna().sum()) if "horaires" in maisons else 0
    time = (
        f"{french.percent(known(share.share))} des habitants à {parts.limit} min ou moins ; temps "
        f"médian {french.minutes(whole['minutes_medianes'])}"
    )
    way = f"{french.kilometres(_mean_km(parts))} à l’aller en moyenne, pour qui a un trajet"
    published = f"{french.counted(told, 'Maison')} sur {french.number(len(maisons))}"
    rows = (
        ("Temps d’accès", time),
        (
            "Disponibilité",
            (
                "horaires inconnus"
                if math.isnan(hours)
                else f"{french.number(hours, 1)} h ouvertes par semaine et par habitant à portée"
            )
            + _without_waiting(parts),
        ),
        ("Coût", way),
        ("Niveau de service", f"genres comptés : {', '.join(parts.result.study.maisons.types)}"),
        ("Possibilité de choisir", _choice(parts)),
        ("Information", f"{published} aux horaires publiés et lisibles"),
        ("Image", _NOT_MEASURED),
    )
    return (
        Table(
            "Ce que l’étude dit de chaque dimension",
            (Column("Dimension"), Column("Ce qui est mesuré aujourd’hui")),
            rows,
        ),
    )


def _without_waiting(parts: ReportParts) -> str:
    """Say who has a whole basket without waiting for days, where the study knows waits."""
    basket = parts.decisions.basket
    if basket is None or not basket.services["jours_attente"].gt(0).any():
        return ""
    days = french.short(parts.result.study.panier.attente_max_jours)
    share = known(basket.territories.iloc[0]["part_sans_attendre"])
    return (
        f" ; {french.percent(share)} des habitants ont tout le panier à {parts.limit} min sans "
        f"attendre plus de {days} j"
    )


def _mean_km(parts: ReportParts) -> float | None:
    access = parts.result.access
    there = access["km"].notna() & (access["population"] > 0)
    people = access.loc[there, "population"]
    return float((access.loc[there, "km"] * people).sum() / people.sum()) if people.sum() else None


def _choice(parts: ReportParts) -> str:
    table = parts.table("recours")
    table = table[table["seuil"] == parts.result.study.threshold]
    count = table["maisons"].astype(str)
    within = table[count != "0"]["population"].sum()
    one = table[count == "1"]["population"].sum()
    return (
        f"{french.people(int(within - one))} ont plusieurs Maisons à portée, "
        f"{french.people(int(one))} une seule"
    )


def _indicators(parts: ReportParts) -> tuple[Block, ...]:
    found = parts.found
    rows = []
    for share in parts.result.shares:
        limit = french.short(share.threshold)
        after = "–"
        if found is not None and found.plan.sites and share is parts.result.shares[0]:
            after = french.number(share.beyond - found.newly_covered)
        rows.append((f"Habitants à plus de {limit} min", french.number(share.beyond), after))
    zones = french.number(len(parts.result.zones))
    rows.append((f"Zones blanches à {parts.limit} min", zones, "–"))
    week = parts.table("demi_journees").set_index("moment").loc["semaine"]
    hours = french.number(known(week["heures_moyennes"]), 1)
    rows.append(("Heures ouvertes à portée, par semaine et par habitant", hours, "–"))
    rows.append(("Maisons", french.number(len(parts.result.maisons)), _more(parts)))
    return (
        Paragraph(
            "Chaque année, relancer l’étude avec la liste de l’année puis « msap-geo comparer » : "
            "ces indicateurs sont dans resume.json."
        ),
        Table(
            "Indicateurs",
            (
                Column("Indicateur"),
                Column("Aujourd’hui", number=True),
                Column("Avec le plan", number=True),
            ),
            tuple(rows),
        ),
    )


def _more(parts: ReportParts) -> str:
    if parts.found is None:
        return "–"
    return french.number(len(parts.result.maisons) + len(parts.found.plan.sites))
