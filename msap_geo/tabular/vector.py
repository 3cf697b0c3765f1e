"""The one door to vector layers: files of the user's own disk, by the drivers of their kind only.

GDAL looks into a file to choose a driver, whatever its name: a ``communes.geojson`` that is a VRT,
or a GDALG pipeline, makes it open any other file and call any address. Four kinds are opened here,
each known by its first bytes and, for GeoJSON, by a driver that is imposed. GeoParquet is read by
pyarrow, which follows nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.errors import UnreadableFileError
from msap_geo.tabular.text import require_file
from msap_geo.tabular.vast import refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Any

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

JSON_SUFFIXES = frozenset({".geojson", ".json"})
LAYER_SUFFIXES = frozenset({*JSON_SUFFIXES, ".shp", ".gpkg", ".fgb"})
"""Files GDAL may read."""

_MARKS = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00", ".fgb": b"fgb"}
_NAMES = {".shp": "un Shapefile", ".gpkg": "un GeoPackage", ".fgb": "un FlatGeobuf"}
_FOLLOWS = re.compile(rb"<OGR|gdal_streamed_alg", re.IGNORECASE)
"""What makes GDAL take a file for a list of other sources, wherever it stands in its beginning."""
_HEAD_BYTES = 65_536
_VIRTUAL = re.compile(rb"using\s+virtual", re.IGNORECASE)
_PLAIN_VIRTUAL = re.compile(r"using\s+(?:rtree|fts\d)\b", re.IGNORECASE)
_CHUNK = 1 << 20
_MAYBE_BEYOND = re.compile(rb"\d[eE][+-]?\d{3}|\d{309}")
_NUMBER = re.compile(
    rb'"(?:[^"\\]|\\.)*"|(-?\d+(?:\.\d+)?[eE][+-]?\d{3,}|-?\d{309,}(?:\.\d+)?)', re.DOTALL
)
"""A text, passed over, or a number that may be beyond what a float holds."""


class VectorFile(NamedTuple):
    """A vector file, its kind made sure of.

    Parameters
    ----------
    source
        What GDAL is given.
    mended
        A GeoJSON that GDAL is given instead, where it would refuse a number of that one.
    """

    source: str
    mended: bytes | None = None

    @contextlib.contextmanager
    def _given(self) -> Iterator[str]:
        """Yield what GDAL is given: a copy, by the same driver, where the file had to be mended."""
        if self.mended is None:
            yield self.source
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"{Path(self.source).stem}.geojson"
            copy.write_bytes(self.mended)
            yield f"GEOJSON:{copy}"

    def layers(self) -> list[tuple[str, str]]:
        """Return the name and the kind of geometry of each layer."""
        import pyogrio  # noqa: PLC0415 - GDAL is heavy

        with self._given() as source:
            return [(str(name), str(kind)) for name, kind in pyogrio.list_layers(source)]

    def fields(self, layer: str) -> list[str]:
        """Return the names of the fields of a layer."""
        import pyogrio  # noqa: PLC0415

        with self._given() as source:
            return [str(name) for name in pyogrio.read_info(source, layer=layer)["fields"]]

    def read(
        self, layer: str | None = None, *, encoding: str | None = None
    ) -> gpd.GeoDataFrame | pd.DataFrame:
        """Read a layer, heights left out; rings that are not closed are closed."""
        import pyogrio  # noqa: PLC0415

        # A vertex that is NaN makes NumPy warn; what to do of it is the reader's business.
        with np.errstate(invalid="ignore"), warnings.catch_warnings(), self._given() as source:
            warnings.filterwarnings("ignore", "Non closed ring", RuntimeWarning)
            return pyogrio.read_dataframe(
                source, layer=layer, encoding=encoding, on_invalid="fix", force_2d=True
            )

    def attributes(self, layer: str, columns: Sequence[str]) -> pd.DataFrame:
        """Read some columns of a layer, and no geometry."""
        import pyogrio  # noqa: PLC0415

        with self._given() as source:
            return pyogrio.read_dataframe(
                source, layer=layer, columns=list(columns), read_geometry=False
            )

    def raw(
        self, layer: str, columns: Sequence[str]
    ) -> tuple[dict[str, Any], NDArray[np.object_], list[Any]]:
        """Return the metadata of a layer, its geometry as WKB, and some columns."""
        import pyogrio  # noqa: PLC0415

        with self._given() as source:
            meta, _, wkb, values = pyogrio.raw.read(source, layer=layer, columns=list(columns))
        return meta, wkb, values


def vector_file(path: Path, member: str | None = None) -> VectorFile:
    """Make sure that a file is the GeoJSON, Shapefile, GeoPackage or FlatGeobuf its name says.

    Parameters
    ----------
    path
        A file of this machine, or a zip that holds one.
    member
        Name of the layer's file in the zip.

    Returns
    -------
    VectorFile
        What reads it.

    Raises
    ------
    FileMissingError
        If there is no such file.
    UnreadableFileError
        If its extension is of no such kind, or its content not of the kind of its extension.
    """
    require_file(path)
    suffix = PurePosixPath(member).suffix.lower() if member else path.suffix.lower()
    where = path / member if member else path
    if suffix not in LAYER_SUFFIXES:
        raise UnreadableFileError(
            f"« {where.name} » n'est pas d'un format lu ici",
            where=where,
            remedy="fournir un GeoJSON, un GeoPackage, un GeoParquet ou un Shapefile",
        )
    try:
        if member is not None:
            _refuse_bombs(path)
        with _opened(path, member) as stream:
            _check_head(stream.read(_HEAD_BYTES), suffix, where)
        if suffix == ".gpkg":
            if member is None:
                _refuse_unfinished(path)
            _refuse_virtual_tables(path, member, where)
    except UnreadableFileError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, ValueError,
    ) as error:  # fmt: skip
        raise UnreadableFileError(
            f"« {where.name} » ne peut pas être lu dans son archive",
            where=path,
            remedy="la télécharger à nouveau (telecharger --forcer)",
        ) from error
    except RuntimeError as error:
        raise UnreadableFileError(
            f"« {where.name} » est protégé par un mot de passe",
            where=path,
            remedy="l'extraire de l'archive",
        ) from error
    local = path.resolve()
    if member:
        _refuse_lost(local, member, path)
    source = f"/vsizip/{{{local}}}/{member}" if member else str(local)
    if suffix not in JSON_SUFFIXES:
        return VectorFile(source)
    with _opened(path, member) as stream:
        return VectorFile(f"GEOJSON:{source}", _mended(stream.read()))


def _refuse_lost(local: Path, member: str, where: Path) -> None:
    """Refuse what GDAL, that counts braces and follows ``..``, would look for elsewhere."""
    deep = list(itertools.accumulate((sign == "{") - (sign == "}") for sign in str(local)))
    why = None
    if min(deep) < 0 or deep[-1] != 0:
        why = "le chemin de l'archive contient une accolade"
    elif member.startswith("/") or "/../" in member:
        why = "son nom dans l'archive n'est pas un chemin simple"
    if why is not None:
        raise UnreadableFileError(
            f"« {PurePosixPath(member).name} » ne peut pas être lu dans son archive : {why}",
            where=where,
            remedy="l'extraire de l'archive, et donner le fichier extrait",
        )


def _mended(content: bytes) -> bytes | None:
    """Rewrite the numbers no float can hold, at which GDAL refuses a whole file; null without any.

    One too great becomes not a number, so that the commune whose outline has it is named; one too
    small is zero.
    """
    if not _MAYBE_BEYOND.search(content):
        return None

    def held(found: re.Match[bytes]) -> bytes:
        number = found[1]
        if number is None:
            return found[0]
        value = float(number)
        if np.isinf(value):
            return b"NaN"
        return b"0" if value == 0 else number

    mended = _NUMBER.sub(held, content)
    return None if mended == content else mended


def _refuse_bombs(path: Path) -> None:
    """Look at every member: GDAL opens those beside the layer's too."""
    with zipfile.ZipFile(path) as archive:
        for one in archive.infolist():
            refuse_bomb(one, path)


