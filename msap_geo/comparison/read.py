"""A study folder read back: what ``lancer`` wrote, checked before anything is compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from msap_geo import coverage, french, outputs, place_names, schemas
from msap_geo.comparison.seals import LAYERS, changed_since
from msap_geo.comparison.side import Side
from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    UnreadableFileError,
)
from msap_geo.tabular import read_json_text, unguarded, vector_file

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "manifest.json", "resume.json", "acces.csv", "candidats.csv", "zones_blanches.geojson",
    "etude.gpkg",
)  # fmt: skip
"""What a folder must hold; its map is not read."""

_ROUNDED_MIN = 0.1
"""Minutes two files of one study may differ by: each rounds its own."""

_AGAIN = "relancer cette étude avec msap-geo lancer"
_ACCESS = ("code_insee", "nom", "population", "site_id", "site_nom", "minutes", "km", "raison")
_CANDIDATES = ("rang", "site_id", "nom", "code_insee", "population_gagnee")


def read_folder(folder: Path) -> Side:
    """Read back the folder of a study.

    Folders of earlier versions are read as long as they hold what is compared; what they lack
    besides (a layer nobody compares, a later key of the manifest) is of no consequence.

    Parameters
    ----------
    folder
        Folder written by ``msap-geo lancer``.

    Returns
    -------
    Side
        Its tables, checked, and consistent with one another.

    Raises
    ------
    FileMissingError
        If the folder, or a file of it, is absent.
    DataError
        If a file cannot be read, lacks a column, contradicts another one, or is no longer the one
        the study wrote.
    OutputError
        If a run was killed while it replaced the files, and they cannot be put in their place.
    """
    outputs.finish_interrupted(folder)
    _present(folder)
    manifest = _json(folder / "manifest.json", ("parametres", "entrees"))
    summary = _json(folder / "resume.json", ("etude", "population", "seuils"))
    _asked(manifest, folder / "manifest.json")
    access = _access(folder / "acces.csv")
    communes = _communes(folder / "etude.gpkg", access)
    groups = [name for name in schemas.GROUPS if name in communes.columns]
    read = Side(
        where=str(folder),
        manifest=manifest,
        summary=summary,
        access=access.assign(**{name: communes[name].astype(float) for name in groups}),
        communes=communes,
        maisons=schemas.check(
            _untyped(_layer(folder / "etude.gpkg", "maisons")), schemas.SITES, where=str(folder)
        ),
        zones=_zones(folder, communes),
        candidates=_candidates(folder / "candidats.csv"),
    )
    _agree(read, folder)
    # What a check above can say of a file is more precise than that it was changed.
    return replace(read, redrawn=LAYERS in changed_since(manifest, FILES, folder))


def _present(folder: Path) -> None:
    if folder.is_file():
        raise FileMissingError(
            "un dossier d'étude est attendu, et c'est un fichier",
            where=folder,
            remedy="donner le dossier écrit par msap-geo lancer (option --sortie)",
        )
    if not folder.is_dir():
        raise FileMissingError(
            "dossier introuvable",
            where=folder,
            remedy="donner le dossier écrit par msap-geo lancer (option --sortie)",
        )
    absent = [name for name in FILES if not (folder / name).is_file()]
    if "manifest.json" in absent:
        raise FileMissingError(
            "ce n'est pas un dossier d'étude : manifest.json n'y est pas",
            where=folder,
            remedy="donner le dossier écrit par msap-geo lancer (option --sortie)",
        )
    if absent:
        raise FileMissingError(
            f"le dossier est incomplet, il manque : {', '.join(absent)}",
            where=folder,
            remedy=_AGAIN,
        )


def _json(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        content = read_json_text(path.read_text(encoding="utf-8-sig"), path, remedy=_AGAIN)
    except (UnicodeDecodeError, OSError) as error:
        raise UnreadableFileError(
            "le fichier ne peut pas être lu", where=path, remedy=_AGAIN
        ) from error
    absent = [key for key in keys if not isinstance(content, dict) or key not in content]
    if absent:
        raise DataError(f"clés absentes : {', '.join(absent)}", where=path, remedy=_AGAIN)
    return dict(content)


def _asked(manifest: dict[str, Any], path: Path) -> None:
    """Check the two keys of the study that nothing can do without, and the forms of the others."""
    try:
        asked = manifest["parametres"]["etude"]
        coverage.check_thresholds(asked["seuils_minutes"])
        roads, told = (each.get(key, {}) for each, key in (
            (manifest["parametres"], "reseau"), (manifest, "scenario"),
        ))  # fmt: skip
        named = [*roads.get("modifications", ()), *told.get("ouvertures", ())]
        named += told.get("fermetures", ())
        known = (
            all(isinstance(code, str) for code in asked["departements"])
            and bool(list(asked["departements"]))
            and all(isinstance(entry["role"], str) for entry in manifest["entrees"])
            and all(isinstance(manifest.get(key, {}), dict) for key in _OBJECTS)
            and all("nom" in each for each in named)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise DataError(
            "le manifeste ne dit pas le territoire, les seuils ou les entrées de l'étude",
            where=path,
            remedy=_AGAIN,
        )


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        raise UnreadableFileError(
            "la table ne peut pas être lue (CSV en UTF-8, séparé par des virgules)",
            where=path,
            remedy=_AGAIN,
        ) from error
    # We end every line; a row that lacks its last fields reads them as null, empty ones as "".
    if table.isna().to_numpy().any() or not path.read_bytes().endswith(b"\n"):
        raise UnreadableFileError("la table est coupée", where=path, remedy=_AGAIN)
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise MissingColumnError(
            f"colonnes absentes : {', '.join(absent)}", where=path, remedy=_AGAIN
        )
    return unguarded(table)


def _numbers(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """Return a column as numbers, null where empty."""
    written = table[column].str.strip()
    values = pd.to_numeric(written, errors="coerce")
    wrong = values.isna() & (written != "")
    if wrong.any():
        line = int(wrong.to_numpy().argmax())
        raise DataError(
            f"un nombre est attendu, et non « {written.iloc[line]} »",
            where=f"{path}, ligne {line + 2}, colonne {column}",
            remedy="ne pas enregistrer cette table avec un tableur, ou " + _AGAIN,
        )
    return values.astype(float)


def _access(path: Path) -> pd.DataFrame:
    table = _table(path, _ACCESS)
    people = _numbers(table, "population", path)
    if people.isna().any() or (people % 1 != 0).any():
        raise DataError(
            "la population doit être un nombre entier d'habitants",
            where=f"{path}, colonne population",
            remedy=_AGAIN,
        )
    minutes = _numbers(table, "minutes", path)
    read = pd.DataFrame(
        {
            "code_insee": table["code_insee"].astype(object),
            "nom": table["nom"].astype(object),
            "population": people.astype("int64"),
            "site_id": table["site_id"].where(table["site_id"] != "", None).astype(object),
            "site_nom": table["site_nom"].where(table["site_nom"] != "", None).astype(object),
            "minutes": minutes,
            "km": _numbers(table, "km", path),
            # Classes are made anew, from the thresholds compared.
            "palier": "",
            "raison": table["raison"].astype(object),
        }
    )
    return schemas.check(read, schemas.ACCESS, where=str(path))


def _layer(path: Path, name: str) -> gpd.GeoDataFrame:
    try:
        base = vector_file(path)
        if name not in [layer for layer, _ in base.layers()]:
            raise DataError(f"la couche « {name} » n'y est pas", where=path, remedy=_AGAIN)
        table = base.read(name)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        raise UnreadableFileError(
            "ce n'est pas un GeoPackage lisible", where=path, remedy=_AGAIN
        ) from error
    if not isinstance(table, gpd.GeoDataFrame) or table.crs is None:
        raise DataError(
            f"la couche « {name} » n'a pas de géométrie projetée", where=path, remedy=_AGAIN
        )
    return table


def _candidates_drawn(path: Path) -> set[str] | None:
    """Return the offices the layer of candidates draws; none where there is no such layer."""
    if "candidats" not in [layer for layer, _ in vector_file(path).layers()]:
        return None
    return set(_layer(path, "candidats")["site_id"].astype(str))


def _untyped(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take the numbers' type away from what is unknown everywhere: a file keeps none for it."""
    empty = [name for name in sites.columns if name != "geometry" and sites[name].isna().all()]
    unknown = pd.Series(None, index=sites.index, dtype=object)
    return sites.assign(**dict.fromkeys(empty, unknown))


