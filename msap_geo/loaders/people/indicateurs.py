"""Target groups and levels of the communes: ages, unemployment, poverty, households, cars.

From INSEE's communal tables, whose variables carry their year (``P21_POP7589``). What each of ours
is made of is written in one place, and said back with the variable's own label when the file
brings its metadata. Sources: INSEE, *Dossier complet*, *Comparateur de territoires*, *Base
communale: évolution et structure de la population*, *Logement* (``Pyy_RP``, ``RSECOCC``,
``Pyy_RP_VOIT1P``), *Diplômes* (``Pyy_NSCOL15P``, ``Pyy_NSCOL15P_DIPLMIN``), *Familles*
(``Cyy_MENPSEUL``), *Filosofi* (``TP60yy``, ``MEDyy``, ``NBPERSMENFISCyy``); Arcep, *Ma connexion
internet* (:mod:`msap_geo.loaders.people.numerique`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.people import numerique
from msap_geo.loaders.people.persons import each_iris_once, without_double_count
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import malformed, refuse_lost_zeros, refuse_unreadable
from msap_geo.loaders.territory.mouvements import tell_shared
from msap_geo.loaders.variables import LONG_FORM, figures, first_of, tell_below_zero, year_of
from msap_geo.tabular import LINE, Found, columns_found, read_tables, tell_passed_over
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from msap_geo.loaders.territory.cog import CommuneCodes

_CODE = ("codgeo", "code_insee", "insee_com", "depcom", "code", "com")
_META = ("cod_var", "lib_var", "lib_var_long")


class _Recipe(NamedTuple):
    """How an indicator is made of variables of one year (``{y}`` is its two digits)."""

    needs: tuple[str, ...]
    make: Callable[..., pd.Series]


def _same(values: pd.Series) -> pd.Series:
    return values


def _sum(*parts: pd.Series) -> pd.Series:
    return pd.concat(parts, axis=1).sum(axis=1, skipna=False)


def _minus(whole: pd.Series, part: pd.Series) -> pd.Series:
    # Estimates of a survey: a difference may fall a hair below zero.
    return (whole - part).clip(lower=0)


def _share(percent: pd.Series, of: pd.Series) -> pd.Series:
    return percent * of / 100


_RECIPES: dict[str, tuple[_Recipe, ...]] = {
    "habitants_65_plus": (
        _Recipe(("p{y}_pop65p",), _same),
        _Recipe(("p{y}_h65p", "p{y}_f65p"), _sum),
    ),
    "habitants_75_plus": (
        _Recipe(("p{y}_pop75p",), _same),
        _Recipe(("p{y}_pop7589", "p{y}_pop90p"), _sum),
    ),
    "chomeurs": (_Recipe(("p{y}_chom1564",), _same),),
    # Filosofi's own population (persons of fiscal households) where it is there: it is what the
    # poverty rate is a rate of.
    "habitants_pauvres": (
        _Recipe(("tp60{y}", "nbpersmenfisc{y}"), _share),
        _Recipe(("tp60{y}", "p*_pop"), _share),
    ),
    # A household is the people of a main dwelling: INSEE counts one for the other.
    "menages": (
        _Recipe(("p{y}_men",), _same),
        _Recipe(("c{y}_men",), _same),
        _Recipe(("p{y}_rp",), _same),
    ),
    "menages_sans_voiture": (_Recipe(("p{y}_rp", "p{y}_rp_voit1p"), _minus),),
    "residences_secondaires": (_Recipe(("p{y}_rsecocc",), _same),),
    "niveau_de_vie": (_Recipe(("med{y}",), _same), _Recipe(("q2{y}",), _same)),
    "menages_une_personne": (_Recipe(("c{y}_menpseul",), _same),),
    "sans_diplome": (_Recipe(("p{y}_nscol15p_diplmin",), _same),),
    "non_scolarises_15_plus": (
        _Recipe(("p{y}_nscol15p",), _same),
        _Recipe(
            tuple(
                f"p{{y}}_nscol15p_{level}"
                for level in ("diplmin", "bepc", "capbep", "bac", "sup2", "sup34", "sup5")
            ),
            _sum,
        ),
    ),
}
_PLAIN = {"habitants_65_plus": ("pop_65p",), "habitants_75_plus": ("pop_75p",)}
_PLAIN |= {"residences_secondaires": ("res_secondaires",)}
"""Names without a year, of tables made from INSEE's."""

_LATEST_POPULATION = "p*_pop"
_FORMS = {
    need.replace("{y}", r"\d\d").replace("*", r"\d\d")
    for recipes in _RECIPES.values()
    for recipe in recipes
    for need in recipe.needs
}
_NAMES = {
    *_CODE,
    *_META,
    *_RECIPES,
    *schemas.GROUPS,
    *schemas.COUNTS,
    *numerique.COLUMNS,
    *(name for names in _PLAIN.values() for name in names),
    "iris",
}


