"""Two studies of one territory, commune by commune: who gains, who loses, and how surely.

The two may not have the same communes nor the same populations. Communes are matched by code; the
others keep their row, with their people, on the side they are on. Whoever gains is counted at the
population of after, whoever loses at that of before, so that comparing B with A mirrors comparing A
with B, and that the covered populations of the two always differ by exactly::

    gained - lost + change of population of those always within + arrived - gone
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from msap_geo import french, schemas
from msap_geo.coverage.access import check_thresholds, class_labels, classify
from msap_geo.coverage.change import CLOSER, FARTHER, GAINED, LOST, STILL_WITHIN, UNCHANGED, changes
from msap_geo.coverage.territories import POPULATION, departements_of, target_groups
from msap_geo.coverage.weighted import group_means, group_sums
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

NOISE_MINUTES = 0.5
"""A difference below this is told as none.

Half a minute is some 400 m at 50 km/h: what a town hall placed on another street, or an address
geocoded anew, may change without anything having changed for anyone. The convention is ours.
"""

BOTH, ONLY_BEFORE, ONLY_AFTER = "les deux", "avant seulement", "après seulement"
ABSENT = "absente"
"""Class of a commune on the side it is not on."""

CHANGE_BOUNDS = (5.0, 15.0)
"""Differences that tell classes of change apart, minutes: one may notice; one must."""

NO_COMPARISON = "sans comparaison"
"""Class of change of a commune of one side only."""

_GROUP_DECIMALS = 3


def compare_access(
    before: pd.DataFrame, after: pd.DataFrame, *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Put two accesses side by side, commune by commune.

    Parameters
    ----------
    before, after
        Tables under :data:`msap_geo.schemas.ACCESS`, and whatever target groups they hold
        (:data:`msap_geo.schemas.GROUPS`).
    thresholds
        Minutes, inclusive; classes are made anew from them.

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.COMPARED`, one row per commune of either, by code. A
        commune of one side only says so in ``presence`` and has no one on the other. Besides, for
        each threshold ``statut_<s>`` (as :func:`msap_geo.coverage.change.changes`, empty for a
        commune of one side) and ``a_la_marge_<s>`` (its status changes, its minutes by less than
        :data:`NOISE_MINUTES`); for each target group of either ``<g>_avant`` and ``<g>_apres``: a
        group only one side counts is counted with that side's people on both.

    Raises
    ------
    DataError
        If the two have no commune in common.
    """
    schemas.check(before, schemas.ACCESS)
    schemas.check(after, schemas.ACCESS)
    first, then = (table.set_index("code_insee", drop=False) for table in (before, after))
    shared = first.index.intersection(then.index)
    if shared.empty:
        raise DataError(
            "les deux études n'ont aucune commune en commun",
            remedy="comparer deux études du même territoire",
        )
    codes = first.index.union(then.index).sort_values()
    first, then = first.reindex(codes), then.reindex(codes)
    here, there = first["code_insee"].notna().to_numpy(), then["code_insee"].notna().to_numpy()
    names = then["nom"].where(there, first["nom"])
    table = pd.DataFrame(
        {
            "code_insee": codes.astype(object),
            "nom": names.to_numpy(dtype=object),
            "departement": departements_of(pd.Series(codes)).to_numpy(dtype=object),
            "presence": np.select([here & there, here], [BOTH, ONLY_BEFORE], ONLY_AFTER).astype(
                object
            ),
        }
    )
    for side, told, present in (("avant", first, here), ("apres", then, there)):
        minutes = told["minutes"].astype(float)
        classes = classify(minutes, thresholds=thresholds).to_numpy(dtype=object)
        table[f"population_{side}"] = told["population"].fillna(0).to_numpy(dtype=np.int64)
        table[f"minutes_{side}"] = minutes.to_numpy()
        table[f"palier_{side}"] = np.where(present, classes, ABSENT)
        for name in ("site_id", "site_nom"):
            table[f"{name}_{side}"] = _text(told[name])
    told = _changes(first.loc[shared], then.loc[shared], thresholds=thresholds).reindex(codes)
    table["ecart_minutes"] = told["ecart_minutes"].to_numpy(dtype=float)
    table["sens"] = told["sens"].fillna("").to_numpy(dtype=object)
    table["palier_ecart"] = _change(table["sens"].to_numpy(), table["ecart_minutes"].to_numpy())
    for threshold in check_thresholds(thresholds):
        status = told[f"statut_{threshold:g}"].fillna("").to_numpy(dtype=object)
        moved = np.isin(status, [GAINED, LOST])
        table[f"statut_{threshold:g}"] = status
        # A route found or lost has no difference in minutes, and is no matter of noise.
        small = np.abs(table["ecart_minutes"].to_numpy()) < NOISE_MINUTES
        table[f"a_la_marge_{threshold:g}"] = moved & small
    table = table.assign(**_groups(first, then))
    return schemas.check(table, schemas.COMPARED)


