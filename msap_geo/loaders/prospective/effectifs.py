"""People of places by age and year, whichever way a table lays them out.

Ages and years are columns or rows, each its own way: INSEE's ``P21_POP7589``, a column a year
(``2035``, ``POP_2035``), one row per zone, year, sex and age (Omphale), ``GEO, AGE, TIME_PERIOD,
OBS_VALUE``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.prospective.tranches import EVERYONE, Band, opened, read_band
from msap_geo.loaders.variables import first_of, year_of
from msap_geo.tabular import LINE, columns_found, normalise, one_answer, read_tables, to_number

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from msap_geo.tabular import Found

PLACE_CODES = [
    "codgeo",
    "code_insee",
    "insee_com",
    "depcom",
    "com",
    "geo",
    "code_zone",
    "zone",
    "code_geo",
    "code_departement",
    "departement_code",
    "code_dept",
    "dep",
    "departement",
    "dept",
    "code_epci",
    "epci",
    "code_region",
    "region",
    "reg",
    "ze",
    "code",
]
_YEAR = [
    "annee",
    "an",
    "year",
    "horizon",
    "time_period",
    "annee_projection",
    "periode",
    "millesime",
]
_AGE = [
    "age",
    "ages",
    "tranche",
    "tranche_age",
    "tranche_d_age",
    "trage",
    "classe_age",
    "classe_d_age",
    "groupe_age",
    "age_quinquennal",
    "agequ",
    "ageq",
    "age_quinq",
    "agerev",
    "agep",
    "ageq65",
    "agedetail",
    "age_detaille",
]
_VALUE = [
    "population",
    "pop",
    "habitants",
    "effectif",
    "effectifs",
    "valeur",
    "value",
    "obs_value",
    "nb",
    "nombre",
    "pop_projetee",
    "population_projetee",
    "projection",
]
_SEX = ["sexe", "sex", "genre"]
_VARIANT = ["scenario", "variante", "hypothese", "scenario_projection", "projection_scenario"]
_KNOWN = {*PLACE_CODES, *_YEAR, *_AGE, *_VALUE, *_SEX, *_VARIANT, "iris", "geo_object"}

_INSEE = re.compile(r"p(\d\d)_(pop|h|f)(\d{4}|\d{2,3}p)?")
_WITH_YEAR = re.compile(r"(?:(.*?)_?)((?:19|20|21)\d\d)")
_YEAR_FIRST = re.compile(r"p?((?:19|20|21)\d\d)_(.+)")
_PEOPLE = re.compile(r"\A(?:population|pop|habitants|effectifs?|projection|proj|p|nb)_?")
_EVERY_SEX = {"_t", "t", "total", "ensemble", "3", "0", "hf", "h_f", "both", "tous", ""}
_OLDEST = 95
"""From this age on, a small place may have women alone."""
_CENTRAL = re.compile(r"central|reference|tendanciel")
_PLACE = re.compile(r"(?:\d{4}-)?[A-Z]+\d*-(\w+)")
"""``2025-DEP-2A``: INSEE's places of 2026 name their edition and level."""


class Heading(NamedTuple):
    """What a column counts: people of a year (None where it tells none) and of a band."""

    year: int | None
    band: Band | None


class Counts(NamedTuple):
    """People counted, one row per place, year and band.

    Parameters
    ----------
    table
        ``code`` (of a place of any kind), ``annee`` (null where untold), ``bas``, ``haut`` (ages,
        infinite where open), ``effectif`` (null where it is no number) and the line in the file.
    rows_read
        Rows of the file.
    variant
        Scenario the rows are of, empty where the file has but one.
    """

    table: pd.DataFrame
    rows_read: int
    variant: str = ""


def read_heading(name: str) -> Heading | None:
    """Tell what a column counts by its normalised name; None where it counts nobody.

    ``p21_pop7589``, ``pop_2035``, ``2035``, ``pop_0_19``, ``75_plus``.
    """
    if found := _INSEE.fullmatch(name):
        band = EVERYONE if found[3] is None else read_band(found[3])
        whole = found[3] is not None or found[2] == "pop"
        return Heading(year_of(found[1]), band) if whole and band is not None else None
    if found := _WITH_YEAR.fullmatch(name):
        rest, year = _PEOPLE.sub("", found[1] or "", count=1), int(found[2])
        return Heading(year, None) if not rest else _of_band(year, rest)
    if found := _YEAR_FIRST.fullmatch(name):
        return _of_band(int(found[1]), found[2])
    # A bare number is a figure of a row, not the age a column is of.
    told = name not in _KNOWN and not name.isdigit()
    return _of_band(None, _PEOPLE.sub("", name, count=1)) if told else None


def _of_ages(heading: Heading) -> Heading:
    """Read ``pop2064`` as ages, where a column of the file tells the years."""
    if heading.year is None or heading.band is not None:
        return heading
    return _of_band(None, str(heading.year)) or heading


def _of_band(year: int | None, text: str) -> Heading | None:
    band = read_band(text) if text else None
    return None if band is None or band == EVERYONE else Heading(year, band)


