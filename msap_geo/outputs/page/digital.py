"""The part of a map's page on going online: the index of fragility, and what the lines allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from msap_geo import french
from msap_geo.outputs.colours import FRAGILITY, UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

LINES = (
    ("25 % des locaux ou moins", 0.25, "#edf8e9"),
    ("plus de 25 à 50 %", 0.5, "#bae4b3"),
    ("plus de 50 à 75 %", 0.75, "#74c476"),
    ("plus de 75 à 95 %", 0.95, "#31a354"),
    ("plus de 95 %", 1.0, "#006d2c"),
)
"""Share of premises served: in words, inclusive upper bound, colour (ColorBrewer Greens)."""

_INDEX_NOTE = (
    "De 0 à 100, rang moyen parmi les communes de l’étude ({parts}). Il décrit des lieux, pas des "
    "personnes, et ne se compare pas d’une étude à l’autre."
)
_LINES_NOTE = "Locaux, non habitants ; réseaux filaires seuls, d’après l’Arcep{date}."


class Digital(NamedTuple):
    """What is known of going online in each commune.

    Parameters
    ----------
    table
        Table of :func:`msap_geo.coverage.digital_fragility`.
    parts
        What the index is made of, in words.
    dates
        Day each count of premises is of, as the file says, by column.
    """

    table: pd.DataFrame
    parts: Sequence[str]
    dates: Mapping[str, str]


def digital(told: Digital | None, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the choices of colour that going online adds, by their key.

    Parameters
    ----------
    told
        What is known; none where nothing is.
    codes
        Communes of the page, in order.

    Returns
    -------
    dict
        ``fragilite``, ``debit`` and ``fibre``, those known: ``choix``, ``titre``, ``note``,
        ``classes``, and ``classe`` and ``mots`` by commune.
    """
    if told is None:
        return {}
    rows = told.table.set_index("code_insee").reindex(list(codes))
    made = {}
    index = rows["indice_fragilite_numerique"]
    if index.notna().any():
        made["fragilite"] = {
            "choix": "fragilité numérique",
            "titre": "Indice de fragilité numérique",
            "note": _INDEX_NOTE.format(parts=", ".join(told.parts)),
            **_classified(index, FRAGILITY, "indice inconnu"),
            "mots": [
                "" if np.isnan(value) else f"{french.number(value, 1)} sur 100" for value in index
            ],
        }
    shares = {}
    if "part_sans_30_mbits" in rows:
        shares["debit"] = ("internet à 30 Mbit/s", "locaux_30_mbits")
        rows["debit"] = 1 - rows["part_sans_30_mbits"]
    if "part_fibre" in rows:
        shares["fibre"] = ("fibre", "locaux_fibre")
        rows["fibre"] = rows["part_fibre"]
    for key, (words, column) in shares.items():
        share, day = rows[key], told.dates.get(column, "")
        made[key] = {
            "choix": words,
            "titre": f"Locaux qui peuvent avoir {'la ' if key == 'fibre' else ''}{words}",
            "note": _LINES_NOTE.format(date=f", au {day}" if day else ""),
            **_classified(share, LINES, "inconnu"),
            "mots": [
                "" if np.isnan(value) else f"{french.percent(value, 0)} des locaux"
                for value in share
            ],
        }
    return made


def _classified(
    values: pd.Series, classes: Sequence[tuple[str, float, str]], unknown: str
) -> dict[str, Any]:
    """Put each value in the first class whose inclusive bound holds it, the unknown in the last."""
    numbers = values.to_numpy(dtype=float)
    rank = np.searchsorted([bound for _, bound, _ in classes], numbers, side="left")
    return {
        "classes": [
            *({"nom": name, "couleur": colour, "hachures": False} for name, _, colour in classes),
            {"nom": unknown, "couleur": UNREACHABLE, "hachures": True},
        ],
        "classe": np.where(np.isnan(numbers), len(classes), rank).tolist(),
    }
