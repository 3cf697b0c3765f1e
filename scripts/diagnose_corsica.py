"""Diagnose Corsica at two dates, by town hall and by cell, and write the page that shows it.

Usage::

    python scripts/diagnose_corsica.py etude-2020.toml etude-2024.toml docs

where the studies differ by their list of Maisons only, and give INSEE's grid of 1 km (2015) as
``carreaux``. Writes ``docs/corse-diagnostic.md`` and the two maps of ``docs/images``.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.patches import Patch

from msap_geo import coverage, french, french_hours
from msap_geo.answers import Diagnosis, diagnose
from msap_geo.outputs import class_colours
from msap_geo.study import StudyResult, read_study, run_study

if TYPE_CHECKING:
    from collections.abc import Iterable

LABELS = ("janvier 2020", "août 2024")
SHOWN = 8
ZONES_SHOWN = 4
PROFILED = 14


def main() -> None:
    """Diagnose both dates and write the page and its maps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("docs", type=Path)
    arguments = parser.parse_args()
    mpl.use("Agg")
    results = [run_study(read_study(path)) for path in (arguments.before, arguments.after)]
    diagnoses = [diagnose(result) for result in results]
    for diagnosis, year in zip(diagnoses, (2020, 2024), strict=True):
        draw(diagnosis, arguments.docs / "images" / f"corse-carreaux-{year}.png")
    page = "\n\n".join([*sections(*diagnoses), profile(results[1])]) + "\n"
    (arguments.docs / "corse-diagnostic.md").write_text(page, encoding="utf-8", newline="\n")


def sections(before: Diagnosis, after: Diagnosis) -> Iterable[str]:
    """Return the sections of the page."""
    both = tuple(zip(LABELS, (before, after), strict=True))
    yield (
        "# La Corse : le diagnostic, janvier 2020 et août 2024\n\n"
        "Produit par `scripts/diagnose_corsica.py` ; ne pas modifier à la main. La lecture "
        "critique est dans [corse.md](corse.md), les définitions dans "
        "[indicateurs.md](indicateurs.md).\n\n"
        "![Janvier 2020, par carreau](images/corse-carreaux-2020.png)\n\n"
        "![Août 2024, par carreau](images/corse-carreaux-2024.png)\n\n"
        "*Carreaux INSEE de 1 km (Filosofi 2015), temps de route vers la Maison la plus proche ; "
        "en rouge, les zones blanches à 20 minutes, par commune.*"
    )
    yield "## Selon l'origine des habitants\n\n" + table(
        [
            "date",
            "convention",
            "lieux",
            "habitants",
            "à 20 min",
            "à 30 min",
            "moyenne",
            "médiane",
            "p90",
        ],
        [
            [
                label,
                row.convention,
                french.number(row.lieux),
                french.number(row.effectif),
                french.percent(row.part_20),
                french.percent(row.part_30),
                french.minutes(row.minutes_moyennes),
                french.minutes(row.minutes_medianes),
                french.minutes(row.minutes_p90),
            ]
            for label, diagnosis in both
            for row in diagnosis.tables["conventions"].itertuples()
        ],
    )
    yield "## Zones blanches, par gravité\n\n" + table(
        [
            "date",
            "zone",
            "communes",
            "habitants",
            "gravité (hab. × min)",
            "moyenne",
            "tirages où elle tient",
        ],
        [
            [
                label,
                f"{row.zone_id} ({row.site_nom})",
                french.number(row.nb_communes),
                french.number(row.population),
                french.number(row.gravite),
                french.minutes(row.minutes_moyennes),
                f"{french.percent(row.part_blanche)} ({row.robustesse})",
            ]
            for label, diagnosis in both
            for row in diagnosis.tables["zones"]
            .query("seuil == 20")
            .merge(diagnosis.tables["robustesse_zones"], on="zone_id")
            .head(SHOWN)
            .itertuples()
        ],
    )
    yield "## Communes au-delà de 20 minutes : tiennent-elles ?\n\n" + table(
        ["date", "solides", "probables", "fragiles", "jamais blanches",
         "changent avec la seule vitesse", "le seul seuil", "la seule origine"],
        [[label, *robustness(diagnosis)] for label, diagnosis in both],
    )  # fmt: skip
    if "operateurs_zones" in after.tables:
        yield operators(after)
    yield "## Si une Maison fermait (août 2024)\n\n" + table(
        ["Maison", "habitants", "avant", "après", "passeraient au-delà de 20 min", "de 30 min"],
        [
            [
                row.nom,
                french.number(row.habitants),
                french.minutes(row.minutes_avant),
                french.minutes(row.minutes_apres),
                french.number(row.perdus_20),
                french.number(row.perdus_30),
            ]
            for row in after.tables["fermetures"].head(SHOWN).itertuples()
        ],
    )
    yield hours(after)
    yield rules(after)
    yield history(after)
    yield "## Équité (par carreau)\n\n" + table(
        ["date", "Gini", "pire décile", "FGT₀", "FGT₁", "FGT₂"],
        [
            [
                label,
                french.number(row.gini, 3),
                french.minutes(row.minutes_pire_decile),
                french.number(row.fgt_0, 3),
                french.number(row.fgt_1, 3),
                french.number(row.fgt_2, 3),
            ]
            for label, diagnosis in both
            for row in diagnosis.tables["equite_carreaux"].head(1).itertuples()
        ],
    )


