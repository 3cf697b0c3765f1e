"""What the map of a study is drawn on: its files of rivers, sea, neighbours and relief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import french, loaders
from msap_geo.anomalies import Action, Anomaly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.study.ledger import Ledger

_REMEDIES = {
    "rivieres": "donner une couche de lignes (cours d'eau)",
    "mer": "donner une couche de surfaces (mer, océan)",
    "voisins": "donner une couche de surfaces (départements)",
}


_LACKING = 0.01
"""Share of a territory without relief from which it is told: less is a shore, or a border."""


def read_scenery(
    ledger: Ledger, communes: gpd.GeoDataFrame | None, *, epsg: int
) -> loaders.Scenery:
    """Read the files a study gives its map to be drawn on.

    Parameters
    ----------
    ledger
        Where what is read is written, and what part of the territory a relief leaves bare.
    communes
        Communes of the territory, none where an audit could not read them.
    epsg
        Legal projection of the territory.

    Returns
    -------
    loaders.Scenery
        None of each where the study gives none.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable; an audit notes it.
    """
    asked = ledger.study.carte
    drawn = {
        role: [_drawn(ledger, role, path, epsg) for path in paths]
        for role, paths in (
            ("rivieres", asked.rivieres),
            ("mer", asked.mer),
            ("voisins", asked.voisins),
        )
    }
    reliefs = [_relief(ledger, path, epsg) for path in asked.relief]
    usable = tuple(one for one in reliefs if one is not None)
    if usable and communes is not None:
        ledger.anomalies += _bare(usable, communes, asked.relief)
    return loaders.Scenery(
        rivers=_joined(drawn["rivieres"], epsg),
        sea=_joined(drawn["mer"], epsg),
        neighbours=_joined(drawn["voisins"], epsg),
        relief=usable,
    )


def _drawn(ledger: Ledger, role: str, written: Path, epsg: int) -> gpd.GeoDataFrame | None:
    dimension = loaders.LINES if role == "rivieres" else loaders.SURFACES

    def load() -> loaders.Loaded[gpd.GeoDataFrame]:
        table = loaders.load_drawn(
            ledger.study.path(written), crs=epsg, dimension=dimension, remedy=_REMEDIES[role]
        )
        return loaders.Loaded(table, len(table), ())

    found = ledger.load(role, written, load)
    return None if found is None else found.table


def _relief(ledger: Ledger, written: Path, epsg: int) -> loaders.Relief | None:
    ledger.count("relief", written)
    return ledger.attempt(
        written.name, lambda: loaders.load_relief(ledger.study.path(written), crs=epsg)
    )


def _bare(
    reliefs: Sequence[loaders.Relief], communes: gpd.GeoDataFrame, files: Sequence[Path]
) -> list[Anomaly]:
    share = loaders.without_relief(reliefs, communes.geometry)
    if share < _LACKING:
        return []
    return [
        Anomaly(
            "relief-partiel",
            Action.NOTED,
            files[0].name if len(files) == 1 else "",
            f"aucune altitude sur {french.percent(share, 0)} du territoire : rien n'y est ombré",
        )
    ]


def _joined(tables: list[gpd.GeoDataFrame | None], epsg: int) -> gpd.GeoDataFrame | None:
    known = [table for table in tables if table is not None]
    if not known:
        return None
    return gpd.GeoDataFrame(pd.concat(known, ignore_index=True), crs=epsg)
