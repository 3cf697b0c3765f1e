"""Cells of INSEE's grid: their names, their squares.

A cell is named after its south-west corner in the projection of its territory, e.g.
``CRS3035RES200mN2029800E4252400`` (INSPIRE; La Réunion has ``CRS2975``, Martinique ``CRS5490``).
The name is what identifies a cell: files give its outline in one projection or another, and one
published grid of 2010 has outlines shifted by a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME_PATTERN = r"CRS(?P<crs>\d{4,5})RES(?P<size>\d{2,5})mN(?P<north>-?\d{1,8})E(?P<east>-?\d{1,8})"


class Cells(NamedTuple):
    """South-west corners and sizes of cells, one entry each; 0 where the name is not a cell's.

    Parameters
    ----------
    crs
        EPSG code of the projection.
    size
        Side, metres.
    east, north
        South-west corner, metres.
    """

    crs: NDArray[np.int64]
    size: NDArray[np.int64]
    east: NDArray[np.int64]
    north: NDArray[np.int64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which names were those of cells."""
        return self.size > 0


def read_names(names: pd.Series) -> Cells:
    """Read the names of cells, two million a second.

    Parameters
    ----------
    names
        Text.

    Returns
    -------
    Cells
        One entry per name.
    """
    text = pa.array(names.astype(object).where(names.notna(), ""), type=pa.string())
    text = pc.utf8_trim_whitespace(text)
    found = pc.extract_regex(text, pattern=f"^{NAME_PATTERN}$")
    parts = {}
    for part in ("crs", "size", "north", "east"):
        values = pc.cast(pc.struct_field(found, part), pa.int64())
        parts[part] = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
    return Cells(parts["crs"], parts["size"], parts["east"], parts["north"])


def write_names(cells: Cells) -> pd.Series:
    """Return the names of cells, the inverse of :func:`read_names`."""
    crs, size, east, north = (pd.Series(part).astype(str) for part in cells)
    return "CRS" + crs + "RES" + size + "mN" + north + "E" + east


def squares(cells: Cells) -> NDArray[np.object_]:
    """Return the square of each cell, in the cells' own projection."""
    polygons: NDArray[np.object_] = shapely.box(
        cells.east, cells.north, cells.east + cells.size, cells.north + cells.size
    )
    return polygons
