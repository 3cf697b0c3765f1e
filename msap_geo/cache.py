"""Where this machine keeps what need not be fetched or computed twice."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the cache: ``MSAP_GEO_CACHE``, else the platform's cache folder.

    Returns
    -------
    pathlib.Path
        Folder, which may not exist yet.
    """
    chosen = os.environ.get("MSAP_GEO_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("msap-geo"))


def plain(path: Path) -> Path:
    """Return a path that is about to be read, unless a pipe or a device stands there.

    What is kept may be replaced by anything: opening a pipe waits for ever for who would write in
    it, and some devices never end.

    Parameters
    ----------
    path
        File that was kept; it may not exist.

    Returns
    -------
    pathlib.Path
        The same path.

    Raises
    ------
    OSError
        If what stands there is neither a file nor a folder.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "not a file", str(path))
    return path


@functools.cache
def code_digest(*rooms: str) -> str:
    """Return a short hash of our own code and data, on which what is kept depends.

    A file made by an earlier version of what reads or computes it would be served for ever.

    Parameters
    ----------
    rooms
        Folders of the package, or modules: ``"network"``, ``"territory.py"``.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    package = Path(__file__).parent
    found = hashlib.sha256()
    for room in rooms:
        place = package / room
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in {".py", ".toml"}:
                found.update(path.relative_to(package).as_posix().encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:12]
