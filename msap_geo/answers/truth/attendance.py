"""Visits observed in Maisons: what Huff's law, an hour's capacity and saturation read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import coverage, french
from msap_geo.study.inputs import read_attendance
from msap_geo.study.ledger import Ledger

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.anomalies import Anomaly
    from msap_geo.answers.origins import Origins
    from msap_geo.study.result import StudyResult


class Attendance(NamedTuple):
    """What visits say; the usual law and no table where none is given."""

    huff: coverage.Huff
    tables: dict[str, pd.DataFrame]
    anomalies: tuple[Anomaly, ...]


def attendance_of(result: StudyResult, maisons: gpd.GeoDataFrame, origin: Origins) -> Attendance:
    """Calibrate on the visits of ``[maisons] frequentation``.

    Parameters
    ----------
    result
        The study.
    maisons
        Maisons that count, hours settled.
    origin
        Where people start from.

    Returns
    -------
    Attendance
        ``frequentation`` (a row by Maison) and ``frequentation_calage`` (one row).

    Raises
    ------
    MsapGeoError
        If the file cannot be used.
    """
    ledger = Ledger(result.study)
    matched = read_attendance(ledger, maisons)
    if matched is None:
        return Attendance(coverage.HUFF, {}, ())
    times = origin.times
    sites = pd.DataFrame(
        {
            "site_id": maisons["site_id"].to_numpy(dtype=object),
            "nom": maisons["nom"].to_numpy(dtype=object),
            "heures": coverage.weekly_supply(maisons)["heures"].to_numpy(dtype=float),
            "visites": matched["visites"].to_numpy(dtype=float),
            "semaines": matched["semaines"].to_numpy(dtype=float),
        }
    )
    sites = sites.set_index("site_id", drop=False).loc[times.site_ids].reset_index(drop=True)
    people = origin.places["population"].to_numpy(dtype=float)
    found = coverage.calibrate(
        times,
        people,
        sites["heures"].to_numpy(),
        sites["visites"].to_numpy(),
        np.nan_to_num(sites["semaines"].to_numpy()),
    )
    tables = {
        "frequentation": coverage.saturation(found, times, people, sites),
        "frequentation_calage": coverage.calibration_table(found),
    }
    return Attendance(found.law, tables, tuple(ledger.anomalies))


def attendance_in_words(table: pd.DataFrame) -> str:
    """Say what visits say, or that too few sites are observed.

    Parameters
    ----------
    table
        ``frequentation_calage`` of a diagnosis.

    Returns
    -------
    str
        One sentence in French.
    """
    row = table.iloc[0]
    sites = french.counted(int(row["nb_sites"]), "Maison")
    if row["statut"] == coverage.TOO_FEW:
        return (
            f"fréquentation : {sites} aux visites connues et à portée, trop peu pour caler le "
            f"modèle (il en faut {coverage.FEWEST}) ; la loi de Huff usuelle est gardée"
        )
    few = ", peu de sites : à prendre avec prudence" if row["statut"] == coverage.OF_FEW else ""
    doubt = (
        ", pas mieux que des visites égales partout : les bassins gardent la loi de Huff usuelle, "
        "et une Maison sans visites connues en prend autant que les autres"
        if row["statut"] == coverage.NO_BETTER
        else ""
    )
    return (
        f"fréquentation, modèle de Huff calé sur {sites}{few} : temps à la puissance "
        f"{french.short(row['exposant_temps'], 2)}, heures à la puissance "
        f"{french.short(row['exposant_taille'], 2)}, "
        f"{_visits(row['visites_par_habitant'], 2)} par habitant et par an ; R² "
        f"{french.short(row['r2'], 2)}, déviance expliquée "
        f"{french.percent(row['deviance_expliquee'], 0)}{doubt} ; une heure ouverte peut recevoir "
        f"{_visits(row['visites_par_heure'], 1)}"
    )


def _visits(value: float, decimals: int) -> str:
    """Say visits; of decimals too the French plural starts at two."""
    noun = french.agreed(_PLURAL_FROM if value >= _PLURAL_FROM else 1, "visite")
    return f"{french.short(value, decimals)} {noun}"


_PLURAL_FROM = 2
