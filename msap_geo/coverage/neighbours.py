"""What a territory owes to its neighbours, and what its edge may hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.distances import straight_km
from msap_geo.coverage.territories import POPULATION, UNATTACHED
from msap_geo.coverage.weighted import group_sums

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes


def reliance_on_neighbours(
    places: pd.DataFrame,
    times: TravelTimes,
    home: pd.Series,
    site_home: pd.Series,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Tell how much of the coverage of each territory rests on sites of other ones.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`, rows of ``times``.
    times
        Travel times, at least as far as the threshold.
    home
        Territory of each place (département, région), same order.
    site_home
        Territory of each site, by ``site_id``; a null is none of the places'.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per territory: ``territoire, population, population_couverte`` (a site within the
        threshold), ``couverte_par_soi`` (one of its own), ``couverte_par_voisins`` (others' only;
        the last two add up to the second), ``part_par_voisins`` (share of the covered, from 0 to
        1), ``plus_proche_ailleurs`` (people whose nearest site is another territory's).
    """
    of_place = home.astype(object).where(home.notna().to_numpy(), UNATTACHED).to_numpy()
    of_site = site_home.reindex(times.site_ids).to_numpy(dtype=object)
    trips = times.minutes.tocoo()
    near = np.round(trips.data, MINUTES_DECIMALS) <= threshold
    row, column = trips.row[near], trips.col[near]
    covered = np.zeros(len(places), dtype=bool)
    own = covered.copy()
    covered[row] = True
    own[row[of_place[row] == of_site[column]]] = True
    chosen = places["site_id"].map(site_home, na_action="ignore").to_numpy(dtype=object)
    abroad = places["site_id"].notna().to_numpy() & (chosen != of_place)
    names, group = np.unique(of_place.astype(str), return_inverse=True)
    people = places[POPULATION].to_numpy(dtype=float)

    def total(which: np.ndarray) -> np.ndarray:
        return group_sums(group, np.where(which, people, 0.0), len(names)).astype(np.int64)

    table = pd.DataFrame(
        {
            "territoire": names.astype(object),
            "population": total(np.ones(len(places), dtype=bool)),
            "population_couverte": total(covered),
            "couverte_par_soi": total(own),
            "couverte_par_voisins": total(covered & ~own),
        }
    )
    share = table["couverte_par_voisins"] / table["population_couverte"].where(lambda n: n > 0)
    return table.assign(part_par_voisins=share.round(6), plus_proche_ailleurs=total(abroad))


def uncertain_at_the_edge(
    points: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    outline: shapely.Geometry,
    *,
    belt_km: float,
) -> pd.Series:
    """Tell which places might have a nearer site beyond the belt where sites are known.

    Sites are known in the territory and in a belt round it. A place is sure when the circle that
    reaches its nearest known site stays inside; else a site outside could be nearer as the crow
    flies, and its figures are an upper bound.

    Parameters
    ----------
    points
        Starting points, metric CRS.
    sites
        Known sites, same CRS.
    outline
        The territory.
    belt_km
        Width of the belt where sites are known too, kilometres.

    Returns
    -------
    pandas.Series
        True where the edge may hide a nearer site; index of ``points``. The sea counts as an edge:
        on an island, nothing is there to be hidden.
    """
    to_site = straight_km(points, sites).to_numpy()
    unsure: NDArray[np.bool_] = ~(to_site <= belt_km)
    # The belt alone answers for the others, however far the edge: it costs more than all the rest.
    far = np.flatnonzero(unsure)
    shapes = points.geometry.to_numpy()[far]
    to_edge = shapely.distance(shapes, shapely.boundary(outline)) / 1000
    slack = np.where(shapely.covers(outline, shapes), to_edge, 0.0) + belt_km
    unsure[far] = ~(to_site[far] <= slack)
    return pd.Series(unsure, index=points.index)
