"""A GTFS feed as it comes: a folder, or a zip archive read in place, its sizes never trusted."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msap_geo.errors import FileMissingError, UnreadableFileError, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RATIO = 200
"""Uncompressed over compressed size of a table: published ones reach 30, a bomb 1,000."""

MAX_BYTES = 2 * 1024**3
"""Greatest table read, bytes: the stop times of all of Île-de-France hold a third of this."""

_RATIO_FLOOR = 1024 * 1024
"""Below this size, bytes, a table may be as repetitive as it likes."""

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Feed:
    """A feed whose tables have been found, not yet read.

    Parameters
    ----------
    name
        Name of the folder or of the archive, without its ending.
    path
        The folder or the archive.
    members
        Path of each file in it, by the name GTFS gives the file.
    """

    name: str
    path: Path
    members: Mapping[str, str]

    def where(self, file: str, line: int | None = None) -> str:
        """Return where a table stands, for a message."""
        place = f"{self.path}/{file}"
        return place if line is None else f"{place}, ligne {line}"

    def read(self, file: str) -> bytes:
        """Return the content of a file of the feed.

        Raises
        ------
        UnreadableFileError
            If it cannot be read, or swells out of proportion once decompressed.
        """
        if self.path.is_dir():
            return _from_folder(self.path / self.members[file])
        return _from_archive(self.path, self.members[file])


def open_feed(path: Path) -> Feed:
    """Find the tables of a feed.

    Parameters
    ----------
    path
        Folder, or zip archive; tables may stand in a folder of the archive.

    Returns
    -------
    Feed
        What was found.

    Raises
    ------
    FileMissingError
        If there is nothing there.
    UnreadableFileError
        If it is neither a folder nor a zip archive.
    """
    if not path.exists():
        raise FileMissingError(
            f"le flux GTFS « {path.name} » est introuvable",
            where=path,
            remedy="vérifier son nom et son dossier (les chemins partent du fichier d'étude)",
        )
    try:
        found = (
            sorted(one.name for one in path.iterdir() if one.is_file())
            if path.is_dir()
            else _archived(path)
        )
    except OSError as error:
        raise UnreadableFileError(
            f"le flux GTFS « {path.name} » ne peut pas être ouvert ({reason(error)})", where=path
        ) from error
    # The shallowest of a name: archives made by hand hold copies, and macOS's shadows.
    members: dict[str, str] = {}
    # Some Windows programs write backslashes.
    placed = {name: name.replace("\\", "/") for name in found}
    for name in sorted(found, key=lambda one: (placed[one].count("/"), one)):
        members.setdefault(PurePosixPath(placed[name]).name.lower(), name)
    return Feed(path.name if path.is_dir() else path.stem, path, members)


def _archived(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFileError(
            f"« {path.name} » n'est ni un dossier ni une archive zip lisible",
            where=path,
            remedy="donner le dossier ou l'archive GTFS publiée, la télécharger à nouveau",
        ) from error
    return [name for name in names if not name.startswith("__MACOSX/")]


def _from_folder(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _swollen(path, path.name)
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(
            f"le fichier « {path.name} » ne peut pas être ouvert ({reason(error)})", where=path
        ) from error


def _from_archive(path: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member)
            cap = min(MAX_BYTES, max(_RATIO_FLOOR, info.compress_size * MAX_RATIO))
            pieces, size = [], 0
            # Bytes are counted as they come, whatever the archive declares.
            with archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if size > cap:
                        raise _swollen(path, member)
                    pieces.append(chunk)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise UnreadableFileError(
            f"l'archive « {path.name} » est abîmée : « {member} » ne se lit pas",
            where=path,
            remedy="la télécharger à nouveau",
        ) from error
    except RuntimeError as error:
        raise UnreadableFileError(
            f"« {member} » est protégé par un mot de passe",
            where=path,
            remedy="extraire l'archive dans un dossier et donner ce dossier",
        ) from error
    return b"".join(pieces)


def _swollen(path: Path, member: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"« {member} » gonfle hors de proportion une fois décompressé : l'archive est refusée",
        where=path,
        remedy="la comparer avec celle que publie le réseau ; ne pas l'ouvrir",
    )
