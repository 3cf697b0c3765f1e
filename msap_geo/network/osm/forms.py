"""OpenStreetMap files of any form, read with pyosmium: XML, o5m, PBF out of order, histories.

pyosmium reads in a process of its own (:mod:`msap_geo.network.osm.aside`), which a damaged file may
kill: this one then says that the file is.

Ways first, then the nodes of those kept, whatever their order in the file: two passes. Of an object
written several times the last version counts, and none where that one deletes it, so that a file
with its history is read as the map of its last day. What JOSM keeps beside the map (negative
identifiers, ``action="delete"``) is read too.
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import re
import subprocess
import sys
import zlib
from array import array
from contextlib import contextmanager, suppress
from functools import cache
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from msap_geo.errors import UnreadableFileError
from msap_geo.network.osm import aside
from msap_geo.network.osm.extracts import settle_copies
from msap_geo.network.osm.restrictions import Member, as_table, turns_told
from msap_geo.network.osm.roads import OsmRoads, mark_nodes, starts
from msap_geo.network.osm.tags import keys_read, unread, way_speeds
from msap_geo.tabular import refuse_swollen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from msap_geo.network.osm.tags import WaySpeeds
    from msap_geo.network.profiles import Profile

_CHUNK = 1 << 20
_DELETE = "delete"
_REMARK = 1 << 13  # bytes of the end of a file, where Overpass remarks


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
    ValueError
        If it is not an OSM file, a number or a place in it is none, or reading it kills pyosmium.
    """
    deleted = _deleted(path)
    with _reader() as reader:
        ways = _Ways(profile)
        ways.read(reader, path, deleted)
        nodes = _Nodes(profile, ways)
        nodes.read(reader, path, deleted)
        restrictions = _restrictions(reader, path, profile, deleted, ways)
    return nodes.roads()._replace(restrictions=restrictions)


class _Reader:
    """The process that reads."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, what: str, *arguments: Any) -> Iterator[Any]:
        """Yield what it tells; ValueError if the file cannot be read, or kills it."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:  # never: both are pipes
            return
        try:
            into.write(json.dumps([what, arguments]) + "\n")
            into.flush()
        except OSError as error:
            raise ValueError("the process that reads has ended") from error
        for line in out:
            told = json.loads(line) if line.endswith("\n") else {aside.FAULT: "cut"}
            if isinstance(told, list):
                yield told
            elif aside.END in told:
                return
            else:
                raise ValueError(told[aside.FAULT])
        raise ValueError("reading this file killed the process that did")


