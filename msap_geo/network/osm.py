"""Roads from an OpenStreetMap file (``.osm.pbf``, ``.osm``, ``.osm.gz``).

The file is streamed once: node places stay in osmium's own index, ways become flat arrays of node
references and coordinates, and everything after that is NumPy.
"""

from __future__ import annotations

import re
from array import array
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj

from msap_geo.errors import NetworkError, UnreadableFileError
from msap_geo.loaders.tabular import require_file
from msap_geo.network.model import Edges, RoadNetwork, build_network
from msap_geo.network.profiles import FASTEST_KMH, SLOWEST_KMH
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from msap_geo.network.profiles import Profile

ATTRIBUTION = "© les contributeurs d’OpenStreetMap (ODbL)"

# From the most to the least specific: the first one present decides (OSM wiki, Key:access).
_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_DENIED = frozenset(
    {"no", "private", "agricultural", "forestry", "delivery", "emergency", "military"}
    | {"psv", "bus", "customers"}
)
_OPEN_BARRIERS = frozenset(
    {"border_control", "cattle_grid", "entrance", "gate", "height_restrictor", "kerb"}
    | {"lift_gate", "no", "sally_port", "spikes", "swing_gate", "toll_booth"}
)
_MPH = 1.609344
# Implicit limits of the French highway code (articles R413-2, R413-3), km/h.
_IMPLICIT_KMH = {
    "fr:urban": 50.0,
    "fr:rural": 80.0,
    "fr:trunk": 110.0,
    "fr:motorway": 130.0,
    "fr:zone30": 30.0,
    "fr:zone20": 20.0,
    "fr:walk": 6.0,
    "walk": 6.0,
}


class _Ways(NamedTuple):
    """Flat arrays: way ``w`` has positions ``start[w]:start[w + 1]``."""

    start: NDArray[np.int64]
    ref: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    forward_kmh: NDArray[np.float64]
    backward_kmh: NDArray[np.float64]
    barriers: NDArray[np.int64]
    refused: int


