"""``msap-geo concerter``: the choices of several people, side by side."""

from __future__ import annotations

import datetime as dt
import glob
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.parser import add_command, add_forms, add_json, add_output, add_study, day

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from msap_geo.answers.concertation import Concertation


def register(commands: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "concerter",
        _conduct,
        help="rapproche les choix de plusieurs personnes sur une même étude",
        description="Rapproche les choix exportés de la carte par plusieurs personnes "
        "(sous-préfets, EPCI, La Poste) : où elles s'accordent, où non, ce que chaque choix coûte "
        "et couvre à côté du plan du même nombre, qui y perd. Tient un registre daté des avis et "
        "des décisions.",
        examples=[
            "concerter etude.toml choix-prefet.json choix-poste.json",
            "concerter etude.toml choix-*.json --retenir prefet --sortie maps/concertation",
        ],
    )
    add_study(parser)
    parser.arguments.add_argument(
        "choix",
        metavar="CHOIX",
        nargs="+",
        help="choix exportés de la carte de l'étude (JSON ou CSV), un par personne : la clé auteur "
        "du JSON la nomme, sinon le nom du fichier",
    )
    parser.options.add_argument(
        "--retenir",
        metavar="NOM",
        default="",
        help="inscrit ce choix au registre comme décision (auteur, ou nom de son fichier)",
    )
    parser.options.add_argument(
        "--date",
        metavar="AAAA-MM-JJ",
        type=day,
        help="jour à inscrire au registre (par défaut : SOURCE_DATE_EPOCH, sinon aujourd'hui)",
    )
    add_output(parser, default="maps/<nom de l'étude>-concertation")
    add_forms(parser, default="html")
    add_json(parser)


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import folder  # noqa: PLC0415 - keeps --help instant
    from msap_geo.answers import concertation  # noqa: PLC0415
    from msap_geo.outputs import one_run  # noqa: PLC0415
    from msap_geo.study import read_choice, scenario_study  # noqa: PLC0415
    from msap_geo.study import read_study as read  # noqa: PLC0415

    study = read(arguments.etude)
    choices = [read_choice(path) for path in _files(arguments.choix)]
    for choice in choices:
        scenario_study(study, choice)  # said before the study is run
    target = arguments.sortie or Path("maps") / f"{study.slug}-concertation"
    with one_run(target):
        found: Concertation = formats.run(
            arguments,
            lambda result, progress: concertation.gather_opinions(
                result, choices, held=arguments.retenir, progress=progress
            ),
        )
        date, forms = _dated(arguments), tuple(dict.fromkeys(arguments.formats)) or ("html",)
        folder.write_concertation(found, target, date=date, formats=forms)
    text = (
        json.dumps(
            folder.concertation_summary(found, date), ensure_ascii=False, indent=2, allow_nan=False
        )
        if arguments.json
        else _told(found, target, forms)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    return 0


def _dated(arguments: argparse.Namespace) -> dt.date:
    """Return the day to write in the register: the one asked, else the edition's, else today."""
    from msap_geo.study.provenance import edition  # noqa: PLC0415 - keeps --help instant

    if arguments.date is not None:
        return arguments.date  # type: ignore[no-any-return]
    imposed = edition()
    return dt.datetime.now(tz=dt.UTC).astimezone().date() if imposed is None else imposed.date()


def _files(given: Iterable[str]) -> list[Path]:
    """Return the files given once each; the shell of Windows leaves ``*`` to us."""
    found: dict[Path, Path] = {}
    for text in given:
        matched = sorted(glob.glob(text)) if not Path(text).exists() else []  # noqa: PTH207
        for path in map(Path, matched or [text]):
            # Unlike Path.resolve, it takes a link that turns in circles: reading refuses it.
            found.setdefault(Path(os.path.realpath(path)), path)
    return list(found.values())


def _told(found: Concertation, folder: Path, forms: tuple[str, ...]) -> str:
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.documents.concertation import concertation_told  # noqa: PLC0415

    count = french.counted(len(found.opinions), "choix")
    lines = [f"{found.result.study.etude.nom} : {count}"]
    lines += formats.warnings_of(found.result)
    lines += [f"  {line}" for line in concertation_told(found)]
    lines.append(f"Résultats : {folder} (concertation.{forms[0]}, registre.csv)")
    return "\n".join(lines)
