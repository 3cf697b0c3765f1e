"""INSEE's own travel times to equipments: by cell of 200 m, or as shares by département.

INSEE publishes *Données sur la localisation et l'accès de la population aux équipements*: a Parquet
file per région, a row per inhabited cell and type of equipment, with the road time to the nearest
one (OSRM 5.26, its default ``car.lua``, OpenStreetMap of 25 February 2022). Shares by département
are what others publish of it (``Source, dep, 5min … 60min``, in per cent).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.shared import of_files, once
from msap_geo.tabular import (
    normalise,
    parquet_faults,
    read_text_table,
    require_file,
    settle_twins,
    to_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FRANCE_SERVICES = "A128"
"""Type of equipment of France Services in INSEE's *Base permanente des équipements*."""

_PARQUET = {".parquet", ".geoparquet"}
_CELL = ("typeeq_id", "duree", "depcom", "pop")
_LASTS = re.compile(r"(\d+)_?min(?:utes)?")
_OURS = re.compile(r"france_?services|\ba128\b")


class InseeAccess(NamedTuple):
    """What INSEE finds.

    Parameters
    ----------
    departements
        ``departement, seuil, part``: share of the people within a threshold, from 0 to 1; a
        threshold the file does not give is absent.
    communes
        ``code_insee, population, minutes`` (mean over the people who have a time), then
        ``part_<seuil>``; none where the file has no cells.
    """

    departements: pd.DataFrame
    communes: pd.DataFrame | None


@of_files
@once
def load_insee_access(
    paths: Sequence[Path],
    *,
    departements: Sequence[str],
    thresholds: Sequence[float],
    equipment: str = FRANCE_SERVICES,
) -> InseeAccess:
    """Load INSEE's times to the nearest equipment of a type.

    Parameters
    ----------
    paths
        Parquet files of cells, or one table of shares by département; not both.
    departements
        Codes wanted; the rest of a région is passed over while it is read.
    thresholds
        Minutes.
    equipment
        Type of equipment among cells; a table of shares is read for France Services.

    Returns
    -------
    InseeAccess
        Shares by département, and by commune where there are cells.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If a file is absent, cannot be read or lacks its columns.
    DataError
        If it holds nothing of these départements, or impossible values.
    """
    if all(path.suffix.lower() in _PARQUET for path in paths):
        cells = pd.concat([_cells(path, departements, equipment) for path in paths])
        if cells.empty:
            raise DataError(
                f"aucun carreau des départements {', '.join(departements)} avec l'équipement "
                f"{equipment}",
                where=", ".join(str(path) for path in paths),
                remedy="donner le fichier de leur région, pour une année qui compte cet équipement",
            )
        return _from_cells(cells.reset_index(drop=True), thresholds)
    if len(paths) == 1:
        return InseeAccess(_shares(paths[0], departements, thresholds), None)
    raise DataError(
        "ces fichiers d'accès de l'Insee ne vont pas ensemble",
        where=", ".join(str(path) for path in paths),
        remedy="donner les Parquet des régions, ou une seule table de parts par département",
    )


def _cells(path: Path, departements: Sequence[str], equipment: str) -> pd.DataFrame:
    """Read the cells of some départements: ``code_insee, departement, population, minutes``."""
    # A tenth of a second that only this file should cost.
    from pyarrow import parquet  # noqa: PLC0415

    require_file(path)
    with parquet_faults(path):
        columns = {normalise(name): name for name in parquet.read_schema(path).names}
        missing = [name for name in _CELL if name not in columns]
        if missing:
            raise MissingColumnError(
                f"« {path.name} » : colonnes absentes : {', '.join(missing)} (présentes : "
                f"{', '.join(columns)})",
                where=path,
                remedy="donner un fichier de l'accès aux équipements de l'Insee "
                "(donnees-AAAA-regRR.parquet)",
            )
        wanted = [columns[name] for name in _CELL]
        rows = [(columns["typeeq_id"], "==", equipment)]
        table = parquet.read_table(path, columns=wanted, filters=rows)
        # What pandas wrote beside the columns is of no use, and may be damaged.
        table = table.to_pandas(ignore_metadata=True)
    table.columns = list(_CELL)
    codes = table["depcom"].astype(str).str.strip().str.zfill(5)
    home = codes.str[:2].where(~codes.str.startswith("97"), codes.str[:3])
    people, minutes = (
        pd.to_numeric(table[name], errors="coerce").astype(float) for name in ("pop", "duree")
    )
    cells = pd.DataFrame(
        {"code_insee": codes, "departement": home, "population": people, "minutes": minutes}
    )[home.isin(list(departements))]
    impossible = (cells["minutes"] < 0) | ~(cells["population"] >= 0)
    if impossible.any():
        raise DataError(
            f"{int(impossible.sum())} carreaux ont une durée ou une population impossible",
            where=path,
            remedy="vérifier le fichier : il a peut-être été modifié",
        )
    return cells


