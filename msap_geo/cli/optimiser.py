"""``msap-geo optimiser``: which offices, with the proof."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats, without_car
from msap_geo.cli.noter import positive
from msap_geo.cli.parser import add_command, add_study
from msap_geo.cli.plans import horizons
from msap_geo.cli.plans.asked import asked_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from msap_geo.answers import Implantation
    from msap_geo.study import StudyResult

_LOSERS_SHOWN = 5


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "optimiser",
        _conduct,
        help="choisit les bureaux, avec la preuve de ce qu'ils valent",
        description="Choisit les bureaux qui accueilleront une Maison, les Maisons existantes "
        "restant ouvertes : valeur, borne prouvée, écart, coût, plans presque aussi bons. "
        "L'objectif et les règles (sites imposés, interdits, exclusifs, quotas, distance) sont "
        "dans [implantation] du fichier d'étude.",
        examples=[
            "optimiser etude.toml --nombre 3 --imposer CONCA",
            "optimiser etude.toml --budget 450000 --frontiere",
            "optimiser etude.toml --couverture 0,95 --json",
            "optimiser etude.toml --nombre 3 --sans-voiture",
            "optimiser etude.toml --nombre 3 --horizons --json",
        ],
    )
    add_study(command)
    what = command.options.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--nombre", metavar="N", type=positive, help="ouvre au plus N sites, les meilleurs"
    )
    what.add_argument(
        "--budget",
        metavar="EUROS",
        type=number("une somme en euros", 0.0, math.inf),
        help="ce que les sites peuvent coûter ensemble par an, tous payeurs confondus",
    )
    what.add_argument(
        "--couverture",
        metavar="PART",
        type=number("une part de 0 à 1", 0.0, 1.0),
        help="part des habitants à avoir à portée du premier seuil (0,95), avec le moins de sites",
    )
    command.options.add_argument(
        "--imposer",
        metavar="BUREAU",
        action="append",
        default=[],
        help="impose un bureau, par son identifiant ou son nom, et dit ce que cela coûte, et à "
        "qui ; à répéter pour plusieurs",
    )
    command.options.add_argument(
        "--frontiere",
        action="store_true",
        help="calcule aussi le meilleur plan d'autres nombres de sites (ou budgets)",
    )
    command.options.add_argument(
        "--sans-voiture",
        action="store_true",
        help="avec --nombre : les bureaux qui donnent un jour où aller et revenir sans voiture au "
        "plus de ménages qui n'en ont pas (demande [mobilite] gtfs et des routes)",
    )
    command.options.add_argument(
        "--horizons",
        action="store_true",
        help="avec --nombre ou --budget : le plan dont le pire regret sur les horizons de "
        "[prospective], et sur des temps plus longs ou plus courts, est le plus petit",
    )
    formats.add_formats(command, workbook="plan.xlsx")


def number(what: str, least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number between two bounds, inclusive."""

    def read(text: str) -> float:
        try:
            # As people write sums: « 300 000 », « 1,5 ».
            value = float("".join(text.replace(",", ".").split()))
        except ValueError:
            value = math.nan
        if not least <= value <= most or math.isinf(value):
            raise argparse.ArgumentTypeError(f"{what} est attendue (reçu {text})")
        return value

    return read


def _conduct(arguments: argparse.Namespace) -> int:
    if arguments.sans_voiture:
        return without_car.conduct(arguments)
    if arguments.horizons:
        return horizons.conduct(arguments)
    from msap_geo import answers, folder  # noqa: PLC0415 - keeps --help instant

    def answer(result: StudyResult, progress: Callable[[str], None]) -> Implantation:
        return answers.optimise(result, asked_of(arguments, result), progress=progress)

    found = formats.run(arguments, answer)
    formats.show(
        arguments,
        found.result,
        content=lambda: answers.implantation_json(found),
        tables=folder.plan_tables(found),
        text=lambda: told(found),
        answer=_answer(found),
    )
    return 0


