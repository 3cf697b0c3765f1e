"""The printed map of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import coverage, french
from msap_geo.cautions import cautions
from msap_geo.outputs.colours import change_colours
from msap_geo.outputs.paper.sheet import Entry, Places, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from msap_geo.comparison.compare import Comparison

_NAMES = 12


def change_map(comparison: Comparison, credits_: Sequence[str]) -> Sheet:
    """Return the map of how much nearer or farther each commune is, with the zones of after.

    Parameters
    ----------
    comparison
        The comparison.
    credits_
        Sources and attributions.
    """
    table = comparison.communes
    colours = change_colours()
    people = _people(table)
    counted = people.groupby(table["palier_ecart"].to_numpy()).sum()
    lost = table[f"statut_{comparison.threshold:g}"] == coverage.LOST
    row = {code: place for place, code in enumerate(table["code_insee"])}
    sides = (comparison.before, comparison.after)
    due = cautions(
        demonstration=any(side.demonstration for side in sides),
        estimated=any(side.estimated for side in sides),
    )
    return Sheet(
        areas=table,
        colours=tuple(colours[label] for label in table["palier_ecart"]),
        legend_title="Temps de trajet, écart (habitants)",
        legend=tuple(
            Entry(colour, label, french.number(int(counted[label])))
            for label, colour in colours.items()
            if label in counted.index
        ),
        zones=tuple(
            (str(zone.rang), tuple(row[code] for code in zone.communes))
            for zone in comparison.zones_after.itertuples()
        ),
        zones_label="Zone blanche d'après et son numéro",
        marked=tuple(int(place) for place in lost.to_numpy().nonzero()[0]),
        marked_label=f"N'est plus à {french.short(comparison.threshold)} min ou moins",
        places=tuple(_maisons(comparison)),
        borders=tuple(table["departement"]),
        names=_names(table, people),
        credits=tuple(credits_),
        watermarks=tuple(caution.mark for caution in due),
    )


def _people(table: pd.DataFrame) -> pd.Series:
    """Return the people of each commune: those of after, of before where there is no after."""
    there = table["presence"] != coverage.ONLY_BEFORE
    people: pd.Series = table["population_apres"].where(there, table["population_avant"])
    return people


def _maisons(comparison: Comparison) -> list[Places]:
    """Return the Maisons by what became of them, those of after last."""
    table = comparison.maisons
    kinds = (
        ("voisine", "Maison fermée", [coverage.CLOSED]),
        ("maison", "Maison maintenue ou déplacée", [coverage.KEPT, coverage.MOVED]),
        ("retenu", "Maison ouverte", [coverage.OPENED]),
    )
    found = []
    for sign, label, fates in kinds:
        points = table[table["evolution"].isin(fates)].geometry
        texts = ("+",) * len(points) if sign == "retenu" else ()
        if len(points):
            found.append(Places(points, sign, label, texts))  # type: ignore[arg-type]
    return found


def _names(table: gpd.GeoDataFrame, people: pd.Series) -> tuple[tuple[str, float, float], ...]:
    """Return the most populous communes and where to write them."""
    drawn = table[table.geometry.notna()]
    largest = people.loc[drawn.index].sort_values(ascending=False, kind="stable").index[:_NAMES]
    points = drawn.loc[largest].geometry.representative_point()
    names = drawn.loc[largest, "nom"]
    return tuple((str(name), p.x, p.y) for name, p in zip(names, points, strict=True))