@dataclass(frozen=True, repr=False)
class LoadedIndicators(Loaded[pd.DataFrame]):
    """Indicators, with their own vintages.

    Parameters
    ----------
    vintages
        Year of each column, as the file's variables say, or its day; empty where nothing says it.
    made_of
        Variables each column is made of, with their labels where the file gives them.
    """

    vintages: Mapping[str, str] = field(default_factory=dict)
    made_of: Mapping[str, str] = field(default_factory=dict)


@of_files
@once
def load_indicators(path: Path, *, codes: CommuneCodes | None = None) -> LoadedIndicators:
    """Load the indicators a file of communes (or of IRIS) holds.

    Parameters
    ----------
    path
        CSV, workbook, Parquet, or zip with its metadata, of INSEE's variables, in columns or in
        long form (one row per commune, variable and year); or a table whose columns bear the names
        of :data:`msap_geo.schemas.GROUPS`.
    codes
        Codes to bring the file to: head counts of merged communes add up, and are null where one
        of them is; levels (:data:`msap_geo.schemas.LEVELS`) of merged communes are null.

    Returns
    -------
    LoadedIndicators
        Table under :data:`msap_geo.schemas.INDICATORS`, sorted by code; of several years, the
        latest.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is not what it claims to be, or holds no indicator.
    """
    tables = read_tables(path, keep=_wanted, variables=LONG_FORM)
    made = [(*result, found) for found in tables if (result := _indicators_of(found, path))]
    if not made:
        raise MissingColumnError(
            f"« {path.name} » : aucun indicateur reconnu, ou pas de code de commune (attendus : "
            "CODGEO, et P21_POP65P, P21_POP7589 et P21_POP90P, P21_CHOM1564, TP6021, P21_MEN, "
            "P21_RP et P21_RP_VOIT1P ou MED21, l'année variant ; trouvées : "
            f"{columns_found(path)})",
            where=path,
            remedy="fournir le comparateur de territoires ou le dossier complet de l'Insee",
        )
    raw, sources, found = max(made, key=lambda result: len(result[0]))
    refuse_lost_zeros(raw["code_insee"], path)
    refuse_unreadable(
        raw["code_insee"], path, remedy="fournir une table dont les codes sont ceux de communes"
    )
    rows_read = len(raw)
    columns = [name for name in sources if name in raw]
    negative = tell_below_zero(found.table, raw, sources.values(), file=path.name)
    raw, repeated = each_iris_once(raw, columns, path)
    raw = _summed(raw, columns) if "iris" in raw else raw
    raw, anomalies = _usable(raw, path.name)
    raw, doubled = without_double_count(raw, columns[0], codes=codes, file=path.name)
    table, merged = _merged(raw, columns, codes, path.name)
    labels = _labels(tables)
    day = numerique.day_of(found) if numerique.is_of_arcep(found) else ""
    result = schemas.check(table, schemas.INDICATORS, where=path.name)
    return LoadedIndicators(
        result,
        rows_read,
        (
            *tell_passed_over(tables, file=path.name),
            *(*repeated, *anomalies),
            *negative,
            *doubled,
            *merged,
            *_blanks(result, columns, path.name),
        ),
        {name: day or _year(sources[name]) for name in columns},
        {name: _in_words(sources[name], labels) for name in columns},
    )


def join_indicators(loaded: Iterable[LoadedIndicators]) -> LoadedIndicators:
    """Join the indicators of several files; where two give the same one, the first prevails.

    Parameters
    ----------
    loaded
        What :func:`load_indicators` gave, in the order of the study file.

    Returns
    -------
    LoadedIndicators
        One table, vintages column by column.
    """
    tables = list(loaded)
    table = tables[0].table
    vintages, made_of = dict(tables[0].vintages), dict(tables[0].made_of)
    anomalies = [anomaly for each in tables for anomaly in each.anomalies]
    for each in tables[1:]:
        new = [name for name in each.table.columns if name not in table.columns]
        repeated = [name for name in each.table.columns[1:] if name in table.columns]
        if repeated:
            anomalies.append(
                Anomaly(
                    "indicateur-repete",
                    Action.NOTED,
                    "",
                    f"{', '.join(repeated)} : donné par plusieurs fichiers, le premier est retenu",
                )
            )
        table = table.merge(each.table[["code_insee", *new]], on="code_insee", how="outer")
        vintages |= {name: each.vintages[name] for name in new}
        made_of |= {name: each.made_of[name] for name in new}
    table = schemas.check(table.sort_values("code_insee", ignore_index=True), schemas.INDICATORS)
    rows_read = sum(each.rows_read for each in tables)
    return LoadedIndicators(table, rows_read, tuple(anomalies), vintages, made_of)


def _wanted(name: str) -> bool:
    return name in _NAMES or any(re.fullmatch(form, name) for form in _FORMS)


def _indicators_of(
    found: Found, path: Path
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]] | None:
    """Return the indicators of a table, and the variables of each; None where it has none."""
    if numerique.is_of_arcep(found):
        return numerique.premises(found, path)
    raw = found.table
    # Tables of IRIS also name the commune; it is what rows add up to.
    code = "com" if {"iris", "com"} <= set(raw.columns) else first_of(raw, _CODE)
    if code is None:
        return None
    table = pd.DataFrame({LINE: raw[LINE], "code_insee": raw[code].astype(str)})
    sources: dict[str, tuple[str, ...]] = {}
    for name in (*schemas.GROUPS, *schemas.COUNTS, *schemas.LEVELS):
        used = _variables(name, raw.columns)
        if used is None:
            continue
        recipe, variables = used
        table[name] = recipe.make(*(figures(raw[variable]) for variable in variables))
        sources[name] = variables
    if not sources:
        return None
    return (table.assign(iris=raw["iris"]) if "iris" in raw else table), sources


