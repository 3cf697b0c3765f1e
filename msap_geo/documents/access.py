"""The sections of a report on its data and on access today."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo import french
from msap_geo.answers.truth.insee import reasons, spread_of
from msap_geo.cautions import expected_in_words
from msap_geo.coverage import conventions
from msap_geo.documents.maps import access_map, map_figure
from msap_geo.outputs.paper.chart import Curve, access_chart
from msap_geo.outputs.report import (
    Block,
    Bullets,
    Column,
    Figure,
    Paragraph,
    Section,
    Table,
)
from msap_geo.study.roles import ROLES
from msap_geo.study.times.profiles import profiles_table
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.documents.parts import ReportParts

_EPCIS = 6


def method(parts: ReportParts) -> Section:
    """Tell how the figures were found, and what they do not say."""
    origin = parts.origin
    return Section(
        "Méthode et limites",
        (
            Paragraph(origin.method),
            Paragraph(
                "Les seuils sont inclus : un trajet de "
                f"{french.number(parts.result.study.threshold)} minutes exactement est à portée. "
                "Une commune sans trajet reste dans tous les tableaux et compte au-delà de tous "
                "les seuils : les habitants à portée et au-delà font toujours la population."
            ),
            Bullets(origin.limits),
        ),
    )


def data(parts: ReportParts) -> Section:
    """Tell what the figures are made of."""
    study, rows = parts.result.study, parts.result.rows
    table = Table(
        "Fichiers de l’étude",
        (
            Column("Donnée"),
            Column("Fichier"),
            Column("Millésime"),
            Column("Lignes lues", number=True),
            Column("Retenues", number=True),
        ),
        tuple(
            (
                ROLES[role].title,
                ", ".join(path.name for path in paths),
                study.vintage(role) or "non indiqué",
                french.number(rows[role].read if role in rows else None),
                french.number(rows[role].kept if role in rows else None),
            )
            for role, paths in study.inputs().items()
        ),
        note="Retenues : lignes du territoire et de ses abords qui servent au calcul. L’empreinte "
        "de chaque fichier est dans manifest.json.",
    )
    return Section("Données et millésimes", (table,))


def access(parts: ReportParts) -> Section:
    """Tell who is within reach today, where, and when doors are open."""
    result = parts.result
    shares = Table(
        "Habitants selon leur trajet vers la Maison la plus proche",
        (
            Column("Seuil"),
            Column("À portée", number=True),
            Column("Part", number=True),
            Column("Au-delà", number=True),
            Column("Part", number=True),
            Column("Communes au-delà", number=True),
        ),
        tuple(
            (
                f"{french.short(share.threshold)} min",
                french.number(share.within),
                french.percent(known(share.share)),
                french.number(share.beyond),
                french.percent(known(1 - share.share)),
                french.number(share.communes_beyond),
            )
            for share in result.shares
        ),
        note=f"Population totale : {french.people(result.shares[0].population)}, "
        f"{french.counted(len(result.communes), 'commune')}. Une commune entière y a le temps de "
        f"sa mairie{_expected(parts)}.",
    )
    picture = map_figure(
        access_map(result, parts.origin.attributions),
        "Temps d’accès par commune, zones blanches et Maisons",
        _alt(parts),
    )
    today = curve(parts, "aujourd’hui", result.access["minutes"])
    chart = Figure(
        access_chart((today,), result.study.thresholds),
        "Part des habitants selon le temps de trajet",
        "Courbe cumulée de la part des habitants selon le temps de trajet ; les seuils sont en "
        "pointillés. Les valeurs aux seuils sont dans le premier tableau de cette partie.",
    )
    blocks: list[Block] = [shares, picture, chart, _by_territory(parts), *_profiles(parts)]
    blocks += _hours(parts)
    return Section("L’accès aujourd’hui", (*blocks, *_conventions(parts), *_insee(parts)))


def _expected(parts: ReportParts) -> str:
    told = expected_in_words(parts.result.expected)
    return f" ; {told}" if told else ""


def curve(parts: ReportParts, label: str, minutes: pd.Series, *, later: bool = False) -> Curve:
    """Return the share of the population within each travel time."""
    people = parts.result.communes["population"].to_numpy(dtype=float)
    values = minutes.to_numpy(dtype=float)
    order = np.argsort(values, kind="stable")
    order = order[~np.isnan(values[order])]
    share = np.cumsum(people[order]) / max(people.sum(), 1.0)
    if not len(order):
        return Curve(label, np.zeros(1), np.zeros(1), later)
    return Curve(label, values[order], share, later)


def known(value: float) -> float | None:
    """Return a number, null where it is not one."""
    return None if math.isnan(value) else value


def _alt(parts: ReportParts) -> str:
    told = " ; ".join(
        f"{french.people(share.beyond)} à plus de {french.short(share.threshold)} min"
        for share in parts.result.shares
    )
    zones = french.counted(len(parts.result.zones), "zone blanche")
    return (
        f"Carte des communes de {parts.origin.territory}, colorées selon le temps de trajet vers "
        f"la Maison la plus proche. {told}. {zones}, hachurées et numérotées comme dans le "
        "tableau des zones blanches."
    )


def _by_territory(parts: ReportParts) -> Table:
    found, first = parts.table("acces_territoires"), parts.first
    people = found[found["groupe"] == "population"]
    whole = people[people["zonage"] == "ensemble"]
    departements = people[people["zonage"] == "departement"]
    epcis = people[people["zonage"] == "epci"].sort_values(
        [f"au_dela_{first}", "code"], ascending=[False, True]
    )
    shown = epcis.head(_EPCIS)
    rows = [
        _territory_row(parts, row, DEPARTEMENTS.get(row["code"], row["nom"]))
        for row in departements.to_dict("records")
    ]
    rows += [_territory_row(parts, row, row["nom"]) for row in shown.to_dict("records")]
    rows += [_territory_row(parts, row, "Ensemble") for row in whole.to_dict("records")]
    note = (
        "Temps médian : celui que la moitié des habitants ne dépasse pas ; vide s’il tombe parmi "
    )
    note += "ceux qui n’ont pas de trajet."
    if len(epcis) > len(shown):
        note += (
            f" Les {len(shown)} EPCI qui comptent le plus d’habitants au-delà, sur "
            f"{len(epcis)} ; tous sont dans diagnostic_acces_territoires.csv."
        )
    return Table(
        "L’accès par territoire",
        (
            Column("Territoire"),
            Column("Habitants", number=True),
            Column("Temps médian", number=True),
            Column("Neuf sur dix en", number=True),
            Column(f"Au-delà de {parts.limit} min", number=True),
            Column("Part", number=True),
        ),
        tuple(rows),
        note=note,
        total=True,
    )


def _territory_row(parts: ReportParts, row: dict[str, Any], name: str) -> tuple[str, ...]:
    first = parts.first
    return (
        name,
        french.number(row["effectif"]),
        french.minutes(row["minutes_medianes"]),
        french.minutes(row["minutes_p90"]),
        french.number(row[f"au_dela_{first}"]),
        french.percent(known(1 - row[f"part_{first}"])),
    )


def _profiles(parts: ReportParts) -> list[Block]:
    """Put the profiles of a study side by side, where it compares several."""
    profiles = parts.result.profiles
    if not profiles:
        return []
    thresholds = parts.result.study.thresholds
    whole = profiles_table(profiles, thresholds=thresholds).iloc[0]
    table = Table(
        "L’accès selon le mode de déplacement",
        (
            Column("Profil"),
            Column("Temps médian", number=True),
            *(
                column
                for threshold in thresholds
                for column in (
                    Column(f"À {french.short(threshold)} min", number=True),
                    Column("Part", number=True),
                )
            ),
        ),
        tuple(
            (
                f"{one.profile.name} ({one.profile.title})",
                french.minutes(whole[f"minutes_{one.profile.name}"]),
                *(
                    text
                    for share in one.shares
                    for text in (french.number(share.within), french.percent(known(share.share)))
                ),
            )
            for one in profiles
        ),
        note="Le premier profil est celui de tout le reste du rapport. Une commune entière a le "
        "temps de sa mairie : à pied et à vélo, c’est compter près de la Maison des habitants qui "
        "en sont loin. Temps médian : vide s’il tombe parmi ceux qui n’ont pas de trajet. Chaque "
        "commune est dans profils.csv.",
    )
    return [table]


def _hours(parts: ReportParts) -> list[Block]:
    """Tell what « within reach » is worth once opening hours are counted."""
    moments = parts.table("demi_journees").set_index("moment")
    week = moments.loc["semaine"]
    hours = week["heures_moyennes"]
    if math.isnan(hours):
        return [
            Paragraph(
                "Les horaires des Maisons ne sont pas connus : « à portée » ne dit pas « ouvert ».",
                lead="Ouvert quand ?",
            )
        ]
    parted = moments.loc[["mercredi_apres_midi", "samedi_matin"]]
    served = [french.people(int(count)) for count in parted["population_servie"]]
    unknown = int(week["population_inconnue"])
    text = (
        f"Un habitant a en moyenne {french.number(hours, 1)} heures d’ouverture par semaine à "
        f"{parts.limit} minutes (zéro hors de portée). Une Maison est ouverte à portée de "
        f"{served[0]} le mercredi après-midi et de {served[1]} le samedi matin."
    )
    if unknown:
        text += f" Horaires inconnus pour {french.people(unknown)}."
    return [Paragraph(text, lead="Ouvert quand ?")]


def _conventions(parts: ReportParts) -> list[Block]:
    found, first = parts.table("conventions"), parts.first
    table = Table(
        "Le même accès, compté d’autres façons",
        (
            Column("D’où partent les habitants"),
            Column("Habitants", number=True),
            Column(f"À {parts.limit} min", number=True),
            Column("Part", number=True),
            Column("Écart (points)", number=True),
        ),
        tuple(
            (
                f"{row['convention'][:1].upper()}{row['convention'][1:]}",
                french.number(row["effectif"]),
                french.number(row[f"effectif_{first}"]),
                french.percent(known(row[f"part_{first}"])),
                french.number(row[f"ecart_{first}"], 1),
            )
            for row in found.to_dict("records")
        ),
        note=" ".join(
            note
            for named, note in _CONVENTIONS.items()
            if found["convention"].str.contains(named).any()
        ),
    )
    return [table]


_CONVENTIONS = {
    conventions.TOWN_HALL: "Ce rapport part des mairies.",
    "carreau": "Les carreaux viennent des fichiers fiscaux : l’Insee déconseille de comparer leurs "
    "effectifs aux populations légales.",
    "METRIC": "METRIC compte zéro minute dans une commune qui a une Maison.",
}
"""What is to be known of each way of counting, by a word of its name."""


def _insee(parts: ReportParts) -> list[Block]:
    """Hold the study against INSEE's own figures, where they are given."""
    found = parts.diagnosis.tables.get("insee_departements")
    if found is None or found.empty:
        return []
    table = Table(
        "Écart avec l’Insee",
        (
            Column("Département"),
            Column("Minutes", number=True),
            Column("Étude", number=True),
            Column("Part attendue", number=True),
            Column("Insee", number=True),
            Column("Écart (points)", number=True),
        ),
        tuple(
            (
                str(row["nom"]),
                french.number(row["seuil_minutes"]),
                french.percent(known(row["part"])),
                french.percent(known(row["part_attendue"])),
                french.percent(known(row["part_insee"])),
                french.number(row["ecart_points"], 1),
            )
            for row in found.to_dict("records")
        ),
        note=" ".join(reasons(parts.result)),
    )
    communes = parts.diagnosis.tables.get("insee_communes")
    if communes is None:
        return [table]
    n, median, tail = spread_of(communes)
    if not n:
        return [table]
    text = (
        f"Sur {french.counted(n, 'commune')}, l’étude et l’Insee diffèrent de "
        f"{french.minutes(median)} pour la moitié d’entre elles au plus, et de plus de "
        f"{french.minutes(tail)} pour une sur dix."
    )
    return [table, Paragraph(text, lead="Écart avec l’Insee, commune par commune.")]
