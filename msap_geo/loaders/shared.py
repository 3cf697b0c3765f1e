"""National files read once for many studies: :func:`read_once` opens a memory of readings.

Loaders are pure and their tables never changed, so that one reading serves every study. Outside of
:func:`read_once` nothing is remembered: a study alone reads what it needs.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

Given = ParamSpec("Given")
Found = TypeVar("Found")

MOST_READINGS = 64
"""Readings kept at once: a campaign's national files are some twenty, files of its own territories
come and go."""


class Readings(OrderedDict[tuple["Hashable", ...], tuple[Any, Any]]):
    """What was read: kept by whoever reads again in another block (:func:`read_once`)."""


_MEMORY: ContextVar[Readings | None] = ContextVar("readings", default=None)


@contextmanager
def read_once(readings: Readings | None = None) -> Iterator[None]:
    """Remember, in this block and its thread, what loaders read: the same file is read once.

    A file that changes meanwhile (size or date) is read again.

    Parameters
    ----------
    readings
        What earlier blocks read, to which this one adds; nothing where not given.
    """
    token = _MEMORY.set(Readings() if readings is None else readings)
    try:
        yield
    finally:
        _MEMORY.reset(token)


def once(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Have a loader answer from the memory of :func:`read_once`, where there is one.

    Files are told by their path, size and date; tables and codes are told by which object they
    are. An error is not remembered.

    Parameters
    ----------
    function
        A pure function of files, codes and plain values.
    """

    @wraps(function)
    def remembered(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        memory = _MEMORY.get()
        if memory is None:
            return function(*args, **kwargs)
        key = (function, _told(args), _told(tuple(sorted(kwargs.items()))))
        if key in memory:
            memory.move_to_end(key)
        else:
            # What was given is kept too, so that no other object takes its identity.
            memory[key] = ((args, kwargs), function(*args, **kwargs))
            while len(memory) > MOST_READINGS:
                memory.popitem(last=False)
        found: Found = memory[key][1]
        return found

    return remembered


def of_files(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Have a loader take its files as one writes them at a prompt.

    A name is the path it says; where several files are awaited (``paths``), one is a list of one.

    Parameters
    ----------
    function
        A loader whose first parameter is ``path`` or ``paths``.
    """
    first = next(iter(signature(function).parameters))

    def taken(given: Any) -> Any:
        if isinstance(given, str | PathLike):
            return Path(given) if first == "path" else (Path(given),)
        return tuple(map(Path, given)) if first == "paths" else given

    @wraps(function)
    def of_taken(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        if first in kwargs:
            kwargs[first] = taken(kwargs[first])
            return function(*args, **kwargs)
        ours: Any = (*map(taken, args[:1]), *args[1:])
        return function(*ours, **kwargs)

    return of_taken


def _told(value: object) -> Hashable:
    """Return what tells a value from another of the same place."""
    if isinstance(value, Path):
        return (str(value), *_state(value))
    if isinstance(value, list | tuple) and len(value) <= MOST_READINGS:
        return tuple(map(_told, value))
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return ("object", id(value))


def _state(path: Path) -> tuple[int, ...]:
    """Return the size and date of a file, of the files of a folder; nothing where it is absent."""
    try:
        states = [one.stat() for one in (sorted(path.iterdir()) if path.is_dir() else [path])]
    except OSError:
        return ()
    return tuple(number for told in states for number in (told.st_size, told.st_mtime_ns))
