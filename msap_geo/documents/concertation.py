"""The document of a concertation: what each asks for, where they agree, who loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import french, place_names
from msap_geo.outputs.report import Block, Column, Document, Paragraph, Section, Table
from msap_geo.study.provenance import provenance_of

if TYPE_CHECKING:
    from msap_geo.answers.concertation import Concertation

_LOSERS = 12
_ENTRIES = 20


def concertation_document(found: Concertation, register: pd.DataFrame) -> Document:
    """Return the document of a concertation; nothing is computed that it does not hold.

    Parameters
    ----------
    found
        The opinions, measured.
    register
        The register, lengthened.

    Returns
    -------
    Document
        Ready to be rendered.
    """
    origin = provenance_of(found.result)
    return Document(
        title="Concertation : les choix de plusieurs, côte à côte",
        territory=origin.title,
        dated=" · ".join(part for part in (origin.territory, origin.date) if part),
        date=origin.moment.date(),
        software=origin.software,
        summary=tuple(Paragraph(line) for line in concertation_told(found)),
        sections=(
            Section("Où l’on s’accorde, où non", (_sites(found),)),
            Section("Ce que chaque choix coûte et couvre", (_choices(found),)),
            Section("Qui perd", _losers(found)),
            Section("Registre", (_register(register),)),
        ),
        warnings=origin.warnings,
        credits=origin.attributions,
    )


def concertation_told(found: Concertation) -> list[str]:
    """Return a concertation in a few sentences, for the screen and the first page."""
    n = len(found.opinions)
    rows = found.sites.to_dict("records")
    shared = [row for row in rows if row["nb_choix"] == n]
    rest = [row for row in rows if row["nb_choix"] < n]
    lines = []
    if n == 1:
        lines.append("Un seul choix : il n’y a rien à rapprocher.")
    elif not rest:
        lines.append("Tous demandent la même chose.")
    else:
        lines.append(f"Tous s’accordent sur {_named(shared)}." if shared else _NOTHING_SHARED)
        lines.append(f"Ils diffèrent sur {_named(rest, by=True)}.")
    lines += _twins(found)
    lines += [_told(row, found) for row in found.choices.to_dict("records")]
    if found.held:
        lines.append(f"Choix retenu : {found.held}.")
    return lines


def _twins(found: Concertation) -> list[str]:
    """Tell the opinions whose files are the same to the byte: one may have been given twice."""
    alike: dict[str, list[str]] = {}
    for opinion in found.opinions:
        alike.setdefault(opinion.choice.sha256, []).append(opinion.author)
    return [
        f"{french.listed(names)} : un même fichier, compté {len(names)} fois ; n’en garder qu’un "
        "s’il vient d’une seule personne."
        for sha256, names in alike.items()
        if sha256 and len(names) > 1
    ]


_NOTHING_SHARED = "Rien n’est demandé par tous."


def _named(rows: list[dict[str, Any]], *, by: bool = False) -> str:
    told = []
    for row in rows:
        what = "l’ouverture" if row["action"] == "ouvrir" else "la fermeture"
        who = f" ({row['demande_par']})" if by else ""
        told.append(f"{what} {place_names.of(row['nom'] or row['site_id'])}{who}")
    return " ; ".join(told)


def _told(row: dict[str, Any], found: Concertation) -> str:
    limit = french.short(found.result.study.threshold)
    asked = [
        french.counted(row[key], noun)
        for key, noun in (
            ("ouvertures", "ouverture"),
            ("fermetures", "fermeture"),
            ("arrets", "arrêt itinérant changé"),
        )
        if row[key]
    ]
    text = (
        f"{row['choix']} : {', '.join(asked)}, {french.people(row['gagnes'])} de plus à {limit} min"
    )
    if row["perdus"]:
        text += f", {french.people(row['perdus'])} de moins"
    if row["ouvertures"]:
        text += f", pour {french.euros(row['cout_eur'])} par an"
        text += (
            f" dont {french.euros(row['cout_etat_eur'])} de l’État" if row["cout_etat_eur"] else ""
        )
    if row["fermetures"]:
        text += f", {french.euros(row['epargne_eur'])} par an épargnés par ses fermetures"
    return f"{text}{_beside(row)}."


def _beside(row: dict[str, Any]) -> str:
    """Tell an opinion beside the plan of as many openings."""
    if pd.isna(row["ecart_au_plan"]):
        return ""
    gap, lost = int(row["ecart_au_plan"]), int(row["perdus_plan"])
    if not gap:
        text = " ; autant d’habitants à portée que le plan du même nombre"
    else:
        side = "de plus" if gap > 0 else "de moins"
        text = f" ; {french.people(abs(gap))} {side} que le plan du même nombre"
    if not lost:
        return text
    won = int(row["gagnes_plan"])
    gained = f", {french.counted(won, 'gagné')}" if won else ""
    return f"{text} ({french.counted(lost, 'perdu')}{gained})"


def _sites(found: Concertation) -> Table:
    many = len(found.opinions)
    return Table(
        "Ce que l’un ou l’autre demande",
        (
            Column("Action"),
            Column("Site"),
            Column("Demandé par", number=True),
            Column("Qui"),
            Column("Dans les plans", number=True),
            Column("Gagnés à lui seul", number=True),
        ),
        tuple(
            (
                row["action"],
                _place(row),
                f"{row['nb_choix']} sur {many}",
                row["demande_par"],
                french.number(row["nb_plans"]) if row["action"] == "ouvrir" else "–",
                french.number(
                    None if pd.isna(row["population_gagnee"]) else row["population_gagnee"]
                ),
            )
            for row in found.sites.to_dict("records")
        ),
        note="Dans les plans : nombre de choix dont le plan prouvé du même nombre tient ce bureau.",
    )


def _place(row: dict[str, Any]) -> str:
    """Return a site and its commune, said once where they have one name."""
    name, commune = row["nom"] or row["site_id"], row["commune"]
    return name if not commune or commune in name else f"{name}, {commune}"


def _choices(found: Concertation) -> Table:
    def cell(value: Any) -> str:
        return french.number(None if pd.isna(value) else float(value))

    limit = french.short(found.result.study.threshold)
    return Table(
        "Chaque choix, à côté du plan du même nombre d’ouvertures",
        (
            Column("Choix"),
            Column("Ouvre", number=True),
            Column("Ferme", number=True),
            Column("Coût par an", number=True),
            Column("Épargne par an", number=True),
            Column(f"À {limit} min", number=True),
            Column("Gagnent", number=True),
            Column("Perdent", number=True),
            Column("Avec le plan", number=True),
            Column("Écart", number=True),
        ),
        tuple(
            (
                row["choix"],
                cell(row["ouvertures"]),
                cell(row["fermetures"]),
                french.euros(row["cout_eur"]),
                french.euros(row["epargne_eur"]),
                cell(row["population_couverte"]),
                cell(row["gagnes"]),
                cell(row["perdus"]),
                cell(row["plan_couverte"]),
                cell(row["ecart_au_plan"]),
            )
            for row in found.choices.to_dict("records")
        ),
        note="Habitants. Le plan garde toutes les Maisons ouvertes. Coûts moyens des ouvertures "
        "et fonctionnement moyen que les fermetures épargnent, tous payeurs ; ce qu’une fermeture "
        "coûte elle-même n’est pas chiffré.",
    )


def _losers(found: Concertation) -> tuple[Block, ...]:
    table, limit = found.losers, french.short(found.result.study.threshold)
    if table.empty:
        return (Paragraph("Aucun trajet ne s’allonge, ni par rapport à aujourd’hui ni au plan."),)
    shown = table.sort_values(["passe_au_dela", "population"], ascending=False, kind="stable")
    shown = shown.head(_LOSERS)
    left = french.others(len(table) - len(shown), "concertation_perdants.csv")
    return (
        Table(
            "Communes dont le trajet est plus long",
            (
                Column("Choix"),
                Column("Comparé à"),
                Column("Commune"),
                Column("Habitants", number=True),
                Column("Trajet comparé", number=True),
                Column("Avec le choix", number=True),
                Column(f"Passe au-delà de {limit} min"),
            ),
            tuple(
                (
                    row["choix"],
                    row["compare_a"],
                    row["nom"],
                    french.number(row["population"]),
                    french.minutes(row["minutes_avant"]),
                    french.minutes(row["minutes_apres"]),
                    "oui" if row["passe_au_dela"] else "non",
                )
                for row in shown.to_dict("records")
            ),
            note=left,
        ),
    )


def _register(register: pd.DataFrame) -> Table:
    shown = register.tail(_ENTRIES)
    return Table(
        "Registre des avis et des décisions",
        (
            Column("Date"),
            Column("Objet"),
            Column("Auteur"),
            Column("Action"),
            Column("Site"),
            Column("Commune"),
        ),
        tuple(
            (
                _day(row["date"]),
                row["objet"],
                row["auteur"],
                row["action"],
                row["nom"],
                row["commune"],
            )
            for row in shown.to_dict("records")
        ),
        note=french.others(len(register) - len(shown), "registre.csv"),
    )


def _day(date: str) -> str:
    return "/".join(reversed(date.split("-")))
