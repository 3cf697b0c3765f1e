"""The sections of a report on target groups and on rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import french, schemas
from msap_geo.answers import attendance_in_words
from msap_geo.coverage import STRAIGHT, TOO_FEW
from msap_geo.coverage.rules import SHARED_CANTON
from msap_geo.documents.access import known
from msap_geo.outputs.report import Column, Paragraph, Section, Table

if TYPE_CHECKING:
    from msap_geo.documents.parts import ReportParts

_GROUPS = {"population": "Ensemble des habitants", **schemas.GROUPS}
_VERY_UNEQUAL = 0.02
"""A group two points farther than everybody is worth a sentence; the bound is ours."""

_IN_FULL = 3
_WHOLE = "ensemble"
_SUMMED_UP = ("Respectée", "Là où la marge est la plus faible")


def people(parts: ReportParts) -> Section:
    """Tell which groups live far from a Maison."""
    found, first = parts.table("acces_territoires"), parts.first
    whole = found[found["zonage"] == "ensemble"].set_index("groupe")
    named = [name for name in _GROUPS if name in whole.index]
    table = Table(
        "Les publics et leur éloignement",
        (
            Column("Public"),
            Column("Effectif connu", number=True),
            Column("Temps médian", number=True),
            Column(f"Au-delà de {parts.limit} min", number=True),
            Column("Part", number=True),
        ),
        tuple(
            (
                _capital(_GROUPS[name]),
                french.number(whole.loc[name, "effectif"]),
                french.minutes(whole.loc[name, "minutes_medianes"]),
                french.number(whole.loc[name, f"au_dela_{first}"]),
                french.percent(known(1 - whole.loc[name, f"part_{first}"])),
            )
            for name in named
        ),
        note=_missing(whole),
    )
    if len(named) == 1:
        text = (
            "L’étude ne donne pas d’indicateurs par commune : les publics "
            "cibles ne sont pas comptés."
        )
        return Section("Qui est concerné", (Paragraph(text), table))
    return Section("Qui est concerné", (Paragraph(_most_concerned(parts, whole, named)), table))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _missing(whole: pd.DataFrame) -> str:
    gaps = [
        f"{_GROUPS[str(name)]}, {french.counted(int(count), 'commune')}"
        for name, count in whole["lieux_sans_donnee"].items()
        if count and name in _GROUPS
    ]
    return f"Sans donnée publiée, et absentes de l’effectif : {' ; '.join(gaps)}." if gaps else ""


def _most_concerned(parts: ReportParts, whole: pd.DataFrame, named: list[str]) -> str:
    first = parts.first
    beyond = (1 - whole.loc[named, f"part_{first}"]).dropna()
    share = beyond["population"]
    others = beyond.drop(["population", *schemas.EVERYONE], errors="ignore").sort_values(
        ascending=False, kind="stable"
    )
    if not len(others):
        return f"Part des habitants au-delà de {parts.limit} min : {french.percent(share)}."
    most, value = str(others.index[0]), float(others.iloc[0])
    if value <= share + _VERY_UNEQUAL:
        return (
            f"Aucun public n’est nettement plus éloigné que l’ensemble des habitants "
            f"({french.percent(share)} au-delà de {parts.limit} minutes)."
        )
    return (
        f"Le public le plus éloigné : {_GROUPS[most]}, {french.percent(value)} au-delà de "
        f"{parts.limit} minutes, contre {french.percent(share)} pour l’ensemble des habitants."
    )


def rules(parts: ReportParts) -> Section:
    """Tell which rules are kept, and by how much."""
    found = parts.table("regles")
    local = found[
        found["distance"].isin(["", STRAIGHT]) & (found["verdict"] != "indicatif (étude partielle)")
    ]
    names = [name for name in dict.fromkeys(local["nom"]) if name != _WHOLE]
    full = len(names) <= _IN_FULL
    rows = [
        (rule.iloc[0]["titre"], _wanted(rule), *(_each(rule, names) if full else _worst(rule)))
        for _, rule in local.groupby("regle", sort=False)
    ]
    table = Table(
        "Règles légales et repères : ce qui est mesuré, le verdict, la marge en habitants",
        (
            Column("Règle"),
            Column("Exigé", number=True),
            *map(Column, (names or [_WHOLE.capitalize()]) if full else _SUMMED_UP),
        ),
        tuple(rows),
        note="Marge : habitants qui peuvent encore s’éloigner avant de rompre la règle ; négative, "
        "ceux qu’il faut rapprocher. Kilomètres à vol d’oiseau ; par la route, et pour les règles "
        "nationales : diagnostic_regles.csv. Canton partagé : ville que l’Insee ne coupe pas entre "
        "ses cantons, ou canton voisin d’elle, dont la Maison peut être en ville. Les textes sont "
        "résumés : se reporter à Légifrance.",
    )
    broken = local[local["verdict"] == "non respectée"]
    told = [
        f"{title} ({', '.join(group['nom'])})"
        for title, group in broken.groupby("titre", sort=False)
    ]
    text = (
        f"Non respectées : {' ; '.join(told)}."
        if told
        else "Toutes les règles évaluées sont respectées."
    )
    unsettled = local[local["verdict"] == SHARED_CANTON]
    if len(unsettled):
        text += (
            " Non évaluable, faute de pouvoir couper les villes entre leurs cantons : "
            f"{unsettled.iloc[0]['titre']} ({', '.join(unsettled['nom'])})."
        )
    return Section("Règles et marges", (Paragraph(text), table))


def _each(rule: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """Return what a rule is worth in each territory; the country's stands in the first column."""
    by_name = {row["nom"]: _verdict(row) for row in rule.to_dict("records")}
    if _WHOLE not in by_name:
        return tuple(by_name.get(name, "–") for name in names)
    whole = by_name[_WHOLE]
    return (f"{_WHOLE} : {whole}", *("" for _ in names[1:])) if names else (whole,)


