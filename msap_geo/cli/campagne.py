"""``msap-geo campagne``: the same study for many territories, dates and assumptions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli.parser import add_command, add_json, add_output

if TYPE_CHECKING:
    import argparse

    from msap_geo.campaign import Report, Step

_MINUTE_S = 60.0


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
        type=int,
        help="études menées en même temps, au plus (par défaut : une par cœur)",
    )
    command.options.add_argument(
        "--memoire",
        metavar="GIO",
        type=float,
        help="mémoire que la campagne peut prendre, en gibioctets (par défaut : les quatre "
        "cinquièmes de celle qui est libre)",
    )


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import campaign  # noqa: PLC0415 - keeps --help instant
    from msap_geo.study import slug  # noqa: PLC0415

    asked = campaign.read_campaign(arguments.campagne)
    folder = arguments.sortie if arguments.sortie is not None else Path("maps") / slug(asked.name)
    limits = campaign.bounds(arguments.processus, arguments.memoire)
    report = campaign.run_campaign(
        asked,
        folder,
        lambda tasks, where: campaign.by_processes(tasks, where, limits),
        resume=arguments.reprendre,
        tell=_tell,
    )
    told = _as_json(report) if arguments.json else _told(report, asked.name, folder)
    print(told, flush=True)  # noqa: T201 - a command line speaks
    return 1 if report.missing else 0


def _tell(step: Step) -> None:
    """Say where the campaign is, on the error output: a line per study, as a journal keeps it."""
    print(_sentence(step), file=sys.stderr, flush=True)  # noqa: T201


def _sentence(step: Step) -> str:
    from msap_geo import french  # noqa: PLC0415

    if step.outcome is None:
        kept = f" ; {french.counted(step.found, 'étude')} déjà faites" if step.found else ""
        return f"Campagne : {french.counted(step.total, 'étude')} à faire{kept}"
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
