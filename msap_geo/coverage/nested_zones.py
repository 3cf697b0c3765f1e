"""Zones blanches of communes or cells, nested by threshold, with who lives there and how far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from msap_geo import schemas
from msap_geo.coverage.access import (
    assumed_minutes,
    check_thresholds,
    is_beyond,
)
from msap_geo.coverage.territories import (
    POPULATION,
    departements_of,
    summarise,
    target_groups,
)
from msap_geo.coverage.zones import CONTIGUITY_TOLERANCE_M, contiguous_groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def zone_of_places(
    places: pd.DataFrame,
    areas: gpd.GeoSeries,
    *,
    threshold: float,
    gap_m: float = CONTIGUITY_TOLERANCE_M,
) -> pd.Series:
    """Tell which zone blanche each place is in.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`.
    areas
        Area of each place, same order, metres; a place without one is alone.
    threshold
        Minutes, inclusive.
    gap_m
        Places this close belong together, metres: 1 for communes; as wide as a cell for a grid that
        leaves out the empty cells, so that a zone is not cut wherever nobody lives.

    Returns
    -------
    pandas.Series
        Identifier of the zone, null within the threshold; index of ``places``. A zone is named
        after its most populous place (``ZB-`` and its ``demand_id``; of equals, the first in
        alphabetical order): the name depends neither on the order of the rows nor on other zones.
    """
    beyond = np.flatnonzero(is_beyond(places, threshold).to_numpy())
    label = contiguous_groups(np.asarray(areas)[beyond], gap_m=gap_m)
    members = pd.DataFrame(
        {
            "zone": label,
            "population": places["population"].to_numpy()[beyond],
            "demand_id": places["demand_id"].to_numpy()[beyond],
        }
    ).sort_values(["population", "demand_id"], ascending=[False, True])
    names = "ZB-" + members.groupby("zone")["demand_id"].first().astype(str)
    zone = np.full(len(places), None, dtype=object)
    zone[beyond] = names.reindex(label).to_numpy(dtype=object)
    return pd.Series(zone, index=places.index, dtype=object)


def fragile_people(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return the inhabitants of each place re-weighted by the target groups it holds.

    Each group is scaled to the population, N·gᵢ/G over the places where it is known, and the groups
    known of a place are averaged: a place of average composition keeps its number of inhabitants,
    one with twice the share of every group counts double, one of which nothing is known keeps its
    number. The weighting is ours. Null without any group.
    """
    people = places[POPULATION].to_numpy(dtype=float)
    scaled = []
    for name in target_groups(places):
        group = places[name].to_numpy(dtype=float)
        total = np.nansum(group)
        if name not in schemas.EVERYONE and total > 0:
            scaled.append(group * people[~np.isnan(group)].sum() / total)
    if not scaled:
        return np.full(len(places), np.nan)
    table = np.array(scaled)
    known = (~np.isnan(table)).sum(axis=0)
    mean: NDArray[np.float64] = np.divide(
        np.nansum(table, axis=0), known, out=people.copy(), where=known > 0
    )
    return mean


def nested_zones(
    places: pd.DataFrame,
    areas: gpd.GeoSeries,
    sites: gpd.GeoDataFrame,
    *,
    thresholds: Sequence[float],
    gap_m: float = CONTIGUITY_TOLERANCE_M,
    minimum_population: int = 0,
) -> gpd.GeoDataFrame:
    """Describe the zones blanches at each of several thresholds.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`, communes or cells.
    areas
        Area of each place, same order, metres.
    sites
        Sites, for their name and département.
    thresholds
        Minutes, inclusive.
    gap_m
        See :func:`zone_of_places`.
    minimum_population
        Zones with fewer inhabitants are left out: with the default, none is, and the zones of a
        threshold add up to the population beyond it.

    Returns
    -------
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.ZONE_DETAILS`, by threshold then rank, and one column
        per target group the places hold:

        ``zone_parente``
            Zone of the next lower threshold that contains this one.
        ``gravite``
            Σ pᵢ (tᵢ - s), inhabitants × minutes beyond the threshold s; those without a route count
            as :func:`msap_geo.coverage.access.assumed_minutes` says. ``rang_gravite`` follows it,
            ``rang_habitants`` the population, among zones of a same threshold.
        ``gravite_fragile, rang_fragilite``
            The same with :func:`fragile_people`; null when no target group is given.
        ``minutes_moyennes, minutes_max``
            Weighted by inhabitants; ``minutes_max`` is null if a place has no route.
        ``pire_lieu``
            ``demand_id`` of the farthest place.
        ``departement``
            Where most of its people live.
        ``site_id, site_nom, departement_maison``
            Site nearest to most of its people today, and its département.
        ``geometry``
            The places' areas as one, holes and islands kept.
    """
    schemas.check(places, schemas.PLACES)
    levels = []
    parent: pd.Series | None = None
    for threshold in check_thresholds(thresholds):
        zone = zone_of_places(places, areas, threshold=threshold, gap_m=gap_m)
        table = _describe(places, zone, areas, sites, threshold)
        above = None if parent is None else parent.groupby(zone).first()
        table["zone_parente"] = None if above is None else table["zone_id"].map(above)
        levels.append(table)
        parent = zone
    zones = pd.concat(levels, ignore_index=True)
    zones["zone_parente"] = zones["zone_parente"].astype(object)
    kept = zones[zones["population"] >= minimum_population].reset_index(drop=True)
    ordered = [*schemas.ZONE_DETAILS.columns, *target_groups(places)]
    return schemas.check(kept[ordered], schemas.ZONE_DETAILS)


def _describe(
    places: pd.DataFrame,
    zone: pd.Series,
    areas: gpd.GeoSeries,
    sites: gpd.GeoDataFrame,
    threshold: float,
) -> gpd.GeoDataFrame:
    excess = assumed_minutes(places["minutes"], threshold=threshold) - threshold
    inside = zone.notna().to_numpy()
    members = places[inside].assign(
        zone_id=zone[inside],
        gravite=(places["population"] * excess)[inside],
        gravite_fragile=(fragile_people(places) * excess)[inside],
        departement=departements_of(places["code_insee"][inside]),
        attente=np.where(places["minutes"].isna(), np.inf, places["minutes"])[inside],
    )
    grouped = members.groupby("zone_id")
    figures = summarise(members, members["zone_id"], thresholds=[threshold])
    figures = figures[figures["groupe"] == POPULATION].set_index("code")
    by_wait = members.sort_values(["attente", "demand_id"], ascending=[False, True])
    site = majority(members["zone_id"], members["site_id"], members["population"])
    table = pd.DataFrame(
        {
            "seuil": float(threshold),
            "gravite": grouped["gravite"].sum().round(1),
            "gravite_fragile": grouped["gravite_fragile"].sum(min_count=1).round(1),
            "nb_lieux": grouped.size().astype("int64"),
            "communes": grouped["code_insee"].agg(lambda codes: sorted(set(codes))).astype(object),
            "nb_communes": grouped["code_insee"].nunique().astype("int64"),
            "population": grouped["population"].sum().astype("int64"),
            "minutes_moyennes": figures["minutes_moyennes"],
            "minutes_max": grouped["attente"].max().replace(np.inf, np.nan).astype(float),
            "pire_lieu": by_wait.groupby("zone_id")["demand_id"].first(),
            "departement": majority(
                members["zone_id"], members["departement"], members["population"]
            ),
            "site_id": site.astype(object),
            **{name: grouped[name].sum(min_count=1).round(1) for name in target_groups(places)},
        }
    ).rename_axis("zone_id")
    known = sites.set_index("site_id")
    for column, of in (("site_nom", "nom"), ("departement_maison", "departement")):
        table[column] = table["site_id"].map(known[of], na_action="ignore").astype(object)
    table = table.sort_values(
        ["gravite", "population", "zone_id"], ascending=[False, False, True]
    ).reset_index()
    table["rang_gravite"] = np.arange(1, len(table) + 1, dtype=np.int64)
    by_people = table.sort_values(["population", "zone_id"], ascending=[False, True]).index
    table["rang_habitants"] = pd.Series(range(1, len(table) + 1), index=by_people, dtype="int64")
    order = table["gravite_fragile"].rank(method="first", ascending=False)
    table["rang_fragilite"] = order.astype("Int64")
    outlines = _unions(np.asarray(areas)[inside], members["zone_id"], table["zone_id"])
    return gpd.GeoDataFrame(table, geometry=outlines, crs=areas.crs)


def _unions(
    outlines: NDArray[np.object_], zone: pd.Series, order: pd.Series
) -> NDArray[np.object_]:
    """Join the areas of each zone; null where none of its places has one."""
    position = pd.Index(order).get_indexer(zone)
    drawn = ~shapely.is_missing(outlines)
    sequence = np.argsort(position[drawn], kind="stable")
    gathered: NDArray[np.object_] = np.full(len(order), None, dtype=object)
    shapely.geometrycollections(
        outlines[drawn][sequence], indices=position[drawn][sequence], out=gathered
    )
    joined: NDArray[np.object_] = np.asarray(shapely.union_all(gathered[:, None], axis=1))
    joined[shapely.is_empty(joined)] = None
    return joined


def majority(group: pd.Series, category: pd.Series, people: pd.Series) -> pd.Series:
    """Return the category of most of each group's people.

    Parameters
    ----------
    group, category, people
        Group, category and inhabitants of each place, same order; null categories are left out.

    Returns
    -------
    pandas.Series
        Category by group; of equals, the one with most places, then the first in order.
    """
    table = pd.DataFrame(
        {"groupe": group.to_numpy(), "genre": category.to_numpy(), "p": people.to_numpy()}
    ).dropna(subset="genre")
    sums = table.groupby(["groupe", "genre"])["p"].agg(["sum", "size"]).reset_index()
    ranked = sums.sort_values(["sum", "size", "genre"], ascending=[False, False, True])
    first: pd.Series = ranked.groupby("groupe")["genre"].first()
    return first


def operators_by_zone(
    zone: pd.Series, by_operator: Mapping[str, pd.DataFrame], *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Tell how long the people of each zone take to reach each operator.

    Parameters
    ----------
    zone
        Zone of each place, null outside (:func:`zone_of_places`).
    by_operator
        Access of the same places, in the same order, to each operator's counters (CAF, CPAM, France
        Travail…), under :data:`msap_geo.schemas.PLACES`.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per zone and operator: ``zone_id, operateur, site_id`` (the counter nearest to most
        of the zone's people) and the columns of
        :func:`msap_geo.coverage.territories.summarise` for the population.
    """
    inside = zone.notna()
    rows = []
    for operator, places in by_operator.items():
        members = places[inside.to_numpy()].reset_index(drop=True)
        label = zone[inside].reset_index(drop=True)
        figures = summarise(members, label, thresholds=thresholds)
        figures = figures[figures["groupe"] == POPULATION].rename(columns={"code": "zone_id"})
        site = majority(label, members["site_id"], members["population"])
        rows.append(
            figures.assign(
                operateur=operator,
                site_id=figures["zone_id"].map(site, na_action="ignore").astype(object),
            )
        )
    if not rows:
        return pd.DataFrame(columns=["zone_id", "operateur", "site_id"])
    table = pd.concat(rows, ignore_index=True).drop(columns="groupe")
    first = ["zone_id", "operateur", "site_id"]
    ordered = table[[*first, *(name for name in table.columns if name not in first)]]
    return ordered.sort_values(["zone_id", "operateur"], ignore_index=True)
