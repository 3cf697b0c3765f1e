"""Files that unfold past reason: small on the disk, larger than any memory once read."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.errors import UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path

MAX_TIMES = 100
"""Uncompressed over compressed size of a member: a plain national DBF reaches 35, a bomb 1,000."""

ALLOWED_BYTES = 64 * 1024**2
"""Below this size, bytes, a member may be as repetitive as it likes."""

_MANY_CELLS = 300_000_000
_CELLS_PER_WRITTEN = 20
"""Cells of the rectangle around a sheet for each cell written in it: published, under 3."""

_CHUNK = 1024 * 1024
_OVERLAP = 64
_ROW = re.compile(rb'<row\b[^>]{0,80}?\br="(\d{1,9})"')
_WIDE = (
    (re.compile(rb'\br="[A-Z]{3}\d'), 26 + 26**2 + 26**3),
    (re.compile(rb'\br="[B-Z][A-Z]\d'), 26 + 26**2),
)
_NARROW = 52
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+\d+:([A-Z]{1,3})(\d{1,7})"')
_HEAD = 4096
_LOOKED_AT = 1024 * 1024


HOW_TO_UNPACK = (
    "l'extraire avec 7-Zip (clic droit, « Extraire ici »), ou par « tar -xf » sous Windows 11, "
    "macOS et Linux, puis donner le fichier extrait (.gpkg, .shp ou .csv)"
)
SEALED = {
    b"7z\xbc\xaf\x27\x1c": "une archive 7z",
    b"Rar!\x1a\x07": "une archive RAR",
    b"\xfd7zXZ\x00": "un fichier compressé par xz",
    b"\x28\xb5\x2f\xfd": "un fichier compressé par Zstandard",
}
"""First bytes of what nothing here opens, and what that is."""


def refuse_sealed(head: bytes, path: Path) -> None:
    """Refuse an archive no kept library opens (7z, RAR, xz, Zstandard), and say how to open it.

    Raises
    ------
    UnreadableFileError
        If the first bytes are those of one.
    """
    found = next((what for mark, what in SEALED.items() if head.startswith(mark)), None)
    if found is not None:
        which = "qui n'est pas ouverte ici" if found.startswith("une ") else "qui n'est pas lu ici"
        raise UnreadableFileError(
            f"« {path.name} » est {found}, {which}",
            where=path,
            remedy=HOW_TO_UNPACK,
        )


def refuse_bomb(member: zipfile.ZipInfo, where: Path | str) -> None:
    """Refuse a member of an archive that unfolds past reason.

    Python's reader stops at the size an archive declares, so that what is declared is what comes.

    Parameters
    ----------
    member
        Member of the archive.
    where
        The archive, for the message.

    Raises
    ------
    UnreadableFileError
        If it unfolds more than :data:`MAX_TIMES` times, past :data:`ALLOWED_BYTES`.
    """
    size = member.file_size
    if size > ALLOWED_BYTES and size > MAX_TIMES * member.compress_size:
        raise UnreadableFileError(
            f"« {member.filename} » gonfle hors de proportion une fois décompressé "
            f"({french.number(size / 1024**2)} Mio pour "
            f"{french.number(member.compress_size / 1024)} Kio)",
            where=where,
            remedy="comparer le fichier avec celui de la page officielle ; ne pas l'ouvrir",
        )


def refuse_swollen(size: int, path: Path) -> None:
    """Refuse a packed file that unfolds past reason, while it does: gzip does not tell its size.

    Parameters
    ----------
    size
        Bytes unfolded so far.
    path
        The file, for its own size and for the message.

    Raises
    ------
    UnreadableFileError
        If it unfolds more than :data:`MAX_TIMES` times, past :data:`ALLOWED_BYTES`.
    """
    if size > ALLOWED_BYTES and size > MAX_TIMES * path.stat().st_size:
        raise UnreadableFileError(
            f"« {path.name} » gonfle hors de proportion une fois décompressé (plus de "
            f"{MAX_TIMES} fois sa taille)",
            where=path,
            remedy="comparer le fichier avec celui de la page officielle ; ne pas l'ouvrir",
        )


def refuse_vast_workbook(content: bytes, where: Path | str) -> None:
    """Refuse a workbook whose sheets unfold past reason, or have a cell at the end of the world.

    The reader makes the whole rectangle around the cells: one letter typed in ``XFD1048576`` asks
    for half a terabyte, and ends the process.

    Parameters
    ----------
    content
        The workbook; one that is no archive (XLS) is small whatever it holds.
    where
        The workbook, for the message.

    Raises
    ------
    UnreadableFileError
        If it is so.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                refuse_bomb(member, where)
                if member.filename.startswith("xl/worksheets/"):
                    _refuse_far_cells(archive, member, where)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, OSError, OverflowError, RuntimeError,
        NotImplementedError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, UnreadableFileError):
            raise
        raise UnreadableFileError(
            "le classeur est abîmé, incomplet ou protégé",
            where=where,
            remedy="le télécharger à nouveau, ou l'enregistrer en CSV (UTF-8)",
        ) from error


def _refuse_far_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: Path | str) -> None:
    last_row, width, written, tail = 0, _NARROW, 0, b""
    looked_at = 0
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            text = tail + chunk
            written += chunk.count(b"<c ")
            if looked_at == 0:
                last_row, width = _declared(text[:_HEAD])
            # Looking for far cells costs as much as reading them: a sheet of many megabytes that
            # does not declare its far cell, as spreadsheets do, would have to be made on purpose.
            if looked_at < _LOOKED_AT:
                last_row = max([last_row, *map(int, _ROW.findall(text))])
                width = max(width, _width(text))
            looked_at += len(chunk)
            tail = chunk[-_OVERLAP:]
    cells = last_row * width
    if cells > _MANY_CELLS and cells > _CELLS_PER_WRITTEN * written:
        raise UnreadableFileError(
            f"une feuille du classeur s'étend jusqu'à la ligne {last_row}, presque vide",
            where=f"{where}, {member.filename}",
            remedy="effacer les cellules perdues au bout de la feuille (Ctrl+Fin les montre), ou "
            "enregistrer la table en CSV (UTF-8)",
        )


def _declared(head: bytes) -> tuple[int, int]:
    """Return the last row and the last column a sheet declares, as every spreadsheet does."""
    found = _DIMENSION.search(head)
    if found is None:
        return 0, _NARROW
    column = 0
    for letter in found[1]:
        column = 26 * column + letter - ord("A") + 1
    return int(found[2]), max(column, _NARROW)


def _width(text: bytes) -> int:
    return next((columns for pattern, columns in _WIDE if pattern.search(text)), _NARROW)
