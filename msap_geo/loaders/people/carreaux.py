"""Filosofi's population grid, 200 m and 1 km: where people live inside their communes.

Forms read: CSV, GeoPackage, Shapefile or GeoJSON, alone or zipped, of 2010 (``ind``, corners in
``x_laea, y_laea``), 2015 (``IdINSPIRE``, ``Depcom``, ``I_est_cr``; 1 km: ``Id_carr1km``), 2017
(``Idcar_200m``, ``lcog_geo``, ``I_est_200``), 2019 and 2021 (the same in lower case) and of the
Géoplateforme's relay (``depcom``, ``i_car_est``), as in INSEE's dictionary of variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo import french, schemas
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.people.grille import Cells, read_names, squares, write_names
from msap_geo.loaders.people.grille_lecture import (
    COMMUNES,
    CORNERS,
    IMPUTED,
    NAMES,
    OWN_GRIDS,
    PEOPLE,
    STANDARD_OF_LIVING,
    SUMS,
    read_grid,
)
from msap_geo.loaders.people.persons import settle
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import malformed, refuse_lost_zeros
from msap_geo.loaders.variables import first_of
from msap_geo.tabular import to_number
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from msap_geo.loaders.territory.cog import CommuneCodes

_CODE_LENGTH = 5
_GRIDS = (3035, 2975, 5490)
"""Projections INSEE's grids are laid in: métropole, La Réunion, Martinique."""

_HALF_DIAGONAL = 2**0.5 / 2
"""Of a square of side one: a cell touches a commune no farther than that from its centre."""


class _Read(NamedTuple):
    """Rows of a grid: what the file says, where the cells are."""

    table: pd.DataFrame
    cells: Cells
    anomalies: list[Anomaly]


@of_files
def load_carreaux(
    path: Path,
    *,
    boundaries: gpd.GeoDataFrame | None = None,
    departements: Iterable[str] | None = None,
    codes: CommuneCodes | None = None,
) -> Loaded[gpd.GeoDataFrame]:
    """Load the populated cells of a grid.

    Parameters
    ----------
    path
        Grid of one territory, in any published form.
    boundaries
        Commune outlines, any CRS. A cell belongs to the commune INSEE says (the first the file
        lists, which has most of it), else to the one its centre lies in, else to the nearest it
        touches. Needed where the file names none; then give the neighbours' outlines too, or cells
        astride the border all count inside.
    departements
        Keep the cells of these only; all of them when not given.
    codes
        Codes to bring the communes the file lists to.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.CARREAUX`, sorted by cell, in the projection of the
        grid. ``population`` is in whole persons, settled so that the total of the cells kept is
        kept; ``impute`` marks the cells INSEE estimated (under 11 households).
        Of :data:`msap_geo.schemas.GROUPS` and ``LEVELS``: ``menages``, ``menages_pauvres``,
        ``habitants_65_plus``, ``niveau_de_vie`` (a mean), where the file allows.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read, or lacks the people or the places.
    DataError
        If it holds several territories, no commune can be told, or no cell is left.
    """
    wanted = None if departements is None else set(departements)
    grid = _whole(path, tuple(sorted(OWN_GRIDS & (wanted or set()))))
    read, anomalies = grid.table, list(grid.anomalies)
    table, told = _with_communes(read, boundaries, codes, path)
    anomalies += told
    keep = np.ones(len(table), dtype=bool)
    if wanted is not None:
        keep = table["code_insee"].map(departement_of).isin(wanted).to_numpy()
    table, cells = table[keep], Cells(*(part[keep] for part in read.cells))
    if table.empty:
        raise DataError(
            f"« {path.name} » : aucun carreau habité dans le territoire demandé",
            where=path,
            remedy="fournir la grille de ce territoire (métropole, La Réunion, Martinique…)",
        )
    result, settled = _built(table, cells, path)
    anomalies += settled
    return Loaded(schemas.check(result, schemas.CARREAUX), grid.rows_read, tuple(anomalies))