@contextlib.contextmanager
def _opened(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    if member is None:
        with path.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        yield stream


def _check_head(head: bytes, suffix: str, where: Path) -> None:
    if suffix in JSON_SUFFIXES:
        plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        right, kind = plain.startswith(b"{"), "un GeoJSON"
    else:
        right, kind = head.startswith(_MARKS[suffix]), _NAMES[suffix]
    if not right or _FOLLOWS.search(head):
        what = " : il renvoie à d'autres sources" if _FOLLOWS.search(head) else ""
        raise UnreadableFileError(
            f"« {where.name} » n'est pas {kind}{what}",
            where=where,
            remedy="fournir la couche elle-même, dans le format que dit son nom",
        )


def _refuse_unfinished(path: Path) -> None:
    """Refuse a GeoPackage part of which lies in a file beside it.

    SQLite would replay that file (another base's too, where one was copied), erase it or write in
    the base: reading would change what is read, and no hash of the base would tell what was.
    """
    base = path.resolve()
    for suffix in ("-wal", "-journal"):
        beside = base.with_name(base.name + suffix)
        if beside.is_dir() or (beside.is_file() and beside.stat().st_size):
            raise UnreadableFileError(
                f"« {path.name} » est ouvert dans un autre logiciel, ou l'était quand il s'est "
                f"arrêté : « {beside.name} » garde à part ce qui y a changé",
                where=path,
                remedy="fermer QGIS, ou y rouvrir la couche puis le fermer : il range ces "
                f"changements ; effacer « {beside.name} » les perd",
            )


def _refuse_virtual_tables(path: Path, member: str | None, where: Path) -> None:
    """Refuse a GeoPackage whose tables are other files: SQLite can make such of any source."""
    if member is None:
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as base:
                rows = base.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%VIRTUAL%'")
                found = any(not _PLAIN_VIRTUAL.search(sql) for (sql,) in rows)
        except sqlite3.DatabaseError as error:
            raise UnreadableFileError(
                f"« {where.name} » n'est pas un GeoPackage lisible",
                where=where,
                remedy="le télécharger à nouveau (telecharger --forcer s'il en vient)",
            ) from error
    else:
        found = False
        with _opened(path, member) as stream:
            tail = b""
            while chunk := stream.read(_CHUNK):
                found |= bool(_VIRTUAL.search(tail + chunk))
                tail = chunk[-32:]
    if found:
        raise UnreadableFileError(
            f"« {where.name} » contient des tables virtuelles, qui renvoient à d'autres sources",
            where=where,
            remedy="l'enregistrer à nouveau depuis un SIG",
        )
