"""argparse in French: help, errors, and what every command shares.

Built on argparse: the libraries that promise more write half of their help and of their errors in
English, and offer no supported way to change that.
"""

from __future__ import annotations

import argparse
import datetime as dt
import difflib
import itertools
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from msap_geo.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

USAGE = 2
_FORMS = ("pdf", "docx", "html")

# What argparse says, and what we say instead.
_USAGE_ERRORS = (
    (r"the following arguments are required: (.+)", r"il manque : \1"),
    (r"one of the arguments (.+) is required", r"il manque l'une de ces options : \1"),
    (r"argument (.+): not allowed with argument (.+)", r"\1 et \2 ne vont pas ensemble"),
    (r"unrecognized arguments: (.+)", r"argument inconnu : \1"),
    (r"argument (.+): expected one argument", r"\1 attend une valeur"),
    (r"argument (.+): expected at least one argument", r"\1 attend au moins une valeur"),
    (
        r"argument (-.+): invalid choice: (.+?) \(choose from (.+)\)",
        r"\1 : valeur inconnue \2 (choisir parmi \3)",
    ),
    (r"argument (.+): (source inconnue .+)", r"\1 : \2"),
    (r"argument (.+): invalid choice: (.+?) \(choose from (.+)\)", r"commande inconnue : \2"),
    (r"argument (.+): invalid int value: (.+)", r"\1 attend un nombre entier (reçu \2)"),
    (r"argument (.+): invalid float value: (.+)", r"\1 attend un nombre (reçu \2)"),
    (r"argument (.+): (.+ est attendue? .+)", r"\1 : \2"),
    (r"ambiguous option: (.+?) could match (.+)", r"option ambiguë : \1 (\2 ?)"),
    (r"argument (.+): ignored explicit argument (.+)", r"\1 ne prend pas de valeur (reçu \2)"),
)


_OPTION = re.compile(r"--?[^\W\d][\w-]+")
"""A dash, or two, and a word; a negative number is a value."""

_EXAMPLES = "Exemples\u00a0:"


class _FrenchFormatter(argparse.HelpFormatter):
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # Examples are lines to copy, never wrapped.
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Any,
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "Utilisation : " if prefix is None else prefix)