def read_osm(paths: Path | Sequence[Path], profile: Profile, *, epsg: int) -> RoadNetwork:
    """Read the drivable roads of an OSM file, or of the extracts of neighbouring regions.

    One-ways, access restrictions and barriers are respected; turn restrictions are not.

    Parameters
    ----------
    paths
        OSM file in which nodes come before ways, as every extract has them; or several, joined at
        their common nodes. Extracts keep whole the ways that cross their border: a way counts once.
    profile
        Speeds by ``highway`` class; ``maxspeed`` wins where tagged.
    epsg
        Projected CRS to bring the roads to.

    Returns
    -------
    RoadNetwork
        The largest strongly connected part.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or is not an OSM file.
    NetworkError
        If it holds no drivable road.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    for path in files:
        require_file(path)
    ways = _read_ways(files, profile)
    if len(ways.start) == 1:
        raise NetworkError(
            f"aucune route carrossable dans {', '.join(f'« {path.name} »' for path in files)}",
            where=", ".join(str(path) for path in files),
            remedy="fournir un extrait OpenStreetMap qui couvre l'étude",
        )
    x, y, edges = _edges(ways, epsg)
    return build_network(
        x,
        y,
        edges,
        profile,
        epsg=epsg,
        attribution=ATTRIBUTION,
        ways_refused=ways.refused,
    )


def _read_ways(paths: Sequence[Path], profile: Profile) -> _Ways:
    import osmium  # noqa: PLC0415 - only this reader needs it

    refs, sizes, coordinates = array("q"), array("q"), []
    forward, backward, barriers = array("d"), array("d"), array("q")
    refused = 0
    wkb = osmium.geom.WKBFactory()
    done: set[int] = set()
    for item in _items(paths):
        if isinstance(item, osmium.osm.Node):
            if _blocks(item.tags):
                barriers.append(item.id)
            continue
        if not isinstance(item, osmium.osm.Way):
            continue
        if item.tags.get("highway") not in profile.speeds_kmh or item.id in done:
            continue
        ahead, back = _way_speeds(item.tags, profile)
        parts = _lines(item, wkb) if ahead or back else []
        if not (ahead or back):
            refused += 1
        if len(paths) > 1 and (not parts or len(parts[0][0]) == len(item.nodes)):
            # A way cut by the border of one extract may be whole in the next: it is read again.
            done.add(item.id)
        for nodes, points in parts:
            refs.extend(nodes)
            sizes.append(len(nodes))
            coordinates.append(points)
            forward.append(ahead)
            backward.append(back)
    start = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(np.asarray(sizes, dtype=np.int64), out=start[1:])
    lonlat = np.concatenate(coordinates) if coordinates else np.empty((0, 2))
    return _Ways(
        start=start,
        ref=np.asarray(refs, dtype=np.int64),
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        forward_kmh=np.asarray(forward),
        backward_kmh=np.asarray(backward),
        barriers=np.asarray(barriers, dtype=np.int64),
        refused=refused,
    )


def _items(paths: Sequence[Path]) -> Iterator[Any]:
    """Yield the roads and barriers of each file; an object lives until the next is asked for."""
    import osmium  # noqa: PLC0415 - only this reader needs it

    for path in paths:
        try:
            yield from (
                osmium.FileProcessor(str(path))
                .with_locations()
                .with_filter(osmium.filter.KeyFilter("highway", "barrier"))
            )
        except RuntimeError as error:
            raise UnreadableFileError(
                f"« {path.name} » n'est pas un fichier OpenStreetMap lisible",
                where=path,
                remedy="fournir un extrait .osm.pbf complet",
            ) from error


def _lines(way: Any, wkb: Any) -> list[tuple[list[int], NDArray[np.float64]]]:
    """Return node references, and longitudes and latitudes (n, 2), of each unbroken part of a way.

    A way whole in the file is one part; one cut by the border of the extract is as many as there
    are runs of two known nodes or more: no road is invented across the gap.
    """
    import osmium  # noqa: PLC0415 - only this reader needs it

    try:
        line = wkb.create_linestring(way, osmium.geom.ALL)
    except (osmium.InvalidLocationError, RuntimeError):
        runs = [
            list(run)
            for known, run in groupby(way.nodes, key=lambda node: node.location.valid())
            if known
        ]
        return [
            ([node.ref for node in run], np.array([(node.lon, node.lat) for node in run]))
            for run in runs
            if len(run) > 1
        ]
    # WKB of a line: byte order, type and point count take nine bytes.
    points = np.frombuffer(bytes.fromhex(line), dtype="<f8", offset=9).reshape(-1, 2)
    return [([node.ref for node in way.nodes], points)]


def _blocks(tags: Any) -> bool:
    """Tell whether a barrier node stops cars."""
    barrier = tags.get("barrier")
    if barrier is None:
        return False
    if any(key in tags for key in _ACCESS_KEYS):
        return _denied(tags)
    return barrier not in _OPEN_BARRIERS


def _denied(tags: Any, way: str = "") -> bool:
    """Tell whether cars are kept out, altogether or one way (``:forward``, ``:backward``).

    The most specific key decides; of several values (``agricultural;forestry``) one open suffices.
    """
    keys = (key + suffix for key in _ACCESS_KEYS for suffix in ((way, "") if way else ("",)))
    value = next((tags[key] for key in keys if key in tags), "")
    return {part.strip() for part in value.split(";")} <= _DENIED


def _way_speeds(tags: Any, profile: Profile) -> tuple[float, float]:
    """Return km/h forward and backward, zero where not allowed."""
    get = tags.get
    if get("area") == "yes":
        return 0.0, 0.0
    default = profile.speeds_kmh[get("highway")]
    ahead, back = (
        0.0
        if _denied(tags, f":{way}")
        else _posted(get(f"maxspeed:{way}") or get("maxspeed"), default, profile.maxspeed_factor)
        for way in ("forward", "backward")
    )
    match _oneway(tags):
        case 1:
            return ahead, 0.0
        case -1:
            return 0.0, back
        case 0:
            return ahead, back
        case _:  # reversible: no telling which way, so neither
            return 0.0, 0.0


def _oneway(tags: Any) -> int | None:
    """Return 1 (way of drawing only), −1 (the other way), 0 (both) or None (it changes)."""
    get = tags.get
    value = get("oneway:motorcar") or get("oneway:motor_vehicle") or get("oneway")
    if value in {"yes", "true", "1"}:
        return 1
    if value in {"-1", "reverse"}:
        return -1
    if value in {"reversible", "alternating"}:
        return None
    implied = get("highway") == "motorway" or get("junction") in {"roundabout", "circular"}
    return 1 if implied and value is None else 0


def _posted(value: str | None, default: float, factor: float) -> float:
    """Return the average speed under a ``maxspeed`` tag, the class speed when it says nothing."""
    if value is None:
        return default
    text = value.split(";")[0].strip().lower()
    limit = _IMPLICIT_KMH.get(text)
    if limit is None:
        number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?", text)
        if number is None:
            return default
        limit = float(number.group(1)) * (_MPH if number.group(2) == "mph" else 1.0)
        if not SLOWEST_KMH <= limit <= FASTEST_KMH:
            return default
    return limit * factor


def _edges(ways: _Ways, epsg: int) -> tuple[NDArray[np.float64], NDArray[np.float64], Edges]:
    """Cut ways at their junctions and measure the pieces."""
    _, first, node, uses = np.unique(
        ways.ref, return_index=True, return_inverse=True, return_counts=True
    )
    way = np.repeat(np.arange(len(ways.start) - 1), np.diff(ways.start))
    ends = np.zeros(len(ways.ref), dtype=bool)
    ends[ways.start[:-1]] = ends[ways.start[1:] - 1] = True
    blocked = np.isin(ways.ref, ways.barriers)
    cuts = np.flatnonzero(ends | (uses[node] > 1) | blocked)
    same_way = way[cuts[:-1]] == way[cuts[1:]]
    begin, end = cuts[:-1][same_way], cuts[1:][same_way]

    x, y = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True).transform(ways.lon, ways.lat)
    step = np.zeros(len(ways.ref))
    step[1:] = pyproj.Geod(ellps="GRS80").inv(
        ways.lon[:-1], ways.lat[:-1], ways.lon[1:], ways.lat[1:]
    )[2]
    travelled = np.cumsum(step)
    length_m = travelled[end] - travelled[begin]

    # Every piece that touches a barrier gets an end of its own there: nothing passes through.
    node_x, node_y = x[first], y[first]
    tail, head = node[begin].copy(), node[end].copy()
    for ends_of, position in ((tail, begin), (head, end)):
        stopped = np.flatnonzero(blocked[position])
        ends_of[stopped] = len(node_x) + np.arange(len(stopped))
        node_x = np.concatenate([node_x, x[position[stopped]]])
        node_y = np.concatenate([node_y, y[position[stopped]]])

    used, renumbered = np.unique(np.concatenate([tail, head]), return_inverse=True)
    counts = end - begin + 1
    shape_start = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=shape_start[1:])
    vertex = np.arange(shape_start[-1]) + np.repeat(begin - shape_start[:-1], counts)
    with np.errstate(divide="ignore"):
        forward = length_m / 1000 / ways.forward_kmh[way[begin]] * 60
        backward = length_m / 1000 / ways.backward_kmh[way[begin]] * 60
    # A zero-length piece (two nodes at one place) would give 0/0 where travel is forbidden.
    forward = np.where(ways.forward_kmh[way[begin]] == 0, np.inf, forward)
    backward = np.where(ways.backward_kmh[way[begin]] == 0, np.inf, backward)
    edges = Edges(
        tail=renumbered[: len(tail)].astype(np.int32),
        head=renumbered[len(tail) :].astype(np.int32),
        forward=forward,
        backward=backward,
        length_m=length_m,
        shape_start=shape_start,
        shape_x=x[vertex],
        shape_y=y[vertex],
    )
    return node_x[used], node_y[used], edges