@contextmanager
def _reader() -> Iterator[_Reader]:
    """Start a process that reads, and end it, whatever happens."""
    # It finds the libraries where this process found them, and no module of this folder.
    process = subprocess.Popen(  # noqa: S603 - our own script, by the interpreter that runs
        [sys.executable, "-P", aside.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="ascii",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        yield _Reader(process)
    finally:
        process.kill()
        # Its death breaks the pipe: what was not sent is of no use.
        with suppress(OSError):
            process.communicate()


class _Ways:
    """The ways of a file that one may travel, last versions only, in the order of the file.

    Copies of a way of which none is the later, and that are not alike, are all kept.
    """

    def __init__(self, profile: Profile) -> None:
        self.keys = sorted(keys_read(profile.rules))
        self.kept: dict[int, list[tuple[WaySpeeds, list[int]]]] = {}
        self.elsewhere: set[int] = set()
        self.moved: set[int] = set()
        self.unread: set[int] = set()
        self._profile = profile
        self.places: dict[int, tuple[float, float]] = {}
        self.refused = self.garbled = 0
        self._speeds = cache(lambda tags: way_speeds(dict(tags), profile))

    def read(self, reader: _Reader, path: Path, deleted: set[tuple[str, int]]) -> None:
        versions: dict[int, tuple[int, bool, bool, int]] = {}
        closed: set[int] = set()
        for number, edition, visible, (tags, garbled), refs, places, size in reader.ask(
            "ways", str(path), self.keys
        ):
            gone = not visible or ("way", number) in deleted
            line = len(refs) > 1
            # A change file may tell no version: what it deletes is gone. Overpass may write a way
            # again without its tags or its nodes.
            version = (edition, gone, line, size)
            before = versions.get(number, version)
            if version < before:
                continue
            versions[number] = version
            if version > before:
                self.kept.pop(number, None)
                closed.discard(number)
                self.elsewhere.discard(number)
                self.unread.discard(number)
            if gone or not line:
                self.elsewhere |= {number} if gone else set()
                continue
            self.garbled += garbled
            speed = self._speeds(tuple(tags.items()))
            if speed is None or not (speed.forward_kmh or speed.backward_kmh):
                closed |= set() if speed is None else {number}
                self.elsewhere |= {number} if tags.get("highway") or speed else set()
                continue
            self.unread |= {number} if unread(tags, self._profile) else set()
            if (speed, refs) not in self.kept.setdefault(number, []):
                self.kept[number].append((speed, refs))
            for ref, lon, lat in places:
                self._place(ref, (lon, lat))
        self.refused = len(closed)

    def _place(self, ref: int, place: tuple[float, float]) -> None:
        held = self.places.setdefault(ref, place)
        if held == place:
            return
        if ref == 0:
            raise ValueError("nodes of ways without a number")
        self.moved.add(ref)
        self.places[ref] = min(held, place)


class _Nodes:
    """The nodes of ways kept: where they are, and which are barriers."""

    def __init__(self, profile: Profile, ways: _Ways) -> None:
        self._profile, self._ways = profile, ways
        self._vertices = array("q")
        self._copies = [(number, *copy) for number, held in ways.kept.items() for copy in held]
        for _, _, refs in self._copies:
            self._vertices.extend(refs)
        self._node, self._vertex = np.unique(
            np.asarray(self._vertices, dtype=np.int64), return_inverse=True
        )
        self._lonlat = np.full((len(self._node), 2), np.nan)
        self._tags: dict[int, dict[str, str]] = {}
        for number, place in ways.places.items():
            self._lonlat[np.searchsorted(self._node, number)] = place

    def read(self, reader: _Reader, path: Path, deleted: set[tuple[str, int]]) -> None:
        index = {int(number): i for i, number in enumerate(self._node)}
        versions: dict[int, int] = {}
        for number, version, visible, (tags, garbled), place in reader.ask(
            "nodes", str(path), self._ways.keys, list(index)
        ):
            i = index[number]
            if version < versions.get(number, 0):
                continue
            if version > versions.get(number, 0):
                self._tags.pop(i, None)
                self._lonlat[i] = np.nan
                self._ways.moved.discard(number)
            versions[number] = version
            if not visible or ("node", number) in deleted:
                self._lonlat[i] = np.nan
                self._tags.pop(i, None)
                continue
            if place is not None:
                held = tuple(self._lonlat[i].tolist())
                apart = not np.isnan(held[0]) and held != tuple(place)
                self._ways.moved |= {number} if apart else set()
                self._lonlat[i] = min(held, tuple(place)) if apart else place
            self._ways.garbled += garbled
            if tags:
                self._tags[i] = tags

    def roads(self) -> OsmRoads:
        """Return the ways with their nodes."""
        ways = self._copies
        table = np.array([speed for _, speed, _ in ways], dtype=np.float64).reshape(-1, 7)
        n = len(self._node)
        roads = OsmRoads(
            way=np.array([number for number, _, _ in ways], dtype=np.int64),
            start=starts(np.array([len(refs) for _, _, refs in ways], dtype=np.int64)),
            vertex=self._vertex,
            forward_kmh=table[:, 0],
            backward_kmh=table[:, 1],
            ferry=table[:, 2] != 0,
            minutes=table[:, 3],
            door=table[:, 4].astype(np.int8),
            kind=table[:, 5].astype(np.int8),
            number=table[:, 6].astype(np.int32),
            node=self._node,
            lon=self._lonlat[:, 0],
            lat=self._lonlat[:, 1],
            barrier=np.zeros(n, dtype=bool),
            obstacle_s=np.zeros((n, 2), dtype=np.float32),
            nearer=np.zeros(n, dtype=bool),
            refused=self._ways.refused,
            garbled=self._ways.garbled,
            unread=len(self._ways.unread),
            moved=len(self._ways.moved),
            elsewhere=np.array(sorted(self._ways.elsewhere), dtype=np.int64),
        )
        marked = np.array(list(self._tags), dtype=np.int64)
        each = np.arange(len(marked))
        mark_nodes(roads, marked, each, list(self._tags.values()), self._profile)
        return settle_copies(roads)


def _restrictions(
    reader: _Reader, path: Path, profile: Profile, deleted: set[tuple[str, int]], known: _Ways
) -> Any:
    """Return the turn restrictions of a file, last versions only; count those left out."""
    turns: dict[int, list[tuple[int, int, int, int]]] = {}
    versions: dict[int, int] = {}
    told = reader.ask("relations", str(path)) if profile.rules.restrictions else ()
    for number, version, visible, known_as in told:
        if version < versions.get(number, 0):
            continue
        versions[number] = version
        turns.pop(number, None)
        if not visible or ("relation", number) in deleted:
            continue
        if known_as is None:
            known.garbled += 1
            continue
        tags, members = known_as
        between = (Member("nw".find(kind), ref, role) for kind, ref, role in members)
        turns[number] = turns_told(tags, between, profile.rules)
    return as_table([turn for told in turns.values() for turn in told])


def refuse_unfinished(path: Path) -> None:
    """Refuse an answer an Overpass server gave up before its end: it looks whole but for a remark.

    The remark of a run-time error is written last; anything else it remarks stops nothing.

    Parameters
    ----------
    path
        File of any form.

    Raises
    ------
    UnreadableFileError
        If it is such an answer, or unfolds past reason.
    """
    opener = _opener(path)
    if opener is None:
        return
    try:
        with opener(path, "rb") as stream:
            width = _width(stream.peek(2))
            end, size = b"", 0
            while chunk := stream.read(_CHUNK):
                end, size = (end + chunk)[-_REMARK:], size + len(chunk)
                refuse_swollen(size, path)
    except (OSError, EOFError, zlib.error):
        return  # pyosmium says what is wrong with the file
    told = re.search(r"<remark>(.*?)</remark>", end.decode(width, "ignore"), re.DOTALL)
    if told and "error" in told[1].lower():
        raise UnreadableFileError(
            f"« {path.name} » est une réponse d'Overpass incomplète : le serveur s'est arrêté "
            f"avant la fin (« {' '.join(told[1].split())[:120]} »)",
            where=path,
            remedy="refaire la demande, sur un territoire plus petit ou avec plus de temps "
            "([timeout:900]), ou fournir un extrait .osm.pbf complet",
        )


def _opener(path: Path) -> Any:
    """Return what opens an XML file, packed or not; none where it is no XML file."""
    form, _, packing = aside.form_of(str(path)).partition(".")
    if form not in {"osm", "osc", "xml"}:
        return None
    return {"": open, "gz": gzip.open, "bz2": bz2.open}.get(packing)


def _deleted(path: Path) -> set[tuple[str, int]]:
    """Return the objects an XML file of JOSM marks as deleted, which pyosmium does not tell."""
    opener = _opener(path)
    if opener is None:
        return set()
    try:
        with opener(path, "rb") as stream:
            if not _holds(stream, _DELETE.encode(_width(stream.peek(2)))):
                return set()
        with opener(path, "rb") as stream:
            return _marked(stream)
    except (OSError, EOFError, LookupError, zlib.error, expat.ExpatError):
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