class FrenchParser(argparse.ArgumentParser):
    """An argument parser whose help and errors are in French.

    ``arguments`` and ``options`` are its two titled groups.
    """

    def __init__(self, *, description: str, **kwargs: Any) -> None:
        super().__init__(
            description=description,
            add_help=False,
            allow_abbrev=False,
            formatter_class=_FrenchFormatter,
            **kwargs,
        )
        self._asked = self
        self.arguments = self.add_argument_group("Arguments\u00a0")
        self.options = self.add_argument_group("Options\u00a0")
        self.options.add_argument("-h", "--help", action="help", help="affiche cette aide")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the command line; an option that does not exist is told before one that is missing.

        ``--nombr 3`` is a ``--nombre`` misspelt, and argparse would say that ``--nombre`` is not
        there.
        """
        given = list(sys.argv[1:] if args is None else args)
        command = next((text for text in given if not text.startswith("-")), "")
        asked = self._commands().get(command) if command else self
        if asked is not None:
            after = given[given.index(command) :] if command else given
            options = itertools.takewhile(lambda text: text != "--", after)
            unknown = [text for text in options if asked._is_unknown(text)]  # noqa: SLF001
            if unknown:
                self._asked = asked
                self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return super().parse_args(given, namespace)

    def _is_unknown(self, text: str) -> bool:
        """Tell what argparse takes for an option of this command, and is none."""
        name = text.partition("=")[0]
        return bool(_OPTION.fullmatch(name)) and name not in self._option_string_actions

    def _commands(self) -> dict[str, FrenchParser]:
        """Return the commands of this parser, by their names."""
        choices = (action.choices for action in self._actions)
        return next((found for found in choices if isinstance(found, dict)), {})

    def error(self, message: str) -> NoReturn:
        """Say in French what is wrong with the command line, and exit with code 2."""
        french = "la ligne de commande n'est pas comprise"
        for pattern, text in _USAGE_ERRORS:
            match = re.fullmatch(pattern, message)
            if match:
                french = match.expand(text) + self._meant(message)
                break
        told = f"Erreur : {shortened(french)}.\nPour l'aide : {self._asked.prog} --help\n"
        self.exit(USAGE, told)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Python 3.11 takes away a value « -- », and hands none over.
        if action.option_strings and arg_strings == ["--"]:
            raise argparse.ArgumentError(action, "expected one argument")
        # A variable of a script left empty: the current folder would be taken, and filled, or the
        # option would change nothing.
        named = action.option_strings or action.type is Path
        if named and not all(text.strip() for text in arg_strings):
            raise argparse.ArgumentError(action, "expected one argument")
        # From Python: no shell hands one over.
        if action.nargs != argparse.PARSER and any("\0" in text for text in arg_strings):
            raise argparse.ArgumentError(action, "une valeur sans caractère nul est attendue ici")
        return super()._get_values(action, arg_strings)

    def _meant(self, message: str) -> str:
        """Return the command or option nearest to one that does not exist, as a question."""
        chosen = re.search(r"invalid choice: '(.+?)' \(choose from (.+)\)", message)
        unknown = re.fullmatch(r"unrecognized arguments: (--?[^\W\d][\w-]*).*", message, re.DOTALL)
        if chosen:
            typed, known = chosen[1], re.findall(r"[\w-]+", chosen[2])
        elif unknown:
            typed, known = unknown[1], list(self._asked._every_option())  # noqa: SLF001
            if typed in self._every_option():
                return " (cette option est d'une autre commande)"
        else:
            return ""
        near = difflib.get_close_matches(typed, known, n=1)
        return f" (vouliez-vous dire « {near[0]} » ?)" if near else ""

    def _every_option(self) -> Iterable[str]:
        """Yield the long options of this parser and of its commands."""
        for action in self._actions:
            yield from (text for text in action.option_strings if text.startswith("--"))
        for command in self._commands().values():
            yield from command._every_option()  # noqa: SLF001 - the same class


def add_command(
    commands: Any,
    name: str,
    conduct: Callable[[argparse.Namespace], int],
    *,
    help: str,  # noqa: A002 - argparse's own word
    description: str,
    examples: Sequence[str] = (),
) -> FrenchParser:
    """Add a command to the command line.

    Parameters
    ----------
    commands
        The sub-parsers of ``msap-geo``.
    name
        What the user types.
    conduct
        Runs the command and returns its exit code; raises :class:`msap_geo.errors.MsapGeoError`.
    help, description
        One line in the list of commands; a paragraph in the command's own help.
    examples
        What to type, without ``msap-geo``: at the end of the command's help.

    Returns
    -------
    FrenchParser
        The command's parser, to add its arguments and options to.
    """
    lines = [_EXAMPLES, *(f"  msap-geo {example}" for example in examples)]
    parser: FrenchParser = commands.add_parser(
        name, help=help, description=description, epilog="\n".join(lines)
    )
    parser.set_defaults(conduct=conduct)
    return parser


def add_study(parser: FrenchParser) -> None:
    """Add the study file as the command's argument, ``etude``."""
    parser.arguments.add_argument(
        "etude",
        metavar="ETUDE.TOML",
        type=Path,
        help="fichier d'étude ; les chemins qu'il contient partent de son dossier",
    )


def add_output(parser: FrenchParser, *, default: str = "maps/<nom de l'étude>") -> None:
    """Add ``--sortie``, the folder of the results; ``default`` is said in the help."""
    parser.options.add_argument(
        "--sortie",
        metavar="DOSSIER",
        type=Path,
        help=f"dossier des résultats (par défaut : {default})",
    )


def add_forms(parser: FrenchParser, *, default: str) -> None:
    """Add ``--format``, the forms of a document; ``default`` says in the help what is else done."""
    parser.options.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=_FORMS,
        default=[],
        metavar="|".join(_FORMS),
        help=f"forme du document ; répéter l'option pour plusieurs (par défaut : {default})",
    )


_FIRST_YEAR, _LAST_YEAR = 1980, 2099
"""Years documents can bear: a Word file or a workbook, which are archives, can be no older."""


def day(text: str) -> dt.date:
    """Read a day, ``AAAA-MM-JJ``."""
    try:
        found = dt.date.fromisoformat(text.strip())
    except ValueError:
        found = dt.date.min
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise argparse.ArgumentTypeError(
            f"une date AAAA-MM-JJ est attendue (de {_FIRST_YEAR} à {_LAST_YEAR} ; reçu {text})"
        )
    return found


def add_edition(parser: FrenchParser) -> None:
    """Add ``--date``, the day documents bear."""
    parser.options.add_argument(
        "--date",
        metavar="AAAA-MM-JJ",
        type=day,
        help="jour que portent les documents (par défaut : SOURCE_DATE_EPOCH, sinon le jour des "
        "données)",
    )


def impose_edition(date: dt.date | None) -> None:
    """Have every file of this run bear a day, as reproducible builds do: by the environment."""
    if date is not None:
        noon = dt.datetime(date.year, date.month, date.day, 12, tzinfo=dt.UTC)
        os.environ["SOURCE_DATE_EPOCH"] = str(int(noon.timestamp()))


def add_json(parser: FrenchParser) -> None:
    """Add ``--json``: data on the standard output, everything else on the error one."""
    parser.options.add_argument(
        "--json",
        action="store_true",
        help="écrit sur la sortie standard le résultat en JSON, et rien d'autre",
    )
