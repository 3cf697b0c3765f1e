"""The section of a report with one page per proposed office."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msap_geo import french, french_hours, schemas
from msap_geo.answers.plan import WITHIN
from msap_geo.documents.access import known
from msap_geo.documents.maps import fiche_map
from msap_geo.documents.mobility import reach_without_car
from msap_geo.documents.siting import payers
from msap_geo.outputs.report import Column, Fiche, Figure, Paragraph, Section, Table
from msap_geo.study.sites import with_hosts

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.answers.plan import Implantation
    from msap_geo.documents.parts import ReportParts

_COMMUNES, _MAISONS = 6, 3
_SOLID = 0.9


def fiches(parts: ReportParts, *, shown: int) -> Section | None:
    """Give a page to each of the first proposed offices."""
    found = parts.found
    if found is None or not found.plan.sites or not shown:
        return None
    listed = found.sites().head(shown).to_dict("records")
    left = len(found.plan.sites) - len(listed)
    title = "Fiches des bureaux proposés"
    made = tuple(_fiche(parts, found, row) for row in listed)
    if not left:
        return Section(title, made, new_page=True)
    text = french.others(left, "le tableau du plan et dans candidats.csv", "bureau du plan")
    return Section(title, (*made, Paragraph(text, tone="note")), new_page=True)


def _fiche(parts: ReportParts, found: Implantation, row: dict[str, Any]) -> Fiche:
    site_id = row["site_id"]
    rated = parts.rating.table.set_index("site_id").loc[site_id]
    communes = _communes(parts, site_id)
    gained = communes[communes["gagnee"]]
    picture = Figure(
        fiche_map(found, site_id, row["rang"], list(gained["code_insee"])),
        f"{row['nom']} et les communes qu’il gagne",
        f"Carte des abords de {row['nom']} : "
        f"{french.counted(len(gained), 'commune')} à {parts.limit} minutes grâce à lui.",
    )
    return Fiche(
        _title(row, parts.commune(row["code_insee"])),
        _facts(parts, found, row, rated, gained["code_insee"].tolist()),
        picture,
        (
            *_gained(parts, gained),
            Paragraph(_losers(parts, communes), lead="Qui y perd."),
            Paragraph(_replaced(found, site_id), lead="Et sinon ?"),
            payers(found, (site_id,)),
        ),
    )


def _title(row: dict[str, Any], commune: str) -> str:
    """Name an office and its commune, said once where they have one name."""
    name = f"{row['rang']}. {row['nom']}"
    return name if commune == row["nom"] else f"{name} – {commune}"


def _communes(parts: ReportParts, site_id: str) -> pd.DataFrame:
    """Return the communes an office alone would bring nearer, the most populous first."""
    today = parts.result.access[["code_insee", "nom", "population", "site_nom", "minutes"]]
    table = today.assign(apres=parts.minutes_with([site_id]))
    nearer = table["apres"].notna() & ~(table["apres"] >= table["minutes"])
    threshold = parts.result.study.threshold
    table["gagnee"] = nearer & (table["apres"] <= threshold) & ~(table["minutes"] <= threshold)
    return table[nearer].sort_values(["population", "code_insee"], ascending=[False, True])


def _facts(
    parts: ReportParts,
    found: Implantation,
    row: dict[str, Any],
    rated: pd.Series,
    gained: list[str],
) -> tuple[tuple[str, str], ...]:
    second = rated["population_gagnee_2"]
    thresholds = parts.result.study.thresholds
    office = found.offices.loc[row["site_id"]]
    kind = office["genre"]
    facts = [
        ("Genre, identifiant", f"{kind}, {row['site_id']}"),
        ("Note", f"{french.number(rated['score'], 1)} sur 100, rang {rated['rang']}"),
        (f"Habitants gagnés à {parts.limit} min, seul", french.number(rated["population_gagnee"])),
        (
            f"Apport dans le plan, au rang {row['rang']}",
            french.quantity(row["apport"], found.plan.unit),
        ),
    ]
    if not math.isnan(second):
        facts.append(
            (f"Habitants gagnés à {french.short(thresholds[1])} min, seul", french.number(second))
        )
    facts += [
        ("Habitants rapprochés", _nearer(rated)),
        (
            "Maison la plus proche aujourd’hui",
            f"{french.minutes(rated['minutes_maison'])}, {french.kilometres(rated['km_maison'])}",
        ),
        ("Habitants dont il serait le plus proche", french.number(rated["population_bassin"])),
        ("Horaires du bureau", _opening(parts, row["site_id"], rated)),
        ("Écart au label (24 h, cinq jours)", _gap(rated)),
        ("Coût par an", french.euros(found.costs.yearly(str(kind)))),
    ]
    groups = _groups_gained(parts, rated, gained)
    if groups:
        facts.append(("Publics gagnés", ", ".join(groups)))
    return (*facts, *reach_without_car(parts, str(row["site_id"])))


def _nearer(rated: pd.Series) -> str:
    """Tell how many an office alone brings nearer, and by how much."""
    people = french.number(rated["habitants_rapproches"])
    if not rated["habitants_rapproches"]:
        return people
    return f"{people}, de {french.minutes(rated['minutes_gagnees'])} en moyenne"


def _groups_gained(parts: ReportParts, rated: pd.Series, gained: list[str]) -> list[str]:
    """Tell how many of each target group an office gains: a floor where INSEE says not all."""
    communes = parts.result.communes.set_index("code_insee").loc[gained]
    told = []
    for name, title in schemas.GROUPS.items():
        if name in schemas.EVERYONE or name not in communes:
            continue
        value = rated[f"{name}_gagnes"]
        if math.isnan(value):
            told.append(f"{title} : nombre inconnu")
            continue
        floor = "au moins " if communes[name].isna().any() else ""
        told.append(f"{floor}{french.quantity(round(value), title)}")
    return told


def _opening(parts: ReportParts, site_id: str, rated: pd.Series) -> str:
    offices = with_hosts(parts.result.la_poste, parts.result.hosts).set_index("site_id")
    known = "horaires" in offices and site_id in offices.index
    told = french_hours.hours(offices.loc[site_id, "horaires"]) if known else ""
    if not told:
        return "inconnus"
    return f"{told} ({french.number(rated['heures_semaine'], 1)} h par semaine)"


def _gap(rated: pd.Series) -> str:
    hours, days = rated["ecart_label_heures"], rated["ecart_label_jours"]
    if math.isnan(hours):
        return "inconnu, faute d’horaires"
    if not hours and not days:
        return "aucun"
    missing = []
    if hours:
        missing.append(f"{french.number(hours, 1)} h par semaine")
    if days:
        missing.append(french.counted(int(days), "jour"))
    return f"il manque {' et '.join(missing)}"


def _gained(parts: ReportParts, gained: pd.DataFrame) -> tuple[Table | Paragraph, ...]:
    if gained.empty:
        text = f"Seul, il ne fait passer personne à {parts.limit} minutes."
        return (Paragraph(text, lead="Qui y gagne."),)
    shown, left = gained.head(_COMMUNES), gained.iloc[_COMMUNES:]
    rows = [
        (
            row.nom,
            french.number(row.population),
            french.minutes(known(row.minutes)),
            french.minutes(row.apres),
        )
        for row in shown.itertuples()
    ]
    if len(left):
        others = french.counted(len(left), "autre commune")
        rows.append((others, french.number(int(left["population"].sum())), "", ""))
    rows.append(("Ensemble", french.number(int(gained["population"].sum())), "", ""))
    table = Table(
        f"Qui y gagne : communes qui passent à {parts.limit} minutes si ce seul bureau ouvre",
        (
            Column("Commune"),
            Column("Habitants", number=True),
            Column("Aujourd’hui", number=True),
            Column("Avec le bureau", number=True),
        ),
        tuple(rows),
        total=True,
    )
    return (table,)


def _losers(parts: ReportParts, communes: pd.DataFrame) -> str:
    """Tell whom an office does not help, and which Maisons it takes people from."""
    threshold = parts.result.study.threshold
    text = "Aucun trajet ne s’allonge : les Maisons existantes restent ouvertes."
    still = communes[communes["apres"] > threshold]
    if len(still):
        text += (
            f" {french.people(int(still['population'].sum()))} se rapprochent mais restent à plus "
            f"de {parts.limit} minutes."
        )
    taken = (
        communes.groupby("site_nom")["population"].sum().sort_values(ascending=False, kind="stable")
    )
    taken = taken[taken > 0].head(_MAISONS)
    if len(taken):
        told = " ; ".join(f"{name}, {french.people(int(count))}" for name, count in taken.items())
        text += f" Maisons dont il deviendrait plus proche que l’actuelle : {told}."
    return text


def _replaced(found: Implantation, site_id: str) -> str:
    others = found.others[found.others["site_id"] == site_id]
    share = found.shares.get(site_id, math.nan)
    text = ""
    if not math.isnan(share):
        held = "tenu par" if share >= _SOLID else "dans"
        text = f"Ce bureau est {held} {french.rate(share)} des plans proches. "
    if others.empty:
        return f"{text}Aucun autre bureau ne le remplace à {french.percent(WITHIN, 0)} près."
    shown = others.head(_MAISONS)
    told = ", ".join(
        f"{found.offices.loc[row.remplacant, 'nom']} "
        f"({'sans perte' if not row.perte else f'−{french.quantity(row.perte, found.plan.unit)}'})"
        for row in shown.itertuples()
    )
    replace = "le remplacent" if len(shown) > 1 else "le remplace"
    return f"{text}À {french.percent(WITHIN, 0)} près, {replace} : {told}."
