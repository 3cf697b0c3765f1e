"""Elevations on a regular grid: ASCII grids (IGN's BD ALTI and RGE ALTI), and plain GeoTIFF."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj
import shapely

from msap_geo.errors import UnreadableFileError
from msap_geo.loaders.shared import of_files
from msap_geo.tabular import require_file
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

_ASCII = {".asc", ".txt"}
_TIFF = {".tif", ".tiff"}
_HEADER_LINES = 7
_MOST_CELLS = 100_000_000
_LATTICE = 100
"""Points on the longest side of a territory, where one looks whether it has a relief."""
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0
"""Elevations on Earth; what lies out of them is no elevation, whatever a file says of it."""

_DEGREES = 1.0
"""A cell narrower than this many units is in degrees: metres are never so fine."""

# GeoTIFF (OGC 19-008): tags of the image, and keys of its CRS.
_SCALE, _TIE, _KEYS, _NODATA = 33550, 33922, 34735, 42113
_RASTER_TYPE, _GEOGRAPHIC, _PROJECTED, _POINT, _OWN = 1025, 2048, 3072, 2, 32767


class Relief(NamedTuple):
    """Elevations of cells, northernmost row first.

    Parameters
    ----------
    metres
        Not a number where unknown, shape (rows, columns).
    west, north
        Outer corner of the first cell.
    size_x, size_y
        Sides of a cell, in units of the CRS.
    crs
        CRS of the corner.
    """

    metres: NDArray[np.float32]
    west: float
    north: float
    size_x: float
    size_y: float
    crs: str

    def at(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[Any]:
        """Return elevations between the four cells around each point; not a number elsewhere.

        Parameters
        ----------
        longitude, latitude
            Degrees, any shape.
        """
        to_grid = pyproj.Transformer.from_crs(WGS84, self.crs, always_xy=True)
        x, y = to_grid.transform(longitude, latitude)
        column = (np.asarray(x) - self.west) / self.size_x - 0.5
        row = (self.north - np.asarray(y)) / self.size_y - 0.5
        rows, columns = self.metres.shape
        inside = (column > -1) & (column < columns) & (row > -1) & (row < rows)
        column = np.where(inside, column, 0).clip(0, columns - 1)
        row = np.where(inside, row, 0).clip(0, rows - 1)
        left, top = np.floor(column).astype(int), np.floor(row).astype(int)
        right, low = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        across, down = column - left, row - top
        upper = self.metres[top, left] * (1 - across) + self.metres[top, right] * across
        lower = self.metres[low, left] * (1 - across) + self.metres[low, right] * across
        return np.where(inside, upper * (1 - down) + lower * down, np.nan)


@of_files
def load_relief(path: Path, *, crs: int) -> Relief:
    """Read a grid of elevations.

    Parameters
    ----------
    path
        ASCII grid (``.asc``), as IGN publishes BD ALTI and RGE ALTI, or GeoTIFF of one band that
        Pillow opens.
    crs
        EPSG of the legal projection of the territory: that of an ASCII grid in metres, which does
        not say its own.

    Returns
    -------
    Relief
        Elevations.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If there is no such file, or it is no such grid, or its CRS is not known.
    """
    require_file(path)
    suffix = path.suffix.lower()
    if suffix not in _ASCII | _TIFF:
        raise _refused(path, f"« {path.name} » n'est ni une grille .asc ni un GeoTIFF (.tif)")
    relief = _ascii(path, crs) if suffix in _ASCII else _tiff(path)
    metres = relief.metres
    metres[~((metres >= _LOWEST_M) & (metres <= _HIGHEST_M))] = np.nan
    if np.isnan(metres).all():
        raise _refused(path, f"« {path.name} » ne contient aucune altitude")
    return relief


def without_relief(reliefs: Sequence[Relief], areas: gpd.GeoSeries) -> float:
    """Return the share of a territory where no grid gives an elevation.

    Parameters
    ----------
    reliefs
        Grids.
    areas
        Outlines, in projected metres; missing ones are passed over.

    Returns
    -------
    float
        From 0 to 1, measured on a square lattice of points (some thousands in the territory).
    """
    shapes = areas.to_numpy()
    known = areas[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if known.empty:
        return 0.0
    west, south, east, north = known.total_bounds
    step = max(east - west, north - south) / _LATTICE or 1.0
    across = np.arange(west + step / 2, east, step)
    down = np.arange(south + step / 2, north, step)
    crossings = np.column_stack([np.tile(across, len(down)), down.repeat(len(across))])
    lattice: NDArray[np.object_] = np.asarray(shapely.points(crossings))
    within = np.unique(known.sindex.query(lattice, predicate="within")[0])
    points = lattice[within] if len(within) else known.representative_point().to_numpy()
    to_degrees = pyproj.Transformer.from_crs(known.crs, WGS84, always_xy=True)
    places = to_degrees.transform(shapely.get_x(points), shapely.get_y(points))
    lacking = np.ones(len(points), dtype=bool)
    for relief in reliefs:
        lacking &= np.isnan(relief.at(*places))
    return float(lacking.mean())


def _refused(path: Path, problem: str) -> UnreadableFileError:
    return UnreadableFileError(
        problem,
        where=path,
        remedy="donner une grille .asc (BD ALTI, RGE ALTI), ou un GeoTIFF d'une bande dont le "
        "système de coordonnées est un code EPSG",
    )


def _ascii(path: Path, crs: int) -> Relief:
    """Read Esri's ASCII grid: a header of a few words, then rows from the north."""
    with path.open(encoding="latin-1") as stream:
        head: dict[str, float] = {}
        for _ in range(_HEADER_LINES):
            start = stream.tell()
            words = stream.readline().split()
            if len(words) != 2 or not words[0][0].isalpha():  # noqa: PLR2004 - a key and a value
                stream.seek(start)
                break
            try:
                head[words[0].lower()] = float(words[1].replace(",", "."))
            except ValueError:
                raise _refused(path, f"en-tête illisible : « {' '.join(words)} »") from None
        measures = [value for key, value in head.items() if key != "nodata_value"]
        if not np.isfinite(measures).all():
            raise _refused(path, f"« {path.name} » n'a pas l'en-tête d'une grille .asc")
        columns, rows = int(head.get("ncols", 0)), int(head.get("nrows", 0))
        size = head.get("cellsize", 0.0)
        cells = columns * rows if min(columns, rows) > 0 else 0
        if not (0 < cells <= _MOST_CELLS and size > 0 and _cornered(head)):
            raise _refused(path, f"« {path.name} » n'a pas l'en-tête d'une grille .asc")
        try:
            with warnings.catch_warnings():
                # What follows the last number read is told by their count.
                warnings.simplefilter("error", DeprecationWarning)
                values = np.fromstring(stream.read().replace(",", "."), dtype=np.float32, sep=" ")
        except (ValueError, DeprecationWarning):
            values = np.empty(0, dtype=np.float32)
    if len(values) != rows * columns:
        raise _refused(
            path, f"« {path.name} » n'a pas les {rows} × {columns} altitudes qu'il annonce"
        )
    metres = values.reshape(rows, columns)
    metres[metres == np.float32(head.get("nodata_value", -9999.0))] = np.nan
    half = 0.0 if "xllcorner" in head else size / 2
    west = head.get("xllcorner", head.get("xllcenter", 0.0)) - half
    south = head.get("yllcorner", head.get("yllcenter", 0.0)) - half
    found = WGS84 if size < _DEGREES and abs(west) <= 180 else f"EPSG:{crs}"  # noqa: PLR2004
    return Relief(metres, west, south + rows * size, size, size, str(found))


