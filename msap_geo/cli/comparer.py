"""``msap-geo comparer``: two studies of one territory side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import consoles
from msap_geo.cli.parser import add_command, add_forms, add_json, add_output

if TYPE_CHECKING:
    import argparse

    from msap_geo.comparison import Comparison


def register(commands: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "comparer",
        _conduct,
        help="compare deux études d'un même territoire",
        description="Compare deux dossiers écrits par msap-geo lancer pour un même territoire : "
        "deux dates, deux plans, deux conventions de temps de trajet. Dit ce qui diffère dans "
        "leurs données et leurs réglages, qui gagne et qui perd, ce que deviennent les zones "
        "blanches et les Maisons.",
        examples=["comparer maps/corse-2020 maps/corse-2024"],
    )
    for name, which in (("avant", "première étude, celle d'avant"), ("apres", "seconde étude")):
        parser.arguments.add_argument(
            name, metavar=name.upper(), type=Path, help=f"dossier de la {which}"
        )
    add_output(parser, default="maps/comparaison-<avant>-<après>")
    add_forms(parser, default="aucun")
    add_json(parser)


def _conduct(arguments: argparse.Namespace) -> int:
    """Read, compare, write, report; progress goes to stderr, and only to a terminal."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help instant

    from msap_geo.comparison import compare_studies, read_folder  # noqa: PLC0415
    from msap_geo.folder import comparison_summary, write_comparison  # noqa: PLC0415

    with Console(file=consoles.for_bars()).status("Lecture des deux études…") as status:
        consoles.settle()  # a bar puts streams of its own in place of ours
        sides = [read_folder(path) for path in (arguments.avant, arguments.apres)]
        status.update("Comparaison…")
        comparison = compare_studies(*sides)
        folder = arguments.sortie if arguments.sortie is not None else _folder(comparison)
        status.update("Écriture des résultats…")
        write_comparison(comparison, folder, formats=list(dict.fromkeys(arguments.formats)))
    text = (
        json.dumps(comparison_summary(comparison), ensure_ascii=False, indent=2, allow_nan=False)
        if arguments.json
        else _told(comparison, folder)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    return 0


def _folder(comparison: Comparison) -> Path:
    from msap_geo.study import slug  # noqa: PLC0415

    return Path("maps") / "-".join(["comparaison", *(slug(label) for label in comparison.labels)])


def _told(comparison: Comparison, folder: Path) -> str:
    """Return the report of a comparison, a few lines."""
    from msap_geo.comparison import comparison_told  # noqa: PLC0415

    title, *lines = comparison_told(comparison)
    where = f"Résultats : {folder} (carte à ouvrir : {folder / 'comparaison.html'})"
    return "\n".join([title, *(f"  {line}" for line in lines), where])
