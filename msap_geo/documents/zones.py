"""The section of a report on zones blanches, one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msap_geo import french, schemas
from msap_geo.outputs.report import Column, Paragraph, Section, Table

if TYPE_CHECKING:
    from msap_geo.documents.parts import ReportParts

_LISTED, _NAMES = 12, 6


def zones(parts: ReportParts, *, shown: int) -> Section:
    """Tell the zones blanches: a table of them, then the first one by one."""
    result = parts.result
    count = len(result.zones)
    title = "Les zones blanches, une à une"
    if not count:
        text = f"Aucune : toutes les communes sont à {parts.limit} minutes ou moins d’une Maison."
        return Section(title, (Paragraph(text),))
    told = _told_zones(parts)
    listed = told[:_LISTED]
    note = (
        "Robustesse : part des hypothèses (vitesse, seuil, heure, point de départ) où plus de la "
    )
    note += "moitié des habitants restent au-delà. Minutes pondérées par les habitants."
    table = Table(
        f"Zones blanches : communes d’un seul tenant à plus de {parts.limit} minutes",
        (
            Column("N°", number=True),
            Column("Zone"),
            Column("Communes", number=True),
            Column("Habitants", number=True),
            Column("Moyenne", number=True),
            Column("Au plus", number=True),
            Column("Maison la plus proche"),
            Column("Robustesse"),
        ),
        tuple(
            (
                str(zone["rang"]),
                zone["nom"],
                french.number(zone["nb_communes"]),
                french.number(zone["population"]),
                french.minutes(zone["minutes_moyennes"]),
                french.minutes(zone["minutes_max"]),
                zone["site_nom"],
                _robustness(zone),
            )
            for zone in listed
        ),
        note=" ".join(
            (note, french.others(count - len(listed), "diagnostic_zones.csv", "zone"))
        ).strip(),
    )
    one_by_one = [_zone(parts, zone) for zone in told[:shown]]
    return Section(title, (table, *one_by_one))


def _told_zones(parts: ReportParts) -> list[dict[str, Any]]:
    """Return the zones of the map with what the diagnosis says of each."""
    found = parts.table("zones")
    found = found[found["seuil"] == parts.result.study.threshold].set_index("zone_id")
    sure = parts.table("robustesse_zones").set_index("zone_id")
    told = []
    for zone in parts.result.zones.to_dict("records"):
        known = found.loc[zone["zone_id"]].to_dict() if zone["zone_id"] in found.index else {}
        robust = sure.loc[zone["zone_id"]].to_dict() if zone["zone_id"] in sure.index else {}
        told.append(
            {
                **robust,
                **known,
                **{name: value for name, value in zone.items() if name != "geometry"},
                "minutes_moyennes": known.get("minutes_moyennes", math.nan),
                "site_nom": zone["site_nom"] if isinstance(zone["site_nom"], str) else "aucune",
            }
        )
    return told


def _robustness(zone: dict[str, Any]) -> str:
    if "robustesse" not in zone:
        return "–"
    return f"{zone['robustesse']} ({french.rate(zone['part_blanche'])})"


def _zone(parts: ReportParts, zone: dict[str, Any]) -> Paragraph:
    """Tell one zone: where, who, how far, and what is inside."""
    here = parts.result.access[parts.result.access["code_insee"].isin(zone["communes"])]
    largest = here.sort_values(["population", "code_insee"], ascending=[False, True])
    names = [
        f"{row.nom} ({french.number(row.population)} hab., {_time(row.minutes)})"
        for row in largest.head(_NAMES).itertuples()
    ]
    left = len(here) - len(names)
    text = f"{french.people(zone['population'])}, {french.counted(zone['nb_communes'], 'commune')}"
    groups = _groups(parts, zone)
    if groups:
        text += f", dont {', '.join(groups)}"
    text += f". {', '.join(names)}"
    text += f" et {french.counted(left, 'autre commune')}" if left else ""
    worst = zone.get("pire_lieu")
    if isinstance(worst, str) and not math.isnan(zone["minutes_max"]):
        text += f". Le plus loin : {parts.commune(worst)}, {french.minutes(zone['minutes_max'])}"
    text += f".{_deeper(parts, zone)}{_offices_inside(parts, zone)}{_operators(parts, zone)}"
    return Paragraph(text, lead=f"Zone {zone['rang']}, {zone['nom']}.")


def _groups(parts: ReportParts, zone: dict[str, Any]) -> list[str]:
    """Tell how many of each target group live in a zone: a floor where INSEE says not all."""
    communes = parts.result.communes.set_index("code_insee").loc[list(zone["communes"])]
    told = []
    for name, title in schemas.GROUPS.items():
        value = zone.get(name)
        if name in schemas.EVERYONE or not isinstance(value, float) or math.isnan(value):
            continue
        missing = name in communes and communes[name].isna().any()
        floor = "au moins " if missing else ""
        told.append(f"{floor}{french.quantity(round(value), title)}")
    return told


def _time(minutes: float) -> str:
    return "sans trajet" if math.isnan(minutes) else french.minutes(minutes)


def _deeper(parts: ReportParts, zone: dict[str, Any]) -> str:
    """Tell what lies beyond the next threshold inside a zone."""
    thresholds = parts.result.study.thresholds
    if len(thresholds) == 1:
        return ""
    found = parts.table("zones")
    inside = found[(found["seuil"] == thresholds[1]) & (found["zone_parente"] == zone["zone_id"])]
    people = int(inside["population"].sum())
    if not people:
        return f" Nul n’y dépasse {french.short(thresholds[1])} minutes."
    return f" {french.people(people)} y dépassent {french.short(thresholds[1])} minutes."


def _offices_inside(parts: ReportParts, zone: dict[str, Any]) -> str:
    rated = parts.rating.table
    inside = rated[rated["code_insee"].isin(zone["communes"])]
    if inside.empty:
        return " Aucun bureau candidat ne s’y trouve."
    best = inside.iloc[0]
    return (
        f" Bureaux candidats sur place : {french.number(len(inside))} ; le mieux noté est "
        f"{best['nom']} (rang {best['rang']})."
    )


def _operators(parts: ReportParts, zone: dict[str, Any]) -> str:
    if "operateurs_zones" not in parts.diagnosis.tables:
        return ""
    found = parts.table("operateurs_zones")
    known = found[(found["zone_id"] == zone["zone_id"]) & found["minutes_medianes"].notna()]
    if known.empty:
        return ""
    told = ", ".join(
        f"{row.operateur} {french.minutes(row.minutes_medianes)}" for row in known.itertuples()
    )
    return f" Temps médian vers les guichets des opérateurs : {told}."