def _text(values: pd.Series) -> pd.Series:
    return pd.Series(values.to_numpy(dtype=object)).where(values.notna().to_numpy(), None)


def _changes(
    before: pd.DataFrame, after: pd.DataFrame, *, thresholds: Sequence[float]
) -> pd.DataFrame:
    places = [table.assign(demand_id=table.index) for table in (before, after)]
    compared = changes(*places, thresholds=thresholds, noise_minutes=NOISE_MINUTES)
    return compared.set_index("demand_id")


def _groups(first: pd.DataFrame, then: pd.DataFrame) -> dict[str, pd.Series]:
    """Return each target group on both sides, nobody where the commune is not."""
    found: dict[str, pd.Series] = {}
    for group in schemas.GROUPS:
        sides = [table for table in (first, then) if group in target_groups(table)]
        if not sides:
            continue
        for side, table in (("avant", first), ("apres", then)):
            source = table if group in table.columns else sides[0]
            people = source[group].where(table["code_insee"].notna(), 0.0)
            people = people.astype(float).round(_GROUP_DECIMALS)
            found[f"{group}_{side}"] = people.reset_index(drop=True)
    return found


def change_labels() -> list[str]:
    """Return the classes of change in order: closer, unchanged, farther, of one side only."""
    low, high = (french.short(bound) for bound in CHANGE_BOUNDS)
    sizes = [f"{high} min ou plus", f"{low} à {high} min", f"moins de {low} min"]
    return [
        *(f"{CLOSER} de {size}" for size in sizes),
        UNCHANGED,
        *(f"{FARTHER} de {size}" for size in reversed(sizes)),
        NO_COMPARISON,
    ]


