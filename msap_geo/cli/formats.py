"""What the commands that answer with tables share: JSON, CSV, a workbook or a few lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli.progress import steps

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from msap_geo.cli.parser import FrenchParser
    from msap_geo.study import StudyResult


def add_formats(parser: FrenchParser, *, workbook: str) -> None:
    """Add ``--json``, ``--csv`` and ``--xlsx``, of which one at most is given.

    Parameters
    ----------
    parser
        The command's parser.
    workbook
        Name of the workbook written by default, in the study's folder of results.
    """
    formats = parser.options.add_mutually_exclusive_group()
    formats.add_argument(
        "--json",
        action="store_true",
        help="écrit sur la sortie standard le résultat en JSON, et rien d'autre",
    )
    formats.add_argument(
        "--csv",
        action="store_true",
        help="écrit sur la sortie standard la table principale en CSV, et rien d'autre",
    )
    formats.add_argument(
        "--xlsx",
        metavar="FICHIER",
        nargs="?",
        type=Path,
        const=Path(),
        help="écrit un classeur, une table par feuille (par défaut : "
        f"maps/<nom de l'étude>/{workbook})",
    )
    parser.options.add_argument(
        "--sortie",
        metavar="DOSSIER",
        type=Path,
        help=f"écrit {workbook} dans ce dossier, quoi qu'écrive la sortie standard",
    )
    parser.set_defaults(workbook=workbook)


def show(
    arguments: argparse.Namespace,
    result: StudyResult,
    *,
    content: Callable[[], Mapping[str, Any]],
    tables: Mapping[str, pd.DataFrame],
    text: Callable[[], str],
    answer: Sequence[tuple[str, str]] = (),
) -> None:
    """Write an answer as asked.

    Parameters
    ----------
    arguments
        Arguments of the command.
    result
        The study, for the name of the folder.
    content
        Makes the content of the JSON.
    tables
        Tables by their name in the dictionary, the main one first.
    text
        Makes the lines for a reader.
    answer
        What was asked and found, in words, for the workbook's first sheet.
    """
    from msap_geo import outputs  # noqa: PLC0415 - keeps --help instant
    from msap_geo.study import provenance_of  # noqa: PLC0415
    from msap_geo.tabular import guarded  # noqa: PLC0415

    if arguments.sortie is not None:
        kept = arguments.sortie / arguments.workbook
        outputs.write_workbook(tables, kept, provenance=provenance_of(result), answer=answer)
        print(f"Classeur : {kept}", file=sys.stderr, flush=True)  # noqa: T201
    if arguments.json:
        print(json.dumps(content(), ensure_ascii=False, indent=2, allow_nan=False), flush=True)  # noqa: T201
    elif arguments.csv:
        first = next(iter(tables.values()))
        sys.stdout.write(guarded(first).to_csv(index=False, lineterminator="\n"))
        sys.stdout.flush()
    elif arguments.xlsx is not None:
        default = Path("maps") / result.study.slug / arguments.workbook
        path = default if arguments.xlsx == Path() else arguments.xlsx
        outputs.write_workbook(tables, path, provenance=provenance_of(result), answer=answer)
        print(f"{text()}\nClasseur : {path}", flush=True)  # noqa: T201
    else:
        print(text(), flush=True)  # noqa: T201


def run(
    arguments: argparse.Namespace, answer: Callable[[StudyResult, Callable[[str], None]], Any]
) -> Any:
    """Run the study of the arguments, then what the command asks of it, telling each step.

    Parameters
    ----------
    arguments
        Arguments of the command; ``etude`` is the study file.
    answer
        Takes the study run and a function that tells a step.

    Returns
    -------
    Any
        The answer.
    """
    from msap_geo.study import read_study, run_study  # noqa: PLC0415

    study = read_study(arguments.etude)
    with steps(arguments, study.slug) as progress:
        return answer(run_study(study, progress=progress), progress)


def warnings_of(result: StudyResult) -> list[str]:
    """Return the lines every answer about a study carries."""
    return [f"  {caution}" for caution in result.cautions]
