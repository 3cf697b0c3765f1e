"""Writing a folder of results: all of it, or nothing, whatever happens and whoever else writes.

Files are written in a draft folder. Where the final folder was made for them, the draft becomes it
in one renaming. Where it holds something already (older results, its user's notes), a journal says
that the draft is whole, then each file is moved in: a process killed meanwhile is finished by the
next one that opens the folder (:func:`finish_interrupted`), and a file that cannot be moved puts
every older one back.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sqlite3
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from msap_geo import drafts
from msap_geo.errors import FolderTakenError, MsapGeoError, OutputError, reason
from msap_geo.outputs import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = ".verrou"
_TOKEN = r"[a-z0-9_]{8}"  # noqa: S105 - what tells two drafts apart
_ATTEMPTS = 5
_LONG = 200


@dataclass
class _Run:
    """A folder held by this process."""

    folder: Path
    handle: int
    made: list[Path]
    thread: int


_RUNS: dict[Path, _Run] = {}
"""Folders held by this process: a run holds its folder from its start, and writes in it later."""


@contextmanager
def one_run(folder: Path, *, option: str = "--sortie") -> Iterator[None]:
    """Hold a folder of results for one run; the hold dies with its process, however it ends.

    What an earlier run that was killed left in the folder is finished or removed first. A folder
    made for the run that is still empty at its end is removed.

    Parameters
    ----------
    folder
        Final folder, made if needed.
    option
        Option of the command line that chooses it, for the messages.

    Raises
    ------
    OutputError
        If the folder cannot be written, or another run holds it.
    """
    with _held(folder, option):
        yield


@contextmanager
def complete_folder(folder: Path, *, option: str = "--sortie") -> Iterator[Path]:
    """Give a draft folder whose files reach the final one only if all were written.

    Parameters
    ----------
    folder
        Final folder, made if needed. Files of the same names are replaced, others left alone.
    option
        Option of the command line that chooses it, for the messages.

    Yields
    ------
    pathlib.Path
        Draft folder, beside the final one, to write in.

    Raises
    ------
    OutputError
        If the folder cannot be written, or another run holds it.
    """
    with _held(folder, option) as run:
        with _said(folder, option):
            draft = _new_draft(run)
        try:
            yield draft
            _take_place(draft, run)
        except (
            OSError,
            pyogrio.errors.DataSourceError,
            pyogrio.errors.FeatureError,
            sqlite3.Error,
        ) as error:
            if isinstance(error, MsapGeoError):
                raise
            why = reason(error) if isinstance(error, OSError) else "GDAL n'a pas pu écrire"
            raise OutputError(
                f"l'écriture des résultats a échoué ({why})",
                where=folder,
                remedy=f"vérifier la place disponible et les droits, ou choisir {option}",
            ) from error
        finally:
            with drafts.held_signals():
                if not replacing.announced(draft):
                    drafts.remove(draft)


def finish_interrupted(folder: Path, *, option: str = "--sortie") -> None:
    """Finish the replacement of files that a killed process began in a folder, if there is one.

    Parameters
    ----------
    folder
        Folder of results about to be read; nothing is done where it does not exist.
    option
        Option of the command line that chooses it, for the messages.

    Raises
    ------
    OutputError
        If a replacement is to be finished and cannot be.
    """
    if any(replacing.announced(draft) for draft in _drafts(folder)):
        with _held(folder, option):
            pass


@contextmanager
def _held(folder: Path, option: str) -> Iterator[_Run]:
    key = Path(os.path.realpath(folder))
    ours = _RUNS.get(key)
    if ours is not None and ours.thread == threading.get_ident():
        yield ours  # the run that holds it writes in it
        return
    run: _Run | None = None
    made: list[Path] = []
    try:
        _refuse_unreadable(key, option)
        with _said(folder, option):
            run = _hold(key, made, folder)
            _RUNS[key] = run
            _settle(key)
        yield run
    finally:
        with drafts.held_signals():
            if run is not None:
                _RUNS.pop(key, None)
                drafts.release(run.handle, key / _LOCK)
            for path in reversed(made):
                with suppress(OSError):
                    path.rmdir()  # only if empty: what another one put there is theirs


def _refuse_unreadable(folder: Path, option: str) -> None:
    """Refuse a name that is not UTF-8: GDAL and the manifest cannot write it."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise OutputError(
            "le nom du dossier n'est pas lisible (il n'est pas en UTF-8)",
            where=ascii(str(folder)),
            remedy=f"le renommer, ou choisir un autre dossier avec {option}",
        ) from error


