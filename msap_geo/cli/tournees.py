"""``msap-geo tournees``: where a bus stops, when, for whom."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.noter import positive
from msap_geo.cli.optimiser import number
from msap_geo.cli.parser import add_command, add_study, day
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.answers import Rounds, Services

_LEFT_SHOWN = 5
_FREQUENCIES = ("hebdomadaire", "quinzaine", "mois")
_DURATION = re.compile(r"(?:(?P<h>\d{1,2})\s*h\s*(?P<m>[0-5]?\d)?|(?P<min>\d{1,3})\s*(?:min|mn)?)")


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "tournees",
        _conduct,
        help="conçoit les tournées de bus ou de permanences, avec la preuve de ce qu'elles valent",
        description="Conçoit des tournées pour les zones blanches : arrêts, jours et horaires à la "
        "minute sur le réseau de l'étude, borne prouvée, coût, et qui reste sans service. La "
        "journée de travail, les bases, les arrêts et jours imposés et l'équité sont dans "
        "[regles_tournees] du fichier d'étude.",
        examples=[
            "tournees etude.toml --vehicules 1 --heures-ouvertes 28",
            "tournees etude.toml --publier maps/tournees --debut 2027-01-04",
            "tournees etude.toml --budget 300000",
            "tournees etude.toml --vehicules 2 --heures-ouvertes 24 --arret-minimum 1h30 --json",
        ],
    )
    add_study(command)
    command.options.add_argument(
        "--vehicules", metavar="N", type=positive, help="véhicules (1 par défaut)"
    )
    command.options.add_argument(
        "--heures-ouvertes",
        metavar="HEURES",
        type=_hours,
        help="heures ouvertes aux arrêts, au plus, par véhicule et par semaine (28 par défaut)",
    )
    command.options.add_argument(
        "--arret-minimum",
        metavar="DUREE",
        type=duration,
        help="durée d'un arrêt, au moins, par quarts d'heure : 1h30 (par défaut), 45min",
    )
    command.options.add_argument(
        "--frequence",
        choices=_FREQUENCIES,
        help="après quoi les tournées recommencent (hebdomadaire par défaut)",
    )
    command.options.add_argument(
        "--base",
        metavar="CODE",
        nargs="+",
        action="extend",
        help="communes d'où partent les véhicules (par défaut : au plus près des habitants)",
    )
    command.options.add_argument(
        "--publier",
        metavar="DOSSIER",
        type=Path,
        help="écrit aussi la semaine sur une carte, une affiche par commune, un rapport, un "
        "calendrier (iCalendar), un flux GTFS, les arrêts en CSV et un classeur",
    )
    command.options.add_argument(
        "--debut",
        metavar="AAAA-MM-JJ",
        type=day,
        help="premier jour du calendrier et du flux, pour un an (par défaut : le premier lundi de "
        "l'année des coûts)",
    )
    command.options.add_argument(
        "--comparer",
        action="store_true",
        help="compare, pour chaque zone blanche, bus, Maison (toute la semaine ou deux jours) et "
        "permanence à la mairie, au lieu de concevoir une tournée",
    )
    command.options.add_argument(
        "--budget",
        metavar="EUROS",
        type=number("une somme en euros", 0.0, math.inf),
        help="la même comparaison, et le plan mixte qui sert le plus d'habitants pour ce budget "
        "annuel, avec sa borne",
    )
    formats.add_formats(command, workbook="tournees.xlsx")


def _hours(text: str) -> float:
    match = _DURATION.fullmatch(text.strip().lower())
    if match and match["h"] is not None:
        return int(match["h"]) + int(match["m"] or 0) / 60
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"un nombre d'heures est attendu (reçu {text})")
    return value


def duration(text: str) -> int:
    """Read a duration as minutes: ``1h30``, ``2h``, ``45min``, ``90``."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(
            f"une durée est attendue par quarts d'heure, comme 1h30 (reçu {text})"
        )
    if match["h"] is not None:
        return 60 * int(match["h"]) + int(match["m"] or 0)
    return int(match["min"])


def _compare(arguments: argparse.Namespace) -> int:
    from msap_geo.answers import compare_services, services_json  # noqa: PLC0415
    from msap_geo.folder import services_tables  # noqa: PLC0415

    found = formats.run(
        arguments,
        lambda result, progress: compare_services(
            result, budget_eur=arguments.budget, progress=progress
        ),
    )
    formats.show(
        arguments,
        found.result,
        content=lambda: services_json(found),
        tables=services_tables(found),
        text=lambda: _told_services(found),
    )
    return 0


_ASKED = {
    "vehicules": "vehicles",
    "heures_ouvertes": "open_hours",
    "arret_minimum": "shortest_minutes",
    "frequence": "frequency",
    "base": "bases",
}
"""What each option asks of rounds."""


def _without_effect(arguments: argparse.Namespace, names: Iterable[str], remedy: str) -> None:
    """Refuse options that would change nothing: who wrote them believes that they do."""
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
    if given:
        raise StudyError(
            "option sans effet ici" if len(given) == 1 else "options sans effet ici",
            where=", ".join(given),
            remedy=remedy,
        )


