"""The files of a draft put in the place of older ones, by a journal that survives its process.

From the moment the journal bears its name, the draft goes in to the last file: whoever finds a
draft with a journal calls :func:`install` again. Whoever calls anything here holds the folder.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo.errors import OutputError, reason

if TYPE_CHECKING:
    from collections.abc import Iterable

JOURNAL, ASIDE = ".journal", ".anciens"
_NEXT = f"{JOURNAL}.neuf"

HELD_OPEN = frozenset({".docx", ".gpkg", ".pdf", ".qgz", ".xlsx"})
"""What Excel, QGIS, Word or a reader keeps for itself on Windows while it shows it."""

SQLITE_SIDECARS = ("-wal", "-shm", "-journal")
"""What SQLite leaves beside a base that was open in a crashed program, and replays over ours."""


def prepare(draft: Path, folder: Path) -> None:
    """Check that every file of a whole draft can go in, and have the disk hold them.

    Parameters
    ----------
    draft, folder
        Draft, and folder of the results.

    Raises
    ------
    OutputError
        If its user has a folder where a file goes, or the reverse: it is not ours to replace.
    """
    for path in _files(draft):
        if (folder / path).is_dir():
            raise OutputError(
                f"un dossier porte le nom d'un fichier à écrire, « {path} »",
                where=folder / path,
                remedy="renommer ce dossier, ou en choisir un autre avec --sortie",
            )
        for above in path.parents[:-1]:
            if (folder / above).exists() and not (folder / above).is_dir():
                raise OutputError(
                    f"un fichier porte le nom d'un dossier à écrire, « {above} »",
                    where=folder / above,
                    remedy="renommer ce fichier, ou choisir un autre dossier avec --sortie",
                )
    # A power cut loses what the disk does not hold yet.
    for path in _files(draft):
        _flush(draft / path)


def announce(draft: Path) -> None:
    """Write the journal, which is whole or is not: from here on the replacement is certain.

    Parameters
    ----------
    draft
        Draft, whole.
    """
    names = [path.as_posix() for path in _files(draft)]
    (draft / _NEXT).write_text(json.dumps(names), encoding="utf-8")
    _flush(draft / _NEXT)
    (draft / _NEXT).rename(draft / JOURNAL)


def announced(draft: Path) -> bool:
    """Tell whether a draft has its journal, so that it is whole and must go in."""
    return (draft / JOURNAL).is_file()


def install(draft: Path, folder: Path) -> None:
    """Move every file of a whole draft into the folder; on failure the old ones come back.

    May be begun again by another process at any point: what is moved is no longer in the draft.
    A document another program holds open stays as it was, and the new one is put beside it.

    Parameters
    ----------
    draft, folder
        Draft whose replacement is announced, and folder of the results.

    Raises
    ------
    OutputError
        If a file cannot be replaced; the folder is then as it was. If only documents held open
        could not, once everything else is written.
    """
    held: list[Path] = []
    stale: list[Path] = []
    names = [Path(name) for name in json.loads((draft / JOURNAL).read_text(encoding="utf-8"))]
    for name in _files(draft):
        try:
            for old in (name, *_sidecars(name)):
                _set_aside(folder / old, draft / ASIDE / old)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).replace(folder / name)
        except OSError as error:
            if isinstance(error, PermissionError) and _placed_beside(draft, folder, name):
                held.append(name)
                continue
            for one in held:
                (folder / _spare(one)[0]).replace(draft / one)
            _put_back(draft, folder, names)
            (draft / JOURNAL).unlink()
            raise OutputError(
                f"impossible de remplacer « {name} » ({reason(error)})",
                where=folder,
                remedy="fermer ce fichier s'il est ouvert dans un autre logiciel",
            ) from error
        # The new one has its name: what an earlier run put beside it must not undo that.
        if not _spare_removed(draft, folder, name):
            stale.append(name)
    (draft / JOURNAL).unlink()
    if held or stale:
        raise _held_open(folder, held, stale)


def _held_open(folder: Path, held: list[Path], stale: list[Path]) -> OutputError:
    told = []
    if held:
        one = "qui reste l'ancien ; le nouveau est" if len(held) == 1 else (
            "qui restent les anciens ; les nouveaux sont"
        )  # fmt: skip
        told.append(f"{_quoted(held)}, {one} à côté : {_quoted(_spare(name)[0] for name in held)}")
    if stale:
        spares = _quoted(_spare(name)[0] for name in stale)
        one = "le nouveau est" if len(stale) == 1 else "les nouveaux sont"
        told.append(f"{spares}, d'une exécution précédente ; {one} {_quoted(stale)}")
    return OutputError(
        f"un autre logiciel tient ouvert {' ; et '.join(told)}. Tout le reste est écrit",
        where=folder,
        remedy="fermer ce qui est ouvert dans Excel, QGIS ou Word, puis relancer la commande",
    )


def _quoted(names: Iterable[Path]) -> str:
    return ", ".join(f"« {name} »" for name in names)


def _spare(name: Path) -> list[Path]:
    """Return the name a document takes while another program holds its own."""
    return [name.with_stem(f"{name.stem}.nouveau")] if name.suffix in HELD_OPEN else []


def _placed_beside(draft: Path, folder: Path, name: Path) -> bool:
    """Put a document beside the one another program holds; tell whether that was possible."""
    try:
        for old in (name, *_sidecars(name)):
            _restore(folder / old, draft / ASIDE / old)
        for spare in _spare(name):
            _set_aside(folder / spare, draft / ASIDE / spare)
            (draft / name).replace(folder / spare)
            return True
    except OSError:
        pass
    return False


def _spare_removed(draft: Path, folder: Path, name: Path) -> bool:
    """Remove what an earlier run put beside a document; tell whether nothing is left of it."""
    try:
        for spare in _spare(name):
            _set_aside(folder / spare, draft / ASIDE / spare)
            (folder / spare).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _sidecars(name: Path) -> list[Path]:
    """Return what belonged to the base of that name, and would be replayed over the new one."""
    if name.suffix != ".gpkg":
        return []
    return [name.with_name(name.name + ending) for ending in SQLITE_SIDECARS]


def _set_aside(old: Path, aside: Path) -> None:
    """Keep an older file until the end; by a second name where the disk gives one."""
    sidecar = old.name.endswith(SQLITE_SIDECARS)
    if not os.path.lexists(old) or (os.path.lexists(aside) and not sidecar):
        return
    aside.parent.mkdir(parents=True, exist_ok=True)
    if sidecar:
        old.replace(aside)
        return
    try:
        os.link(old, aside, follow_symlinks=False)
    except (OSError, NotImplementedError):
        old.rename(aside)


def _put_back(draft: Path, folder: Path, names: list[Path]) -> None:
    """Undo :func:`install`; killed meanwhile, the draft still holds what finishes it."""
    for name in names:
        if not (draft / name).exists() and (folder / name).is_file():
            (folder / name).rename(draft / name)
    aside = draft / ASIDE
    for path in sorted(aside.rglob("*")):
        _restore(folder / path.relative_to(aside), path)


def _restore(final: Path, aside: Path) -> None:
    """Give an older file its name back."""
    # A second name of what is still there needs nothing: it may be the file nobody may move.
    kept = os.path.lexists(aside) and not aside.is_dir()
    if kept and not (final.exists() and final.samefile(aside)):
        aside.replace(final)


def _files(draft: Path) -> list[Path]:
    """Return the results in a draft, relative to it, in the order they are moved."""
    return sorted(
        path.relative_to(draft)
        for path in draft.rglob("*")
        if path.is_file() and path.relative_to(draft).parts[0] not in {JOURNAL, _NEXT, ASIDE}
    )


def _flush(path: Path) -> None:
    """Have the disk hold a file before it is said to be whole: a power cut loses what is not."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
