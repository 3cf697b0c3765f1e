"""A study held against INSEE's own times, and why they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage, loaders
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from msap_geo.study.result import StudyResult

INSEE_ROADS = "OpenStreetMap du 25/02/2022, OSRM 5.26, profil car.lua"


def insee_tables(result: StudyResult) -> dict[str, pd.DataFrame]:
    """Return what INSEE finds beside what the study does.

    Parameters
    ----------
    result
        The study.

    Returns
    -------
    dict of DataFrame
        ``insee_departements``: a row per département and threshold with ``part`` (whole communes),
        ``part_attendue`` (their people spread over them), ``part_insee``, and both differences in
        points. ``insee_communes``, where INSEE's cells are given: ``minutes, minutes_insee,
        ecart_minutes`` and ``part_insee_<seuil>``. Nothing without its file.

    Raises
    ------
    MsapGeoError
        If its file cannot be used.
    """
    study = result.study
    if not study.donnees.acces_insee:
        return {}
    theirs = loaders.load_insee_access(
        [study.path(path) for path in study.donnees.acces_insee],
        departements=study.departements,
        thresholds=study.thresholds,
    )
    tables = {"insee_departements": _by_departement(result, theirs.departements)}
    if theirs.communes is not None:
        tables["insee_communes"] = _by_commune(result, theirs.communes)
    return tables


def _by_departement(result: StudyResult, theirs: pd.DataFrame) -> pd.DataFrame:
    access = result.access
    people = access["population"].to_numpy(dtype=float)
    home = coverage.departements_of(access["code_insee"]).to_numpy()
    rows = []
    for found in theirs.itertuples():
        here = home == found.departement
        total = people[here].sum()
        if total == 0:
            continue
        within = people[here & ~coverage.is_beyond(access, found.seuil).to_numpy()].sum()
        expected = (people * access[f"part_{found.seuil:g}"].to_numpy(dtype=float))[here].sum()
        rows.append(
            {
                "departement": found.departement,
                "nom": DEPARTEMENTS.get(found.departement, found.departement),
                "seuil_minutes": found.seuil,
                "population": int(total),
                "part": within / total,
                "part_attendue": expected / total,
                "part_insee": found.part,
                "ecart_points": 100 * (within / total - found.part),
                "ecart_attendu_points": 100 * (expected / total - found.part),
            }
        )
    columns = [
        "departement", "nom", "seuil_minutes", "population", "part", "part_attendue", "part_insee",
        "ecart_points", "ecart_attendu_points",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).round(
        {"part": 6, "part_attendue": 6, "part_insee": 6}
        | {"ecart_points": 2, "ecart_attendu_points": 2}
    )


def _by_commune(result: StudyResult, theirs: pd.DataFrame) -> pd.DataFrame:
    ours = result.access[["code_insee", "nom", "population", "minutes"]]
    parts = {name: name.replace("part_", "part_insee_") for name in theirs if "part_" in name}
    named = theirs.drop(columns="population").rename(columns={"minutes": "minutes_insee", **parts})
    table = ours.merge(named, on="code_insee", how="left")
    table.insert(5, "ecart_minutes", table["minutes"] - table["minutes_insee"])
    decimals = dict.fromkeys(parts.values(), 6) | {"minutes_insee": 3, "ecart_minutes": 3}
    return table.round(decimals)


def spread_of(communes: pd.DataFrame) -> tuple[int, float, float]:
    """Return how many communes have both times, their median and nine-tenths difference.

    Parameters
    ----------
    communes
        Table ``insee_communes``.

    Returns
    -------
    n, median, p90
        Of the absolute difference, minutes; NaN without such communes.
    """
    away = communes["ecart_minutes"].abs().dropna().to_numpy(dtype=float)
    if not len(away):
        return 0, np.nan, np.nan
    return len(away), float(np.median(away)), float(np.quantile(away, 0.9))


def reasons(result: StudyResult) -> list[str]:
    """Say in French, a sentence each, what makes the study differ from INSEE.

    Parameters
    ----------
    result
        The study.

    Returns
    -------
    list of str
        Starting points, list of Maisons, roads.
    """
    study = result.study
    sites = study.vintage("maisons") or "date non indiquée"
    known = study.vintage("acces_insee") or "date non indiquée"
    roads = (
        "temps estimés sans routes"
        if result.estimated
        else f"{result.profile.title}, routes : {study.vintage('reseau') or 'date non indiquée'}"
    )
    starts = (
        "L’étude part des mairies et compte des communes entières ; l’Insee part de carreaux de "
        "200 m (la part attendue répartit les habitants dans leur commune)."
    )
    return [
        starts,
        f"Maisons de l’étude : {sites} ; équipements de l’Insee : {known}.",
        f"Routes de l’étude : {roads} ; de l’Insee : {INSEE_ROADS}.",
    ]
