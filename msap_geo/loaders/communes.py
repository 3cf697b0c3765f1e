"""Commune boundaries: GeoJSON, GeoParquet and whatever GDAL reads, one or several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, UnreadableFileError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.tabular import LINE, normalise, pick_columns, read_text, require_file
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

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
        If no commune is left for the départements asked for.
    """
    wanted = None if departements is None else set(departements)
    tables, anomalies, rows_read = [], [], 0
    for path in paths:
        raw = _read(path)
        rows_read += len(raw)
        if wanted is not None:
            raw = raw[raw["code_insee"].map(departement_of).isin(wanted)]
        kept, noticed = _clean(raw, path.name)
        tables.append(kept)
        anomalies += noticed
    table = pd.concat(tables, ignore_index=True)
    table, repeated = _drop_repeated(table)
    anomalies += repeated
    if codes is not None:
        table, merged = _merge(table, codes)
        anomalies += merged
    if table.empty:
        files = ", ".join(path.name for path in paths)
        raise DataError(
            f"aucune commune des départements {', '.join(sorted(wanted or ()))} dans {files}",
            where=", ".join(str(path) for path in paths),
            remedy="vérifier la liste departements et les fichiers de contours",
        )
    columns = ["code_insee", "nom", "geometry"]
    table = table[columns].sort_values("code_insee", ignore_index=True)
    return Loaded(schemas.check(table, schemas.BOUNDARIES), rows_read, tuple(anomalies))


def _read(path: Path) -> gpd.GeoDataFrame:
    suffix = path.suffix.lower()
    if suffix in _JSON:
        read_text(path)  # refuses web pages and archives with a message of ours
    else:
        require_file(path)
    try:
        table = gpd.read_parquet(path) if suffix in _PARQUET else gpd.read_file(path)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        ValueError,
        OSError,
    ) as e:
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
    picked["code_insee"] = picked["code_insee"].astype(str).str.strip()
    picked["nom"] = picked["nom"].fillna("").astype(str).str.strip()
    return gpd.GeoDataFrame(picked, geometry=geometry.to_numpy(), crs=WGS84)


def _clean(raw: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    table = raw.copy()
    malformed = ~table["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    absent = table.geometry.isna() | table.geometry.is_empty
    table.loc[absent, "geometry"] = None
    invalid = ~absent & ~table.geometry.is_valid
    table.loc[invalid, "geometry"] = _areas_of(table.geometry[invalid].make_valid())
    table["fichier"] = file
    anomalies = [
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


def _drop_repeated(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    repeated = table["code_insee"].duplicated(keep="first")
    anomalies = _tell(table[repeated], "doublon", Action.LEFT_OUT, "commune déjà donnée plus haut")
    return table[~repeated], anomalies


def _merge(table: gpd.GeoDataFrame, codes: CommuneCodes) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    current = codes.current(table["code_insee"])
    changed = current != table["code_insee"]
    unknown = ~current.isin(set(codes.names))
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
