"""Population of the communes, in every form INSEE and Etalab publish it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.people.persons import each_iris_once, settle, without_double_count
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import (
    departements_of,
    joined,
    malformed,
    refuse_lost_zeros,
)
from msap_geo.loaders.territory.cog import read_records
from msap_geo.loaders.territory.mouvements import tell_shared
from msap_geo.loaders.variables import LONG_FORM, first_of, latest
from msap_geo.tabular import LINE, Found, one_answer, read_tables, tell_passed_over, to_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.loaders.territory.cog import CommuneCodes

_CODE = ("depcom", "codgeo", "code_insee", "insee_com", "code", "insee", "codinsee")
_DEPARTEMENT = ("code_departement", "coddep", "code_collectivite", "dep")
_COMMUNE = ("code_commune", "codcom", "com")
_NAME = ("nom_de_la_commune", "libgeo", "nom", "commune", "com", "libelle")
_PEOPLE = ("population_municipale", "pmun", "population", "p_pop", "pop_mun", "pop")
_PEOPLE_OF_YEAR = (r"pmun(\d\d)", r"p(\d\d)_pmun", r"p(\d\d)_pop")
_IRIS = "iris"
_KIND = "typecom"
_COUNTED_KINDS = {"COM", "ARM", ""}
_HUGE = 10**18
_SAME_COMMUNES = 0.9
"""Share of the communes of a table that another of the same communes names."""
_KNOWN = {*_CODE, *_DEPARTEMENT, *_COMMUNE, *_NAME, *_PEOPLE, _IRIS, _KIND}


MOST_INHABITANTS = 3_000_000
"""Paris, the most populous commune there ever was, had 2,906,472 inhabitants in 1921."""


@of_files
@once
def load_population(path: Path, *, codes: CommuneCodes | None = None) -> Loaded[pd.DataFrame]:
    """Load the municipal population of the communes.

    Parameters
    ----------
    path
        Etalab ``communes.json`` (COG); INSEE's legal populations as CSV (``DEPCOM;COM;PMUN``, or
        the code cut in two), workbook (``ensemble.xlsx``) or zip; its communal or IRIS tables
        (``P21_POP``, the latest year; IRIS add up), in columns or in long form. The table is found
        by its columns.
    codes
        Codes to bring an INSEE file to; merged communes add up. The COG file needs none.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.POPULATION`; municipal population (*PMUN*), persons.
        Where a file lists Paris, Lyon or Marseille with their arrondissements, each person counts
        once. Decimals of census estimates are settled so that the total is kept.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is not what it claims to be, or holds no usable population.
    """
    if path.suffix.lower() == ".json":
        return population_from_records(read_records(path), file=path.name)
    found = read_tables(path, keep=_wanted, variables=LONG_FORM)
    raw, rows_read, told = _from_insee(path, found)
    loaded = _load(raw, path.name, codes)
    told = [*tell_passed_over(found, file=path.name), *told]
    return Loaded(loaded.table, rows_read, (*told, *loaded.anomalies))


@once
def population_from_records(records: list[dict[str, Any]], *, file: str) -> Loaded[pd.DataFrame]:
    """Take the municipal population from COG records already read.

    Parameters
    ----------
    records
        See :func:`msap_geo.loaders.read_records`.
    file
        File they come from, for the anomalies.

    Returns
    -------
    Loaded
        As :func:`load_population`.

    Raises
    ------
    DataError
        If no commune has a population.
    """
    return _load(_from_cog(records), file, None)


def _load(raw: pd.DataFrame, file: str, codes: CommuneCodes | None) -> Loaded[pd.DataFrame]:
    rows_read = len(raw)
    raw, anomalies = _drop_unusable(raw, file)
    raw, doubled = without_double_count(raw, "population", codes=codes, file=file)
    anomalies += doubled
    raw, rounded = _settled(raw, file)
    anomalies += rounded
    if codes is not None:
        current = codes.current(raw["code_insee"])
        anomalies += [*_merged(raw, current, file), *tell_shared(raw, codes, file=file)]
        names = current.map(codes.names)
        raw = raw.assign(code_insee=current, nom=names.fillna(raw["nom"]))
    table = raw[["code_insee", "nom", "population"]]
    if table["code_insee"].is_unique:
        table = table.sort_values("code_insee", ignore_index=True)
    else:
        table = (
            table.groupby("code_insee", sort=True)
            .agg(nom=("nom", "first"), population=("population", "sum"))
            .reset_index()
        )
    table = table.astype({"population": "int64"})
    if table.empty:
        raise DataError(f"« {file} » ne donne la population d'aucune commune", where=file)
    if not table["population"].any():
        raise DataError(
            f"« {file} » ne donne que des populations nulles",
            where=file,
            remedy="vérifier la colonne de la population, ou télécharger à nouveau le fichier",
        )
    return Loaded(schemas.check(table, schemas.POPULATION, where=file), rows_read, tuple(anomalies))


def _from_cog(records: list[dict[str, Any]]) -> pd.DataFrame:
    # Etalab writes one object a line, after the opening bracket.
    lines = [n for n, each in enumerate(records, start=2) if each["type"] == "commune-actuelle"]
    communes = [records[line - 2] for line in lines]
    people = pd.Series([commune.get("population") for commune in communes], dtype=object)
    return pd.DataFrame(
        {
            LINE: lines,
            "code_insee": pd.Series([commune["code"] for commune in communes], dtype=str),
            "nom": pd.Series([commune["nom"] for commune in communes], dtype=str),
            "population": to_number(people.map(_number_of_json)),
            "entiers": True,
        }
    )


def _number_of_json(value: object) -> object:
    """Return a number of JSON, nothing for what Python takes for one (``true``).

    Integers of hundreds of digits fit no float: they are brought down to one as impossible.
    """
    if isinstance(value, bool):
        return None
    return max(-_HUGE, min(value, _HUGE)) if isinstance(value, int) else value


def _wanted(name: str) -> bool:
    return name in _KNOWN or any(re.fullmatch(form, name) for form in _PEOPLE_OF_YEAR)


def _from_insee(path: Path, given: list[Found]) -> tuple[pd.DataFrame, int, list[Anomaly]]:
    """Return the rows of the table of communes, how many were read, and what contradicts them."""
    tables, missing, names = [], [], []
    for found in given:
        table = _in_our_names(found, path)
        if table is None:
            missing.append(f"{found.name} ({', '.join(c for c in found.table if c != LINE)})")
        else:
            tables.append(table)
            names.append(found.name)
    if not tables:
        raise MissingColumnError(
            f"« {path.name} » : il manque le code de la commune ({' ou '.join(_CODE)}, ou "
            f"{' et '.join((_DEPARTEMENT[0], _COMMUNE[0]))}) ou sa population "
            f"({' ou '.join(_PEOPLE[:4])}, PMUN21, P21_POP…) ; reconnues : {' ; '.join(missing)}",
            where=path,
            remedy="vérifier que c'est le bon fichier, et que son en-tête n'a pas été modifié",
        )
    # A workbook also gives cantons' parts of communes and communes déléguées: the sheet that names
    # most communes is that of communes, and others only count where they name none of them.
    order = sorted(range(len(tables)), key=lambda n: -tables[n]["code_insee"].nunique())
    first = order[0]
    chosen, seen, told = [tables[first]], set(tables[first]["code_insee"]), []
    for n in order[1:]:
        if not seen & set(tables[n]["code_insee"]):
            chosen.append(tables[n])
            seen |= set(tables[n]["code_insee"])
        elif differ := _contradicted(tables[first], tables[n]):
            told.append(
                Anomaly(
                    "chiffre-contredit",
                    Action.LEFT_OUT,
                    path.name,
                    f"« {names[n]} » donne une autre population que « {names[first]} », qui est "
                    f"lu : {french.counted(differ, 'commune')}",
                )
            )
    raw = pd.concat(chosen, ignore_index=True)
    refuse_lost_zeros(raw["code_insee"], path)
    once, repeated = each_iris_once(raw, ["population"], path)
    return _summed_iris(once), len(raw), [*told, *repeated]


def _contradicted(table: pd.DataFrame, other: pd.DataFrame) -> int:
    """Return how many communes another table of communes gives other people.

    None where it is of parts of communes, or names but some of them.
    """
    theirs = other.set_index("code_insee")["population"]
    ours = table.set_index("code_insee")["population"]
    if not (theirs.index.is_unique and ours.index.is_unique):
        return 0
    common = ours.index.intersection(theirs.index)
    if len(common) < _SAME_COMMUNES * len(ours):
        return 0
    return int((ours[common] != theirs[common]).sum())


def _one_of(table: pd.DataFrame, spellings: Sequence[str], where: Path) -> str | None:
    present = [name for name in spellings if name in table]
    return one_answer(table, present, where) if present else None


def _in_our_names(found: Found, where: Path) -> pd.DataFrame | None:
    """Return ``code_insee, nom, population`` of a table, None where it has not got them."""
    table = found.table
    if "com" in table and (_IRIS in table or _are_codes(table["com"])):
        table = table.drop(columns="code_insee", errors="ignore")
        table = table.rename(columns={"com": "code_insee"})
    code, people = (_one_of(table, names, where) for names in (_CODE, _PEOPLE))
    of_year = latest(table, _PEOPLE_OF_YEAR)
    people = people or of_year
    if people is None:
        return None
    if code is not None:
        codes = table[code].astype(str)
    else:
        departement, commune = first_of(table, _DEPARTEMENT), first_of(table, _COMMUNE)
        if departement is None or commune is None:
            return None
        codes = joined(table[departement].astype(str), table[commune].astype(str))
    digits = None if code is not None else first_of(table, _COMMUNE)
    name = first_of(table, [spelling for spelling in _NAME if spelling not in {code, digits}])
    result = pd.DataFrame(
        {
            LINE: table[LINE],
            "code_insee": codes,
            "nom": codes if name is None else table[name].where(table[name] != "", codes),
            "population": to_number(table[people]),
            "iris": table[_IRIS].astype(str) if _IRIS in table else None,
            # Census estimates have decimals; a legal population has none.
            "entiers": not (_IRIS in table or people == of_year),
        }
    )
    return result[table[_KIND].isin(_COUNTED_KINDS)] if _KIND in table else result


def _are_codes(values: pd.Series) -> bool:
    """Tell whole commune codes (``01001``) from names and from the last three digits of a code."""
    texts = values[values != ""]
    return bool(len(texts)) and not malformed(texts).all()


def _summed_iris(raw: pd.DataFrame) -> pd.DataFrame:
    if raw["iris"].isna().all():
        return raw
    summed = raw.groupby("code_insee", sort=False, as_index=False).agg(
        {LINE: "first", "nom": "first", "entiers": "first"}
    )
    people = raw.groupby("code_insee", sort=False)["population"].sum(min_count=1)
    return summed.assign(population=people.to_numpy())


def _drop_unusable(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    wrong = malformed(raw["code_insee"])
    repeated = raw["code_insee"].duplicated(keep="first") & ~wrong
    people = raw["population"]
    whole = np.isfinite(people) & (people >= 0) & ((people == people.round()) | ~raw["entiers"])
    unknown = ~whole & ~wrong & ~repeated
    impossible = whole & (people > MOST_INHABITANTS) & ~wrong & ~repeated
    left_out = wrong | unknown | impossible | repeated
    if not left_out.any():
        return raw, []
    told = raw.assign(identifiant=raw["code_insee"], departement=departements_of(raw["code_insee"]))
    anomalies = [
        anomaly
        for mask, code, message in (
            (wrong, "code-commune-invalide", "code de commune mal formé"),
            (repeated, "doublon", "commune déjà donnée plus haut"),
            (unknown, "population-inconnue", "population absente ou illisible"),
            (impossible, "population-impossible", "plus d'habitants que Paris n'en a jamais eu"),
        )
        for anomaly in note(told[mask], code, Action.LEFT_OUT, message, file=file)
    ]
    return raw[~left_out], anomalies


def _settled(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    people = raw["population"].to_numpy()
    decimal = int((people != np.round(people)).sum())
    if not decimal:
        return raw, []
    whole = settle(people)
    told = Anomaly(
        "population-arrondie",
        Action.REPAIRED,
        file,
        f"{decimal} populations décimales arrondies au plus fort reste : total {whole.sum()} gardé",
    )
    return raw.assign(population=whole.astype("float64")), [told]


def _merged(raw: pd.DataFrame, current: pd.Series, file: str) -> list[Anomaly]:
    told = raw.assign(
        identifiant=raw["code_insee"],
        departement=departements_of(raw["code_insee"]),
        actuelle=current,
    )
    return note(
        told[current != raw["code_insee"]],
        "commune-fusionnee",
        Action.REPAIRED,
        "population ajoutée à celle de {actuelle}",
        file=file,
    )
