"""Opening archives that come from elsewhere."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from msap_geo.drafts import draft_in
from msap_geo.errors import SourceError, reason
from msap_geo.tabular.vast import MAX_TIMES

MAX_BYTES = 20 * 1024**3
MAX_MEMBERS = 10_000
_CHUNK = 1024 * 1024
_RATIO_FLOOR = 1024 * 1024
"""Below this size, bytes, a member may be as repetitive as it likes."""


def extract(
    archive: Path, folder: Path, *, max_bytes: int = MAX_BYTES, max_ratio: float = MAX_TIMES
) -> list[Path]:
    """Extract a zip archive: all of it, or nothing.

    Sizes are counted as they are written, not as the archive declares them.

    Parameters
    ----------
    archive
        Zip file.
    folder
        Folder to make; replaced where it exists.
    max_bytes
        Greatest total of the extracted files, bytes.
    max_ratio
        Greatest ratio of extracted to compressed size, of one member.

    Returns
    -------
    list of pathlib.Path
        Extracted files, sorted.

    Raises
    ------
    SourceError
        If the archive is corrupt, holds a member that would leave the folder (``../``, absolute,
        link), is out of proportion, or cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            draft_in(folder.parent, prefix=".extrait-") as draft,
            zipfile.ZipFile(archive) as opened,
        ):
            draft.mkdir()
            members = [member for member in opened.infolist() if not member.is_dir()]
            _refuse_unsafe(members, archive, max_bytes)
            left = max_bytes
            for member in members:
                left -= _write(opened, member, draft, archive, min(left, _cap(member, max_ratio)))
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise SourceError(
            f"l'archive « {archive.name} » est abîmée ou protégée",
            where=archive,
            remedy="la télécharger à nouveau avec --forcer",
        ) from error
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"l'archive « {archive.name} » ne peut pas être extraite ({reason(error)})",
            where=folder,
            remedy="vérifier la place disponible et les droits",
        ) from error
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _refuse_unsafe(members: list[zipfile.ZipInfo], archive: Path, max_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > max_bytes:
        raise _suspect(archive, f"elle contient {len(members)} fichiers et {total} octets")
    for member in members:
        name = member.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or ":" in name or "\x00" in member.orig_filename:
            raise _suspect(archive, f"« {member.filename} » sortirait du dossier")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _suspect(archive, f"« {member.filename} » est un lien")


def _cap(member: zipfile.ZipInfo, max_ratio: float) -> int:
    return max(_RATIO_FLOOR, int(member.compress_size * max_ratio))


def _write(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, draft: Path, archive: Path, cap: int
) -> int:
    target = draft / PurePosixPath(member.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(member) as stream, target.open("wb") as output:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > cap:
                raise _suspect(archive, f"« {member.filename} » gonfle hors de proportion")
            output.write(chunk)
    return written


def _suspect(archive: Path, why: str) -> SourceError:
    return SourceError(
        f"l'archive « {archive.name} » est refusée : {why}",
        where=archive,
        remedy="la comparer avec celle de la page officielle ; ne pas l'ouvrir",
    )
