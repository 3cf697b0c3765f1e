"""A study with its sites in the order of their identifiers: what breaks ties is no file's order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.study.result import StudyResult


def by_identifier(result: StudyResult) -> StudyResult:
    """Return a study whose Maisons and points of La Poste are in the order of their identifiers.

    Of choices worth the same, the first is told: it must not hang on how a list was sorted.
    """
    return dataclasses.replace(
        result,
        maisons=_sorted(result.maisons),
        la_poste=_sorted(result.la_poste),
        la_poste_around=_sorted(result.la_poste_around),
    )


def _sorted(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return sites.sort_values("site_id", kind="stable", ignore_index=True)
