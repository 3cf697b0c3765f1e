"""What covers people on each side of a comparison: a Maison, a round or nothing, never mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage, rounds

if TYPE_CHECKING:
    from msap_geo.comparison.side import Side

HOURS = "heures_itinerantes"
_SIDES = ("avant", "apres")
_COLUMNS = [
    "couverture_avant", "couverture_apres", "communes", "population", "heures_avant",
    "heures_apres",
]  # fmt: skip
ABSENT = "absente"


def cover_changes(
    before: Side, after: Side, compared: pd.DataFrame, *, threshold: float
) -> pd.DataFrame:
    """Count people by what covers them before and after.

    Parameters
    ----------
    before, after
        The two sides; one without rounds has no itinerant hour.
    compared
        Communes of either, with the population of each side.
    threshold
        First shared threshold, minutes: within it a Maison is permanent cover. Itinerant hours are
        those each study counted, within its own first threshold.

    Returns
    -------
    pandas.DataFrame
        ``couverture_avant``, ``couverture_apres``, ``communes``, ``population`` (of after; of
        before for communes gone), ``heures_avant`` and ``heures_apres`` (mean itinerant hours a
        week of these people); empty where neither study has rounds.
    """
    if not any(HOURS in side.communes.columns for side in (before, after)):
        return pd.DataFrame(columns=_COLUMNS)
    codes = compared["code_insee"]
    people = compared["population_apres"].where(
        compared["population_apres"].notna(), compared["population_avant"]
    )
    table = pd.DataFrame({"population": people.astype("int64").to_numpy()})
    for side, name in zip((before, after), _SIDES, strict=True):
        kind, hours = _cover(side, threshold)
        table[f"couverture_{name}"] = codes.map(kind).fillna(ABSENT).to_numpy()
        table[f"heures_{name}"] = codes.map(hours).fillna(0.0).to_numpy() * table["population"]
    grouped = table.groupby(["couverture_avant", "couverture_apres"], as_index=False).agg(
        communes=("population", "size"),
        population=("population", "sum"),
        heures_avant=("heures_avant", "sum"),
        heures_apres=("heures_apres", "sum"),
    )
    for name in _SIDES:
        total = grouped["population"].replace(0, np.nan)
        grouped[f"heures_{name}"] = (grouped[f"heures_{name}"] / total).fillna(0.0).round(4)
    order = [rounds.PERMANENT, rounds.ITINERANT, rounds.NOTHING, ABSENT]
    return grouped.sort_values(
        ["couverture_avant", "couverture_apres"],
        key=lambda kinds: kinds.map(order.index),
        ignore_index=True,
    )[_COLUMNS]


def _cover(side: Side, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the kind of cover and the itinerant hours of each commune of a side."""
    known = side.communes.set_index("code_insee")
    hours = known[HOURS].astype(float) if HOURS in known else pd.Series(0.0, index=known.index)
    codes = side.access["code_insee"]
    beyond = coverage.is_beyond(side.access, threshold).to_numpy()
    moving = codes.map(hours).fillna(0.0).to_numpy(dtype=float)
    return pd.Series(rounds.kinds_of_cover(beyond, moving), index=codes), hours
