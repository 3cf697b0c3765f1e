"""Turn restrictions of OpenStreetMap: read from relations, then told as pairs of road sections.

Only those through a node (``no_left_turn``, ``only_straight_on``…), always in force; those through
a way, or at certain hours, are not read.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from msap_geo.network.arrays import Edges
    from msap_geo.network.profiles import OsmRules

NODE, WAY = 0, 1
"""Kinds of member, numbered as in PBF files."""


class Member(NamedTuple):
    """A member of a relation."""

    kind: int
    number: int
    role: str


def relation_keys(rules: OsmRules) -> tuple[str, ...]:
    """Return the keys that make a relation a restriction for the mode, the most precise first."""
    return (*(f"restriction:{mode}" for mode in rules.restrictions), "restriction")


def turns_told(
    tags: Mapping[str, str], members: Iterable[Member], rules: OsmRules
) -> list[tuple[int, int, int, int]]:
    """Return what a relation forbids: whether it is the only turn, from way, via node, to way.

    Parameters
    ----------
    tags
        Tags of the relation.
    members
        Its members.
    rules
        Rules of the mode.

    Returns
    -------
    list of tuple
        None where it is no restriction for the mode, or not through one node.
    """
    value = next((tags[key] for key in relation_keys(rules) if key in tags), "")
    excepted = {mode.strip() for mode in tags.get("except", "").split(";")}
    if not value.startswith(("no_", "only_")) or excepted & set(rules.restrictions):
        return []
    members = list(members)
    via = [member for member in members if member.role == "via"]
    if len(via) != 1 or via[0].kind != NODE:
        return []
    ways = (
        [one.number for one in members if one.role == role and one.kind == WAY]
        for role in ("from", "to")
    )
    return [(value.startswith("only_"), f, via[0].number, t) for f, t in product(*ways)]


def as_table(turns: Sequence[tuple[int, int, int, int]]) -> NDArray[np.int64]:
    """Return turns as an array, shape (t, 4)."""
    return np.array(turns, dtype=np.int64).reshape(-1, 4)


def banned_turns(
    restrictions: NDArray[np.int64], way: NDArray[np.int64], node: NDArray[np.int64], edges: Edges
) -> NDArray[np.int64]:
    """Return the pairs of sections one may not follow one after the other.

    Parameters
    ----------
    restrictions
        As :func:`turns_told` gives them, shape (t, 4).
    way
        OSM way of each section, shape (e,).
    node
        OSM node of each junction, shape (n,).
    edges
        Road sections.

    Returns
    -------
    numpy.ndarray
        Section left, section taken, junction, shape (b, 3). A restriction whose ways do not each
        end once at its node is passed over: nobody can tell which turn it is about.
    """
    wanted = np.isin(node, restrictions[:, 2])
    at: dict[int, list[tuple[int, int]]] = {}
    for end in (edges.tail, edges.head):
        for edge in np.flatnonzero(wanted[end]).tolist():
            at.setdefault(int(node[end[edge]]), []).append((edge, int(end[edge])))
    found: set[tuple[int, int, int]] = set()
    for only, left, via, taken in restrictions.tolist():
        around = at.get(via, [])
        out = [edge for edge, _ in around if way[edge] == left]
        into = [edge for edge, _ in around if way[edge] == taken]
        if len(out) != 1 or len(into) != 1:
            continue
        junction = around[0][1]
        others = {edge for edge, _ in around} - {out[0], into[0]}
        banned = others if only else {into[0]} - {out[0]}
        found |= {(out[0], edge, junction) for edge in banned}
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
