"""Files of the population grid: half a gigabyte of text, or a GeoPackage of two million squares.

Only the columns wanted are read, figures are converted by the reader itself, and outlines are left
alone where the cells are named.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError, UnreadableFileError, unreadable
from msap_geo.loaders.variables import first_of
from msap_geo.tabular import (
    LAYER_SUFFIXES,
    VectorFile,
    decode,
    find_header,
    is_archive,
    last_named,
    members,
    normalise,
    require_file,
    vector_file,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from numpy.typing import NDArray

    from msap_geo.tabular import Layout

NAMES = ("idcar_200m", "idinspire", "id_inspire", "idcar_1km", "id_carr1km", "id_carr_1km")
"""Columns of the cell's name; a 200 m file also names the 1 km cell, so the finer comes first."""

CORNERS = ("x_laea", "y_laea")
# ``lcog_geo`` puts the communes a cell touches one after the other, largest area first.
COMMUNES = ("lcog_geo", "depcom", "code_insee")
PEOPLE = "ind"
STANDARD_OF_LIVING = "ind_snv"
# Flags: 1, estimated; 2, true figures that rounding puts under the eleven households of secrecy.
IMPUTED = {200: ("i_est_200", "i_est_cr", "i_car_est"), 1000: ("i_est_1km",)}
SUMS = {
    "menages": ("men",),
    "menages_pauvres": ("men_pauv",),
    "habitants_65_plus": ("ind_65_79", "ind_80p"),
}
"""Groups the grid allows, and the variables they add up."""

_WANTED = {
    *NAMES,
    *CORNERS,
    *COMMUNES,
    PEOPLE,
    STANDARD_OF_LIVING,
    *(name for names in (*IMPUTED.values(), *SUMS.values()) for name in names),
}
_TEXTS = {".csv", ".txt"}
_TERRITORIES = {"974": r"reun|974", "972": r"mart|972"}
_METROPOLE = r"met"
OWN_GRIDS = frozenset(_TERRITORIES)
"""Départements whose cells are a grid of their own."""

_HEAD_BYTES = 65_536
_TAIL_BYTES = 16_384
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Grid(NamedTuple):
    """Rows of a grid file.

    Parameters
    ----------
    table
        Columns wanted, under normalised names.
    outlines
        Outlines, read only where the cells have no name.
    crs
        EPSG code of the outlines' projection.
    anomalies
        Outlines repaired.
    """

    table: pd.DataFrame
    outlines: NDArray[np.object_] | None
    crs: int | None
    anomalies: list[Anomaly]


def read_grid(path: Path, departements: Sequence[str]) -> Grid:
    """Read the rows of a grid file.

    Parameters
    ----------
    path
        CSV or layer, alone or in a zip.
    departements
        What the study covers: where an archive or a GeoPackage holds the grids of several
        territories, it tells which one to read.

    Returns
    -------
    Grid
        The rows, as published.

    Raises
    ------
    FileMissingError, UnreadableFileError, DataError
        If the file is absent, cannot be read, or holds several grids none of which is the study's.
    """
    if is_archive(path):
        names = [n for n in members(path) if Path(n).suffix.lower() in _TEXTS | LAYER_SUFFIXES]
        member = _choose(names, departements, path)
        if Path(member).suffix.lower() in _TEXTS:
            try:
                with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
                    return Grid(_read_text(stream, path / member), None, None, [])
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
                raise UnreadableFileError(
                    f"« {member} » ne peut pas être lu dans son archive",
                    where=path,
                    remedy="la télécharger à nouveau, ou l'en extraire",
                ) from error
        return _read_layer(path, vector_file(path, member), departements)
    require_file(path)
    if path.suffix.lower() in LAYER_SUFFIXES:
        return _read_layer(path, vector_file(path), departements)
    with path.open("rb") as stream:
        return Grid(_read_text(stream, path), None, None, [])


def _choose(names: Sequence[str], departements: Sequence[str], path: Path) -> str:
    """Return the one grid, or that of the territory studied where there are several."""
    form = next((_TERRITORIES[d] for d in departements if d in _TERRITORIES), _METROPOLE)
    fitting = list(names)
    if len(names) > 1:
        fitting = [name for name in names if re.search(form, Path(name).name.lower())]
    if len(fitting) != 1:
        raise DataError(
            f"« {path.name} » contient "
            + (f"plusieurs grilles : {', '.join(names)}" if names else "aucune grille lisible"),
            where=path,
            remedy="extraire celle du territoire étudié (CSV ou GeoPackage)",
        )
    return fitting[0]


