"""The first sheet of a study's workbook: the first page of its report, and its tables, to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msap_geo.outputs.report.model import Document, KeyFigures, Paragraph, Table
from msap_geo.outputs.sheets.cells import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.outputs.sheets.cells import Styles

SYNTHESIS = "Synthèse"
"""Name of the sheet."""

_WIDTHS = (34, *(17 for _ in range(7)))
_LINE = 15
_MOST_TABLES = 5
"""Two printed pages: who is far, where, zones, what to open, with more or fewer offices."""

_MINUS = ("-", "−")
_SPACE = "[ \u00a0\u202f]"
_FIGURE = re.compile(
    rf"([+−-]?){_SPACE}?(\d{{1,3}}(?:{_SPACE}\d{{3}})+|\d+)(?:,(\d+))?"
    rf"(?:{_SPACE}(%|€|min|h|km|points?|habitants?))?"
)
"""A figure as :mod:`msap_geo.french` writes it, and its unit."""

_TITLES = (
    "Habitants selon leur trajet",
    "L’accès par territoire",
    "Zones blanches",
    "Les bureaux proposés",
    "Avec plus ou moins",
)
"""How the tables of the report that are kept begin."""


def write_synthesis(sheet: Any, styles: Styles, document: Document) -> None:
    """Write the first page of a report and its main tables; figures are numbers, as printed.

    Parameters
    ----------
    sheet
        Worksheet to write in.
    styles
        Formats of the workbook.
    document
        The report.
    """
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    sheet.write_string(0, 0, document.territory, styles.title)
    sheet.write_string(1, 0, document.dated, styles.small)
    row = 2
    for warning in document.warnings:
        sheet.write_string(row, 0, warning, styles.warning)
        row += 1
    for block in document.summary:
        if isinstance(block, KeyFigures):
            row = _figures(sheet, styles, row + 1, block)
        elif isinstance(block, Paragraph):
            row = _paragraph(sheet, styles, row, block)
    for table in _tables(document):
        row = _table(sheet, styles, row + 1, table)
    note = (
        "Nombres arrondis comme le rapport les écrit ; les autres feuilles ont les valeurs exactes."
    )
    sheet.write_string(row + 1, 0, note, styles.small)


def _tables(document: Document) -> list[Table]:
    blocks = [block for section in document.sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, Table)]
    return [table for table in tables if table.caption.startswith(_TITLES)][:_MOST_TABLES]


def _figures(sheet: Any, styles: Styles, row: int, block: KeyFigures) -> int:
    for value, label in block.items:
        found = figure_of(value)
        if found is None:
            sheet.write_string(row, 0, value, styles.section)
        else:
            sheet.write_number(row, 0, found[0], styles.written(found[1], key=True))
        sheet.merge_range(row, 1, row, len(_WIDTHS) - 1, "", styles.wrap)
        sheet.write_string(row, 1, label, styles.wrap)
        row += 1
    return row


def _paragraph(sheet: Any, styles: Styles, row: int, block: Paragraph) -> int:
    room = sum(_WIDTHS[1:])
    sheet.write_string(row, 0, block.lead, styles.label)
    sheet.merge_range(row, 1, row, len(_WIDTHS) - 1, "", styles.wrap)
    sheet.write_string(row, 1, block.text, styles.wrap)
    sheet.set_row(row, _LINE * lines_of(block.text, room))
    return row + 1


def _table(sheet: Any, styles: Styles, row: int, table: Table) -> int:
    sheet.write_string(row, 0, table.caption, styles.section)
    row += 1
    titles = tuple(column.title for column in table.columns)
    for position, column in enumerate(table.columns):
        head = styles.head_right if column.number else styles.head
        sheet.write_string(row, position, column.title, head)
    _heighten(sheet, row, titles)
    for rank, texts in enumerate(table.rows, 1):
        _line(sheet, styles, row + rank, table, texts, bold=table.total and rank == len(table.rows))
    return row + len(table.rows) + 1


def _line(
    sheet: Any, styles: Styles, row: int, table: Table, texts: Sequence[str], *, bold: bool
) -> None:
    for position, (text, column) in enumerate(zip(texts, table.columns, strict=True)):
        found = figure_of(text) if column.number else None
        if found is not None:
            sheet.write_number(row, position, found[0], styles.written(found[1], bold=bold))
        elif column.number:
            sheet.write_string(row, position, text, styles.written("@", bold=bold))
        else:
            sheet.write_string(row, position, text, styles.label if bold else styles.wrap)
    _heighten(sheet, row, texts)


def _heighten(sheet: Any, row: int, texts: Sequence[str]) -> None:
    """Give a row the lines its longest text needs."""
    rooms = (*_WIDTHS, *(_WIDTHS[-1] for _ in texts))
    lines = [lines_of(text, room) for text, room in zip(texts, rooms, strict=False)]
    sheet.set_row(row, _LINE * max(lines, default=1))


def figure_of(text: str) -> tuple[float, str] | None:
    """Return the number a printed figure is, and the format of a spreadsheet that shows it so.

    Parameters
    ----------
    text
        As :mod:`msap_geo.french` writes it: ``34 400``, ``9,7 %``, ``+ 8 049``, ``150 000 €``.

    Returns
    -------
    tuple of float and str, or None
        None for what is no such figure: a dash, a share said in words.
    """
    found = _FIGURE.fullmatch(text.strip())
    if found is None:
        return None
    sign, whole, decimals, unit = (part or "" for part in found.groups())
    number = float("".join(re.findall(r"\d", whole)) + (f".{decimals}" if decimals else ""))
    if sign in _MINUS:
        number = -number
    shown = "#,##0" + (f".{'0' * len(decimals)}" if decimals else "")
    if unit == "%":
        return round(number / 100, len(decimals) + 2), f"{_signed(shown, sign)}%"
    return number, _signed(shown, sign) + (f'" {unit}"' if unit else "")


def _signed(shown: str, sign: str) -> str:
    """Return a format with its plus; a spreadsheet writes the minus of itself."""
    return f'"+ "{shown}' if sign == "+" else shown
