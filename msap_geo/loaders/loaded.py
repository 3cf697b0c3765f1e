"""What every loader returns: a checked table and what had to be said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import pandas as pd

from msap_geo.anomalies import NAMES

if TYPE_CHECKING:
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
        rows = [anomaly.as_dict() for anomaly in self.anomalies]
        return pd.DataFrame(rows, columns=[*NAMES.values()])
