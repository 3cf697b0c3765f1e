"""The first sheet of a study's workbook: the first page of its report, and its tables, to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.outputs.report.model import Document, KeyFigures, Paragraph, Table
from msap_geo.outputs.sheets.cells import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.outputs.sheets.cells import Styles

SYNTHESIS = "Synthèse"
"""Name of the sheet."""

_WIDTHS = (34, *(17 for _ in range(7)))
_LINE = 15
_MOST_TABLES = 5
"""Two printed pages: who is far, where, zones, what to open, with more or fewer offices."""

_TITLES = (
    "Habitants selon leur trajet",
    "L’accès par territoire",
    "Zones blanches",
    "Les bureaux proposés",
    "Avec plus ou moins",
)
"""How the tables of the report that are kept begin."""


def write_synthesis(sheet: Any, styles: Styles, document: Document) -> None:
    """Write the first page of a report and its main tables; figures are texts, as printed.

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
        "Chiffres tels que le rapport les écrit ; exacts et calculables dans les autres feuilles."
    )
    sheet.write_string(row + 1, 0, note, styles.small)


def _tables(document: Document) -> list[Table]:
    blocks = [block for section in document.sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, Table)]
    return [table for table in tables if table.caption.startswith(_TITLES)][:_MOST_TABLES]


def _figures(sheet: Any, styles: Styles, row: int, block: KeyFigures) -> int:
    for value, label in block.items:
        sheet.write_string(row, 0, value, styles.section)
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
    row = _cells(sheet, row + 1, (column.title for column in table.columns), styles.head)
    for line in table.rows:
        row = _cells(sheet, row, line, styles.wrap)
    return row


def _cells(sheet: Any, row: int, texts: Iterable[str], style: Any) -> int:
    lines = 1
    for position, text in enumerate(texts):
        sheet.write_string(row, position, text, style)
        width = _WIDTHS[min(position, len(_WIDTHS) - 1)]
        lines = max(lines, lines_of(text, width))
    sheet.set_row(row, _LINE * lines)
    return row + 1
