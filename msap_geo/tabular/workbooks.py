"""Tables wherever they hide: a CSV, a sheet of a workbook, a Parquet file, any of them in a zip.

INSEE publishes the same table as CSV one year and as a workbook the next, with the header on row 6
or 8, beside sheets of the same columns for cantons. Nothing is assumed of where a table stands: all
are found by the columns they hold. A hidden sheet is not read: nobody who opens the workbook sees
its figures.
"""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import python_calamine as calamine

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError
from msap_geo.tabular.archives import is_archive, members, read_member, read_member_head
from msap_geo.tabular.header import guess_header
from msap_geo.tabular.long_form import CODE, is_part, measure_column, read_long_parquet, widen
from msap_geo.tabular.parquet import parquet_faults
from msap_geo.tabular.picking import LINE, name_of, settle_twins, twinned_names
from msap_geo.tabular.text import (
    decode,
    normalise,
    parse_table,
)
from msap_geo.tabular.vast import ALLOWED_BYTES, MAX_TIMES, refuse_vast_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".ods", ".xlsb"}
_PARQUET = {".parquet", ".geoparquet"}
_TEXTS = {".csv", ".txt", ".tsv"}
_HEADER_ROWS = 30
_BYTES_PER_CELL = 8
_HEAD_BYTES = 1 << 20
_MOST_NAMED = 12
"""Names told of in a message."""


class Found(NamedTuple):
    """A table found in a file.

    Parameters
    ----------
    name
        Sheet or member of the archive; the file's own name when it holds but one table.
    table
        Text columns under normalised names, and the line of each row (:data:`LINE`).
    hidden
        Hidden sheets of the same workbook that hold columns wanted too, and are not read.
    contradicted
        Figures of a long form given again with another value, in words.
    """

    name: str
    table: pd.DataFrame
    hidden: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()


def tell_passed_over(found: Iterable[Found], *, file: str) -> list[Anomaly]:
    """Return one anomaly per hidden sheet, and per other value of a figure, passed over."""
    found = list(found)
    names = dict.fromkeys(name for each in found for name in each.hidden)
    return [
        Anomaly(
            "feuille-masquee",
            Action.LEFT_OUT,
            file,
            f"feuille masquée « {name} » non lue (l'afficher dans le tableur si c'est la bonne)",
        )
        for name in names
    ] + [
        Anomaly("chiffre-contredit", Action.LEFT_OUT, file, f"{words} : le premier est retenu")
        for each in found
        for words in each.contradicted
    ]


def read_tables(
    path: Path, *, keep: Callable[[str], bool], variables: Mapping[str, str] | None = None
) -> list[Found]:
    """Read every table of a file that has at least one of the columns wanted.

    Parameters
    ----------
    path
        CSV, workbook (XLSX, XLS, ODS), Parquet, or a zip of them.
    keep
        Tells by its normalised name whether a column is wanted; the header of a sheet is its row
        with most of them.
    variables
        Variables of INSEE's long form to set back in columns, and the name of the column of each
        (:func:`msap_geo.tabular.long_form.widen`); tables in long form are not read when not given.

    Returns
    -------
    list of Found
        In the order of the file.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent, or not what it claims to be.
    MissingColumnError
        If no table has any of the columns.
    DataError
        If a table is irregular or empty.
    """
    names = variables or {}

    def wanted(name: str) -> bool:
        return keep(name) or bool(names and is_part(name))

    if is_archive(path):
        found = list(_from_archive(path, wanted, names))
    else:
        found = list(_from_content(path, path.read_bytes, path.suffix.lower(), wanted, names))
    if names:
        found = [_widened(each, path, names) for each in found]
    fitting = [each for each in found if any(map(keep, each.table.columns))]
    if not fitting:
        raise MissingColumnError(
            f"« {path.name} » : aucune des colonnes attendues (trouvées : {columns_found(path)})",
            where=path,
            remedy="vérifier que c'est le bon fichier",
        )
    return fitting


