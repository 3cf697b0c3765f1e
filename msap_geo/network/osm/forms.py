"""OpenStreetMap files of any form, read with pyosmium: XML, o5m, PBF out of order, histories.

Ways first, then the nodes of those kept, whatever their order in the file: two passes. Of an object
written several times the last version counts, and none where that one deletes it, so that a file
with its history is read as the map of its last day. What JOSM keeps beside the map (negative
identifiers, ``action="delete"``) is read too.
"""

from __future__ import annotations

import bz2
import gzip
import re
from array import array
from functools import cache
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from msap_geo.network.osm.restrictions import Member, as_table, turns_told
from msap_geo.network.osm.roads import OsmRoads, mark_nodes
from msap_geo.network.osm.tags import keys_read, way_speeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from msap_geo.network.osm.tags import WaySpeeds
    from msap_geo.network.profiles import Profile

_CHUNK = 1 << 20
_DELETE = "delete"


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
        The same as :func:`msap_geo.network.osm.pbf.read_pbf`.

    Raises
    ------
    RuntimeError, ValueError
        If it is not an OSM file, or a number or a place in it is none.
    """
    import osmium  # noqa: PLC0415 - only these files need it

    deleted = _deleted(path)
    ways = _Ways(profile)
    try:
        ways.read(path, deleted)
        nodes = _Nodes(profile, ways)
        nodes.read(path, deleted)
        restrictions = _restrictions(path, profile, deleted, ways.tags)
    except osmium.InvalidLocationError as error:  # of no class of Python's own
        raise ValueError(str(error)) from error
    return nodes.roads()._replace(restrictions=restrictions)


class _Tags:
    """The tags wanted of an object, those that are not UTF-8 left out and counted."""

    def __init__(self, profile: Profile) -> None:
        self.keys = frozenset(keys_read(profile.rules))
        self.garbled = 0

    def of(self, item: Any) -> dict[str, str]:
        try:
            return {key: value for key, value in item.tags if key in self.keys}
        except UnicodeDecodeError:
            return dict(self._readable(item))

    def _readable(self, item: Any) -> Iterator[tuple[str, str]]:
        for key in sorted(self.keys):
            try:
                value = item.tags.get(key)
            except UnicodeDecodeError:
                self.garbled += 1
                continue
            if value is not None:
                yield key, value


class _Ways:
    """The ways of a file that one may travel, last versions only, in the order of the file."""

    def __init__(self, profile: Profile) -> None:
        self.tags = _Tags(profile)
        self.kept: dict[int, tuple[WaySpeeds, list[int]]] = {}
        self.places: dict[int, tuple[float, float]] = {}
        self.refused = 0
        self._speeds = cache(lambda tags: way_speeds(dict(tags), profile))

    def read(self, path: Path, deleted: set[tuple[str, int]]) -> None:
        import osmium  # noqa: PLC0415 - only these files need it

        versions: dict[int, tuple[int, int]] = {}
        closed: set[int] = set()
        stream: Any = osmium.FileProcessor(str(path), osmium.osm.WAY)
        for item in stream:
            version = (item.version, len(item.tags))
            if version < versions.get(item.id, (0, 0)):
                continue
            versions[item.id] = version
            self.kept.pop(item.id, None)
            closed.discard(item.id)
            if not item.visible or ("way", item.id) in deleted or len(item.nodes) < 2:  # noqa: PLR2004 - a line has two ends
                continue
            speed = self._speeds(tuple(self.tags.of(item).items()))
            if speed is None:
                continue
            if not (speed.forward_kmh or speed.backward_kmh):
                closed.add(item.id)
                continue
            self.kept[item.id] = speed, [node.ref for node in item.nodes]
            for node in item.nodes:  # « locations on ways »
                if node.location.valid():
                    self.places[node.ref] = node.lon, node.lat
        self.refused = len(closed)


class _Nodes:
    """The nodes of ways kept: where they are, and which are barriers."""

    def __init__(self, profile: Profile, ways: _Ways) -> None:
        self._profile, self._ways = profile, ways
        self._vertices = array("q")
        for _, refs in ways.kept.values():
            self._vertices.extend(refs)
        self._node, self._vertex = np.unique(
            np.asarray(self._vertices, dtype=np.int64), return_inverse=True
        )
        self._lonlat = np.full((len(self._node), 2), np.nan)
        self._tags: dict[int, dict[str, str]] = {}
        for number, place in ways.places.items():
            self._lonlat[np.searchsorted(self._node, number)] = place

    def read(self, path: Path, deleted: set[tuple[str, int]]) -> None:
        import osmium  # noqa: PLC0415 - only these files need it

        index = {int(number): i for i, number in enumerate(self._node)}
        versions: dict[int, int] = {}
        stream: Any = osmium.FileProcessor(str(path), osmium.osm.NODE)
        if len(self._node) and self._node[0] >= 0:  # pyosmium's filter knows no negative numbers
            stream = stream.with_filter(osmium.filter.IdFilter(index))
        for item in stream:
            i = index.get(item.id)
            if i is None or item.version < versions.get(item.id, 0):
                continue
            if item.version > versions.get(item.id, 0):
                self._tags.pop(i, None)
            versions[item.id] = item.version
            if not item.visible or ("node", item.id) in deleted:
                self._lonlat[i] = np.nan
                self._tags.pop(i, None)
                continue
            if item.location.valid():
                self._lonlat[i] = item.location.lon, item.location.lat
            if len(item.tags):
                self._tags[i] = self._ways.tags.of(item)

    def roads(self) -> OsmRoads:
        """Return the ways with their nodes."""
        ways = self._ways.kept
        table = np.array([speed for speed, _ in ways.values()], dtype=np.float64).reshape(-1, 6)
        start = np.zeros(len(ways) + 1, dtype=np.int64)
        np.cumsum([len(refs) for _, refs in ways.values()], out=start[1:])
        n = len(self._node)
        roads = OsmRoads(
            way=np.fromiter(ways, dtype=np.int64, count=len(ways)),
            start=start,
            vertex=self._vertex,
            forward_kmh=table[:, 0],
            backward_kmh=table[:, 1],
            ferry=table[:, 2] != 0,
            minutes=table[:, 3],
            door=table[:, 4].astype(np.int8),
            kind=table[:, 5].astype(np.int8),
            node=self._node,
            lon=self._lonlat[:, 0],
            lat=self._lonlat[:, 1],
            barrier=np.zeros(n, dtype=bool),
            obstacle_s=np.zeros((n, 2), dtype=np.float32),
            nearer=np.zeros(n, dtype=bool),
            refused=self._ways.refused,
            garbled=self._ways.tags.garbled,
        )
        marked = np.array(list(self._tags), dtype=np.int64)
        each = np.arange(len(marked))
        mark_nodes(roads, marked, each, list(self._tags.values()), self._profile)
        return roads


def _restrictions(path: Path, profile: Profile, deleted: set[tuple[str, int]], known: _Tags) -> Any:
    """Return the turn restrictions of a file, last versions only; count those left out."""
    import osmium  # noqa: PLC0415 - only these files need it

    turns: dict[int, list[tuple[int, int, int, int]]] = {}
    versions: dict[int, int] = {}
    stream: Any = osmium.FileProcessor(str(path), osmium.osm.RELATION)
    for item in stream if profile.rules.restrictions else ():
        if item.version < versions.get(item.id, 0):
            continue
        versions[item.id] = item.version
        turns.pop(item.id, None)
        if not item.visible or ("relation", item.id) in deleted:
            continue
        members = (
            Member("nw".find(member.type), member.ref, member.role) for member in item.members
        )
        try:
            tags = {tag.k: tag.v for tag in item.tags}
            turns[item.id] = turns_told(tags, members, profile.rules)
        except UnicodeDecodeError:
            known.garbled += 1
    return as_table([turn for told in turns.values() for turn in told])


def _deleted(path: Path) -> set[tuple[str, int]]:
    """Return the objects an XML file of JOSM marks as deleted, which pyosmium does not tell."""
    name = path.name.lower()
    opener: Any = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    if not name.removesuffix(".gz").removesuffix(".bz2").endswith((".osm", ".xml", ".josm")):
        return set()
    try:
        with opener(path, "rb") as stream:
            if not _holds(stream, _DELETE.encode(_width(stream.peek(2)))):
                return set()
        with opener(path, "rb") as stream:
            return _marked(stream)
    except (OSError, EOFError, expat.ExpatError):
        return set()  # pyosmium says what is wrong with the file


def _width(start: bytes) -> str:
    """Return the encoding in which the ASCII of an XML file is written, from its first bytes."""
    if start.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    return "utf-16-be" if start.startswith((b"\xfe\xff", b"\0<")) else "ascii"


def _holds(stream: IO[bytes], text: bytes) -> bool:
    last = b""
    while chunk := stream.read(_CHUNK):
        if text in last + chunk:
            return True
        last = chunk[-len(text) :]
    return False


def _marked(stream: IO[bytes]) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()

    def start(name: str, attributes: dict[str, str]) -> None:
        number = attributes.get("id", "").strip()
        if attributes.get("action") == _DELETE and re.fullmatch(r"-?[0-9]{1,19}", number):
            found.add((name, int(number)))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.ParseFile(stream)
    return found
