"""The official lists of Maisons (France Services), as published in 2020, 2022 and 2024."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.positions import read_positions
from msap_geo.loaders.tabular import LINE, normalise, pick_columns, read_text_table
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FIXED_KINDS = ("Fixe", "Multisites", "Antenne")
"""Kinds of Maison that stand where the list says: the others move, their address is a garage."""

ITINERANT_KINDS = ("Bus", "Itinérante")

_REQUIRED = {
    "departement": ("insee_dep",),
    "nom": ("lib_fs", "lib_france_services"),
    "adresse": ("adresse",),
    "code_postal": ("code_postal",),
    "commune": ("lib_com",),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long"),
}
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
_OPTIONAL = {
    "site_id": ("id_fs",),
    "code_insee": ("insee_com",),
    "code_geocode": ("result_citycode",),
    "type_fs": ("type_fs",),
    "format_fs": ("format_fs",),
    "itinerance": ("itinerance",),
    "groupe": ("groupe_fs", "groupe"),
    "structure": ("type_structure",),
    "labellisation": ("labellisation_fs", "labellisation"),
    **{f"h_{day}": (f"h_{day}",) for day in _DAYS},
}
_CLOSED = {"", "-", "fermé", "fermée", "ferme", "00:00 - 00:00"}


def load_maisons(path: Path) -> Loaded[gpd.GeoDataFrame]:
    """Load a France Services list.

    Parameters
    ----------
    path
        CSV of the list of January 2020, December 2022 or August 2024 (recognised by its columns).

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84, with ``genre`` among *Fixe,
        Multisites, Antenne, Bus, Itinérante*, ``labellisation`` (date, null when not given) and
        ``horaires`` (text). Rows without a believable position keep their place with a null
        geometry: :func:`msap_geo.loaders.attach_to_communes` finds them their town hall.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent or is not such a list.
    """
    raw = pick_columns(read_text_table(path), path, required=_REQUIRED, optional=_OPTIONAL)
    rows_read = len(raw)
    readable = raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    raw["departement"] = (
        raw["code_insee"]
        .map(departement_of)
        .where(readable, raw["departement"].str.upper().str.zfill(2))
    )
    raw, anomalies = _mend_texts(raw, path.name)
    raw["identifiant"] = _identifiers(raw)
    raw, repeated = _drop_repeated(raw, path.name)
    raw, codes = _codes(raw, path.name)
    geometry, moved = read_positions(raw, file=path.name)
    table = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": [_kind(*row) for row in _rows(raw, _KIND_COLUMNS)],
            "code_insee": raw["code_insee"],
            "departement": raw["departement"],
            "commune": raw["commune"],
            "code_postal": raw["code_postal"],
            "adresse": raw["adresse"],
            "structure": raw["structure"],
            "horaires": [_hours(row) for row in _rows(raw, [f"h_{day}" for day in _DAYS])],
            "labellisation": pd.to_datetime(
                raw["labellisation"].str.extract(r"(\d{2}/\d{2}/\d{4})")[0],
                format="%d/%m/%Y",
                errors="coerce",
            ),
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    ).reset_index(drop=True)
    told = {a.line for a in codes if a.code == "geocodage-ailleurs"}
    moved = [a for a in moved if a.line not in told]
    anomalies = [*anomalies, *repeated, *codes, *moved]
    return Loaded(schemas.check(table, schemas.SITES, where=str(path)), rows_read, tuple(anomalies))


def _mend_texts(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Undo UTF-8 read as Windows-1252 (``Trie-ChÃ¢teau``), which the 2022 list holds."""
    mended = raw["nom"].map(_undo_mojibake)
    changed = mended != raw["nom"]
    told = raw.assign(identifiant=raw["site_id"], nom=mended, lu=raw["nom"])
    anomalies = note(
        told[changed], "accents-abimes", Action.REPAIRED, "accents abîmés (« {lu} »)", file=file
    )
    return raw.assign(nom=mended, commune=raw["commune"].map(_undo_mojibake)), anomalies


def _undo_mojibake(text: str) -> str:
    if "Ã" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _identifiers(raw: pd.DataFrame) -> pd.Series:
    """Return the list's own identifier, else one made of département and name (2020)."""
    made = raw["departement"] + "-" + raw["nom"].map(normalise).str.replace("_", "-")
    rank = made.groupby(made).cumcount() + 1
    made = made.where(rank == 1, made + "-" + rank.astype(str))
    return raw["site_id"].where(raw["site_id"] != "", made)


def _drop_repeated(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    repeated = raw["identifiant"].duplicated(keep="first")
    anomalies = note(
        raw[repeated], "doublon", Action.LEFT_OUT, "identifiant déjà donné plus haut", file=file
    )
    return raw[~repeated].copy(), anomalies


def _codes(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Settle the commune code: the declared one, else the geocoder's where it is believable.

    The list of 2020 declares none; its geocoder sent Vico (2A) to Saint-Étienne (42218). An answer
    in another département is therefore refused together with its coordinates.
    """
    declared = raw["code_insee"].where(raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN))
    bad = (raw["code_insee"] != "") & declared.isna()
    geocoded = raw["code_geocode"].where(raw["code_geocode"].str.fullmatch(INSEE_CODE_PATTERN))
    elsewhere = (
        declared.isna()
        & geocoded.notna()
        & (geocoded.map(departement_of, na_action="ignore") != raw["departement"])
    )
    anomalies = [
        *note(
            raw[bad],
            "code-commune-invalide",
            Action.NOTED,
            "code de commune « {code_insee} » illisible",
            file=file,
        ),
        *note(
            raw[elsewhere],
            "geocodage-ailleurs",
            Action.NOTED,
            "géocodé dans un autre département ({code_geocode}), position ignorée",
            file=file,
        ),
    ]
    settled = raw.assign(code_insee=declared.fillna(geocoded.where(~elsewhere)))
    settled.loc[elsewhere, ["latitude", "longitude"]] = ""
    return settled, anomalies


def _rows(raw: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(raw[name].tolist() for name in columns), strict=True)


_KIND_COLUMNS = ("format_fs", "type_fs", "itinerance", "nom")


def _kind(form: str, rank: str, itinerance: str, name: str) -> str:
    """Return the kind of Maison, whatever the year's vocabulary."""
    form = normalise(form)
    if itinerance == "Oui" or form.startswith(("bus", "itinerante")):
        is_bus = form.startswith("bus") or "bus" in normalise(name).split("_")
        return "Bus" if is_bus else "Itinérante"
    if "antenne" in (normalise(rank), form):
        return "Antenne"
    return "Multisites" if form == "multisites" else "Fixe"


def _hours(week: tuple[str, ...]) -> str:
    """Return the weekly hours as one readable line, closed days left out."""
    days = zip(_DAYS, week, strict=True)
    return " ; ".join(f"{day} {hours}" for day, hours in days if hours.lower() not in _CLOSED)
