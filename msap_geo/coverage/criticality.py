"""What each Maison holds up: who falls out of reach if it closes, and who has another one."""

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

    from msap_geo.travel import TravelTimes


def closures(
    demand: gpd.GeoDataFrame | pd.DataFrame,
    nearest: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    *,
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Tell what closing each site, alone, would do (N-1).

    Those who go to it would go to their second nearest site; nobody else moves.

    Parameters
    ----------
    demand
        Places with ``demand_id, population``.
    nearest
        Table under :data:`msap_geo.schemas.NEAREST` with the two nearest sites of each place
        (``k=2``, without a bound); a place with one row has no other site.
    sites
        The sites: each has a row, even if nobody goes to it.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per site, the most critical first (by the first threshold's people, then by those
        who go there), with its ``nom`` and ``departement``:

        ``habitants``
            Σ pᵢ of those whose nearest it is.
        ``minutes_avant, minutes_apres``
            Their mean time today, and to their second nearest, minutes; those without any are out
            of the second.
        ``minutes_apres_max``
            The worst; null if someone has no other site.
        ``sans_recours``
            Those who have no route to any other site.
        ``perdus_<s>``
            For each threshold s, those within it today who would be beyond: Σ pᵢ [t¹ᵢ ≤ s < t²ᵢ].
    """
    schemas.check(nearest, schemas.NEAREST)
    ids = pd.Index(sites["site_id"])
    people = demand.set_index("demand_id")["population"]
    first, second = (
        nearest[nearest["rang"] == rank].set_index("demand_id").reindex(people.index)
        for rank in (1, 2)
    )
    served = first["minutes"].notna().to_numpy()
    site = ids.get_indexer(first["site_id"][served])
    weight = people.to_numpy(dtype=float)[served]
    before, after = (
        table["minutes"].round(MINUTES_DECIMALS).to_numpy(dtype=float)[served]
        for table in (first, second)
    )
    n = len(ids)

    def total(condition: np.ndarray) -> np.ndarray:
        return group_sums(site, np.where(condition, weight, 0.0), n).astype(np.int64)

    columns = {
        "site_id": ids.to_numpy(dtype=object),
        "nom": sites["nom"].to_numpy(dtype=object),
        "departement": sites["departement"].to_numpy(dtype=object),
        "habitants": total(np.ones(len(weight), dtype=bool)),
        "minutes_avant": group_means(before, weight, site, n).round(MINUTES_DECIMALS),
        "minutes_apres": group_means(after, weight, site, n).round(MINUTES_DECIMALS),
        "minutes_apres_max": group_quantiles(after, weight, site, n, share=1.0),
        "sans_recours": total(np.isnan(after)),
    }
    settled = check_thresholds(thresholds)
    for threshold in settled:
        columns[f"perdus_{threshold:g}"] = total((before <= threshold) & ~(after <= threshold))
    order = [f"perdus_{settled[0]:g}", "habitants"]
    return pd.DataFrame(columns).sort_values(
        [*order, "site_id"], ascending=[False, False, True], ignore_index=True
    )


def sites_within(times: TravelTimes, *, threshold: float) -> pd.Series:
    """Count the sites within a threshold of each place.

    Parameters
    ----------
    times
        Travel times, at least as far as the threshold.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.Series
        Number of sites, index ``demand_id``.
    """
    trips = times.minutes.tocoo()
    inside = np.round(trips.data, MINUTES_DECIMALS) <= threshold
    counts = np.bincount(trips.row[inside], minlength=len(times.demand_ids))
    return pd.Series(counts.astype(np.int64), index=times.demand_ids)


MANY = 3
"""From this number of sites within reach on, the count is no longer told apart."""


def backup_coverage(
    demand: gpd.GeoDataFrame | pd.DataFrame, times: TravelTimes, *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Count the people by how many sites they have within each threshold.

    Parameters
    ----------
    demand
        Places with ``demand_id, population``.
    times
        Travel times of these places, at least as far as the thresholds.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per threshold (``seuil``) and number of sites (``maisons``: 0, 1, 2, ``3 ou
        plus``): ``population``, and ``part`` of the total from 0 to 1. The population of a
        threshold adds up to the total.
    """
    people = demand.set_index("demand_id")["population"].reindex(times.demand_ids).to_numpy()
    total = people.sum()
    rows = []
    for threshold in check_thresholds(thresholds):
        counts = np.minimum(sites_within(times, threshold=threshold).to_numpy(), MANY)
        by_count = np.bincount(counts, weights=people, minlength=MANY + 1).astype(np.int64)
        rows += [
            (threshold, f"{count} ou plus" if count == MANY else str(count), int(population))
            for count, population in enumerate(by_count)
        ]
    table = pd.DataFrame(rows, columns=["seuil", "maisons", "population"])
    return table.assign(part=(table["population"] / total).round(6) if total else np.nan)
