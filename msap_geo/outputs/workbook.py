"""Tables in a workbook, one per sheet."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.errors import OutputError, reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WIDEST = 40


def write_workbook(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write tables as an XLSX workbook.

    Text stays text: a name that begins with ``=`` is no formula, an address no link.

    Parameters
    ----------
    tables
        Tables by sheet name, in order.
    path
        File to write; its folder is made if needed.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped] # noqa: PLC0415 - only for those who ask for a workbook

    draft = path.with_name(f".{path.name}.brouillon")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book = xlsxwriter.Workbook(
            draft, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
        )
        head = book.add_format({"bold": True, "bottom": 1})
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.columns):
                values = [_cell(value) for value in table[title].tolist()]
                sheet.write(0, column, str(title), head)
                sheet.write_column(1, column, values)
                longest = max([len(str(title)), *(len(str(value)) for value in values)])
                sheet.set_column(column, column, min(longest + 1, _WIDEST))
        book.close()
        draft.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        why = reason(error) if isinstance(error, OSError) else "écriture refusée"
        raise OutputError(
            f"le classeur ne peut pas être écrit ({why})",
            where=path,
            remedy="le fermer s'il est ouvert, ou donner un autre fichier",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _cell(value: object) -> object:
    """Return what a cell can hold: lists and dates as text, unknown values as nothing."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return None if pd.isna(value) else value
