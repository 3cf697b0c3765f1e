"""The part of a map's page on those who have no car: one class a commune, its best day in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

CLASSES = {
    "pied": ("à pied", "#1a3c5e", False),
    "velo": ("à vélo", "#2f7f9b", False),
    "car": ("en car, à pied aux deux bouts", "#7cc5ae", False),
    "car_velo": ("en car, à vélo aux deux bouts", "#d8ecc8", False),
    "": ("aucun jour ne convient", "#77787c", True),
}
"""The plainest way that works some day: in words, its colour, whether it is hatched. Dark to light,
so that they differ in grey and to the colour-blind."""


def without_car(table: pd.DataFrame | None, codes: Iterable[str]) -> dict[str, Any] | None:
    """Return the plainest way each commune can go and come back, and its best day.

    Parameters
    ----------
    table
        ``mobilite_communes`` of a diagnosis; none where the study has no timetable.
    codes
        Communes of the page, in order.

    Returns
    -------
    dict
        ``classes``, ``classe`` and ``mots`` by commune, ``jours``; none without a table.
    """
    if table is None:
        return None
    rows = table.set_index("code_insee").reindex(list(codes))
    measured = [mode for mode in CLASSES if f"jours_{mode}" in rows]
    shown = [*measured, ""]
    works = [(rows[f"jours_{mode}"] > 0).to_numpy() for mode in measured]
    plainest = np.select(works, list(range(len(measured))), default=len(measured))
    return {
        "classes": [
            {"nom": words, "couleur": colour, "hachures": hatched}
            for words, colour, hatched in (CLASSES[mode] for mode in shown)
        ],
        "classe": plainest.tolist(),
        "mots": rows["meilleur_jour"].tolist(),
        "jours": rows["jours_sans_voiture"].astype(int).tolist(),
    }
