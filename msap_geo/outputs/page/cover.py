"""The part of a map's page on what covers each commune: a Maison, a round, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo import french, rounds
from msap_geo.outputs.page.payload_parts import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

CLASSES = {
    rounds.PERMANENT: ("permanent : une Maison à portée", "#1a3c5e", False),
    rounds.ITINERANT: ("itinérant : un arrêt de bus ou de permanence", "#e0a84b", False),
    rounds.NOTHING: ("aucun", "#77787c", True),
}
"""What covers a commune: in words, its colour, whether it is hatched."""


def cover(table: pd.DataFrame | None, codes: Iterable[str]) -> dict[str, Any] | None:
    """Return what covers each commune, its itinerant hours and its stops in words.

    Parameters
    ----------
    table
        ``code_insee``, ``couverture``, ``heures_itinerantes`` and ``arrets``; none where no round
        exists.
    codes
        Communes of the page, in order.

    Returns
    -------
    dict
        ``classes``, ``classe``, ``heures`` and ``arrets`` by commune, texts folded; none without
        a table.
    """
    if table is None:
        return None
    rows = table.set_index("code_insee").reindex(list(codes))
    kinds = list(CLASSES)
    return {
        "classes": [
            {"nom": words, "couleur": colour, "hachures": hatched}
            for words, colour, hatched in CLASSES.values()
        ],
        "classe": [kinds.index(kind) for kind in rows["couverture"]],
        "heures": folded(
            f"{french.number(hours, 1)} h par semaine" if hours else ""
            for hours in rows["heures_itinerantes"]
        ),
        "arrets": folded(rows["arrets"]),
    }
