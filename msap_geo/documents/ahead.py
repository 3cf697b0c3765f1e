"""The section of a report on the years to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.answers.ahead.people import ELDERS, tomorrow_in_words
from msap_geo.answers.ahead.season import month_in_words, season_in_words
from msap_geo.coverage.territories import WHOLE
from msap_geo.documents.access import known
from msap_geo.outputs.report import Block, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.documents.parts import ReportParts

_GROUPS = {"population": "Ensemble des habitants", ELDERS: "75 ans ou plus"}
_LISTED = 8


def ahead(parts: ReportParts) -> Section | None:
    """Tell who will be far at each horizon; none where the study does not look ahead."""
    if "prospective" not in parts.diagnosis.tables:
        return None
    found = parts.table("prospective")
    asked = parts.result.study.prospective
    words = tomorrow_in_words(parts.diagnosis.tables, parts.result.study.thresholds)
    text = " ; ".join(f"{line[:1].upper()}{line[1:]}" for line in words)
    blocks: list[Block] = [Paragraph(f"{text}."), _horizons(parts, found)]
    grown = _where(parts)
    if grown is not None:
        blocks.append(grown)
    scaled = (
        f"ramenées aux habitants d’aujourd’hui en {asked.today}"
        if asked.caler
        else "prises telles quelles"
    )
    blocks.append(
        Paragraph(
            f"Projections {scaled}, réparties entre les communes selon l’âge de leurs habitants "
            "d’aujourd’hui ; Maisons, routes et temps d’aujourd’hui. Ce n’est pas une prévision : "
            "une projection prolonge des hypothèses, et une commune attire ou perd des habitants "
            "autrement que sa zone. Tranche par tranche : diagnostic_prospective_ages.csv.",
            tone="note",
        )
    )
    return Section(f"À l’horizon {asked.horizons[-1]}", tuple(blocks))


def robust(parts: ReportParts) -> Section | None:
    """Tell the plan that is good at every horizon; none where the study does not ask for it."""
    found = parts.decisions.robust
    if found is None:
        return None
    plan, years = found.plan, parts.result.study.prospective.horizons
    cost = found.sites["cout_cumule_eur"].iloc[-1] if len(found.sites) else 0.0
    text = (
        f"{french.counted(len(plan.sites), 'site')} pour les {found.counted} de "
        f"{', '.join(map(str, years))}, sur des temps mesurés, plus longs ou plus courts, et "
        f"{french.euros(cost)} par an. Le regret est ce que le meilleur plan d’un futur, pour ce "
        "futur seul, apporterait de plus ; c’est le plan dont le pire est le plus petit. Pire "
        f"regret : {french.quantity(plan.value, plan.unit)} (borne prouvée : "
        f"{french.amount(plan.bound, plan.unit)}, {plan.status}) ; le plan qui ne regarde que "
        f"{years[0]} regretterait au pire {french.quantity(found.today, plan.unit)}."
    )
    sites = Table(
        "Les sites du plan, dans l’ordre",
        (
            Column("N°", number=True),
            Column("Bureau"),
            Column("Commune"),
            Column("Pire regret avec les premiers", number=True),
            Column(f"Futurs qui l’auraient choisi, sur {len(found.futures)}", number=True),
        ),
        tuple(
            (
                french.number(row.rang),
                row.nom,
                row.commune,
                french.amount(row.regret, plan.unit),
                french.number(row.futurs),
            )
            for row in found.sites.itertuples()
        ),
        note="Ce plan n’est pas celui de la carte, qui vaut pour les habitants d’aujourd’hui : "
        "il peut en différer, et c’est l’écart entre les deux regrets qui dit si cela compte.",
    )
    horizons = Table(
        "Ce que vaut le plan à chaque horizon",
        (
            Column("Horizon"),
            Column("Sans site nouveau", number=True),
            Column("Avec le plan", number=True),
            Column("Au mieux", number=True),
            Column("Regret", number=True),
            Column("Au pire des temps", number=True),
        ),
        tuple(
            (
                str(row.horizon),
                french.amount(row.aujourdhui, plan.unit),
                french.amount(row.valeur, plan.unit),
                french.amount(row.meilleure, plan.unit),
                french.amount(row.regret, plan.unit),
                french.amount(row.regret_au_pire_des_temps, plan.unit),
            )
            for row in found.horizons().itertuples()
        ),
    )
    return Section("Un plan bon à tous les horizons", (Paragraph(text), sites, horizons))


def season(parts: ReportParts) -> Section | None:
    """Tell who is there each month beside residents; none where the study has no season."""
    if "saison" not in parts.diagnosis.tables:
        return None
    found = parts.table("saison")
    whole = found[found["zonage"] == WHOLE]
    first = parts.first
    table = Table(
        "Personnes présentes et habitants, mois par mois",
        (
            Column("Mois"),
            Column("Présents", number=True),
            Column("Habitants", number=True),
            Column(f"Présents à plus de {parts.limit} min", number=True),
            Column("Part des présents", number=True),
            Column("Part des habitants", number=True),
        ),
        tuple(
            (
                month_in_words(row["mois"]),
                french.number(round(row["presents"])),
                french.number(round(row["residents"])),
                french.number(round(row[f"presents_au_dela_{first}"])),
                french.percent(known(1 - row[f"presents_part_{first}"])),
                french.percent(known(1 - row[f"residents_part_{first}"])),
            )
            for row in whole.to_dict("records")
        ),
        note=f"Parts à plus de {parts.limit} min. Commune par commune : "
        "diagnostic_saison_communes.csv.",
    )
    (words,) = season_in_words(parts.diagnosis.tables, parts.result.study.thresholds)
    return Section(
        "La saison",
        (
            Paragraph(f"{words[:1].upper()}{words[1:]}."),
            table,
            Paragraph(
                f"Présents : {found['methode'].iloc[0]}. Les autres chiffres du rapport ne "
                "comptent que les habitants.",
                tone="note",
            ),
        ),
    )


def _horizons(parts: ReportParts, found: pd.DataFrame) -> Table:
    whole = found[found["zonage"] == WHOLE]
    thresholds = parts.result.study.thresholds
    return Table(
        "Habitants loin d’une Maison à chaque horizon",
        (
            Column("Public"),
            Column("Année", number=True),
            Column("Effectif", number=True),
            *(Column(f"À plus de {french.short(s)} min", number=True) for s in thresholds),
            Column(f"Part à plus de {parts.limit} min", number=True),
        ),
        tuple(
            (
                words,
                str(row["horizon"]),
                french.number(round(row["effectif"])),
                *(french.number(round(row[f"au_dela_{s:g}"])) for s in thresholds),
                french.percent(known(1 - row[f"part_{parts.first}"])),
            )
            for group, words in _GROUPS.items()
            for row in whole[whole["groupe"] == group].to_dict("records")
        ),
    )


def _where(parts: ReportParts) -> Table | None:
    """Tell in which communes those of 75 or over grow most among those far."""
    table, asked = parts.table("prospective_communes"), parts.result.study.prospective
    if ELDERS not in table or len(asked.horizons) == 1:
        return None
    first, last = asked.horizons[0], asked.horizons[-1]
    far = table[~(table["minutes"] <= parts.result.study.threshold)]
    wide = far.pivot_table(index=["code_insee", "nom"], columns="horizon", values=ELDERS)
    if wide.empty:
        return None
    wide = wide.assign(minutes=far.groupby(["code_insee", "nom"])["minutes"].first())
    more = (wide[last] - wide[first]).sort_values(ascending=False, kind="stable")
    shown = wide.loc[more.index[:_LISTED]]
    return Table(
        f"Communes à plus de {parts.limit} min où les 75 ans ou plus augmentent le plus",
        (
            Column("Commune"),
            Column("Temps de trajet", number=True),
            Column(f"75 ans ou plus en {first}", number=True),
            Column(f"En {last}", number=True),
        ),
        tuple(
            (
                str(name),
                french.minutes(row["minutes"]),
                french.number(int(row[first])),
                french.number(int(row[last])),
            )
            for (_, name), row in shown.iterrows()
        ),
        note="Toutes les communes : diagnostic_prospective_communes.csv.",
    )
