"""Commune boundaries, whatever the file: see :mod:`msap_geo.loaders.territory.contours`."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import departements_of, refuse_lost_zeros
from msap_geo.loaders.territory.contours import read_layer
from msap_geo.loaders.territory.mouvements import tell_shared
from msap_geo.tabular import LINE, normalise, pick_columns, twinned_names
from msap_geo.territory import (
    DEPARTEMENTS,
    INSEE_CODE_PATTERN,
    WGS84,
    departement_of,
    region_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from msap_geo.loaders.territory.cog import CommuneCodes

_COLUMNS = {
    "code_insee": (
        "insee_com", "code_insee", "code", "codgeo", "insee", "code_insee_de_la_commune", "depcom",
        "com_code", "com",
    ),
    "nom": (
        "nom", "nom_officiel", "nom_com", "libgeo", "libelle", "nom_m", "nom_commune", "nomcom",
        "nom_comm", "libcom", "com_name", "toponyme", "name",
    ),
}  # fmt: skip
"""Spellings of geo.api.gouv.fr (``code``, ``nom``), IGN's ADMIN EXPRESS of all years
(``INSEE_COM``, ``NOM``, ``NOM_M``; since 2025 ``code_insee``, ``nom_officiel``), INSEE and local
portals."""


_CRS = pyproj.CRS.from_epsg(WGS84)
_AREAS = (shapely.GeometryType.POLYGON.value, shapely.GeometryType.MULTIPOLYGON.value)


@of_files
def load_communes(
    paths: Sequence[Path],
    *,
    departements: Iterable[str] | None = None,
    codes: CommuneCodes | None = None,
) -> Loaded[gpd.GeoDataFrame]:
    """Load commune boundaries.

    Parameters
    ----------
    paths
        Files with a code and a name per commune.
    departements
        Keep these only; all of them when not given.
    codes
        Codes to bring the file to: boundaries of merged communes are joined.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.BOUNDARIES`, in WGS 84 as published, sorted by code. A
        commune without geometry keeps its row; anomalies tell of it, of invalid rings repaired,
        duplicates and merged communes.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If a file is absent, cannot be read or lacks its columns.
    DataError
        If a département asked for has no commune, if no commune has an outline, or if a file
        lies wholly outside France.
    """
    wanted = None if departements is None else set(departements)
    whole = _whole(tuple(paths), codes)
    table = whole.table
    if wanted is not None:
        # After the codes are brought to date: a merged commune may have changed département.
        table = table[departements_of(table["code_insee"]).isin(wanted)]
    _refuse_incomplete(table, wanted, paths)
    columns = ["code_insee", "nom", "geometry"]
    table = table[columns].sort_values("code_insee", ignore_index=True)
    return Loaded(schemas.check(table, schemas.BOUNDARIES), whole.rows_read, whole.anomalies)


@once
def _whole(paths: Sequence[Path], codes: CommuneCodes | None) -> Loaded[gpd.GeoDataFrame]:
    """Read every outline of the files, each commune once, under the codes in force."""
    tables, anomalies, rows_read = [], [], 0
    for path in paths:
        raw = _read(path)
        rows_read += len(raw)
        kept, noticed = _clean(raw, path.name)
        tables.append(kept)
        anomalies += noticed
    table = pd.concat(tables, ignore_index=True)
    table, repeated = _drop_repeated(table)
    anomalies += repeated
    if codes is not None:
        table, merged = _merge(table, codes)
        anomalies += merged
    return Loaded(table, rows_read, tuple(anomalies))


def _refuse_incomplete(
    table: gpd.GeoDataFrame, wanted: set[str] | None, paths: Sequence[Path]
) -> None:
    where = ", ".join(str(path) for path in paths)
    missing = (wanted or set()) - set(departements_of(table["code_insee"]).unique())
    if missing or table.empty:
        raise DataError(
            f"aucune commune des départements {', '.join(sorted(missing))} dans les contours",
            where=where,
            remedy="vérifier la liste departements et les fichiers de contours",
        )
    if table.geometry.isna().all():
        raise DataError(
            "aucune commune n'a de contour", where=where, remedy="fournir une couche de surfaces"
        )


def _read(path: Path) -> gpd.GeoDataFrame:
    table = read_layer(path, _COLUMNS)
    if table.crs is None:
        raise DataError(
            f"« {path.name} » ne dit pas dans quelle projection il est",
            where=path,
            remedy="le réenregistrer avec son système de coordonnées (.prj)",
        )
    geometry = table.geometry if _is_wgs84(table.crs) else table.geometry.to_crs(_CRS)
    attributes = pd.DataFrame(table.drop(columns=table.geometry.name))
    attributes.columns = twinned_names([normalise(str(name)) for name in attributes.columns])
    attributes = attributes.drop(columns=LINE, errors="ignore")
    attributes.insert(0, LINE, range(1, len(attributes) + 1))
    picked = pick_columns(attributes, path, required=_COLUMNS)
    picked["code_insee"] = picked["code_insee"].fillna("").astype(str).str.strip()
    picked["nom"] = picked["nom"].fillna("").astype(str).str.strip()
    refuse_lost_zeros(picked["code_insee"], path)
    return gpd.GeoDataFrame(picked, geometry=geometry.to_numpy(), crs=_CRS)


def _is_wgs84(crs: pyproj.CRS) -> bool:
    """Tell WGS 84 under either of its names: GeoParquet's OGC:CRS84 differs in nothing here."""
    return crs.to_authority() in {("EPSG", "4326"), ("OGC", "CRS84")}


def _clean(raw: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    table = raw.assign(fichier=file)
    malformed = ~table["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    table.loc[table.geometry.is_empty, "geometry"] = None
    absent = table.geometry.isna()
    table, no_area = _without_what_is_no_area(table)
    table, misplaced = _put_in_place(table)
    invalid = ~_valid(table.geometry.to_numpy()) & table.geometry.notna().to_numpy()
    table.loc[invalid, "geometry"] = _areas_of(table.geometry[invalid].make_valid())
    flat = invalid & table.geometry.isna().to_numpy()
    anomalies = [
        *no_area,
        *misplaced,
        *_tell(table[malformed], "code-commune-invalide", Action.LEFT_OUT, "code mal formé"),
        *_tell(table[absent], "commune-sans-contour", Action.NOTED, "sans contour"),
        *_tell(
            table[invalid & ~flat], "contour-invalide", Action.REPAIRED, "contour invalide réparé"
        ),
        *_tell(table[flat], "contour-sans-surface", Action.NOTED, "contour sans surface, ignoré"),
    ]
    return table[~malformed], anomalies


def _without_what_is_no_area(
    table: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Do without outlines that are points or collections, or have a vertex nowhere."""
    outlines = table.geometry.to_numpy()
    areas = np.isin(shapely.get_type_id(outlines), _AREAS)
    # Bounds pass over NaN: every vertex is looked at.
    xy, rows = shapely.get_coordinates(outlines, return_index=True)
    nowhere = np.isin(np.arange(len(outlines)), rows[~np.isfinite(xy).all(axis=1)])
    present = ~shapely.is_missing(outlines)
    of_another_kind = present & ~areas
    astray = present & areas & nowhere
    if not (of_another_kind | astray).any():
        return table, []
    kinds = pd.Series(outlines, index=table.index).map(
        lambda outline: outline.geom_type, na_action="ignore"
    )
    told = table.assign(genre=kinds)
    message = "contour qui n'est pas une surface ({genre}), ignoré : commune sans contour"
    anomalies = [
        *_tell(told[of_another_kind], "contour-sans-surface", Action.NOTED, message),
        *_tell(
            told[astray],
            "contour-illisible",
            Action.NOTED,
            "contour dont un sommet n'a pas de coordonnées (NaN), ignoré : commune sans contour",
        ),
    ]
    kept = np.where(of_another_kind | astray, None, outlines)
    return table.set_geometry(gpd.GeoSeries(kept, index=table.index, crs=_CRS)), anomalies


def _valid(outlines: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which outlines are valid, on all processors: half the time of loading France on one."""
    parts = np.array_split(outlines, max(1, os.cpu_count() or 1))
    with ThreadPoolExecutor(len(parts)) as pool:
        return np.concatenate(list(pool.map(shapely.is_valid, parts)))


def _areas_of(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Keep the areas of what ``make_valid`` gives: it may add lines and points."""
    parts = geometry.explode(index_parts=False)
    areas = parts[parts.geom_type.isin(["Polygon", "MultiPolygon"])]
    return areas.groupby(level=0).agg(lambda group: shapely.union_all(group.to_numpy()))


def _put_in_place(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Swap back outlines whose latitude and longitude were exchanged, do without those astray.

    Territories whose extent is not known here (Polynesia…) are taken as they come. Where every
    outline of a file is astray, the file is in another projection than it says: it is refused.
    """
    # Regions are few: one box per département, spread over its communes.
    departements, rows = np.unique(
        departements_of(table["code_insee"]).to_numpy(str), return_inverse=True
    )
    boxes = [region_of(code)[1:] for code in departements]
    west, south, east, north = np.array(boxes).reshape(-1, 4)[rows].T
    known = np.isin(departements, list(DEPARTEMENTS))[rows] & table.geometry.notna().to_numpy()
    bounds = table.geometry.bounds.to_numpy()
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    inside = (west <= x) & (x <= east) & (south <= y) & (y <= north)
    swapped = known & ~inside & (west <= y) & (y <= east) & (south <= x) & (x <= north)
    astray = known & ~inside & ~swapped
    if astray.any() and astray.sum() == known.sum():
        row = table[astray].iloc[0]
        raise DataError(
            f"« {row['fichier']} » : le contour de {row['nom']} ({row['code_insee']}) "
            "n'est pas en France, ni aucun autre",
            where=f"{row['fichier']}, objet n° {row[LINE]}",
            remedy="réenregistrer la couche avec sa vraie projection",
        )
    geometry = table.geometry.to_numpy().copy()
    geometry[swapped] = shapely.transform(geometry[swapped], lambda xy: xy[:, ::-1])
    geometry[astray] = None
    put_back = "latitude et longitude inversées, remises à l'endroit"
    ignored = "contour hors de son territoire, ignoré"
    anomalies = [
        *_tell(table[swapped], "coordonnees-inversees", Action.REPAIRED, put_back),
        *_tell(table[astray], "contour-hors-territoire", Action.NOTED, ignored),
    ]
    return table.set_geometry(gpd.GeoSeries(geometry, index=table.index, crs=_CRS)), anomalies


def _drop_repeated(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    # Of two rows the one with an outline is worth keeping.
    table = table.loc[table.geometry.isna().sort_values(kind="stable").index]
    repeated = table["code_insee"].duplicated(keep="first")
    anomalies = _tell(table[repeated], "doublon", Action.LEFT_OUT, "commune déjà donnée plus haut")
    return table[~repeated], anomalies


def _merge(table: gpd.GeoDataFrame, codes: CommuneCodes) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    current = codes.current(table["code_insee"])
    changed = current != table["code_insee"]
    unknown = ~current.map(lambda code: code in codes.names).astype(bool)
    file = str(table["fichier"].iloc[0]) if len(table) else ""
    anomalies = [
        *tell_shared(table[["code_insee", "nom"]], codes, file=file),
        *_tell(
            table[changed],
            "commune-fusionnee",
            Action.REPAIRED,
            "contour réuni à celui de la commune actuelle",
        ),
        *_tell(
            table[unknown],
            "code-commune-inconnu",
            Action.NOTED,
            "code absent du Code officiel géographique fourni",
        ),
    ]
    if not changed.any():
        return table, anomalies
    grown = current.isin(set(current[changed]))
    names = current.map(codes.names)
    joined = (
        table.assign(code_insee=current, nom=names.fillna(table["nom"]))[grown]
        .dissolve(by="code_insee", aggfunc="first")
        .reset_index()
    )
    return pd.concat([table[~grown], joined], ignore_index=True), anomalies


def _tell(rows: pd.DataFrame, code: str, action: Action, message: str) -> list[Anomaly]:
    told = pd.DataFrame(rows.drop(columns="geometry")).assign(
        identifiant=rows["code_insee"], departement=rows["code_insee"].map(departement_of)
    )
    return note(told, code, action, message)