def _conduct(arguments: argparse.Namespace) -> int:
    if arguments.comparer or arguments.budget is not None:
        _without_effect(
            arguments,
            (*_ASKED, "publier", "debut"),
            "relancer sans : --comparer et --budget ne conçoivent pas de tournée",
        )
        return _compare(arguments)
    if arguments.publier is None:
        _without_effect(arguments, ["debut"], "ajouter --publier DOSSIER, ou relancer sans")
    from msap_geo.answers import (  # noqa: PLC0415 - keeps --help instant
        RoundsAsked,
        design_rounds,
        rounds_json,
    )
    from msap_geo.folder import publish_rounds, rounds_tables  # noqa: PLC0415

    given = {asks: getattr(arguments, name) for name, asks in _ASKED.items()}
    asked = RoundsAsked(**{asks: value for asks, value in given.items() if value is not None})
    found = formats.run(
        arguments, lambda result, progress: design_rounds(result, asked, progress=progress)
    )
    if arguments.publier is not None:
        publish_rounds(found, arguments.publier, start=arguments.debut)
    formats.show(
        arguments,
        found.result,
        content=lambda: rounds_json(found),
        tables=rounds_tables(found),
        text=lambda: told(found, arguments.publier),
    )
    return 0


def _told_services(found: Services) -> str:
    import pandas as pd  # noqa: PLC0415

    from msap_geo import french  # noqa: PLC0415
    from msap_geo.answers import WAYS_TOLD  # noqa: PLC0415

    lines = [f"{found.result.study.etude.nom} : les moyens de servir les zones blanches"]
    lines += formats.warnings_of(found.result)
    if found.mixed is not None:
        plan = found.mixed
        lines.append(
            f"  plan mixte pour {french.euros(found.budget_eur or 0)} par an "
            f"({french.euros(plan.cost_eur)} employés) : {french.counted(plan.buses, 'bus')} ; "
            f"habitants servis, selon leurs heures : {french.number(int(plan.value))} ; borne "
            f"{french.number(math.ceil(plan.bound))}, écart {french.percent(plan.gap, 2)}"
        )
        lines += [
            f"    {row['moyen']} à {row['nom']} ({row['code_insee']}) : "
            f"{french.short(row['heures_semaine'], 1)} h par semaine, "
            f"{french.euros(row['cout_eur_an'])} par an hors bus"
            for row in found.chosen().to_dict("records")
        ]
    for zone, ways in list(found.table.groupby("zone_id", sort=False))[:_LEFT_SHOWN]:
        first = ways.iloc[0]
        lines.append(f"  {first['nom']} ({zone}), {french.people(int(first['population']))}")
        for row in ways.to_dict("records"):
            even = row["population_equilibre"]
            lines.append(
                f"    {WAYS_TOLD[row['moyen']]} à {row['lieu']} : "
                f"{french.people(row['habitants_a_portee'])} à portée, "
                f"{french.short(row['heures_semaine'], 1)} h par semaine, "
                f"{french.euros(row['cout_eur_an'])} par an, {french.number(row['km_an'])} km, "
                f"{french.number(row['co2_kg_an'])} kg de CO2"
                + ("" if pd.isna(even) else f" ; équilibre à {french.people(int(even))}")
            )
    more = found.table["zone_id"].nunique() - _LEFT_SHOWN
    if more > 0:
        lines.append(f"  … et {french.counted(more, 'autre zone')} (--csv, --json ou --xlsx)")
    lines += [f"  {remark}" for remark in (*found.remarks, *found.costs.remarks)]
    return "\n".join(lines)


def told(found: Rounds, folder: Path | None) -> str:
    """Return rounds in lines, and where they are published."""
    from msap_geo import french, rounds  # noqa: PLC0415
    from msap_geo.answers import vehicle_name  # noqa: PLC0415
    from msap_geo.coverage.opening import WEEKDAYS  # noqa: PLC0415

    plan, people = found.plan, int(found.people.sum())
    vehicles = french.counted(found.asked.vehicles, "véhicule")
    hours = french.short(plan.weekly_hours, 1)
    name, often = found.result.study.etude.nom, found.asked.frequency
    lines = [f"{name} : {vehicles}, {hours} h ouvertes par semaine ({often})"]
    lines += formats.warnings_of(found.result)
    lines += [
        (
            f"  habitants servis, selon leurs heures : {french.number(int(plan.value))} ; borne "
            f"{french.number(math.ceil(plan.bound))}, écart {french.gap(plan.gap)} "
            f"(plan de référence : {french.number(int(plan.greedy_value))})"
        ),
        (
            f"  {french.people(found.within_reach)} des zones blanches sur "
            f"{french.number(people)} ont un arrêt à {french.short(found.threshold)} min ou moins"
        ),
        (
            f"  {french.number(found.yearly_km)} km et "
            f"{french.euros(sum(found.yearly_eur.values()))} par an"
        ),
    ]
    for trip in plan.days:
        week = f" (semaine {trip.week + 1})" if plan.work.weeks > 1 else ""
        lines.append(
            f"  {vehicle_name(trip.vehicle)}, {WEEKDAYS[trip.weekday]}{week} : départ "
            f"{rounds.clock(trip.hours.leaves)}, retour {rounds.clock(trip.hours.returns)}"
        )
        lines += [
            f"    {step['arrivee']}-{step['depart']} {step['nom']} ({step['code_insee']}), "
            f"{french.people(step['habitants_a_portee'])} à portée"
            for step in found.steps(trip)
        ]
    left = found.unserved()
    if len(left):
        some = ", ".join(
            f"{row.nom} ({french.number(row.population)})"
            for row in left.head(_LEFT_SHOWN).itertuples()
        )
        more = len(left) - _LEFT_SHOWN
        lines.append(
            f"  sans arrêt à portée : {french.people(int(left['population'].sum()))} dans "
            f"{french.counted(len(left), 'commune')} : {some}" + ("…" if more > 0 else "")
        )
    lines += [f"  {remark}" for remark in (*found.remarks, *found.costs.remarks)]
    if folder is not None:
        lines.append(f"Publié : {folder} (carte à ouvrir : {folder / 'semaine.html'})")
    return "\n".join(lines)
