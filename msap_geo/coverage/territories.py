"""Access of the people of any territory: EPCI, canton, zone… for everyone and for target groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS, check_thresholds
from msap_geo.coverage.weighted import group_means, group_quantiles, group_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

POPULATION = "population"
WHOLE = "ensemble"
UNATTACHED = "sans rattachement"
"""Code of the people whose commune the table of memberships does not know: kept, and said."""

_PEOPLE_DECIMALS = 1
_SHARE_DECIMALS = 6


def access_by_place(demand: gpd.GeoDataFrame | pd.DataFrame, nearest: pd.DataFrame) -> pd.DataFrame:
    """Tell each place's time to its nearest site.

    Parameters
    ----------
    demand
        Places with ``demand_id, code_insee, population``, and possibly the columns of
        :data:`msap_geo.schemas.GROUPS`: communes or cells.
    nearest
        Table under :data:`msap_geo.schemas.NEAREST`; ranks after the first are ignored.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.PLACES`, rows and columns of ``demand`` without its
        geometry. Minutes are settled to :data:`msap_geo.coverage.access.MINUTES_DECIMALS`; a place
        without a route keeps its row, null minutes and its reason.
    """
    schemas.check(nearest, schemas.NEAREST)
    first = nearest[nearest["rang"] == 1].set_index("demand_id")
    found = first.reindex(demand["demand_id"]).reset_index(drop=True)
    kept = [name for name in demand.columns if name not in {"geometry", *_MEASURED}]
    table = pd.DataFrame(demand)[kept].reset_index(drop=True)
    table = table.assign(
        site_id=found["site_id"].astype(object),
        minutes=found["minutes"].astype(float).round(MINUTES_DECIMALS),
        km=found["km"].astype(float).round(3),
        raison=found["raison"].fillna("hors réseau").astype(str),
    )
    return schemas.check(table, schemas.PLACES)


_MEASURED = ("site_id", "minutes", "km", "raison")


def departements_of(codes: pd.Series) -> pd.Series:
    """Return the département of each ``code_insee``, all at once
    (:func:`msap_geo.territory.departement_of`).
    """  # noqa: D205 - one sentence
    overseas = codes.str.startswith(("97", "98"))
    return codes.str[:2].where(~overseas, codes.str[:3]).astype(object)


def target_groups(places: pd.DataFrame) -> list[str]:
    """Return the columns of :data:`msap_geo.schemas.GROUPS` a table of places holds."""
    return [name for name in schemas.GROUPS if name in places.columns]


def access_by_territory(
    places: pd.DataFrame,
    memberships: pd.DataFrame | None = None,
    *,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Sum up access in every territory the places belong to.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`; the target groups it holds are counted too.
    memberships
        Territories of each commune: ``code_insee`` and columns of
        :data:`msap_geo.schemas.MEMBERSHIPS`, each possibly with its ``<column>_nom``.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.TERRITORY_ACCESS`: one row per kind of territory
        (``zonage``: ``ensemble``, ``commune``, then the memberships), territory and group, as
        :func:`summarise` describes it. Every inhabitant is in each kind of territory once: those
        whose commune is in no row of ``memberships`` are under :data:`UNATTACHED`.
    """
    schemas.check(places, schemas.PLACES)
    code = places["code_insee"].reset_index(drop=True)
    whole = pd.Series(WHOLE, index=code.index)
    parts = [(WHOLE, whole, whole), ("commune", code, _names(code, memberships, "nom"))]
    for column in schemas.MEMBERSHIPS if memberships is not None else ():
        if memberships is not None and column in memberships.columns:
            of = memberships.set_index("code_insee")
            label = code.map(of[column], na_action="ignore").astype(object)
            parts.append((column, label, _names(code, memberships, f"{column}_nom", label)))
    tables = []
    for kind, label, names in parts:
        told = label.where(label.notna(), UNATTACHED)
        table = summarise(places, told, thresholds=thresholds)
        known = pd.Series(names.to_numpy(dtype=object), index=told).groupby(level=0).first()
        table.insert(0, "zonage", kind)
        table.insert(2, "nom", table["code"].map(known).fillna(table["code"]).astype(str))
        tables.append(table)
    return schemas.check(pd.concat(tables, ignore_index=True), schemas.TERRITORY_ACCESS)


def _names(
    code: pd.Series, memberships: pd.DataFrame | None, column: str, default: pd.Series | None = None
) -> pd.Series:
    otherwise = code if default is None else default
    if memberships is None or column not in memberships.columns:
        return otherwise
    names = code.map(memberships.set_index("code_insee")[column])
    return names.where(names.notna(), otherwise)


def summarise(
    places: pd.DataFrame, territory: pd.Series, *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Sum up the access of the people of each territory.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`.
    territory
        Code of each place's territory, same order, no null.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per territory, in order, and group (``population`` first, then the target groups of
        :func:`target_groups`):

        ``effectif``
            People (or households) of the group, Σ pᵢ.
        ``lieux_sans_donnee``
            Places where the group is null (blanked by INSEE): they are not in ``effectif``.
        ``effectif_sans_trajet``
            Those who have no route to any site: beyond every threshold, out of the mean.
        ``minutes_moyennes``
            Σ pᵢtᵢ / Σ pᵢ over those who have a route, minutes.
        ``minutes_medianes, minutes_p90, minutes_max``
            Time that half, nine tenths, all of the people do not exceed
            (:func:`msap_geo.coverage.weighted.group_quantiles`); null where it falls among those
            who have no route.
        ``effectif_<s>, au_dela_<s>, part_<s>``
            For each threshold s: people within, people beyond (they add up to ``effectif``), and
            share within from 0 to 1.
    """
    codes, group = np.unique(territory.to_numpy(dtype=str), return_inverse=True)
    minutes = places["minutes"].to_numpy(dtype=float)
    tables = []
    for name in [POPULATION, *target_groups(places)]:
        raw = places[name].to_numpy(dtype=float)
        table = _summary(minutes, np.nan_to_num(raw), group, len(codes), thresholds)
        table.insert(0, "code", codes.astype(object))
        table.insert(1, "groupe", name)
        table.insert(3, "lieux_sans_donnee", _counts(group[np.isnan(raw)], len(codes)))
        tables.append(table)
    rank = np.tile(np.arange(len(codes)), len(tables))
    return (
        pd.concat(tables, ignore_index=True)
        .iloc[np.argsort(rank, kind="stable")]
        .reset_index(drop=True)
    )


def _counts(group: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(group, minlength=n).astype(np.int64)


def _summary(
    minutes: np.ndarray,
    people: np.ndarray,
    group: np.ndarray,
    n: int,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    total = group_sums(group, people, n).round(_PEOPLE_DECIMALS)
    lost = group_sums(group, np.where(np.isnan(minutes), people, 0.0), n)
    columns = {
        "effectif": total,
        "effectif_sans_trajet": lost.round(_PEOPLE_DECIMALS),
        "minutes_moyennes": group_means(minutes, people, group, n).round(MINUTES_DECIMALS),
    }
    for name, share in (("medianes", 0.5), ("p90", 0.9), ("max", 1.0)):
        columns[f"minutes_{name}"] = group_quantiles(minutes, people, group, n, share=share)
    for threshold in check_thresholds(thresholds):
        inside = np.where(minutes <= threshold, people, 0.0)
        within = group_sums(group, inside, n).round(_PEOPLE_DECIMALS)
        columns[f"effectif_{threshold:g}"] = within
        columns[f"au_dela_{threshold:g}"] = (total - within).round(_PEOPLE_DECIMALS)
        share_within = np.divide(within, total, out=np.full(n, np.nan), where=total > 0)
        columns[f"part_{threshold:g}"] = share_within.round(_SHARE_DECIMALS)
    return pd.DataFrame(columns)