def robustness(diagnosis: Diagnosis) -> list[str]:
    """Count communes by robustness, and those a single factor moves."""
    communes = diagnosis.tables["robustesse_communes"]
    classes = communes["robustesse"].value_counts()
    names = ("solide", "probable", "fragile", "jamais blanche")
    flips = ("bascule_vitesse", "bascule_seuil", "bascule_origine")
    return [
        *(french.number(int(classes.get(name, 0))) for name in names),
        *(french.number(int(communes[name].sum())) for name in flips),
    ]


def operators(diagnosis: Diagnosis) -> str:
    """Tell how far the operators are from the gravest zones."""
    zones = diagnosis.tables["zones"].query("seuil == 20")["zone_id"].head(ZONES_SHOWN).tolist()
    times = diagnosis.tables["operateurs_zones"].pivot_table(
        index="operateur", columns="zone_id", values="minutes_moyennes"
    )
    rows = [
        [name, *(french.minutes(float(times.loc[name, zone])) for zone in zones)]
        for name in times.index
    ]
    return (
        "## Depuis les zones les plus graves, le guichet le plus proche de chaque opérateur\n\n"
        "Temps moyen des habitants, août 2024 (annuaire DILA de 2016).\n\n"
        + table(["opérateur", *zones], rows)
    )


def hours(diagnosis: Diagnosis) -> str:
    """Tell when people have an open Maison within reach, where hours are known."""
    moments = diagnosis.tables["demi_journees"]
    week = moments.set_index("moment").loc["semaine"]
    if not week["population_servie"]:
        return (
            "## Heures d'ouverture à portée (août 2024)\n\n"
            "Horaires de la liste non lus : rien à compter."
        )
    rows = [
        [
            french_hours.moment(row.moment),
            french.number(row.population_servie),
            french.number(row.population_fermee),
            french.number(row.population_inconnue),
            french.number(row.population_hors_portee),
            french.number(row.heures_moyennes, 2),
        ]
        for row in moments.itertuples()
        if not row.moment.startswith("dimanche")
    ]
    return "## Heures d'ouverture à portée de 20 minutes (août 2024, par mairie)\n\n" + table(
        ["moment", "servis", "fermé", "horaires inconnus", "hors de portée", "h par habitant"],
        rows,
    )


def rules(diagnosis: Diagnosis) -> str:
    """Tell the rules and their margin."""
    shown = diagnosis.tables["regles"].query("verdict != 'non évaluée'")
    return "## Règles (août 2024, points La Poste 2025, par mairie)\n\n" + table(
        ["règle", "distance", "territoire", "valeur", "exigence", "verdict", "marge (habitants)"],
        [
            [
                row.titre,
                row.distance or "–",
                row.nom,
                figure(row.valeur, row.unite),
                figure(row.exigence, row.unite),
                row.verdict,
                "–" if pd.isna(row.marge_habitants) else french.number(int(row.marge_habitants)),
            ]
            for row in shown.itertuples()
        ],
    )


