"""Which places a road can join: across land, round a gulf, never over the sea.

The outlines of the communes are the land. Two places are on one mass of land when a chain of
outlines that touch leads from one to the other; a straight link between them may cut a bay or a
river mouth, not a strait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRY_M, GULF_M = 100.0, 1000.0
"""Metres of a straight link outside every outline: up to the first it is on land (outlines are
simplified); up to the second it may stand for a road that goes round or a bridge, within one mass
of land; beyond, it is dropped."""

SEAM_M = 200.0
"""Outlines this close touch: simplified borders leave slivers between them."""

LONGEST_M = 40_000.0
"""Neighbours farther apart than this are no neighbours: the far sides of a territory, or a sea."""

_STEP_M, _FEWEST = 250.0, 4
_TWELFTHS, _HALF = 12, 0.5


def over_land(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outlines: NDArray[np.object_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    *,
    land: NDArray[np.object_] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep the links a road can follow, and add those that hold each mass of land together.

    Parameters
    ----------
    x, y
        Places, metres, shape (n,).
    outlines
        The commune of each place.
    tail, head
        Index of each link's ends.
    land
        Every outline known, those of communes without a place too; by default ``outlines``.

    Returns
    -------
    tail, head
        Links over land; communes whose outlines touch are joined whatever lies between their
        places, so that places with no way between them are on two masses of land.
    """
    n = len(x)
    near = np.hypot(x[tail] - x[head], y[tail] - y[head]) <= LONGEST_M
    tail, head = tail[near], head[near]
    ground = shapely.STRtree(outlines if land is None else land)
    outside = _outside_m(x, y, outlines, tail, head, ground)
    dry = outside <= DRY_M
    part = _parts(tail[dry], head[dry], n)
    apart = np.flatnonzero(part != np.bincount(part).argmax())
    touching = _touching(outlines, apart)
    seams = touching[:, part[touching[0]] != part[touching[1]]]
    tails, heads = np.append(tail[dry], seams[0]), np.append(head[dry], seams[1])
    mass = _parts(tails, heads, n)
    gulf = ~dry & (outside <= GULF_M) & (mass[tail] == mass[head])
    pairs = np.column_stack([np.append(tails, tail[gulf]), np.append(heads, head[gulf])])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def across_water(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    waters: NDArray[np.object_],
) -> NDArray[np.bool_]:
    """Tell which straight links cut a water that has no bridge.

    Parameters
    ----------
    x, y
        Places, metres, shape (n,).
    tail, head
        Index of each link's ends.
    waters
        A line along the middle of each.

    Returns
    -------
    numpy.ndarray
        Flags, one a link.
    """
    ends = np.stack(
        [np.column_stack([x[tail], y[tail]]), np.column_stack([x[head], y[head]])], axis=1
    )
    links = np.asarray(shapely.linestrings(ends))
    cut = np.zeros(len(tail), dtype=bool)
    cut[shapely.STRtree(links).query(waters, predicate="intersects")[1]] = True
    return cut


def share_through_others(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outlines: NDArray[np.object_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Tell how much of each straight link lies outside the communes of its ends.

    Parameters
    ----------
    x, y
        Places, metres, shape (n,).
    outlines
        The commune of each place.
    tail, head
        Index of each link's ends.

    Returns
    -------
    numpy.ndarray
        Share of its length, from 0 to 1, in twelfths.
    """
    inside = np.zeros(len(tail))
    shapely.prepare(outlines)
    for along in (np.arange(_TWELFTHS) + 0.5) / _TWELFTHS:
        at_x = x[tail] * (1 - along) + x[head] * along
        at_y = y[tail] * (1 - along) + y[head] * along
        near, far = (tail, head) if along < _HALF else (head, tail)
        inside += _in_either(outlines, near, far, at_x, at_y)
    shapely.destroy_prepared(outlines)
    share: NDArray[np.float64] = 1 - inside / _TWELFTHS
    return share


def _in_either(
    outlines: NDArray[np.object_],
    near: NDArray[np.int64],
    far: NDArray[np.int64],
    at_x: NDArray[np.float64],
    at_y: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which points two communes hold; the second is asked of what the first does not hold."""
    inside: NDArray[np.bool_] = np.asarray(shapely.contains_xy(outlines[near], at_x, at_y))
    rest = np.flatnonzero(~inside)
    inside[rest] = shapely.contains_xy(outlines[far[rest]], at_x[rest], at_y[rest])
    return inside


def _outside_m(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outlines: NDArray[np.object_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    ground: shapely.STRtree,
) -> NDArray[np.float64]:
    """Return how much of each straight link lies outside every outline, metres, by sampling."""
    length_m: NDArray[np.float64] = np.hypot(x[tail] - x[head], y[tail] - y[head])
    counts = np.ceil(length_m / _STEP_M).astype(np.int64) + _FEWEST
    link = np.repeat(np.arange(len(tail)), counts)
    rank = np.arange(len(link)) - np.repeat(np.cumsum(counts) - counts, counts)
    along = (rank + 0.5) / counts[link]
    at_x = x[tail[link]] * (1 - along) + x[head[link]] * along
    at_y = y[tail[link]] * (1 - along) + y[head[link]] * along
    first = along < _HALF  # the nearer end is asked first
    shapely.prepare(outlines)
    inside = _in_either(
        outlines,
        np.where(first, tail[link], head[link]),
        np.where(first, head[link], tail[link]),
        at_x,
        at_y,
    )
    shapely.destroy_prepared(outlines)
    # Most links leave one commune for the next; the others are asked of all.
    rest = np.flatnonzero(~inside)
    points = shapely.points(at_x[rest], at_y[rest])
    inside[rest[np.unique(ground.query(points, predicate="intersects")[0])]] = True
    within = np.bincount(link, weights=inside, minlength=len(tail)) / counts
    outside: NDArray[np.float64] = (1 - within) * length_m
    return outside


def _parts(tail: NDArray[np.int64], head: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    links = coo_array((np.ones(len(tail)), (tail, head)), shape=(n, n)).tocsr()
    part: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return part


def _touching(outlines: NDArray[np.object_], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs of outlines that touch, one of them among these rows, shape (2, p)."""
    near = shapely.STRtree(outlines).query(outlines[rows], predicate="dwithin", distance=SEAM_M)
    pairs = np.sort(np.vstack([rows[near[0]], near[1]]), axis=0)
    pairs = pairs[:, pairs[0] != pairs[1]]
    unique: NDArray[np.int64] = np.unique(pairs, axis=1)
    return unique
