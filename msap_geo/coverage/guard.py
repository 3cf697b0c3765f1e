"""Figures that rest on too few people: blanked where INSEE blanks, said where INSEE warns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from msap_geo.anomalies import Action, Anomaly
from msap_geo.coverage.territories import POPULATION, WHOLE, target_groups

FEWEST_HOUSEHOLDS = 11
"""INSEE publishes nothing true of a cell with fewer households: its values are those of a wider
area, imputed (INSEE, documentation of the gridded data, Filosofi 2015 and later)."""

CAUTION_PEOPLE = 200
"""Census figures under 200 are to be handled with caution, being partly sampled (INSEE,
*Recensement de la population, conseils d'utilisation*)."""

WIDE_ENOUGH = frozenset(
    {
        WHOLE,
        "canton",
        "bassin_de_vie",
        "epci",
        "arrondissement",
        "departement",
        "region",
        "densite",
        "france_ruralites",
        "montagne",
    }
)
"""Territories wide enough to be read from the grid: INSEE advises nothing below the canton."""


def publishable(cells: pd.DataFrame) -> pd.Series:
    """Tell which cells may be published one by one.

    Parameters
    ----------
    cells
        Cells with ``menages`` (households) where the grid gives them, else with ``impute`` (values
        imputed by INSEE).

    Returns
    -------
    pandas.Series
        True for eleven households or more; a cell whose households are unknown is not. Where the
        grid counts none, a cell that is not imputed. A 1 km cell of many households is flagged as
        imputed as soon as one of its 200 m cells is: its own total is INSEE's.
    """
    if "menages" in cells.columns:
        return cells["menages"] >= FEWEST_HOUSEHOLDS
    return ~cells["impute"].astype(bool)


def for_publication(cells: pd.DataFrame) -> pd.DataFrame:
    """Blank what must not be published of small cells: people, households, target groups.

    Travel times stay: they are facts about roads. Totals must be taken before.

    Parameters
    ----------
    cells
        Cells with ``population``, and ``menages`` or ``impute``.

    Returns
    -------
    pandas.DataFrame
        Same rows; ``publiable`` tells which keep their figures, ``population`` becomes nullable.
    """
    kept = publishable(cells)
    counts = dict.fromkeys((POPULATION, "menages", *target_groups(cells)))
    blanked = [name for name in counts if name in cells.columns]
    table = cells.assign(publiable=kept.to_numpy())
    table[blanked] = table[blanked].astype(float)
    table.loc[~kept.to_numpy(), blanked] = np.nan
    return table.astype({POPULATION: "Int64"})


def caution(table: pd.DataFrame, *, from_cells: bool) -> pd.Series:
    """Say which rows of a table of territories rest on too few people.

    Parameters
    ----------
    table
        Table under :data:`msap_geo.schemas.TERRITORY_ACCESS`.
    from_cells
        Whether it was summed up from cells.

    Returns
    -------
    pandas.Series
        A French reason, empty when there is none; index of ``table``.
    """
    few = (table["effectif"] < CAUTION_PEOPLE).to_numpy()
    small = from_cells & ~table["zonage"].isin(WIDE_ENOUGH).to_numpy()
    reason = np.select(
        [few, small],
        [f"moins de {CAUTION_PEOPLE}", "carreaux : sous le canton, à lire avec prudence"],
        "",
    )
    return pd.Series(reason, index=table.index, dtype=object)


def guard_anomalies(cells: pd.DataFrame | None, table: pd.DataFrame) -> list[Anomaly]:
    """Tell how many figures are blanked, and how many call for caution.

    Parameters
    ----------
    cells
        Cells, if any.
    table
        Table of territories with its ``precaution`` column (:func:`caution`).
    """
    told = []
    if cells is not None and (blanked := int((~publishable(cells)).sum())):
        message = (
            f"{blanked} carreaux de moins de {FEWEST_HOUSEHOLDS} ménages : leurs effectifs "
            "comptent dans les totaux mais ne sont pas publiés un à un"
        )
        told.append(Anomaly("carreaux-non-publies", Action.NOTED, "", message))
    people = table[table["groupe"] == POPULATION]
    few = int((people["effectif"] < CAUTION_PEOPLE).sum())
    if few:
        message = (
            f"{few} territoires de moins de {CAUTION_PEOPLE} habitants : chiffres à lire avec "
            "prudence (colonne precaution)"
        )
        told.append(Anomaly("petits-effectifs", Action.NOTED, "", message))
    return told
