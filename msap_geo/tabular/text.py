"""Text tables as the administrations publish them.

Encoding, separator, byte-order marks, comment lines and column spelling vary from year to year;
what does not vary is decided here, once. Everything is read as text and converted explicitly, so
that ``01001`` stays ``01001``.
"""

from __future__ import annotations

import functools
import io
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.errors import (
    DataError,
    FileMissingError,
    UnreadableFileError,
    reason,
)
from msap_geo.tabular.cells import stripped, unwrapped
from msap_geo.tabular.header import guess_header
from msap_geo.tabular.picking import LINE, name_of, settle_twins, twinned_names
from msap_geo.tabular.vast import SEALED, refuse_sealed
from msap_geo.tabular.whole import last_named, refuse_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SIGNATURES = {
    b"PK\x03\x04": "une archive ZIP (ou un classeur XLSX/ODS)",
    b"%PDF": "un document PDF",
    b"\x1f\x8b": "un fichier compressé (gzip)",
    b"\xd0\xcf\x11\xe0": "un ancien classeur Excel (XLS)",
    b"SQLite format 3": "une base SQLite (GeoPackage)",
    b"PAR1": "un fichier Parquet",
    b"BZh": "un fichier compressé (bzip2)",
    **SEALED,
}
_FRENCH = frozenset("àâçéèêëîïôöùûüœæÀÂÇÉÈÊËÎÏÔÖÙÛÜŒÆ’")
_OLDER = re.compile(r"(\d(?:\s*ans)?(?:\s*(?:et|ou))?)\s*\+")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD_BYTES = 1024


def require_file(path: Path) -> None:
    """Make sure a file is there and holds something.

    Raises
    ------
    FileMissingError
        If there is no such file.
    UnreadableFileError
        If it is a folder, a device or a pipe, is empty, sealed (7z, RAR, xz), or cannot be
        opened.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un fichier, mais un périphérique ou un tube",
            where=path,
            remedy="enregistrer son contenu dans un fichier, et donner ce fichier",
        )
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
    refuse_sealed(head, path)
    if not head.strip():
        raise UnreadableFileError(
            f"le fichier « {path.name} » est vide",
            where=path,
            remedy="le télécharger à nouveau (telecharger --forcer s'il en vient)",
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
    return decode(path.read_bytes(), path)


def decode(content: bytes, where: Path | str) -> str:
    """Decode the content of a text file; see :func:`read_text`.

    Parameters
    ----------
    content
        Bytes of the file.
    where
        File they come from (with its archive), for the message.

    Returns
    -------
    str
        The decoded text.

    Raises
    ------
    UnreadableFileError
        If it is not text.
    """
    _refuse_foreign(where, content)
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode(encoding_of(content), errors="replace")


def encoding_of(content: bytes) -> str:
    """Return the encoding of a French text that is not UTF-8: that which makes most letters French.

    Administrations write Windows-1252; Excel writes ``mac_roman`` on a Macintosh and ``cp850`` as
    "MS-DOS". All three decode almost any byte: read as another, accents are other letters.

    Parameters
    ----------
    content
        The text.

    Returns
    -------
    str
        ``"cp1252"`` unless another is strictly better.
    """
    accents = Counter(content.translate(None, bytes(range(128))))
    return max(
        ("cp1252", "mac_roman", "cp850"),
        key=lambda encoding: sum(
            count
            for byte, count in accents.items()
            if bytes([byte]).decode(encoding, errors="replace") in _FRENCH
        ),
    )


def _refuse_foreign(where: Path | str, content: bytes) -> None:
    found = next((what for mark, what in _SIGNATURES.items() if content.startswith(mark)), None)
    head = content[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        found = "une page web (souvent une page d'erreur enregistrée à la place du fichier)"
    elif found is None and b"\x00" in content[:_HEAD_BYTES] and not content.startswith(_UTF_16):
        found = "un fichier binaire"
    if found is not None:
        raise UnreadableFileError(
            f"« {Path(where).name} » n'est pas un fichier texte : c'est {found}",
            where=where,
            remedy="si c'est un classeur, l'enregistrer en CSV (UTF-8) ; si c'est une archive, en "
            "extraire le fichier ; sinon le télécharger à nouveau",
        )


@functools.lru_cache(maxsize=100_000)
def normalise(name: str) -> str:
    """Return a name reduced to what matters for comparison: ``#Code_INSEE`` → ``code_insee``."""
    # A plus after an age is a word: 75+ is not 75.
    told = _OLDER.sub(r"\1 plus", name)
    plain = unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def read_text_table(path: Path, *, keep: Callable[[str], bool] | None = None) -> pd.DataFrame:
    """Read a delimited text file, every value as text.

    The separator is the one of ``; , tab |`` that cuts most lines into the same number of fields,
    so that decimal commas and commas in comments do not mislead. The header is the first line so
    cut and mostly filled: comments and titles before it are passed over. Column names are
    normalised (:func:`normalise`), values stripped.

    Parameters
    ----------
    path
        File to read.
    keep
        Tells by its normalised name whether a column is wanted; all are when not given. Files of
        two thousand columns are read ten times faster for it. Where none is wanted, the table comes
        back empty, with the columns found.

    Returns
    -------
    pandas.DataFrame
        Text columns, plus :data:`LINE` (line number in the file, header included).

    Raises
    ------
    FileMissingError, UnreadableFileError
        See :func:`read_text`.
    DataError
        If rows do not all have the same number of fields (a file cut on its way ends with a short
        one), or there are none.
    """
    text = read_text(path)
    if text.lstrip()[:1] in {"[", "{"} and text.rstrip()[-1:] in {"]", "}"}:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un tableau CSV : c'est du JSON",
            where=path,
            remedy="prendre le même jeu de données en CSV",
        )
    return parse_table(text, path, keep=keep)