def read_counts(path: Path, *, variant: str = "") -> Counts:
    """Read people by place, and by age and year where the file tells them.

    Parameters
    ----------
    path
        CSV, workbook, Parquet or zip.
    variant
        Scenario to keep, where the file has several; by default the central one.

    Returns
    -------
    Counts
        Every figure of the table that holds most places; both sexes together.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, not what it claims to be, or counts nobody by place.
    DataError
        If it has several scenarios and none asked for or central.
    """
    tables = read_tables(path, keep=lambda name: name in _KNOWN or read_heading(name) is not None)
    made = [counts for found in tables if (counts := _counts_of(found, path, variant)) is not None]
    if not made:
        raise MissingColumnError(
            f"« {path.name} » : ni habitants par âge ou par année, ou pas de code de territoire "
            "(attendus : un code, et soit annee, age et population, soit des colonnes comme 2035, "
            f"POP_2035, P21_POP7589, 75_plus ; trouvées : {columns_found(path)})",
            where=path,
            remedy="donner une ligne par territoire, année et tranche d'âge (zone, annee, age, "
            "population)",
        )
    return max(made, key=lambda counts: counts.table["code"].nunique())


def _counts_of(found: Found, path: Path, variant: str) -> Counts | None:
    raw = found.table
    columns = set(raw.columns)
    # Rows of IRIS name their commune too.
    code = "com" if {"iris", "com"} <= columns else first_of(_filled(raw), PLACE_CODES)
    if code is None:
        return None
    raw, told = _of_variant(raw, path, variant)
    rows_read = len(raw)
    raw = _both_sexes(raw, path)
    _refuse_repeats(raw, code, path)
    year, age = first_of(raw.columns, _YEAR), first_of(raw.columns, _AGE)
    headings = {name: heading for name in raw.columns if (heading := read_heading(name))}
    if year is not None:
        headings = {name: _of_ages(heading) for name, heading in headings.items()}
    headings = _without_repeats(headings)
    counted = [name for name in _VALUE if name in raw]
    value = one_answer(raw, counted, path) if counted and not headings else first_of(raw, _VALUE)
    if not headings and value is None:
        return None
    parts = []
    base = pd.DataFrame({LINE: raw[LINE], "code": raw[code].map(_place)})
    base["annee"] = to_number(raw[year]) if year is not None else np.nan
    bands = _bands(raw, age, path) if age is not None else pd.Series([EVERYONE] * len(raw))
    for name, heading in (headings or {str(value): Heading(None, None)}).items():
        part = base.assign(effectif=to_number(raw[name]).to_numpy())
        if heading.year is not None:
            part["annee"] = float(heading.year)
        own = bands if heading.band is None else pd.Series([heading.band] * len(raw))
        part["bas"] = [band.low if band is not None else -1 for band in own]
        part["haut"] = [band.high if band is not None else -1 for band in own]
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    # A row without code is a title or a foot; a band already opened is the file's own.
    table = table[table["code"] != ""].reset_index(drop=True)
    return Counts(_settled(table), rows_read, told)


def _filled(raw: pd.DataFrame) -> Iterable[str]:
    """Return the columns whose values say something: an empty code names no place."""
    return [name for name in raw.columns if name == LINE or (raw[name] != "").any()]


def _settled(table: pd.DataFrame) -> pd.DataFrame:
    """Open the last band, and add up rows of one place, year and band (sexes, IRIS)."""
    kinds = table[["bas", "haut"]].drop_duplicates()
    ages = [Band(int(low), high) for low, high in kinds.itertuples(index=False) if low >= 0]
    follows = dict(zip(ages, opened(ages), strict=True))
    high = [
        follows[Band(int(low), high)].high if low >= 0 else high
        for low, high in table[["bas", "haut"]].itertuples(index=False)
    ]
    table = table.assign(haut=high)
    groups = table.groupby(["code", "annee", "bas", "haut"], dropna=False, sort=False)
    return groups.agg(
        **{LINE: (LINE, "first"), "effectif": ("effectif", lambda part: part.sum(skipna=False))}
    ).reset_index()


def _bands(raw: pd.DataFrame, column: str, path: Path) -> pd.Series:
    texts = raw[column]
    read = {text: read_band(text) for text in texts.unique()}
    if any(band is None for band in read.values()):
        wrong = next(text for text, band in read.items() if band is None)
        raise DataError(
            f"« {wrong} » n'est pas une tranche d'âge",
            where=f"{path}, ligne {raw.loc[texts.index[texts == wrong][0], LINE]}",
            remedy="écrire 0-19, 75 ans et plus, 42, ou Total",
        )
    return texts.map(read)


