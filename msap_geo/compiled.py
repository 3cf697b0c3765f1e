"""Functions compiled by Numba, their machine code kept in our own cache.

Numba keeps what it compiles beside the source, else in the user's home, and refuses to be imported
where it may write in neither (an installation by an administrator, a container). Ours goes where
everything else of ours is kept; where that cannot be written either, functions are compiled at each
run, and :func:`recompiles` says so.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numba

from msap_geo.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


_CONFIG: Any = numba.config  # filled when numba is imported: a type checker sees none of it
_FOLDER = cache_folder() / "code"
_KEPT = bool(_CONFIG.CACHE_DIR) or _writable(_FOLDER)


def recompiles() -> bool:
    """Return whether compiled code cannot be kept, so that each run compiles what it uses again."""
    return not _KEPT


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function of plain arrays, to run without the interpreter's lock.

    A folder named by ``NUMBA_CACHE_DIR`` is left the user's choice. Numba looks for a place when it
    decorates, so its own setting is changed for that moment only: other packages keep theirs.

    Parameters
    ----------
    function
        Function Numba can compile.

    Returns
    -------
    Any
        Its compiled dispatcher.
    """
    before = _CONFIG.CACHE_DIR
    if not before and _KEPT:
        _CONFIG.CACHE_DIR = str(_FOLDER)
    try:
        return numba.njit(cache=_KEPT, nogil=True)(function)
    finally:
        _CONFIG.CACHE_DIR = before
