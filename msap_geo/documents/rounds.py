"""The section of a report on services that come to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french, rounds
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.outputs.report import Block, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    from msap_geo.documents.parts import ReportParts

_LISTED = 30


def existing(parts: ReportParts) -> Section | None:
    """Tell whom the rounds that exist cover beside the Maisons; none where none exists."""
    if "couverture_territoires" not in parts.diagnosis.tables:
        return None
    table = parts.table("couverture_territoires")
    whole = table.iloc[0]
    moving = french.people(int(whole["habitants_itinerant"]))
    text = (
        f"{french.people(int(whole['habitants_permanent']))} ont une Maison à {parts.first} "
        f"minutes ou moins (couverture permanente) ; {moving} "
        "n’ont à cette distance qu’un arrêt de bus ou de permanence (couverture itinérante) ; "
        f"{french.people(int(whole['habitants_aucun']))} n’ont ni l’un ni l’autre. Une tournée ne "
        "fait pas disparaître une zone blanche : ses heures se comptent à part."
    )
    blocks: list[Block] = [Paragraph(text), _territories(parts)]
    if "evolution_couverture" in parts.diagnosis.tables:
        blocks.append(_since(parts))
    blocks += [_stops(parts), Paragraph(_limits(parts), tone="note")]
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


def _since(parts: ReportParts) -> Table:
    return Table(
        "Depuis la liste précédente",
        (
            Column("Avant"),
            Column("Maintenant"),
            Column("Communes", number=True),
            Column("Habitants", number=True),
        ),
        tuple(
            (
                row["couverture_avant"],
                row["couverture_apres"],
                french.number(row["nb_communes"]),
                french.number(row["population"]),
            )
            for row in parts.table("evolution_couverture").to_dict("records")
        ),
    )


def _stops(parts: ReportParts) -> Table:
    names = parts.result.communes.set_index("code_insee")["nom"]
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
                f"{rounds.clock(stop.opens)}–{rounds.clock(stop.closes)}",
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