def _both_sexes(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Keep the rows of everyone where the file has them; men and women are added otherwise."""
    sex = first_of(raw.columns, _SEX)
    if sex is None:
        return raw
    said = raw[sex].map(lambda text: "_t" if text.strip().lower() == "_t" else normalise(text))
    every = said.isin(_EVERY_SEX)
    others = set(said[~every])
    if said.isin({"0", ""}).any() and len(others) == 1:
        row = raw[said.isin({"0", ""})].iloc[0]
        raise DataError(
            f"« {path.name} » : le sexe « {row[sex]} » est-il l'ensemble, ou l'un des deux ? "
            f"L'autre est « {raw[sex][~every].iloc[0]} »",
            where=f"{path}, ligne {row[LINE]}",
            remedy="écrire H, F et Ensemble",
        )
    return raw[every].reset_index(drop=True) if every.any() and not every.all() else raw


def _refuse_repeats(raw: pd.DataFrame, code: str, path: Path) -> None:
    """Refuse a row given twice: adding them would count people twice."""
    meant, sex = _meant(raw, code)
    repeated = meant.duplicated() & (raw[code] != "")
    if repeated.any():
        row = raw[repeated].iloc[0]
        raise DataError(
            f"deux lignes pour {', '.join(str(row[name]) for name in meant)}",
            where=f"{path}, ligne {row[LINE]}",
            remedy="n'en garder qu'une, ou donner la colonne qui les distingue (sexe, scenario)",
        )
    if sex is not None:
        _refuse_lone_sex(raw, meant, sex, path)


def _refuse_lone_sex(raw: pd.DataFrame, meant: pd.DataFrame, sex: str, path: Path) -> None:
    """Refuse men without women: they are added up, and half of the people would be lost.

    A place or an age that lacks one sex altogether is a hole; an age of one place may have nobody,
    and a file leave such rows out, as it may of the oldest.
    """
    rows = meant[(raw[meant.columns[0]] != "") & ~meant[sex].isin(_EVERY_SEX)]
    place, *others = (name for name in meant if name != sex)
    age = first_of(others, _AGE)
    by_place = [name for name in (place, *others) if name not in {age, "iris"}]
    for keys in (by_place, [name for name in others if name != "iris"] if age else by_place):
        told = rows
        if age in keys:
            bands = rows[age].map(lambda band: band.low if isinstance(band, Band) else 0)
            told = rows[bands < _OLDEST]
        alone = told.groupby(keys)[sex].transform("nunique") < 2  # noqa: PLR2004 - two sexes
        if alone.any():
            row = raw.loc[alone[alone].index[0]]
            raise DataError(
                f"un seul sexe, « {row[sex]} », pour {', '.join(str(row[name]) for name in keys)} "
                ": la moitié des habitants manquerait",
                where=f"{path}, ligne {row[LINE]}",
                remedy="donner les hommes et les femmes, ou l'ensemble",
            )


def _meant(raw: pd.DataFrame, code: str) -> tuple[pd.DataFrame, str | None]:
    """Return what tells rows apart as it is understood, and the name of the column of sexes.

    ``2025-DEP-53`` is 53, « 0 à 19 ans » is 0-19, « Hommes » is H.
    """
    year, age, sex = (first_of(raw.columns, names) for names in (_YEAR, _AGE, _SEX))
    keys = [code, *(name for name in (year, age, sex) if name is not None)]
    keys += ["iris"] if "iris" in raw.columns else []
    meant = raw[keys].assign(**{code: raw[code].map(_place)})
    if year is not None:
        numbers = to_number(raw[year]).astype(object)
        meant[year] = numbers.where(numbers.notna(), raw[year])
    if age is not None:
        meant[age] = raw[age].map(lambda text: read_band(text) or text)
    if sex is not None:
        meant[sex] = raw[sex].map(_sex)
    return meant, sex


def _sex(text: str) -> str:
    """Return one of two sexes in one word, another text as it is."""
    plain = normalise(text)
    if plain in {"1", "h", "m", "homme", "hommes", "masculin"}:
        return "h"
    return "f" if plain in {"2", "f", "femme", "femmes", "feminin"} else plain


def _of_variant(raw: pd.DataFrame, path: Path, variant: str) -> tuple[pd.DataFrame, str]:
    column = first_of(raw.columns, _VARIANT)
    if column is None:
        return raw, ""
    names = list(dict.fromkeys(raw[column]))
    wanted = [name for name in names if normalise(name) == normalise(variant)] if variant else names
    if not variant and len(names) > 1:
        wanted = [name for name in names if _CENTRAL.search(normalise(name))]
    if len(wanted) != 1:
        raise DataError(
            f"« {path.name} » : "
            + (f"pas de scénario « {variant} »" if variant else f"{len(names)} scénarios")
            + f" ({', '.join(names)})",
            where=path,
            remedy='en choisir un : [prospective] variante = "…"',
        )
    kept = raw[raw[column] == wanted[0]].reset_index(drop=True)
    return kept, wanted[0] if len(names) > 1 else ""


def _without_repeats(headings: dict[str, Heading]) -> dict[str, Heading]:
    """Leave men and women out where the same years and ages are told of everyone."""
    whole = {heading for name, heading in headings.items() if not re.match(r"p\d\d_[hf]", name)}
    return {
        name: heading
        for name, heading in headings.items()
        if not (re.match(r"p\d\d_[hf]", name) and heading in whole)
    }


def _place(text: str) -> str:
    found = _PLACE.fullmatch(text)
    return found[1] if found else text
