"""``msap-geo horaires``: where and when Maisons should open longer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.optimiser import number
from msap_geo.cli.parser import add_command, add_study

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import LongerOpening

_SHOWN = 5


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "horaires",
        _conduct,
        help="dit où et quand ouvrir plus longtemps, et quels échanges ne coûtent rien",
        description="Choisit les demi-journées à ajouter aux Maisons qui donnent au plus "
        "d'habitants une Maison ouverte à portée, samedis et jours de marché pesant plus : valeur, "
        "borne prouvée, semaine avant et après, et les demi-journées à déplacer sans une heure de "
        "plus. Les réglages sont dans [horaires] du fichier d'étude.",
        examples=["horaires etude.toml --heures 10"],
    )
    add_study(command)
    command.options.add_argument(
        "--heures",
        metavar="N",
        required=True,
        type=number("une durée en heures, zéro ou plus,", 0.0, math.inf),
        help="heures à ajouter par semaine, au plus, toutes Maisons ensemble (0 : seulement les "
        "échanges)",
    )
    formats.add_formats(command, workbook="horaires.xlsx")


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo.answers import longer_json, open_longer  # noqa: PLC0415 - keeps --help instant
    from msap_geo.folder import longer_tables  # noqa: PLC0415 - keeps --help instant

    found = formats.run(
        arguments,
        lambda result, progress: open_longer(result, arguments.heures, progress=progress),
    )
    formats.show(
        arguments,
        found.result,
        content=lambda: longer_json(found),
        tables=longer_tables(found),
        text=lambda: _told(found),
    )
    return 0


def _lost(people: int, day: str) -> str:
    from msap_geo import french  # noqa: PLC0415

    return f"−{french.number(people)} le {day}" if people else f"personne n'y perd le {day}"


def _told(found: LongerOpening) -> str:
    from msap_geo import french, french_hours  # noqa: PLC0415
    from msap_geo.answers import departure_in_words  # noqa: PLC0415

    plan, study = found.plan, found.result.study
    added = french.counted(len(found.additions), "demi-journée")
    limit = french.short(study.threshold)
    lines = [f"{study.etude.nom} : {added} de plus, une Maison ouverte à {limit} min"]
    lines += formats.warnings_of(found.result)
    lines.append(f"  {departure_in_words(found.result, by_cell=found.by_cell)}")
    lines.append(
        f"  valeur : {french.number(plan.value)} habitants × demi-journées pondérés (aujourd’hui "
        f"{french.number(plan.today)}), borne prouvée {french.number(plan.bound)}, écart "
        f"{french.gap(plan.gap)} ({plan.status})"
    )
    if found.unknown:
        lines.append(
            f"  horaires inconnus, ne comptent pas : {french.counted(len(found.unknown), 'Maison')}"
        )
    lines += [
        f"  {row.rang}. {row.nom} ({row.site_id}) : {row.jour} {row.demi_journee}, "
        f"{french_hours.span(row.debut, row.fin)}, +{french.people(int(row.habitants))}"
        for row in found.additions.itertuples()
    ]
    lines += [
        f"  {row.nom} : {french_hours.hours(row.horaires_avant)} → "
        f"{french_hours.hours(row.horaires_apres)}"
        + ("" if row.label_apres else " (sous les 24 h sur cinq jours du label)")
        for row in found.weeks.itertuples()
    ]
    for row in found.moves.head(_SHOWN).itertuples():
        lines.append(
            f"  sans une heure de plus : ouvrir {row.nom} le {row.jour} {row.demi_journee} au lieu "
            f"du {row.jour_quitte} {row.demi_journee_quittee} : "
            f"+{french.people(int(row.habitants))} le {row.jour}, "
            + _lost(int(row.habitants_perdus), row.jour_quitte)
        )
    if len(found.moves) > 1:
        lines.append(
            "  chaque échange est jugé seul : deux échanges ne s'additionnent pas toujours"
        )
    return "\n".join(lines)
