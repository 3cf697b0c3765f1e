"""The section of a report on those who have no car."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import coverage, french
from msap_geo.answers.mobility import timetable_in_words, why_unmeasured
from msap_geo.documents.access import known
from msap_geo.outputs.report import Block, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.documents.parts import ReportParts

_GROUPS = {
    "population": "Habitants",
    "menages_sans_voiture": "Ménages sans voiture",
    "habitants_75_plus": "Personnes de 75 ans ou plus",
    "habitants_65_plus": "Personnes de 65 ans ou plus",
}
_LISTED = 8


def without_car(parts: ReportParts) -> Section | None:
    """Tell who can go to a Maison and come back the same day without a car; none without a feed.

    A feed that could not be used is a section too: who gave one must learn what is missing.
    """
    cannot = why_unmeasured(parts.diagnosis.anomalies)
    if cannot:
        return Section("Sans voiture", (Paragraph(f"Non mesuré : {cannot}.", tone="note"),))
    if "mobilite_territoires" not in parts.diagnosis.tables:
        return None
    found = parts.table("mobilite_territoires")
    whole = found[found["zonage"] == "ensemble"].set_index("groupe")
    blocks: list[Block] = [Paragraph(_sentence(parts, whole)), _who(whole), _days(parts)]
    zones = parts.table("zones_sans_voiture")
    if len(zones):
        blocks.append(_zones(parts, zones))
    moved = parts.table("mobilite_horaires")
    gained = moved[moved["nb_communes"] > 0].head(_LISTED)
    if len(gained):
        blocks.append(_hours(gained))
    runs = parts.table("mobilite_retours").head(_LISTED)
    if len(runs):
        blocks.append(_runs(runs))
    asked = parts.result.study.mobilite
    blocks.append(
        Paragraph(
            f"Horaires : {timetable_in_words(parts.result.study)}. Aller et retour de la mairie à "
            f"une Maison ouverte, {french.short(asked.sur_place_minutes)} minutes d’affilée sur "
            "place, "
            f"{french.short(asked.trajet_max_minutes)} minutes au plus par trajet, "
            f"{french.short(asked.marche_max_minutes)} à pied ou à vélo à chaque bout.",
            tone="note",
        )
    )
    return Section("Sans voiture", tuple(blocks))


def reach_without_car(parts: ReportParts, site_id: str) -> tuple[tuple[str, str], ...]:
    """Return the line of a candidate's page on those who have no car; none without a feed."""
    tables = parts.diagnosis.tables
    if "mobilite_candidats" not in tables:
        return ()
    row = tables["mobilite_candidats"].set_index("site_id").loc[site_id]
    days = int(row["jours_sans_voiture"])
    reach = f"{french.counted(days, 'jour')} de la période" if days else "d’aucune autre commune"
    gained = int(row["nb_communes"])
    more = f" ; seule solution de {french.counted(gained, 'commune')}" if gained else ""
    return (("À portée sans voiture", f"{reach}{more}"),)


def _sentence(parts: ReportParts, whole: pd.DataFrame) -> str:
    people = whole.loc["population"]
    lost = french.people(round(people["effectif_sans_solution"]))
    text = (
        f"{french.percent(known(people['part_servie']))} des habitants vivent dans une commune "
        "d’où l’on peut, un jour au moins de la période, aller à une Maison sans voiture, y être "
        f"reçu et rentrer le même jour ; {french.percent(known(people['part_voiture']))} sont à "
        f"{parts.limit} minutes ou moins en voiture. Aucun jour ne convient à {lost}."
    )
    if "menages_sans_voiture" in whole.index:
        homes = whole.loc["menages_sans_voiture", "effectif_sans_solution"]
        counted = french.counted(round(homes), "ménage")
        text += f" Sans voiture et sans solution : {counted} (au sens de l’INSEE)."
    return text


def _who(whole: pd.DataFrame) -> Table:
    modes = [mode for mode in coverage.MODES if f"part_{mode}" in whole]
    short = {"pied": "À pied", "velo": "À vélo", "car": "Car et pied", "car_velo": "Car et vélo"}
    return Table(
        "Part de chaque public dont la commune a un jour au moins, par moyen",
        (
            Column("Public"),
            Column("Effectif connu", number=True),
            *(Column(short[mode], number=True) for mode in modes),
            Column("L’un ou l’autre", number=True),
            Column("Sans solution", number=True),
        ),
        tuple(
            (
                words,
                french.number(whole.loc[name, "effectif"]),
                *(french.percent(known(whole.loc[name, f"part_{mode}"])) for mode in modes),
                french.percent(known(whole.loc[name, "part_servie"])),
                french.number(whole.loc[name, "effectif_sans_solution"]),
            )
            for name, words in _GROUPS.items()
            if name in whole.index
        ),
        note="Les jours en car comprennent ceux où la marche, ou le vélo, suffit.",
    )


def _days(parts: ReportParts) -> Table:
    communes = parts.table("mobilite_communes")
    by = communes.groupby("jours_sans_voiture")["population"].agg(["size", "sum"])
    return Table(
        "Combien de jours de la période",
        (
            Column("Jours", number=True),
            Column("Communes", number=True),
            Column("Habitants", number=True),
        ),
        tuple(
            (french.number(days), french.number(row["size"]), french.number(row["sum"]))
            for days, row in by.iterrows()
        ),
        note="Le meilleur jour de chaque commune, en mots : diagnostic_mobilite_communes.csv.",
    )


def _zones(parts: ReportParts, zones: pd.DataFrame) -> Table:
    rest = len(zones) - _LISTED
    return Table(
        "Zones blanches sans voiture : communes d’un seul tenant où aucun jour ne convient",
        (
            Column("N°"),
            Column("Autour de"),
            Column("Communes", number=True),
            Column("Habitants", number=True),
        ),
        tuple(
            (
                str(zone.rang),
                parts.commune(zone.zone_id.removeprefix("SV-")),
                french.number(zone.nb_communes),
                french.number(zone.population),
            )
            for zone in zones.head(_LISTED).itertuples()
        ),
        note=french.others(rest, "diagnostic_zones_sans_voiture.csv"),
    )


def _hours(gained: pd.DataFrame) -> Table:
    return Table(
        "Une heure de décalage qui servirait d’autres communes",
        (
            Column("Maison"),
            Column("Toutes ses heures"),
            Column("Communes gagnées", number=True),
            Column("Habitants", number=True),
            Column("Communes perdues", number=True),
        ),
        tuple(
            (
                row.nom,
                "une heure plus tôt" if row.decalage_minutes < 0 else "une heure plus tard",
                french.number(row.nb_communes),
                french.number(row.population),
                french.number(row.nb_communes_perdues),
            )
            for row in gained.itertuples()
        ),
        note="Communes qui n’ont aucune autre solution, chaque Maison prise seule.",
    )


def _runs(runs: pd.DataFrame) -> Table:
    return Table(
        "Un retour de plus qui ramènerait des communes d’où l’on ne peut que partir",
        (
            Column("Ligne"),
            Column("De"),
            Column("À"),
            Column("À partir de", number=True),
            Column("Communes", number=True),
            Column("Habitants", number=True),
        ),
        tuple(
            (
                row.ligne_car,
                row.arret_depart,
                row.arret_arrivee,
                row.depart,
                french.number(row.nb_communes),
                french.number(row.population),
            )
            for row in runs.itertuples()
        ),
        note="Une course de plus d’une ligne existante, sans changement, le premier jour possible.",
    )
