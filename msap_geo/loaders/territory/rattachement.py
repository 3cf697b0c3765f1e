"""Which commune a site is in, where its code may stand for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from msap_geo.anomalies import Action, Anomaly, note

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.loaders.territory.cog import CommuneCodes


def reattach(
    sites: gpd.GeoDataFrame,
    declared: pd.Series,
    communes: gpd.GeoDataFrame,
    codes: CommuneCodes | None,
    *,
    file: str,
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Let positions settle the codes that cover several communes.

    Parameters
    ----------
    sites
        Sites under the codes in force, projected.
    declared
        Codes as published, same index and more.
    communes
        Communes, same projection.
    codes
        Codes in force, with their alternatives.
    file
        File the sites come from.

    Returns
    -------
    geopandas.GeoDataFrame
        The sites; those whose code is ambiguous are in the nearest of the communes it may mean.
    list of Anomaly
        One per site whose commune changed so.
    """
    if codes is None or not codes.alternatives:
        return sites, []
    published = declared.reindex(sites.index)
    ambiguous = published.map(lambda code: code in codes.alternatives).astype(bool)
    ambiguous &= sites.geometry.notna()
    if not ambiguous.any():
        return sites, []
    row_of = pd.Series(range(len(communes)), index=communes["code_insee"])
    outlines = communes.geometry.to_numpy()
    names = communes["code_insee"].to_numpy()
    settled = sites["code_insee"].copy()
    for code, group in sites[ambiguous].groupby(published[ambiguous]):
        rows = row_of.reindex(list(codes.alternatives[str(code)])).dropna().astype(int).to_numpy()
        rows = rows[~shapely.is_missing(outlines[rows])]
        if not len(rows):
            continue
        apart = shapely.distance(group.geometry.to_numpy()[:, None], outlines[rows][None, :])
        settled.loc[group.index] = names[rows[np.argmin(apart, axis=1)]]
    changed = settled.fillna("") != sites["code_insee"].fillna("")
    told = pd.DataFrame(sites.drop(columns="geometry")).assign(
        identifiant=sites["site_id"], actuelle=settled, ancien=published
    )[changed]
    anomalies = note(
        told,
        "code-ambigu",
        Action.REPAIRED,
        "le code {ancien} peut désigner plusieurs communes : rattaché par sa position à {actuelle}",
        file=file,
    )
    return sites.assign(code_insee=settled), anomalies
