"""``msap-geo verifier``: what the files of a study hold, before anything is computed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli.parser import add_command, add_json, add_study
from msap_geo.cli.progress import steps

if TYPE_CHECKING:
    import argparse

_UNUSABLE, _WARNED = 1, 3


def register(commands: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "verifier",
        _conduct,
        help="vérifie les fichiers d'une étude avant de la lancer",
        description="Dit, sans rien calculer, ce que contient chaque fichier de l'étude et ce qui "
        "ne va pas : lignes, millésimes, positions, codes, horaires, population, routes.",
        examples=["verifier etude.toml", "verifier etude.toml --rapport audit.html --strict"],
    )
    add_study(parser)
    add_json(parser)
    parser.options.add_argument(
        "--rapport",
        metavar="FICHIER.HTML",
        type=Path,
        help="écrit aussi le rapport complet, à ouvrir dans un navigateur ou à imprimer",
    )
    parser.options.add_argument(
        "--strict",
        action="store_true",
        help="sort avec le code 3 s'il y a un avertissement dans le territoire",
    )


def _conduct(arguments: argparse.Namespace) -> int:
    """Audit, write, report; progress goes to stderr, and only to a terminal."""
    from msap_geo.audit import in_lines, write_report  # noqa: PLC0415
    from msap_geo.study import audit_study, read_study  # noqa: PLC0415

    study = read_study(arguments.etude)
    with steps(arguments, study.slug) as progress:
        audit = audit_study(study, progress=progress)
    if arguments.rapport is not None:
        write_report(audit, arguments.rapport)
    lines = in_lines(audit)
    if arguments.rapport is not None:
        lines.append(f"Rapport : {arguments.rapport}")
    text = (
        json.dumps(audit.as_dict(), ensure_ascii=False, indent=2)
        if arguments.json
        else "\n".join(lines)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    if audit.verdict == "inutilisable":
        message = "Erreur : l'étude ne peut pas être calculée, voir les constats bloquants."
        print(message, file=sys.stderr)  # noqa: T201
        return _UNUSABLE
    return _WARNED if arguments.strict and audit.verdict == "avertissements" else 0
