"""What the law and the study promise to people, as bounds on who may lose a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from msap_geo import coverage, schemas
from msap_geo.coverage.rules import NATIONAL, SHARE
from msap_geo.errors import StudyError
from msap_geo.siting.adaptation import CONTACT, Guarantee

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.study.result import StudyResult

_SHARE_DECIMALS = 6


def promises(result: StudyResult, points: gpd.GeoDataFrame) -> list[Guarantee]:
    """Return the promises that bind: the law by département, then the study's own rules.

    Kilometres are straight lines; a place is far where none of the points is within the kilometres
    nor within the minutes. Where a rule is broken today already, nobody more may become far.

    Parameters
    ----------
    result
        The study.
    points
        Points of contact, columns of every reach.

    Raises
    ------
    StudyError
        If a rule of the study is by a column the communes do not have.
    """
    people = result.access["population"].to_numpy(dtype=np.int64)
    departement = coverage.departements_of(result.access["code_insee"]).to_numpy()
    found: list[Guarantee] = []
    for rule in coverage.load_rules():
        both = rule.km is not None and rule.minutes is not None and rule.eloigne == "ou"
        share = rule.mesure == SHARE and rule.exigence is not None
        # The strict reading of the law, and national rules on part of the country, are only told.
        if rule.sites != "la_poste" or not share or both or rule.niveau == NATIONAL:
            continue
        reach = _reach(result, points, rule.minutes, rule.km)
        covered = np.diff(reach.indptr) > 0
        for code in np.unique(departement):
            mine = departement == code
            everyone = int(people[mine].sum())
            may = np.floor(round((1 - (rule.exigence or 0.0)) * everyone, _SHARE_DECIMALS))
            left = max(float(may) - float(people[mine & ~covered].sum()), 0.0)
            places = np.flatnonzero(mine & covered & (people > 0))
            found.append(Guarantee(rule.id, str(code), CONTACT, reach, places, people, left))
    for own in result.study.adaptation.regles:
        if own.par not in schemas.MEMBERSHIPS or own.par not in result.communes:
            have = [name for name in schemas.MEMBERSHIPS if name in result.communes]
            raise StudyError(
                f"les communes n'ont pas de colonne « {own.par} »",
                where=f"[[adaptation.regles]] {own.nom}",
                remedy=f"choisir parmi : {', '.join(have)}",
            )
        reach = _reach(result, points, own.minutes, own.km)
        group = result.communes[own.par].fillna("sans").astype(str).to_numpy()
        for code in np.unique(group):
            mine = (group == code) & (people > 0)
            left = float(np.floor(round(own.part_max * int(people[mine].sum()), _SHARE_DECIMALS)))
            places = np.flatnonzero(mine)
            found.append(Guarantee(own.nom, str(code), own.service, reach, places, people, left))
    return found


def _reach(
    result: StudyResult, points: gpd.GeoDataFrame, minutes: float | None, km: float | None
) -> csr_array:
    """Return which points are within the minutes or the kilometres of each place."""
    shape = (len(result.origins), len(points))
    table = csr_array(shape, dtype=bool)
    if minutes is not None:
        times = result.times.matrix(result.origins, points, max_minutes=minutes)
        near = times.minutes.tocoo()
        table = table + _pairs(near.row, near.col, shape)
    if km is not None:
        here, there = _coordinates(result.origins), _coordinates(points)
        able, stand = np.isfinite(here).all(axis=1), np.isfinite(there).all(axis=1)
        if able.any() and stand.any():
            # Kilometres are told to the metre: half of one more is still within.
            lists = KDTree(there[stand]).query_ball_point(here[able], 1000 * km + 0.5)
            row = np.repeat(np.flatnonzero(able), [len(found) for found in lists])
            column = np.concatenate([*lists, []]).astype(np.int64)
            table = table + _pairs(row, np.flatnonzero(stand)[column], shape)
    found = csr_array(table, dtype=bool)
    found.sort_indices()
    return found


def _pairs(row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(row), dtype=bool), (row, column)), shape=shape)


def _coordinates(table: gpd.GeoDataFrame) -> NDArray[np.float64]:
    placed = table.geometry.notna() & ~table.geometry.is_empty
    xy = np.full((len(table), 2), np.nan)
    xy[placed.to_numpy()] = shapely.get_coordinates(table.geometry[placed].to_numpy())
    return xy
