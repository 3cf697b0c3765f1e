"""Everything a map is drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.loaders.scenery.relief import Relief


class Scenery(NamedTuple):
    """What a study gives its map to be drawn on, in the CRS of its communes.

    Parameters
    ----------
    rivers
        Lines.
    sea
        Surfaces.
    neighbours
        Surfaces, with ``nom`` and ``code`` where the file tells.
    relief
        Grids of elevations, in their own CRS.
    """

    rivers: gpd.GeoDataFrame | None = None
    sea: gpd.GeoDataFrame | None = None
    neighbours: gpd.GeoDataFrame | None = None
    relief: tuple[Relief, ...] = ()
