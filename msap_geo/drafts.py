"""Drafts and the locks that die with their process: what a killed run leaves is known, and removed.

A lock is a file held by the system for as long as a process lives, whatever ends it; its presence
alone says nothing. A draft is a file or a folder beside the final one, with its lock beside it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_SUFFIX = ".verrou"

_FAR = 2**40
"""Byte that is locked on Windows, where a locked byte cannot be read: far past the content."""

_BUSY = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_UNTRACKED_S = 24 * 3600.0
"""Age, seconds, from which a draft without a lock (earlier versions made none) is a leftover."""

_HELD = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class LockedError(Exception):
    """Another process, which lives, holds the lock."""


def acquire(path: Path) -> int:
    """Take a lock, without waiting.

    Parameters
    ----------
    path
        Lock file, made if needed; its folder exists.

    Returns
    -------
    int
        Handle to give to :func:`release`. Where the file system knows no locks, none is held.

    Raises
    ------
    LockedError
        If another process holds it.
    OSError
        If the file cannot be made.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
        except OSError as error:
            if error.errno in _BUSY:
                os.close(handle)
                raise LockedError from error
            return handle  # a share without locks: a study must be written all the same
        if _is_still(handle, path):
            return handle
        os.close(handle)  # the one who held it removed it while we were waiting our turn


def release(handle: int, path: Path) -> None:
    """Give a lock back, and remove its file.

    Parameters
    ----------
    handle
        What :func:`acquire` returned.
    path
        Lock file.
    """
    if sys.platform == "win32":  # nothing open can be removed there
        os.close(handle)
        with suppress(OSError):
            path.unlink()
        return
    # Removed while held: whoever opened it meanwhile sees that it is no longer the one there.
    if _is_still(handle, path):
        with suppress(OSError):
            path.unlink()
    os.close(handle)


def _is_still(handle: int, path: Path) -> bool:
    try:
        there, ours = path.stat(), os.fstat(handle)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


@contextmanager
def draft_in(folder: Path, *, prefix: str, suffix: str = "") -> Iterator[Path]:
    """Give the path of a draft, free; drafts of that kind that dead processes left go first.

    Parameters
    ----------
    folder
        Folder to make it in, that of what it becomes; it exists.
    prefix, suffix
        How its name begins and ends.

    Yields
    ------
    pathlib.Path
        Path where nothing is yet: a file or a folder may be made there. Whatever is left at it
        when the context ends is removed.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    sweep(folder, prefix=prefix, suffix=suffix)
    draft = folder / f"{prefix}{secrets.token_hex(6)}{suffix}"
    lock = _lock_of(draft)
    handle = acquire(lock)
    try:
        yield draft
    finally:
        with held_signals():
            remove(draft)
            release(handle, lock)


def sweep(folder: Path, *, prefix: str, suffix: str = "") -> None:
    """Remove the drafts of dead processes; those of living ones are locked.

    Parameters
    ----------
    folder
        Folder they lie in; it may not exist.
    prefix, suffix
        How their names begin and end.
    """
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            name = path.name
            if not name.startswith(prefix):
                continue
            if name.endswith(suffix + LOCK_SUFFIX):
                _sweep_dead(path)
            elif (
                name.endswith(suffix)
                and not _lock_of(path).exists()
                and _age_s(path) > _UNTRACKED_S
            ):
                remove(path)


def _sweep_dead(lock: Path) -> None:
    with suppress(OSError, LockedError):
        handle = acquire(lock)
        remove(lock.with_name(lock.name.removesuffix(LOCK_SUFFIX)))
        release(handle, lock)


def _lock_of(draft: Path) -> Path:
    return draft.with_name(draft.name + LOCK_SUFFIX)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except OSError:
        return 0.0


def remove(path: Path) -> None:
    """Remove a file or a folder of ours, if it is there; what cannot be removed stays.

    Parameters
    ----------
    path
        File or folder.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


@contextmanager
def held_signals() -> Iterator[None]:
    """Let interruptions wait until the end of the block, then happen.

    Only the main thread receives them: on another one there is nothing to hold.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    previous: dict[Any, Any] = {}
    try:
        for number in _HELD:
            previous[number] = signal.signal(number, lambda n, _frame: waiting.append(n))
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in dict.fromkeys(waiting):
            signal.raise_signal(number)