def columns_found(path: Path) -> str:
    """Say what stands at the top of each table of a file that holds none of the columns wanted.

    Parameters
    ----------
    path
        Workbook, archive or text table.

    Returns
    -------
    str
        Its headers in words.
    """
    told = []
    for header in read_headers(path):
        names = [name for name in header if name]
        told.append(", ".join(names[:_MOST_NAMED]) + ("…" if len(names) > _MOST_NAMED else ""))
    return " ; ".join(filter(None, told)) or "aucune"


def _widened(found: Found, path: Path, names: Mapping[str, str]) -> Found:
    """Set a table in long form back in columns, leave another as it is."""
    measures = measure_column(found.table.columns)
    if measures is None:
        return found
    table, contradicted = widen(found.table, names)
    if len(table.columns) == len((LINE, CODE)):
        raise MissingColumnError(
            f"« {path.name} » est en forme longue, mais aucune commune n'y a de variable attendue "
            f"(dans {measures.upper()} : {', '.join(list(names)[:_MOST_NAMED])})",
            where=path,
            remedy="vérifier que c'est le bon fichier, et qu'il donne les communes (GEO_OBJECT = "
            "COM)",
        )
    return Found(found.name, table, found.hidden, contradicted)


def _from_archive(
    path: Path, keep: Callable[[str], bool], names: Mapping[str, str]
) -> Iterator[Found]:
    readable = [
        name
        for name in members(path)
        if Path(name).suffix.lower() in _TEXTS | _WORKBOOKS | _PARQUET
    ]
    if not readable:
        raise UnreadableFileError(
            f"l'archive « {path.name} » ne contient ni CSV, ni classeur, ni Parquet",
            where=path,
            remedy="vérifier que c'est bien le fichier attendu",
        )
    for name in readable:
        suffix = Path(name).suffix.lower()

        def content(name: str = name) -> bytes:
            return read_member(path, name)

        yield from _from_content(path / name, content, suffix, keep, names)


def _from_content(
    where: Path,
    content: Callable[[], bytes],
    suffix: str,
    keep: Callable[[str], bool],
    names: Mapping[str, str],
) -> Iterator[Found]:
    if suffix in _WORKBOOKS:
        yield from _from_workbook(where, content(), keep)
    elif suffix in _PARQUET:
        yield Found(where.name, _from_parquet(where, content(), keep, names))
    else:
        yield Found(where.name, parse_table(decode(content(), where), where, keep=keep))