@once
def _whole(path: Path, own: tuple[str, ...]) -> Loaded[_Read]:
    """Read every cell that has a place and people, of the grid of these départements."""
    raw = read_grid(path, own)
    read = _located(raw.table, raw.outlines, raw.crs, path)
    usable, dropped = _usable(read, path)
    return Loaded(usable, len(raw.table), (*raw.anomalies, *read.anomalies, *dropped))


def carreau_points(
    carreaux: gpd.GeoDataFrame, *, epsg: int, communes: Iterable[str] | None = None
) -> gpd.GeoDataFrame:
    """Take cells as the points people start from.

    Parameters
    ----------
    carreaux
        Table under :data:`msap_geo.schemas.CARREAUX`.
    epsg
        Projection of the study.
    communes
        Codes of the communes whose cells are wanted; all of them when not given.

    Returns
    -------
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.DEMAND`: the centres, ``origine`` *carreau*, in the
        order of the cells, with the groups and ``impute`` of the grid. Cells where nobody lives
        are left out.
    """
    schemas.check(carreaux, schemas.CARREAUX)
    keep = carreaux["population"] > 0
    if communes is not None:
        keep &= carreaux["code_insee"].isin(set(communes))
    cells = carreaux[keep].reset_index(drop=True)
    centres = gpd.GeoSeries(shapely.centroid(cells.geometry.to_numpy()), crs=cells.crs).to_crs(epsg)
    table = cells.drop(columns="geometry").assign(origine="carreau")
    points = gpd.GeoDataFrame(table, geometry=centres.to_numpy(), crs=epsg)
    return gpd.GeoDataFrame(schemas.check(points, schemas.DEMAND))


def _located(
    table: pd.DataFrame, outlines: NDArray[np.object_] | None, crs: int | None, path: Path
) -> _Read:
    """Find where the cells are: by their names, else their corners, else their outlines."""
    name = first_of(table, NAMES)
    if name is not None:
        return _Read(table, read_names(table[name]), [])
    if set(CORNERS) <= set(table.columns):
        corners = [to_number(table[corner]).fillna(-1).to_numpy() for corner in CORNERS]
        return _by_corners(table, corners, outlines, path)
    if outlines is None or crs is None:
        raise MissingColumnError(
            f"« {path.name} » : ni identifiant de carreau ({', '.join(NAMES[:4])}), ni coins "
            "(x_laea, y_laea), ni contours",
            where=path,
            remedy="fournir les données carroyées Filosofi de l'Insee",
        )
    return _Read(table, _by_outlines(outlines, crs), [])


def _by_corners(
    table: pd.DataFrame,
    corners: list[NDArray[np.float64]],
    outlines: NDArray[np.object_] | None,
    path: Path,
) -> _Read:
    east, north = (np.asarray(corner).astype(np.int64) for corner in corners)
    # Corners say where, not how large: 200 m cells have corners off the kilometres.
    known = (east > 0) & (north > 0)
    size = 200 if (east[known] % 1000).any() or (north[known] % 1000).any() else 1000
    shape = np.where(known, size, 0)
    cells = Cells(np.full(len(east), 3035), shape, east, north)
    anomalies = []
    if outlines is not None:
        drawn = shapely.bounds(outlines)
        with np.errstate(invalid="ignore"):
            apart = (np.abs(drawn[:, 0] - east) > size / 2) | (
                np.abs(drawn[:, 1] - north) > size / 2
            )
        count = int((apart & known).sum())
        if count:
            anomalies.append(
                Anomaly(
                    "carreau-deplace",
                    Action.REPAIRED,
                    path.name,
                    f"{count} contours ne sont pas là où le disent x_laea et y_laea : carreaux "
                    "replacés d'après ces coordonnées",
                )
            )
    return _Read(table, cells, anomalies)