def _change(sense: NDArray[np.object_], gap: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the class of change; a route found or lost is the largest of changes."""
    labels = np.array(change_labels(), dtype=object)
    size = np.nan_to_num(np.abs(gap), nan=np.inf)
    rank = np.searchsorted(CHANGE_BOUNDS, size, side="right")
    middle = len(CHANGE_BOUNDS) + 1
    place = np.select(
        [sense == CLOSER, sense == FARTHER, sense == UNCHANGED],
        [middle - 1 - rank, middle + 1 + rank, middle],
        len(labels) - 1,
    )
    found: NDArray[np.object_] = labels[place]
    return found


def compared_groups(compared: pd.DataFrame) -> list[str]:
    """Return the target groups of a table of :func:`compare_access`."""
    return [name for name in schemas.GROUPS if f"{name}_avant" in compared.columns]


def balance(
    compared: pd.DataFrame,
    territory: pd.Series,
    *,
    thresholds: Sequence[float],
    group: str = POPULATION,
) -> pd.DataFrame:
    """Count who gains and who loses in each territory, for each threshold.

    Parameters
    ----------
    compared
        Table of :func:`compare_access`.
    territory
        Code of each row's territory, same order.
    thresholds
        Minutes, those of ``compared``.
    group
        Whom to count: everyone, or one of :func:`compared_groups` (null counts for nobody).

    Returns
    -------
    pandas.DataFrame
        One row per territory and threshold: ``territoire, groupe, seuil, effectif_avant,
        effectif_apres, couverts_avant, couverts_apres, part_avant, part_apres, gagnent, perdent,
        gagnent_a_la_marge, perdent_a_la_marge`` (those whose minutes differ by less than
        :data:`NOISE_MINUTES`), ``variation_a_portee`` (change of population of the communes always
        within), ``arrivent, partent`` (covered people of communes of one side only),
        ``rapproches, eloignes`` (whose trip gets shorter, longer), ``communes_sans_donnee`` (where
        the group is null on either side), ``minutes_moyennes_avant,
        minutes_moyennes_apres`` (of those who have a route) and ``communes_gagnent,
        communes_perdent``. ``couverts_apres - couverts_avant = gagnent - perdent +
        variation_a_portee + arrivent - partent``.
    """
    names, index = np.unique(territory.to_numpy(dtype=str), return_inverse=True)
    size = len(names)
    first, then = (compared[f"{group}_{side}"].to_numpy(dtype=float) for side in ("avant", "apres"))
    one_side = compared["presence"].to_numpy()
    sense = compared["sens"].to_numpy()

    def total(people: np.ndarray, which: np.ndarray | bool = True) -> np.ndarray:  # noqa: FBT001, FBT002 - a mask
        return group_sums(index, np.where(which, people, 0.0), size).round(_GROUP_DECIMALS)

    tables = []
    for threshold in check_thresholds(thresholds):
        status = compared[f"statut_{threshold:g}"].to_numpy()
        thin = compared[f"a_la_marge_{threshold:g}"].to_numpy()
        was = compared["minutes_avant"].to_numpy() <= threshold
        now = compared["minutes_apres"].to_numpy() <= threshold
        gains, loses = status == GAINED, status == LOST
        row: dict[str, Any] = {
            "territoire": names.astype(object),
            "groupe": group,
            "seuil": threshold,
            "effectif_avant": total(first),
            "effectif_apres": total(then),
            "couverts_avant": total(first, was),
            "couverts_apres": total(then, now),
            "gagnent": total(then, gains),
            "perdent": total(first, loses),
            "gagnent_a_la_marge": total(then, gains & thin),
            "perdent_a_la_marge": total(first, loses & thin),
            "variation_a_portee": total(then - first, status == STILL_WITHIN),
            "arrivent": total(then, (one_side == ONLY_AFTER) & now),
            "partent": total(first, (one_side == ONLY_BEFORE) & was),
            "rapproches": total(then, sense == CLOSER),
            "eloignes": total(first, sense == FARTHER),
            "communes_sans_donnee": np.bincount(
                index, weights=np.isnan(first) | np.isnan(then), minlength=size
            ).astype(np.int64),
            "communes_gagnent": np.bincount(index, weights=gains, minlength=size).astype(np.int64),
            "communes_perdent": np.bincount(index, weights=loses, minlength=size).astype(np.int64),
        }
        for side, people in (("avant", first), ("apres", then)):
            covered, everyone = row[f"couverts_{side}"], row[f"effectif_{side}"]
            row[f"part_{side}"] = np.divide(
                covered, everyone, out=np.full(size, np.nan), where=everyone > 0
            ).round(6)
            minutes = compared[f"minutes_{side}"].to_numpy(dtype=float)
            means = group_means(minutes, np.nan_to_num(people), index, size)
            row[f"minutes_moyennes_{side}"] = means.round(3)
        tables.append(pd.DataFrame(row))
    return pd.concat(tables, ignore_index=True)


def transitions(compared: pd.DataFrame, *, thresholds: Sequence[float]) -> pd.DataFrame:
    """Tell how many people went from each class to each class.

    Parameters
    ----------
    compared
        Table of :func:`compare_access`.
    thresholds
        Those of ``compared``.

    Returns
    -------
    pandas.DataFrame
        One row per pair of classes that has a commune, in the order of the classes: ``palier_avant,
        palier_apres, communes, population_avant, population_apres``. A commune of one side only is
        :data:`ABSENT` on the other, so that each population adds up to its whole.
    """
    order = [*class_labels(thresholds), ABSENT]
    grouped = compared.groupby(["palier_avant", "palier_apres"])
    table = grouped.agg(
        communes=("code_insee", "size"),
        population_avant=("population_avant", "sum"),
        population_apres=("population_apres", "sum"),
    ).reset_index()
    rank = {label: place for place, label in enumerate(order)}
    return table.sort_values(
        ["palier_avant", "palier_apres"], key=lambda labels: labels.map(rank), ignore_index=True
    )


def counterparts(
    compared: pd.DataFrame, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame
) -> pd.DataFrame:
    """List the communes of one side only, with the commune of the other that has their ground.

    Parameters
    ----------
    compared
        Table of :func:`compare_access`.
    before, after
        The communes of each side, under :data:`msap_geo.schemas.COMMUNES`, one projection.

    Returns
    -------
    pandas.DataFrame
        One row per such commune: ``code_insee, nom, presence, population, code_voisin, nom_voisin,
        part_surface`` (share of its area the other covers, from 0 to 1). No counterpart where
        nothing is drawn.
    """
    rows = []
    for presence, side, own, other in (
        (ONLY_BEFORE, "avant", before, after),
        (ONLY_AFTER, "apres", after, before),
    ):
        areas = own.set_index("code_insee").geometry
        others = other[other.geometry.notna()].reset_index(drop=True)
        for row in compared[compared["presence"] == presence].to_dict("records"):
            area = areas.get(row["code_insee"])
            best, share = None, np.nan
            if area is not None and area.area and len(others):
                shared = shapely.area(shapely.intersection(others.geometry.to_numpy(), area))
                largest = int(np.argmax(shared))
                if shared[largest] > 0:
                    best, share = others.iloc[largest], round(shared[largest] / area.area, 3)
            rows.append(
                {
                    "code_insee": row["code_insee"],
                    "nom": row["nom"],
                    "presence": presence,
                    "population": row[f"population_{side}"],
                    "code_voisin": None if best is None else best["code_insee"],
                    "nom_voisin": None if best is None else best["nom"],
                    "part_surface": share,
                }
            )
    columns = [
        "code_insee", "nom", "presence", "population", "code_voisin", "nom_voisin", "part_surface",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