def _answer(found: Implantation) -> list[tuple[str, str]]:
    """Return what the workbook says of the plan: objective, bound, what was asked."""
    from msap_geo import french  # noqa: PLC0415

    plan, asked, wanted = found.plan, found.asked, found.result.study.implantation
    thresholds = wanted.seuils_minutes or (found.result.study.threshold,)
    if asked.number is not None:
        demand = f"{french.counted(asked.number, 'site')} au plus"
    elif asked.budget_eur is not None:
        demand = f"{french.euros(asked.budget_eur)} par an au plus"
    else:
        demand = f"{french.rate(asked.share)} des habitants, au moindre nombre"
    bound = f"{french.quantity(plan.bound, plan.unit)}, écart {french.gap(plan.gap)}"
    told = [
        ("Objectif", f"{plan.title} ({plan.unit})"),
        ("Demande", demand),
        ("Valeur", french.quantity(plan.value, plan.unit)),
        ("Aujourd’hui", french.quantity(plan.today, plan.unit)),
        ("Borne prouvée", f"{bound} ({plan.status})"),
        ("Seuils", f"{', '.join(map(french.short, thresholds))} min"),
        ("Bureaux imposés", ", ".join((*wanted.imposes, *asked.imposed))),
        ("Bureaux interdits", ", ".join(wanted.interdits)),
        ("Temps de recherche", f"{french.short(wanted.secondes)} s au plus"),
        ("Coûts", f"{found.costs.title}. Source : {found.costs.source}."),
    ]
    if wanted.distance_min_km:
        told.append(("Écartement", f"{french.short(wanted.distance_min_km)} km au moins"))
    return [(label, text) for label, text in told if text]


def told(found: Implantation) -> str:
    """Return a plan in a few lines."""
    from msap_geo import french, siting  # noqa: PLC0415

    plan, study = found.plan, found.result.study
    places = french.counted(len(plan.sites), "site")
    lines = [f"{study.etude.nom} : {places}, objectif « {plan.title} »"]
    lines += formats.warnings_of(found.result)
    lines += [
        (
            f"  valeur : {french.quantity(plan.value, plan.unit)} "
            f"(aujourd’hui {french.amount(plan.today, plan.unit)})"
        ),
        (
            f"  borne prouvée : {french.amount(plan.bound, plan.unit)}, écart "
            f"{french.gap(plan.gap)} ({plan.status}, {french.seconds(plan.seconds)})"
        ),
    ]
    newly = found.newly_covered
    cost = float(plan.curve["cout_eur"].iloc[-1])
    price = siting.euros_per_person(plan, people_gained=newly)
    each = f"{french.euros(price)} par habitant gagné ; " if newly else ""
    lines.append(
        f"  {french.people(newly)} de plus à {french.short(study.threshold)} min, pour "
        f"{french.euros(cost)} par an ({each}{found.costs.title}, coûts moyens)"
    )
    near = dict(tuple(found.others.groupby("site_id")))
    for row in found.sites().itertuples():
        line = f"  {row.rang}. {row.nom} ({row.commune}, {row.site_id})"
        if not math.isnan(row.part_des_plans_proches):
            line += f", dans {french.rate(row.part_des_plans_proches)} des plans proches"
        if row.site_id in near:
            other = found.offices.loc[near[row.site_id]["remplacant"].iloc[0], "nom"]
            line += f", interchangeable avec {other}"
        lines.append(line)
    lines += [f"  {remark}" for remark in plan.remarks]
    if found.regret is not None:
        lines += _regret(found)
    if found.frontier is not None:
        lines += _frontier(found.frontier)
    return "\n".join(lines)


def _regret(found: Implantation) -> list[str]:
    from msap_geo import french  # noqa: PLC0415

    regret = found.regret
    if regret is None:
        return []
    people = int(regret.losers["population"].sum())
    lines = [
        f"  ce que le choix imposé coûte : {french.quantity(regret.loss, found.plan.unit)}",
        f"  sans lui : {', '.join(found.offices.loc[list(regret.free.sites), 'nom'])}",
        (
            f"  {french.people(people)} plus loin qu'avec le plan libre, "
            f"dans {french.counted(len(regret.losers), 'commune')}"
        ),
    ]
    lines += [
        f"    {row.nom} ({row.code_insee}) : {french.people(row.population)}, "
        f"{french.minutes(row.minutes_libre)} → {french.minutes(row.minutes)}"
        for row in regret.losers.head(_LOSERS_SHOWN).itertuples()
    ]
    return lines


def _frontier(table: pd.DataFrame) -> list[str]:
    from msap_geo import french  # noqa: PLC0415

    return [
        f"  {french.counted(row.nombre, 'site')}, {french.euros(row.cout_eur)} par an : "
        f"{french.people(int(row.gagnes))} de plus"
        + (f", {french.euros(row.eur_par_habitant)} par habitant gagné" if row.gagnes else "")
        for row in table[table["efficace"]].drop_duplicates("nombre").itertuples()
    ]
