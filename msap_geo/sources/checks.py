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


def fault(path: Path, source: Source) -> str | None:
    """Tell what is wrong with the content of a file.

    Parameters
    ----------
    path
        File to look at.
    source
        Dataset it should be of: its format and columns are checked.

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
    if source.format in {"json", "geojson"}:
        return _fault_in_json(path, source)
    if source.format == "csv":
        return _fault_in_csv(head, source.colonnes)
    return _fault_in_binary(path, head, source.format)


def _fault_in_binary(path: Path, head: bytes, form: str) -> str | None:
    if form in {"zip", "xlsx"}:
        return _fault_in_zip(path)
    right = head[4:].startswith(_PBF_HEADER) if form == "osm.pbf" else head.startswith(_MAGIC[form])
    return None if right else f"ce n'est pas un fichier {form}"


def _fault_in_zip(path: Path) -> str | None:
    """Open the directory of an archive, which stands at its end: a cut one has none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return None if archive.namelist() else "l'archive est vide"
    except (zipfile.BadZipFile, OSError):
        return "ce n'est pas une archive zip entière"


def _fault_in_csv(head: bytes, columns: Sequence[str]) -> str | None:
    if b"\x00" in head:
        return "c'est un fichier binaire, pas un CSV"
    first = re.split(rb"[\r\n]", head.lstrip(b"\r\n"), maxsplit=1)[0]
    try:
        line = first.decode("utf-8-sig")
    except UnicodeDecodeError:
        line = first.decode("cp1252", errors="replace")
    separator = max(";,\t|", key=line.count)
    found = {
        name.strip().lstrip("#").casefold()
        for name in next(csv.reader(io.StringIO(line), delimiter=separator), [])
    }
    return _missing(columns, found)


def _fault_in_json(path: Path, source: Source) -> str | None:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "ce n'est pas du JSON, ou il est coupé"
    if source.format == "geojson":
        features = content.get("features") if isinstance(content, dict) else None
        if not isinstance(features, list):
            return "ce n'est pas du GeoJSON"
        records = [f.get("properties") for f in features if isinstance(f, dict)]
        matched = content.get("numberMatched")
        if isinstance(matched, int) and matched > len(features):
            return f"le serveur n'a rendu que {len(features)} objets sur {matched}"
    else:
        records = content if isinstance(content, list) else []
    if not records or not isinstance(records[0], dict):
        return "il ne contient aucun enregistrement"
    return _missing(source.colonnes, _keys(records))


def _keys(records: Sequence[Any]) -> set[str]:
    """Gather the keys of a few records: APIs leave out the fields that are null."""
    return {
        key.casefold() for record in records[:100] if isinstance(record, dict) for key in record
    }


def _missing(columns: Sequence[str], found: set[str]) -> str | None:
    absent = [name for name in columns if name.casefold() not in found]
    return f"il lui manque : {', '.join(absent)}" if absent else None