def _cornered(head: dict[str, float]) -> bool:
    return any(all(f"{axis}ll{kind}" in head for axis in "xy") for kind in ("corner", "center"))


def _tiff(path: Path) -> Relief:
    from PIL import Image  # noqa: PLC0415 - slow, and for those alone who give a GeoTIFF

    try:
        with Image.open(path) as image:
            tags = dict(getattr(image, "tag_v2", {}))
            bands = image.width * image.height <= _MOST_CELLS and len(image.getbands())
            metres = np.array(image if bands == 1 else 0, dtype=np.float32)
    except Exception as error:  # Pillow's own errors are of many classes
        raise _refused(path, f"« {path.name} » ne s'ouvre pas") from error
    if bands != 1:
        raise _refused(path, f"« {path.name} » a plusieurs bandes, ou trop de cellules")
    scale, tie = tags.get(_SCALE, ()), tags.get(_TIE, ())
    numbers = tags.get(_KEYS, ())
    keys = {numbers[i]: numbers[i + 3] for i in range(4, len(numbers) - 3, 4)}
    code = keys.get(_PROJECTED, keys.get(_GEOGRAPHIC, 0))
    if len(scale) < 2 or len(tie) < 6 or code in {0, _OWN} or min(scale[:2]) <= 0:  # noqa: PLR2004
        raise _refused(path, f"« {path.name} » ne dit pas où il est (ni code EPSG, ni origine)")
    try:
        crs = pyproj.CRS.from_epsg(code)
    except pyproj.exceptions.CRSError as error:
        raise _refused(path, f"système de coordonnées inconnu : EPSG:{code}") from error
    with np.errstate(invalid="ignore"):
        if tags.get(_NODATA) is not None:
            try:
                metres[metres == np.float32(str(tags[_NODATA]).strip("\0 "))] = np.nan
            except ValueError:
                metres[metres < _LOWEST_M] = np.nan
    half = 0.5 if keys.get(_RASTER_TYPE) == _POINT else 0.0
    west = tie[3] - (tie[0] + half) * scale[0]
    north = tie[4] + (tie[1] + half) * scale[1]
    return Relief(metres, west, north, scale[0], scale[1], crs.to_string())
