"""Zones blanches: contiguous groups of communes beyond a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from msap_geo import place_names, schemas
from msap_geo.coverage.access import is_beyond

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTIGUITY_TOLERANCE_M = 1.0
"""Two communes touch when their outlines come this close: published borders differ by rounding."""


def zones_blanches(
    communes: gpd.GeoDataFrame, access: pd.DataFrame, *, threshold: float
) -> gpd.GeoDataFrame:
    """Group the communes beyond a threshold into contiguous zones.

    Every commune beyond the threshold belongs to exactly one zone, so the zones' populations add
    up to the population beyond. Communes that meet, if only at one point, are contiguous. A
    commune without an outline makes a zone of its own.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    access
        Table under :data:`msap_geo.schemas.ACCESS`, same rows.
    threshold
        Minutes, inclusive.

    Returns
    -------
    geopandas.GeoDataFrame
        Table under :data:`msap_geo.schemas.ZONES`, ranked by inhabitants (then by identifier).
        ``zone_id`` is ``ZB-`` and the code of the zone's most populous commune: it does not depend
        on the order of the rows nor on the other zones; ``nom`` is its name everywhere (``autour
        de Corte``). ``minutes_max`` is the worst time (null
        when a commune has no route at all), ``site_id`` and ``site_nom`` the Maison nearest to
        most of the zone's people today.
    """
    schemas.check(communes, schemas.COMMUNES)
    schemas.check(access, schemas.ACCESS)
    beyond = is_beyond(access, threshold).to_numpy()
    outside = access[beyond].reset_index(drop=True)
    outlines = communes.set_index("code_insee").geometry.reindex(outside["code_insee"]).array
    label = contiguous_groups(np.asarray(outlines))
    members = outside.assign(groupe=label).sort_values(
        ["groupe", "population", "code_insee"], ascending=[True, False, True]
    )
    members = gpd.GeoDataFrame(
        members, geometry=np.asarray(outlines)[members.index], crs=communes.crs
    )
    rows = [_zone(zone) for _, zone in members.groupby("groupe", sort=False)]
    table = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=_ZONE_COLUMNS),
        geometry="geometry",
        crs=communes.crs,
    ).astype({"zone_id": str, "nb_communes": "int64", "population": "int64", "minutes_max": float})
    table = table.sort_values(["population", "zone_id"], ascending=[False, True], ignore_index=True)
    table.insert(1, "rang", np.arange(1, len(table) + 1, dtype=np.int64))
    return schemas.check(table, schemas.ZONES)


_ZONE_COLUMNS = [
    "zone_id",
    "nom",
    "communes",
    "nb_communes",
    "population",
    "minutes_max",
    "site_id",
    "site_nom",
    "geometry",
]


def _zone(members: gpd.GeoDataFrame) -> tuple[object, ...]:
    """Sum up one zone; its members come most populous first."""
    by_site = members.groupby(["site_id", "site_nom"])["population"].agg(["sum", "size"])
    order = by_site.sort_values(["sum", "size"], ascending=False, kind="stable")
    site_id, site_nom = order.index[0] if len(order) else (None, None)
    outline = shapely.union_all(members.geometry.dropna().to_numpy())
    return (
        f"ZB-{members['code_insee'].iloc[0]}",
        place_names.around(members["nom"].iloc[0]),
        sorted(members["code_insee"]),
        len(members),
        int(members["population"].sum()),
        float(members["minutes"].max()) if members["minutes"].notna().all() else np.nan,
        site_id,
        site_nom,
        None if outline.is_empty else outline,
    )


_ROUND = np.array([-1.0, -1.0, 1.0, 1.0])


def contiguous_groups(
    outlines: NDArray[np.object_], *, gap_m: float = CONTIGUITY_TOLERANCE_M
) -> NDArray[np.int64]:
    """Label the connected groups of areas that touch.

    Parameters
    ----------
    outlines
        Areas in metres, possibly null, shape (n,).
    gap_m
        Areas this close belong together, metres, inclusive.

    Returns
    -------
    numpy.ndarray
        Label of each area, shape (n,); a null one is alone.
    """
    n = len(outlines)
    if n == 0:
        return np.empty(0, dtype=np.int64)
    pairs = contiguous_pairs(outlines, gap_m=gap_m)
    graph = coo_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(n, n))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def contiguous_pairs(
    outlines: NDArray[np.object_], *, gap_m: float = CONTIGUITY_TOLERANCE_M
) -> NDArray[np.int64]:
    """List the pairs of areas that touch: what groups of them are made of.

    Parameters
    ----------
    outlines
        Areas in metres, possibly null, shape (n,).
    gap_m
        Areas this close belong together, metres, inclusive.

    Returns
    -------
    numpy.ndarray
        Rows of the areas of each pair, the lesser first, shape (2, m), sorted.
    """
    tree = shapely.STRtree(outlines)
    present = np.flatnonzero(~(shapely.is_missing(outlines) | shapely.is_empty(outlines)))
    bounds = shapely.bounds(outlines[present])
    near = tree.query(shapely.box(*(bounds + _ROUND * (gap_m + 1.0)).T))
    first, second = present[near[0]], near[1]
    once = first < second  # each pair is measured once, though either of the two finds it
    first, second = first[once], second[once]
    shapely.prepare(outlines[first])
    touch = shapely.dwithin(outlines[first], outlines[second], gap_m)
    shapely.destroy_prepared(outlines[first])
    pairs: NDArray[np.int64] = np.stack([first[touch], second[touch]])
    return pairs[:, np.lexsort(pairs[::-1])]
