"""What pyosmium reads of a file, told by a process of its own, line by line.

A damaged file can kill the process that reads it with pyosmium: a null byte in a name of a PBF
file is enough, and such faults cannot be listed. So another process reads: it can only end early.
It is this file, run as a script, which imports nothing of msap_geo so that it starts in no time.
"""

from __future__ import annotations

import bz2
import gzip
import json
import re
import sys
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

END, FAULT = "end", "fault"
"""Keys of the last line of an answer: the file was read to its end, or why it could not be."""


def ways(path: str, keys: list[str]) -> Iterator[Any]:
    """Yield each way: identifier, version, visible, tags, nodes, places, how many tags it has."""
    import osmium  # noqa: PLC0415 - the process that reads this file's answers has no use for it

    wanted = frozenset(keys)
    stream: Any = osmium.FileProcessor(_file(path), osmium.osm.WAY)
    for item in stream:
        places = [
            (node.ref, node.lon, node.lat) for node in item.nodes if node.location.valid()
        ]  # « locations on ways »
        refs = [node.ref for node in item.nodes]
        yield item.id, item.version, item.visible, _tags(item, wanted), refs, places, len(item.tags)


def nodes(path: str, keys: list[str], among: list[int]) -> Iterator[Any]:
    """Yield the nodes wanted: identifier, version, visible, tags, longitude and latitude."""
    import osmium  # noqa: PLC0415 - as above

    wanted, ours = frozenset(keys), frozenset(among)
    stream: Any = osmium.FileProcessor(_file(path), osmium.osm.NODE)
    if ours and min(ours) >= 0:  # pyosmium's filter knows no negative numbers
        stream = stream.with_filter(osmium.filter.IdFilter(among))
    for item in stream:
        if item.id in ours:
            place = (item.location.lon, item.location.lat) if item.location.valid() else None
            yield item.id, item.version, item.visible, _tags(item, wanted), place


def relations(path: str) -> Iterator[Any]:
    """Yield each relation: identifier, version, visible, tags and members, none if not UTF-8."""
    import osmium  # noqa: PLC0415 - as above

    stream: Any = osmium.FileProcessor(_file(path), osmium.osm.RELATION)
    for item in stream:
        try:
            tags = {tag.k: tag.v for tag in item.tags}
            told = tags, [(member.type, member.ref, member.role) for member in item.members]
        except UnicodeDecodeError:
            told = None
        yield item.id, item.version, item.visible, told


def form_of(path: str) -> str:
    """Return the form of a file, in osmium's words, such as ``osm.gz``, ``pbf`` or ``opl``.

    What it holds tells, whatever its name; where that says nothing, its name, in any capitals.
    """
    with open(path, "rb") as stream:  # noqa: PTH123 - this script stands alone
        head = stream.read(_HEAD)
    packing = next((name for name, (mark, _) in _PACKED.items() if head.startswith(mark)), "")
    if packing:
        try:
            with _PACKED[packing][1](path) as unpacked:
                head = unpacked.read(_HEAD)
        except (OSError, EOFError, zlib.error):
            head = b""
    if kind := _kind(head):
        return kind + packing
    ends = re.search(r"(\.\w+){1,3}$", path.lower().replace(".josm", ".osm"))
    return ends[0][1:] if ends else ""


_HEAD = 1 << 14
_PACKED: dict[str, tuple[bytes, Callable[[str], Any]]] = {
    ".gz": (b"\x1f\x8b", gzip.open),
    ".bz2": (b"BZh", bz2.open),
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def _kind(head: bytes) -> str:
    """Return what unpacked bytes are the first of, empty where nothing says it."""
    if head[6:15] == b"OSMHeader":
        return "pbf"
    if head.startswith(b"\xff\xe0\x04o5"):
        return head[3:6].decode("ascii", "replace")
    text = head.replace(b"\0", b"") if head.startswith(_UTF_16) else head
    if re.match(rb"[nwrc]-?\d+[ \n]", text):
        return "opl"
    root = re.search(rb"<osm(Change)?[\s>/]", text)
    return "" if root is None else "osc" if root[1] else "osm"


def _file(path: str) -> Any:
    import osmium  # noqa: PLC0415 - as above

    return osmium.io.File(path, form_of(path))


def _tags(item: Any, keys: frozenset[str]) -> tuple[dict[str, str], int]:
    """Return the tags wanted of an object, and how many were left out, for not being UTF-8."""
    try:
        return {key: value for key, value in item.tags if key in keys}, 0
    except UnicodeDecodeError:
        kept, garbled = {}, 0
        for key in sorted(keys):
            try:
                value = item.tags.get(key)
            except UnicodeDecodeError:
                garbled += 1
                continue
            if value is not None:
                kept[key] = value
        return kept, garbled


def main() -> None:
    """Answer each question of the standard input: a JSON line that names a function above."""
    import osmium  # noqa: PLC0415 - as above

    answers: dict[str, Callable[..., Iterator[Any]]] = {
        "ways": ways, "nodes": nodes, "relations": relations,
    }  # fmt: skip
    for line in sys.stdin:
        asked, arguments = json.loads(line)
        told: dict[str, Any] = {END: True}
        try:
            for item in answers[asked](*arguments):
                sys.stdout.write(json.dumps(item) + "\n")
        # The location's error is of no class of Python's own.
        except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
            told = {FAULT: str(error)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
