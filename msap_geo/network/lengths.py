"""Lengths given with roads, held against the straight line between their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LONGEST = 10.0
"""A link is told when longer than this many times the straight line between its ends."""

MOST_LONG = 0.001
"""Share of links that may be: hairpins are, in mountains; beyond, the unit is wrong."""

_ROUNDED_M, _ROUNDED = 1.0, 0.01


def check_lengths(
    length_m: NDArray[np.float64],
    straight_m: NDArray[np.float64],
    loop: NDArray[np.bool_],
    *,
    where: Path | None,
    row_name: Callable[[int], str],
) -> list[Anomaly]:
    """Refuse lengths no road can have, and tell those few have.

    Parameters
    ----------
    length_m, straight_m
        Length of each link, and straight line between its ends, metres.
    loop
        Links that come back to where they start: nothing is asked of them.
    where
        File they come from, if any.
    row_name
        What to call a row in a message.

    Returns
    -------
    list of Anomaly
        What is to be told of the links kept.

    Raises
    ------
    DataError
        If a link is shorter than the straight line (places being rounded, by more than a hundredth
        and a metre), or too many are more than ten times longer.
    """
    name = "les liens" if where is None else f"« {where.name} »"
    short = length_m < straight_m / (1 + _ROUNDED) - _ROUNDED_M
    long = (length_m > LONGEST * straight_m) & ~loop

    def first(rows: NDArray[np.bool_]) -> str:
        row = int(rows.argmax())
        metres = (f"{french.number(value[row])} m" for value in (length_m, straight_m))
        return f"{row_name(row)} : {' pour '.join(metres)} à vol d'oiseau"

    for rows, what, most in (
        (short, "plus courts que la ligne droite", 0.0),
        (long, "plus de dix fois plus longs que la ligne droite", MOST_LONG * len(length_m)),
    ):
        if rows.sum() > most:
            raise DataError(
                f"{name} : {french.counted(int(rows.sum()), 'lien')} {what} entre leurs nœuds "
                f"({first(rows)})",
                where=where,
                remedy="corriger ces longueurs (en mètres), ou la place des nœuds",
            )
    if not long.any():
        return []
    return [
        Anomaly(
            "liens-tres-longs",
            Action.NOTED,
            "" if where is None else where.name,
            f"{french.counted(int(long.sum()), 'lien')} plus de dix fois plus longs que la ligne "
            f"droite, gardés ({first(long)})",
        )
    ]
