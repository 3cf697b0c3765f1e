"""Write ``docs/commandes.md`` from the program's own help.

python scripts/document_commandes.py
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo import cli

if TYPE_CHECKING:
    from msap_geo.cli.parser import FrenchParser

TARGET = Path(__file__).parent.parent / "docs" / "commandes.md"

_HEAD = """<!-- Fait par scripts/document_commandes.py : ne pas modifier à la main. -->

# La ligne de commande

`msap-geo COMMANDE --help` dit la même chose dans un terminal. Toutes les commandes parlent
français ; avec `--json`, la sortie standard ne porte que les données, le reste va sur la sortie
d'erreur. Codes de sortie : [le fichier d'étude](etude.md#codes-de-sortie-pour-les-scripts).
`NO_COLOR` éteint les couleurs.

"""


def page() -> str:
    """Return the page as Markdown."""
    commands = _commands()
    told = _helps()
    table = ["| commande | pour |", "|---|---|"]
    table += [f"| [`{name}`](#{name}) | {told[name]} |" for name in commands]
    parts = [_command(name, parser) for name, parser in commands.items()]
    return _HEAD + "\n".join(table) + "\n\n" + "\n".join(parts)


def _choices() -> argparse._SubParsersAction[FrenchParser]:
    actions = cli._parser()._actions  # noqa: SLF001 - argparse shows its actions nowhere else
    return next(one for one in actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001


def _commands() -> dict[str, FrenchParser]:
    return dict(_choices().choices)


def _helps() -> dict[str, str]:
    return {one.dest: str(one.help) for one in _choices()._choices_actions}  # noqa: SLF001


def _command(name: str, parser: FrenchParser) -> str:
    lines = [f"## {name}", "", str(parser.description), ""]
    actions = [one for one in parser._actions if not isinstance(one, argparse._HelpAction)]  # noqa: SLF001
    for title, wanted in (("argument", False), ("option", True)):
        rows = [_row(parser, one) for one in actions if bool(one.option_strings) is wanted]
        if rows:
            lines += [f"| {title} | sens |", "|---|---|", *rows, ""]
    examples = re.findall(r"^ +(msap-geo .*)$", str(parser.epilog), re.MULTILINE)
    if examples:
        lines += ["```console", *(f"$ {example}" for example in examples), "```", ""]
    return "\n".join(lines)


def _row(parser: FrenchParser, action: argparse.Action) -> str:
    formatter = parser._get_formatter()  # noqa: SLF001
    shown = formatter._format_action_invocation(action)  # noqa: SLF001
    if action.option_strings:  # since Python 3.13 only the last name has its value
        value = shown.split(", ")[-1].removeprefix(action.option_strings[-1])
        shown = ", ".join(f"{name}{value}" for name in action.option_strings)
    told = formatter._expand_help(action) if action.help else ""  # noqa: SLF001
    names = ", ".join(f"`{_cell(part)}`" for part in shown.split(", "))
    needed = " (obligatoire)" if action.required and action.option_strings else ""
    return f"| {names}{needed} | {_cell(told, told=True)} |"


def _cell(text: str, *, told: bool = False) -> str:
    """Return a text whose bars do not end the cell, nor its signs begin a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;") if told else text.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
