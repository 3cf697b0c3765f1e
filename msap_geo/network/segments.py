"""Road sections of the IGN: BD TOPO (old and version 3) and ROUTE 500.

Sections meet at their ends, drawn at the same place; their nature and importance give them the OSM
class of the profile's speed table (``docs/reseau.md``), unless BD TOPO tells a mean speed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo.errors import (
    MissingColumnError,
    NetworkError,
    UnreadableFileError,
    unreadable,
)
from msap_geo.network.arrays import Edges, class_numbers, road_number
from msap_geo.network.crossings import land_crossings
from msap_geo.network.doors import class_doors, with_doors
from msap_geo.network.links import tell_classes
from msap_geo.network.model import RoadNetwork, Source, build_network
from msap_geo.network.osm.roads import short_distances_m
from msap_geo.network.osm.tags import IF_SHORT, NOWHERE, door
from msap_geo.network.profiles import SLOWEST_KMH
from msap_geo.tabular import (
    LAYER_SUFFIXES,
    is_archive,
    members,
    normalise,
    require_file,
    to_number,
    vector_file,
)
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.network.crossings import Crossing
    from msap_geo.network.profiles import Profile

ATTRIBUTION = "© IGN"
_FERRY = "ferry"
_CLOSED = "fermé"
_SECTIONS = re.compile(r"(?:.*_)?troncons?_(?:de_)?route(?:_.*)?")
# Spellings of the deliveries: shapefile, then GeoPackage of version 3 (normalised).
_COLUMNS = {
    "id": ("id", "cleabs", "id_rte500"),
    "nature": ("nature",),
    "vocation": ("vocation",),
    "importance": ("importance",),
    "numero": ("numero", "cpx_numero", "num_route"),
    "sens": ("sens", "sens_de_circulation"),
    "vitesse": ("vit_moy_vl", "vitesse_moyenne_vl"),
    "acces": ("acces_vl", "acces_vehicule_leger", "acces"),
    "acces_pieton": ("acces_ped", "acces_pieton"),
    "prive": ("prive",),
    "etat": ("etat", "etat_de_l_objet"),
    "admin": ("class_adm",),
    "sol": ("pos_sol", "position_par_rapport_au_sol"),
}
# Fragments without accent, since deliveries lose theirs; the first one found decides.
_NATURES = {
    "autorouti": "motorway",
    "autoroute": "motorway",
    "bretelle": "*_link",
    "chauss": "*",
    "rond-point": "*",
    "empierr": "service",
    "chemin": "track",
    "sentier": "path",
    "escalier": "steps",
    "piste cyclable": "cycleway",
    "bac pi": "foot_ferry",
    "bac": _FERRY,
}
_IMPORTANCES = {
    "1": "trunk",
    "2": "primary",
    "3": "secondary",
    "4": "tertiary",
    "5": "unclassified",
    "6": "service",
}
_VOCATIONS = {
    "autorouti": "motorway",
    "principale": "primary",
    "gionale": "secondary",
    "locale": "tertiary",
    "bretelle": "primary_link",
    "bac": _FERRY,
}


class _Roads(NamedTuple):
    """Sections of a file under our names: text columns, and a line each, projected."""

    table: pd.DataFrame
    lines: NDArray[np.object_]


def read_segments(
    paths: str | Path | Sequence[str | Path],
    profile: Profile,
    *,
    epsg: int,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Read road sections of BD TOPO or ROUTE 500.

    Parameters
    ----------
    paths
        File of sections, or those of several deliveries to join (a section held by two is kept
        once): Shapefile, GeoPackage, GeoJSON, GeoParquet, zipped or not.
    profile
        Speeds of the mode.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add.

    Returns
    -------
    RoadNetwork
        See :func:`msap_geo.network.model.build_network`; natures not recognised are in its
        report.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If a file is absent, is no layer of lines, or lacks the columns of both.
    NetworkError
        If it holds no road of the profile.
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
    parts = [_sections(path, epsg) for path in files]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    lines = np.concatenate([part.lines for part in parts])
    kept = ~(table["id"].ne("") & table["id"].duplicated()).to_numpy()
    table, lines = table[kept].reset_index(drop=True), lines[kept]
    classes, unknown = section_classes(table)
    forward_kmh, backward_kmh = _speeds(table, classes, profile)
    usable = (forward_kmh > 0) | (backward_kmh > 0)
    if not usable.any():
        raise NetworkError(
            f"aucune route utilisable ({profile.title}) dans les tronçons de l'IGN",
            where=", ".join(str(path) for path in files),
            remedy="vérifier les fichiers et le profil",
        )
    x, y, edges = _edges(lines[usable], forward_kmh[usable], backward_kmh[usable], epsg)
    ferry = classes[usable].isin([_FERRY]).to_numpy()
    doors = _doors(table[usable], classes[usable], profile)
    edges = with_doors(edges, doors, profile.rules.bridge_m)
    numbers = np.array([road_number(text) for text in table["numero"][usable]], dtype=np.int32)
    edges = replace(edges, kind=class_numbers(classes[usable]), number=numbers)
    if ferry.any():
        edges = land_crossings(edges, ferry, wait_minutes=profile.ferries.wait_minutes)
    return build_network(
        x,
        y,
        edges,
        profile,
        epsg=epsg,
        source=Source(
            ATTRIBUTION,
            ways_refused=int((~usable).sum()),
            unknown_classes=tell_classes(unknown),
            ferries=int(ferry.sum()),
        ),
        crossings=crossings,
    )


def section_classes(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the OSM class of each section, and the natures that have none.

    Parameters
    ----------
    table
        Sections under our names (``nature, importance, vocation, admin, etat``).

    Returns
    -------
    classes
        OSM class, ``ferry``, ``fermé`` for roads not in service, empty where unknown.
    unknown
        Natures or vocations not recognised, one per section.
    """
    route_500 = table["vocation"].ne("")
    nature = table["nature"].map(lambda text: _first(_NATURES, text))
    rank = table["importance"].map(_IMPORTANCES).fillna("unclassified")
    by_nature = nature.where(nature != "*", rank).where(
        nature != "*_link", (rank + "_link").replace("unclassified_link", "unclassified")
    )
    by_nature = by_nature.replace({"service_link": "service"})
    classes = table["vocation"].map(lambda text: _first(_VOCATIONS, text))
    classes = classes.where(~table["admin"].str.lower().str.startswith("autoroute"), "motorway")
    unpaved = table["etat"].str.lower().str.startswith("non rev")
    classes = classes.where(~unpaved, "service").where(route_500, by_nature)
    state = table["etat"].str.lower()
    pending = state.str.contains("projet|construction|non exploit", regex=True)
    unknown = table["vocation"].where(route_500, table["nature"])[classes == ""]
    return classes.where(~pending, _CLOSED), unknown


