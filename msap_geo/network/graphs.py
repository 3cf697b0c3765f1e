"""Roads from OSMnx: a graph in memory, its GraphML file, or OpenStreetMap live by name of place.

OSMnx takes three seconds to import: it is, where it is used. Which ways a mode may take was decided
when the graph was made (``network_type``), but for those whose attributes say they are closed;
speeds are the profile's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo.anomalies import Action, Anomaly
from msap_geo.cache import cache_folder, plain
from msap_geo.drafts import draft_in, remove
from msap_geo.errors import DataError, NetworkError, unreadable
from msap_geo.network.arrays import Edges, class_numbers, road_number
from msap_geo.network.doors import with_doors
from msap_geo.network.lengths import check_lengths
from msap_geo.network.links import class_speeds, pair_links, tell_classes
from msap_geo.network.model import RoadNetwork, Source, build_network
from msap_geo.network.osm.files import ATTRIBUTION
from msap_geo.network.osm.roads import short_distances_m
from msap_geo.network.osm.tags import NOWHERE, denied, door, under_works
from msap_geo.network.osm.values import posted_kmh
from msap_geo.network.profiles import known_classes
from msap_geo.tabular import require_file
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from msap_geo.network.crossings import Crossing
    from msap_geo.network.profiles import Profile

_HASHES = "empreintes.json"
_NETWORK_TYPES = {"voiture": "drive_service", "velo": "bike", "pied": "walk"}


def read_graphml(
    path: Path, profile: Profile, *, epsg: int, crossings: Sequence[Crossing] = ()
) -> RoadNetwork:
    """Read a GraphML file written by OSMnx.

    Parameters
    ----------
    path
        File of ``osmnx.save_graphml``.
    profile
        Speeds of the mode.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add.

    Returns
    -------
    RoadNetwork
        See :func:`from_graph`.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or is not such a graph.
    NetworkError
        If OSMnx is not installed, or the graph has no road of the profile.
    """
    require_file(path)
    import osmnx  # noqa: PLC0415 - three seconds

    with unreadable(
        f"« {path.name} » n'est pas un graphe d'OSMnx lisible",
        where=path,
        remedy="l'écrire avec osmnx.save_graphml",
    ):
        graph = osmnx.load_graphml(path)
    try:
        return from_graph(graph, profile, epsg=epsg, crossings=crossings)
    except (DataError, NetworkError) as error:
        raise type(error)(error.problem, where=path, remedy=error.remedy) from error


def from_place(place: str, profile: Profile, *, epsg: int) -> RoadNetwork:
    """Fetch the roads of a place from OpenStreetMap, through OSMnx and its services.

    Answers are kept in the cache folder of msap_geo with their hashes, and asked once; what is no
    longer what was answered is asked for again, and told in the report of the network.

    Parameters
    ----------
    place
        Name as OpenStreetMap's geocoder takes it: ``"La Flèche, France"``.
    profile
        Mode (``voiture``, ``velo`` or ``pied``) and its speeds.
    epsg
        Projected CRS.

    Returns
    -------
    RoadNetwork
        See :func:`from_graph`.

    Raises
    ------
    NetworkError
        If OSMnx is not installed, the place is not found, the service does not answer, or the
        profile is not one of a mode.
    """
    if profile.name not in _NETWORK_TYPES:
        raise NetworkError(
            f"le profil « {profile.name} » n'a pas de routes à demander à OpenStreetMap",
            remedy=f"choisir parmi : {', '.join(_NETWORK_TYPES)}",
        )
    import osmnx  # noqa: PLC0415 - three seconds

    before = osmnx.settings.use_cache, osmnx.settings.cache_folder
    osmnx.settings.use_cache = True
    folder = cache_folder() / "osmnx"
    osmnx.settings.cache_folder = str(folder)
    lost = _without_damaged(folder)
    try:
        graph = osmnx.graph_from_place(
            place, network_type=_NETWORK_TYPES[profile.name], retain_all=True
        )
    except Exception as error:  # requests' errors, OSMnx's own, ValueError…
        raise NetworkError(
            f"les routes de « {place} » n'ont pas pu être demandées à OpenStreetMap "
            f"({type(error).__name__} : {error})",
            remedy="vérifier le nom du lieu et la connexion, ou fournir un extrait .osm.pbf",
        ) from error
    finally:
        osmnx.settings.use_cache, osmnx.settings.cache_folder = before
        _remember(folder)
    made = from_graph(graph, profile, epsg=epsg)
    told = [
        Anomaly("osm-reponse-abimee", Action.REPAIRED, name, "demandée de nouveau") for name in lost
    ]
    report = replace(made.report, anomalies=(*made.report.anomalies, *told))
    return replace(made, report=report)


def _answers(folder: Path) -> dict[str, str]:
    """Return the hashes of the answers OSMnx keeps in a folder, by name of file."""
    files = (path for path in sorted(folder.glob("*.json")) if path.name != _HASHES)
    return {path.name: _hash(path) for path in files}


def _hash(path: Path) -> str:
    """Return the hash of a file that is kept, that of nothing where it cannot be read."""
    try:
        return hashlib.sha256(plain(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _without_damaged(folder: Path) -> list[str]:
    """Remove the answers that are no longer what was kept; return their names."""
    try:
        known = json.loads(plain(folder / _HASHES).read_text(encoding="utf-8"))
        known = known if isinstance(known, dict) else {}
    except (OSError, ValueError):
        known = {}
    lost = [name for name, now in _answers(folder).items() if known.get(name) != now]
    for name in lost:
        remove(folder / name)
    return lost


def _remember(folder: Path) -> None:
    """Keep the hashes of the answers of a folder; without them, they are asked for again."""
    answers = _answers(folder)
    if answers:
        with draft_in(folder, prefix=".empreintes-") as draft:
            draft.write_text(json.dumps(answers, indent=1), encoding="utf-8")
            draft.replace(folder / _HASHES)


def from_graph(
    graph: Any, profile: Profile, *, epsg: int, crossings: Sequence[Crossing] = ()
) -> RoadNetwork:
    """Make a network of an OSMnx graph.

    Parameters
    ----------
    graph
        ``networkx.MultiDiGraph`` of OSMnx, simplified or not, projected or not: nodes with ``x``
        and ``y``, one edge per direction with ``length`` (metres), ``highway``, and where known
        ``maxspeed`` and ``geometry``.
    profile
        Speeds of the mode. Where simplification merged ways, ``highway`` and ``maxspeed`` are
        lists: the mean of their speeds is taken.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add.

    Returns
    -------
    RoadNetwork
        See :func:`msap_geo.network.model.build_network`.

    Raises
    ------
    NetworkError
        If it is not such a graph, or has no road of the profile.
    DataError
        If its lengths are not possible.
    """
    try:
        crs = graph.graph["crs"]
        ids = pd.Index(list(graph.nodes))
        places = np.array([(node["x"], node["y"]) for _, node in graph.nodes(data=True)], float)
        table = pd.DataFrame(
            [
                (
                    u,
                    v,
                    data["length"],
                    data["highway"],
                    data.get("maxspeed"),
                    data.get("geometry"),
                    _door(data, profile),
                    data.get("ref"),
                    _open(data, profile),
                )
                for u, v, data in graph.edges(data=True)
            ],
            columns=[
                *("from", "to", "length_m", "highway", "maxspeed"),
                *("geometry", "door", "ref", "open"),
            ],
        )
        length_m = table["length_m"].to_numpy(dtype=float)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NetworkError(
            f"ce graphe n'est pas celui d'OSMnx : il lui manque {error}",
            remedy="donner un graphe d'osmnx.graph_from_place ou osmnx.load_graphml",
        ) from error
    try:
        transformer = pyproj.Transformer.from_crs(crs, epsg, always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise NetworkError(
            f"ce graphe dit être dans un système de coordonnées inconnu : « {crs} »",
            remedy="corriger son attribut crs, par exemple « epsg:4326 »",
        ) from error
    if not len(ids):
        raise NetworkError(
            "ce graphe d'OSMnx est vide", remedy="vérifier le lieu et network_type, ou le fichier"
        )
    x, y = (np.asarray(values) for values in transformer.transform(*places.reshape(-1, 2).T))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise NetworkError(
            f"des nœuds de ce graphe n'ont pas de place dans son système de coordonnées "
            f"(« {crs} »)",
            remedy="vérifier x, y et crs",
        )
    anomalies = _check_lengths(ids, table, places, crs)
    kmh = _mean_speeds(table, profile)
    usable = (kmh > 0) & table["open"].to_numpy(dtype=bool)
    tail = ids.get_indexer(table["from"][usable])
    head = ids.get_indexer(table["to"][usable])
    lines = _lines(table["geometry"].to_numpy()[usable], tail, head, x, y, transformer)
    doors = table["door"].to_numpy(dtype=np.int8)[usable]
    # An edge made of several ways has the class and the number of the first.
    kind = class_numbers(str(np.atleast_1d(one)[0]) for one in table["highway"][usable])
    told = (str(np.atleast_1d(one)[0]) for one in table["ref"][usable])
    number = np.array([road_number(text) for text in told], dtype=np.int32)
    ways = (doors, kind, number)
    edges = _edges(tail, head, length_m[usable], kmh[usable], lines, ways, profile)
    highway = table["highway"].explode().astype(str)
    return build_network(
        x,
        y,
        edges,
        profile,
        epsg=epsg,
        source=Source(
            ATTRIBUTION,
            ways_refused=int((~usable).sum()),
            unknown_classes=tell_classes(highway[~highway.isin(known_classes())]),
            anomalies=tuple(anomalies),
        ),
        crossings=crossings,
    )


def _check_lengths(ids: pd.Index, table: pd.DataFrame, places: Any, crs: Any) -> list[Anomaly]:
    lon, lat = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True).transform(*places.T)
    ends = np.column_stack([ids.get_indexer(table["from"]), ids.get_indexer(table["to"])])
    straight = short_distances_m(np.asarray(lon)[ends.ravel()], np.asarray(lat)[ends.ravel()])[::2]
    return check_lengths(
        table["length_m"].to_numpy(dtype=float),
        straight,
        ends[:, 0] == ends[:, 1],
        where=None,
        row_name=lambda row: f"de {table['from'].iloc[row]} à {table['to'].iloc[row]}",
    )


def _mean_speeds(table: pd.DataFrame, profile: Profile) -> Any:
    """Return km/h of each row, 0 where the mode uses none of its classes."""
    highway = table["highway"].explode()
    by_class = class_speeds(highway, pd.Series(np.nan, index=highway.index), profile)
    classes = by_class.groupby(level=0).mean()
    told = table["maxspeed"].explode()
    limits = told.map(lambda value: posted_kmh(None if value is None else str(value)))
    posted = limits.astype("float64").groupby(level=0).mean() * profile.maxspeed_factor
    if profile.maxspeed_factor:
        classes = posted.where(classes.notna()).fillna(classes)
    return classes.reindex(table.index).fillna(0.0).to_numpy()


def _lines(
    shapes: Any, tail: Any, head: Any, x: Any, y: Any, transformer: pyproj.Transformer
) -> Any:
    """Return the shape of each edge in projected metres: its own, else straight."""
    ends = np.stack(
        [np.column_stack([x[tail], y[tail]]), np.column_stack([x[head], y[head]])], axis=1
    )
    straight: Any = shapely.linestrings(ends)
    own = np.array([shape is not None and not pd.isna(shape) for shape in shapes], dtype=bool)
    drawn: Any = shapely.transform(
        np.where(own, shapes, np.array(None, dtype=object)),
        lambda lonlat: np.column_stack(transformer.transform(*lonlat.T)),
    )
    return np.where(own, drawn, straight)


def _open(data: Mapping[str, Any], profile: Profile) -> bool:
    """Tell whether an edge is open to the mode, as far as its attributes say.

    Which ways are in the graph was decided when it was made; ``network_type="all"`` keeps those
    that are closed. An edge made of several ways takes each of them.
    """
    told = {
        key: [str(one) for one in np.atleast_1d(data[key])]
        for key in (*profile.rules.access, *profile.rules.works)
        if data.get(key) is not None and str(data[key]) != "nan"
    }
    return not any(
        denied(tags, profile.rules) or under_works(tags, profile.rules)
        for tags in (dict(zip(told, each, strict=True)) for each in product(*told.values()))
    )


def _door(data: Mapping[str, Any], profile: Profile) -> int:
    """Return where an edge may be entered; merged of several ways, as the least open of them."""
    keys = ("highway", "tunnel", "bridge", "junction", "motorroad", "location")
    values = [np.atleast_1d(data[key]).tolist() for key in keys if key in data]
    tags = [key for key in keys if key in data]
    found = {
        door(dict(zip(tags, map(str, some), strict=True)), profile.rules)
        for some in product(*values)
    }
    return NOWHERE if NOWHERE in found else max(found)


def _edges(
    tail: Any, head: Any, length_m: Any, kmh: Any, lines: Any, ways: Any, profile: Profile
) -> Edges:
    """Pair the two directions of each road; its shape is that of the way it is drawn first."""
    doors, kind, number = ways
    minutes = length_m / 1000 / kmh * 60
    out, back = pair_links(tail, head, minutes, length_m)
    some = np.where(out >= 0, out, back)
    shapes = lines[some]
    shapes = np.where(out >= 0, shapes, shapely.reverse(shapes))
    start = np.zeros(len(shapes) + 1, dtype=np.int64)
    np.cumsum(shapely.get_num_coordinates(shapes), out=start[1:])
    xy = shapely.get_coordinates(shapes)
    edges = Edges(
        tail=np.where(out >= 0, tail[some], head[some]).astype(np.int32),
        head=np.where(out >= 0, head[some], tail[some]).astype(np.int32),
        forward=np.where(out >= 0, minutes[out], np.inf),
        backward=np.where(back >= 0, minutes[back], np.inf),
        length_m=length_m[some],
        shape_start=start,
        shape_x=xy[:, 0],
        shape_y=xy[:, 1],
        kind=kind[some],
        number=number[some],
    )
    return with_doors(edges, doors[some], profile.rules.bridge_m)
