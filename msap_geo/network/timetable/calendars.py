"""Which services run on which days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.network.timetable.tables import WEEKDAYS
from msap_geo.network.timetable.values import days
from msap_geo.tabular import LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from msap_geo.network.timetable.tables import Problems

_ADDED, _REMOVED = "1", "2"
_THURSDAY = 3
"""Weekday of day 0 of numpy's calendar, Monday being 0."""


def check_calendars(tables: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    """Tell what cannot be read in ``calendar.txt`` and ``calendar_dates.txt``."""
    weekly, special = tables["calendar.txt"], tables["calendar_dates.txt"]
    line = weekly[LINE]
    for column in ("start_date", "end_date"):
        wrong = np.isnat(days(weekly[column]))
        _tell_dates(problems, "calendar.txt", weekly, column, wrong)
    backwards = days(weekly["start_date"]) > days(weekly["end_date"])
    problems.add("calendar.txt", line[backwards], "la date de début suit la date de fin")
    for column in WEEKDAYS:
        wrong = ~weekly[column].isin(["0", "1"]).to_numpy(dtype=bool)
        problems.add("calendar.txt", line[wrong], f"« {column} » doit valoir 0 ou 1")
    repeated = weekly["service_id"].duplicated()
    problems.add("calendar.txt", line[repeated], "un service y est défini deux fois")
    wrong = np.isnat(days(special["date"]))
    _tell_dates(problems, "calendar_dates.txt", special, "date", wrong)
    unknown = ~special["exception_type"].isin([_ADDED, _REMOVED])
    problems.add(
        "calendar_dates.txt", special[LINE][unknown], "« exception_type » doit valoir 1 ou 2"
    )


def _tell_dates(
    problems: Problems, file: str, table: pd.DataFrame, column: str, wrong: NDArray[np.bool_]
) -> None:
    if wrong.any():
        first = table[column][wrong].iloc[0]
        problems.add(
            file,
            table[LINE][wrong],
            f"« {column} » n'est pas une date au format AAAAMMJJ (« {first} »)",
        )


def service_ids(tables: Mapping[str, pd.DataFrame]) -> pd.Index:
    """Return the services of a feed, in the order met."""
    both = [tables[file]["service_id"] for file in ("calendar.txt", "calendar_dates.txt")]
    return pd.Index(pd.concat(both).unique())


def active_days(
    tables: Mapping[str, pd.DataFrame], wanted: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    """Tell which services run on which days.

    Parameters
    ----------
    tables
        Checked tables of a feed.
    wanted
        Days.

    Returns
    -------
    numpy.ndarray
        Shape (services, days), services as :func:`service_ids` gives them.
    """
    services = service_ids(tables)
    active = np.zeros((len(services), len(wanted)), dtype=bool)
    weekly, special = tables["calendar.txt"], tables["calendar_dates.txt"]
    weekday = (wanted.astype(np.int64) + _THURSDAY) % 7
    runs = (weekly[list(WEEKDAYS)] == "1").to_numpy(dtype=bool)[:, weekday]
    start, end = days(weekly["start_date"]), days(weekly["end_date"])
    within = (start[:, None] <= wanted) & (wanted <= end[:, None])
    active[services.get_indexer(weekly["service_id"])] = runs & within
    on = days(special["date"])
    row = services.get_indexer(special["service_id"])
    added = (special["exception_type"] == _ADDED).to_numpy(dtype=bool)
    for rank, day in enumerate(wanted):
        that_day = on == day
        active[row[that_day & added], rank] = True
        active[row[that_day & ~added], rank] = False
    return active


def validity(
    tables: Mapping[str, pd.DataFrame],
) -> tuple[np.datetime64, np.datetime64] | None:
    """Return the first and the last day a feed speaks of; none when it speaks of no day."""
    weekly, special = tables["calendar.txt"], tables["calendar_dates.txt"]
    added = special[special["exception_type"] == _ADDED]
    every = np.concatenate(
        [days(weekly["start_date"]), days(weekly["end_date"]), days(added["date"])]
    )
    return (every.min(), every.max()) if len(every) else None
