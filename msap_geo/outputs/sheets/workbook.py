"""Tables in a workbook, one per sheet, after a sheet that says how to read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msap_geo.drafts import draft_in
from msap_geo.errors import OutputError, reason
from msap_geo.outputs.sheets import cells
from msap_geo.outputs.sheets.charts import add_chart
from msap_geo.outputs.sheets.dictionary import describe_columns, describe_table
from msap_geo.outputs.sheets.notes import NOTES, write_notes, written
from msap_geo.outputs.sheets.synthesis import SYNTHESIS, write_synthesis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from msap_geo.outputs.provenance import Provenance
    from msap_geo.outputs.report.model import Document
    from msap_geo.outputs.sheets.dictionary import Column, Table

FIRST_ROW = 4
"""Row of the first data, from 0: a title, the origin, the credits and the headings come before."""

LONGEST_SHEET = 1_048_576 - FIRST_ROW
"""Rows a sheet can hold (Excel specifications and limits)."""

_LONGEST_NAME = 31
_LONGEST_FOOTER = 255
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LINE = 15  # points, the height of a line of the default font


def write_workbook(
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    provenance: Provenance,
    answer: Sequence[tuple[str, str]] = (),
    synthesis: Document | None = None,
) -> None:
    """Write tables as an XLSX workbook whose headings are French and whose figures are exact.

    Text stays text: a name that begins with ``=`` is no formula, an address no link, a code keeps
    its zeros. The same tables give the same bytes.

    Parameters
    ----------
    tables
        Tables by their name in :mod:`msap_geo.outputs.sheets.dictionary`, in order.
    path
        File to write; its folder is made if needed.
    provenance
        What every sheet says of its origin.
    answer
        What was asked and found, in words, told first: a label and its text.
    synthesis
        Document whose first page and tables open the workbook, on a sheet of their own.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped] # noqa: PLC0415 - only for those who ask for a workbook

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {"prefix": f".{path.name[:60]}.", "suffix": ".brouillon"}
        with draft_in(path.parent, **kind) as draft:
            book = xlsxwriter.Workbook(
                draft, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
            )
            _fill(book, tables, provenance, answer, synthesis)
            book.close()
            draft.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        cause = error if isinstance(error, OSError) else error.args[0]  # XlsxWriter wraps it
        why = reason(cause) if isinstance(cause, OSError) else "écriture refusée"
        raise OutputError(
            f"le classeur ne peut pas être écrit ({why})",
            where=path,
            remedy="le fermer s'il est ouvert, ou donner un autre fichier",
        ) from error


def _fill(
    book: Any,
    tables: Mapping[str, pd.DataFrame],
    provenance: Provenance,
    answer: Sequence[tuple[str, str]],
    synthesis: Document | None,
) -> None:
    book.set_properties(
        {
            "title": provenance.title,
            "subject": provenance.heading,
            "author": provenance.software,
            "comments": provenance.text(),
            "created": provenance.moment.replace(tzinfo=None),
        }
    )
    styles = cells.Styles(book)
    names = _sheet_names(tables)
    if synthesis is not None:
        page = book.add_worksheet(SYNTHESIS)
        write_synthesis(page, styles, synthesis)
        _set_page(page, provenance)
    notes = book.add_worksheet(NOTES)
    for name, table in tables.items():
        if name in names:
            sheet = book.add_worksheet(names[name])
            _write_table(book, sheet, styles, name, table, provenance)
    write_notes(notes, styles, tables, names, provenance, answer=answer)
    _set_page(notes, provenance)


def _sheet_names(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Name a sheet for each table short enough; Excel tells no capital from a small letter."""
    taken = {NOTES.lower(), SYNTHESIS.lower()}
    names = {}
    for name, table in tables.items():
        if len(table) > LONGEST_SHEET:
            continue
        wanted = _FORBIDDEN.sub("-", describe_table(name).sheet).strip("'") or "table"
        sheet, n = wanted[:_LONGEST_NAME], 2
        while sheet.lower() in taken:
            tail = f" ({n})"
            sheet, n = wanted[: _LONGEST_NAME - len(tail)] + tail, n + 1
        taken.add(sheet.lower())
        names[name] = sheet
    return names


def _write_table(
    book: Any,
    sheet: Any,
    styles: cells.Styles,
    name: str,
    table: pd.DataFrame,
    provenance: Provenance,
) -> None:
    what = describe_table(name)
    table = written(table)
    columns = describe_columns(name, table.columns)
    _write_top(sheet, styles, what, provenance)
    heights = [1]
    for position, column in enumerate(columns):
        values = cells.plain_values(table.iloc[:, position], column)
        width = cells.width_of(values, column)
        sheet.set_column(position, position, width, styles.of(column))
        sheet.write_string(FIRST_ROW - 1, position, column.heading, styles.head)
        heights.append(cells.lines_of(column.heading, width))
        cells.write_values(sheet, FIRST_ROW, position, values, styles.each(column, values))
    sheet.set_row(FIRST_ROW - 1, _LINE * max(heights))
    if columns:
        last = FIRST_ROW - 1 + len(table)
        sheet.autofilter(FIRST_ROW - 1, 0, last, len(columns) - 1)
        sheet.freeze_panes(FIRST_ROW, _frozen(columns))
        sheet.repeat_rows(FIRST_ROW - 1)
    if what.chart is not None and len(table):
        add_chart(book, sheet, what, columns, rows=(FIRST_ROW, len(table)))
    _set_page(sheet, provenance)


def _write_top(sheet: Any, styles: cells.Styles, what: Table, provenance: Provenance) -> None:
    """Say above the headings what the table is, and where it comes from."""
    origin = f"{provenance.heading} – {provenance.software}"
    sheet.write_string(0, 0, what.title, styles.title)
    if provenance.warnings:
        told = " ".join((*provenance.warnings, origin))
        sheet.write_string(1, 0, told, styles.warning)
    else:
        sheet.write_string(1, 0, origin, styles.small)
    # No format of its own column: a line of text longer than its cell must run over the next ones.
    sheet.write_string(2, 0, f"{provenance.credit} · {provenance.vintages}", styles.small)


def _frozen(columns: list[Column]) -> int:
    """Return how many columns stay in sight: up to the name, if it comes early."""
    codes = [column.code for column in columns[:4]]
    return codes.index("nom") + 1 if "nom" in codes else 1


def _set_page(sheet: Any, provenance: Provenance) -> None:
    """Print on landscape A4 as wide as the page, origin at the foot of every one."""
    credit = f"{provenance.heading} · {provenance.credit}".replace("&", "&&")
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    foot = "&R&P / &N"
    # A space after the size: a credit that begins with a digit would make it larger.
    shown = credit[: _LONGEST_FOOTER - len(foot) - 8].rstrip("&")
    sheet.set_footer(f"&L&8 {shown}{foot}")
