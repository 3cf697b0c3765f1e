"""The tables of a comparison's document: people, zones blanches, Maisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo import coverage, french, schemas
from msap_geo.comparison import words
from msap_geo.comparison.compare import WHOLE
from msap_geo.documents.passages import passages
from msap_geo.outputs.report import Block, Column, Paragraph, Table
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.comparison.compare import Comparison

_MOST = 15
"""Rows of a table of communes or Maisons; the others are in the CSV files."""


def people(comparison: Comparison) -> tuple[Block, ...]:
    """Tell who gains and who loses."""
    blocks: list[Block] = [_balance(comparison, threshold) for threshold in comparison.thresholds]
    blocks.append(_transitions(comparison))
    first = f"{french.short(comparison.threshold)} min ou moins"
    for status, caption, nobody in (
        (coverage.GAINED, f"Communes qui passent à {first}", f"Aucune commune ne passe à {first}."),
        (coverage.LOST, f"Communes qui ne sont plus à {first}", "Aucune commune n'en sort."),
    ):
        rows = comparison.largest(status, most=len(comparison.communes))
        blocks.append(_communes(rows, caption) if len(rows) else Paragraph(nobody))
    if len(comparison.groups):
        blocks.append(_groups(comparison))
    return tuple(blocks)


def _balance(comparison: Comparison, threshold: float) -> Table:
    table = comparison.territories[comparison.territories["seuil"] == threshold]
    parts = table[table["territoire"] != WHOLE].to_dict("records")
    total = table[table["territoire"] == WHOLE].to_dict("records")
    alone = len(parts) == 1
    return Table(
        f"Habitants à {french.short(threshold)} min ou moins d'une Maison",
        (
            Column("Département"),
            Column("Avant", number=True),
            Column("Après", number=True),
            Column("Part avant", number=True),
            Column("Part après", number=True),
            Column("Gagnent", number=True),
            Column("Perdent", number=True),
        ),
        tuple(_balance_row(row) for row in (parts if alone else [*parts, *total])),
        note=_identity(total[0]),
        total=not alone,
    )


def _balance_row(row: dict[str, Any]) -> tuple[str, ...]:
    code = row["territoire"]
    name = "Ensemble" if code == WHOLE else f"{DEPARTEMENTS.get(code, code)} ({code})"
    return (
        name,
        french.number(row["couverts_avant"]),
        french.number(row["couverts_apres"]),
        french.percent(row["part_avant"]),
        french.percent(row["part_apres"]),
        french.number(row["gagnent"]),
        french.number(row["perdent"]),
    )


def _identity(row: dict[str, Any]) -> str:
    """Say where the difference of the covered populations comes from, where it is not only that."""
    thin = row["gagnent_a_la_marge"] + row["perdent_a_la_marge"]
    noise = french.number(coverage.NOISE_MINUTES, 1)
    told = []
    if thin:
        told.append(f"Dont {french.people(thin)} pour moins de {noise} min d'écart : fragile.")
    if row["variation_a_portee"] or row["arrivent"] or row["partent"]:
        told.append(
            "Après moins avant : gagnent moins perdent, "
            f"{_signed(row['variation_a_portee'])} par l'évolution de la population des communes "
            f"toujours à portée, {_signed(row['arrivent'] - row['partent'])} par les communes "
            "d'une seule étude."
        )
    return " ".join(told)


def _signed(value: int) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{french.number(abs(value))}"


def _transitions(comparison: Comparison) -> Table:
    return passages(
        "D'une classe de temps à l'autre",
        comparison.transitions,
        by="palier",
        note="Population d'après ; d'avant pour les communes absentes après.",
    )


def itinerant_cover(comparison: Comparison) -> Table:
    """Tell what covers people before and after: a Maison, rounds alone, or nothing."""
    return passages(
        "Habitants selon ce qui les couvre",
        comparison.cover,
        by="couverture",
        note="Permanent : une Maison à portée. Itinérant : un arrêt de tournée seulement. Heures "
        "par semaine, en moyenne par habitant, à portée du premier seuil de chaque étude.",
    )


def _communes(rows: pd.DataFrame, caption: str) -> Table:
    return Table(
        f"{caption}, les plus peuplées d'abord",
        (
            Column("Commune"),
            Column("Habitants", number=True),
            Column("Avant", number=True),
            Column("Après", number=True),
            Column("Maison la plus proche après"),
        ),
        tuple(
            (
                f"{row['nom']} ({row['code_insee']})",
                french.number(row["population"]),
                french.minutes(row["minutes_avant"]),
                french.minutes(row["minutes_apres"]),
                row["site_nom_apres"] or "aucune",
            )
            for row in rows.head(_MOST).to_dict("records")
        ),
        note=_cut(len(rows), _MOST, "comparaison_communes.csv"),
    )


def _groups(comparison: Comparison) -> Table:
    table = comparison.groups[comparison.groups["seuil"] == comparison.threshold]
    return Table(
        f"Publics concernés, à {french.short(comparison.threshold)} min",
        (
            Column("Public"),
            Column("Part avant", number=True),
            Column("Part après", number=True),
            Column("Gagnent", number=True),
            Column("Perdent", number=True),
            Column("Communes sans donnée", number=True),
        ),
        tuple(
            (
                schemas.GROUPS[row["groupe"]],
                french.percent(row["part_avant"]),
                french.percent(row["part_apres"]),
                french.number(row["gagnent"]),
                french.number(row["perdent"]),
                french.number(row["communes_sans_donnee"]),
            )
            for row in table.to_dict("records")
        ),
        note="Estimations INSEE. Un public qu'une seule étude compte l'est des deux côtés avec les "
        "effectifs de celle-ci ; une donnée masquée par l'INSEE ne compte pour personne.",
    )


def _cut(rows: int, shown: int, file: str) -> str:
    """Say where the rows a table does not show are."""
    return f"{shown} lignes sur {rows} ; toutes sont dans {file}." if rows > shown else ""


def zones(comparison: Comparison) -> tuple[Block, ...]:
    """Tell what becomes of the zones blanches."""
    first = Paragraph(words.sentence(words.zones(comparison)))
    if comparison.zones.empty:
        return (first,)
    return (
        first,
        Table(
            "Ce que devient chaque zone blanche",
            (
                Column("Zone (commune principale)"),
                Column("Évolution"),
                Column("Habitants avant", number=True),
                Column("Sortis", number=True),
                Column("Restent", number=True),
                Column("Entrés", number=True),
            ),
            tuple(
                (
                    row["nom"],
                    _became(row),
                    french.number(row["population_avant"]),
                    french.number(row["population_sortie"]),
                    french.number(row["population_restante"]),
                    french.number(row["population_entree"]),
                )
                for row in comparison.zones.head(_MOST).to_dict("records")
            ),
            note=_cut(len(comparison.zones), _MOST, "comparaison_zones.csv"),
        ),
    )


def _became(row: dict[str, Any]) -> str:
    """Return what a zone became, and into how many it broke up."""
    parts = words.pieces(row["zones_apres"])
    return f"{row['evolution']}, en {parts} zones" if parts > 1 else str(row["evolution"])


def maisons(comparison: Comparison) -> tuple[Block, ...]:
    """Tell what becomes of the Maisons."""
    first = Paragraph(words.sentence(words.maisons(comparison)))
    table = comparison.maisons
    changed = table[table["evolution"] != coverage.KEPT]
    if changed.empty:
        return (first,)
    number, limit = f"{comparison.threshold:g}", french.short(comparison.threshold)
    order = changed.sort_values(
        [f"gagnent_{number}", f"perdent_{number}", "nom"], ascending=[False, False, True]
    )
    return (
        first,
        Table(
            "Maisons ouvertes, fermées ou déplacées",
            (
                Column("Maison"),
                Column("Commune"),
                Column("Évolution"),
                Column(f"Gagnent à {limit} min", number=True),
                Column(f"Perdent à {limit} min", number=True),
            ),
            tuple(
                (
                    row["nom"],
                    row["commune"],
                    row["evolution"],
                    french.number(row[f"gagnent_{number}"]),
                    french.number(row[f"perdent_{number}"]),
                )
                for row in order.head(2 * _MOST).to_dict("records")
            ),
            note="Gagnent : habitants qui passent à portée et dont c'est désormais la Maison la "
            "plus proche. Perdent : habitants qui n'y sont plus et dont c'était la plus proche. "
            + _cut(len(changed), 2 * _MOST, "comparaison_maisons.csv"),
        ),
    )


def leftovers(comparison: Comparison) -> Table:
    """List the communes of one side only."""
    return Table(
        "Communes d'une seule des deux études",
        (
            Column("Commune"),
            Column("Présence"),
            Column("Habitants", number=True),
            Column("Même sol que"),
        ),
        tuple(
            (
                f"{row['nom']} ({row['code_insee']})",
                row["presence"],
                french.number(row["population"]),
                "–"
                if row["code_voisin"] is None
                else f"{row['nom_voisin']} ({row['code_voisin']}), "
                f"{french.percent(row['part_surface'])} de sa surface",
            )
            for row in comparison.leftovers.to_dict("records")
        ),
        note="Fusionnées ou rétablies entre deux millésimes : elles comptent dans les totaux, ni "
        "parmi les gains ni parmi les pertes.",
    )