def _first(fragments: dict[str, str], text: str) -> str:
    low = text.lower()
    return next((meaning for fragment, meaning in fragments.items() if fragment in low), "")


def _sections(path: Path, epsg: int) -> _Roads:
    require_file(path)
    with unreadable(
        f"« {path.name} » n'est pas une couche de tronçons lisible",
        where=path,
        remedy="donner la couche TRONCON_DE_ROUTE (BD TOPO) ou TRONCON_ROUTE (ROUTE 500)",
    ):
        layer = (
            gpd.read_parquet(path)
            if path.suffix.lower() in {".parquet", ".geoparquet"}
            else _layer(path)
        )
    columns = {normalise(str(name)): name for name in layer.columns}
    found = {
        ours: next((columns[name] for name in names if name in columns), None)
        for ours, names in _COLUMNS.items()
    }
    nature = found["nature"] or found["vocation"]
    if nature is None or found["sens"] is None or "geometry" not in layer or layer.crs is None:
        raise MissingColumnError(
            f"« {path.name} » n'a pas les colonnes de BD TOPO (NATURE, SENS) ni de ROUTE 500 "
            f"(VOCATION, SENS), ou pas de projection (colonnes trouvées : "
            f"{', '.join(str(name) for name in layer.columns)})",
            where=path,
            remedy="donner la couche TRONCON_DE_ROUTE (BD TOPO) ou TRONCON_ROUTE (ROUTE 500)",
        )
    layer = layer[layer.geometry.notna() & ~layer.geometry.is_empty].explode(ignore_index=True)
    layer = layer[layer.geometry.geom_type == "LineString"].to_crs(epsg)
    table = pd.DataFrame(
        {
            ours: "" if name is None else layer[name].astype("string").fillna("").astype(str)
            for ours, name in found.items()
        },
        index=layer.index,
    )
    return _Roads(table, shapely.force_2d(layer.geometry.to_numpy()))


