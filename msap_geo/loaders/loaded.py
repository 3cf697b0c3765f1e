"""What every loader returns: a checked table and what had to be said about it."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from msap_geo import french, notebook_html
from msap_geo.anomalies import table as anomaly_table
from msap_geo.anomalies import tally

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.anomalies import Anomaly

Table = TypeVar("Table")


@dataclass(frozen=True)
class Loaded(Generic[Table]):
    """A table under contract, with its story.

    Parameters
    ----------
    table
        The checked table.
    rows_read
        Rows found in the file or files, before anything was repaired or left out.
    anomalies
        What was repaired, left out or worth a note.
    """

    table: Table
    rows_read: int
    anomalies: tuple[Anomaly, ...] = field(default=())

    def report(self) -> pd.DataFrame:
        """Return the anomalies as a table, one row each, French column titles."""
        return anomaly_table(self.anomalies)

    def _repr_html_(self) -> str:
        """Show what was loaded in a notebook: how many rows, and the first anomalies."""
        figures = {
            "lignes lues": french.number(self.rows_read),
            "lignes gardées": french.number(_rows(self.table)),
            "anomalies": french.anomalies(tally(self.anomalies)) or "aucune",
        }
        told = notebook_html.anomalies(self.report())
        return notebook_html.card("Table chargée", figures, tables=[told])

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(rows_read={self.rows_read}, rows={_rows(self.table)}, "
            f"anomalies={len(self.anomalies)})"
        )


def _rows(table: object) -> int:
    return len(table) if isinstance(table, Sized) else 0
