"""What is done of a campaign: a record per study, beside the studies, that tells what made it.

A study is done where its record bears the hash of what it depends on (parameters, files, versions)
and its files are those the record lists. Nothing in a record depends on the clock or the machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msap_geo.cache import plain
from msap_geo.drafts import LOCK_SUFFIX, draft_in
from msap_geo.errors import OutputError, reason
from msap_geo.network.store import sha256
from msap_geo.sources import SIDECAR
from msap_geo.version import version_of

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.campaign.tasks import Task

STATE = ".campagne"
"""Folder of the records, in that of the campaign."""

_TRACED = (
    "folium", "geopandas", "highspy", "msap-geo", "numba", "numpy", "osmium", "pandas", "pandera",
    "pyarrow", "pyogrio", "pyproj", "scipy", "shapely", "typst", "xlsxwriter",
)  # fmt: skip


@cache
def versions() -> dict[str, str]:
    """Return the versions a study's bytes depend on: Python's and those of the libraries."""
    found = {"python": platform.python_version()}
    for name in _TRACED:
        try:
            found[name] = version_of(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@dataclass(frozen=True)
class Fault:
    """Why a study failed, in French."""

    problem: str
    where: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        parts = [f"{self.problem}."]
        parts += [f"Où : {self.where}."] if self.where else []
        parts += [f"Que faire : {self.remedy}."] if self.remedy else []
        return " ".join(parts)


@dataclass(frozen=True)
class Record:
    """What a study was made of, and its files by their hash; or why it failed."""

    parameters: str
    inputs: str
    files: dict[str, str]
    fault: Fault | None = None


def parameters_of(task: Task) -> str:
    """Return the hash of what a study is asked: its file, its choice, its outputs, the versions."""
    content = {name: value for name, value in task.content.items() if name != "folder"}
    told = {
        "etude": content,
        "choix": "" if task.choice is None else task.choice.name,
        "sorties": list(task.extras),
        "edition": os.environ.get("SOURCE_DATE_EPOCH", ""),
        "versions": versions(),
    }
    return _hash(told)


def inputs_of(task: Task) -> str:
    """Return the hash of the files a study reads, with what was left beside them.

    Raises
    ------
    StudyError
        If the study file does not fit.
    OSError
        If a file cannot be read; one that is absent counts as absent.
    """
    study = task.study()
    told: dict[str, Any] = {
        role: [[path.as_posix(), *_hashes(study.path(path))] for path in paths]
        for role, paths in study.inputs().items()
    }
    if task.choice is not None:
        told["choix"] = _hashes(task.choice)
    return _hash(told)


def _hashes(path: Path) -> list[str]:
    """Return the hashes of a file, of its companions (a shapefile's) and of its credits."""
    companions = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix == ".shp" else [path]
    return [_known(one) for one in (*companions, path.with_name(path.name + SIDECAR))]


def _known(path: Path) -> str:
    if not path.exists():
        return ""
    if path.is_dir():
        return sha256(path)
    told = path.stat()
    return _hashed(path, told.st_size, told.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hashed(path: Path, _size: int, _date: int) -> str:
    """Return the hash of a file, read once for all the studies that share it."""
    return sha256(path)


def _hash(told: object) -> str:
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(folder: Path, key: str) -> Record | None:
    """Return the record of a study; None where there is none, or one that cannot be read."""
    try:
        told = json.loads(plain(_place(folder, key)).read_text(encoding="utf-8"))
        fault = told.get("echec")
        files = {str(name): str(one) for name, one in told["fichiers"].items()}
        if any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in files):
            return None  # files that go are those of the study
        return Record(
            str(told["parametres"]),
            str(told["entrees"]),
            files,
            None if fault is None else Fault(**fault),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write_record(folder: Path, key: str, record: Record) -> None:
    """Write the record of a study, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place = _place(folder, key)
    told = {
        "parametres": record.parameters,
        "entrees": record.inputs,
        "fichiers": dict(sorted(record.files.items())),
        **({} if record.fault is None else {"echec": asdict(record.fault)}),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft_in(place.parent, prefix=f".{place.name}.", suffix=".brouillon") as draft:
            text = json.dumps(told, ensure_ascii=False, indent=1)
            draft.write_text(text + "\n", encoding="utf-8", newline="\n")
            draft.replace(place)
    except OSError as error:
        raise OutputError(
            f"l'avancement de la campagne ne peut pas être noté ({reason(error)})",
            where=place,
            remedy="libérer de la place, puis relancer avec --reprendre",
        ) from error


def is_whole(folder: Path, key: str, record: Record | None) -> bool:
    """Tell whether a study was made and its files are those its record lists."""
    if record is None or record.fault is not None or not record.files:
        return False
    return all(
        (folder / key / name).is_file() and sha256(folder / key / name) == one
        for name, one in record.files.items()
    )


def file_states(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the files of a study's folder, and what changes when one is written anew."""
    return {
        path.relative_to(folder).as_posix(): (told.st_ino, told.st_mtime_ns, told.st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != LOCK_SUFFIX and not _is_hidden(path, folder)
        for told in (path.stat(),)
    }


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _place(folder: Path, key: str) -> Path:
    return folder / STATE / f"{key}.json"


def write_trace(folder: Path, key: str, trace: str) -> None:
    """Keep where a fault of ours lies, for those who mend; an older one goes."""
    path = folder / STATE / f"{key}.defaut.txt"
    if trace:
        path.write_text(trace, encoding="utf-8", errors="backslashreplace")
    else:
        path.unlink(missing_ok=True)
