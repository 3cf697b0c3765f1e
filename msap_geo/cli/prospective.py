"""``msap-geo prospective``: the State's scenarios of 2015, on a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats, optimiser, tournees
from msap_geo.cli.noter import positive
from msap_geo.cli.parser import add_command, add_study

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import Scenario

SCENARIOS = ("assistance-numerique", "services-mobiles", "pepinieres", "reseaux-collaboratifs")


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "prospective",
        _conduct,
        help="joue l'un des scénarios esquissés par l'État en 2015, avec ses limites",
        description="Joue sur une étude l'un des quatre scénarios esquissés par l'État en 2015 : "
        "assistance numérique, services solidaires et mobiles, pépinières, réseaux collaboratifs. "
        "Un scénario est un réglage de optimiser ou de tournees ; ses hypothèses et ses limites "
        "sont dites avec le résultat. Qui sera loin en 2035 et 2040 : diagnostiquer, avec "
        "[prospective] dans le fichier d'étude.",
        examples=["prospective etude.toml --scenario pepinieres --nombre 3"],
    )
    add_study(command)
    command.options.add_argument(
        "--scenario", choices=SCENARIOS, required=True, help="le scénario à jouer"
    )
    command.options.add_argument(
        "--nombre",
        metavar="N",
        type=positive,
        help="sites (ou véhicules) au plus, au lieu de ceux du scénario",
    )
    formats.add_formats(command, workbook="scenario.xlsx")


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import answers, folder  # noqa: PLC0415 - keeps --help instant

    found = formats.run(
        arguments,
        lambda result, progress: answers.run_scenario(
            result, arguments.scenario, number=arguments.nombre, progress=progress
        ),
    )
    formats.show(
        arguments,
        found.result,
        content=lambda: answers.scenario_json(found),
        tables=folder.scenario_tables(found),
        text=lambda: _told(found),
    )
    return 0


def _told(found: Scenario) -> str:
    from msap_geo import answers  # noqa: PLC0415

    answer = found.found
    told = (
        tournees.told(answer, None)
        if isinstance(answer, answers.Rounds)
        else optimiser.told(answer)
    )
    return "\n".join([told, *(f"  {line}" for line in answers.scenario_in_words(found))])
