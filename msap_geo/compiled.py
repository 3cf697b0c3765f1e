"""Functions compiled by Numba, their machine code kept in our own cache.

Numba keeps what it compiles beside the source, else in the user's home, and refuses to be imported
where it may write in neither (an installation by an administrator, a container). Ours goes where
everything else of ours is kept; where that cannot be written either, functions are compiled at each
run, and :func:`recompiles` says so.

Numba knows a stale function by the date of its own file; ours call one another across files, so
that each state of the rooms that hold them has its folder. And it runs whatever stands in its
files: each of ours ends with its hash, and one that changed since is compiled again
(:func:`damaged`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from msap_geo.cache import cache_folder, code_digest, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOMS = ("compiled.py", "network", "rounds", "siting/solving", "travel")
"""Where compiled functions are, and the constants they hold."""
_MARK = b"msap_geo sha256:"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


_CONFIG: Any = numba.config  # filled when numba is imported: a type checker sees none of it
_FOLDER = cache_folder() / "code" / code_digest(*_ROOMS)
_KEPT = bool(_CONFIG.CACHE_DIR) or _writable(_FOLDER)


def recompiles() -> bool:
    """Return whether compiled code cannot be kept, so that each run compiles what it uses again."""
    return not _KEPT or bool(_unsaved)


_damaged: set[str] = set()
_unsaved: set[str] = set()


def damaged() -> tuple[str, ...]:
    """Return what was kept, and was found damaged or useless in this run: compiled again.

    Names of files, or of functions whose file is whole and cannot be taken back.
    """
    return tuple(sorted(_damaged))


class _Kept(FunctionCache):
    """Numba's cache of a function; what it cannot write or take back is compiled again.

    The function is ready when it is kept: a full disk, or Numba having no object code to write
    (seen once), takes nothing from this run. Nor does code that is whole and cannot be taken back:
    unpickling it may ask for a module that is not there (``<dynamic>``, seen once).
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code kept for a signature, null where there is none that can be used."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - what unpickling and linking raise is of any class
            _damaged.add(self._name)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code compiled for a signature, where that can be."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - likewise of pickling
            _unsaved.add(self._name)


class _SealedFiles(IndexDataCacheFile):
    """Numba's files of a function, each ending with its hash."""

    def _load_index(self) -> Any:
        if not _whole(Path(self._index_path)):
            return {}
        try:
            return super()._load_index()  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - an index that cannot be unpickled is written anew
            _damaged.add(Path(self._index_path).name)
            return {}

    def _load_data(self, name: str) -> Any:
        path = Path(self._data_path(name))  # type: ignore[no-untyped-call]
        if not _whole(path):
            raise FileNotFoundError(name)  # as a file that is gone: compiled again
        return super()._load_data(name)  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        held = io.BytesIO()
        yield held
        content = held.getvalue()
        with super()._open_for_write(filepath) as stream:
            stream.write(content + _MARK + hashlib.sha256(content).digest())


def _whole(path: Path) -> bool:
    """Tell whether a file is as we wrote it; one that is not of ours is not whole."""
    try:
        written = plain(path).read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        _damaged.add(path.name)
        return False
    size = hashlib.sha256().digest_size
    content, mark, digest = (
        written[: -size - len(_MARK)],
        written[-size - len(_MARK) : -size],
        written[-size:],
    )
    if mark == _MARK and hashlib.sha256(content).digest() == digest:
        return True
    if mark == _MARK or _FOLDER in path.parents:  # in a folder the user chose, numba's own may be
        _damaged.add(path.name)
    return False


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
        compiled = numba.njit(cache=_KEPT, nogil=True)(function)
    finally:
        _CONFIG.CACHE_DIR = before
    kept = getattr(compiled, "_cache", None)
    if isinstance(kept, FunctionCache):  # not so where nothing is kept, or compiled at all
        kept.__class__ = _Kept
        files: Any = kept._cache_file  # noqa: SLF001 - Numba offers no other way
        files.__class__ = _SealedFiles
    return compiled