def _variables(name: str, columns: Iterable[str]) -> tuple[_Recipe, tuple[str, ...]] | None:
    """Return how an indicator can be made of these columns, of the latest year that allows it."""
    present = set(columns)
    for plain in (name, *_PLAIN.get(name, ())):
        if plain in present:
            return _Recipe((plain,), _same), (plain,)
    populations = sorted(
        (c for c in present if re.fullmatch(r"p\d\d_pop", c)), key=lambda c: -year_of(c[1:3])
    )
    for recipe in _RECIPES.get(name, ()):
        form = recipe.needs[0].replace("{y}", r"(\d\d)")
        years = sorted(
            (m[1] for c in present if (m := re.fullmatch(form, c))), key=year_of, reverse=True
        )
        for year in years:
            variables = tuple(
                populations[0]
                if need == _LATEST_POPULATION and populations
                else need.replace("{y}", year)
                for need in recipe.needs
            )
            if present.issuperset(variables):
                return recipe, variables
    return None


def _summed(raw: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    counts = [name for name in columns if name not in schemas.LEVELS]
    first = raw.groupby("code_insee", sort=False, as_index=False)[LINE].first()
    groups = raw.groupby("code_insee", sort=False)
    # Part of a sum is not the sum.
    whole = groups[counts].count().eq(groups.size(), axis=0)
    sums = groups[counts].sum().where(whole).reset_index(drop=True)
    return pd.concat([first, sums], axis=1).reindex(columns=[LINE, "code_insee", *columns])


def _usable(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    wrong = malformed(raw["code_insee"])
    repeated = raw["code_insee"].duplicated(keep="first") & ~wrong
    told = raw.assign(
        nom=raw["code_insee"],
        identifiant=raw["code_insee"],
        departement=raw["code_insee"].map(departement_of),
    )
    anomalies = [
        *note(
            told[wrong],
            "code-commune-invalide",
            Action.LEFT_OUT,
            "code de commune mal formé",
            file=file,
        ),
        *note(told[repeated], "doublon", Action.LEFT_OUT, "déjà donnée plus haut", file=file),
    ]
    return raw[~(wrong | repeated)], anomalies


def _merged(
    raw: pd.DataFrame, columns: list[str], codes: CommuneCodes | None, file: str
) -> tuple[pd.DataFrame, list[Anomaly]]:
    kept = raw[["code_insee", *columns]].reset_index(drop=True)
    if codes is None:
        return kept.sort_values("code_insee", ignore_index=True), []
    current = codes.current(kept["code_insee"])
    changed = current != kept["code_insee"]
    anomalies = tell_shared(kept.assign(nom=kept["code_insee"]), codes, file=file)
    if changed.any():
        anomalies.append(
            Anomaly(
                "commune-fusionnee",
                Action.REPAIRED,
                file,
                f"{int(changed.sum())} anciennes communes réunies aux communes actuelles",
            )
        )
    groups = kept.assign(code_insee=current).groupby("code_insee", sort=True)
    parts = groups.size()
    sums = groups[columns].sum(min_count=1)
    known = groups[columns].count()
    # Part of a sum is not the sum, and levels do not add up.
    incomplete = known.lt(parts, axis=0)
    for name in columns:
        if name in schemas.LEVELS:
            incomplete[name] |= parts > 1
    return sums.mask(incomplete).reset_index(), anomalies


def _blanks(table: pd.DataFrame, columns: list[str], file: str) -> list[Anomaly]:
    counts = table[columns].isna().sum()
    return [
        Anomaly(
            "indicateur-absent",
            Action.NOTED,
            file,
            f"{name} : {count} communes sur {len(table)} sans valeur (secret statistique, ou non "
            "publiée)",
        )
        for name, count in counts.items()
        if count
    ]


def _labels(tables: list[Found]) -> dict[str, str]:
    """Return what the file's own metadata say of each variable."""
    labels: dict[str, str] = {}
    for found in tables:
        if {"cod_var", "lib_var_long"} <= set(found.table.columns):
            rows = found.table.drop_duplicates("cod_var")
            labels |= dict(zip(rows["cod_var"].str.lower(), rows["lib_var_long"], strict=True))
    return labels


def _in_words(variables: tuple[str, ...], labels: Mapping[str, str]) -> str:
    return " ; ".join(
        f"{name.upper()} ({labels[name]})" if name in labels else name.upper() for name in variables
    )


def _year(variables: tuple[str, ...]) -> str:
    """Return the year of the first variable, that of the indicator itself."""
    found = re.search(r"(?:^[pc]|60|med|q2)(\d\d)(?:_|$)", variables[0])
    return str(year_of(found[1])) if found else ""
