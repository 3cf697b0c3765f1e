"""The directory of public services (*Annuaire de l'administration, base de données locales*, DILA).

Three published forms give the same table: one JSON object a line (2016, ``.sjson``), the present
file (``…data.gouv_local.json``: ``{"service": […]}``), and what the API gives, page or export,
where inner lists may be text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo.errors import DataError
from msap_geo.hours import DAY_MINUTES, DAYS, weekly_hours
from msap_geo.loaders.hours.horaires import JOURS
from msap_geo.loaders.sites.postal import departement_of_postal
from msap_geo.tabular import LINE, normalise, parse_json, read_text, read_text_table, settle_twins
from msap_geo.territory import INSEE_CODE_PATTERN, departement_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from msap_geo.hours import Interval

COLUMNS = (
    LINE,
    "type",
    "identifiant",
    "nom",
    "code_insee",
    "departement",
    "adresse",
    "code_postal",
    "commune",
    "latitude",
    "longitude",
    "horaires",
    "illisible",
)
"""Columns of :func:`read_annuaire`; ``illisible`` is what could not be read of the hours."""

_LISTS = ("service", "results", "records")
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::\d\d)?")
_ALWAYS = re.compile(r"(?:hors|sauf|en dehors des?) (?:les )?(?:periodes? de )?vacances\w*")
_SOMETIMES = re.compile(
    r"\b(?:semaines?|mois|sur deux|sur 2|pairs?|paires?|impairs?|impaires?|vacances|ete|hiver"
    r"|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|1er|premiers?|derniers?|\d+(?:e|eme|nd|nde))\b"
)
"""Words of a comment that tie hours to some weeks only."""


def is_annuaire(path: Path) -> bool:
    """Return whether a file looks like a directory, by its extension or its columns."""
    if path.suffix.lower() in {".sjson", ".json", ".jsonl", ".ndjson"}:
        return True
    if path.suffix.lower() != ".csv":
        return False
    header = read_text(path).lstrip().partition("\n")[0]
    return "pivot" in re.split(r"[^a-z_]+", header.lower())


def read_annuaire(path: Path, types: Mapping[str, str]) -> tuple[pd.DataFrame, set[str]]:
    """Read the services of some types: a row a service, so two where two share a counter.

    Parameters
    ----------
    path
        Directory, in any of its forms.
    types
        Service of each type wanted, which the directory names ``"mairie"``, ``"caf"``,
        ``"sous_pref"``…; several types may be of one.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, text but for the rank of the record; ``horaires`` is canonical.
    set of str
        Every type met.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file cannot be read as text.
    DataError
        If it is not a directory.
    """
    rows: list[tuple[Any, ...]] = []
    met: set[str] = set()
    for number, record in _records(path):
        own = _types(record)
        met.update(own)
        read = _modern if "adresse" in record or "pivot" in record else _former
        first = {types[name]: name for name in reversed(own) if name in types}
        rows += [(number, kind, *read(record, kind)) for kind in reversed(first.values())]
    if not met:
        raise _foreign(path)
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "departement"])
    readable = table["code_insee"].str.fullmatch(INSEE_CODE_PATTERN).astype(bool)
    postal = table["code_postal"].map(departement_of_postal)
    departement = table["code_insee"].map(departement_of).where(readable, postal)
    return table.assign(departement=departement)[[*COLUMNS]], met


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each record with its rank (its line, where there is one a line)."""
    if path.suffix.lower() == ".csv":
        table = settle_twins(read_text_table(path), path)
        yield from zip(table[LINE], table.to_dict("records"), strict=True)
        return
    text = read_text(path)
    try:
        content = parse_json(text)
    except ValueError:
        yield from _lines(text, path)
        return
    if isinstance(content, dict):
        content = next((content[key] for key in _LISTS if key in content), [content])
    if not isinstance(content, list):
        raise _foreign(path)
    for number, record in enumerate(content, start=1):
        if not isinstance(record, dict):
            raise _foreign(path, f"objet n° {number}")
        yield number, record["fields"] if isinstance(record.get("fields"), dict) else record


