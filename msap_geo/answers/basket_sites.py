"""The sites of each service of a basket: Maisons, post offices, counters, equipments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd

from msap_geo.study.asked.services import Services, read_services
from msap_geo.study.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.anomalies import Anomaly
    from msap_geo.study.result import StudyResult

_KEPT = ["site_id", "nom", "genre", "code_insee", "commune", "geometry"]


class BasketSites(NamedTuple):
    """The sites of a basket, and what their files say.

    Parameters
    ----------
    services
        Sites of each service, in the order of the basket, and how long one waits there.
    anomalies
        Those of the territory.
    """

    services: Services
    anomalies: tuple[Anomaly, ...]


def basket_sites(result: StudyResult) -> BasketSites:
    """Return the sites of each service, those across the border that are near enough too.

    Parameters
    ----------
    result
        The study, run.

    Returns
    -------
    BasketSites
        With the columns of a site alone.

    Raises
    ------
    StudyError
        If a service is unknown, its file is not given, or all delays are of other sites.
    MsapGeoError
        If a file cannot be used.
    """
    points = gpd.GeoDataFrame(
        pd.concat([result.contact_points, result.contact_points_around], ignore_index=True),
        crs=result.communes.crs,
    )
    ledger = Ledger(result.study)

    def settle(table: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
        settled = result.places.settle(table, path.name)
        ledger.anomalies += settled.anomalies
        return settled.table

    found = read_services(ledger, result.maisons, points, settle, result.places)
    tables = {
        name: table.reindex(columns=_KEPT).reset_index(drop=True)
        for name, table in found.tables.items()
    }
    here = {"", *result.study.departements}
    told = tuple(anomaly for anomaly in ledger.anomalies if anomaly.departement in here)
    return BasketSites(Services(tables, found.waits), told)


def basket_hosts(result: StudyResult) -> gpd.GeoDataFrame:
    """Return where a service may be added: Maisons of the territory, then candidates."""
    tables = [result.maisons[~result.neighbours], result.candidates]
    frame = pd.concat([table.reindex(columns=_KEPT) for table in tables], ignore_index=True)
    frame = frame.drop_duplicates("site_id", ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=result.communes.crs)
