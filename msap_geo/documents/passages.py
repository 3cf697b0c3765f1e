"""From what communes were to what they are: the one table of a before and an after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.outputs.report import Column, Table

if TYPE_CHECKING:
    import pandas as pd


def passages(caption: str, rows: pd.DataFrame, *, by: str, note: str = "") -> Table:
    """Tell how many communes and people pass from each class to each other.

    Parameters
    ----------
    caption
        What the table is about.
    rows
        One row a pair of classes: ``<by>_avant``, ``<by>_apres``, how many communes
        (``communes`` or ``nb_communes``), their people: ``population``, or ``population_apres`` and
        ``population_avant`` where a class may hold communes of one date alone. With
        ``heures_avant`` and ``heures_apres``, the hours of rounds too.
    by
        What the classes are of.
    note
        Said under the table.

    Returns
    -------
    Table
        In the order of the rows.
    """
    hours = "heures_avant" in rows.columns
    communes = "nb_communes" if "nb_communes" in rows.columns else "communes"
    return Table(
        caption,
        (
            Column("Avant"),
            Column("Après"),
            Column("Communes", number=True),
            Column("Habitants", number=True),
            *(
                Column(f"Heures itinérantes {when}", number=True)
                for when in ("avant", "après")
                if hours
            ),
        ),
        tuple(
            (
                row[f"{by}_avant"],
                row[f"{by}_apres"],
                french.number(row[communes]),
                french.number(
                    row["population"]
                    if "population" in row
                    else row["population_apres"] or row["population_avant"]
                ),
                *(french.number(row[f"heures_{when}"], 1) for when in ("avant", "apres") if hours),
            )
            for row in rows.to_dict("records")
        ),
        note=note,
    )