def _by_outlines(outlines: NDArray[np.object_], crs: int) -> Cells:
    """Snap outlines to the grid: their centres are well inside the cells, whatever was rounded."""
    bounds: NDArray[np.float64] = np.asarray(shapely.bounds(outlines), dtype=np.float64)
    found: NDArray[np.bool_] = np.asarray(np.isfinite(bounds).all(axis=1))
    grid = crs if crs in _GRIDS else _GRIDS[0]
    corners = np.where(found[:, None], bounds, 0.0)
    if grid != crs:
        to_grid = pyproj.Transformer.from_crs(crs, grid, always_xy=True)
        corners = np.column_stack(
            [*to_grid.transform(*corners[:, :2].T), *to_grid.transform(*corners[:, 2:].T)]
        )
        found &= np.isfinite(corners).all(axis=1)
        corners = np.where(found[:, None], corners, 0.0)
    widths = np.abs(corners[found, 2] - corners[found, 0])
    typical = float(np.median(widths)) if found.any() else 0.0
    size = min((200, 1000), key=lambda side: abs(side - typical))
    west = np.floor((corners[:, 0] + corners[:, 2]) / 2 / size).astype(np.int64) * size
    south = np.floor((corners[:, 1] + corners[:, 3]) / 2 / size).astype(np.int64) * size
    return Cells(np.full(len(west), grid), np.where(found, size, 0), west, south)


def _usable(read: _Read, path: Path) -> tuple[_Read, list[Anomaly]]:
    if PEOPLE not in read.table:
        raise MissingColumnError(
            f"« {path.name} » : colonne absente : {PEOPLE} (colonnes reconnues : "
            f"{', '.join(map(str, read.table.columns))})",
            where=path,
            remedy="fournir les données carroyées Filosofi de l'Insee",
        )
    people = to_number(read.table[PEOPLE]).to_numpy()
    known = read.cells.known
    counted = np.isfinite(people) & (people >= 0)
    names = write_names(read.cells)
    repeated = names.duplicated(keep="first").to_numpy() & known
    anomalies = [
        Anomaly(code, Action.LEFT_OUT, path.name, f"carreaux {message} : {int(mask.sum())}")
        for mask, code, message in (
            (~known, "carreau-sans-place", "sans identifiant lisible ni contour"),
            (known & ~counted, "population-inconnue", "sans population lisible"),
            (known & counted & repeated, "doublon", "déjà donnés plus haut"),
        )
        if mask.any()
    ]
    keep = known & counted & ~repeated
    cells = Cells(*(part[keep] for part in read.cells))
    if len(set(cells.crs.tolist())) > 1 or len(set(cells.size.tolist())) > 1:
        raise DataError(
            f"« {path.name} » mêle plusieurs grilles : "
            + ", ".join(
                sorted({f"CRS {c}, {s} m" for c, s in zip(cells.crs, cells.size, strict=True)})
            ),
            where=path,
            remedy="donner une grille par territoire",
        )
    table = read.table[keep].reset_index(drop=True)
    table = table.assign(demand_id=names[keep].to_numpy(), personnes=people[keep])
    return _Read(table, cells, []), anomalies


