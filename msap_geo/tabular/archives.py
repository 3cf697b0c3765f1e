"""Zip archives, as INSEE and IGN publish them: read in place, without unpacking to disk."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msap_geo.errors import UnreadableFileError
from msap_geo.tabular.text import require_file
from msap_geo.tabular.vast import refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_ZIP = b"PK\x03\x04"
_WORKBOOK_PART = "[Content_Types].xml"
_OPEN_DOCUMENT_PART = "mimetype"
_MAX_MEMBER_BYTES = 4 * 1024**3
"""The largest published member, the 200 m grid as CSV, holds half a gigabyte."""


def is_archive(path: Path) -> bool:
    """Tell a zip archive from a workbook, which is one too, by what it holds.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent, empty or a broken archive.
    """
    require_file(path)
    with path.open("rb") as stream:
        if stream.read(len(_ZIP)) != _ZIP:
            return False
    names = members(path)
    return _WORKBOOK_PART not in names and names[:1] != [_OPEN_DOCUMENT_PART]


def members(path: Path) -> list[str]:
    """Return the files a zip archive holds, in its order, without folders and hidden files.

    Raises
    ------
    UnreadableFileError
        If the archive is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _broken(path) from error
    return [name for name in names if not name.startswith("__MACOSX/")]


def read_member(path: Path, name: str) -> bytes:
    """Return the content of one file of a zip archive.

    Raises
    ------
    UnreadableFileError
        If the archive is broken or encrypted, or the member larger than any published one or out
        of proportion.
    """
    with _opened(path, name) as stream:
        return stream.read()


def read_member_head(path: Path, name: str, size: int) -> bytes:
    """Return the first bytes of one file of a zip archive (:func:`read_member`)."""
    with _opened(path, name) as stream:
        return stream.read(size)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).file_size > _MAX_MEMBER_BYTES:
                raise UnreadableFileError(
                    f"« {name} » dépasse {_MAX_MEMBER_BYTES // 1024**3} Gio une fois décompressé",
                    where=path,
                    remedy="vérifier que c'est bien le fichier attendu",
                )
            refuse_bomb(archive.getinfo(name), path)
            with _member(archive, name) as stream:
                yield stream
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise _broken(path) from error
    except RuntimeError as error:
        raise UnreadableFileError(
            f"« {name} » est protégé par un mot de passe",
            where=path,
            remedy="l'extraire de l'archive",
        ) from error


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a member; a directory that lies about where it stands is a broken archive's."""
    try:
        return archive.open(name)
    except ValueError as error:
        raise zipfile.BadZipFile from error


def _broken(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"l'archive « {path.name} » est abîmée ou incomplète",
        where=path,
        remedy="la télécharger à nouveau (telecharger --forcer)",
    )
