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

from msap_geo import french
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
_NUMBERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)} | {
    "float",
    "double",
}
_HALF_MINUTES = 0.5, 120.0
_FEW = 20
"""Fewer cells may all be far."""

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
        files = dict.fromkeys(path.resolve() for path in paths)
        cells = pd.concat([_cells(path, departements, equipment) for path in files])
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
        schema = parquet.read_schema(path)
        columns = {normalise(name): name for name in schema.names}
        twins = [name for name in _CELL if sum(normalise(one) == name for one in schema.names) > 1]
        missing = [name for name in _CELL if name not in columns]
        if missing:
            raise MissingColumnError(
                f"« {path.name} » : colonnes absentes : {', '.join(missing)} (présentes : "
                f"{', '.join(columns)})",
                where=path,
                remedy="donner un fichier de l'accès aux équipements de l'Insee "
                "(donnees-AAAA-regRR.parquet)",
            )
        if twins:
            raise DataError(
                f"« {path.name} » a deux fois la colonne {', '.join(twins)}",
                where=path,
                remedy="ne garder que la bonne",
            )
        if str(schema.field(columns["typeeq_id"]).type) in _NUMBERS:
            raise DataError(
                f"« {path.name} » : la colonne typeeq_id est faite de nombres, non de types "
                f"d'équipement de l'Insee ({equipment})",
                where=path,
                remedy="donner le fichier tel que l'Insee le publie",
            )
        wanted = [columns[name] for name in _CELL]
        rows = [(columns["typeeq_id"], "==", equipment)]
        table = parquet.read_table(path, columns=wanted, filters=rows)
        # What pandas wrote beside the columns is of no use, and may be damaged.
        table = table.to_pandas(ignore_metadata=True)
    table.columns = list(_CELL)
    # A column that lacks a code may have made decimals of the others.
    codes = table["depcom"].astype(str).str.strip().str.removesuffix(".0").str.upper().str.zfill(5)
    home = codes.str[:2].where(~codes.str.startswith("97"), codes.str[:3])
    people, minutes = (_numbers(table[name]) for name in ("pop", "duree"))
    cells = pd.DataFrame(
        {"code_insee": codes, "departement": home, "population": people, "minutes": minutes}
    )
    ours = home.isin(list(departements))
    cells, told = cells[ours], table.loc[ours, "duree"].notna()
    unread = told & cells["minutes"].isna()
    if unread.any():
        raise DataError(
            f"« {path.name} » : {int(unread.sum())} durées ne sont pas des nombres "
            f"(« {table.loc[unread[unread].index[0], 'duree']} »)",
            where=path,
            remedy="laisser vides les durées inconnues, et donner le fichier tel que l'Insee le "
            "publie",
        )
    impossible = ~(cells["minutes"].fillna(0.0).between(0, np.inf, inclusive="left")) | ~(
        cells["population"].between(0, np.inf, inclusive="left")
    )
    if impossible.any():
        raise DataError(
            f"{int(impossible.sum())} carreaux ont une durée ou une population impossible",
            where=path,
            remedy="vérifier le fichier : il a peut-être été modifié",
        )
    _refuse_other_units(cells, path)
    return cells


def _numbers(column: pd.Series) -> pd.Series:
    """Return a column as numbers, whatever it was written as; what is infinite stays so."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    return to_number(column.astype(object).where(column.notna()).map(str, na_action="ignore"))


def _refuse_other_units(cells: pd.DataFrame, path: Path) -> None:
    """Refuse durations half of which no département has, in minutes: seconds or hours."""
    half = cells["minutes"].median()
    low, high = _HALF_MINUTES
    if not np.isnan(half) and not (low <= half <= high or len(cells) < _FEW):
        unit = "secondes" if half > high else "heures"
        raise DataError(
            f"« {path.name} » : les durées ressemblent à des {unit} (la moitié des carreaux est à "
            f"{'moins' if half < low else 'plus'} de {french.short(low if half < low else high)})",
            where=path,
            remedy="les donner en minutes, comme l'Insee",
        )


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
        # Of nobody, nothing is known: 0 / 0.
        total["minutes"] = total["minutes"] / total["timed"]
        total[parts] = total[parts].div(total["population"], axis=0)
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
    ours = ours.assign(dep=ours["dep"].str.strip().str.zfill(2).str.upper())
    rows = ours[ours["dep"].isin(list(departements))].drop_duplicates(["dep", *given.values()])
    if rows.empty:
        raise DataError(
            f"« {path.name} » ne dit rien de France Services dans ces départements : "
            f"{', '.join(departements)}",
            where=path,
            remedy="vérifier la source et les départements de cette table",
        )
    _refuse_impossible(rows, [given[limit] for limit in sorted(given)], path)
    parts = pd.concat(
        [
            pd.DataFrame(
                {
                    "departement": rows["dep"],
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
    parts["part"] = np.minimum(parts["part"], 1.0)
    return parts.sort_values(["departement", "seuil"]).reset_index(drop=True)


def _refuse_impossible(rows: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Refuse shares that cannot be: absent, beyond 100 %, of 1, falling with time, told twice."""
    shares = rows[list(columns)].apply(to_number)
    within = shares.ge(0) & shares.le(100 + 1e-7)
    falling = shares.diff(axis=1).lt(-1e-9).any(axis=1)
    twice = rows["dep"][rows["dep"].duplicated()]
    faults = {
        f"{int((~within).sum().sum())} parts absentes, ou qui ne sont pas entre 0 et 100 %": not (
            within.all(axis=None)
        ),
        "les parts sont toutes inférieures à 1 : elles sont sans doute données sur 1": bool(
            shares.max(axis=None) <= 1
        ),
        "des parts diminuent quand la durée augmente, dans le département "
        f"{rows['dep'][falling].min()}": falling.any(),
        f"le département {twice.min()} y est deux fois": len(twice) > 0,
    }
    fault = next((words for words, found in faults.items() if found), None)
    if fault:
        raise DataError(
            f"« {path.name} » : {fault}",
            where=path,
            remedy="donner une ligne par département, parts en %",
        )
