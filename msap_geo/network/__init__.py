"""Road data → an immutable network of arrays, in projected metres and minutes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo.cache import cache_folder
from msap_geo.drafts import remove
from msap_geo.errors import NetworkError, StoreError
from msap_geo.network.arrays import MINUTE_GRAIN, ROAD_CLASSES
from msap_geo.network.conditions.changes import RoadChange, with_changes
from msap_geo.network.conditions.traffic import with_traffic
from msap_geo.network.conditions.zones import read_zone
from msap_geo.network.crossings import Crossing
from msap_geo.network.cut import around, belt_m
from msap_geo.network.estimated import estimate_network
from msap_geo.network.graphs import from_graph, from_place, read_graphml
from msap_geo.network.link_tables import read_links
from msap_geo.network.links import from_links
from msap_geo.network.model import NetworkReport, RoadNetwork
from msap_geo.network.osm.files import read_osm, refuse_overpass_json, refuse_packed_osm
from msap_geo.network.profiles import (
    ESTIMATED,
    Junctions,
    Penalties,
    Profile,
    available_profiles,
    load_profile,
)
from msap_geo.network.segments import read_segments
from msap_geo.network.snapping import Snapped, snap
from msap_geo.network.store import open_network, save_network, store_key
from msap_geo.network.timetable import Timetable, day_range, read_timetable
from msap_geo.tabular import is_archive, require_file

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ESTIMATED",
    "MINUTE_GRAIN",
    "ROAD_CLASSES",
    "Crossing",
    "Junctions",
    "NetworkReport",
    "Penalties",
    "Profile",
    "RoadChange",
    "RoadNetwork",
    "Snapped",
    "Timetable",
    "around",
    "available_profiles",
    "belt_m",
    "cache_folder",
    "day_range",
    "estimate_network",
    "from_graph",
    "from_links",
    "from_place",
    "load_network",
    "load_profile",
    "open_network",
    "read_graphml",
    "read_links",
    "read_osm",
    "read_segments",
    "read_timetable",
    "read_zone",
    "save_network",
    "snap",
    "with_changes",
    "with_traffic",
]

_SEGMENTS = (".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".fgb", ".zip")
_TABLES = (".csv", ".txt", ".tsv")


def load_network(
    sources: str | Path | Sequence[str | Path],
    profile: Profile,
    *,
    epsg: int,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Open the network of these files from the cache, or read them and keep the result.

    Parameters
    ----------
    sources
        File, or files: a CSV of nodes and a CSV of links; or one file or more of OpenStreetMap, or
        of sections of the IGN; or a GraphML file of OSMnx.
    profile
        Travel profile.
    epsg
        Projected CRS.
    crossings
        Crossings to add to the roads.

    Returns
    -------
    RoadNetwork
        The network.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError, NetworkError
        If the files are absent, cannot be used, or cannot be joined.
    """
    given = [sources] if isinstance(sources, (str, Path)) else sources
    files = [Path(source) for source in given]
    for source in files:
        require_file(source)
    key = store_key(files, profile, epsg=epsg)
    if crossings:
        key += "-" + hashlib.sha256(repr(tuple(crossings)).encode()).hexdigest()[:8]
    folder = cache_folder() / "reseaux" / key
    fault = ""
    if folder.exists():
        try:
            return open_network(folder)
        except StoreError as error:
            fault = error.problem
            remove(folder)
    network = _read(files, profile, epsg, crossings)
    _keep(network, folder)
    return replace(network, store_fault=fault) if fault else network


def _read(
    sources: Sequence[Path], profile: Profile, epsg: int, crossings: Sequence[Crossing]
) -> RoadNetwork:
    """Read files by what their names say they are; OpenStreetMap's have many endings."""
    names = [path.name.lower() for path in sources]
    if len(sources) == 2 and all(name.endswith(_TABLES) for name in names):  # noqa: PLR2004
        nodes, links = sources
        return read_links(nodes, links, profile, epsg=epsg, crossings=crossings)
    segments = [name.endswith(_SEGMENTS) for name in names]
    for path, name in zip(sources, names, strict=True):
        if name.endswith((".json", ".geojson")):
            refuse_overpass_json(path)
        if name.endswith(".zip") and is_archive(path):
            refuse_packed_osm(path)
    if all(segments):
        return read_segments(sources, profile, epsg=epsg, crossings=crossings)
    if len(sources) == 1 and names[0].endswith(".graphml"):
        return read_graphml(sources[0], profile, epsg=epsg, crossings=crossings)
    if any(segments) or any(name.endswith((*_TABLES, ".graphml")) for name in names):
        raise NetworkError(
            "ces fichiers de routes ne se joignent pas",
            where=", ".join(str(path) for path in sources),
            remedy="donner des extraits OpenStreetMap, ou des tronçons de l'IGN, ou un graphe "
            "d'OSMnx, ou un CSV de nœuds et un de liens",
        )
    return read_osm(sources, profile, epsg=epsg, crossings=crossings)


def _keep(network: RoadNetwork, folder: Path) -> None:
    """Write the store; a cache that cannot be written costs time, not the study."""
    try:
        save_network(network, folder)
    except OSError:
        return
