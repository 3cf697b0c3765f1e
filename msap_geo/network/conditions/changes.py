"""Roads of another day: closed, slowed, quickened, or new.

A change bears on the part of each road that lies in its zone, to the metre: a section is cut at the
zone's edge, so that whoever lives on either side of a closed pass still leaves by theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import shapely.ops

from msap_geo import french
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import NetworkError
from msap_geo.network.arrays import (
    NO_CLASS,
    ROAD_CLASSES,
    Edges,
    class_numbers,
    section_lines,
    selected_edges,
)
from msap_geo.network.crossings import is_crossing
from msap_geo.network.model import rebuilt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.network.model import RoadNetwork

    Place = tuple[float, float]

LINE_M = 25.0
"""A road drawn as a line, or a point of it, bears on the roads this near to it, metres."""

_ALONG_M = 4 * LINE_M
"""A road that goes less far along a line only crosses it."""


@dataclass(frozen=True)
class RoadChange:
    """What happens to some roads.

    Parameters
    ----------
    name
        What it is called, told wherever its effect is.
    zone
        Where, projected: a surface, or a line or point drawn on the road (:data:`LINE_M`); without
        one, everywhere.
    road_class
        Only roads of this class (:data:`msap_geo.network.arrays.ROAD_CLASSES`); empty for all.
    ends
        Of a new road, the places it joins, projected metres; it is drawn straight between the
        junctions nearest to them.
    factor
        Minutes are multiplied by it.
    kmh
        Or are those of this speed.
    closed
        Or nobody passes.
    ahead, back
        Which way it holds: as the road is drawn, and against; of a new road, from its first end.
    """

    name: str
    zone: shapely.Geometry | None = None
    road_class: str = ""
    ends: tuple[Place, Place] | None = None
    factor: float | None = None
    kmh: float | None = None
    closed: bool = False
    ahead: bool = True
    back: bool = True


def with_changes(network: RoadNetwork, changes: Sequence[RoadChange]) -> RoadNetwork:
    """Return the network as changes leave it, one after the other.

    Parameters
    ----------
    network
        Network; it is left as it is.
    changes
        What happens to its roads.

    Returns
    -------
    RoadNetwork
        Its report tells each change and the kilometres it bears on. No part is dropped: a village
        that a closure cuts off has no route.

    Raises
    ------
    NetworkError
        If a change bears on no road, or a new road starts too far from any.
    """
    if not changes:
        return network
    x, y, edges, told = network.x, network.y, network.edges, []
    for change in changes:
        if change.ends is not None:
            edges, km = _with_link(x, y, edges, change, network.max_snap_m)
        else:
            x, y, edges, km = _changed(x, y, edges, change)
        told.append(_told(change, km))
    edges = selected_edges(edges, np.isfinite(edges.forward) | np.isfinite(edges.backward))
    after = rebuilt(network, x, y, edges)
    return replace(
        after, report=replace(after.report, anomalies=(*network.report.anomalies, *told))
    )


def _told(change: RoadChange, km: float) -> Anomaly:
    if change.ends is not None:
        effect = f"route nouvelle à {french.short(change.kmh)} km/h"
    elif change.closed:
        effect = "routes fermées"
    elif change.kmh is not None:
        effect = f"routes à {french.short(change.kmh)} km/h"
    else:
        effect = f"durées multipliées par {french.short(change.factor)}"
    way = {(True, False): ", à l'aller seulement", (False, True): ", au retour seulement"}
    return Anomaly(
        "routes-modifiees",
        Action.NOTED,
        change.name,
        f"{effect}{way.get((change.ahead, change.back), '')} : {french.number(km, 1)} km",
    )


def _changed(
    x: NDArray[np.float64], y: NDArray[np.float64], edges: Edges, change: RoadChange
) -> tuple[NDArray[np.float64], NDArray[np.float64], Edges, float]:
    """Return the roads with one change, and the kilometres it bears on."""
    touched = np.ones(len(edges.tail), dtype=bool)
    if change.road_class:
        touched &= edges.kind == class_numbers([change.road_class])[0]
    if change.zone is not None:
        # A crossing has no shape: a zone says nothing of it, its class does.
        x, y, edges, inside = _cut(x, y, edges, touched & ~is_crossing(edges), change.zone)
        touched = inside
    km = float(edges.length_m[touched].sum() / 1000)
    if km == 0:
        raise NetworkError(
            f"« {change.name} » ne porte sur aucune route"
            + (f" de classe {change.road_class}" if change.road_class else ""),
            where="[[reseau.modifications]]",
            remedy=_remedy(edges, change),
        )
    forward, backward = (
        np.where(touched & holds, _minutes(edges, minutes, change), minutes)
        for minutes, holds in ((edges.forward, change.ahead), (edges.backward, change.back))
    )
    return x, y, replace(edges, forward=forward, backward=backward), km


def _remedy(edges: Edges, change: RoadChange) -> str:
    if change.zone is not None:
        return "vérifier le dessin de la zone : elle doit couvrir une route de l'étude"
    here = [ROAD_CLASSES[number] for number in np.unique(edges.kind) if number != NO_CLASS]
    known = f"choisir parmi celles de ces routes : {', '.join(here)}"
    return known if here else "ces routes n'ont pas de classe : donner une zone"


def _minutes(edges: Edges, minutes: NDArray[np.float64], change: RoadChange) -> Any:
    if change.closed:
        return np.inf
    if change.factor is not None:
        return minutes * change.factor
    if change.kmh is None:
        raise ValueError(change)
    return np.where(np.isfinite(minutes), edges.length_m / 1000 / change.kmh * 60, np.inf)


def _cut(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: Edges,
    among: NDArray[np.bool_],
    zone: shapely.Geometry,
) -> tuple[NDArray[np.float64], NDArray[np.float64], Edges, NDArray[np.bool_]]:
    """Cut sections at the edge of a zone, and tell which pieces lie within it."""
    drawn = shapely.get_dimensions(zone) < 2  # noqa: PLR2004 - no surface
    along_m = _ALONG_M if shapely.get_dimensions(zone) == 1 else 0.0
    area = shapely.buffer(zone, LINE_M) if drawn else zone
    lines = section_lines(edges)
    near = np.zeros(len(lines), dtype=bool)
    near[shapely.STRtree(lines).query(area, predicate="intersects")] = True
    near &= among & (edges.length_m > 0)
    whole = near & shapely.covered_by(lines, area)
    inside = whole.copy()
    rows = np.flatnonzero(near & ~whole)
    pieces = [_pieces(lines[row], area, along_m) for row in rows]
    cut = [(row, found) for row, found in zip(rows, pieces, strict=True) if found]
    if not cut:
        return x, y, edges, inside
    made, new_x, new_y = [], [x], [y]
    nodes = len(x)
    for row, found in cut:
        piece, xy = _parts(edges, int(row), found, nodes)
        made.append(piece)
        new_x.append(xy[:, 0])
        new_y.append(xy[:, 1])
        nodes += len(xy)
    kept = np.ones(len(lines), dtype=bool)
    kept[[row for row, _ in cut]] = False
    within = [one for _, found in cut for _, one in found]
    return (
        np.concatenate(new_x),
        np.concatenate(new_y),
        _joined([selected_edges(edges, kept), *made]),
        np.concatenate([inside[kept], np.array(within, dtype=bool)]),
    )


def _pieces(
    line: Any, area: shapely.Geometry, along_m: float
) -> list[tuple[NDArray[np.float64], bool]]:
    """Return a line in pieces, each within the area or without; none if nothing is within."""
    edge = shapely.get_coordinates(shapely.intersection(line, shapely.boundary(area)))
    at = shapely.line_locate_point(line, shapely.points(edge))
    # A millimetre: less is the arithmetic of the intersection.
    inner = at[(at > 1e-3) & (at < line.length - 1e-3)]  # noqa: PLR2004
    stops = np.concatenate([[0.0], np.unique(np.round(inner, 3)), [line.length]])
    middles = shapely.line_interpolate_point(line, (stops[1:] + stops[:-1]) / 2)
    within = shapely.covers(area, middles) & (np.diff(stops) >= along_m)
    if not within.any():
        return []
    return [
        (shapely.get_coordinates(shapely.ops.substring(line, begin, end)), bool(one))
        for begin, end, one in zip(stops[:-1], stops[1:], within, strict=True)
    ]


def _parts(
    edges: Edges, row: int, pieces: list[tuple[NDArray[np.float64], bool]], nodes: int
) -> tuple[Edges, NDArray[np.float64]]:
    """Return a section as the pieces it is cut into, joined by new nodes; and these."""
    n = len(pieces)
    shapes = [xy for xy, _ in pieces]
    share = np.array([np.hypot(*np.diff(xy, axis=0).T).sum() for xy in shapes])
    share = share / share.sum()
    between = np.arange(nodes, nodes + n - 1, dtype=np.int32)
    start = np.concatenate([[0], np.cumsum([len(xy) for xy in shapes])]).astype(np.int64)
    vertices = np.concatenate(shapes)

    def ends(first: Any, last: Any) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        chain = np.concatenate([[first], between, [last]]).astype(np.int32)
        return chain[:-1], chain[1:]

    tail, head = ends(edges.tail[row], edges.head[row])
    tail_in, head_out = ends(edges.tail_in[row], edges.head_out[row])
    cut = Edges(
        tail=tail,
        head=head,
        forward=edges.forward[row] * share,
        backward=edges.backward[row] * share,
        length_m=edges.length_m[row] * share,
        shape_start=start,
        shape_x=vertices[:, 0],
        shape_y=vertices[:, 1],
        door=np.repeat(edges.door[row], n),
        kind=np.repeat(edges.kind[row], n),
        number=np.repeat(edges.number[row], n),
        tail_in=tail_in,
        head_out=head_out,
    )
    return cut, np.array([xy[-1] for xy in shapes[:-1]], dtype=float).reshape(-1, 2)


def _joined(parts: Sequence[Edges]) -> Edges:
    """Put sections one after the other."""
    names = (
        "tail", "head", "forward", "backward", "length_m", "shape_x", "shape_y", "door", "kind",
        "number", "tail_in", "head_out",
    )  # fmt: skip
    counts = np.concatenate([np.diff(part.shape_start) for part in parts])
    return Edges(
        shape_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
    )


def _with_link(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: Edges,
    change: RoadChange,
    max_snap_m: float,
) -> tuple[Edges, float]:
    """Return the roads with a new one among them, and its kilometres."""
    if change.ends is None or change.kmh is None:
        raise ValueError(change)
    open_ = edges.door if edges.door.any() else np.ones(len(edges.tail), dtype=bool)
    used = np.unique(np.concatenate([edges.tail[open_], edges.head[open_]]))

    def junction(place: Place) -> int:
        away = np.hypot(x[used] - place[0], y[used] - place[1])
        if away.min() > max_snap_m:
            raise NetworkError(
                f"« {change.name} » : un bout de la route nouvelle est à "
                f"{french.number(float(away.min()) / 1000, 1)} km de tout carrefour",
                where="[[reseau.modifications]]",
                remedy="donner une commune ou un point près d'une route de l'étude",
            )
        return int(used[away.argmin()])

    tail, head = (junction(place) for place in change.ends)
    if tail == head:
        raise NetworkError(
            f"« {change.name} » : les deux bouts de la route nouvelle sont au même carrefour",
            where="[[reseau.modifications]]",
            remedy="donner deux lieux plus éloignés l'un de l'autre",
        )
    length_m = float(np.hypot(x[tail] - x[head], y[tail] - y[head]))
    minutes = length_m / 1000 / change.kmh * 60
    link = Edges(
        tail=np.array([tail], dtype=np.int32),
        head=np.array([head], dtype=np.int32),
        forward=np.array([minutes if change.ahead else np.inf]),
        backward=np.array([minutes if change.back else np.inf]),
        length_m=np.array([length_m]),
        shape_start=np.array([0, 2], dtype=np.int64),
        shape_x=x[[tail, head]],
        shape_y=y[[tail, head]],
    )
    return _joined([edges, link]), length_m / 1000
