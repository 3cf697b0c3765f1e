"""Where people start from in a diagnosis: town halls, then cells, and their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import coverage, loaders, schemas
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
