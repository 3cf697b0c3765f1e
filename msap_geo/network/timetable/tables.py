"""The tables of GTFS as data, and their text as columns with line numbers.

What is expected of a file is written once, in :data:`TABLES`, after the reference of GTFS
(https://gtfs.org/documentation/schedule/reference, read in November 2026); what is wrong is
gathered by :class:`Problems` and told all at once.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from msap_geo import french
from msap_geo.errors import DataError, FileMissingError, MissingColumnError
from msap_geo.tabular import LINE, decode, unique_names

if TYPE_CHECKING:
    from msap_geo.network.timetable.files import Feed


class Table(NamedTuple):
    """What is read of a file: needed columns, those that may be absent, whether it may be."""

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    required: bool = True


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

TABLES = {
    "agency.txt": Table(("agency_name",), ("agency_id", "agency_timezone"), required=False),
    "stops.txt": Table(
        ("stop_id", "stop_lat", "stop_lon"), ("stop_name", "location_type", "parent_station")
    ),
    "routes.txt": Table(("route_id",), ("route_short_name", "route_long_name", "route_type")),
    "trips.txt": Table(("route_id", "service_id", "trip_id"), ("trip_headsign",)),
    "stop_times.txt": Table(
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
        (
            "pickup_type",
            "drop_off_type",
            "continuous_pickup",
            "continuous_drop_off",
            "start_pickup_drop_off_window",
            "location_id",
            "location_group_id",
        ),
    ),
    "calendar.txt": Table(("service_id", *WEEKDAYS, "start_date", "end_date"), (), required=False),
    "calendar_dates.txt": Table(("service_id", "date", "exception_type"), (), required=False),
    "frequencies.txt": Table(
        ("trip_id", "start_time", "end_time", "headway_secs"), ("exact_times",), required=False
    ),
    "transfers.txt": Table(
        ("from_stop_id", "to_stop_id"),
        (
            "transfer_type",
            "min_transfer_time",
            "from_route_id",
            "to_route_id",
            "from_trip_id",
            "to_trip_id",
        ),
        required=False,
    ),
    "booking_rules.txt": Table(("booking_rule_id",), (), required=False),
}


@dataclass
class Problems:
    """What is wrong in a feed, gathered so that one error tells everything.

    Parameters
    ----------
    feed
        The feed read.
    told
        One French sentence per kind of fault, with its file and first line.
    """

    feed: Feed
    told: list[str] = field(default_factory=list)
    where: str | None = None

    def add(self, file: str, lines: pd.Series, what: str) -> None:
        """Tell a fault of some lines of a file, if there are any."""
        if len(lines) == 0:
            return
        line, others = int(lines.iloc[0]), len(lines) - 1
        more = f" (et {french.counted(others, 'autre ligne')})"
        self.told.append(f"{file}, ligne {line} : {what}{more if others else ''}")
        self.where = self.where or self.feed.where(file, line)

    def raise_if_any(self) -> None:
        """Raise what was gathered.

        Raises
        ------
        DataError
            If anything was told.
        """
        if self.told:
            raise DataError(
                f"flux GTFS « {self.feed.name} » inutilisable : {' ; '.join(self.told)}",
                where=self.where,
                remedy="corriger ces lignes, ou demander au réseau un flux valide",
            )


def read_tables(feed: Feed) -> dict[str, pd.DataFrame]:
    """Read every table of a feed, as text.

    Parameters
    ----------
    feed
        The feed.

    Returns
    -------
    dict of pandas.DataFrame
        By file name; absent ones are empty. Columns of :data:`TABLES`, the absent optional ones
        filled with empty text, and the line of each row.

    Raises
    ------
    FileMissingError, MissingColumnError, DataError, UnreadableFileError
        If a file or a column is absent, or a file is not a table.
    """
    absent = [file for file, table in TABLES.items() if table.required and file not in feed.members]
    if not {"calendar.txt", "calendar_dates.txt"} & set(feed.members):
        absent.append("calendar.txt ou calendar_dates.txt")
    if absent:
        raise FileMissingError(
            f"flux GTFS « {feed.name} » incomplet : il manque {', '.join(absent)}",
            where=feed.path,
            remedy="vérifier que c'est bien le flux GTFS complet du réseau",
        )
    return {
        file: _read(feed, file, table)
        if file in feed.members
        else pd.DataFrame(columns=[LINE, *table.columns, *table.optional], dtype=str)
        for file, table in TABLES.items()
    }


def _read(feed: Feed, file: str, table: Table) -> pd.DataFrame:
    content = feed.read(file)
    where = feed.where(file)
    if not content.strip():
        if table.required:
            raise DataError(f"« {file} » est vide", where=where, remedy="le télécharger à nouveau")
        return pd.DataFrame(columns=[LINE, *table.columns, *table.optional], dtype=str)
    rows = _parsed(decode(content, where), file, where)
    missing = [column for column in table.columns if column not in rows]
    if missing:
        found = ", ".join(str(name) for name in rows.columns if name != LINE)
        raise MissingColumnError(
            f"« {file} » : colonne absente : {', '.join(missing)} (colonnes trouvées : {found})",
            where=where,
            remedy="vérifier que c'est un fichier GTFS, et que son en-tête n'a pas été modifié",
        )
    if rows.empty and table.required:
        raise DataError(
            f"« {file} » ne contient que son en-tête",
            where=where,
            remedy="le télécharger à nouveau, ou demander un fichier entier à qui le publie",
        )
    kept = {LINE: rows[LINE]}
    for column in (*table.columns, *table.optional):
        kept[column] = rows[column].str.strip() if column in rows else ""
    return pd.DataFrame(kept, index=rows.index).reset_index(drop=True)


def _parsed(text: str, file: str, where: str) -> pd.DataFrame:
    """Cut text at commas, every value as text; short and long rows are refused.

    pandas fills short rows without a word: Arrow counts their fields.
    """
    head, _, _ = text.partition("\n")
    try:
        header = next(csv.reader([head.rstrip("\r")]), [])
    except csv.Error as error:
        raise _irregular(file, f"{where}, ligne 1") from error
    # A column given twice is read once: its first.
    names = unique_names([name.strip().lower() for name in header])
    broken: list[int] = []

    def judged(row: Any) -> str:
        broken.append(row.number)
        return "skip"

    try:
        rows = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            arrow_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            arrow_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=judged
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        ).to_pandas()
    except (pa.ArrowInvalid, ValueError, KeyError) as error:
        raise _irregular(file, where) from error
    if broken:
        raise _irregular(file, f"{where}, ligne {broken[0]}")
    blank = (rows == "").all(axis=1)
    rows.insert(0, LINE, np.arange(2, len(rows) + 2))
    return rows[~blank]


def _irregular(file: str, where: str) -> DataError:
    return DataError(
        f"« {file} » n'est pas un tableau régulier : une ligne n'a pas le même nombre de champs "
        "que l'en-tête",
        where=where,
        remedy="vérifier les guillemets et les virgules de cette ligne",
    )