def _from_cells(cells: pd.DataFrame, thresholds: Sequence[float]) -> InseeAccess:
    people = cells["population"]
    timed = people.where(cells["minutes"].notna(), 0.0)
    sums = {
        "population": people,
        "timed": timed,
        "minutes": (timed * cells["minutes"].fillna(0.0)),
        **{f"part_{limit:g}": people.where(cells["minutes"] <= limit, 0.0) for limit in thresholds},
    }
    summed = pd.DataFrame(sums)
    parts = [f"part_{limit:g}" for limit in thresholds]

    def shared(by: pd.Series) -> pd.DataFrame:
        total = summed.groupby(by.to_numpy()).sum()
        total["minutes"] = total["minutes"] / total["timed"].where(total["timed"] > 0)
        total[parts] = total[parts].div(total["population"].where(total["population"] > 0), axis=0)
        return total.drop(columns="timed")

    wide = shared(cells["departement"])[parts]
    wide.columns = [float(limit) for limit in thresholds]
    long = wide.rename_axis("departement").reset_index()
    long = long.melt("departement", var_name="seuil", value_name="part")
    long["seuil"] = long["seuil"].astype(float)
    communes = shared(cells["code_insee"]).rename_axis("code_insee").reset_index()
    return InseeAccess(long.sort_values(["departement", "seuil"]).reset_index(drop=True), communes)


def _shares(path: Path, departements: Sequence[str], thresholds: Sequence[float]) -> pd.DataFrame:
    """Read the shares of France Services among those of a table by département."""
    table = settle_twins(read_text_table(path), path)
    given = {
        float(found[1]): name for name in table.columns if (found := _LASTS.fullmatch(str(name)))
    }
    if not {"source", "dep"} <= set(table.columns) or not given:
        raise MissingColumnError(
            f"« {path.name} » n'est pas une table de parts de population par durée d'accès "
            f"(colonnes : {', '.join(map(str, table.columns))})",
            where=path,
            remedy="donner les colonnes Source, dep, 5min, 10min…, parts en %",
        )
    ours = table[table["source"].map(lambda text: bool(_OURS.search(normalise(text))))]
    rows = ours[ours["dep"].str.zfill(2).isin(list(departements))]
    if rows.empty:
        raise DataError(
            f"« {path.name} » ne dit rien de France Services dans ces départements : "
            f"{', '.join(departements)}",
            where=path,
            remedy="vérifier la source et les départements de cette table",
        )
    parts = pd.concat(
        [
            pd.DataFrame(
                {
                    "departement": rows["dep"].str.zfill(2),
                    "seuil": float(limit),
                    "part": to_number(rows[given[limit]]) / 100,
                }
            )
            for limit in thresholds
            if limit in given
        ]
        or [pd.DataFrame({"departement": [], "seuil": [], "part": []})],
        ignore_index=True,
    )
    wrong = ~parts["part"].between(0, 1 + 1e-9)
    if wrong.any():
        raise DataError(
            f"« {path.name} » : {int(wrong.sum())} parts ne sont pas entre 0 et 100 %",
            where=path,
            remedy="vérifier que les parts sont en %",
        )
    parts["part"] = np.minimum(parts["part"], 1.0)
    return parts.sort_values(["departement", "seuil"]).reset_index(drop=True)