def _communes(path: Path, access: pd.DataFrame) -> gpd.GeoDataFrame:
    table = _layer(path, "communes")
    schemas.check(table, schemas.COMMUNES, where=f"{path}, couche communes")
    if sorted(table["code_insee"]) != sorted(access["code_insee"]):
        raise DataError(
            "acces.csv et etude.gpkg n'ont pas les mêmes communes : deux études y sont mêlées",
            where=path.parent,
            remedy=_AGAIN,
        )
    ordered = table.set_index("code_insee", drop=False).loc[access["code_insee"]]
    return ordered.reset_index(drop=True)


def _zones(folder: Path, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read the zones blanches where their communes are lists, with the outlines of the layer."""
    path = folder / "zones_blanches.geojson"
    features = _json(path, ("features",))["features"]
    names = communes.set_index("code_insee")["nom"]
    try:
        rows = [feature["properties"] for feature in features]
        listed = pd.DataFrame(
            {
                "zone_id": [str(row["zone_id"]) for row in rows],
                "rang": [int(row["rang"]) for row in rows],
                "nom": [_zone_name(str(row["zone_id"]), names) for row in rows],
                "communes": [[str(code) for code in row["communes"]] for row in rows],
                "population": [int(row["population"]) for row in rows],
                "minutes_max": [row.get("minutes_max") for row in rows],
                "site_nom": [row.get("site_nom") for row in rows],
            }
        ).astype({"zone_id": object, "rang": "int64", "population": "int64", "minutes_max": float})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            "une zone blanche n'a pas son identifiant, ses communes ou sa population",
            where=path,
            remedy=_AGAIN,
        ) from error
    outlines = _layer(folder / "etude.gpkg", "zones_blanches").set_index("zone_id").geometry
    listed["geometry"] = outlines.reindex(listed["zone_id"]).to_numpy()
    return gpd.GeoDataFrame(listed, geometry="geometry", crs=communes.crs)


def _zone_name(zone_id: str, names: pd.Series) -> str:
    """Return the name of a zone, which folders written before it had one do not hold."""
    code = zone_id.removeprefix("ZB-")
    return place_names.around(str(names.get(code, code)))


def _candidates(path: Path) -> pd.DataFrame:
    table = _table(path, _CANDIDATES)
    numbers = {name: _numbers(table, name, path) for name in ("rang", "population_gagnee")}
    if any(values.isna().any() for values in numbers.values()):
        raise DataError("un candidat n'a pas de rang ou de gain", where=path, remedy=_AGAIN)
    return table.assign(**{name: values.astype("int64") for name, values in numbers.items()})


_OBJECTS = ("logiciel", "profil", "scenario", "citation", "parametres", "sorties")


def _thresholds_told(summary: dict[str, Any], path: Path) -> dict[str, Any]:
    told = summary["seuils"]
    if not isinstance(told, dict) or not all(isinstance(each, dict) for each in told.values()):
        raise DataError("les seuils ne sont pas lisibles", where=path, remedy=_AGAIN)
    return told


def _agree(read: Side, folder: Path) -> None:
    """Refuse a folder whose files tell different studies."""
    seuils = _thresholds_told(read.summary, folder / "resume.json")
    wrong = []
    ours = read.access["minutes"].to_numpy(dtype=float)
    theirs = read.communes.get("minutes", read.access["minutes"]).to_numpy(dtype=float)
    if not np.allclose(ours, theirs, atol=_ROUNDED_MIN, rtol=0, equal_nan=True):
        wrong.append("les minutes d'etude.gpkg ne sont pas celles d'acces.csv")
    drawn = _candidates_drawn(folder / "etude.gpkg")
    if drawn is not None and drawn != set(read.candidates["site_id"]):
        wrong.append("les bureaux d'etude.gpkg ne sont pas ceux de candidats.csv")
    if read.summary["population"] != int(read.access["population"].sum()):
        wrong.append("la population de resume.json n'est pas celle d'acces.csv")
    if int(read.communes["population"].sum()) != int(read.access["population"].sum()):
        wrong.append("la population d'etude.gpkg n'est pas celle d'acces.csv")
    for threshold in read.thresholds:
        told = seuils.get(f"{threshold:g}", {}).get("population_au_dela")
        beyond = coverage.is_beyond(read.access, threshold)
        people = int(read.access.loc[beyond, "population"].sum())
        if told != people:
            wrong.append(
                f"resume.json compte {told} habitants au-delà de {french.short(threshold)} min, "
                "acces.csv "
                f"{people}"
            )
        if threshold == read.thresholds[0]:
            inside = {code for codes in read.zones["communes"] for code in codes}
            if inside != set(read.access.loc[beyond, "code_insee"]):
                wrong.append("les zones de zones_blanches.geojson ne sont pas celles d'acces.csv")
    if wrong:
        raise DataError(
            "les fichiers du dossier ne se correspondent pas : " + " ; ".join(wrong),
            where=read.where,
            remedy=_AGAIN,
        )
