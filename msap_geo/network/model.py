"""The road network: plain arrays, never changed once built.

Two views of the same roads. *Edges* are road sections between junctions, with their shape: points
are snapped to them. *Links* are the directed moves routing uses, in compressed sparse row form,
both ways round (towards the heads, and reversed). The *order* is what whole-network questions are
answered with (:mod:`msap_geo.network.order`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import KDTree

from msap_geo import french, notebook_html
from msap_geo.errors import NetworkError
from msap_geo.network.arrays import (
    Csr,
    Edges,
    compiled_links,
    reversed_links,
    section_lines,
    selected_edges,
    settled,
    strong_parts,
)
from msap_geo.network.crossings import Crossing, add_crossings
from msap_geo.network.junctions import delayed_by_turns
from msap_geo.network.order import Order, elimination_order
from msap_geo.network.parts import renumbered, within_parts
from msap_geo.network.penalties import penalised
from msap_geo.network.turns import without_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.anomalies import Anomaly
    from msap_geo.network.profiles import Profile


ISLAND_KM, ISLAND_M = 5.0, 500.0
"""Roads that no route joins to the largest part are an island from this length, if half of their
junctions are farther than this from it: others are mostly roads behind a gate, or the same roads
under other identifiers, on which a place nearby must not be stranded."""


class Source(NamedTuple):
    """Where roads come from, and what was set aside on the way.

    Parameters
    ----------
    attribution
        Credit line due to the data's authors.
    ways_refused
        Roads left out because the mode is not allowed on them.
    unknown_classes
        Classes of road no profile knows, with their number, as told to the user.
    ferries
        Crossings read.
    anomalies
        What reading lost or mended.
    """

    attribution: str = ""
    ways_refused: int = 0
    unknown_classes: str = ""
    ferries: int = 0
    anomalies: tuple[Anomaly, ...] = ()


_UNKNOWN = Source()
_BRANCHES = 4
"""Of a node of the spatial index: with fewer than GEOS's ten, a nearest road is found quicker."""


@dataclass(frozen=True)
class NetworkReport:
    """What became of the roads read.

    Parameters
    ----------
    nodes, km
        Junctions kept, and kilometres of road kept (each section once).
    nodes_dropped, km_dropped, parts_dropped
        What was left out: short stretches cut off from all others, dead ends one cannot come back
        from.
    ways_refused
        Roads left out because the mode is not allowed on them.
    islands
        Parts kept beside the largest one (:data:`ISLAND_KM`): no route joins them.
    ferries
        Crossings read from the roads or declared.
    unknown_classes
        Classes of road no profile knows, with their number; empty when there are none.
    anomalies
        What reading lost or mended.
    """

    nodes: int
    km: float
    nodes_dropped: int
    km_dropped: float
    parts_dropped: int
    ways_refused: int = 0
    islands: int = 0
    ferries: int = 0
    unknown_classes: str = ""
    anomalies: tuple[Anomaly, ...] = ()


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """An immutable road network in projected metres and minutes.

    Parameters
    ----------
    epsg
        Projected CRS of every coordinate.
    profile
        Name of the travel profile.
    access_kmh, max_snap_m
        Speed and longest length of the leg between a place and the road.
    x, y
        Junctions, metres, shape (n,).
    edges
        Road sections (see :class:`Edges`).
    access_minutes
        Minutes lost at each end of a trip whatever the leg, where roads are estimated: leaving a
        village takes time that no straight line tells.
    links, reverse
        Directed links, from tail and from head, rows sorted.
    order
        Their elimination order.
    report
        What was kept and dropped when it was built.
    attribution
        Credit line due to the road data's authors.
    store_fault
        Why the network kept by an earlier run was refused and made again; empty where it was not.
    """

    epsg: int
    profile: str
    access_kmh: float
    max_snap_m: float
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    edges: Edges
    links: Csr
    reverse: Csr
    order: Order
    report: NetworkReport
    attribution: str = ""
    store_fault: str = ""
    access_minutes: float = 0.0

    @property
    def n_nodes(self) -> int:
        """Number of junctions."""
        return len(self.x)

    @property
    def n_links(self) -> int:
        """Number of directed links."""
        return len(self.links.head)

    @cached_property
    def edge_lines(self) -> NDArray[np.object_]:
        """Edges as shapely lines, in order."""
        return section_lines(self.edges)

    @cached_property
    def doors(self) -> NDArray[np.int64]:
        """Edges a place may enter, in order."""
        return np.flatnonzero(self.edges.door)

    @cached_property
    def door_tree(self) -> shapely.STRtree:
        """Spatial index of :attr:`doors`."""
        return shapely.STRtree(self.edge_lines[self.doors], node_capacity=_BRANCHES)

    def _repr_html_(self) -> str:
        """Show the network in a notebook."""
        report = self.report
        figures = {
            "profil": self.profile,
            "carrefours": french.number(self.n_nodes),
            "liaisons (un sens chacune)": french.number(self.n_links),
            "longueur des routes": f"{french.number(report.km)} km",
            "écarté": f"{french.counted(report.nodes_dropped, 'carrefour')}, "
            f"{french.kilometres(report.km_dropped)} sans issue ou fermés",
            "îles, traversées": f"{report.islands}, {report.ferries}",
            "projection": f"EPSG:{self.epsg}",
        }
        if report.anomalies:
            figures["à savoir"] = " ; ".join(anomaly.message for anomaly in report.anomalies)
        if self.attribution:
            figures["source"] = self.attribution
        return notebook_html.card("Réseau routier", figures)

    def __repr__(self) -> str:
        return (
            f"RoadNetwork(profile={self.profile!r}, nodes={self.n_nodes}, links={self.n_links}, "
            f"km={self.report.km:.0f}, epsg={self.epsg})"
        )


