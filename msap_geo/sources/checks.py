"""Is this file what it claims to be? Asked before it takes its final name.

A server that is out of order answers 200 with a page of apologies, a proxy with a login form: a
status proves nothing, the content does.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from msap_geo import tabular
from msap_geo.errors import DataError
from msap_geo.sources.complete import CUT, cut, cut_text, lines, too_few

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.sources.registry import Source

_MAGIC = {
    "7z": b"7z\xbc\xaf\x27\x1c",
    "tar.bz2": b"BZh",
    "parquet": b"PAR1",
    "gpkg": b"SQLite format 3\x00",
}
_PBF_HEADER = b"\x0a\x09OSMHeader"
"""First field of the first block of every ``.osm.pbf``, after its four bytes of length."""

_HEAD = 65536
_VAST_JSON = 64 * 1024**2
"""From this size on, bytes, a JSON file is looked at by its ends."""

_VAST_HEAD = 1024**2
_KEY = re.compile(rb'"([^"\\]{1,60})"\s*:')


def fault(path: Path, source: Source, *, measured: bool = True) -> str | None:
    """Tell what is wrong with the content of a file.

    Parameters
    ----------
    path
        File to look at.
    source
        Dataset it should be of: its format, its columns and its end are checked. Columns are
        compared without case, accents nor spaces.
    measured
        Whether its length is known to be right; where it is not, the rows the registry expects of a
        national file are counted too.

    Returns
    -------
    str or None
        One French clause, null when nothing is wrong.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head.strip():
        return "le fichier est vide"
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if plain.startswith((b"<!doctype html", b"<html")):
        return "c'est une page web, pas le fichier attendu"
    expected = 0 if measured or source.portee != "France" else source.lignes
    if source.format in {"json", "geojson"}:
        return _fault_in_json(path, source, expected)
    if source.format == "csv":
        return _fault_in_csv(path, head, source.colonnes, expected)
    return _fault_in_binary(path, head, source)


def _fault_in_binary(path: Path, head: bytes, source: Source) -> str | None:
    form = source.format
    if form in {"zip", "xlsx"}:
        return _fault_in_zip(path) or _fault_in_columns(path, source)
    right = head[4:].startswith(_PBF_HEADER) if form == "osm.pbf" else head.startswith(_MAGIC[form])
    if not right:
        return f"ce n'est pas un fichier {form}"
    return cut(path, form) or (_fault_in_columns(path, source) if form == "parquet" else None)


def _fault_in_zip(path: Path) -> str | None:
    """Open the directory of an archive, which stands at its end: a cut one has none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return None if archive.namelist() else "l'archive est vide"
    except (zipfile.BadZipFile, OSError):
        return f"ce n'est pas une archive zip entière, ou {CUT}"


def _fault_in_columns(path: Path, source: Source) -> str | None:
    """Tell which columns no table of a workbook, of an archive or of Parquet has.

    An archive that holds nothing but layers or further archives is not looked into; of the columns
    of one, INSEE may have renamed a few since the registry was written: half of them will do.
    """
    if not source.colonnes:
        return None
    try:
        headers = [set(each) for each in tabular.read_headers(path, suffix=f".{source.format}")]
    except DataError as error:
        return error.problem
    if not headers:
        return None
    wanted = {tabular.normalise(name) for name in source.colonnes}
    best = max(headers, key=lambda header: len(wanted & header))
    if source.format == "zip" and 2 * len(wanted & best) >= len(wanted):
        return None
    return _missing(source.colonnes, best)


def _fault_in_csv(path: Path, head: bytes, columns: Sequence[str], expected: int) -> str | None:
    if b"\x00" in head:
        return "c'est un fichier binaire, pas un CSV"
    first = re.split(rb"[\r\n]", head.lstrip(b"\r\n"), maxsplit=1)[0]
    try:
        line = first.decode("utf-8-sig")
    except UnicodeDecodeError:
        line = first.decode("cp1252", errors="replace")
    separator = max(";,\t|", key=line.count)
    fields = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    return (
        _missing(columns, {tabular.normalise(name) for name in fields})
        or cut_text(path, fields=len(fields), separator=separator)
        or (too_few(lines(path), expected) if expected else None)
    )


def _fault_in_json(path: Path, source: Source, expected: int) -> str | None:
    if path.stat().st_size > _VAST_JSON:
        return _fault_in_vast_json(path, source)
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return f"ce n'est pas du JSON, ou {CUT}"
    if source.format == "geojson":
        features = content.get("features") if isinstance(content, dict) else None
        if not isinstance(features, list):
            return "ce n'est pas du GeoJSON"
        records = [f.get("properties") for f in features if isinstance(f, dict)]
        matched = content.get("numberMatched")
        if isinstance(matched, int) and matched > len(features):
            return f"le serveur n'a rendu que {len(features)} objets sur {matched}"
    else:
        records = content if isinstance(content, list) else _inner(content)
    if not records or not isinstance(records[0], dict):
        return "il ne contient aucun enregistrement"
    return _missing(source.colonnes, _keys(records)) or too_few(len(records), expected)


def _fault_in_vast_json(path: Path, source: Source) -> str | None:
    """Look at both ends of a file that would take gigabytes of memory to understand."""
    with path.open("rb") as stream:
        head = stream.read(_VAST_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
        stream.seek(-_HEAD, 2)
        tail = stream.read().rstrip()
    ends = {b"[": b"]", b"{": b"}"}
    if head[:1] not in ends or not tail.endswith(ends[head[:1]]):
        return f"ce n'est pas du JSON, ou {CUT}"
    found = {tabular.normalise(name.decode("utf-8", "replace")) for name in _KEY.findall(head)}
    return _missing(source.colonnes, found)


def _inner(content: Any) -> list[Any]:
    """Return the list of records of an object that holds but one (``{"service": […]}``)."""
    values = content.values() if isinstance(content, dict) else ()
    lists = [value for value in values if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else []


def _keys(records: Sequence[Any]) -> set[str]:
    """Gather the keys of a few records: APIs leave out the fields that are null."""
    return {
        tabular.normalise(str(key))
        for record in records[:100]
        if isinstance(record, dict)
        for key in record
    }


def _missing(columns: Sequence[str], found: set[str]) -> str | None:
    absent = [name for name in columns if tabular.normalise(name) not in found]
    return f"il lui manque : {', '.join(absent)}" if absent else None
