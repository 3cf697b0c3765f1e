"""``msap-geo campagne``: the same study for many territories, dates and assumptions."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli.noter import positive
from msap_geo.cli.optimiser import number
from msap_geo.cli.parser import add_command, add_json, add_output

if TYPE_CHECKING:
    from msap_geo.campaign import Report, Share, Step
    from msap_geo.campaign.run import Maker

_MINUTE_S = 60.0
_LEAST_GIB = 2.0**-30
"""A byte."""


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "campagne",
        _conduct,
        help="lance la même étude pour de nombreux territoires, dates ou choix",
        description="Lance la même étude pour de nombreux territoires, dates ou choix : un dossier "
        "par étude, les chiffres de toutes (chiffres.csv, .xlsx, .parquet) et un manifeste.",
        examples=[
            "campagne campagne.toml",
            "campagne campagne.toml --reprendre",
            "campagne campagne.toml --processus 4 --memoire 8",
            "campagne campagne.toml --partie 3/12",
            "campagne campagne.toml --assembler",
            "campagne campagne.toml --calcul dask --ordonnanceur tcp://machine:8786",
        ],
    )
    command.arguments.add_argument(
        "campagne",
        metavar="CAMPAGNE.TOML",
        type=Path,
        help="fichier de campagne ; les chemins qu'il contient partent de son dossier",
    )
    add_output(command, default="maps/<nom de la campagne>")
    add_json(command)
    command.options.add_argument(
        "--reprendre",
        action="store_true",
        help="ne refait que les études absentes, en échec, ou dont une entrée, un paramètre ou la "
        "version a changé",
    )
    command.options.add_argument(
        "--processus",
        metavar="N",
        type=positive,
        help="études menées en même temps, au plus (par défaut : une par cœur)",
    )
    command.options.add_argument(
        "--memoire",
        metavar="GIO",
        type=number("une mémoire en gibioctets, plus de zéro,", _LEAST_GIB, math.inf),
        help="mémoire que la campagne peut prendre, en gibioctets (par défaut : les quatre "
        "cinquièmes de celle qui est libre)",
    )

    command.options.add_argument(
        "--partie",
        metavar="I/N",
        type=_share,
        help="ne mène qu'une part des études, par exemple 3/12 : les autres sont menées ailleurs, "
        "dans le même dossier",
    )
    command.options.add_argument(
        "--assembler",
        action="store_true",
        help="ne mène aucune étude : écrit les chiffres, l'atlas et le manifeste de celles qui "
        "sont faites",
    )
    command.options.add_argument(
        "--calcul",
        choices=("processus", "dask"),
        default="processus",
        help="par des processus de ce poste (par défaut), ou sur une grappe Dask",
    )
    command.options.add_argument(
        "--ordonnanceur",
        metavar="ADRESSE",
        help="planificateur Dask existant, par exemple tcp://machine:8786 ; sans lui, --calcul "
        "dask en fait un sur ce poste",
    )


def _share(text: str) -> Share:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of:
        raise argparse.ArgumentTypeError(f"une part comme 3/12 est attendue (reçu {text})")
    from msap_geo.campaign import Share  # noqa: PLC0415 - keeps --help instant

    return Share(number, of)


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import campaign  # noqa: PLC0415 - keeps --help instant
    from msap_geo.study import slug  # noqa: PLC0415

    asked = campaign.read_campaign(arguments.campagne)
    folder = arguments.sortie if arguments.sortie is not None else Path("maps") / slug(asked.name)
    if arguments.assembler:
        report = campaign.assemble_campaign(asked, folder)
    else:
        report = campaign.run_campaign(
            asked,
            folder,
            _maker(arguments),
            resume=arguments.reprendre,
            share=arguments.partie,
            tell=_tell,
        )
    told = _as_json(report) if arguments.json else _told(report, asked.name, folder)
    print(told, flush=True)  # noqa: T201 - a command line speaks
    return 1 if report.missing else 0


def _maker(arguments: argparse.Namespace) -> Maker:
    """Return what makes the studies: processes, or a Dask cluster."""
    from msap_geo import campaign  # noqa: PLC0415
    from msap_geo.errors import StudyError  # noqa: PLC0415

    limits = campaign.bounds(arguments.processus, arguments.memoire)
    if arguments.calcul == "dask":
        return partial(campaign.by_cluster, address=arguments.ordonnanceur, limits=limits)
    if arguments.ordonnanceur:
        raise StudyError(
            "--ordonnanceur ne sert qu'à un calcul sur Dask", remedy="ajouter --calcul dask"
        )
    return partial(campaign.by_processes, limits=limits)


def _tell(step: Step) -> None:
    """Say where the campaign is, on the error output: a line per study, as a journal keeps it."""
    print(_sentence(step), file=sys.stderr, flush=True)  # noqa: T201


def _sentence(step: Step) -> str:
    from msap_geo import french  # noqa: PLC0415

    if step.outcome is None:
        kept = f"{french.counted(step.found, 'étude')} déjà {french.agreed(step.found, 'faite')}"
        told = f"Campagne : {french.counted(step.total, 'étude')} à faire"
        return f"{told} ; {kept}" if step.found else told
    outcome = step.outcome
    place = f"[{step.done}/{step.total}] {outcome.key}"
    if outcome.fault is not None:
        what = f"ÉCHEC. {outcome.fault}"
    else:
        what = f"{french.number(outcome.seconds, 1)} s"
    left = f" ; reste environ {_duration(step.seconds_left)}" if step.done < step.total else ""
    return f"{place} : {what}{left}"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / _MINUTE_S)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours else f"{minutes} min"


def _as_json(report: Report) -> str:
    from msap_geo.campaign.figures import figures  # noqa: PLC0415

    table = figures(report.studies)
    rows = json.loads(table.to_json(orient="records", force_ascii=False))
    told = {
        "etudes": rows,
        "faites": list(report.made),
        "reprises": list(report.found),
        "echecs": {made.task.key: str(made.fault) for made in report.missing if made.fault},
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _told(report: Report, name: str, folder: Path) -> str:
    from msap_geo import french  # noqa: PLC0415

    if not report.studies:
        return f"{name} : aucune étude dans cette part"
    done = len(report.studies) - len(report.missing)
    lines = [f"{name} : {french.counted(done, 'étude')} sur {len(report.studies)}"]
    lines += [
        f"  {made.task.key} ({made.task.territory.name}) : {made.state}"
        + (f". {made.fault}" if made.fault else "")
        for made in report.missing
    ]
    if report.missing:
        lines.append("  Corriger, puis relancer avec --reprendre : le reste ne sera pas refait.")
    lines.append(f"Résultats : {folder} (chiffres : {folder / 'chiffres.xlsx'})")
    return "\n".join(lines)