def build_network(  # noqa: PLR0913 - what a network is made of
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: Edges,
    profile: Profile,
    *,
    epsg: int,
    source: Source = _UNKNOWN,
    crossings: Sequence[Crossing] = (),
    banned: NDArray[np.int64] | None = None,
    keep_all: bool = False,
) -> RoadNetwork:
    """Make a network of road sections.

    Parameters
    ----------
    x, y
        Junctions, projected metres, shape (n,).
    edges
        Road sections between them.
    profile
        Profile the minutes were computed with; its penalties and turns are added here.
    epsg
        Projected CRS.
    source
        Carried to the network and its report.
    crossings
        Crossings to add.
    banned
        Turns one may not make: section left, section taken, junction, shape (b, 3).
    keep_all
        Keep every node, in order, even those no road leads to. By default only the largest
        strongly connected part is kept, and islands with roads of their own (:data:`ISLAND_KM`),
        so that a place is never snapped to a road that leads nowhere.

    Returns
    -------
    RoadNetwork
        The network; its report tells what was dropped.

    Raises
    ------
    NetworkError
        If no road is left, or if minutes or lengths are negative or not numbers.
    """
    _check_edges(edges)
    if crossings:
        edges = add_crossings(x, y, edges, crossings)
    open_ = np.isfinite(edges.forward) | np.isfinite(edges.backward)
    edges = selected_edges(edges, open_)
    edges = delayed_by_turns(penalised(edges, profile.penalties), profile.junctions)
    edges = replace(edges, forward=settled(edges.forward), backward=settled(edges.backward))
    if banned is not None:
        banned = banned[open_[banned[:, 0]] & open_[banned[:, 1]]]
        banned[:, :2] = (np.cumsum(open_) - 1)[banned[:, :2]]
        x, y, edges = without_turns(x, y, edges, banned)
    n, km = len(x), float(edges.length_m.sum() / 1000)
    every = compiled_links(edges, n)
    parts, label = strong_parts(every)
    lasting = _lasting_parts(x, y, edges, parts, label)
    if not keep_all:
        edges = within_parts(edges, label, lasting)
    kept = np.ones(n, dtype=bool) if keep_all else lasting[label]
    if not keep_all:
        if len(edges.tail) == 0:
            raise NetworkError(
                "le réseau routier ne contient aucune route utilisable",
                remedy="vérifier le fichier de routes et le profil",
            )
        number = (np.cumsum(kept) - 1).astype(np.int32)
        edges = renumbered(edges, number, kept)
    report = NetworkReport(
        nodes=int(kept.sum()),
        km=float(edges.length_m.sum() / 1000),
        nodes_dropped=int(n - kept.sum()),
        km_dropped=km - float(edges.length_m.sum() / 1000),
        parts_dropped=0 if keep_all else parts - int(lasting.sum()),
        ways_refused=source.ways_refused,
        islands=0 if keep_all else int(lasting.sum()) - 1,
        ferries=source.ferries + len(crossings),
        unknown_classes=source.unknown_classes,
        anomalies=source.anomalies,
    )
    # In one part nothing is dropped nor closed: the links are those already made.
    whole = keep_all or parts == 1
    links = every if whole else compiled_links(edges, report.nodes)
    reverse = reversed_links(links)
    return RoadNetwork(
        epsg=epsg,
        profile=profile.name,
        access_kmh=profile.access_kmh,
        max_snap_m=profile.max_snap_m,
        x=x[kept],
        y=y[kept],
        edges=edges,
        links=links,
        reverse=reverse,
        order=elimination_order(links, reverse),
        report=report,
        attribution=source.attribution,
    )


