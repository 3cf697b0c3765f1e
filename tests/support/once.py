"""What a session makes once, whichever worker asks first, and nobody may change afterwards."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import contextmanager

import geopandas as gpd
import pandas as pd

_LONGEST = 900.0
"""Seconds a worker waits for another to make what both need."""

_TABLES = ("communes", "origins", "maisons", "la_poste", "candidates", "access", "zones")


def session_root(factory):
    """Return the folder that every worker of a session sees."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(factory, name, make):
    """Return a folder that ``make`` filled, for all the workers of the session.

    Its files are held against what they were each time it is asked for.
    """
    folder = session_root(factory) / name
    mark = folder.with_name(f"{name}.fait")
    with _alone(folder.with_name(f"{name}.verrou")):
        if not mark.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            mark.write_text(_contents(folder), encoding="utf-8")
    assert _contents(folder) == mark.read_text(encoding="utf-8"), f"a test changed {folder}"
    return folder


def digest(result):
    """Return a hash of the tables of a study."""
    told = hashlib.sha256()
    for name in _TABLES:
        table = getattr(result, name)
        told.update(repr(list(table.columns)).encode())
        if isinstance(table, gpd.GeoDataFrame):
            told.update(repr(table.geometry.to_wkb().tolist()).encode())
            table = pd.DataFrame(table.drop(columns=table.geometry.name))
        told.update(table.to_csv().encode())
    return told.hexdigest()


@contextmanager
def frozen(result):
    """Give a result to the tests of a session; fail at its end if one of them changed it."""
    before = digest(result)
    yield result
    assert digest(result) == before, "a test changed a result that others share"


def _contents(folder):
    return "\n".join(
        f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


@contextmanager
def _alone(lock):
    """Wait until no other worker holds the lock, a folder, and hold it."""
    deadline = time.monotonic() + _LONGEST
    while True:
        try:
            lock.mkdir()
        except FileExistsError:
            assert time.monotonic() < deadline, f"{lock} is still held"
            time.sleep(0.1)
        else:
            break
    try:
        yield
    finally:
        lock.rmdir()
