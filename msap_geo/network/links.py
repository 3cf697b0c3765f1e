"""Roads given as nodes and directed links: anything a program has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj

from msap_geo.errors import MissingColumnError, NetworkError
from msap_geo.network.arrays import Edges, class_numbers, in_order
from msap_geo.network.model import RoadNetwork, build_network
from msap_geo.network.profiles import FASTEST_KMH, SLOWEST_KMH, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray


_WALKING_KMH = 5.0
_SAME_LENGTH = 0.01
_DEFAULT_SNAP_M = 2_000.0
_EVERYWHERE = np.empty(0, dtype=bool)
_NO_KIND = np.empty(0, dtype=np.int8)


def class_speeds(highway: pd.Series, posted: pd.Series, profile: Profile) -> pd.Series:
    """Return the average speed of roads: their posted limit's, else their class's.

    Parameters
    ----------
    highway
        OSM class of each road.
    posted
        Posted limit, km/h, null where unknown; impossible ones are passed over.
    profile
        Speeds of the mode.

    Returns
    -------
    pandas.Series
        km/h, null where the mode does not use the class.
    """
    by_class = highway.map(dict(profile.speeds_kmh)).astype("float64")
    if not profile.maxspeed_factor:
        return by_class
    limit = posted.where(posted.between(SLOWEST_KMH, FASTEST_KMH)) * profile.maxspeed_factor
    return limit.where(by_class.notna()).fillna(by_class)


def tell_classes(classes: pd.Series) -> str:
    """Return classes with their number, the commonest first: ``"piste (12), x (1)"``."""
    counts = classes.value_counts()
    return ", ".join(f"{name or 'vide'} ({count})" for name, count in counts.items())


def from_links(nodes: pd.DataFrame, links: pd.DataFrame, *, crs: Any) -> RoadNetwork:
    """Make a network of tables already in metres and minutes.

    Parameters
    ----------
    nodes
        ``node`` (any hashable), ``x``, ``y`` (projected metres).
    links
        ``from``, ``to``, ``minutes`` and, when known, ``length_m`` (else the straight length);
        one row per direction. Of duplicates the quickest wins.
    crs
        Projected CRS in metres: EPSG code, or whatever pyproj takes for one that has a code.

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
        If links name unknown nodes, if nodes repeat, if numbers are negative or missing, or if the
        CRS is not a projected one.
    """
    for table, name, columns in (
        (nodes, "nodes", ("node", "x", "y")),
        (links, "links", ("from", "to", "minutes")),
    ):
        missing = [column for column in columns if column not in table.columns]
        if missing:
            raise MissingColumnError(f"table {name} : colonne absente : {', '.join(missing)}")
    epsg = _metric(crs)
    x, y = _numbers(nodes, "x", "nodes"), _numbers(nodes, "y", "nodes")
    given = links.assign(
        **{
            name: _numbers(links, name, "links")
            for name in ("minutes", "length_m")
            if name in links
        }
    )
    if nodes["node"].duplicated().any():
        raise NetworkError(
            f"nœud en double : {nodes['node'][nodes['node'].duplicated()].iloc[0]}",
            where="nodes",
            remedy="donner un identifiant différent à chaque nœud",
        )
    edges = paired_edges(pd.Index(nodes["node"]), x, y, given, "links")
    profile = Profile("liens", "liens donnés", {}, 1.0, _WALKING_KMH, _DEFAULT_SNAP_M)
    return build_network(x, y, edges, profile, epsg=epsg, keep_all=True)


def _metric(crs: Any) -> int:
    """Return the EPSG code of a projected CRS in metres."""
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise NetworkError(f"système de coordonnées inconnu : {crs}") from error
    code = known.to_epsg()
    if code is None or not known.is_projected:
        raise NetworkError(
            f"« {known.name} » n'est pas un système projeté en mètres",
            remedy="projeter les nœuds, par exemple en Lambert 93 (crs=2154)",
        )
    return int(code)


def _numbers(table: pd.DataFrame, column: str, where: str) -> NDArray[np.float64]:
    """Return a column as numbers; infinite minutes are links nobody takes."""
    values: NDArray[np.float64]
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
    wrong = np.isnan(values) | (np.isinf(values) & (column != "minutes"))
    if wrong.any():
        raise NetworkError(
            f"{int(wrong.sum())} lignes sans « {column} » lisible (durée, longueur ou position)",
            where=f"{where}, rang {int(wrong.argmax())}",
            remedy="corriger ces lignes",
        )
    return values


def paired_edges(
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
    out, back = pair_links(tail, head, minutes, length_m)
    some = np.where(out >= 0, out, back)
    low, high = (
        np.where(out >= 0, one[some], other[some]).astype(np.int32)
        for one, other in ((tail, head), (head, tail))
    )
    vertices = np.column_stack([low, high]).ravel()
    return Edges(
        tail=low,
        head=high,
        forward=np.where(out >= 0, minutes[out], np.inf),
        backward=np.where(back >= 0, minutes[back], np.inf),
        length_m=length_m[some],
        shape_start=np.arange(0, 2 * len(low) + 1, 2, dtype=np.int64),
        shape_x=x[vertices],
        shape_y=y[vertices],
        kind=class_numbers(links["class"].iloc[some]) if "class" in links else _NO_KIND,
        door=links["door"].to_numpy(dtype=bool)[some] if "door" in links else _EVERYWHERE,
    )


def pair_links(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    minutes: NDArray[np.float64],
    length_m: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Match the directed links that are the two sides of one road.

    Between two nodes, the k-th shortest link out and the k-th shortest back make one road if they
    are as long as each other, within a hundredth; else each is a road of its own.

    Parameters
    ----------
    tail, head, minutes, length_m
        Directed links, shape (l,).

    Returns
    -------
    out, back
        For each road, its link from the smaller node to the greater and the one back, −1 where
        there is none, shape (r,).
    """
    low, high, up = np.minimum(tail, head), np.maximum(tail, head), tail <= head
    pair = low * (int(high.max(initial=0)) + 1) + high
    # Between two nodes: the links back, then those out, the shortest first.
    rows = in_order(2 * pair + up, length_m, minutes)
    start = np.flatnonzero(np.diff(pair[rows], prepend=-1))
    backs = np.add.reduceat(~up[rows], start, dtype=np.int64) if len(rows) else start
    outs = np.diff(np.append(start, len(rows))) - backs
    roads = np.maximum(outs, backs)
    of = np.repeat(np.arange(len(roads)), roads)
    k = np.arange(len(of)) - np.repeat(np.cumsum(roads) - roads, roads)
    out_row, back_row = (
        np.where(k < count[of], rows[np.where(k < count[of], at[of] + k, 0)], -1)
        for count, at in ((outs, start + backs), (backs, start))
    )
    both = (out_row >= 0) & (back_row >= 0)
    apart = both & ~np.isclose(length_m[out_row], length_m[back_row], rtol=_SAME_LENGTH, atol=1.0)
    none = np.full(int(apart.sum()), -1)
    return (
        np.concatenate([out_row, none]),
        np.concatenate([np.where(apart, -1, back_row), back_row[apart]]),
    )
