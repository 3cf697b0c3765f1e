"""Tables in long form: one row per territory, variable and year, as INSEE publishes since 2026.

``GEO_OBJECT, GEO, TAB_MEASURE, TIME_PERIOD, OBS_VALUE``: what was a column (``P23_POP``) is a row
(``POP``, ``2023``). They are set back in columns, under the names the variables had, so that every
reader knows but one form. *Dossier complet* unfolds to seven gigabytes: Parquet is read block after
block, and only the rows wanted are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from msap_geo.tabular.numbers import to_number
from msap_geo.tabular.picking import LINE
from msap_geo.tabular.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow.parquet as pq

_OBJECT, _PLACE, _PERIOD, _VALUE = "geo_object", "geo", "time_period", "obs_value"
_SECRECY = "conf_status"
_MEASURES = ("tab_measure", "popref_measure")
"""*Comparateur* and *dossier complet*; populations of reference."""

_NEEDED = (_PLACE, _PERIOD, _VALUE)
_COMMUNES = ("COM", "ARM")
_SECRET = "C"  # noqa: S105 - INSEE's code for a figure under statistical secrecy
CODE = "codgeo"
"""Name of the column of codes, once set in columns."""


def measure_column(columns: Iterable[str]) -> str | None:
    """Return the column of variables of a table in long form, None where it is in another form.

    Parameters
    ----------
    columns
        Normalised names.
    """
    present = set(columns)
    found = next((name for name in _MEASURES if name in present), None)
    return found if found is not None and present.issuperset(_NEEDED) else None


def is_part(column: str) -> bool:
    """Tell whether a column, by its normalised name, is one of those a long form is made of."""
    return column in {_OBJECT, _SECRECY, *_NEEDED, *_MEASURES}


class Wide(NamedTuple):
    """A table set back in columns.

    Parameters
    ----------
    table
        One row per commune: :data:`LINE` (its first one), :data:`CODE` and the columns named, as
        text; empty where INSEE gives nothing or keeps it secret.
    contradicted
        Figures given again with another value, in words; the first that says something is kept.
    """

    table: pd.DataFrame
    contradicted: tuple[str, ...] = ()


def widen(table: pd.DataFrame, names: Mapping[str, str]) -> Wide:
    """Set a table in long form back in columns.

    Parameters
    ----------
    table
        Text columns under normalised names, and :data:`LINE`.
    names
        Variable → name of its column, ``{y}`` standing for the two digits of the year.

    Returns
    -------
    Wide
        The table, and the figures that contradict one another.
    """
    measures = str(measure_column(table.columns))
    rows = table[table[measures].isin(names)]
    if _OBJECT in rows:
        rows = rows[rows[_OBJECT].isin(_COMMUNES)]
    years = rows[_PERIOD].astype(str).str.extract(r"^\d\d(\d\d)", expand=False)
    values = rows[_VALUE].astype(str).where(years.notna(), "")
    if _SECRECY in rows:
        values = values.mask(rows[_SECRECY] == _SECRET, "")
    long = pd.DataFrame(
        {
            LINE: rows[LINE],
            # An API of INSEE writes 2026-COM-01001, its files 01001.
            CODE: rows[_PLACE].astype(str).str.rsplit("-", n=1).str[-1],
            "name": [
                names[measure].replace("{y}", str(year))
                for measure, year in zip(rows[measures], years, strict=True)
            ],
            "value": values,
        }
    )
    first = long.groupby(CODE, sort=False)[LINE].min()
    said = long[long["value"] != ""]
    told = said.drop_duplicates([CODE, "name"])
    wide = told.pivot_table(index=CODE, columns="name", values="value", aggfunc="first")
    columns = list(dict.fromkeys(long["name"][years.notna()]))
    if not columns:
        return Wide(pd.DataFrame(columns=[LINE, CODE]))
    wide = wide.reindex(index=first.index, columns=columns).fillna("")
    wide.columns.name = None
    ordered = pd.concat([first, wide], axis=1).reset_index()[[LINE, CODE, *columns]]
    return Wide(ordered, _contradicted(said))


def _contradicted(said: pd.DataFrame) -> tuple[str, ...]:
    """Tell the figures given again with another value, whatever way it is written."""
    again = said[said.duplicated([CODE, "name"], keep=False)]
    if again.empty:
        return ()
    first = again.groupby([CODE, "name"], sort=False)["value"].transform("first")
    one, other = to_number(again["value"]), to_number(first)
    differs = ~((one == other) | (again["value"] == first))
    return tuple(
        f"{row[CODE]} : {row['name'].upper()} vaut {row['kept']}, puis {row['value']} (ligne "
        f"{row[LINE]})"
        for row in again.assign(kept=first)[differs].to_dict("records")
    )


def read_long_parquet(source: pq.ParquetFile, names: Mapping[str, str]) -> pd.DataFrame:
    """Read the rows wanted of a Parquet file in long form, block after block.

    Parameters
    ----------
    source
        Opened file, whose columns make a long form (:func:`measure_column`).
    names
        See :func:`widen`.

    Returns
    -------
    pandas.DataFrame
        Text columns under normalised names, and :data:`LINE`, as :func:`widen` takes them.
    """
    known = {normalise(name): name for name in source.schema_arrow.names}
    measures = str(measure_column(known))
    wanted = [name for name in (_OBJECT, _SECRECY, measures, *_NEEDED) if name in known]
    kept, line = [], 1
    variables = pa.array(list(names))
    for batch in source.iter_batches(columns=[known[name] for name in wanted]):
        table = pa.Table.from_batches([batch]).rename_columns(
            [normalise(name) for name in batch.schema.names]
        )
        numbers = pa.array(range(line, line + len(table)))
        line += len(table)
        table = table.append_column(LINE, numbers)
        right = pc.is_in(table[measures].cast(pa.string()), value_set=variables)
        kept.append(table.filter(right))
    result = (
        pa.concat_tables(kept).to_pandas(ignore_metadata=True)
        if kept
        else pd.DataFrame(columns=[*wanted, LINE])
    )
    texts = {name: result[name].map(_text, na_action="ignore").fillna("") for name in wanted}
    return result.assign(**texts)[[LINE, *wanted]]


def _text(value: object) -> str:
    """Return a value as a CSV of INSEE's would have it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return re.sub(r"\s+", " ", str(value)).strip()
