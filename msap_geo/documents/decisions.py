"""The sections of a report on what changes of what exists: offices, hours, services together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french, french_hours
from msap_geo.answers import departure_in_words
from msap_geo.documents.access import known
from msap_geo.outputs.report import Block, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.answers import AdaptedNetwork, Basket, LongerOpening
    from msap_geo.documents.parts import ReportParts

_TRANSFORMED = 30
_FARTHER = 15
_MOVES = 8
_RULES = ("la-poste-et", "service-universel-dep")


def adapted(parts: ReportParts) -> Section | None:
    """Tell which offices may be transformed, who is farther, and what is left of the law."""
    found = parts.decisions.adapted
    if found is None:
        return None
    blocks: list[Block] = [Paragraph(found.worth[:1].upper() + found.worth[1:])]
    blocks.append(Paragraph(_mayors(found), tone="note"))
    blocks.append(_departure(found))
    blocks.append(_transformations(found))
    if len(found.farther):
        blocks.append(_farther(found))
    blocks += _margins(found)
    blocks.append(_curve(found))
    return Section("Adapter le réseau postal", tuple(blocks))


def _departure(found: AdaptedNetwork | Basket | LongerOpening) -> Paragraph:
    told = departure_in_words(found.result, by_cell=found.by_cell)
    return Paragraph(f"{told[:1].upper()}{told[1:]}.", tone="note")


def _mayors(found: AdaptedNetwork) -> str:
    told = (
        "Une agence ou un relais n’est pas une fermeture : le point de contact reste. Chaque "
        "transformation demande l’accord préalable du maire (contrat de présence postale "
        "2023–2025, prolongé jusqu’à fin 2026)."
    )
    if found.refused:
        refused = french.counted(len(found.refused), "refus")
        told += f" {refused} déjà donnés retirent leur bureau du choix."
    if not found.by_cell:
        told += (
            " De la mairie, le second bureau d’une commune n’est le plus proche de personne, et le "
            "transformer paraît gratuit à tort."
        )
    if found.carrying:
        carrying = french.counted(len(found.carrying), "bureau")
        told += f" Gardés parce qu’une Maison y est, qui partirait avec eux : {carrying}."
    return told


def _transformations(found: AdaptedNetwork) -> Table:
    table = found.transformations
    left = len(table) - _TRANSFORMED
    return Table(
        "Bureaux à transformer, du moins au plus dommageable",
        (
            Column("Bureau"),
            Column("Commune"),
            Column("Devient"),
            Column("Accord du maire"),
            Column("Perte", number=True),
        ),
        tuple(
            (row.nom, row.commune, row.devient, row.accord_maire, french.number(row.perte))
            for row in table.head(_TRANSFORMED).itertuples()
        ),
        note="Perte : habitants × minutes qu’on épargne en renonçant à cette seule transformation."
        + (f" {french.others(left, 'adaptation.json')}" if left > 0 else ""),
    )


def _farther(found: AdaptedNetwork) -> Table:
    table = found.farther.sort_values(
        ["population", "code_insee"], ascending=[False, True], ignore_index=True
    )
    left = len(table) - _FARTHER
    return Table(
        "Qui est plus loin qu’avant",
        (
            Column("Commune"),
            Column("D’un"),
            Column("Habitants", number=True),
            Column("Avant", number=True),
            Column("Après", number=True),
        ),
        tuple(
            (
                row.nom,
                "bureau" if row.service == "bureau" else "point de contact",
                french.number(row.population),
                french.minutes(row.minutes_avant),
                french.minutes(row.minutes_apres),
            )
            for row in table.head(_FARTHER).itertuples()
        ),
        note="Moyennes de ces habitants."
        + (f" {french.others(left, 'adaptation.json')}" if left > 0 else ""),
    )


def _margins(found: AdaptedNetwork) -> list[Block]:
    table = found.margins
    own = table["regle"].isin([rule.nom for rule in found.result.study.adaptation.regles])
    law = table["regle"].str.startswith(_RULES) & (table["distance"] != "route")
    table = table[(own | law) & (table["unite"] == "part") & table["marge"].notna()]
    if table.empty:
        return []
    return [
        Table(
            "Ce qui reste de la loi et des règles de l’étude"
            if own.any()
            else "Ce qui reste de la loi",
            (
                Column("Règle"),
                Column("Territoire" if own.any() else "Département"),
                Column("Avant", number=True),
                Column("Après", number=True),
                Column("Verdict"),
            ),
            tuple(
                (
                    row.titre,
                    row.nom,
                    french.people(int(row.marge_avant)),
                    french.people(int(row.marge)),
                    row.verdict,
                )
                for row in table.itertuples()
            ),
            note="Marge : habitants qui peuvent encore passer au-delà avant que la règle ne rompe.",
        )
    ]


def _curve(found: AdaptedNetwork) -> Table:
    return Table(
        "Avec moins de transformations",
        (
            Column("Transformations", number=True),
            Column("Économie par an", number=True),
            Column("Habitants × minutes", number=True),
        ),
        tuple(
            (
                french.number(row.nombre),
                french.euros(row.economie_eur),
                french.number(row.valeur),
            )
            for row in found.curve.itertuples()
        ),
    )


def longer(parts: ReportParts) -> Section | None:
    """Tell which half-days to add, the weeks before and after, and what moving one gains."""
    found = parts.decisions.longer
    if found is None:
        return None
    blocks: list[Block] = [Paragraph(found.worth), _departure(found)]
    if found.unknown:
        unknown = french.counted(len(found.unknown), "Maison")
        blocks.append(Paragraph(f"Horaires inconnus, comptés pour rien : {unknown}.", tone="note"))
    if len(found.additions):
        blocks += [_additions(found), _weeks(found)]
    if len(found.moves):
        blocks.append(_moves(found.moves))
    return Section("Ouvrir plus longtemps, ou à un autre moment", tuple(blocks))


def _additions(found: LongerOpening) -> Table:
    return Table(
        "Demi-journées à ajouter",
        (
            Column("Rang", number=True),
            Column("Maison"),
            Column("Quand"),
            Column("Habitants", number=True),
        ),
        tuple(
            (
                french.number(row.rang),
                row.nom,
                f"{row.jour} {row.demi_journee}, {row.debut}–{row.fin}",
                french.number(row.habitants),
            )
            for row in found.additions.itertuples()
        ),
        note="Habitants : sans Maison ouverte à portée à ce moment, avant cet ajout.",
    )


def _weeks(found: LongerOpening) -> Table:
    return Table(
        "Semaines avant et après",
        (Column("Maison"), Column("Avant"), Column("Après"), Column("Label")),
        tuple(
            (
                row.nom,
                french_hours.hours(row.horaires_avant),
                french_hours.hours(row.horaires_apres),
                "24 h sur cinq jours" if row.label_apres else "sous le label",
            )
            for row in found.weeks.itertuples()
        ),
    )


def _moves(moves: pd.DataFrame) -> Table:
    return Table(
        "Sans une heure de plus : déplacer une demi-journée",
        (
            Column("Maison"),
            Column("Quitter"),
            Column("Ouvrir"),
            Column("Gagnent", number=True),
            Column("Perdent", number=True),
        ),
        tuple(
            (
                row.nom,
                f"{row.jour_quitte} {row.demi_journee_quittee}",
                f"{row.jour} {row.demi_journee}, {row.debut}–{row.fin}",
                french.number(row.habitants),
                french.number(row.habitants_perdus),
            )
            for row in moves.head(_MOVES).itertuples()
        ),
        note="Chaque échange est jugé seul ; deux échanges ne s’additionnent pas toujours.",
    )


_LACKING = 15


def basket(parts: ReportParts) -> Section | None:
    """Tell who has all the services of the basket, which is missing, and where to add one."""
    found = parts.decisions.basket
    if found is None:
        return None
    blocks: list[Block] = [
        Paragraph(_whole_basket(parts, found)),
        _departure(found),
        _services(parts, found),
    ]
    lacking = found.communes[found.communes["habitants_sans"] > 0].sort_values(
        ["habitants_sans", "code_insee"], ascending=[False, True]
    )
    if len(lacking):
        blocks.append(_lacking(lacking))
    if len(found.one_more):
        blocks.append(_one_more(found))
    for row in found.plan_sites.itertuples():
        text = (
            f"{row.nom} ({row.commune}), en réunissant {row.services_manquants}, compléterait le "
            f"panier de {french.people(row.habitants)} de plus."
        )
        blocks.append(Paragraph(text, lead="Le couteau suisse."))
    return Section("Plusieurs services à la fois", tuple(blocks))


def _whole_basket(parts: ReportParts, found: Basket) -> str:
    whole = found.territories.iloc[0]
    told = " ; ".join(
        f"à {french.short(threshold)} min, {french.people(whole[f'complets_{threshold:g}'])} "
        f"({french.percent(known(whole[f'part_complets_{threshold:g}']))})"
        for threshold in parts.result.study.thresholds
    )
    text = f"Habitants qui ont tous les services du panier : {told}."
    if found.services["jours_attente"].gt(0).any():
        days = french.short(parts.result.study.panier.attente_max_jours)
        text += (
            f" Sans attendre un rendez-vous plus de {days} jours, à {parts.limit} min : "
            f"{french.percent(known(whole['part_sans_attendre']))}."
        )
    return text


def _services(parts: ReportParts, found: Basket) -> Table:
    first = parts.first
    return Table(
        "Les services du panier",
        (
            Column("Service"),
            Column("Sites", number=True),
            Column("Temps moyen", number=True),
            Column(f"À {parts.limit} min", number=True),
            Column("Attente (jours)", number=True),
        ),
        tuple(
            (
                row["service"],
                french.number(row["nb_sites"]),
                french.minutes(known(row["minutes_moyennes"])),
                french.percent(known(row[f"part_{first}"])),
                french.number(known(row["jours_attente"]), 1),
            )
            for row in found.services.to_dict("records")
        ),
        note="Temps d’un site à l’autre non compté : chaque service est pris depuis chez soi.",
    )


def _lacking(lacking: pd.DataFrame) -> Table:
    left = len(lacking) - _LACKING
    return Table(
        "Ce qui manque, communes où cela touche le plus d’habitants",
        (Column("Commune"), Column("Manque"), Column("Habitants", number=True)),
        tuple(
            (row.nom, row.manque, french.number(row.habitants_sans))
            for row in lacking.head(_LACKING).itertuples()
        ),
        note=french.others(left, "panier.json") if left > 0 else "",
    )


def _one_more(found: Basket) -> Table:
    return Table(
        "Un service de plus, là où il complète le plus de paniers",
        (Column("Lieu"), Column("Commune"), Column("Service"), Column("Complète", number=True)),
        tuple(
            (row.nom, row.commune, row.service, french.number(row.habitants))
            for row in found.one_more.head(_MOVES).itertuples()
        ),
        note="Habitants à qui il ne manque que ce service, et à portée de ce lieu.",
    )