def _lines(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = parse_json(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise _foreign(path, f"ligne {number}")
        yield number, record


def _foreign(path: Path, place: str = "") -> DataError:
    return DataError(
        f"« {path.name} » n'est pas un annuaire DILA (des services, avec leur type)",
        where=f"{path}, {place}" if place else path,
        remedy="fournir l'annuaire de l'administration, base de données locales "
        "(…data.gouv_local.json, export JSON de l'API, ou .sjson)",
    )


def _types(record: dict[str, Any]) -> list[str]:
    pivots = _dicts(record.get("pivot"))
    named = [_word(pivot.get("type_service_local")) for pivot in pivots]
    return [name for name in (*named, _word(record.get("type"))) if name]


def _former(record: dict[str, Any], _: str) -> tuple[str | None, ...]:
    """Read a record of 2016; it has no opening hours."""
    address = next(iter(_dicts(record.get("writeAddress"))), {})
    street = address.get("streetAddress")
    return (
        _word(record.get("id")),
        _word(record.get("nom")),
        _word(record.get("codeinsee")),
        ", ".join(map(_word, street)) if isinstance(street, list) else _word(street),
        _word(address.get("postalCode")),
        _word(address.get("addressLocality")),
        _word(record.get("latitude")),
        _word(record.get("longitude")),
        None,
        "",
    )


def _modern(record: dict[str, Any], kind: str) -> tuple[str | None, ...]:
    """Read a record of the present form."""
    places = _dicts(record.get("adresse"))
    place = next(
        (p for p in places if _word(p.get("type_adresse")) == "Adresse"),
        next((p for p in places if _word(p.get("latitude"))), places[0] if places else {}),
    )
    codes = next(
        (
            pivot.get("code_insee_commune")
            for pivot in _dicts(record.get("pivot"))
            if _word(pivot.get("type_service_local")) == kind
        ),
        None,
    )
    covered = _word(codes[0]) if isinstance(codes, list) and codes else _word(codes)
    hours, refused = _week(
        tuple(
            tuple(_word(slot.get(name)) for name in _SLOT_FIELDS)
            for slot in _dicts(record.get("plage_ouverture"))
        )
    )
    return (
        # Former identifiers say which town hall is the first of its commune (« mairie-77188-01 »).
        _word(record.get("ancien_code_pivot")) or _word(record.get("id")),
        _word(record.get("nom")),
        _word(record.get("code_insee_commune")) or covered,
        _word(place.get("numero_voie")),
        _word(place.get("code_postal")),
        _word(place.get("nom_commune")),
        _word(place.get("latitude")),
        _word(place.get("longitude")),
        hours,
        refused,
    )


_SLOT_FIELDS = (
    "nom_jour_debut",
    "nom_jour_fin",
    "valeur_heure_debut_1",
    "valeur_heure_fin_1",
    "valeur_heure_debut_2",
    "valeur_heure_fin_2",
    "commentaire",
)


@lru_cache(maxsize=65_536)
def _week(slots: tuple[tuple[str, ...], ...]) -> tuple[str | None, str]:
    """Return the canonical week of ``plage_ouverture``, and what could not be read of it.

    Hours whose comment ties them to some weeks (« 2e et 4e samedis de chaque mois ») are not those
    of an ordinary week.
    """
    days: list[list[Interval]] = [[] for _ in DAYS]
    refused, read = [], 0
    for slot in slots:
        first, last, *clocks, comment = slot
        ranks = _day_range(first, last or first)
        spans = _spans(clocks)
        plain = _ALWAYS.sub("", normalise(comment).replace("_", " "))
        if not ranks or not spans or _SOMETIMES.search(plain):
            refused.append(" ".join(f"{first} « {comment or '-'.join(clocks)} »".split()))
            continue
        read += 1
        for rank in ranks:
            days[rank] += spans
    return weekly_hours(days).text() if read else None, " ; ".join(refused)


def _day_range(first: str, last: str) -> list[int]:
    names = [normalise(name) for name in (first, last)]
    if not set(names) <= set(JOURS):
        return []
    start, end = map(JOURS.index, names)
    return [rank % len(JOURS) for rank in range(start, (end if end >= start else end + 7) + 1)]


def _spans(clocks: list[str]) -> list[Interval]:
    """Read one or two openings; none when any of them is not plain."""
    spans = []
    for start, end in zip(clocks[::2], clocks[1::2], strict=True):
        if not start and not end:
            continue
        moments = [_TIME.fullmatch(start), _TIME.fullmatch(end)]
        minutes = [60 * int(m[1]) + int(m[2]) for m in moments if m]
        if len(minutes) != len(moments) or not minutes[0] < minutes[1] <= DAY_MINUTES:
            return []
        spans.append((minutes[0], minutes[1]))
    return spans


def _dicts(value: Any) -> list[dict[str, Any]]:
    """Return a list of objects, whether it was given as such, as text, or as one object."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = parse_json(value)
        except ValueError:
            return []
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _word(value: Any) -> str:
    """Return a value as text, empty where there is none."""
    return str(value).strip() if isinstance(value, (str, int, float)) else ""