def parse_table(
    text: str, where: Path | str, *, keep: Callable[[str], bool] | None = None
) -> pd.DataFrame:
    """Read delimited text already decoded; see :func:`read_text_table`.

    Parameters
    ----------
    text
        Decoded text.
    where
        File it comes from (with its archive), for the messages.
    keep
        See :func:`read_text_table`.

    Returns
    -------
    pandas.DataFrame
        See :func:`read_text_table`.

    Raises
    ------
    UnreadableFileError, DataError
        See :func:`read_text_table`.
    """
    layout = find_header(text, where)
    wanted = [
        position
        for position, name in enumerate(layout.columns)
        if keep is None or keep(name_of(name))
    ]
    if not wanted:
        return pd.DataFrame(columns=[LINE, *layout.columns], dtype=str)
    name = Path(where).name
    last = last_named(layout.columns)
    read = sorted({*wanted, last})
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=layout.separator,
            dtype=str,
            keep_default_na=False,
            header=None,
            names=range(len(layout.columns)),
            usecols=read if len(read) < len(layout.columns) else None,
            skiprows=layout.skipped + 1,
            skip_blank_lines=False,
            on_bad_lines="error",
        )
    except pd.errors.EmptyDataError as error:
        raise _no_row(name, where) from error
    except (pd.errors.ParserError, ValueError) as error:
        raise _irregular(str(error), where) from error
    if not isinstance(table.index, pd.RangeIndex):
        raise DataError(
            f"« {name} » n'est pas un tableau régulier : les lignes ont plus de champs que "
            "l'en-tête",
            where=f"{where}, ligne {layout.skipped + 1}",
            remedy="vérifier le séparateur de l'en-tête",
        )
    refuse_cut(
        text,
        table[last].fillna(""),
        last,
        separator=layout.separator,
        before=layout.skipped + 1,
        where=where,
    )
    table = table[wanted].apply(stripped)
    if '="' in text:
        table = table.apply(unwrapped)
    table.columns = [layout.columns[position] for position in wanted]
    table.insert(0, LINE, table.index + 2 + layout.skipped)
    filled = np.zeros(len(table), dtype=bool)
    for column in table.columns[1:]:
        filled |= (table[column] != "").to_numpy(dtype=bool)
        if filled.all():
            break
    table = table[filled].reset_index(drop=True)
    if table.empty:
        raise _no_row(name, where)
    # All columns are read: those that matter are settled when they are picked.
    return table if keep is None else settle_twins(table, where)


def _no_row(name: str, where: Path | str) -> DataError:
    return DataError(
        f"« {name} » ne contient que son en-tête",
        where=where,
        remedy="y remettre ses lignes (d'une sauvegarde, ou de la page officielle), ou retirer ce "
        "fichier s'il n'en a jamais eu",
    )


def _irregular(told: str, where: Path | str) -> DataError:
    """Say in French what pandas found wrong, and on which line."""
    unclosed = re.search(r"EOF inside string starting at row (\d+)", told)
    if unclosed:
        line = int(unclosed[1]) + 1
        return DataError(
            f"« {Path(where).name} » : un guillemet ouvert à la ligne {line} n'est jamais fermé "
            "(fichier coupé ?)",
            where=f"{where}, ligne {line}",
            remedy="le télécharger à nouveau (--forcer), ou vérifier les guillemets de cette ligne",
        )
    detail = re.search(r"line (\d+)", told)
    return DataError(
        f"« {Path(where).name} » n'est pas un tableau régulier : une ligne n'a pas le même nombre "
        "de champs que l'en-tête",
        where=f"{where}, ligne {detail[1]}" if detail else where,
        remedy="vérifier les guillemets et le séparateur de cette ligne",
    )


class Layout(NamedTuple):
    """How a delimited text is laid out: lines before the header, separator, normalised columns."""

    skipped: int
    separator: str
    columns: list[str]


def find_header(text: str, where: Path | str) -> Layout:
    """Find the header and the separator of a delimited text; twins of a column are marked.

    Parameters
    ----------
    text
        The text, or its first lines.
    where
        File it comes from, for the message.

    Returns
    -------
    Layout
        Where the header stands, and what it says.

    Raises
    ------
    UnreadableFileError
        If no separator cuts the first lines into fields.
    """
    found = guess_header(text)
    if found is None:
        raise UnreadableFileError(
            f"« {Path(where).name} » n'est pas un tableau : aucun séparateur (; , tabulation) dans "
            "les premières lignes",
            where=where,
            remedy="vérifier que c'est bien le fichier CSV attendu",
        )
    columns = twinned_names([normalise(field) for field in found.fields])
    return Layout(found.skipped, found.separator, columns)


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names, each one but the first of its kind numbered: ``a, a`` → ``a, a_2``."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique
