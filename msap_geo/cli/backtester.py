"""``msap-geo backtester``: the method against the State's real choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.parser import add_command, add_study, day

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import Backtest


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "backtester",
        _conduct,
        help="compare la méthode aux bureaux réellement choisis",
        description="Reconstruit le réseau des Maisons à une date, d'après leur labellisation, "
        "laisse la méthode choisir autant de bureaux de poste qu'il en a été choisi depuis, et "
        "compare : choix communs, habitants à portée, plan glouton, tirages au hasard.",
        examples=["backtester etude.toml", "backtester etude.toml --json"],
    )
    add_study(command)
    command.options.add_argument(
        "--date",
        metavar="AAAA-MM-JJ",
        type=day,
        help="jour où reconstruire le réseau (par défaut : 2020-01-31)",
    )
    formats.add_formats(command, workbook="retour.xlsx")


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import answers  # noqa: PLC0415 - keeps --help instant

    date = arguments.date or answers.BACKTEST_DATE
    found = formats.run(
        arguments,
        lambda result, progress: answers.run_backtest(result, date=date, progress=progress),
    )
    formats.show(
        arguments,
        found.result,
        content=found.as_dict,
        tables={
            "retour_choix": found.real,
            "retour_communs": found.hits,
            "retour_appariement": found.matched,
        },
        text=lambda: _told(found),
    )
    return 0


def _told(found: Backtest) -> str:
    from msap_geo import french  # noqa: PLC0415

    counts, people = found.counts, int(found.result.access["population"].sum())
    study = found.result.study
    lines = [
        (
            f"{study.etude.nom} au {found.date:%d/%m/%Y} : "
            f"{french.counted(counts['maisons_a_la_date'], 'Maison')}, puis "
            f"{counts['bureaux_reellement_choisis']} bureaux choisis parmi "
            f"{counts['bureaux_candidats']}"
        ),
        *formats.warnings_of(found.result),
    ]
    names = {
        "a_la_date": "à la date",
        "choix_reels": "avec les choix réels",
        "notre_plan": "avec notre plan",
        "glouton": "avec un plan glouton",
        "hasard_moyen": "au hasard, en moyenne",
    }
    lines += [
        f"  à {french.short(study.threshold)} min ou moins, {name} : "
        f"{french.people(round(found.coverages[key]))} "
        f"({french.percent(found.coverages[key] / people)})"
        for key, name in names.items()
    ]
    lines += [
        f"  {row.communs} des {counts['bureaux_reellement_choisis']} choix réels parmi nos "
        f"{row.nombre} premiers (au hasard : {french.number(row.communs_au_hasard, 1)})"
        for row in found.hits.itertuples()
    ]
    missed = found.real[~found.real["dans_notre_plan"]]
    lines += [
        f"  choisi, absent de notre plan : {row.nom} ({row.commune}), "
        f"{french.people(int(row.apport_seul))} à lui seul"
        for row in missed.itertuples()
    ]
    return "\n".join(lines)
