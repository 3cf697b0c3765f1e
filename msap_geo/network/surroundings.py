"""What communes tell of the roads that join them: their people, and how far apart they lie.

Two figures a study always holds stand for roads it does not. Populous communes lie on good roads;
where communes are vast there are few villages to slow down in. Density tells how people spread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import KDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = 8
"""How many communes, the nearest and itself, density and spacing are averaged over."""

_FEWEST_PEOPLE = 20
_REFERENCE_PEOPLE, _REFERENCE_DENSITY, _REFERENCE_RADIUS_KM = 500.0, 60.0, 2.7
"""About the middle of the communes of the métropole: their pace is the model's constant."""

_UNKNOWN_AREA_KM2 = 15.0


class Surroundings(NamedTuple):
    """Of each commune, zero at the reference but for the radius, shape (n,).

    Parameters
    ----------
    people
        Logarithm of its population.
    density
        Logarithm of the inhabitants per km² around it.
    spacing
        Logarithm of the mean radius of the communes around it.
    radius_km
        Radius of the disc of its area.
    """

    people: NDArray[np.float64]
    density: NDArray[np.float64]
    spacing: NDArray[np.float64]
    radius_km: NDArray[np.float64]


def surroundings(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outlines: NDArray[np.object_],
    population: NDArray[np.float64],
) -> Surroundings:
    """Measure the communes and their neighbourhoods.

    Parameters
    ----------
    x, y
        Town halls, metres, shape (n,).
    outlines
        Communes, metres; one without outline counts as one of ordinary size.
    population
        Inhabitants.

    Returns
    -------
    Surroundings
        In the same order.
    """
    area_km2 = np.nan_to_num(shapely.area(outlines) / 1e6)
    area_km2 = np.where(area_km2 > 0, area_km2, _UNKNOWN_AREA_KM2)
    radius_km = np.sqrt(area_km2 / np.pi)
    places = np.column_stack([x, y])
    near = KDTree(places).query(places, min(NEIGHBOURS, len(x)))[1].reshape(len(x), -1)
    density = population[near].sum(axis=1) / area_km2[near].sum(axis=1)
    return Surroundings(
        np.log((population + _FEWEST_PEOPLE) / _REFERENCE_PEOPLE),
        np.log((density + 1) / _REFERENCE_DENSITY),
        np.log(radius_km[near].mean(axis=1) / _REFERENCE_RADIUS_KM),
        radius_km,
    )
