"""Opening hours of La Poste contact points: the official calendar, day by day, or its OSM digest.

The calendar (*laposte_ouvertur*) gives the next three months, one row per point and day, holidays
and exceptional closings included. The ordinary week is what each weekday has most often; where two
share the weeks, the shorter, so that a counter open one Saturday in two is not promised. Hours that
change within the three months are those in force most of the time: a change for good and summer
hours look the same.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import french, schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.hours import DAY_MINUTES, DAYS, weekly_hours
from msap_geo.loaders.hours.horaires_osm import OFTEN, read_opening_hours
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.tabular import LINE, pick_columns, read_json_text, read_text, read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.hours import Interval

REGULAR_SHARE = 2 / 3
"""A point keeps regular hours when each weekday has its ordinary openings at least this often.

A quarter of three months may be holidays or leave without blurring the ordinary week; hours that
hold one week in two or three are not regular.
"""

_SITE = {"identifiant": ("identifiant", "identifiant_du_site", "identifiant_a")}
_CALENDAR = {
    **_SITE,
    "date": ("date_calendrier", "date"),
    "plage_1": ("plage_horaire_1",),
}
_OPTIONAL = {
    "nom": ("libelle_du_site", "libelle"),
    **{f"plage_{rank}": (f"plage_horaire_{rank}",) for rank in range(2, 8)},
}
_SLOTS = [f"plage_{rank}" for rank in range(1, 8)]
_SLOT = re.compile(r"(\d{1,2}):(\d\d)(?::\d\d)?\s*-\s*(\d{1,2}):(\d\d)(?::\d\d)?")
_CLOSED = {"", "FERME", "FERMÉ", "FERMÉE", "FERMEE"}
_HEAD_CHARACTERS = 4096
_OSM_LINE = re.compile(r"[^|\n]+\|[^|\n]*\|[^\n]*")


@of_files
@once
def load_la_poste_hours(path: Path) -> Loaded[pd.DataFrame]:
    """Load the opening hours of La Poste contact points.

    Parameters
    ----------
    path
        Official calendar (*laposte_ouvertur*: CSV, or JSON of the API), or a text of lines
        ``identifier|name|opening_hours``.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.HOURS`, one row per contact point, sorted by
        identifier. ``regulier`` is false where the ordinary week is not the whole truth.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent or is none of these.
    """
    text = read_text(path)
    head = text[:_HEAD_CHARACTERS].lstrip()
    first = head.split("\n", 1)[0].rstrip()
    if head.startswith(("{", "[")):
        loaded = _from_calendar(*_from_json(text, path), path)
    elif _OSM_LINE.fullmatch(first) and "plage_horaire" not in first.lower():
        loaded = _from_osm(text, path)
    else:
        table = pick_columns(read_text_table(path), path, required=_CALENDAR, optional=_OPTIONAL)
        loaded = _from_calendar(table, [], path)
    schemas.check(loaded.table, schemas.HOURS, where=str(path))
    return loaded


@once
def join_hours(
    sites: gpd.GeoDataFrame, hours: pd.DataFrame, *, file: str
) -> Loaded[gpd.GeoDataFrame]:
    """Give sites the hours of a table that bears the same identifiers.

    Parameters
    ----------
    sites
        Table under :data:`msap_geo.schemas.SITES`.
    hours
        Table under :data:`msap_geo.schemas.HOURS`.
    file
        File the hours come from, for the anomalies.

    Returns
    -------
    Loaded
        The sites with ``horaires``, null where the table does not know them; one anomaly tells how
        many sites found theirs, and how many hours are of no site.
    """
    schemas.check(sites, schemas.SITES)
    schemas.check(hours, schemas.HOURS)
    known = hours.set_index("site_id")["horaires"]
    joined = sites["site_id"].map(known).astype(object)
    found = sites["site_id"].isin(known.index)
    orphans = int((~known.index.isin(sites["site_id"])).sum())
    share = 100 * float(found.mean()) if len(sites) else 0.0
    message = (
        f"horaires trouvés pour {int(found.sum())} points sur {len(sites)} "
        f"({french.number(share, 1)} %) ; "
        f"{orphans} horaires ne sont d'aucun point"
    ).replace(".", ",")
    table = sites.assign(horaires=joined.where(joined.notna(), None))
    summary = Anomaly("horaires-rapproches", Action.NOTED, file, message)
    return Loaded(schemas.check(table, schemas.SITES), len(sites), (summary,))


def _from_osm(text: str, path: Path) -> Loaded[pd.DataFrame]:
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    fields = [line.split("|", 2) for _, line in lines]
    crooked = next((n for (n, _), cut in zip(lines, fields, strict=True) if len(cut) != 3), None)  # noqa: PLR2004
    if crooked is not None:
        raise DataError(
            f"« {path.name} » : une ligne n'a pas la forme identifiant|nom|horaires",
            where=f"{path}, ligne {crooked}",
            remedy="écrire par exemple « 00001A|AMBERIEU|Mo-Fr 09:00-12:00 »",
        )
    raw = pd.DataFrame(fields, columns=["site_id", "nom", "texte"], dtype=str)
    raw = raw.apply(lambda column: column.str.strip()).assign(**{LINE: [n for n, _ in lines]})
    weeks = {written: read_opening_hours(written) for written in raw["texte"].unique()}
    canonical = {written: week and week.hours.text() for written, week in weeks.items()}
    exact = {written: bool(week and week.exact) for written, week in weeks.items()}
    raw["horaires"] = raw["texte"].map(canonical).astype(object)
    raw["regulier"] = raw["texte"].map(exact).astype(bool)
    return _settled(raw, len(raw), [], path)


def _from_json(text: str, path: Path) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Read records of the API: a page of results, or an export."""
    content = read_json_text(text, path)
    page = content if isinstance(content, dict) else {"results": content}
    records = page.get("results", page.get("records"))
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise DataError(
            f"« {path.name} » n'est pas une liste d'horaires de La Poste",
            where=path,
            remedy="exporter le jeu de données laposte_ouvertur en JSON ou en CSV",
        )
    rows = [row["fields"] if isinstance(row.get("fields"), dict) else row for row in records]
    table = pd.DataFrame(rows).astype(object)
    table = table.where(table.notna(), "").astype(str)
    table.columns = [str(name).lower() for name in table.columns]
    table.insert(0, LINE, range(1, len(table) + 1))
    picked = pick_columns(table, path, required=_CALENDAR, optional=_OPTIONAL)
    total = page.get("total", page.get("total_count"))
    anomalies = []
    if isinstance(total, int) and total > len(rows):
        message = f"extrait de {len(rows)} lignes sur {total} : les horaires sont incomplets"
        anomalies.append(Anomaly("fichier-partiel", Action.NOTED, path.name, message))
    return picked, anomalies


def _from_calendar(raw: pd.DataFrame, anomalies: list[Anomaly], path: Path) -> Loaded[pd.DataFrame]:
    if raw.empty:
        raise DataError(f"« {path.name} » ne contient aucun horaire", where=path)
    days = {text: _weekday(text) for text in raw["date"].unique()}
    weekday = raw["date"].map(days)
    if weekday.isna().all():
        raise MissingColumnError(
            f"« {path.name} » : la colonne date_calendrier ne contient aucune date lisible",
            where=path,
            remedy="écrire les dates comme 2024-05-31",
        )
    slots = raw[_SLOTS[0]].str.cat([raw[name] for name in _SLOTS[1:]], sep="|")
    patterns = {written: _read_slots(written) for written in slots.unique()}
    unread = weekday.isna() | slots.map({key: value is None for key, value in patterns.items()})
    told = raw.assign(lu=raw["date"] + " " + slots.str.strip("|"))[unread]
    anomalies = [
        *anomalies,
        *note(
            told, "horaires-illisibles", Action.LEFT_OUT, "jour illisible « {lu} »", file=path.name
        ),
    ]
    weeks, steady = _ordinary_weeks(
        raw["identifiant"][~unread], weekday[~unread].astype("int8"), slots[~unread], patterns
    )
    table = raw.drop_duplicates("identifiant").rename(columns={"identifiant": "site_id"})
    table = table.assign(
        texte="",
        nom=table["nom"].where(table["nom"] != "", table["site_id"]),
        horaires=table["site_id"].map(weeks).astype(object),
        regulier=table["site_id"].isin(steady),
    )
    seen = raw[~unread].assign(jour=weekday).groupby("identifiant")["jour"].nunique()
    partial = table["site_id"].map(seen).lt(len(DAYS))
    anomalies += note(
        table.assign(identifiant=table["site_id"])[partial],
        "jours-absents",
        Action.NOTED,
        "des jours de la semaine ne sont pas dans le fichier, comptés fermés",
        file=path.name,
    )
    table["regulier"] &= ~partial
    return _settled(table, len(raw), anomalies, path)


def _ordinary_weeks(
    sites: pd.Series,
    weekday: pd.Series,
    slots: pd.Series,
    patterns: dict[str, tuple[Interval, ...] | None],
) -> tuple[dict[str, str], set[str]]:
    """Return the canonical week of each site, and the sites whose weeks are nearly all that one."""
    codes, written = pd.factorize(slots, sort=True)
    lengths = np.array([_length(patterns[key]) for key in written], dtype=np.int64)
    days = pd.DataFrame({"site": sites, "jour": weekday, "plages": codes})
    counted = (
        days.groupby(["site", "jour", "plages"], sort=True).size().rename("fois").reset_index()
    )
    share = counted["fois"] / counted.groupby(["site", "jour"])["fois"].transform("sum")
    minutes = pd.Series(lengths[counted["plages"]], index=counted.index)
    often = share >= OFTEN
    ordinary = (
        counted.assign(
            part=share,
            rare=~often,
            first=minutes.where(often, -counted["fois"]),
            then=(-counted["fois"]).where(often, minutes),
        )
        .sort_values(["rare", "first", "then", "plages"], kind="stable")
        .drop_duplicates(["site", "jour"])
    )
    shares = ordinary.groupby("site")["part"].min()
    by_day = ordinary.pivot_table(index="site", columns="jour", values="plages", aggfunc="first")
    by_day = by_day.reindex(columns=range(len(DAYS))).fillna(-1).astype(int)
    weeks = pd.Series(
        list(zip(*(by_day[day] for day in by_day), strict=True)), index=by_day.index, dtype=object
    )
    texts = {
        week: weekly_hours(
            [(patterns[written[code]] or ()) if code >= 0 else () for code in week]
        ).text()
        for week in set(weeks)
    }
    return weeks.map(texts).to_dict(), set(shares.index[shares >= REGULAR_SHARE])


def _settled(
    table: pd.DataFrame, rows_read: int, anomalies: list[Anomaly], path: Path
) -> Loaded[pd.DataFrame]:
    """Drop repeated identifiers, tell what is unreadable, and count what is not regular."""
    told = table.assign(identifiant=table["site_id"])
    repeated = table["site_id"].duplicated(keep="first") | table["site_id"].eq("")
    unread = table["horaires"].isna() & table["texte"].ne("") & ~repeated
    anomalies = [
        *anomalies,
        *note(told[repeated], "doublon", Action.LEFT_OUT, "identifiant déjà donné", file=path.name),
        *note(
            told[unread],
            "horaires-illisibles",
            Action.NOTED,
            "horaires non lus « {texte} »",
            file=path.name,
        ),
    ]
    kept = table[~repeated].sort_values("site_id", ignore_index=True)
    irregular = int((~kept["regulier"] & kept["horaires"].notna()).sum())
    if irregular:
        message = f"points dont les semaines diffèrent : {irregular}, l'ordinaire est retenu"
        anomalies.append(Anomaly("horaires-irreguliers", Action.NOTED, path.name, message))
    kept["horaires"] = kept["horaires"].astype(object).where(kept["horaires"].notna(), None)
    columns = ["site_id", "nom", "horaires", "regulier", LINE]
    return Loaded(kept[columns], rows_read, tuple(anomalies))


def _weekday(text: str) -> float:
    """Return the weekday of a date (Monday 0), NaN when it cannot be read."""
    form = "%d/%m/%Y" if "/" in text else "%Y-%m-%d"
    try:
        return float(datetime.strptime(text[:10], form).weekday())  # noqa: DTZ007 - a day, no time
    except ValueError:
        return float("nan")


def _read_slots(text: str) -> tuple[Interval, ...] | None:
    """Read the slots of a day, joined by bars: ``09:00-12:00|14:00-17:00|||||``."""
    spans = []
    for slot in text.split("|"):
        if slot.strip().upper() in _CLOSED:
            continue
        match = _SLOT.fullmatch(slot.strip())
        if match is None:
            return None
        hour, minute, end_hour, end_minute = map(int, match.groups())
        start, end = 60 * hour + minute, 60 * end_hour + end_minute
        if not 0 <= start < end <= DAY_MINUTES:
            return None
        spans.append((start, end))
    return tuple(spans)


def _length(spans: tuple[Interval, ...] | None) -> int:
    return sum(end - start for start, end in spans or ())
