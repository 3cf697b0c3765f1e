"""Checks on communes: their people, and whether their files tell of the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo import french
from msap_geo.anomalies import Action, note
from msap_geo.audit.findings import Case, finding
from msap_geo.territory import DEPARTEMENTS, departement_of

if TYPE_CHECKING:
    from collections.abc import Collection

    import geopandas as gpd

    from msap_geo.anomalies import Anomaly
    from msap_geo.audit.findings import Finding
    from msap_geo.loaders import CommuneCodes

SAME_SOURCE_GAP = 0.02
"""Gap a year or two between vintages explains in most départements (a choice of ours); where people
come faster, the years between the files deserve the warning."""

GRID_GAP = 0.10
"""The grid counts the people of fiscal households, not those of institutions: it is a few percent
below the municipal population. Beyond this gap (a choice of ours) something else is at work."""

GAPS = {"population": SAME_SOURCE_GAP, "carreaux": GRID_GAP}


def total(communes: gpd.GeoDataFrame, *, file: str) -> Finding:
    """Say how many people the study counts, by département.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    file
        File of population.

    Returns
    -------
    Finding
        The total, each département a case.
    """
    people = by_departement(communes)
    sentence = (
        f"Population du territoire : {french.people(int(people.sum()))}, "
        f"{french.counted(len(communes), 'commune')}"
    )
    cases = (Case(f"{DEPARTEMENTS[code]} : {french.people(n)}") for code, n in people.items())
    return finding("population-totale", sentence, file=file, count=len(people), cases=cases)


def by_departement(table: pd.DataFrame) -> pd.Series:
    """Return ``population`` summed by département of ``code_insee``."""
    summed: pd.Series = table.groupby(table["code_insee"].map(departement_of))["population"].sum()
    return summed


def compare_totals(
    ours: pd.Series, others: pd.Series, *, names: tuple[str, str], kind: str, file: str
) -> Finding | None:
    """Confront the population of each département in two files.

    Parameters
    ----------
    ours, others
        People by département (:func:`by_departement`).
    names
        What each of them is, in words.
    kind
        ``"population"`` for two legal populations, ``"carreaux"`` for a grid: how large a gap
        needs no explanation (:data:`GAPS`, inclusive), and what the finding says.
    file
        File of ``others``.

    Returns
    -------
    Finding or None
        A warning about the départements that differ more, else that all agree; None where the two
        files share no département.
    """
    shared = ours.index.intersection(others.index)
    if shared.empty or not ours[shared].sum():
        return None
    cases: list[Case] = []
    apart = 0
    for code in shared:
        here, there = int(ours[code]), int(others[code])
        gap = there / here - 1 if here else float(there > 0)
        too_far = round(abs(gap), 6) > GAPS[kind]
        apart += too_far
        told = Case(
            f"{DEPARTEMENTS[code]} : {french.people(here)} d'après {names[0]}, "
            f"{french.people(there)} d'après {names[1]} "
            f"({french.change(gap)})"
        )
        cases.insert(apart - 1, told) if too_far else cases.append(told)
    whole = int(others[shared].sum()) / int(ours[shared].sum()) - 1
    sentence = (
        f"{french.people(int(ours[shared].sum()))} d'après {names[0]}, "
        f"{french.people(int(others[shared].sum()))} d'après {names[1]} "
        f"({french.change(whole)})"
    )
    code = f"{kind}-ecart" if apart else f"{kind}-concordants"
    return finding(code, sentence, file=file, count=apart or len(shared), cases=cases)


def uninhabited(communes: gpd.GeoDataFrame, told: Collection[str], *, file: str) -> list[Anomaly]:
    """Tell the communes whose population is zero.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    told
        Codes of those already told for want of any population.
    file
        File of population.

    Returns
    -------
    list of Anomaly
        One per commune.
    """
    empty = communes[(communes["population"] == 0) & ~communes["code_insee"].isin(list(told))]
    rows = pd.DataFrame(empty.drop(columns="geometry")).assign(identifiant=empty["code_insee"])
    return note(rows, "commune-sans-habitant", Action.NOTED, "0 habitant", file=file)


def missing_town_halls(
    codes: CommuneCodes,
    given: Collection[str],
    departements: Collection[str],
    *,
    file: str,
) -> list[Anomaly]:
    """Tell the communes outside the study that the files of town halls do not know.

    Parameters
    ----------
    codes
        Codes in force.
    given
        Codes the files hold, with a position or not.
    departements
        Départements of the study: theirs are told with their origins.
    file
        File of town halls.

    Returns
    -------
    list of Anomaly
        One per commune of a département the file covers, at least in part.
    """
    covered = {departement_of(code) for code in given} & set(DEPARTEMENTS) - set(departements)
    missing = [
        code for code in codes.names if departement_of(code) in covered and code not in given
    ]
    rows = pd.DataFrame({"identifiant": sorted(missing)}, dtype=object)
    rows["nom"] = rows["identifiant"].map(codes.names)
    rows["departement"] = rows["identifiant"].map(departement_of)
    return note(rows, "mairie-manquante", Action.NOTED, "aucune ligne dans le fichier", file=file)
