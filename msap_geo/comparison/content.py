"""What the map of a comparison shows, gathered from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import coverage, outputs, schemas
from msap_geo.cautions import cautions
from msap_geo.comparison.origin import comparison_origin, dated_labels
from msap_geo.comparison.words import comparison_told
from msap_geo.outputs.page.comparison_content import CompareContent

if TYPE_CHECKING:
    from msap_geo.comparison.compare import Comparison

_CLOSED = "avant:"
"""What the identifier of a closed Maison begins with on the map: lists number them anew."""

_MOST = 10


def comparison_content(comparison: Comparison) -> CompareContent:
    """Gather what the map of a comparison shows."""
    table = comparison.communes
    maisons = comparison.maisons.assign(carte_id=_map_identifiers(comparison.maisons))
    codes = pd.Series(range(len(table)), index=table["code_insee"])
    whole = comparison.territories[comparison.territories["territoire"] == "ensemble"]
    return CompareContent(
        after=_after(comparison, maisons),
        labels=dated_labels(comparison),
        lines=tuple(comparison_told(comparison)[1 + len(comparison.warnings) :]),
        warnings=comparison.warnings,
        communes=pd.DataFrame(table.drop(columns="geometry")).assign(
            statut=table[f"statut_{comparison.threshold:g}"]
        ),
        figures=whole,
        zones=comparison.zones,
        zones_before=_drawn(comparison.zones_before, codes),
        maisons=pd.DataFrame(maisons.drop(columns="geometry")),
        gains=comparison.largest(coverage.GAINED, most=_MOST),
        losses=comparison.largest(coverage.LOST, most=_MOST),
    )


def _drawn(zones: gpd.GeoDataFrame, codes: pd.Series) -> gpd.GeoDataFrame:
    known = [[code for code in listed if code in codes.index] for listed in zones["communes"]]
    return zones.assign(communes=pd.Series(known, index=zones.index, dtype=object))


def _map_identifiers(maisons: pd.DataFrame) -> pd.Series:
    now = maisons["site_id_apres"]
    return now.where(now.notna(), _CLOSED + maisons["site_id_avant"].astype(object))


def _after(comparison: Comparison, maisons: gpd.GeoDataFrame) -> outputs.MapContent:
    table = comparison.communes
    there = table["presence"] != coverage.ONLY_BEFORE
    people = table["population_apres"].where(there, table["population_avant"])
    communes = gpd.GeoDataFrame(
        {
            "code_insee": table["code_insee"],
            "nom": table["nom"],
            "departement": table["departement"],
            "population": people,
        },
        geometry=table.geometry,
        crs=table.crs,
    )
    access = pd.DataFrame(communes.drop(columns="geometry")).assign(
        site_id=table["site_id_apres"],
        site_nom=table["site_nom_apres"],
        minutes=table["minutes_apres"],
        km=np.nan,
        palier=coverage.classify(table["minutes_apres"], thresholds=comparison.thresholds),
        raison="",
    )
    sites = _sites(comparison, maisons)
    origin = comparison_origin(comparison)
    return outputs.MapContent(
        title=origin.title,
        method=origin.method,
        thresholds=comparison.thresholds,
        communes=communes,
        origins=communes.assign(origine="mairie"),
        access=access,
        shares=coverage.shares(access, thresholds=comparison.thresholds),
        zones=comparison.zones_after,
        maisons=sites[~sites["voisine"]],
        neighbours=sites[sites["voisine"]],
        itinerants=sites.head(0),
        la_poste=sites.head(0),
        candidates=_no_candidate(sites),
        sources=list(origin.sources),
        limits=list(origin.limits),
        attributions=list(origin.attributions),
        road_credit=origin.road_credit,
        cautions=cautions(estimated=origin.estimated, demonstration=origin.demonstration),
    )


def _sites(comparison: Comparison, maisons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the Maisons of after, then those closed since, under identifiers of their own."""
    after = comparison.after.maisons.to_crs(comparison.communes.crs)
    before = comparison.before.maisons
    gone = maisons.loc[maisons["evolution"] == coverage.CLOSED, "site_id_avant"]
    closed = before[before["site_id"].isin(gone)]
    columns = [name for name in schemas.SITES.columns if name in after.columns]
    both = pd.concat(
        [
            after[columns],
            closed.reindex(columns=columns).assign(
                site_id=_CLOSED + closed["site_id"].astype(object)
            ),
        ],
        ignore_index=True,
    )
    away = ~both["departement"].isin(comparison.after.departements)
    return gpd.GeoDataFrame(both.assign(voisine=away), geometry="geometry", crs=after.crs)


def _no_candidate(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    numbers = (
        "rang", "score", "population_gagnee", "habitants_rapproches", "minutes_gagnees",
        "minutes_maison",
    )  # fmt: skip
    empty = sites.head(0)[["site_id", "nom", "genre", "commune", "geometry"]]
    return empty.assign(**{name: pd.Series(dtype=float) for name in numbers}, raison="")
