"""The command line: parse, make one call, translate errors. Everything said is in French.

One module per command, whose ``register`` adds it to the parser.

Exit codes: 0 done, 1 data or processing, 2 usage, 3 warnings under ``--strict``, 4 an official
file cannot be fetched, 70 a fault of ours (:mod:`msap_geo.cli.faults`), 130 interrupted.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from msap_geo.cli import (
    adapter,
    backtester,
    campagne,
    comparer,
    completion,
    concerter,
    consoles,
    diagnostiquer,
    faults,
    horaires,
    lancer,
    noter,
    optimiser,
    panier,
    prospective,
    rapport,
    telecharger,
    tournees,
    verifier,
)
from msap_geo.cli.parser import FrenchParser
from msap_geo.errors import MsapGeoError, SourceError
from msap_geo.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMANDS = (
    telecharger,
    verifier,
    lancer,
    diagnostiquer,
    noter,
    optimiser,
    adapter,
    horaires,
    panier,
    tournees,
    prospective,
    backtester,
    rapport,
    comparer,
    concerter,
    campagne,
    completion,
)
_FAILED, _UNREACHABLE, _INTERRUPTED = 1, 4, 130
_ENDINGS = ("SIGTERM", "SIGHUP", "SIGBREAK")


def _parser() -> FrenchParser:
    parser = FrenchParser(
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
        parser_class=FrenchParser,
    )
    for command in _COMMANDS:
        command.register(commands)
    return parser


def console() -> NoReturn:
    """Run the command line as a process of its own, which ends with it."""
    # One short run over national files: looking for cycles among their records is time lost, and
    # the interpreter would look once more at its end through all that the process held.
    gc.disable()
    try:
        main()
    finally:
        gc.freeze()


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; a user's mistake gets a French sentence, never a traceback.

    Parameters
    ----------
    argv
        Arguments, those of the process by default.
    """
    consoles.settle()
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        with _interrupted_by(*_ENDINGS), _libraries_kept_quiet():
            code = _conduct(given)
        sys.stdout.flush()
    except MsapGeoError as error:
        _say(f"Erreur : {error}")
        code = _UNREACHABLE if isinstance(error, SourceError) else _FAILED
    except BrokenPipeError:
        # The reader of our output left (``| head``): nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        _say("Interrompu.")
        code = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - no traceback is ever shown: it goes to a report
        sentence, code = faults.told(error, given)
        _say(sentence)
    sys.exit(code)


def _conduct(given: list[str]) -> int:
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what may follow
        import argcomplete  # noqa: PLC0415

        argcomplete.autocomplete(parser)
    if not given:
        parser.print_help()
        return 0
    arguments = parser.parse_args(given)
    code: int = arguments.conduct(arguments)
    _tell_of_compilation()
    return code


def _say(sentence: str) -> None:
    with suppress(OSError):  # nobody may be there to be told
        print(sentence, file=sys.stderr)  # noqa: T201 - a command line speaks


@contextmanager
def _libraries_kept_quiet() -> Iterator[None]:
    """Silence what libraries say in English of what the anomalies tell in French."""
    # Without a handler of its own, logging writes its warnings to the error output.
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def _interrupted_by(*names: str) -> Iterator[None]:
    """Have other ways to be told to stop do what Ctrl-C does: leave nothing half-written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {}
    for name in names:
        number = getattr(signal, name, None)
        # Whoever started us to outlive a terminal (nohup) wants it ignored.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            previous[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell_of_compilation() -> None:
    """Say why each run is slow, where compiled code cannot be kept; and what of it was damaged."""
    compiled = sys.modules.get("msap_geo.compiled")  # only if something was compiled at all
    if compiled is not None and compiled.damaged():
        from msap_geo import french  # noqa: PLC0415 - keeps --help instant

        told = french.counted(len(compiled.damaged()), "fichier")
        print(  # noqa: T201
            f"Note : du code compilé gardé était abîmé ({told}) ; il a été compilé à nouveau.",
            file=sys.stderr,
        )
    if compiled is not None and compiled.recompiles():
        print(  # noqa: T201
            "Note : le code compilé ne peut être gardé sur ce poste et l'est à chaque lancement ; "
            "donner un dossier où écrire par MSAP_GEO_CACHE.",
            file=sys.stderr,
        )
