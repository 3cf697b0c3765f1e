"""Sites of other départements: whether they are where their row says.

A Maison of the Essonne geocoded to Corsica would serve eleven communes there. Their own commune's
outline is not loaded, but its town hall may be, and the study's outlines are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from msap_geo.anomalies import Action, Anomaly, note

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

PLACE_TOLERANCE_M = 3_000.0
"""How far outside its commune's outline a point may lie and still be believed.

Published outlines are simplified by up to a few hundred metres and counters stand just across a
border; geocoding failures are off by tens of kilometres.
"""

FAR_FROM_HOME_M = 30_000.0
"""How far from its town hall a point may lie and still be in its commune, or at its door.

Arles, the widest commune of the métropole, reaches 40 km from its town hall, in marshes where
nobody keeps a counter.
"""

_SHARE_INSIDE = 0.99
_QUARTER = 16


def confront(
    sites: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    town_halls: gpd.GeoDataFrame | None,
    *,
    file: str,
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Doubt the points of other départements that lie deep in the study, or far from home.

    Parameters
    ----------
    sites
        Sites of other départements, projected, under the codes in force.
    communes
        Communes of the study, same projection.
    town_halls
        Town halls of the country, any CRS; None where they are not known.
    file
        File the sites come from.

    Returns
    -------
    geopandas.GeoDataFrame
        The sites. One more than :data:`PLACE_TOLERANCE_M` inside the study, or more than
        :data:`FAR_FROM_HOME_M` from its town hall, is put at that town hall (``position`` =
        *commune*); without one, it is left out, as is one without a point.
    list of Anomaly
        One per site moved or left out.
    """
    points = sites.geometry.to_numpy()
    halls: NDArray[np.object_] = np.full(len(sites), None, dtype=object)
    if town_halls is not None and len(sites):
        at = town_halls.drop_duplicates("code_insee").set_index("code_insee").geometry
        halls = at.reindex(sites["code_insee"]).to_crs(communes.crs).to_numpy()
    present = ~shapely.is_missing(points)
    # The distance to an unknown town hall is NaN: it contradicts nothing.
    far = present & (shapely.distance(points, halls) > FAR_FROM_HOME_M)
    astray = far | _deep_inside(points, communes)
    at_hall = astray & ~shapely.is_missing(halls)
    lost = astray & ~at_hall
    # Whatever its département, a point that would have counted here is this study's business.
    west, south, east, north = communes.total_bounds
    x, y = shapely.get_x(points), shapely.get_y(points)
    ours = astray & (west <= x) & (x <= east) & (south <= y) & (y <= north)
    told = told_of_sites(sites)
    told = told.assign(departement=told["departement"].mask(ours, ""))
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (
                at_hall,
                "site-voisin-mal-place",
                Action.REPAIRED,
                "d'un autre département, mais situé loin de sa commune : ramené à sa mairie",
            ),
            (
                lost,
                "site-voisin-mal-place",
                Action.LEFT_OUT,
                "d'un autre département, mais situé dans l'étude : position ignorée",
            ),
            (
                ~present,
                "site-sans-lieu",
                Action.LEFT_OUT,
                "sans position, hors des départements de l'étude",
            ),
        )
        for anomaly in note(told[mask], code, action, message, file=file)
    ]
    moved = sites.assign(
        geometry=np.where(at_hall, halls, points),
        position=np.where(at_hall, "commune", sites["position"]),
    )
    return moved[present & ~lost], anomalies


def _deep_inside(points: NDArray[np.object_], communes: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which points are inside the communes, :data:`PLACE_TOLERANCE_M` at least from outside.

    The sea is outside, and so is a commune without outline: such points are not told so.
    """
    outlines = communes.geometry.to_numpy()
    tree = shapely.STRtree(outlines)
    inside = np.unique(tree.query(points, predicate="intersects")[0])
    deep = np.zeros(len(points), dtype=bool)
    if not len(inside):
        return deep
    around = shapely.buffer(points[inside], PLACE_TOLERANCE_M, quad_segs=_QUARTER)
    disc, commune = tree.query(around, predicate="intersects")
    covered = np.zeros(len(inside))
    areas = shapely.area(shapely.intersection(around[disc], outlines[commune]))
    np.add.at(covered, disc, areas)
    # Simplified outlines leave slivers between communes.
    deep[inside] = covered >= _SHARE_INSIDE * shapely.area(around)
    return deep


def told_of_sites(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what anomalies say of sites: the commune goes with the name."""
    named = sites["nom"] + " (" + sites["commune"] + ")"
    return pd.DataFrame(sites.drop(columns="geometry")).assign(
        nom=named, identifiant=sites["site_id"]
    )
