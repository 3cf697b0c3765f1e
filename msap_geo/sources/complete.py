"""Whether a file is whole, where the server did not say how long it is.

Formats end as they must: an archive with its directory, Parquet with its footer, a PBF with a
block, a table with a line. Of a table, the rows the registry expects are a last resort.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import IO

CUT = "le fichier est coupé"
"""What is said of a file that is not whole: it may come whole another time."""

_LEAST_SHARE = 0.5
"""Least share of the rows expected: lists grow and shrink from one edition to the next."""

_TAIL = 1 << 16
_LENGTH = struct.Struct(">I")
_SEVEN_ZIP = struct.Struct("<QQ")
_SEVEN_ZIP_HEADER = 32
_PAGES_AT, _PAGE_SIZE_AT = 28, 16
_LONGEST_HEADER = 64 * 1024
_DATASIZE = 0x18  # protobuf: field 3, a varint


def cut(path: Path, form: str) -> str | None:
    """Tell what of a binary file is missing, null when nothing is.

    Parameters
    ----------
    path
        File, already known to begin as its format does.
    form
        Its format, as the registry names it.
    """
    looks: dict[str, Callable[[IO[bytes], int], bool]] = {
        "osm.pbf": _whole_pbf,
        "7z": _whole_7z,
        "parquet": _whole_parquet,
        "gpkg": _whole_sqlite,
    }
    if form not in looks:
        return None
    with path.open("rb") as stream:
        return None if looks[form](stream, path.stat().st_size) else CUT


def cut_text(path: Path, *, fields: int, separator: str) -> str | None:
    """Tell whether the last line of a delimited file is whole: ended, and as wide as the header.

    Every publisher of the registry ends its last line.
    """
    with path.open("rb") as stream:
        size = path.stat().st_size
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    if not tail.endswith((b"\n", b"\r")):
        return f"{CUT} : sa dernière ligne n'est pas terminée"
    last = tail.rstrip(b"\r\n").replace(b"\r", b"\n").rsplit(b"\n", 1)[-1]
    # A quoted field may hold a line end: what stands after it is not a line.
    if b'"' not in last and last.count(separator.encode()) + 1 < fields:
        return f"{CUT} : sa dernière ligne est plus courte que l'en-tête"
    return None


def too_few(rows: int, expected: int) -> str | None:
    """Tell whether a national file has far fewer rows than it should."""
    if expected and rows < _LEAST_SHARE * expected:
        return f"{CUT}, sans doute : {rows} lignes, quand il en faut environ {expected}"
    return None


def lines(path: Path) -> int:
    """Count the lines of a file."""
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))


def _whole_pbf(stream: IO[bytes], size: int) -> bool:
    """Walk from block to block: the last one ends where the file does."""
    at = 0
    while at < size:
        stream.seek(at)
        head = stream.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return False
        (length,) = _LENGTH.unpack(head)
        if length > _LONGEST_HEADER:
            return False
        header = stream.read(length)
        data = _data_size(header) if len(header) == length else None
        if data is None:
            return False
        at += _LENGTH.size + length + data
    return at == size


def _data_size(header: bytes) -> int | None:
    """Return how long the data after a block's header are, null where it does not say."""
    at = 0
    while at < len(header):
        tag, at = header[at], at + 1
        value, at = _varint(header, at)
        if value is None:
            return None
        if tag == _DATASIZE:
            return value
        at += value if tag & 7 == 2 else 0  # noqa: PLR2004 - a field of that many bytes
    return None


def _varint(header: bytes, at: int) -> tuple[int | None, int]:
    value = shift = 0
    while at < len(header):
        byte, at = header[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - no more bytes
            return value, at
        shift += 7
    return None, at


def _whole_7z(stream: IO[bytes], size: int) -> bool:
    """Its first header says where the last one is."""
    stream.seek(12)
    told = stream.read(_SEVEN_ZIP.size)
    if len(told) < _SEVEN_ZIP.size:
        return False
    offset, length = _SEVEN_ZIP.unpack(told)
    return bool(_SEVEN_ZIP_HEADER + offset + length == size)


def _whole_parquet(stream: IO[bytes], size: int) -> bool:
    if size < 12:  # noqa: PLR2004 - two marks and a length
        return False
    stream.seek(size - 8)
    told = stream.read(8)
    return told.endswith(b"PAR1") and int.from_bytes(told[:4], "little") + 12 <= size


def _whole_sqlite(stream: IO[bytes], size: int) -> bool:
    head = stream.read(100)
    page = int.from_bytes(head[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big")
    pages = int.from_bytes(head[_PAGES_AT : _PAGES_AT + 4], "big")
    return len(head) == 100 and size >= (65_536 if page == 1 else page) * pages  # noqa: PLR2004
