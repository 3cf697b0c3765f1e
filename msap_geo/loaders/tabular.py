"""Text tables as the administrations publish them.

Encoding, separator, byte-order marks, comment lines and column spelling vary from year to year;
what does not vary is decided here, once. Everything is read as text and converted explicitly, so
that ``01001`` stays ``01001``.
"""

from __future__ import annotations

import io
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    UnreadableFileError,
    reason,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LINE = "ligne"
"""Column added by :func:`read_text_table`: the line of each row, as a spreadsheet numbers it."""

_SEPARATORS = ";,\t|"
_SIGNATURES = {
    b"PK\x03\x04": "une archive ZIP (ou un classeur XLSX/ODS)",
    b"%PDF": "un document PDF",
    b"\x1f\x8b": "un fichier compressé (gzip)",
    b"\xd0\xcf\x11\xe0": "un ancien classeur Excel (XLS)",
    b"SQLite format 3": "une base SQLite (GeoPackage)",
    b"PAR1": "un fichier Parquet",
}
_HEAD_BYTES = 1024


def require_file(path: Path) -> None:
    """Make sure a file is there and holds something.

    Raises
    ------
    FileMissingError
        If there is no such file.
    UnreadableFileError
        If it is a folder, is empty, or cannot be opened.
    """
    if not path.exists():
        raise FileMissingError(
            f"le fichier « {path.name} » est introuvable",
            where=path,
            remedy="vérifier son nom et son dossier (les chemins partent du fichier d'étude)",
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise UnreadableFileError(
            f"le fichier « {path.name} » ne peut pas être ouvert ({reason(error)})", where=path
        ) from error
    if not head.strip():
        raise UnreadableFileError(
            f"le fichier « {path.name} » est vide", where=path, remedy="le télécharger à nouveau"
        )


def read_text(path: Path) -> str:
    """Return the text of a file: byte-order mark, else strict UTF-8, else Windows-1252.

    Parameters
    ----------
    path
        File to read.

    Returns
    -------
    str
        The decoded text.

    Raises
    ------
    FileMissingError
        If there is no such file.
    UnreadableFileError
        If the file is empty, is not text, or is a web page (often an error page saved by mistake).
    """
    require_file(path)
    content = path.read_bytes()
    _refuse_foreign(path, content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # French administrations write Windows-1252 when they do not write UTF-8; it decodes
        # almost any byte, so it comes last.
        return content.decode("cp1252", errors="replace")


def _refuse_foreign(path: Path, content: bytes) -> None:
    found = next((what for mark, what in _SIGNATURES.items() if content.startswith(mark)), None)
    head = content[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        found = "une page web (souvent une page d'erreur enregistrée à la place du fichier)"
    elif (
        found is None
        and b"\x00" in content[:_HEAD_BYTES]
        and content[:2]
        not in (
            b"\xff\xfe",
            b"\xfe\xff",
        )
    ):
        found = "un fichier binaire"
    if found is not None:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un fichier texte : c'est {found}",
            where=path,
            remedy="télécharger à nouveau le fichier attendu, ou extraire celui de l'archive",
        )


@lru_cache(maxsize=65_536)
def normalise(name: str) -> str:
    """Return a name reduced to what matters for comparison: ``#Code_INSEE`` → ``code_insee``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a delimited text file, every value as text.

    The separator is the most frequent of ``; , tab |`` in the header line. Comment lines before
    the header (starting with ``#`` and holding no separator, or holding fewer than two fields) are
    passed over. Column names are normalised (:func:`normalise`), values stripped.

    Parameters
    ----------
    path
        File to read.

    Returns
    -------
    pandas.DataFrame
        Text columns, plus :data:`LINE` (line number in the file, header included).

    Raises
    ------
    FileMissingError, UnreadableFileError
        See :func:`read_text`.
    DataError
        If rows do not all have the same number of fields, or there are none.
    """
    text = read_text(path)
    skipped, separator = _find_header(path, text)
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=str,
            keep_default_na=False,
            skiprows=skipped,
            skip_blank_lines=False,
            index_col=False,
            on_bad_lines="error",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        detail = re.search(r"line (\d+)", str(error))
        raise DataError(
            f"« {path.name} » n'est pas un tableau régulier : une ligne n'a pas le même nombre de "
            "champs que l'en-tête",
            where=f"{path}, ligne {detail.group(1)}" if detail else path,
            remedy="vérifier les guillemets et le séparateur de cette ligne",
        ) from error
    table.columns = _unique_names([normalise(str(name)) for name in table.columns])
    table = table.fillna("").apply(lambda column: column.str.strip())
    table.insert(0, LINE, table.index + 2 + skipped)
    table = table[(table.drop(columns=LINE) != "").any(axis=1)].reset_index(drop=True)
    if table.empty:
        raise DataError(f"« {path.name} » ne contient que son en-tête", where=path)
    return table


def _find_header(path: Path, text: str) -> tuple[int, str]:
    """Return how many lines stand before the header, and the separator."""
    for number, line in enumerate(text.splitlines()[:20]):
        counts = {separator: line.count(separator) for separator in _SEPARATORS}
        separator = max(counts, key=lambda candidate: counts[candidate])
        if counts[separator] > 0 and not line.startswith("# "):
            return number, separator
    raise UnreadableFileError(
        f"« {path.name} » n'est pas un tableau : aucun séparateur (; , tabulation) dans les "
        "premières lignes",
        where=path,
        remedy="vérifier que c'est bien le fichier CSV attendu",
    )


def _unique_names(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def pick_columns(
    table: pd.DataFrame,
    path: Path,
    *,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the columns wanted, under our names.

    Parameters
    ----------
    table
        Table whose columns are normalised.
    path
        File it comes from, for the message.
    required
        Our name → the normalised spellings it is published under, first match wins.
    optional
        The same, for columns that may be absent: they come back filled with empty text.

    Returns
    -------
    pandas.DataFrame
        New table with our names, and :data:`LINE` when the table has it.

    Raises
    ------
    MissingColumnError
        If required columns are absent; the message names them all, and what was found.
    """
    chosen: dict[str, pd.Series] = {}
    if LINE in table:
        chosen[LINE] = table[LINE]
    missing = []
    for ours, spellings in {**required, **(optional or {})}.items():
        found = next((name for name in spellings if name in table.columns), None)
        if found is not None:
            chosen[ours] = table[found]
        elif ours in required:
            missing.append(" ou ".join(spellings))
        else:
            chosen[ours] = pd.Series("", index=table.index, dtype=str)
    if missing:
        found_names = ", ".join(str(name) for name in table.columns if name != LINE)
        raise MissingColumnError(
            f"« {path.name} » : colonne absente : {' ; '.join(missing)} "
            f"(colonnes trouvées : {found_names})",
            where=path,
            remedy="vérifier que c'est le bon fichier, et que son en-tête n'a pas été modifié",
        )
    return pd.DataFrame(chosen)


def to_number(values: pd.Series) -> pd.Series:
    """Convert text to floats: decimal commas and thousands spaces accepted, else null.

    Parameters
    ----------
    values
        Text values.

    Returns
    -------
    pandas.Series
        ``float64``; null where the text is empty or not a number.
    """
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("float64")
    plain = values.str.replace(r"[\s\u00a0\u202f]", "", regex=True).str.replace(",", ".")
    numbers = pd.to_numeric(plain.where(plain != ""), errors="coerce")
    return numbers.astype("float64")
