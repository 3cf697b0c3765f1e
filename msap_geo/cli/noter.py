"""``msap-geo noter``: every candidate under every criterion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.parser import add_command, add_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.answers import Rating

_SHOWN = 10


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "noter",
        _conduct,
        help="note chaque bureau candidat, critère par critère",
        description="Note chaque bureau candidat : tous les critères, ce que chacun apporte à la "
        "note avec les poids de [score.poids], et si le rang tient quand les poids bougent.",
        examples=["noter etude.toml --top 20", "noter etude.toml --csv > bureaux.csv"],
    )
    add_study(command)
    command.options.add_argument(
        "--top",
        metavar="N",
        type=positive,
        help="ne garde que les N premiers (et juge la stabilité du rang parmi eux)",
    )
    formats.add_formats(command, workbook="bureaux.xlsx")


_MOST = 10**9
"""No number of places, pages or processes is greater; far beyond, one fits no float."""


def whole(least: int) -> Callable[[str], int]:
    """Return what reads a whole number from a first one up."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= _MOST:
            bounds = f"à partir de {least}" if value < least else "d'au plus un milliard"
            raise argparse.ArgumentTypeError(f"un nombre entier {bounds} est attendu (reçu {text})")
        return value

    return read


positive = whole(1)


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo.answers import rate  # noqa: PLC0415 - keeps --help instant
    from msap_geo.folder import rating_tables  # noqa: PLC0415 - keeps --help instant

    rating = formats.run(
        arguments, lambda result, progress: rate(result, top=arguments.top, progress=progress)
    )
    formats.show(
        arguments,
        rating.result,
        content=rating.as_dict,
        tables=rating_tables(rating),
        text=lambda: _told(rating, arguments.top or _SHOWN),
    )
    return 0


def _told(rating: Rating, shown: int) -> str:
    from msap_geo import french, siting  # noqa: PLC0415

    study = rating.result.study
    rated = french.counted(len(rating.result.candidates), "candidat")
    lines = [f"{study.etude.nom} : {rated}"]
    lines += formats.warnings_of(rating.result)
    told = ", ".join(
        f"{siting.CRITERIA[name].title} {french.rate(weight)}"
        for name, weight in rating.weights.items()
    )
    lines.append(f"  poids : {told}")
    if rating.silent:
        lines.append(
            "  sans données, ne comptent pas : "
            f"{', '.join(siting.CRITERIA[name].title for name in rating.silent)}"
        )
    place = "premier" if rating.top == 1 else f"parmi {french.the_first(rating.top)}"
    for row in rating.table.head(shown).itertuples():
        lines.append(
            f"  n° {row.rang} : {row.nom} ({row.commune}), note {french.number(row.score, 1)}, "
            f"{french.people(int(row.population_gagnee))} de plus à "
            f"{french.short(study.threshold)} min "
            f"({french.number(row.gain_marginal)} s'il ouvre après les meilleurs), "
            f"{place} dans {french.percent(row.stabilite)} des tirages"
        )
    return "\n".join(lines)
