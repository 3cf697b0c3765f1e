"""INSEE's movements of communes: mergers, re-establishments, changes of code since 1943.

The file (``mvtcommune_2020.csv``, ``v_mvt_commune_2026.csv``…) gives one row per pair of communes
before and after an event: ``MOD`` (10 name, 20 creation, 21 re-establishment, 30 suppression, 31 to
34 mergers, 41 change of département, 50 transfer of chef-lieu, 70 associée made déléguée),
``DATE_EFF``, ``TYPECOM_AV``, ``COM_AV``, ``TYPECOM_AP``, ``COM_AP``. Source: INSEE, *Liste de
modalités des fichiers téléchargeables du COG*.

Its *table de passage* (``CODGEO_INI``, ``CODGEO_2026``) says in one row where each code since 2003
leads: it is read as so many movements of one day.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import malformed, refuse_lost_zeros, refuse_unreadable
from msap_geo.loaders.territory.cog import CommuneCodes
from msap_geo.tabular import LINE, pick_columns, read_tables, tell_passed_over
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from msap_geo.anomalies import Anomaly
    from msap_geo.tabular import Found

_COLUMNS = {
    "mod": ("mod",),
    "date": ("date_eff",),
    "genre_avant": ("typecom_av",),
    "avant": ("com_av",),
    "genre_apres": ("typecom_ap",),
    "apres": ("com_ap",),
}

_PASSAGE_FROM = "codgeo_ini"
_PASSAGE_TO = re.compile(r"codgeo_20\d\d")

OLDEST_FILES = "2008-01-01"
"""Files read here are never older: INSEE's legal populations begin with 2006, in force in 2009.

