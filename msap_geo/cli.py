"""The command line: parse, make one call, translate errors. Everything said is in French.

Exit codes: 0 done, 1 data or processing, 2 usage, 130 interrupted.

Built on argparse: the libraries that promise more write half of their help and of their errors in
English, and offer no supported way to change that.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from msap_geo import __version__
from msap_geo.errors import MsapGeoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from msap_geo.study import Study, StudyResult

_DONE, _FAILED, _USAGE, _INTERRUPTED = 0, 1, 2, 130

# What argparse says, and what we say instead.
_USAGE_ERRORS = (
    (r"the following arguments are required: (.+)", r"il manque : \1"),
    (r"unrecognized arguments: (.+)", r"argument inconnu : \1"),
    (r"argument (.+): expected one argument", r"\1 attend une valeur"),
    (r"argument (.+): invalid choice: (.+?) \(choose from .+\)", r"commande inconnue : \2"),
    (r"ambiguous option: (.+?) could match (.+)", r"option ambiguë : \1 (\2 ?)"),
    (r"argument (.+): ignored explicit argument (.+)", r"\1 ne prend pas de valeur (reçu \2)"),
)


class _FrenchFormatter(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Any,
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "Utilisation : " if prefix is None else prefix)


class _FrenchParser(argparse.ArgumentParser):
    """An argument parser whose help and errors are in French."""

    def __init__(self, *, description: str, **kwargs: Any) -> None:
        super().__init__(
            description=description,
            add_help=False,
            allow_abbrev=False,
            formatter_class=_FrenchFormatter,
            **kwargs,
        )
        self.options = self.add_argument_group("Options\u00a0")
        self.options.add_argument("-h", "--help", action="help", help="affiche cette aide")

    def error(self, message: str) -> NoReturn:
        french = "la ligne de commande n'est pas comprise"
        for pattern, text in _USAGE_ERRORS:
            match = re.fullmatch(pattern, message)
            if match:
                french = match.expand(text)
                break
        self.exit(_USAGE, f"Erreur : {french}.\nPour l'aide : {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _FrenchParser(
        prog="msap-geo",
        description="Mesure l'accès aux Maisons de services au public, montre les zones blanches, "
        "note les bureaux de poste qui pourraient en accueillir une.",
    )
    parser.options.add_argument(
        "--version",
        action="version",
        version=f"msap-geo {__version__}",
        help="affiche la version",
    )
    commands = parser.add_subparsers(
        title="Commandes\u00a0",
        metavar="COMMANDE",
        dest="commande",
        required=True,
        parser_class=_FrenchParser,
    )
    run = commands.add_parser(
        "lancer",
        help="lance une étude : tables, carte, manifeste",
        description="Lance une étude : tables, carte, manifeste.",
    )
    run.add_argument_group("Arguments\u00a0").add_argument(
        "etude",
        metavar="ETUDE.TOML",
        type=Path,
        help="fichier d'étude ; les chemins qu'il contient partent de son dossier",
    )
    demo = commands.add_parser(
        "demo",
        help="lance l'étude de démonstration",
        description="Lance l'étude de démonstration : la Mayenne, temps estimés sans réseau "
        "routier, Maisons et bureaux de poste inventés.",
    )
    for command in (run, demo):
        command.options.add_argument(
            "--sortie",
            metavar="DOSSIER",
            type=Path,
            help="dossier des résultats (par défaut : maps/<nom de l'étude>)",
        )
        command.options.add_argument(
            "--json",
            action="store_true",
            help="écrit sur la sortie standard le résumé en JSON, et rien d'autre",
        )
    return parser


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; a user's mistake gets a French sentence, never a traceback.

    Parameters
    ----------
    argv
        Arguments, those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A Windows console may not be UTF-8: better a replaced letter than a crash.
            stream.reconfigure(errors="replace")
    arguments = _parser().parse_args(argv)
    # Libraries warn in English of what the anomalies tell in French.
    warnings.simplefilter("ignore")
    # One short run over national files: looking for cycles among their records is time lost.
    gc.disable()
    try:
        _conduct(_study_reader(arguments), arguments.sortie, as_json=arguments.json)
    except MsapGeoError as error:
        print(f"Erreur : {error}", file=sys.stderr)  # noqa: T201 - a command line speaks
        sys.exit(_FAILED)
    except BrokenPipeError:
        # The reader of our output left (``| head``): nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("Interrompu.", file=sys.stderr)  # noqa: T201
        sys.exit(_INTERRUPTED)
    finally:
        gc.enable()
    sys.exit(_DONE)


def _study_reader(arguments: argparse.Namespace) -> Callable[[], Study]:
    from msap_geo.study import read_study, sample_study  # noqa: PLC0415 - keeps --help instant

    if arguments.commande == "demo":
        return sample_study
    return lambda: read_study(arguments.etude)


def _conduct(read: Callable[[], Study], output: Path | None, *, as_json: bool) -> None:
    """Read, run, write, report; progress goes to stderr, and only to a terminal."""
    from rich.console import Console  # noqa: PLC0415

    from msap_geo.study import run_study, write_study  # noqa: PLC0415

    study = read()
    folder = output if output is not None else Path("maps") / study.slug
    with Console(stderr=True).status("Préparation…") as status:
        result = run_study(study, progress=lambda step: status.update(f"{step}…"))
        status.update("Écriture des résultats…")
        write_study(result, folder)
    summary = result.summary()
    text = json.dumps(summary, ensure_ascii=False, indent=2) if as_json else _told(result, folder)
    print(text, flush=True)  # noqa: T201


def _told(result: StudyResult, folder: Path) -> str:
    """Return the report of a study, a few lines."""
    from msap_geo.anomalies import tally  # noqa: PLC0415
    from msap_geo.loaders import BORDER_KM  # noqa: PLC0415
    from msap_geo.outputs import french  # noqa: PLC0415

    study, first = result.study, result.shares[0]
    communes = french.counted(len(result.communes), "commune")
    nearby = int(result.neighbours.sum())
    maisons = french.counted(len(result.maisons) - nearby, "Maison")
    if nearby:
        maisons += f" (et {french.counted(nearby, 'voisine')} à moins de {BORDER_KM:g} km)"
    lines = [f"{study.etude.nom} : {french.people(first.population)}, {communes}, {maisons}"]
    if study.etude.demonstration:
        lines.append("  DÉMONSTRATION : Maisons et bureaux de poste inventés.")
    if result.estimated:
        lines.append("  TEMPS ESTIMÉS : pas de réseau routier réel.")
    lines += [
        f"  à {share.threshold:g} min ou moins : {french.percent(share.share)} des habitants ; "
        f"{french.people(share.beyond)} au-delà, "
        f"dans {french.counted(share.communes_beyond, 'commune')}"
        for share in result.shares
    ]
    zones = french.counted(len(result.zones), "zone blanche")
    lines.append(f"  {zones} au-delà de {study.threshold:g} min")
    lines += [
        f"  candidat n° {row.rang} : {row.nom} ({row.code_insee}), "
        f"{french.people(row.population_gagnee)} de plus à {study.threshold:g} min"
        for row in result.candidates.head(3).itertuples()
    ]
    if result.anomalies:
        told = french.anomalies(tally(result.anomalies))
        lines.append(f"  anomalies dans les données : {told} (détail dans manifest.json)")
    lines.append(f"Résultats : {folder} (carte à ouvrir : {folder / 'carte.html'})")
    return "\n".join(lines)