def _read_text(stream: IO[bytes], where: Path) -> pd.DataFrame:
    head = stream.read(_HEAD_BYTES)
    layout = find_header(decode(head, where), where)
    wanted = [n for n, name in enumerate(layout.columns) if name in _WANTED]
    if not wanted:
        return pd.DataFrame(columns=layout.columns)
    stream.seek(0)
    texts = {n: str for n in wanted if layout.columns[n] in {*NAMES, *COMMUNES}}
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8")
    followed = _Followed(stream)
    try:
        table = pd.read_csv(
            io.BufferedReader(followed),
            sep=layout.separator,
            header=None,
            names=range(len(layout.columns)),
            usecols=wanted,
            skiprows=layout.skipped + 1,
            dtype=texts,
            encoding=encoding,
            encoding_errors="replace",
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, IndexError) as error:
        # IndexError: what pandas gives for a header alone, when columns are chosen.
        raise DataError(
            f"« {where.name} » n'est pas un tableau régulier, ou ne contient que son en-tête",
            where=where,
            remedy="le télécharger à nouveau",
        ) from error
    _refuse_cut(followed.last.decode(encoding, errors="replace"), layout, where)
    table.columns = [layout.columns[n] for n in table.columns]
    return table.reset_index(drop=True)


class _Followed(io.RawIOBase):
    """A stream whose last bytes are kept: half a gigabyte is not read twice to see its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.last = stream, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        # An even number of bytes, so that UTF-16 is not cut in two.
        self.last = (self.last + chunk)[-_TAIL_BYTES:]
        return len(chunk)


def _refuse_cut(end: str, layout: Layout, where: Path) -> None:
    """Refuse a text whose last row stops before the last column: the reader would fill it."""
    lines = [line for line in end.replace("\r", "\n").split("\n") if line.strip()]
    if len(lines) < 2 or '"' in lines[-1]:  # noqa: PLR2004 - a row, whole since another precedes
        return
    width, whole = lines[-1].count(layout.separator) + 1, last_named(layout.columns) + 1
    # Where no line end tells, a row of the right width may lack the end of its last figure.
    if width < whole:
        raise DataError(
            f"« {where.name} » : la dernière ligne s'arrête avant la dernière colonne : le fichier "
            "est sans doute coupé",
            where=f"{where}, dernière ligne (« {lines[-1][:40]} »)",
            remedy="le télécharger à nouveau (telecharger --forcer s'il en vient)",
        )


def _read_layer(path: Path, source: VectorFile, departements: Sequence[str]) -> Grid:
    with unreadable(
        f"« {path.name} » n'est pas une grille lisible",
        where=path,
        remedy="fournir les données carroyées Filosofi, en CSV ou en GeoPackage",
    ):
        layer = _choose([name for name, _ in source.layers()], departements, path)
        fields = {normalise(name): name for name in source.fields(layer)}
        wanted = {name: field for name, field in fields.items() if name in _WANTED}
        if first_of(wanted, NAMES) is not None:
            table = source.attributes(layer, list(wanted.values()))
            return Grid(_renamed(table, wanted), None, None, [])
        meta, wkb, columns = source.raw(layer, list(wanted.values()))
        crs = None if meta["crs"] is None else pyproj.CRS.from_user_input(meta["crs"]).to_epsg()
    table = pd.DataFrame(dict(zip(meta["fields"], columns, strict=True)))
    outlines, anomalies = _mended(wkb, path.name)
    return Grid(_renamed(table, wanted), outlines, crs, anomalies)


def _renamed(table: pd.DataFrame, wanted: dict[str, str]) -> pd.DataFrame:
    renamed = table.rename(columns={field: name for name, field in wanted.items()})
    texts = [name for name in (*NAMES, *COMMUNES) if name in renamed]
    return renamed.astype(dict.fromkeys(texts, str))


def _mended(wkb: NDArray[np.object_], file: str) -> tuple[NDArray[np.object_], list[Anomaly]]:
    """Read outlines, close the rings that are open, mend those that cross themselves."""
    outlines = shapely.from_wkb(wkb, on_invalid="ignore")
    absent = np.array([value is None for value in wkb], dtype=bool)
    open_rings = shapely.is_missing(outlines) & ~absent
    outlines[open_rings] = shapely.from_wkb(wkb[open_rings], on_invalid="fix")
    crossed = ~shapely.is_missing(outlines) & ~shapely.is_valid(outlines)
    outlines[crossed] = shapely.make_valid(outlines[crossed])
    repaired = int((open_rings | crossed).sum())
    if not repaired:
        return outlines, []
    message = f"{repaired} contours de carreaux invalides (anneau non fermé ou croisé), réparés"
    return outlines, [Anomaly("contour-invalide", Action.REPAIRED, file, message)]