def _layer(path: Path) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read the layer of road sections of a file, or of the one in a zip that is called so."""
    if is_archive(path):
        names = [name for name in members(path) if Path(name).suffix.lower() in LAYER_SUFFIXES]
        source = vector_file(path, _of_roads({Path(name).stem: name for name in names}, path))
    else:
        source = vector_file(path)
    return source.read(_of_roads({name: name for name, _ in source.layers()}, path))


def _of_roads(called: dict[str, str], path: Path) -> str:
    if len(called) == 1:
        return next(iter(called.values()))
    roads = [whole for name, whole in called.items() if _SECTIONS.fullmatch(normalise(name))]
    if len(roads) != 1:
        raise UnreadableFileError(
            f"« {path.name} » contient plusieurs couches, ou aucune : {', '.join(called)}",
            where=path,
            remedy="donner la couche TRONCON_DE_ROUTE (BD TOPO) ou TRONCON_ROUTE (ROUTE 500)",
        )
    return roads[0]


def _doors(table: pd.DataFrame, classes: pd.Series, profile: Profile) -> NDArray[np.int8]:
    """Return where each section may be entered: none of the tags of OSM, but the same ideas."""
    doors = class_doors(classes, profile.rules)
    level = to_number(table["sol"]).fillna(0).to_numpy()
    ring = table["nature"].str.lower().str.startswith("rond-point").to_numpy()
    for there, tags in (
        (level < 0, {"tunnel": "yes"}),
        (ring, {"junction": "roundabout"}),
    ):
        if door(tags, profile.rules) == NOWHERE:
            doors[there] = NOWHERE
    return np.where((level > 0) & (doors != NOWHERE), IF_SHORT, doors).astype(np.int8)


def _speeds(
    table: pd.DataFrame, classes: pd.Series, profile: Profile
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return km/h each way, 0 where not allowed."""
    speeds = {**profile.speeds_kmh, _FERRY: profile.ferries.speed_kmh}
    on_foot = not profile.rules.implied_oneway
    if profile.name != "voiture":
        speeds["foot_ferry"] = profile.ferries.speed_kmh
    kmh = classes.map(speeds).fillna(0.0).to_numpy(dtype=float)
    sense = table["sens"].str.lower()
    barred = table["acces_pieton"] if on_foot else table["acces"]
    shut = barred.str.lower().str.contains("impossible|ayants droit|restreint", regex=True)
    if profile.maxspeed_factor:  # a mode that heeds limits is a car
        told = to_number(table["vitesse"])
        road = told.notna() & (kmh > 0) & ~classes.isin([_FERRY])
        kmh = np.where(road, np.where(told >= SLOWEST_KMH, told, 0.0), kmh)
        shut |= table["prive"].str.lower().isin(["oui", "true", "vrai", "1"])
    kmh = np.where(shut, 0.0, kmh)
    ahead = on_foot | ~sense.str.contains("inverse")
    back = on_foot | ~sense.str.contains("direct|sens unique", regex=True)
    return np.where(ahead, kmh, 0.0), np.where(back, kmh, 0.0)


def _edges(
    lines: NDArray[np.object_],
    forward_kmh: NDArray[np.float64],
    backward_kmh: NDArray[np.float64],
    epsg: int,
) -> tuple[Any, Any, Edges]:
    xy = shapely.get_coordinates(lines)
    start = np.zeros(len(lines) + 1, dtype=np.int64)
    np.cumsum(shapely.get_num_coordinates(lines), out=start[1:])
    ends = np.concatenate([xy[start[:-1]], xy[start[1:] - 1]])
    # Ends are drawn at one place: a decimetre only forgives the arithmetic of projections.
    _, first, node = np.unique(np.round(ends, 1), axis=0, return_index=True, return_inverse=True)
    lon, lat = pyproj.Transformer.from_crs(epsg, WGS84, always_xy=True).transform(*xy.T)
    travelled = np.concatenate([[0.0], np.cumsum(short_distances_m(lon, lat))])
    length_m = travelled[start[1:] - 1] - travelled[start[:-1]]
    with np.errstate(divide="ignore"):
        forward, backward = (
            np.where(kmh > 0, length_m / 1000 / kmh * 60, np.inf)
            for kmh in (forward_kmh, backward_kmh)
        )
    edges = Edges(
        tail=node[: len(lines)].astype(np.int32),
        head=node[len(lines) :].astype(np.int32),
        forward=forward,
        backward=backward,
        length_m=length_m,
        shape_start=start,
        shape_x=xy[:, 0],
        shape_y=xy[:, 1],
    )
    return ends[first, 0], ends[first, 1], edges