def reweighted(network: RoadNetwork, edges: Edges) -> RoadNetwork:
    """Return the network with other minutes on the same road sections.

    Parameters
    ----------
    network
        Network; it is left as it is.
    edges
        Its edges, with other ``forward`` and ``backward`` minutes.

    Returns
    -------
    RoadNetwork
        A new network.
    """
    edges = replace(edges, forward=settled(edges.forward), backward=settled(edges.backward))
    links = compiled_links(edges, network.n_nodes)
    reverse = reversed_links(links)
    order = elimination_order(links, reverse)
    return replace(network, edges=edges, links=links, reverse=reverse, order=order)


def rebuilt(
    network: RoadNetwork, x: NDArray[np.float64], y: NDArray[np.float64], edges: Edges
) -> RoadNetwork:
    """Return the network with other road sections; every node is kept.

    Parameters
    ----------
    network, x, y, edges
        Network, which is left as it is; its junctions, those added after its own; its sections.

    Returns
    -------
    RoadNetwork
        A new network.
    """
    report = replace(network.report, nodes=len(x), km=float(edges.length_m.sum() / 1000))
    return reweighted(replace(network, x=x, y=y, report=report), edges)


def _lasting_parts(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: Edges,
    parts: int,
    label: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Tell which strongly connected parts are kept: the one of most nodes, and islands."""
    part = label[edges.tail]
    within = part == label[edges.head]
    length_m = np.bincount(part[within], weights=edges.length_m[within], minlength=parts)
    largest = int(np.bincount(label, minlength=parts).argmax())
    lasting = length_m >= ISLAND_KM * 1000
    lasting[largest] = False
    if lasting.any():
        ours = np.repeat(within & (part == largest), np.diff(edges.shape_start))
        tree = KDTree(np.column_stack([edges.shape_x[ours], edges.shape_y[ours]]))
        nodes = np.flatnonzero(lasting[label])
        # The query stops at the distance asked about: beyond it, infinity.
        near, _ = tree.query(np.column_stack([x[nodes], y[nodes]]), distance_upper_bound=ISLAND_M)
        share = np.bincount(label[nodes], weights=np.isinf(near), minlength=parts)
        lasting &= share * 2 >= np.bincount(label[nodes], minlength=parts)
    lasting[largest] = True
    return np.asarray(lasting)


def _check_edges(edges: Edges) -> None:
    if len(edges.tail) == 0:
        raise NetworkError(
            "le réseau routier est vide", remedy="vérifier le fichier de routes et le profil"
        )
    for name in ("forward", "backward", "length_m"):
        values = getattr(edges, name)
        wrong = np.isnan(values) | (values < 0)
        if name == "length_m":
            wrong |= np.isinf(values)
        wrong = int(wrong.sum())
        if wrong:
            raise NetworkError(
                f"{wrong} tronçons ont une durée ou une longueur négative ou illisible ({name})",
                remedy="corriger le fichier de routes",
            )
