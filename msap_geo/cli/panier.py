"""``msap-geo panier``: several services at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.noter import positive
from msap_geo.cli.parser import add_command, add_study

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import Basket

_SHOWN = 5


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "panier",
        _conduct,
        help="dit qui a tous les services d'un panier à portée, lequel manque, où l'ajouter",
        description="Mesure un panier de services (Maison, bureau de poste, CAF, médecin, "
        "pharmacie…, [panier] du fichier d'étude) : part des habitants qui les ont tous à chaque "
        "seuil, avec ou sans rendez-vous à attendre, service qui manque à chaque commune, lieux "
        "où un service de plus complète le plus de paniers, et lieux à réunir ce qui manque, "
        "avec la borne prouvée.",
        examples=["panier etude.toml", "panier etude.toml --nombre 3 --json"],
    )
    add_study(command)
    command.options.add_argument(
        "--nombre",
        metavar="N",
        type=positive,
        default=1,
        help="lieux qui réunissent les services manquants (1 par défaut)",
    )
    formats.add_formats(command, workbook="panier.xlsx")


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo.answers import basket_json, fill_basket  # noqa: PLC0415 - keeps --help instant
    from msap_geo.folder import basket_tables  # noqa: PLC0415 - keeps --help instant

    found = formats.run(
        arguments,
        lambda result, progress: fill_basket(result, number=arguments.nombre, progress=progress),
    )
    formats.show(
        arguments,
        found.result,
        content=lambda: basket_json(found),
        tables=basket_tables(found),
        text=lambda: _told(found),
    )
    return 0


def _told(found: Basket) -> str:
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.anomalies import tally  # noqa: PLC0415
    from msap_geo.answers import departure_in_words  # noqa: PLC0415

    study, whole = found.result.study, found.territories.iloc[0]
    lines = [f"{study.etude.nom} : panier de {french.counted(len(found.services), 'service')}"]
    lines += formats.warnings_of(found.result)
    lines.append(f"  {departure_in_words(found.result, by_cell=found.by_cell)}")
    lines += [
        f"  tous à {french.short(threshold)} min ou moins : "
        f"{french.percent(whole[f'part_complets_{threshold:g}'])} des habitants "
        f"({french.number(whole[f'complets_{threshold:g}'])})"
        for threshold in study.thresholds
    ]
    if found.services["jours_attente"].gt(0).any():
        days = french.short(study.panier.attente_max_jours)
        lines.append(
            f"  sans attendre plus de {days} j : {french.percent(whole['part_sans_attendre'])}"
        )
    first = f"{study.threshold:g}"
    lines += [
        f"  {row['service']} : {french.percent(row[f'part_{first}'])} à "
        f"{french.short(study.threshold)} min ({french.counted(row['nb_sites'], 'site')})"
        for row in found.services.to_dict("records")
    ]
    lines += [
        f"  un service de plus : {row.service} à {row.nom} ({row.code_insee}), "
        f"+{french.people(row.habitants)} au panier complet"
        for row in found.one_more.head(_SHOWN).itertuples()
    ]
    lines += [
        f"  réunir ce qui manque à {row.nom} ({row.code_insee}) : {row.services_manquants}, "
        f"+{french.people(row.habitants)}"
        for row in found.plan_sites.itertuples()
    ]
    if found.plan is not None and len(found.plan_sites):
        lines.append(
            f"  ensemble +{french.people(found.plan.value)}, borne prouvée "
            f"{french.number(found.plan.bound)} ({found.plan.status})"
        )
    strange = sum(told.code == "delai-inconnu" for told in found.anomalies)
    if strange:
        lines.append(
            f"  {french.counted(strange, 'délai')} de sites qui ne sont pas du panier, laissés de "
            "côté (msap-geo verifier les nomme)"
        )
    others = [told for told in found.anomalies if told.code != "delai-inconnu"]
    if others:
        lines.append(
            f"  anomalies dans les fichiers du panier : {french.anomalies(tally(others))} "
            "(msap-geo verifier les nomme)"
        )
    return "\n".join(lines)
