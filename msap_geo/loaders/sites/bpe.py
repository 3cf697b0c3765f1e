"""Any service of INSEE's *Base permanente des équipements* (BPE), by its type of equipment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files
from msap_geo.loaders.sites.layers import is_layer, read_layer_table
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.tabular import (
    LINE,
    normalise,
    parquet_faults,
    pick_columns,
    read_text_table,
    require_file,
    to_number,
    twinned_names,
)
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of, region_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

_REQUIRED = {"type": ("typequ",), "code_insee": ("depcom", "codgeo", "code_insee")}
_OPTIONAL = {
    "nom": ("nomrs", "nom"),
    "commune": ("libcom", "lib_com", "libelle_commune"),
    "precision": ("qualite_xy", "qualite_geoloc"),
    "longitude": ("longitude",),
    "latitude": ("latitude",),
    "x": ("lambert_x",),
    "y": ("lambert_y",),
}
_PARQUET = {".parquet", ".geoparquet"}


@of_files
def load_bpe(path: Path, types: Mapping[str, str]) -> Loaded[gpd.GeoDataFrame]:
    """Load the equipments of some types.

    Parameters
    ----------
    path
        BPE *ensemble* as published: CSV or Parquet with ``TYPEQU``, ``DEPCOM`` and either
        ``LONGITUDE, LATITUDE`` (degrees) or ``LAMBERT_X, LAMBERT_Y`` (metres in the legal
        projection of the département); or a layer of points.
    types
        What each ``TYPEQU`` is to be called: ``{"A206": "Bureau de Poste"}``.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84; ``site_id`` is type, commune and
        rank; ``precision`` is INSEE's (``QUALITE_XY``). ``rows_read`` counts these types only.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read or lacks its columns.
    DataError
        If it holds none of these types.
    """
    raw = pick_columns(_read(path, types), path, required=_REQUIRED, optional=_OPTIONAL)
    raw = raw[raw["type"].isin(list(types))].reset_index(drop=True)
    if raw.empty:
        raise DataError(
            f"« {path.name} » ne contient aucun équipement de type {', '.join(types)}",
            where=path,
            remedy="vérifier les codes TYPEQU dans la documentation de la BPE de cette année",
        )
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    raw["departement"] = raw["code_insee"].map(departement_of)
    rank = raw.groupby(["type", "code_insee"]).cumcount() + 1
    genre = raw["type"].map(dict(types))
    raw["identifiant"] = raw["type"] + "-" + raw["code_insee"] + "-" + rank.astype(str)
    raw["nom"] = raw["nom"].where(raw["nom"] != "", genre + " (" + raw["code_insee"] + ")")
    anomalies = note(
        raw[malformed],
        "code-commune-invalide",
        Action.NOTED,
        "code « {code_insee} » mal formé",
        file=path.name,
    )
    raw = _in_degrees(raw)
    geometry, moved = read_positions(raw, file=path.name)
    table = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": genre,
            "code_insee": raw["code_insee"].where(~malformed).astype(object),
            "departement": raw["departement"],
            "commune": raw["commune"],
            "precision": raw["precision"],
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    )
    return Loaded(
        schemas.check(table, schemas.SITES, where=str(path)), len(raw), (*anomalies, *moved)
    )


def _read(path: Path, types: Mapping[str, str]) -> pd.DataFrame:
    """Read the columns of use, and of a Parquet file only the rows of use."""
    if path.suffix.lower() not in _PARQUET:
        return read_layer_table(path) if is_layer(path) else read_text_table(path)
    # A tenth of a second that only this form of this file should cost.
    from pyarrow import parquet  # noqa: PLC0415

    require_file(path)
    known = {name for names in (*_REQUIRED.values(), *_OPTIONAL.values()) for name in names}
    with parquet_faults(path):
        names = parquet.read_schema(path).names
        wanted = [name for name in names if normalise(name) in known]
        normal = {normalise(name) for name in wanted}
        if not {"longitude", "lambert_x"} & normal and "geometry" in names:
            return read_layer_table(path)
        kind = next((name for name in wanted if normalise(name) == "typequ"), None)
        rows = None if kind is None else [(kind, "in", list(types))]
        read = parquet.read_table(path, columns=wanted, filters=rows)
        # What pandas wrote beside the columns is of no use, and may be damaged.
        table = read.to_pandas(ignore_metadata=True)
    table.columns = twinned_names([normalise(str(name)) for name in table.columns])
    text = table.astype(object).where(table.notna(), "").astype(str)
    text.insert(0, LINE, range(1, len(text) + 1))
    return text


def _in_degrees(raw: pd.DataFrame) -> pd.DataFrame:
    """Give longitude and latitude to rows that have metres only."""
    x, y = to_number(raw["x"]), to_number(raw["y"])
    metric = (raw["longitude"] == "") & x.notna() & y.notna()
    longitude, latitude = raw["longitude"].copy(), raw["latitude"].copy()
    epsg = raw["departement"].map({code: region_of(code).epsg for code in set(raw["departement"])})
    for projection in sorted(epsg[metric].unique()):
        rows = metric & (epsg == projection)
        to_degrees = pyproj.Transformer.from_crs(int(projection), WGS84, always_xy=True)
        lon, lat = to_degrees.transform(x[rows].to_numpy(), y[rows].to_numpy())
        longitude[rows] = np.round(lon, 7).astype(str)
        latitude[rows] = np.round(lat, 7).astype(str)
    return raw.assign(longitude=longitude, latitude=latitude)
