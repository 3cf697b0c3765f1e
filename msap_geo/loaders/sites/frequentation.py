"""Visits counted in Maisons, as their own file or as a column of the list of Maisons."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.anomalies import Action, note
from msap_geo.errors import MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.prospective.saison import month_of
from msap_geo.loaders.shared import of_files
from msap_geo.tabular import LINE, normalise, pick_columns, read_text_table, to_number

if TYPE_CHECKING:
    from pathlib import Path

WEEKS = 52.0

_REQUIRED = {
    "visites": ("visites", "nb_visites", "frequentation", "demandes", "nb_demandes", "visiteurs")
}
_OPTIONAL = {
    "identifiant": ("site_id", "id_fs", "identifiant"),
    "nom": ("nom", "lib_fs", "libelle"),
    "periode": ("periode", "date"),
    "annee": ("annee", "an"),
    "mois": ("mois",),
    "trimestre": ("trimestre",),
    "semestre": ("semestre",),
}
_FORMS = (
    (re.compile(r"\d{4}"), WEEKS),
    (re.compile(r"\d{4}[- ]?s[12]"), WEEKS / 2),
    (re.compile(r"\d{4}[- ]?t[1-4]"), WEEKS / 4),
    (re.compile(r"\d{4}-(0[1-9]|1[0-2])"), WEEKS / 12),
    (re.compile(r"\d{4}-[sw](0[1-9]|[1-4]\d|5[0-3])"), 1.0),
)
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\s*/\s*(\d{4}-\d{2}-\d{2})")
_YEAR = ""
_PARTS = ("periode", "annee", "mois", "trimestre", "semestre")


@of_files
def load_attendance(path: Path) -> Loaded[pd.DataFrame]:
    """Load the visits counted in Maisons.

    Parameters
    ----------
    path
        CSV with ``site_id`` (or ``id_fs``) or ``nom`` (or ``lib_fs``), ``visites``, and possibly
        ``periode``: a year (the default), ``2024-S1``, ``2024-T3``, ``2024-05``, or two days
        ``2024-01-01/2024-03-31``. The year may stand apart (``annee``), beside a month (``mois``,
        by its number or its name), a ``trimestre`` or a ``semestre``. Several rows of a site are
        added, and a period told several times, as operator by operator, lasts once. A row that is
        another's, in every column of the file, counts once and is told.

    Returns
    -------
    Loaded
        ``identifiant, nom, visites, semaines``, a row by site as the file names it. Rows whose
        visits or period cannot be read are left out and told; an empty count is no count.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or cannot be read.
    MissingColumnError
        If it has no visits, or nothing that names a site.
    """
    table = read_text_table(path)
    raw = pick_columns(table, path, required=_REQUIRED, optional=_OPTIONAL)
    if (raw["identifiant"] == "").all() and (raw["nom"] == "").all() and len(raw):
        raise MissingColumnError(
            "rien ne nomme les sites de la fréquentation",
            where=path,
            remedy="donner une colonne site_id, ou nom",
        )
    raw[LINE] = table[LINE]
    text = raw["visites"].fillna("").str.strip()
    raw["periode"] = raw[list(_PARTS)].fillna("").apply(_period, axis="columns")
    given = raw[text != ""].copy()
    count = to_number(given["visites"]).astype(float)
    weeks = given["periode"].fillna("").map(_weeks).astype(float)
    named = given["identifiant"].str.strip() + given["nom"].str.strip()
    # Visits are whole: 1,200 is a thousand and two hundred, or nobody knows.
    wrong = ~((count >= 0) & (count % 1 == 0) & (weeks > 0)) | (named == "")
    anomalies = note(
        given[wrong].assign(departement=""),
        "frequentation-illisible",
        Action.LEFT_OUT,
        "visites « {visites} », période « {periode} » : non comptées",
        file=path.name,
    )
    # Two operators are told by a column of theirs: one row twice is a copy.
    twice = table.drop(columns=LINE).duplicated().loc[given.index] & ~wrong & (count > 0)
    anomalies += note(
        given[twice].assign(departement=""),
        "frequentation-repetee",
        Action.LEFT_OUT,
        "ligne déjà donnée plus haut, mot pour mot : comptée une fois",
        file=path.name,
    )
    kept = given[~wrong & ~twice].assign(visites=count, semaines=weeks)
    kept = kept.assign(
        **{name: kept[name].str.strip() for name in ("identifiant", "nom")},
        periode=kept["periode"].fillna("").str.strip().str.lower(),
    )
    # A year told operator by operator, or month by month, is one year.
    again = kept.duplicated(["identifiant", "nom", "periode"])
    found = (
        kept.assign(semaines=kept["semaines"].where(~again, 0.0))
        .groupby(["identifiant", "nom"], sort=False, as_index=False)
        .agg({"visites": "sum", "semaines": "sum"})
    )
    return Loaded(found, len(raw), tuple(anomalies))


def _period(parts: pd.Series) -> str:
    """Write a period in one word: a month told beside its year is no year."""
    said = {name: str(parts[name]).strip().lower().removesuffix(".0") for name in _PARTS}
    if said["periode"]:
        return said["periode"]
    year = said["annee"]
    for name, mark in (("mois", ""), ("trimestre", "t"), ("semestre", "s")):
        part = said[name]
        if not part:
            continue
        month = month_of(part) if name == "mois" else None
        number = str(month or part.removeprefix(mark))
        # One that tells its year itself is a period by itself.
        if not number.isdecimal() or not re.fullmatch(r"\d{4}", year):
            return part
        return f"{year}-{mark}{number}" if mark else f"{year}-{number.zfill(2)}"
    return year


def _weeks(period: str) -> float:
    """Return how many weeks a period lasts; zero where it is not understood."""
    said = period.strip().lower()
    if said == _YEAR:
        return WEEKS
    days = _DAYS.fullmatch(said)
    if days:
        try:
            first, last = (dt.date.fromisoformat(text) for text in days.groups())
        except ValueError:
            return 0.0
        return max((last - first).days + 1, 0) / 7
    return next((weeks for form, weeks in _FORMS if form.fullmatch(said)), 0.0)


def match_attendance(
    visits: pd.DataFrame, sites: pd.DataFrame, *, file: str
) -> Loaded[pd.DataFrame]:
    """Bring visits to sites, by identifier, else by name.

    Parameters
    ----------
    visits
        What :func:`load_attendance` gives.
    sites
        ``site_id, nom``.
    file
        Name of the file, for what it says of nobody.

    Returns
    -------
    Loaded
        ``visites, semaines`` indexed as ``sites``, null where nothing was counted. Rows that name
        no site, or a name several sites bear, are left out and told.
    """
    ids = pd.Series(range(len(sites)), index=sites["site_id"].astype(str))
    plain = sites["nom"].fillna("").map(normalise)
    alone = plain[~plain.duplicated(keep=False) & (plain != "")]
    names = pd.Series(sites.index.get_indexer(alone.index), index=alone.to_numpy())
    place = visits["identifiant"].map(ids)
    place = place.fillna(visits["nom"].map(normalise).map(names))
    sums = (
        visits.assign(rang=place)[place.notna()]
        .groupby("rang")[["visites", "semaines"]]
        .sum()
        .reindex(range(len(sites)))
    )
    lost = visits[place.isna()]
    told = note(
        lost.assign(nom=lost["nom"].where(lost["nom"] != "", lost["identifiant"])),
        "frequentation-inconnue",
        Action.LEFT_OUT,
        "aucune Maison comptée de ce nom ni de cet identifiant, visites laissées de côté",
        file=file,
    )
    return Loaded(sums.set_axis(sites.index), len(visits), tuple(told))
