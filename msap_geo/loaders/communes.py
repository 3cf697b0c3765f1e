"""Commune boundaries: GeoJSON, GeoParquet and whatever GDAL reads, one or several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, MsapGeoError, UnreadableFileError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.tabular import LINE, normalise, pick_columns, read_text, require_file
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

    from msap_geo.loaders.cog import CommuneCodes

_COLUMNS = {
    "code_insee": ("code", "insee_com", "code_insee", "codgeo", "insee"),
    "nom": ("nom", "nom_com", "libgeo", "name"),
}
_PARQUET = {".parquet", ".geoparquet"}
_JSON = {".geojson", ".json"}


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
    if wanted is not None:
        # After the codes are brought to date: a merged commune may have changed département.
        table = table[table["code_insee"].map(departement_of).isin(wanted)]
    _refuse_incomplete(table, wanted, paths)
    columns = ["code_insee", "nom", "geometry"]
    table = table[columns].sort_values("code_insee", ignore_index=True)
    return Loaded(schemas.check(table, schemas.BOUNDARIES), rows_read, tuple(anomalies))


def _refuse_incomplete(
    table: gpd.GeoDataFrame, wanted: set[str] | None, paths: Sequence[Path]
) -> None:
    where = ", ".join(str(path) for path in paths)
    missing = (wanted or set()) - set(table["code_insee"].map(departement_of))
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
    suffix = path.suffix.lower()
    if suffix in _JSON:
        read_text(path)  # refuses web pages and archives with a message of ours
    else:
        require_file(path)
    try:
        table = gpd.read_parquet(path) if suffix in _PARQUET else _read_layer(path)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.GEOSException,
        ValueError,
        OSError,
    ) as e:
        if isinstance(e, MsapGeoError):
            raise
        raise UnreadableFileError(
            f"« {path.name} » n'est pas une couche de communes lisible",
            where=path,
            remedy="fournir un GeoJSON, un GeoParquet ou un GeoPackage avec code et nom",
        ) from e
    if not isinstance(table, gpd.GeoDataFrame):
        raise DataError(f"« {path.name} » n'a pas de géométrie", where=path)
    if table.crs is None:
        raise DataError(
            f"« {path.name} » ne dit pas dans quelle projection il est",
            where=path,
            remedy="le réenregistrer avec son système de coordonnées (.prj)",
        )
    geometry = table.geometry.to_crs(WGS84)
    attributes = pd.DataFrame(table.drop(columns=table.geometry.name))
    attributes.columns = [normalise(str(name)) for name in attributes.columns]
    attributes.insert(0, LINE, range(1, len(attributes) + 1))
    picked = pick_columns(attributes, path, required=_COLUMNS)
    picked["code_insee"] = picked["code_insee"].fillna("").astype(str).str.strip()
    picked["nom"] = picked["nom"].fillna("").astype(str).str.strip()
    return gpd.GeoDataFrame(picked, geometry=geometry.to_numpy(), crs=WGS84)


def _read_layer(path: Path) -> gpd.GeoDataFrame:
    """Read the layer of a file that has the columns of communes; rings not closed are closed."""
    names = [name for name, _ in pyogrio.list_layers(path)]
    fitting = [name for name in names if _fits(path, name)] if len(names) > 1 else names
    if len(fitting) != 1:
        raise DataError(
            f"« {path.name} » contient plusieurs couches : {', '.join(names)}",
            where=path,
            remedy="ne garder que celle des communes (code et nom)",
        )
    return gpd.read_file(path, layer=fitting[0], on_invalid="fix")


def _fits(path: Path, layer: str) -> bool:
    fields = {normalise(str(name)) for name in pyogrio.read_info(path, layer=layer)["fields"]}
    return all(fields & set(spellings) for spellings in _COLUMNS.values())


def _clean(raw: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    table = raw.assign(fichier=file)
    malformed = ~table["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    table.loc[table.geometry.is_empty, "geometry"] = None
    absent = table.geometry.isna()
    table, misplaced = _put_in_place(table)
    invalid = table.geometry.notna() & ~table.geometry.is_valid
    table.loc[invalid, "geometry"] = _areas_of(table.geometry[invalid].make_valid())
    anomalies = [
        *misplaced,
        *_tell(table[malformed], "code-commune-invalide", Action.LEFT_OUT, "code mal formé"),
        *_tell(table[absent], "commune-sans-contour", Action.NOTED, "sans contour"),
        *_tell(table[invalid], "contour-invalide", Action.REPAIRED, "contour invalide réparé"),
    ]
    return table[~malformed], anomalies


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
    departements = table["code_insee"].map(departement_of)
    known = (departements.isin(list(DEPARTEMENTS)) & table.geometry.notna()).to_numpy()
    regions = [region_of(code) for code in departements]
    west, south, east, north = (
        np.array([(r.west, r.south, r.east, r.north) for r in regions]).reshape(-1, 4).T
    )
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
    return table.set_geometry(gpd.GeoSeries(geometry, index=table.index, crs=WGS84)), anomalies


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
    anomalies = [
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
