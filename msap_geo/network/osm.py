"""Roads from OpenStreetMap files (``.osm.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``)."""

from __future__ import annotations

from array import array
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.errors import NetworkError, UnreadableFileError
from msap_geo.network.crossings import land_crossings
from msap_geo.network.model import RoadNetwork, Source, build_network
from msap_geo.network.osm_roads import OsmRoads, cut_roads, merge_roads
from msap_geo.network.osm_tags import blocks, keys_read, way_speeds
from msap_geo.tabular import require_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.network.crossings import Crossing
    from msap_geo.network.profiles import Profile

ATTRIBUTION = "© les contributeurs d’OpenStreetMap (ODbL)"


def read_osm(
    paths: Path | Sequence[Path],
    profile: Profile,
    *,
    epsg: int,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Read the roads of OSM files that one may travel.

    One-ways, access restrictions, barriers and ferries are respected; turn restrictions are not.

    Parameters
    ----------
    paths
        OSM file, or neighbouring extracts to join, in which nodes come before ways, as every
        extract has them.
    profile
        Speeds and rules of the mode.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add (see :class:`msap_geo.network.Crossing`).

    Returns
    -------
    RoadNetwork
        See :func:`msap_geo.network.model.build_network`.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If a file is absent or is not an OSM file.
    NetworkError
        If they hold no road of the profile.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    for path in files:
        require_file(path)
    roads = merge_roads([read_roads(path, profile) for path in files])
    if len(roads.way) == 0:
        raise NetworkError(
            f"aucune route utilisable ({profile.title}) dans "
            + ", ".join(f"« {path.name} »" for path in files),
            where=", ".join(str(path) for path in files),
            remedy="fournir un extrait OpenStreetMap qui couvre l'étude",
        )
    x, y, edges, ferry = cut_roads(roads, epsg)
    if ferry.any():
        edges = land_crossings(edges, ferry, wait_minutes=profile.ferries.wait_minutes)
    return build_network(
        x,
        y,
        edges,
        profile,
        epsg=epsg,
        source=Source(ATTRIBUTION, ways_refused=roads.refused, ferries=int(ferry.sum())),
        crossings=crossings,
    )


def read_roads(path: Path, profile: Profile) -> OsmRoads:
    """Read the ways of an OSM file that one may travel, as flat arrays.

    Parameters
    ----------
    path
        OSM file.
    profile
        Speeds and rules of the mode.

    Returns
    -------
    OsmRoads
        Ways and their nodes.

    Raises
    ------
    UnreadableFileError
        If it is not an OSM file.
    """
    if path.name.lower().endswith(".pbf"):
        from msap_geo.network.osm_pbf import NotHandledError, read_pbf  # noqa: PLC0415 - numba

        try:
            return read_pbf(path, profile)
        except NotHandledError:
            pass  # pyosmium reads it, or says that nobody can
    try:
        return read_roads_with_osmium(path, profile)
    except RuntimeError as error:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un fichier OpenStreetMap lisible",
            where=path,
            remedy="fournir un extrait .osm.pbf complet",
        ) from error


def read_roads_with_osmium(path: Path, profile: Profile) -> OsmRoads:
    """Read the ways of an OSM file of any form with pyosmium.

    Parameters
    ----------
    path
        OSM file.
    profile
        Speeds and rules of the mode.

    Returns
    -------
    OsmRoads
        The same as :func:`msap_geo.network.osm_pbf.read_pbf`.

    Raises
    ------
    RuntimeError
        If it is not an OSM file.
    """
    import osmium  # noqa: PLC0415 - only these files need it

    keys = frozenset(keys_read(profile.rules))
    speeds_of = cache(lambda tags: way_speeds(dict(tags), profile))
    ways, sizes, refs, speeds = array("q"), array("q"), array("q"), []
    places, barriers, refused = array("d"), array("q"), 0
    stream: Any = (
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_filter(osmium.filter.KeyFilter("highway", "route", "barrier"))
    )
    for item in stream:
        tags = tuple((key, value) for key, value in item.tags if key in keys)
        if item.is_node():
            if blocks(dict(tags), profile.rules):
                barriers.append(item.id)
        elif item.is_way():
            speed = speeds_of(tags)
            if speed is None or len(item.nodes) < 2:  # noqa: PLR2004 - a line has two ends
                continue
            if not (speed.forward_kmh or speed.backward_kmh):
                refused += 1
                continue
            ways.append(item.id)
            sizes.append(len(item.nodes))
            speeds.append(speed)
            for node in item.nodes:
                refs.append(node.ref)
                known = node.location.valid()
                places.extend((node.lon, node.lat) if known else (np.nan, np.nan))
    node, first, vertex = np.unique(
        np.asarray(refs, dtype=np.int64), return_index=True, return_inverse=True
    )
    table = np.array(speeds, dtype=np.float64).reshape(-1, 4)
    lonlat = np.asarray(places).reshape(-1, 2)[first]
    start = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(np.asarray(sizes, dtype=np.int64), out=start[1:])
    return OsmRoads(
        way=np.asarray(ways, dtype=np.int64),
        start=start,
        vertex=vertex,
        forward_kmh=table[:, 0],
        backward_kmh=table[:, 1],
        ferry=table[:, 2] != 0,
        minutes=table[:, 3],
        node=node,
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        barrier=np.isin(node, np.asarray(barriers, dtype=np.int64)),
        refused=refused,
    )
