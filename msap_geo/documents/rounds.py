"""The section of a report on services that come to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french, french_hours, rounds
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.documents.passages import passages
from msap_geo.outputs.report import (
    Block,
    Bullets,
    Column,
    Document,
    KeyFigures,
    Paragraph,
    Section,
    Table,
)
from msap_geo.study import provenance_of

if TYPE_CHECKING:
    from msap_geo.answers import Rounds
    from msap_geo.documents.parts import ReportParts

_LISTED = 30
_LEFT = 20

_COVERS = ("permanent", "itinerant", "aucun")


def existing(parts: ReportParts) -> Section | None:
    """Tell whom the rounds that exist cover beside the Maisons; none where none exists."""
    if "couverture_territoires" not in parts.diagnosis.tables:
        return None
    table = parts.table("couverture_territoires")
    whole = table.iloc[0]
    served = {name: french.people(int(whole[f"habitants_{name}"])) for name in _COVERS}
    text = (
        f"Couverture permanente, une Maison à {parts.limit} minutes ou moins : "
        f"{served['permanent']} ; itinérante, seulement un arrêt de bus ou de permanence à cette "
        f"distance : {served['itinerant']} ; aucune : {served['aucun']}. Une tournée ne fait pas "
        "disparaître une zone blanche : ses heures se comptent à part."
    )
    blocks: list[Block] = [Paragraph(text), _territories(parts)]
    if "evolution_couverture" in parts.diagnosis.tables:
        since = parts.table("evolution_couverture")
        blocks.append(passages("Depuis la liste précédente", since, by="couverture"))
    if parts.result.stops:
        blocks += [_stops(parts), Paragraph(_limits(parts), tone="note")]
    if parts.result.planned:
        more = french.counted(len(parts.result.planned), "arrêt en projet")
        told = f"{more}, que rien ne compte ici : la carte permet de les simuler."
        blocks.append(Paragraph(told, tone="note"))
    return Section("Les services qui viennent aux habitants", tuple(blocks))


def _territories(parts: ReportParts) -> Table:
    table = parts.table("couverture_territoires")
    shown = table[table["zonage"] == "departement"]
    rows = [*shown.to_dict("records"), table.iloc[0].to_dict()]
    return Table(
        "Couverture permanente, itinérante, aucune",
        (
            Column("Territoire"),
            Column("Permanent", number=True),
            Column("Itinérant", number=True),
            Column("Aucun", number=True),
            Column("Heures permanentes", number=True),
            Column("Heures itinérantes", number=True),
        ),
        tuple(
            (
                row["nom"],
                french.number(row["habitants_permanent"]),
                french.number(row["habitants_itinerant"]),
                french.number(row["habitants_aucun"]),
                french.number(row["heures_permanentes"], 1),
                french.number(row["heures_itinerantes"], 1),
            )
            for row in rows
        ),
        note="Habitants ; heures par semaine à portée, moyenne par habitant. Par EPCI dans "
        "diagnostic_couverture_territoires.csv.",
        total=True,
    )


def _stops(parts: ReportParts) -> Table:
    names = parts.result.places.communes.set_index("code_insee")["nom"]
    stops = parts.result.stops
    left = len(stops) - _LISTED
    return Table(
        "Arrêts comptés",
        (Column("Véhicule"), Column("Jour"), Column("Commune"), Column("Horaires")),
        tuple(
            (
                stop.vehicle,
                WEEKDAYS[stop.weekday] + (f", semaine {stop.week}" if stop.week else ""),
                str(names[stop.code_insee]),
                french_hours.span(rounds.clock(stop.opens), rounds.clock(stop.closes)),
            )
            for stop in stops[:_LISTED]
        ),
        note=f"Et {french.counted(left, 'autre arrêt')}." if left > 0 else "",
    )


def _limits(parts: ReportParts) -> str:
    told = "Un arrêt est pris à la mairie de sa commune."
    alone = [a for a in parts.result.anomalies if a.code == "tournee-une-adresse"]
    if alone:
        told += (
            f" {french.counted(len(alone), 'Maison itinérante')} : la liste n’en donne qu’une "
            "adresse, comptée comme un seul arrêt aux heures de la liste ; c’est trop à cet "
            "endroit, et rien ailleurs."
        )
    return told


def designed(parts: ReportParts) -> Section | None:
    """Tell the rounds a study asks for: whom they serve, the week, the proof, the cost."""
    found = parts.decisions.designed
    if found is None:
        return None
    vehicles = french.counted(found.asked.vehicles, "véhicule")
    hours = french.short(found.plan.weekly_hours, 1)
    lead = (
        f"{vehicles}, {hours} h ouvertes par semaine ({found.asked.frequency}), pour les communes "
        f"à plus de {parts.limit} minutes d’une Maison. "
    )
    blocks = (
        Paragraph(lead + _worth(found)),
        _week(found),
        _cost(found),
        *_left(found),
        Bullets((*found.remarks, *found.costs.remarks)),
    )
    return Section("Des tournées pour qui reste loin", blocks)


def rounds_document(found: Rounds) -> Document:
    """Compose the report of designed rounds: the week, its worth and proof, its cost, who is left.

    Parameters
    ----------
    found
        What :func:`msap_geo.answers.design_rounds` found.
    """
    plan, people = found.plan, int(found.people.sum())
    summary = KeyFigures(
        (
            (
                french.number(int(plan.value)),
                f"habitants servis, selon leurs heures, sur {french.number(people)}",
            ),
            (french.number(plan.weekly_hours, 1), "heures ouvertes par semaine"),
            (french.euros(sum(found.yearly_eur.values())), "par an"),
        )
    )
    sections = (
        Section("La semaine", (_week(found),)),
        Section("Ce que le plan vaut", (Paragraph(_worth(found)),)),
        Section("Ce qu’il coûte", (_cost(found),)),
        Section("Qui reste sans arrêt à portée", _left(found)),
        Section("À savoir", (Bullets((*found.remarks, *found.costs.remarks)),)),
    )
    return _document(found, "Tournées de services publics", (summary,), sections)


def _document(
    found: Rounds, title: str, summary: tuple[Block, ...], sections: tuple[Section, ...]
) -> Document:
    origin = provenance_of(found.result)
    return Document(
        title=title,
        territory=origin.title,
        dated=" · ".join(part for part in (origin.territory, origin.date) if part),
        date=origin.moment.date(),
        software=origin.software,
        summary=summary,
        sections=sections,
        warnings=origin.warnings,
        credits=tuple(line for line in (origin.vintages, *origin.attributions) if line),
    )


def _when(found: Rounds, day: str, week: int) -> str:
    return f"{day}, semaine {week}" if found.plan.work.weeks > 1 else day


def _week(found: Rounds) -> Table:
    return Table(
        "Arrêts, dans l’ordre de la semaine",
        (
            Column("Véhicule"),
            Column("Jour"),
            Column("Commune"),
            Column("Ouvert"),
            Column("Route avant", number=True),
            Column("Habitants à portée", number=True),
        ),
        tuple(
            (
                row["vehicule"],
                _when(found, row["jour"], row["semaine"]),
                row["nom"],
                f"{row['arrivee']}–{row['depart']}",
                french.minutes(row["minutes_depuis_precedent"]),
                french.number(row["habitants_a_portee"]),
            )
            for row in found.stops().to_dict("records")
        ),
        note="Temps de route à la minute, sur le réseau de l’étude ; un arrêt coupé par la pause "
        "fait deux lignes.",
    )


def _worth(found: Rounds) -> str:
    plan = found.plan
    return (
        f"{french.people(int(plan.value))} servis, chaque commune comptant selon ses heures "
        "(une heure et demie par semaine vaut la moitié de ses habitants, une demi-journée les "
        f"trois quarts, un jour la totalité) ; {french.people(found.within_reach)} ont un arrêt à "
        f"{french.short(found.threshold)} minutes ou moins. Aucun plan qui respecte les mêmes "
        f"règles n’en sert plus de {french.number(round(plan.bound))} : il manque au plus "
        f"{french.percent(plan.gap, 1)}. Un plan fait à la main, arrêt par arrêt, en servirait "
        f"{french.number(int(plan.greedy_value))}."
    )


def _cost(found: Rounds) -> Table:
    names = {"equipe_eur": "Équipes", "route_eur": "Route", "vehicule_eur": "Véhicules"}
    rows = [(names[name], french.euros(value)) for name, value in found.yearly_eur.items()]
    rows.append(("Ensemble", french.euros(sum(found.yearly_eur.values()))))
    co2 = french.number(found.yearly_km * found.costs.co2_kg / 1000, 1)
    return Table(
        "Coût par an",
        (Column("Poste"), Column("Par an", number=True)),
        tuple(rows),
        note=f"{french.number(found.yearly_km)} km par an, {co2} t de CO2 équivalent.",
        total=True,
    )


def _left(found: Rounds) -> tuple[Block, ...]:
    left = found.unserved()
    if left.empty:
        return (Paragraph("Personne : toutes les communes ont un arrêt à portée."),)
    shown = left.head(_LEFT)
    more = len(left) - len(shown)
    people = french.people(int(left["population"].sum()))
    return (
        Paragraph(f"{people} dans {french.counted(len(left), 'commune')}."),
        Table(
            "Communes sans arrêt à portée, les plus peuplées d’abord",
            (Column("Commune"), Column("Habitants", number=True)),
            tuple((row.nom, french.number(row.population)) for row in shown.itertuples()),
            note=f"Et {french.counted(more, 'autre')}." if more else "",
        ),
    )