def _worst(rule: pd.DataFrame) -> tuple[str, ...]:
    """Return in how many territories a rule is kept, and what it is worth in the worst."""
    kept = int((rule["verdict"] == "respectée").sum())
    worst = rule.sort_values(["marge_habitants", "territoire"], kind="stable").iloc[0]
    return f"{kept} sur {len(rule)}", f"{worst['nom']} : {_verdict(worst.to_dict())}"


def _wanted(rule: pd.DataFrame) -> str:
    if (rule["exigence"] != rule["exigence"].iloc[0]).any() and rule["exigence"].notna().any():
        return "selon le territoire"
    wanted, unit = rule.iloc[0]["exigence"], rule.iloc[0]["unite"]
    known_share = unit == "part" and not pd.isna(wanted)
    return french.rate(wanted) if known_share else _measured(wanted, unit)


def _verdict(rule: dict[str, Any]) -> str:
    measured, margin = _measured(rule["valeur"], rule["unite"]), rule["marge_habitants"]
    if rule["unite"] == "cantons" and not pd.isna(rule["exigence"]):
        measured = f"{french.number(rule['valeur'])} sur {_measured(rule['exigence'], 'cantons')}"
    told = [text for text in (measured, rule["verdict"]) if text != "–"]
    if "canton partagé" in rule["detail"] or "cantons partagés" in rule["detail"]:
        told.append(rule["detail"].split(" ; ")[-1].partition(",")[0])
    if not pd.isna(margin):
        told.append(f"marge {french.number(int(margin))}")
    return ", ".join(told)


def _measured(value: float, unit: str) -> str:
    if pd.isna(value):
        return "–"
    if unit == "part":
        return french.percent(value)
    return f"{french.number(value)} {unit if value > 1 else unit.removesuffix('s')}"


_FULLEST = 12


def attendance(parts: ReportParts) -> Section | None:
    """Tell what visits counted in Maisons say, and which are full; none where none is given."""
    if "frequentation" not in parts.diagnosis.tables:
        return None
    sites, fit = parts.table("frequentation"), parts.table("frequentation_calage")
    told = attendance_in_words(fit)
    blocks: list[Paragraph | Table] = [Paragraph(f"{told[:1].upper()}{told[1:]}.")]
    row = fit.iloc[0]
    if row["statut"] != TOO_FEW:
        blocks.append(
            Paragraph(
                f"Une Maison d’heures médianes peut servir "
                f"{french.people(row['capacite_habitants'])} ([implantation] capacite). La "
                "capacité est une frontière observée, non un effectif d’agents ; une visite n’est "
                "pas une personne.",
                tone="note",
            )
        )
    states = sites["etat"].value_counts()
    shown = sites[sites["saturation"].notna()].head(_FULLEST)
    left = int(sites["saturation"].notna().sum()) - len(shown)
    blocks.append(
        Table(
            "Les Maisons les plus fréquentées pour leurs heures",
            (
                Column("Maison"),
                Column("Heures", number=True),
                Column("Visites par an", number=True),
                Column("Selon le modèle", number=True),
                Column("Saturation", number=True),
                Column("État"),
            ),
            tuple(
                (
                    line["nom"],
                    french.number(line["heures"], 1),
                    french.number(known(line["visites_an"])),
                    french.number(known(line["visites_modele"])),
                    french.percent(known(line["saturation"])),
                    line["etat"],
                )
                for line in shown.to_dict("records")
            ),
            note=" ; ".join(f"{name} : {french.number(n)}" for name, n in states.items())
            + "."
            + (f" {french.others(left, 'diagnostic_frequentation.csv')}" if left > 0 else ""),
        )
    )
    return Section("La fréquentation observée", tuple(blocks))
