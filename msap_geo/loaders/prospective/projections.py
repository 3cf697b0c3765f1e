"""Projected populations: people of each zone, year and age (INSEE's Omphale, or one's own)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.prospective.effectifs import read_counts
from msap_geo.loaders.prospective.tranches import Band, between, older_than
from msap_geo.loaders.shared import of_files, once
from msap_geo.tabular import LINE

if TYPE_CHECKING:
    from pathlib import Path


@of_files
@once
def load_projections(path: Path, *, variant: str = "") -> Loaded[pd.DataFrame]:
    """Load projected populations.

    Parameters
    ----------
    path
        CSV, workbook, Parquet or zip: one row per zone, year and age band (and sex), or years or
        bands in columns; zones are départements, EPCI, any territory of the study, or communes.
    variant
        Scenario to keep, where the file has several; the central one by default.

    Returns
    -------
    Loaded
        Table of one row per zone, year and band: ``zone``, ``annee``, ``bas`` and ``haut`` (ages,
        the second excluded, infinite where open), ``population``. Bands follow each other from 0,
        the same for every zone and year.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read or lacks its columns.
    DataError
        If a year or a figure is absent or negative, or bands do not reach from 0 up.
    """
    read = read_counts(path, variant=variant)
    table = read.table
    _refuse_wrong(table, path)
    table = table.assign(annee=table["annee"].astype(int))
    wide = table.pivot_table(
        index=["code", "annee"], columns=["bas", "haut"], values="effectif", aggfunc="first"
    )
    bands = [Band(int(low), float(high)) for low, high in wide.columns]
    whole = wide.notna().all(axis=0).to_numpy()
    if not whole.any():
        whole = ~whole
    ages, older = older_than(
        [band for band, kept in zip(bands, whole, strict=True) if kept],
        wide.to_numpy(dtype=float)[:, whole],
    )
    if not ages or ages[0] != 0 or np.isnan(older).any():
        raise DataError(
            f"« {path.name} » : les tranches d'âge ne se suivent pas depuis 0 an, ou manquent "
            f"pour un territoire ({', '.join(band.label for band in bands)})",
            where=path,
            remedy="donner à chaque territoire et à chaque année les mêmes tranches, de 0 an à la "
            "dernière, ouverte",
        )
    kept, people = between(ages, older)
    result = pd.DataFrame(
        {
            "zone": np.repeat(wide.index.get_level_values(0).to_numpy(dtype=object), len(kept)),
            "annee": np.repeat(wide.index.get_level_values(1).to_numpy(dtype=int), len(kept)),
            "bas": np.tile([band.low for band in kept], len(wide)),
            "haut": np.tile([float(band.high) for band in kept], len(wide)),
            "population": people.ravel(),
        }
    )
    _refuse_uneven(result, path)
    told = (
        Anomaly("projection-scenario", Action.NOTED, path.name, f"scénario lu : {read.variant}"),
    )
    return Loaded(result, read.rows_read, told if read.variant else ())


_MOST, _LEAP, _ENOUGH = 1e10, 100, 1000.0
"""People on Earth; how many times fewer no band of so many people gets from a year to another."""


def _refuse_wrong(table: pd.DataFrame, path: Path) -> None:
    undated = table["annee"].isna() | (table["annee"] % 1 != 0)
    wrong = table["effectif"].isna() | (table["effectif"] < 0)
    vast = table["effectif"] > _MOST
    groups = table.groupby(["code", "bas", "haut"])["effectif"]
    most = groups.transform("max")
    leap = (most >= _ENOUGH) & (table["effectif"] * _LEAP < most)
    for rows, problem in (
        (undated, "l'année n'est pas dite"),
        (wrong, "un effectif est absent, ou négatif"),
        (vast, "un effectif dépasse la population de la Terre"),
        (leap, f"un effectif est {_LEAP} fois plus petit qu'une autre année (1,200 se lit 1,2)"),
    ):
        if rows.any():
            row = table[rows].iloc[0]
            raise DataError(
                f"« {path.name} » : {problem} ({row['code']})",
                where=f"{path}, ligne {row[LINE]}",
                remedy="corriger le fichier : une année et un nombre d'habitants pour chaque ligne",
            )


def _refuse_uneven(table: pd.DataFrame, path: Path) -> None:
    """Refuse a zone without the years of the others: it would leave a horizon untold."""
    years = table.groupby("zone")["annee"].unique().map(set)
    every = set(table["annee"])
    lacking = years[years != every]
    if len(lacking):
        zone = str(lacking.index[0])
        missing = ", ".join(str(year) for year in sorted(every - lacking.iloc[0]))
        raise DataError(
            f"« {path.name} » : {zone} n'a pas les années des autres ({missing})",
            where=path,
            remedy="donner les mêmes années à tous les territoires",
        )