def _with_communes(
    read: _Read,
    boundaries: gpd.GeoDataFrame | None,
    codes: CommuneCodes | None,
    path: Path,
) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Tie each cell to one commune."""
    anomalies: list[Anomaly] = []
    column = first_of(read.table, COMMUNES)
    listed = pd.Series("", index=read.table.index)
    if column is not None:
        texts = read.table[column].fillna("").astype(str).str.strip()
        refuse_lost_zeros(texts, path)
        several = int((texts.str.len() > _CODE_LENGTH).sum())
        if several:
            anomalies.append(
                Anomaly(
                    "carreau-partage",
                    Action.NOTED,
                    path.name,
                    f"carreaux à cheval sur plusieurs communes, comptés dans une seule : {several}",
                )
            )
        listed = texts.str[:_CODE_LENGTH]
        listed = listed.mask(malformed(listed), "")
    if codes is not None:
        listed = codes.current(listed)
    if boundaries is not None:
        inside, near = _places(read.cells, boundaries)
        found = listed.where(_believed(listed, boundaries), inside)
        found = found.where(found != "", listed)
        found = found.where(found != "", near)
    elif column is None:
        raise DataError(
            f"« {path.name} » ne dit pas la commune des carreaux",
            where=path,
            remedy="donner aussi les contours des communes",
        )
    else:
        found = listed
    lost = (found == "").to_numpy()
    table = read.table.assign(code_insee=found)
    if lost.any():
        people = float(table["personnes"][lost].sum())
        anomalies.append(
            Anomaly(
                "carreau-sans-commune",
                Action.LEFT_OUT,
                path.name,
                f"carreaux hors de toute commune connue : {int(lost.sum())} "
                f"({french.people(people)})",
            )
        )
    return table, anomalies


def _believed(listed: pd.Series, boundaries: gpd.GeoDataFrame) -> pd.Series:
    """Tell which communes of the file are known, or of a département the outlines leave out.

    A code of an older year that nothing brings to date is neither: the centre decides then.
    """
    known = boundaries["code_insee"]
    of = listed.map(departement_of)
    elsewhere = (listed != "") & ~of.isin(set(known.map(departement_of)))
    return listed.isin(set(known)) | elsewhere


def _places(cells: Cells, boundaries: gpd.GeoDataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the commune each centre lies in, and the nearest one, empty where there is none."""
    outlines = boundaries[boundaries.geometry.notna()].to_crs(int(cells.crs[0]))
    half = cells.size / 2
    centres: NDArray[np.object_] = np.asarray(
        shapely.points(np.column_stack([cells.east + half, cells.north + half])), dtype=object
    )
    tree = shapely.STRtree(outlines.geometry.to_numpy())
    names = outlines["code_insee"].to_numpy(dtype=object)
    inside, near = (pd.Series("", index=range(len(centres)), dtype=object) for _ in range(2))
    rows, found = tree.query(centres, predicate="intersects")
    first = np.unique(rows, return_index=True)[1]
    inside.iloc[rows[first]] = names[found[first]]
    todo = np.flatnonzero((inside == "").to_numpy())
    if len(todo):
        touching = float(cells.size[0]) * _HALF_DIAGONAL
        rows, found = tree.query_nearest(centres[todo], max_distance=touching, all_matches=False)
        near.iloc[todo[rows]] = names[found]
    return inside, near


def _built(table: pd.DataFrame, cells: Cells, path: Path) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    placed = (table["code_insee"] != "").to_numpy()
    table, cells = table[placed].reset_index(drop=True), Cells(*(part[placed] for part in cells))
    people = table["personnes"].to_numpy()
    whole = settle(people)
    anomalies = []
    if (people != whole).any():
        anomalies.append(
            Anomaly(
                "population-arrondie",
                Action.REPAIRED,
                path.name,
                "populations décimales des carreaux arrondies au plus fort reste : total "
                f"{whole.sum()} gardé",
            )
        )
    flag = first_of(table, IMPUTED.get(int(cells.size[0]), ()))
    columns: dict[str, object] = {
        "demand_id": table["demand_id"].astype(str),
        "code_insee": table["code_insee"].astype(str),
        "population": whole,
        "impute": (
            np.zeros(len(table), dtype=bool) if flag is None else (to_number(table[flag]) == 1)
        ),
    }
    for name, parts in SUMS.items():
        if set(parts) <= set(table.columns):
            columns[name] = sum(to_number(table[part]) for part in parts)
    if STANDARD_OF_LIVING in table:
        snv = to_number(table[STANDARD_OF_LIVING]).to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            columns["niveau_de_vie"] = np.where(people > 0, snv / people, np.nan)
    result = gpd.GeoDataFrame(columns, geometry=squares(cells), crs=int(cells.crs[0]))
    return result.sort_values("demand_id", ignore_index=True), anomalies
