"""Road data → an immutable network of arrays, in projected metres and minutes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from msap_geo.cache import cache_folder
from msap_geo.errors import StoreError
from msap_geo.loaders.tabular import require_file
from msap_geo.network.estimated import estimate_network
from msap_geo.network.links import from_links, read_links
from msap_geo.network.model import MINUTE_GRAIN, NetworkReport, RoadNetwork
from msap_geo.network.osm import read_osm
from msap_geo.network.profiles import ESTIMATED, Profile, available_profiles, load_profile
from msap_geo.network.snapping import Snapped, snap
from msap_geo.network.store import open_network, save_network, store_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ESTIMATED",
    "MINUTE_GRAIN",
    "NetworkReport",
    "Profile",
    "RoadNetwork",
    "Snapped",
    "available_profiles",
    "cache_folder",
    "estimate_network",
    "from_links",
    "load_network",
    "load_profile",
    "open_network",
    "read_links",
    "read_osm",
    "save_network",
    "snap",
]


_OSM = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
_TABLES = 2  # nodes and links


def load_network(sources: Sequence[Path], profile: Profile, *, epsg: int) -> RoadNetwork:
    """Open the network of these files from the cache, or read them and keep the result.

    Parameters
    ----------
    sources
        One OSM file; several, of neighbouring regions; or a CSV of nodes and a CSV of links.
    profile
        Travel profile.
    epsg
        Projected CRS.

    Returns
    -------
    RoadNetwork
        The network.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError, NetworkError
        If the files are absent or cannot be used.
    """
    for source in sources:
        require_file(source)
    folder = cache_folder() / "reseaux" / store_key(sources, profile, epsg=epsg)
    if folder.exists():
        try:
            return open_network(folder)
        except StoreError:
            shutil.rmtree(folder, ignore_errors=True)
    if len(sources) == _TABLES and not any(path.name.lower().endswith(_OSM) for path in sources):
        nodes, links = sources
        network = read_links(nodes, links, profile, epsg=epsg)
    else:
        network = read_osm(sources, profile, epsg=epsg)
    _keep(network, folder)
    return network


def _keep(network: RoadNetwork, folder: Path) -> None:
    """Write the store; a cache that cannot be written costs time, not the study."""
    try:
        save_network(network, folder)
    except OSError:
        return
