"""The document of a comparison, in the forms of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import coverage, french
from msap_geo.comparison import words
from msap_geo.comparison.inputs import KINDS
from msap_geo.comparison.origin import comparison_origin, dated_labels
from msap_geo.documents.comparison_tables import (
    itinerant_cover,
    leftovers,
    maisons,
    people,
    zones,
)
from msap_geo.outputs.report import (
    Block,
    Bullets,
    Column,
    Definitions,
    Document,
    Figure,
    KeyFigures,
    Paragraph,
    Section,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.comparison.compare import Comparison

REPORT_NAME = "rapport_comparaison"
"""Name of the files, without suffix: ``comparaison.html`` is the map."""


def comparison_document(comparison: Comparison) -> Document:
    """Return the document of a comparison; nothing is computed that it does not hold."""
    origin = comparison_origin(comparison)
    return Document(
        title="Comparaison de l'accès aux Maisons",
        territory=origin.title,
        dated=origin.date,
        date=origin.moment.date(),
        software=origin.software,
        summary=_summary(comparison),
        sections=tuple(_sections(comparison)),
        warnings=origin.warnings,
        credits=origin.attributions,
    )


def _summary(comparison: Comparison) -> tuple[Block, ...]:
    row = comparison.whole(comparison.threshold)
    first = f"{french.short(comparison.threshold)} min"
    return (
        Paragraph("Avant : {}. Après : {}.".format(*dated_labels(comparison)), tone="note"),
        *(Paragraph(warning, tone="alerte") for warning in comparison.warnings),
        KeyFigures(
            (
                (
                    f"{french.percent(row['part_avant'])} → {french.percent(row['part_apres'])}",
                    f"des habitants à {first} ou moins",
                ),
                (french.number(row["gagnent"]), f"habitants passent à {first} ou moins"),
                (french.number(row["perdent"]), "habitants n'y sont plus"),
            )
        ),
        Bullets(
            tuple(
                words.sentence(line)
                for line in (
                    *(words.gains_at(comparison, value) for value in comparison.thresholds),
                    words.trips(comparison),
                    words.zones(comparison),
                    words.maisons(comparison),
                    *words.itinerant(comparison),
                )
            )
        ),
    )


def _sections(comparison: Comparison) -> Iterable[Section]:
    yield Section("Ce qui diffère entre les deux études", _differences(comparison))
    yield Section("Qui gagne, qui perd", (_map(comparison), *people(comparison)))
    yield Section("Les zones blanches", zones(comparison))
    yield Section("Les Maisons", maisons(comparison))
    if len(comparison.cover):
        yield Section("Permanent, itinérant, aucun", (itinerant_cover(comparison),))
    if len(comparison.leftovers):
        yield Section("Communes sans correspondance", (leftovers(comparison),))
    yield Section("Définitions et limites", _definitions(comparison))


def _map(comparison: Comparison) -> Figure:
    # matplotlib is slow
    from msap_geo.documents.comparison_figure import change_map  # noqa: PLC0415
    from msap_geo.documents.maps import map_figure  # noqa: PLC0415

    row, origin = comparison.whole(comparison.threshold), comparison_origin(comparison)
    return map_figure(
        change_map(comparison, (" → ".join(dated_labels(comparison)), *origin.attributions)),
        "Écart de temps de trajet par commune, zones blanches d'après et Maisons",
        f"Carte des communes : trajet plus court pour {french.people(int(row['rapproches']))}, "
        f"plus long pour {french.people(int(row['eloignes']))} ; {words.zones(comparison)} ; "
        f"{words.maisons(comparison)}. Les chiffres sont dans les tableaux qui suivent.",
    )


def _differences(comparison: Comparison) -> tuple[Block, ...]:
    if not comparison.differences:
        return (Paragraph("Rien : mêmes fichiers, mêmes réglages."),)
    told = [KINDS[kind] for kind in comparison.kinds]
    return (
        Paragraph(f"La comparaison porte sur : {', '.join(told)}."),
        Table(
            "Fichiers et réglages qui diffèrent",
            (Column("Quoi"), Column("Avant"), Column("Après")),
            tuple((d.what, d.before, d.after) for d in comparison.differences),
            note="Un fichier est un autre dès que son contenu change (empreinte SHA-256, dans "
            "comparaison.json).",
        ),
    )


def _definitions(comparison: Comparison) -> tuple[Block, ...]:
    noise = french.number(coverage.NOISE_MINUTES, 1)
    limits = comparison_origin(comparison).limits
    return (
        Definitions(
            (
                (
                    "Gagne, perd",
                    (
                        "la commune passe à portée du seuil (inclus), ou n'y est plus ; ceux qui "
                        "gagnent sont comptés à la population d'après, ceux qui perdent à celle "
                        "d'avant"
                    ),
                ),
                (
                    "Inchangé",
                    (
                        f"moins de {noise} min d'écart : ce qu'une adresse mieux placée peut "
                        "changer sans que rien n'ait changé pour personne"
                    ),
                ),
                (
                    "Zone blanche",
                    (
                        f"communes contiguës à plus de {french.short(comparison.threshold)} min "
                        "de toute "
                        "Maison ; suivie d'une étude à l'autre par les communes qu'elle partage"
                    ),
                ),
                (
                    "Maison maintenue, déplacée",
                    (
                        "retrouvée par son identifiant, sinon par son nom, sinon par sa position ; "
                        f"déplacée à partir de {french.number(coverage.MOVED_M)} m"
                    ),
                ),
            )
        ),
        *([Bullets(limits)] if limits else []),
    )
