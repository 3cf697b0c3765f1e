"""The figures of a campaign: one row per study, read from the studies' own folders."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from msap_geo.cache import plain
from msap_geo.errors import MsapGeoError, OutputError
from msap_geo.tabular import vector_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from msap_geo.campaign.state import Fault
    from msap_geo.campaign.tasks import Task

NAME = "chiffres"
"""The table's name in the dictionary, and its files'."""

_KEYS = ("dossier", "territoire", "nom", "date", "profil", "scenario", "etat")
_COUNTS = {
    "population": "population",
    "communes": "communes",
    "maisons": "maisons",
    "maisons_voisines": "maisons_voisines",
    "itinerantes": "maisons_itinerantes_non_comptees",
    "zones_blanches": "zones_blanches",
    "candidats": "candidats",
}
_BY_THRESHOLD = {
    "part": "part",
    "population": "population_couverte",
    "habitants_au_dela": "population_au_dela",
    "communes_au_dela": "communes_au_dela",
    "part_attendue": "part_attendue",
    "part_attendue_de": "part_attendue_de",
    "part_attendue_a": "part_attendue_a",
    "communes_incertaines": "communes_incertaines",
}
_EQUITY = ("gini", "palma", "minutes_pire_decile")


@dataclass(frozen=True, eq=False)
class Made:
    """A study of a campaign, as its folder tells it.

    Parameters
    ----------
    task
        What was asked.
    state
        ``"faite"``, ``"en échec"``, ``"à faire"``.
    fault
        Why it failed.
    summary
        What its ``resume.json`` holds; empty where it is not made.
    manifest
        What its ``manifest.json`` holds.
    files
        Its files.
    """

    task: Task
    state: str
    fault: Fault | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()


def read_folder(folder: Path, made: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the summary and the manifest of a study's folder.

    Parameters
    ----------
    folder
        Folder of the study.
    made
        Hash of each of its files, as its record keeps them.

    Raises
    ------
    OutputError
        If one of them cannot be read, or is no longer what the study wrote.
    """
    summary, manifest = (
        json.loads(_as_made(folder / name, made.get(name, "")))
        for name in ("resume.json", "manifest.json")
    )
    return summary, manifest


def _as_made(path: Path, sha256: str) -> bytes:
    """Return the content of a file, which is what it was when its study was made."""
    try:
        content = plain(path).read_bytes()
        problem = "a changé depuis qu'elle est faite"
    except OSError:
        content, problem = b"", "ne peut pas être lu"
    if hashlib.sha256(content).hexdigest() != sha256:
        raise OutputError(
            f"« {path.name} » d'une étude de la campagne {problem}",
            where=path,
            remedy="relancer la campagne avec --reprendre : elle refera cette étude",
        )
    return content


def figures(studies: Sequence[Made]) -> pd.DataFrame:
    """Return the figures of a campaign, one row per study, keyed by territory, date and scenario.

    Parameters
    ----------
    studies
        Its studies, in order; those that are not made have a row without figures.

    Returns
    -------
    pandas.DataFrame
        Columns as in the dictionary (``chiffres``); those of a threshold end with it.
    """
    rows = [_row(made) for made in studies]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = pd.DataFrame(rows, columns=[*_KEYS, *(name for name in columns if name not in _KEYS)])
    whole = [
        name
        for name in table.columns
        if name in _COUNTS
        or name.startswith(("population_", "habitants_", "communes_", "anomalies"))
    ]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _row(made: Made) -> dict[str, Any]:
    task, told = made.task, made.summary
    row: dict[str, Any] = {
        "dossier": task.key,
        "territoire": task.territory.key,
        "nom": task.territory.name,
        "date": task.date or None,
        "profil": task.profile or None,
        "scenario": task.scenario or None,
        "etat": made.state,
    }
    if not told:
        return row
    row |= {name: told.get(key) for name, key in _COUNTS.items()}
    for threshold, figures_ in told["seuils"].items():
        row |= {f"{name}_{threshold}": figures_.get(key) for name, key in _BY_THRESHOLD.items()}
    equity = told.get("diagnostic", {}).get("equite", {})
    row |= {name: equity[name] for name in _EQUITY if name in equity}
    row["temps_estimes"] = told["temps_estimes"]
    row["anomalies"] = len(told["anomalies"])
    return row


def together(table: pd.DataFrame) -> pd.DataFrame:
    """Return what all the territories make together, for each date, profile and scenario.

    Counts add up, shares are weighed by inhabitants; other figures of a territory are left out. A
    case that one of the territories lacks has no row.

    Parameters
    ----------
    table
        As :func:`figures` returns it.

    Returns
    -------
    pandas.DataFrame
        Columns ``date``, ``profil``, ``scenario``, and the figures.
    """
    case = ["date", "profil", "scenario"]
    if "population" not in table:
        return pd.DataFrame(columns=case)
    counts = [
        name
        for name in table.columns
        if name in _COUNTS or name.startswith(("population_", "habitants_", "communes_"))
    ]
    # Neighbours of one territory are another's own: their sum counts nobody.
    counts.remove("maisons_voisines")
    shares = [name for name in table.columns if re.fullmatch(r"part_attendue_[\d.]+", name)]
    rows = []
    for key, group in table.groupby(case, dropna=False, sort=True):
        if group["population"].isna().any() or len(group) < table["territoire"].nunique():
            continue
        people = group["population"].sum()
        row = {
            **{name: None if pd.isna(one) else one for name, one in zip(case, key, strict=True)},
            **{name: int(group[name].sum()) for name in counts},
        }
        for name in counts if people else ():
            if name.startswith("population_"):
                row[f"part_{name.removeprefix('population_')}"] = row[name] / people
        for name in shares if people else ():
            row[name] = float((group[name] * group["population"]).sum() / people)
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else case)


def outline(folder: Path) -> gpd.GeoSeries | None:
    """Return the outline of a study's territory, in its projection.

    Borders between communes vanish; those between territories stay as published.

    Returns
    -------
    geopandas.GeoSeries or None
        One outline; None where the layer cannot be read, or holds none.
    """
    try:
        communes = vector_file(folder / "etude.gpkg").read("communes")
    except (MsapGeoError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        return None
    if not isinstance(communes, gpd.GeoDataFrame):
        return None
    shapes = communes.geometry.dropna()
    if shapes.empty:
        return None
    whole = shapely.union_all(shapely.make_valid(shapes.to_numpy()))
    return gpd.GeoSeries([whole], crs=communes.crs)
