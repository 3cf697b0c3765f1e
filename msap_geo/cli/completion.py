"""``msap-geo completion``: what makes a shell complete commands and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.cli.parser import add_command

if TYPE_CHECKING:
    import argparse

_ZSH_STARTS = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }"

SHELLS = ("bash", "zsh", "fish", "powershell")


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "completion",
        _conduct,
        help="écrit ce qui complète les commandes dans un terminal",
        description="Écrit sur la sortie standard ce qu'un terminal doit lire pour compléter "
        "commandes et options par la touche tabulation.",
        examples=[
            "completion bash >> ~/.bashrc",
            "completion zsh >> ~/.zshrc",
            "completion fish > ~/.config/fish/completions/msap-geo.fish",
            "completion powershell >> $PROFILE",
        ],
    )
    command.arguments.add_argument(
        "terminal", metavar="TERMINAL", choices=SHELLS, help=f"parmi {', '.join(SHELLS)}"
    )


def _conduct(arguments: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415 - of use here only

    code = shellcode(["msap-geo"], shell=arguments.terminal)
    if arguments.terminal == "zsh":
        # After its first line, which zsh wants first in a file of its own: a new .zshrc has
        # not started completion, and what follows would be refused without a word.
        first, rest = code.lstrip("\n").split("\n", 1)
        code = f"{first}\n{_ZSH_STARTS}\n{rest}"
    print(code)  # noqa: T201
    return 0