def figure(value: float, unit: str) -> str:
    """Return a value in its unit: a share as a percentage."""
    return french.percent(value) if unit == "part" else french.number(value)


def history(diagnosis: Diagnosis) -> str:
    """Tell the history of the label."""
    dates = diagnosis.tables["historique"]
    changed = dates["maisons"].diff() != 0
    return "## L'histoire de la labellisation, d'après la liste d'août 2024\n\n" + table(
        ["au", "Maisons", "à 20 min", "à 30 min"],
        [
            [f"{row.date:%d/%m/%Y}", french.number(row.maisons), french.percent(row.part_20),
             french.percent(row.part_30)]
            for row in dates[changed].itertuples()
        ],
    )  # fmt: skip


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def draw(diagnosis: Diagnosis, path: Path) -> None:
    """Draw the cells by travel-time class, the zones and the Maisons."""
    result = diagnosis.result
    colours = class_colours(result.study.thresholds)
    cells = diagnosis.layers["lieux_carreaux"]
    palier = coverage.classify(cells["minutes"], thresholds=result.study.thresholds)
    figure_, axes = plt.subplots(figsize=(7, 10), dpi=110)
    result.communes.plot(ax=axes, color="#f4f4f4", edgecolor="#c8c8c8", linewidth=0.3)
    cells.plot(ax=axes, color=palier.map(colours), linewidth=0)
    zones = diagnosis.layers["zones"]
    zones[zones["seuil"] == result.study.threshold].plot(
        ax=axes, facecolor="none", edgecolor="#c1121f", linewidth=1.1
    )
    own = ~result.neighbours
    result.maisons[own].plot(ax=axes, color="black", markersize=14, zorder=5)
    axes.legend(
        handles=[Patch(color=colour, label=label) for label, colour in colours.items()],
        loc="lower left",
        frameon=False,
        fontsize=8,
    )
    axes.set_axis_off()
    axes.set_title(f"{result.study.etude.nom} : {int(own.sum())} Maisons", fontsize=11)
    axes.text(
        0.5,
        -0.02,
        "Carreaux INSEE 2015, IGN, ANCT, © contributeurs OpenStreetMap",
        transform=axes.transAxes,
        ha="center",
        fontsize=6,
    )
    figure_.savefig(path, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure_)


def profile(result: StudyResult) -> str:
    """Profile the diagnosis, travel times apart."""
    diagnose(result)  # everything imported and compiled
    begin = time.perf_counter()
    diagnosis = diagnose(result)
    took = time.perf_counter() - begin
    profiler = cProfile.Profile()
    profiler.enable()
    diagnose(result)
    profiler.disable()
    stats = pstats.Stats(profiler)
    ours = sorted(
        (
            (cumulative, calls, f"{Path(file).stem}.{name}")
            for (file, _, name), (_, calls, _, cumulative, _) in stats.stats.items()  # type: ignore[attr-defined]
            if any(part in Path(file).parts for part in ("coverage", "travel", "loaders"))
            and "msap_geo" in Path(file).parts
            and not name.startswith(("_", "<"))
        ),
        reverse=True,
    )
    most, name = max(
        (calls, f"{Path(file).stem}.{name}")
        for (file, _, name), (_, calls, *_) in stats.stats.items()  # type: ignore[attr-defined]
        if Path(file).parent.name == "coverage" and not name.startswith("<")
    )
    places = len(diagnosis.tables["lieux"]) + len(diagnosis.tables["lieux_carreaux"])
    return (
        f"## Le temps de calcul\n\nLe diagnostic complet ({french.number(places)} lieux, "
        f"{len(diagnosis.tables)} tables), trajets et lecture des deux listes compris : "
        f"{french.number(took, 1)} s. La fonction de `msap_geo.coverage` la plus appelée, "
        f"`{name}`, l'est {most} fois : le calcul est fait de quelques centaines de passes sur des "
        "tableaux, sans boucle sur les lieux. Fonctions publiques les plus longues "
        "(temps cumulé, sous profileur) :\n\n"
        + table(
            ["fonction", "appels", "s"],
            [
                [f"`{name}`", str(calls), french.number(seconds, 2)]
                for seconds, calls, name in ours[:PROFILED]
            ],
        )
    )


if __name__ == "__main__":
    main()
