"""Where people start from in a diagnosis: town halls, then cells, and their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import coverage, french, loaders, schemas
from msap_geo.territory import DEPARTEMENTS, REGION_NAMES

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo import travel
    from msap_geo.study.result import StudyResult

_LONGEST_ZONE = max(coverage.E2SFCA_MINUTES)


class Origins(NamedTuple):
    """Where people start from under one convention, and their times."""

    suffix: str
    points: gpd.GeoDataFrame
    areas: gpd.GeoSeries
    gap_m: float
    nearest: pd.DataFrame
    places: pd.DataFrame
    times: travel.TravelTimes


def _bound(result: StudyResult) -> float:
    return float(max(_LONGEST_ZONE, *result.study.thresholds))


def from_communes(result: StudyResult) -> Origins:
    """Let everyone of a commune start from its town hall."""
    communes = result.communes
    groups = [name for name in schemas.GROUPS if name in communes.columns]
    points = result.origins.assign(**{name: communes[name].to_numpy() for name in groups})
    nearest = result.trips.nearest
    return Origins(
        "",
        points,
        communes.geometry,
        coverage.CONTIGUITY_TOLERANCE_M,
        nearest,
        coverage.access_by_place(points, nearest),
        result.trips.to(result.maisons["site_id"], max_minutes=_bound(result)),
    )


def from_cells(result: StudyResult, cells: gpd.GeoDataFrame) -> Origins:
    """Let everyone start from the centre of their cell."""
    points = loaders.carreau_points(cells, epsg=result.times.epsg)
    inhabited = cells[cells["population"] > 0].to_crs(result.times.epsg)
    # As wide as a cell: an empty one does not cut a zone in two.
    side = float(inhabited.area.median() ** 0.5)
    nearest = result.times.nearest(points, result.maisons, k=2)
    return Origins(
        "_carreaux",
        points,
        inhabited.geometry.reset_index(drop=True),
        side,
        nearest,
        coverage.access_by_place(points, nearest),
        result.times.matrix(points, result.maisons, max_minutes=_bound(result)),
    )


def departure(result: StudyResult, *, by_cell: bool) -> dict[str, str | int]:
    """Return where people start from in what is decided, and how many they are.

    Parameters
    ----------
    result
        The study.
    by_cell
        Whether from the cells they live in; from their town hall else.

    Returns
    -------
    dict
        ``depart`` (*carreau* or *mairie*), ``habitants_comptes``, ``habitants_de_l_etude``.
    """
    everyone = int(result.access["population"].sum())
    cells = result.carreaux
    counted = everyone if cells is None or not by_cell else int(cells["population"].sum())
    return {
        "depart": "carreau" if by_cell else "mairie",
        "habitants_comptes": counted,
        "habitants_de_l_etude": everyone,
    }


def departure_in_words(result: StudyResult, *, by_cell: bool) -> str:
    """Say where people start from, and how many of them are counted.

    Parameters
    ----------
    result
        The study, run.
    by_cell
        Whether people start from the cells they live in; from their town hall otherwise.

    Returns
    -------
    str
        A French clause, without a full stop.
    """
    told = departure(result, by_cell=by_cell)
    counted, everyone = int(told["habitants_comptes"]), int(told["habitants_de_l_etude"])
    if not by_cell:
        return f"départ : la mairie de chaque commune, {french.people(everyone)}"
    vintage = result.study.vintage("carreaux")
    where = f"les carreaux habités{f' ({vintage})' if vintage else ''}"
    if counted == everyone:
        return f"départ : {where}, {french.people(everyone)}"
    return (
        f"départ : {where}, {french.people(counted)} ; les communes de l'étude en ont "
        f"{french.number(everyone)} : ces nombres se lisent entre eux, non avec les siens"
    )


def memberships_of(result: StudyResult) -> pd.DataFrame:
    """Return what the communes belong to: what the study gives, département and région."""
    communes = pd.DataFrame(result.communes)
    names = [
        column
        for kind in schemas.MEMBERSHIPS
        for column in (kind, f"{kind}_nom")
        if column in communes.columns
    ]
    table = communes[["code_insee", "nom", *names]].assign(
        departement_nom=communes["departement"].map(DEPARTEMENTS)
    )
    return (
        table
        if "region" in names
        else table.assign(region=communes["departement"].map(REGION_NAMES))
    )
