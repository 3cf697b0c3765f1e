"""``msap-geo rapport``: a study as a document people can put on a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli.noter import positive, whole
from msap_geo.cli.parser import (
    add_command,
    add_edition,
    add_forms,
    add_output,
    add_study,
    impose_edition,
)
from msap_geo.cli.progress import steps

if TYPE_CHECKING:
    import argparse

_MODELS = ("diagnostic", "sdaasap")


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "rapport",
        _conduct,
        help="écrit le diagnostic d'un territoire en PDF, Word ou HTML",
        description="Écrit le diagnostic d'un territoire : résumé, méthode, données, accès "
        "aujourd'hui, zones blanches, publics, règles, bureaux candidats, plan proposé et fiche de "
        "chaque bureau, robustesse, définitions. Hors ligne ; mêmes données, mêmes fichiers.",
        examples=[
            "rapport etude.toml --format pdf --format docx",
            "rapport etude.toml --sortie maps/corse",
        ],
    )
    add_study(command)
    options = command.options
    add_forms(command, default="pdf")
    options.add_argument(
        "--nombre", metavar="N", type=positive, help="ouvre au plus N sites (par défaut : 3)"
    )
    options.add_argument(
        "--fiches",
        metavar="N",
        type=whole(0),
        help="fiches d'une page, pour les N premiers bureaux proposés (par défaut : 3)",
    )
    options.add_argument(
        "--zones",
        metavar="N",
        type=whole(0),
        help="zones blanches détaillées une à une (par défaut : 3) ; les autres sont dans les "
        "tables",
    )
    options.add_argument(
        "--modele",
        choices=_MODELS,
        default=_MODELS[0],
        metavar="|".join(_MODELS),
        help="ordre des parties : celui d'un diagnostic (par défaut), ou celui du schéma "
        "départemental d'amélioration de l'accessibilité des services au public",
    )
    options.add_argument("--logo", metavar="IMAGE", type=Path, help="logo, en PNG ou JPEG")
    options.add_argument(
        "--css", metavar="FICHIER", type=Path, help="feuille de style ajoutée à la page HTML"
    )
    options.add_argument(
        "--modele-word", metavar="FICHIER", type=Path, help="modèle .docx à la place du nôtre"
    )
    options.add_argument(
        "--theme-typst", metavar="FICHIER", type=Path, help="thème du PDF à la place du nôtre"
    )
    add_edition(command)
    add_output(command)


_OF_FORM = {"css": "html", "modele_word": "docx", "theme_typst": "pdf"}


def _refuse_idle(arguments: argparse.Namespace, forms: list[str]) -> None:
    """Refuse an option of a form of document that is not asked for: it would change nothing."""
    from msap_geo.errors import StudyError  # noqa: PLC0415 - keeps --help instant

    for name, form in _OF_FORM.items():
        if getattr(arguments, name) is not None and form not in forms:
            option = f"--{name.replace('_', '-')}"
            raise StudyError(
                f"{option} ne change que le document en {form}, qui n'est pas demandé",
                remedy=f"ajouter --format {form}, ou retirer {option}",
            )


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo import documents, study  # noqa: PLC0415
    from msap_geo.outputs import one_run  # noqa: PLC0415
    from msap_geo.outputs.report import read_look, write_document  # noqa: PLC0415

    forms = list(dict.fromkeys(arguments.formats or ["pdf"]))
    _refuse_idle(arguments, forms)
    impose_edition(arguments.date)
    look = read_look(
        logo=arguments.logo,
        css=arguments.css,
        word_template=arguments.modele_word,
        typst_theme=arguments.theme_typst,
    )
    kept = {
        name: number
        for name, number in (("fiches", arguments.fiches), ("zones", arguments.zones))
        if number is not None
    }
    number = {} if arguments.nombre is None else {"number": arguments.nombre}
    told = study.read_study(arguments.etude)
    folder = arguments.sortie if arguments.sortie is not None else Path("maps") / told.slug
    with one_run(folder), steps(arguments, told.slug) as progress:
        result = study.run_study(told, progress=progress)
        parts = documents.report_parts(result, progress=progress, **number)
        progress("Mise en page")
        made = write_document(
            documents.report_document(parts, model=arguments.modele, **kept),
            folder,
            name=documents.REPORT_NAME,
            formats=forms,
            look=look,
        )
    for path in made:
        print(f"Rapport : {path}", flush=True)  # noqa: T201 - a command line speaks
    return 0
