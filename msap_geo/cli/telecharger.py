"""``msap-geo telecharger``: the official files of départements, and a study ready to run."""

from __future__ import annotations

import argparse
import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import consoles
from msap_geo.cli.parser import add_command, add_json

if TYPE_CHECKING:
    from rich.progress import TaskID

    from msap_geo import sources
    from msap_geo.study import Prepared


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "telecharger",
        _conduct,
        help="prend les fichiers officiels de départements et écrit une étude prête",
        description="Prend les fichiers officiels de départements et de leurs voisins (communes, "
        "population, mairies, Maisons, La Poste, routes) et écrit une étude prête à lancer. Ce qui "
        "est déjà là n'est pas repris. Variables d'environnement : HTTPS_PROXY (proxy), "
        "MSAP_GEO_MIROIR (adresse ou dossier d'un miroir), MSAP_GEO_CACHE (cache).",
        examples=["telecharger 72 53 --dossier donnees", "telecharger 2A 2B"],
    )
    command.arguments.add_argument(
        "departements",
        metavar="DEPARTEMENT",
        nargs="+",
        type=str.upper,
        help="codes des départements : 72 53, 2A, 974",
    )
    command.options.add_argument(
        "--dossier",
        "--sortie",
        dest="dossier",
        metavar="DOSSIER",
        type=Path,
        default=Path("donnees"),
        help="dossier de l'étude (par défaut : donnees)",
    )
    command.options.add_argument(
        "--avec",
        metavar="SOURCE",
        type=_known_source,
        action="append",
        default=[],
        help="prend aussi cette source (voir docs/sources.md) ; peut être répété",
    )
    command.options.add_argument(
        "--leger",
        action="store_true",
        help="prend les routes de chaque département (OpenStreetMap France) au lieu de celles des "
        "anciennes régions entières",
    )
    command.options.add_argument(
        "--forcer", action="store_true", help="reprend même ce qui est déjà là"
    )
    add_json(command)


def _known_source(identifier: str) -> str:
    from msap_geo import sources  # noqa: PLC0415

    if identifier not in sources.registry():
        known = list(sources.registry())
        near = difflib.get_close_matches(identifier, known, n=1)
        meant = (
            f"vouliez-vous dire « {near[0]} » ?" if near else f"choisir parmi {', '.join(known)}"
        )
        raise argparse.ArgumentTypeError(f"source inconnue « {identifier} » ({meant})")
    return identifier


def _conduct(arguments: argparse.Namespace) -> int:
    """Fetch, write, report; progress goes to stderr, and only to a terminal."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help instant
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    from msap_geo.study import prepare_study  # noqa: PLC0415

    console = Console(file=consoles.for_bars())
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        consoles.settle()  # bars put streams of their own in place of ours
        prepared = prepare_study(
            arguments.departements,
            arguments.dossier,
            extra=arguments.avec,
            light=arguments.leger,
            force=arguments.forcer,
            progress=_follow(bars),
        )
    text = (
        json.dumps(_listed(prepared), ensure_ascii=False, indent=2)
        if arguments.json
        else _told(prepared)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    return 0


def _follow(bars: Any) -> sources.Progress:
    """Give each file a bar of its own, from its first byte."""
    tasks: dict[str, TaskID] = {}

    def show(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=total)
        bars.update(tasks[name], completed=done, total=total)

    return show


def _listed(prepared: Prepared) -> dict[str, Any]:
    from msap_geo import sources  # noqa: PLC0415

    return {
        "etude": str(prepared.study),
        "etude_gardee": prepared.kept,
        "departements": list(prepared.departements),
        "voisins": list(prepared.border),
        "fichiers": [
            {**sources.describe(file), "chemin": str(file.path), "origine": file.origin}
            for file in prepared.files
        ],
        "derives": [str(path) for path in prepared.derived],
    }


def _told(prepared: Prepared) -> str:
    """Return the report of what was fetched, one line a file."""
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.tabular import HOW_TO_UNPACK  # noqa: PLC0415

    lines = [
        f"  {file.path.name} : {french.number(file.size / 1e6, 1)} Mo, {file.origin}"
        f" (du {file.day}), {file.source.licence}"
        for file in prepared.files
    ]
    sealed = [file.path.name for file in prepared.files if file.source.format == "7z"]
    if sealed:
        lines.append(
            f"  {', '.join(sealed)} : archive 7z, ni ouverte ni contrôlée au-dedans ; "
            f"{HOW_TO_UNPACK}"
        )
    around = ", ".join(prepared.border) or "aucun"
    return "\n".join(
        [
            f"Départements {', '.join(prepared.departements)} ; voisins : {around}",
            *lines,
            *(f"  {path.name} : fait à partir des précédents" for path in prepared.derived),
            f"Étude {'gardée telle quelle' if prepared.kept else 'prête'} : {prepared.study}",
            f"Pour la lancer : msap-geo lancer {prepared.study}",
        ]
    )