def _from_workbook(where: Path, content: bytes, keep: Callable[[str], bool]) -> Iterator[Found]:
    refuse_vast_workbook(content, where)
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        hidden = tuple(
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible != calamine.SheetVisibleEnum.Visible
        )
        tables = {
            name: table
            for name in workbook.sheet_names
            if (table := _from_rows(_rows(workbook, name), keep)) is not None
        }
    except (calamine.CalamineError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise _no_workbook(where) from error
    passed_over = tuple(name for name in hidden if name in tables)
    shown = [name for name in tables if name not in hidden]
    if passed_over and not shown:
        raise MissingColumnError(
            f"« {where.name} » : les colonnes attendues ne sont que dans une feuille masquée "
            f"({', '.join(passed_over)})",
            where=where,
            remedy="l'afficher dans le tableur et enregistrer, si c'est bien elle",
        )
    for name in shown:
        yield Found(name, settle_twins(tables[name], where / name), passed_over)


def _rows(workbook: calamine.CalamineWorkbook, name: str) -> list[list[Any]]:
    return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _from_rows(
    rows: Sequence[Sequence[object]], keep: Callable[[str], bool]
) -> pd.DataFrame | None:
    names = [[normalise(_text(cell)) for cell in row] for row in rows[:_HEADER_ROWS]]
    scores = [sum(map(keep, filter(None, row))) for row in names]
    best = max(scores, default=0)
    if best == 0:
        return None
    header = scores.index(best)
    # INSEE writes long labels on one row and variable names on the next: both may be known.
    while header + 1 < len(scores) and scores[header + 1] == best:
        header += 1
    columns = twinned_names([name or f"colonne_{n}" for n, name in enumerate(names[header], 1)])
    wanted = [position for position, name in enumerate(columns) if keep(name_of(name))]
    body = rows[header + 1 :]
    table = pd.DataFrame(
        {columns[position]: [_text(row[position]) for row in body] for position in wanted},
        dtype=str,
    )
    table.insert(0, LINE, range(header + 2, header + 2 + len(table)))
    filled = (table[[columns[position] for position in wanted]] != "").any(axis=1)
    return table[filled].reset_index(drop=True)


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _refuse_vast(cells: int, size: int, where: Path) -> None:
    """Refuse a Parquet file that says one value a billion times."""
    if cells * _BYTES_PER_CELL > max(ALLOWED_BYTES, MAX_TIMES * size):
        raise UnreadableFileError(
            f"« {where.name} » gonfle hors de proportion une fois lu ({cells} valeurs)",
            where=where,
            remedy="comparer le fichier avec celui de la page officielle",
        )


def _from_parquet(
    where: Path, content: bytes, keep: Callable[[str], bool], variables: Mapping[str, str]
) -> pd.DataFrame:
    with parquet_faults(where):
        source = pq.ParquetFile(io.BytesIO(content))
        names = source.schema_arrow.names
        if variables and measure_column(map(normalise, names)):
            return read_long_parquet(source, variables)
        wanted = [name for name in names if keep(normalise(name))]
        _refuse_vast(source.metadata.num_rows * len(wanted), len(content), where)
        table = source.read(columns=wanted).to_pandas(ignore_metadata=True)
    table.columns = twinned_names([normalise(str(name)) for name in table.columns])
    table = table.reset_index(drop=True)
    text = {
        name: table[name].map(_text, na_action="ignore").fillna("").astype(str)
        for name in table.columns
        if not pd.api.types.is_numeric_dtype(table[name])
    }
    table = table.assign(**text)
    table.insert(0, LINE, range(1, len(table) + 1))
    return settle_twins(table, where)


def read_headers(path: Path, *, suffix: str | None = None) -> list[list[str]]:
    """Return the names found at the top of each table of a file, without reading the tables.

    Parameters
    ----------
    path
        CSV, workbook, Parquet, or a zip of them.
    suffix
        Its extension, where the file does not bear its own name yet.

    Returns
    -------
    list of list of str
        One list per sheet, member or file, normalised; of a sheet, every text of its first rows.
        Members of other kinds are passed over.

    Raises
    ------
    UnreadableFileError
        If a part is not what it claims to be.
    """
    if not is_archive(path):
        return list(_headers(path, suffix or path.suffix.lower(), path.read_bytes))
    found: list[list[str]] = []
    for name in members(path):
        kind = Path(name).suffix.lower()
        if kind in _TEXTS:
            found += _text_header(read_member_head(path, name, _HEAD_BYTES), path / name)
        elif kind in _WORKBOOKS | _PARQUET:
            found += _headers(path / name, kind, functools.partial(read_member, path, name))
    return found


def _text_header(head: bytes, where: Path) -> list[list[str]]:
    layout = guess_header(decode(head, where))
    return [] if layout is None else [[normalise(field) for field in layout.fields]]


def _headers(where: Path, suffix: str, content: Callable[[], bytes]) -> Iterator[list[str]]:
    if suffix in _PARQUET:
        with parquet_faults(where):
            names = pq.read_schema(io.BytesIO(content())).names
        yield [normalise(str(name)) for name in names]
        return
    if suffix not in _WORKBOOKS:
        yield from _text_header(content()[:_HEAD_BYTES], where)
        return
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content()))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=_HEADER_ROWS)
            yield list(dict.fromkeys(normalise(_text(cell)) for row in rows for cell in row))
    except (calamine.CalamineError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise _no_workbook(where) from error


def _no_workbook(where: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"« {where.name} » n'est pas un classeur lisible",
        where=where,
        remedy="le télécharger à nouveau, ou l'enregistrer en CSV (UTF-8)",
    )
