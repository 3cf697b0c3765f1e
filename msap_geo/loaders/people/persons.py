"""People counted once, and in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError
from msap_geo.tabular import LINE, normalise
from msap_geo.territory import ARRONDISSEMENTS_MUNICIPAUX, departement_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.loaders.territory.cog import CommuneCodes


def settle(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round estimates to whole persons so that their total is kept.

    Largest remainder (Hamilton's method): every value is rounded down, then those with the largest
    decimals get one person more until the rounded total is reached; of equal decimals the first.

    Parameters
    ----------
    values
        Estimates, finite and not negative.

    Returns
    -------
    numpy.ndarray
        Whole persons; their sum is that of the values, rounded.
    """
    # Sums of published decimals carry noise: 2.9999999996 is 3.
    clean = np.round(values, 6)
    whole = np.floor(clean)
    missing = int(np.round(clean.sum())) - int(whole.sum())
    result = whole.astype(np.int64)
    if missing > 0:
        # 1001.3 and 2.3 have the same decimals, but for the last bits.
        order = np.argsort(-np.round(clean - whole, 6), kind="stable")
        result[order[:missing]] += 1
    return result


def each_iris_once(
    table: pd.DataFrame, columns: Sequence[str], path: Path
) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Leave out the IRIS a file gives again: their people would count twice in the commune.

    Parameters
    ----------
    table
        Rows with ``code_insee``, ``iris`` (null or absent for communes; a code, or a number within
        the commune) and the line in the file.
    columns
        What the rows count.
    path
        File the rows come from.

    Returns
    -------
    pandas.DataFrame
        The rows to add up: the first of each IRIS.
    list of Anomaly
        One per row left out.

    Raises
    ------
    DataError
        If an IRIS is given twice with other figures.
    """
    if "iris" not in table:
        return table, []
    named = table.assign(iris=table["iris"].map(normalise, na_action="ignore"))
    named = named[named["iris"].notna() & named["iris"].ne("")]
    again = named[named.duplicated(["code_insee", "iris"])]
    same = named.duplicated(["code_insee", "iris", *columns])
    if not same[again.index].all():
        row = again[~same[again.index]].iloc[0]
        raise DataError(
            f"un IRIS de {row['code_insee']} a deux lignes, et des nombres différents",
            where=f"{path.name}, ligne {row[LINE]}, IRIS {table.loc[row.name, 'iris']}",
            remedy="n'en garder qu'une",
        )
    told = again.assign(
        nom="IRIS " + table.loc[again.index, "iris"].astype(str),
        identifiant=again["code_insee"],
        departement=again["code_insee"].map(departement_of),
    )
    anomalies = note(
        told,
        "doublon",
        Action.LEFT_OUT,
        "déjà donné plus haut, compté une fois dans {code_insee}",
        file=path.name,
    )
    return table.drop(again.index), anomalies


def without_double_count(
    table: pd.DataFrame, counted: str, *, codes: CommuneCodes | None, file: str
) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Count the people of Paris, Lyon and Marseille once where a file lists them twice.

    The commune's own row is kept, and those of its arrondissements dropped; the other way about
    where the communes in force are the arrondissements.

    Parameters
    ----------
    table
        Rows with ``code_insee`` and the column counted.
    counted
        Column whose totals the anomalies give.
    codes
        Codes in force.
    file
        File the rows come from, for the anomalies.

    Returns
    -------
    pandas.DataFrame
        The rows to count.
    list of Anomaly
        One per commune listed twice, with both totals.
    """
    if not table["code_insee"].isin(list(ARRONDISSEMENTS_MUNICIPAUX)).any():
        return table, []
    parents = table["code_insee"].map(ARRONDISSEMENTS_MUNICIPAUX)
    anomalies = []
    dropped = np.zeros(len(table), dtype=bool)
    for commune in sorted(set(parents.dropna()) & set(table["code_insee"])):
        parts = (parents == commune).to_numpy()
        whole = (table["code_insee"] == commune).to_numpy()
        by_part = codes is not None and commune not in codes.names and commune in codes.alternatives
        dropped |= whole if by_part else parts
        kept = "les arrondissements sont gardés" if by_part else "la commune est gardée"
        totals = [table.loc[rows, counted].sum() for rows in (whole, parts)]
        anomalies.append(
            Anomaly(
                "double-compte",
                Action.LEFT_OUT,
                file,
                f"{commune} figure avec {int(parts.sum())} arrondissements "
                f"({french.number(totals[0])} et "
                f"{french.number(totals[1])}) : {kept}",
                identifier=commune,
                departement=departement_of(commune),
            )
        )
    return table[~dropped], anomalies
