"""Roads given as tables of nodes and directed links: CSV pairs, or anything a program has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj

from msap_geo.errors import DataError, MissingColumnError, NetworkError
from msap_geo.loaders.tabular import LINE, pick_columns, read_text_table, to_number
from msap_geo.network.model import Edges, RoadNetwork, build_network
from msap_geo.network.profiles import FASTEST_KMH, SLOWEST_KMH, Profile
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_NODES = {"node": ("node", "noeud", "id")}
_PLACES = {
    "lon": ("lon", "longitude"),
    "lat": ("lat", "latitude"),
}
_LINKS = {
    "from": ("from", "de", "source", "tail"),
    "to": ("to", "vers", "target", "head"),
    "length_m": ("length_m", "longueur_m", "length"),
    "highway": ("highway", "classe"),
}
_WALKING_KMH = 5.0
_DEFAULT_SNAP_M = 2_000.0


def read_links(nodes: Path, links: Path, profile: Profile, *, epsg: int) -> RoadNetwork:
    """Read a network from a CSV of nodes and one of directed links.

    Parameters
    ----------
    nodes
        CSV with ``node,lon,lat``.
    links
        CSV with ``from,to,length_m,highway``, one row per direction of travel; an optional
        ``maxspeed`` (km/h) wins over the class speed.
    profile
        Speeds by ``highway`` class; links of other classes are left out.
    epsg
        Projected CRS to bring the roads to.

    Returns
    -------
    RoadNetwork
        The largest strongly connected part.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file is absent or is not such a table.
    NetworkError
        If links name unknown nodes, or if no road is left.
    """
    places = pick_columns(read_text_table(nodes), nodes, required={**_NODES, **_PLACES})
    lon, lat = to_number(places["lon"]), to_number(places["lat"])
    wrong = lon.isna() | lat.isna() | (lon.abs() > 180) | (lat.abs() > 90)  # noqa: PLR2004
    if wrong.any():
        raise DataError(
            f"« {nodes.name} » : {int(wrong.sum())} nœuds sans longitude ou latitude lisible",
            where=f"{nodes}, ligne {places[LINE][wrong].iloc[0]}",
            remedy="corriger ces lignes (degrés décimaux)",
        )
    table = pick_columns(
        read_text_table(links),
        links,
        required=_LINKS,
        optional={"maxspeed": ("maxspeed", "vitesse_max")},
    )
    drivable = table["highway"].isin(list(profile.speeds_kmh))
    table = table[drivable]
    posted = to_number(table["maxspeed"])
    limit = posted.where(posted.between(SLOWEST_KMH, FASTEST_KMH)) * profile.maxspeed_factor
    kmh = limit.fillna(table["highway"].map(profile.speeds_kmh).astype("float64"))
    length_m = to_number(table["length_m"])
    frame = pd.DataFrame(
        {
            "from": table["from"],
            "to": table["to"],
            "minutes": length_m / 1000 / kmh * 60,
            "length_m": length_m,
        }
    )
    x, y = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True).transform(
        lon.to_numpy(), lat.to_numpy()
    )
    edges = _edges(pd.Index(places["node"]), np.asarray(x), np.asarray(y), frame, str(links))
    return build_network(
        np.asarray(x),
        np.asarray(y),
        edges,
        profile,
        epsg=epsg,
        attribution="",
        ways_refused=int((~drivable).sum()),
    )


def from_links(nodes: pd.DataFrame, links: pd.DataFrame, *, crs: int) -> RoadNetwork:
    """Make a network of tables already in metres and minutes.

    Parameters
    ----------
    nodes
        ``node`` (any hashable), ``x``, ``y`` (projected metres).
    links
        ``from``, ``to``, ``minutes`` and, when known, ``length_m`` (else the straight length);
        one row per direction. Of duplicates the quickest wins.
    crs
        EPSG code of the projected CRS.

    Returns
    -------
    RoadNetwork
        Every node, in the order of the table: node ``i`` of the network is row ``i``. Places reach
        it on foot, at 5 km/h, over at most 2 km.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    NetworkError
        If links name unknown nodes, if nodes repeat, or if minutes are negative or missing.
    """
    for table, name, columns in (
        (nodes, "nodes", ("node", "x", "y")),
        (links, "links", ("from", "to", "minutes")),
    ):
        missing = [column for column in columns if column not in table.columns]
        if missing:
            raise MissingColumnError(f"table {name} : colonne absente : {', '.join(missing)}")
    x, y = nodes["x"].to_numpy(dtype=float), nodes["y"].to_numpy(dtype=float)
    edges = _edges(pd.Index(nodes["node"]), x, y, links, "links")
    profile = Profile("liens", "liens donnés", {}, 1.0, _WALKING_KMH, _DEFAULT_SNAP_M)
    return build_network(x, y, edges, profile, epsg=crs, keep_all=True)


def _edges(
    ids: pd.Index,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    links: pd.DataFrame,
    where: str,
) -> Edges:
    """Pair directed links into two-way edges, so that a point can leave either way."""
    if not ids.is_unique:
        raise NetworkError(
            f"nœud en double : {ids[ids.duplicated()][0]}",
            where=where,
            remedy="donner un identifiant différent à chaque nœud",
        )
    tail, head = ids.get_indexer(links["from"]), ids.get_indexer(links["to"])
    unknown = (tail < 0) | (head < 0)
    if unknown.any():
        raise NetworkError(
            f"{int(unknown.sum())} liens partent d'un nœud inconnu ou y mènent",
            where=where,
            remedy="vérifier que les deux fichiers vont ensemble",
        )
    minutes = links["minutes"].to_numpy(dtype=float)
    straight = np.hypot(x[tail] - x[head], y[tail] - y[head])
    length_m = links["length_m"].to_numpy(dtype=float) if "length_m" in links else straight
    if np.isnan(minutes).any() or np.isnan(length_m).any():
        raise NetworkError(
            "des liens n'ont pas de durée ou de longueur lisible",
            where=where,
            remedy="corriger ces lignes",
        )
    directed = pd.DataFrame(
        {
            "low": np.minimum(tail, head),
            "high": np.maximum(tail, head),
            "up": tail <= head,
            "minutes": minutes,
            "length_m": length_m,
        }
    ).sort_values(["low", "high", "up", "length_m", "minutes"], kind="stable")
    # The k-th shortest way out and the k-th shortest way back are the two sides of one road.
    directed["k"] = directed.groupby(["low", "high", "up"]).cumcount()
    out, back = (directed[directed["up"] == up].drop(columns="up") for up in (True, False))
    pairs = out.merge(back, on=["low", "high", "k"], how="outer", suffixes=("_out", "_back"))
    low, high = pairs["low"].to_numpy(dtype=np.int32), pairs["high"].to_numpy(dtype=np.int32)
    vertices = np.column_stack([low, high]).ravel()
    return Edges(
        tail=low,
        head=high,
        forward=pairs["minutes_out"].fillna(np.inf).to_numpy(),
        backward=pairs["minutes_back"].fillna(np.inf).to_numpy(),
        length_m=pairs["length_m_out"].fillna(pairs["length_m_back"]).to_numpy(),
        shape_start=np.arange(0, 2 * len(low) + 1, 2, dtype=np.int64),
        shape_x=x[vertices],
        shape_y=y[vertices],
    )