@contextmanager
def _said(folder: Path, option: str) -> Iterator[None]:
    """Say in French why the system refuses a folder."""
    try:
        yield
    except OSError as error:
        if isinstance(error, MsapGeoError):
            raise
        raise OutputError(
            f"impossible d'écrire dans le dossier ({reason(error)})",
            where=folder,
            remedy=f"choisir un autre dossier avec {option}",
        ) from error


def _hold(folder: Path, made: list[Path], told: Path) -> _Run:
    """Make the folder if needed and lock it; one that has just been removed is made again."""
    for attempt in range(_ATTEMPTS):
        _make(folder, made)
        try:
            handle = drafts.acquire(folder / _LOCK)
        except drafts.LockedError as error:
            raise _taken(told) from error
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return _Run(folder, handle, made, threading.get_ident())
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _taken(folder: Path) -> FolderTakenError:
    return FolderTakenError(
        "une autre commande de msap-geo écrit dans ce dossier",
        where=folder,
        remedy="attendre qu'elle finisse, ou choisir un autre dossier",
    )


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and remember which."""
    missing = []
    path = folder
    while not path.exists() and path != path.parent:
        missing.append(path)
        path = path.parent
    for path in reversed(missing):
        try:
            path.mkdir()
        except FileExistsError:
            continue
        if path not in made:
            made.append(path)
    if not folder.is_dir():
        folder.mkdir()  # a file is in its place: let the system say so


def _new_draft(run: _Run) -> Path:
    """Make a draft: beside a folder made for it, whose place it takes; else inside."""
    token = secrets.token_hex(4)
    fresh = run.folder in run.made
    draft = (
        run.folder.with_name(f"{_beside(run.folder)}{token}")
        if fresh
        else run.folder / f".brouillon-{token}"
    )
    draft.mkdir()
    return draft


def _beside(folder: Path) -> str:
    """Return how the drafts beside a folder begin; names have 255 bytes at most."""
    name = folder.name
    if len(os.fsencode(name)) > _LONG:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".brouillon-{name}-"


def _drafts(folder: Path) -> list[Path]:
    """Return the drafts of a folder, inside and beside it."""
    inside = re.compile(rf"\.brouillon-{_TOKEN}")
    beside = re.compile(re.escape(_beside(folder)) + _TOKEN)
    found = []
    for place, pattern in ((folder, inside), (folder.parent, beside)):
        with suppress(OSError):
            found += [path for path in place.iterdir() if pattern.fullmatch(path.name)]
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _settle(folder: Path) -> None:
    """Finish or remove what dead processes left: whoever holds the folder is the only one."""
    for draft in _drafts(folder):
        if replacing.announced(draft):
            with drafts.held_signals():
                replacing.install(draft, folder)
        drafts.remove(draft)
    _sweep_beside(folder)


def _sweep_beside(folder: Path) -> None:
    """Remove the drafts of neighbours that nobody holds: they never took their place."""
    with suppress(OSError):
        for draft in folder.parent.glob(".brouillon-*-*"):
            match = re.fullmatch(rf"\.brouillon-(.+)-{_TOKEN}", draft.name)
            if match is None or replacing.announced(draft) or is_held(folder.parent / match[1]):
                continue
            drafts.remove(draft)


def is_held(folder: Path) -> bool:
    """Tell whether a run that lives holds a folder.

    Parameters
    ----------
    folder
        Folder of results, which may not exist.
    """
    if not (folder / _LOCK).exists():
        return False
    try:
        handle = drafts.acquire(folder / _LOCK)
    except (drafts.LockedError, OSError):
        return True
    drafts.release(handle, folder / _LOCK)
    return False


def _take_place(draft: Path, run: _Run) -> None:
    """Let the files of a whole draft be the results."""
    replacing.prepare(draft, run.folder)
    with drafts.held_signals():
        if not (run.folder in run.made and _becomes(draft, run)):
            replacing.announce(draft)
            replacing.install(draft, run.folder)


def _becomes(draft: Path, run: _Run) -> bool:
    """Put the draft in the place of the empty folder made for it; tell whether that was possible.

    POSIX replaces an empty folder in one renaming, and refuses where anything was put in it.
    """
    if sys.platform == "win32":
        return False
    (run.folder / _LOCK).unlink(missing_ok=True)
    try:
        os.rename(draft, run.folder)  # noqa: PTH104 - the system's own call
    except OSError:
        done = False
    else:
        done = True
        run.made.remove(run.folder)  # what is written next goes in it
    # The lock went with the folder, or from it: taken again, unless another run was quicker.
    lost = run.handle
    try:
        run.handle = drafts.acquire(run.folder / _LOCK)
    except drafts.LockedError:
        if not done:
            raise _taken(run.folder) from None
    else:
        os.close(lost)
    return done
