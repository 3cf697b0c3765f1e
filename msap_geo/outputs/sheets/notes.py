"""The first sheet of a workbook: how to read the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo.outputs.sheets.cells import lines_of
from msap_geo.outputs.sheets.dictionary import describe_columns, describe_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msap_geo.outputs.provenance import Provenance
    from msap_geo.outputs.sheets.cells import Styles

NOTES = "Lisez-moi"
"""Name of the sheet."""

_NOT_WRITTEN = "Sans aucune valeur ici : la colonne n’est pas écrite."

_WIDTHS = (26, 44, 32, 90, 24)
_LINE = 15


def write_notes(
    sheet: Any,
    styles: Styles,
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    provenance: Provenance,
    *,
    answer: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the origin of the figures, the list of sheets, the meaning of each column.

    Parameters
    ----------
    sheet
        Worksheet to write in.
    styles
        Formats of the workbook.
    tables
        Tables of the workbook, by name.
    names
        Name of the sheet of each table; those that have none are said to be too long.
    provenance
        What the workbook says of its origin.
    answer
        What was asked and found, in words: a label and its text.
    """
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    row = _origin(sheet, styles, provenance, answer)
    row = _sheets(sheet, styles, row + 1, tables, names)
    _columns(sheet, styles, row + 1, tables, names)


def written(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the columns that hold nothing; all of them where there is no row."""
    if table.empty:
        return table
    kept = [not _empty(table.iloc[:, position]) for position in range(table.shape[1])]
    return table.loc[:, kept]


def _empty(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return bool(values.isna().all())
    known = values[values.notna()]
    return all(isinstance(value, str) and not value for value in known)


def _origin(
    sheet: Any, styles: Styles, provenance: Provenance, answer: Sequence[tuple[str, str]]
) -> int:
    sheet.write_string(0, 0, provenance.title, styles.title)
    told = [
        *((label, [text]) for label, text in answer),
        ("Territoire", [provenance.territory]),
        ("Date", [provenance.date]),
        ("Logiciel", [provenance.software]),
        ("Avertissement", list(provenance.warnings)),
        ("Méthode", [provenance.method]),
        ("Millésimes", [provenance.vintages]),
        ("Données", list(provenance.sources)),
        ("Limites", list(provenance.limits)),
        ("Mentions", list(provenance.attributions)),
        (
            "Lecture",
            [
                (
                    "Une cellule vide est une valeur inconnue ou sans objet, jamais un zéro. "
                    "Les seuils sont inclus. À portée et au-delà font la population, à l’unité."
                ),
                "Les parts sont affichées en % ; les nombres gardent leur précision d’origine.",
            ],
        ),
    ]
    row = 2
    room = sum(_WIDTHS[1:])
    for label, lines in told:
        style = styles.alarm if label == "Avertissement" else styles.wrap
        for first, line in enumerate(line for line in lines if line):
            if not first:
                sheet.write_string(row, 0, label, styles.label)
            sheet.merge_range(row, 1, row, len(_WIDTHS) - 1, "", style)
            sheet.write_string(row, 1, line, style)
            sheet.set_row(row, _LINE * lines_of(line, room))
            row += 1
    return row


def _sheets(
    sheet: Any,
    styles: Styles,
    row: int,
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
) -> int:
    for position, text in enumerate(("Feuille", "Aussi dans", "Lignes", "Contenu")):
        sheet.write_string(row, position, text, styles.head)
    for name, table in tables.items():
        row += 1
        what = describe_table(name)
        if name in names:
            target = names[name].replace("'", "''")
            sheet.write_url(row, 0, f"internal:'{target}'!A1", styles.link, names[name])
        else:
            sheet.write_string(row, 0, f"{what.sheet} : trop long pour un tableur", styles.wrap)
        sheet.write_string(row, 1, what.file, styles.wrap)
        sheet.write_number(row, 2, len(table), styles.wrap)
        sheet.write_string(row, 3, what.title, styles.wrap)
    return row + 1


def _columns(
    sheet: Any,
    styles: Styles,
    row: int,
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
) -> None:
    first = row
    for position, text in enumerate(("Feuille", "Colonne", "Code", "Définition", "Unité")):
        sheet.write_string(row, position, text, styles.head)
    for name, sheet_name in names.items():
        shown = set(written(tables[name]).columns)
        for column in describe_columns(name, tables[name].columns):
            row += 1
            meaning = column.definition
            if column.code not in shown:
                meaning = f"{meaning} {_NOT_WRITTEN}"
            told = (sheet_name, column.title, column.code, meaning, column.unit)
            for position, text in enumerate(told):
                sheet.write_string(row, position, text, styles.wrap)
            sheet.set_row(row, _LINE * lines_of(meaning, _WIDTHS[3]))
    sheet.autofilter(first, 0, row, len(_WIDTHS) - 1)