A commune taken apart before that day covers the same land in every file.
"""


@of_files
@once
def load_movements(path: Path) -> Loaded[pd.DataFrame]:
    """Load INSEE's movements of communes.

    Parameters
    ----------
    path
        CSV, or the zip of the whole COG; or the *table de passage* (workbook, CSV or zip).

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.MOVEMENTS`, by date then as published: events between
        communes proper (``COM``); those of déléguées and associées tell nothing more.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is not what it claims to be, or holds no event.
    """
    known = {spelling for spellings in _COLUMNS.values() for spelling in spellings}
    found = read_tables(path, keep=lambda name: name in known or _is_of_passage(name))
    passage = next((made for each in found if (made := _from_passage(each)) is not None), None)
    if passage is not None:
        return _loaded_passage(passage, found, path)
    complete = [each for each in found if known <= set(each.table.columns)]
    raw = pick_columns((complete or found)[0].table, path, required=_COLUMNS)
    rows_read = len(raw)
    table = raw[(raw["genre_avant"] == "COM") & (raw["genre_apres"] == "COM")]
    if table.empty:
        raise DataError(
            f"« {path.name} » ne contient aucun mouvement entre communes",
            where=path,
            remedy="fournir les événements sur les communes du COG de l'Insee",
        )
    for end in ("avant", "apres"):
        refuse_lost_zeros(table[end], path)
        refuse_unreadable(
            table[end], path, remedy="fournir les événements sur les communes du COG de l'Insee"
        )
    dates = _dates(table["date"])
    unusable = dates.isna() | malformed(table["avant"]) | malformed(table["apres"])
    told = table.assign(identifiant=table["avant"], nom="mouvement de " + table["avant"])
    anomalies = note(
        told[unusable],
        "mouvement-illisible",
        Action.LEFT_OUT,
        "date « {date} » ou code « {apres} » illisible",
        file=path.name,
    )
    kept = table.assign(date=dates)[~unusable].sort_values("date", kind="stable")
    columns = ["date", "mod", "avant", "apres", LINE]
    result = schemas.check(kept[columns].reset_index(drop=True), schemas.MOVEMENTS, where=path.name)
    return Loaded(result, rows_read, (*tell_passed_over(found, file=path.name), *anomalies))


def _is_of_passage(name: str) -> bool:
    return name == _PASSAGE_FROM or _PASSAGE_TO.fullmatch(name) is not None


def _from_passage(found: Found) -> pd.DataFrame | None:
    """Return the rows of a table of passage under our names, None where it is another table."""
    columns = [name for name in found.table.columns if _PASSAGE_TO.fullmatch(name)]
    if _PASSAGE_FROM not in found.table.columns or not columns:
        return None
    latest = max(columns)
    table = found.table
    return pd.DataFrame(
        {
            LINE: table[LINE],
            "date": f"{latest[-4:]}-01-01",
            "mod": "passage",
            "avant": table[_PASSAGE_FROM].astype(str),
            "apres": table[latest].astype(str),
        }
    )


def _loaded_passage(rows: pd.DataFrame, found: list[Found], path: Path) -> Loaded[pd.DataFrame]:
    for end in ("avant", "apres"):
        refuse_lost_zeros(rows[end], path)
    unusable = malformed(rows["avant"]) | malformed(rows["apres"])
    told = rows.assign(identifiant=rows["avant"], nom="passage de " + rows["avant"])
    anomalies = note(
        told[unusable],
        "mouvement-illisible",
        Action.LEFT_OUT,
        "code « {avant} » ou « {apres} » illisible",
        file=path.name,
    )
    kept = rows[~unusable & (rows["avant"] != rows["apres"])]
    if kept.empty:
        raise DataError(
            f"« {path.name} » ne fait passer aucun code à un autre",
            where=path,
            remedy="fournir la table de passage des communes de l'Insee",
        )
    columns = ["date", "mod", "avant", "apres", LINE]
    result = schemas.check(kept[columns].reset_index(drop=True), schemas.MOVEMENTS, where=path.name)
    return Loaded(result, len(rows), (*tell_passed_over(found, file=path.name), *anomalies))


def _dates(texts: pd.Series) -> pd.Series:
    """Bring ``2019-01-01``, ``01/01/2019`` and ``01/01/19`` to ISO; null where none fits."""
    parsed = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"):
        parsed = parsed.fillna(pd.to_datetime(texts, format=form, errors="coerce"))
    return parsed.dt.strftime("%Y-%m-%d")


class _Event(NamedTuple):
    date: str
    codes: tuple[str, ...]


@once
def with_movements(codes: CommuneCodes, movements: pd.DataFrame) -> CommuneCodes:
    """Complete the table of codes with INSEE's movements.

    Every code of the movements that is not in force is followed forward to the communes in force
    it led to; a code younger than the COG, back to those it came from.

    Parameters
    ----------
    codes
        Codes in force and what is already known of others, which prevails.
    movements
        Table under :data:`msap_geo.schemas.MOVEMENTS`.

    Returns
    -------
    CommuneCodes
        Successors of every code that leads somewhere; where a code covers several communes in
        force, in its own vintage or another one (:data:`OLDEST_FILES`), its alternatives. A code
        shared out stands for the first of them the file lists.
    """
    schemas.check(movements, schemas.MOVEMENTS)
    ahead = _events(movements, "avant", "apres")
    behind = _events(movements, "apres", "avant")
    behind = {code: events[::-1] for code, events in behind.items()}
    names = codes.names
    successors, alternatives = dict(codes.successors), dict(codes.alternatives)
    for code in dict.fromkeys([*ahead, *behind]):
        if code in names:
            covers = _covered(code, names, ahead, behind)
            if len(covers) > 1:
                alternatives[code] = covers
            continue
        ends = _follow(code, names, ahead) or _follow(code, names, behind)
        known = [successors[code]] if code in successors else []
        found = tuple(dict.fromkeys([*known, *alternatives.get(code, ()), *ends]))
        if found:
            successors[code] = found[0]
        if len(found) > 1:
            alternatives[code] = found
    return CommuneCodes(names, successors, alternatives)


def _events(movements: pd.DataFrame, source: str, target: str) -> dict[str, list[_Event]]:
    """Return what each code led to, event by event in the order of time."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for date, before, after in zip(
        movements["date"], movements[source], movements[target], strict=True
    ):
        grouped.setdefault(before, {}).setdefault(date, []).append(after)
    return {
        code: [_Event(date, tuple(dict.fromkeys(found))) for date, found in events.items()]
        for code, events in grouped.items()
    }


def _follow(
    code: str, names: Mapping[str, str], events: Mapping[str, list[_Event]]
) -> tuple[str, ...]:
    """Return the communes in force a code leads to, through as many codes as it takes.

    The code is followed from the last event it did not survive: it may have been merged, restored
    and merged again.
    """
    last = next(
        (event for event in reversed(events.get(code, [])) if code not in event.codes), None
    )
    found: list[str] = []
    seen, todo = {code}, [(code, last)]
    while todo:
        _, event = todo.pop(0)
        if event is None:
            continue
        for heir in event.codes:
            if heir in names:
                found.append(heir)
            elif heir not in seen:
                seen.add(heir)
                todo.append((heir, _next(heir, event.date, events)))
    return tuple(dict.fromkeys(found))


def _next(code: str, since: str, events: Mapping[str, list[_Event]]) -> _Event | None:
    """Return the first event a code does not survive, on that day or beyond in the same sense."""
    own = events.get(code, [])
    ascending = len(own) < 2 or own[0].date <= own[-1].date  # noqa: PLR2004 - a pair has a sense
    later = (e for e in own if (e.date >= since if ascending else e.date <= since))
    return next((event for event in later if code not in event.codes), None)


def _covered(
    code: str,
    names: Mapping[str, str],
    ahead: Mapping[str, list[_Event]],
    behind: Mapping[str, list[_Event]],
) -> tuple[str, ...]:
    """Return the communes in force a code in force covers in older or younger files.

    Older ones, where communes in force were taken out of it since; younger ones, where communes in
    force joined it later than the COG.
    """
    recent = [
        other
        for events in (ahead, behind)
        for event in events.get(code, [])
        if event.date >= OLDEST_FILES and code in event.codes
        for other in event.codes
        if other in names
    ]
    return tuple(dict.fromkeys([code, *recent]))


def tell_shared(rows: pd.DataFrame, codes: CommuneCodes, *, file: str) -> list[Anomaly]:
    """Tell of codes that cover several communes in force, in the vintage of a file.

    Parameters
    ----------
    rows
        One row per code of the file: ``code_insee`` as published, ``nom``.
    codes
        Codes in force.
    file
        File they come from.

    Returns
    -------
    list of Anomaly
        One per code shared out, and one per commune that stands for others absent from the file.
    """
    present = set(rows["code_insee"])
    shared = {
        code: [
            other
            for other in codes.alternatives[code]
            if other != code and not (code in codes.names and other in present)
        ]
        for code in rows["code_insee"]
        if code in codes.alternatives
    }
    told = rows[rows["code_insee"].map(lambda code: bool(shared.get(code))).astype(bool)]
    told = told.assign(
        identifiant=told["code_insee"],
        departement=told["code_insee"].map(departement_of),
        autres=[
            ", ".join(f"{codes.names.get(other, other)} ({other})" for other in shared[code])
            for code in told["code_insee"]
        ],
        heritiere=codes.current(told["code_insee"]),
    )
    return note(
        told,
        "code-ambigu",
        Action.NOTED,
        "ce code couvre aussi, ou a laissé place à : {autres} ; compté avec {heritiere}",
        file=file,
    )
