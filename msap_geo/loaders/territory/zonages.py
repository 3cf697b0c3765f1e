"""Zonings of communes that decide of money: France Ruralités, and the law of mountains.

The list of *France Ruralités Revitalisation* (DGCL) classes every commune; that of the law of 9
January 1985 (DGALN, COG 2022) names but the communes classed, in whole or in part.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.loaders.territory.codes_insee import malformed
from msap_geo.tabular import LINE, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.loaders.territory.cog import CommuneCodes
    from msap_geo.tabular import Found

RURAL, MOUNTAIN = "france_ruralites", "montagne"
NOT_CLASSED, CLASSED, PARTLY = "non classée", "classée", "classée en partie"

_RURAL_COLUMN = re.compile(r"classement(?:_(?:en|zone|zonage))*_?z?frr.*|z?frr|codefrr|zonage_frr")
_MOUNTAIN_WORDS = re.compile(r"montagne")
_CODE = ("insee_com", "code_insee", "codgeo", "insee", "depcom", "code_commune", "com")
_EXTENT = re.compile(r".*(?:class|reglement|etendue|partiel|montagne).*")
_PART = re.compile(r"parti")
_YES, _NO = ("oui", "o", "1", "vrai", "true"), ("non", "0", "faux", "false", "non_classee")


def rural_column(columns: Iterable[str]) -> str | None:
    """Return the column, by its normalised name, that classes communes in France Ruralités."""
    return next((name for name in columns if _RURAL_COLUMN.fullmatch(name)), None)


def is_of_zoning(name: str) -> bool:
    """Tell whether a column, by its normalised name, may be one of these zonings."""
    return name in _CODE or bool(_RURAL_COLUMN.fullmatch(name) or _EXTENT.fullmatch(name))


def rural_classes(values: pd.Series) -> pd.Series:
    """Return the class of each commune in a few words, whatever the year writes.

    *FRR socle*, *FRR+*, *FRR bénéficiaire* (former ZRR that keep its effects), part of a commune,
    or none; a wording of another kind stays as it is, an empty one is null.
    """
    return values.map(_rural_class, na_action="ignore").astype(object)


def _rural_class(text: str) -> str | None:
    plain = normalise(text)
    if not plain:
        return None
    if plain in {"9999", "0", "non"} or "non_class" in plain:
        return NOT_CLASSED
    if "frr" not in plain and "classe" not in plain:
        return text.strip()
    if "partiel" in plain:
        return "FRR, en partie"
    if "+" in text or "plus" in plain:
        return "FRR+"
    return "FRR, bénéficiaire" if "beneficiaire" in plain else "FRR"


def mountain_rows(found: Iterable[Found], file: str) -> pd.DataFrame | None:
    """Return the communes a list classes in the mountains, None where a file is no such list.

    Parameters
    ----------
    found
        Tables of the file.
    file
        Its name: the list bears the word, its columns may not.

    Returns
    -------
    pandas.DataFrame or None
        ``code_insee``, :data:`MOUNTAIN` and :data:`~msap_geo.tabular.LINE`.
    """
    tables = []
    for each in found:
        columns = each.table.columns
        code = next((name for name in _CODE if name in columns), None)
        told = [each.name, file, *map(str, columns)]
        if code is None or not any(_MOUNTAIN_WORDS.search(normalise(text)) for text in told):
            continue
        codes = each.table[code].astype(str)
        classes = pd.Series(CLASSED, index=codes.index)
        for name in columns:
            if name == code or not _EXTENT.fullmatch(str(name)):
                continue
            said = each.table[name].astype(str).map(normalise)
            # A column of parts says yes of a part; another one says what the commune is.
            of_parts = bool(_PART.search(str(name)))
            part = said.isin(_YES) if of_parts else said.str.contains(_PART)
            classes = classes.mask(part, PARTLY)
            if not of_parts:
                classes = classes.mask(said.isin(_NO), NOT_CLASSED)
        table = pd.DataFrame({LINE: each.table[LINE], "code_insee": codes, MOUNTAIN: classes})
        tables.append(table)

    def worth(table: pd.DataFrame) -> tuple[bool, int]:
        return not malformed(table["code_insee"]).all(), len(table)

    return max(tables, key=worth) if tables else None


def mountains_in_force(listed: pd.DataFrame, codes: CommuneCodes) -> pd.DataFrame:
    """Bring a list of mountain communes to the codes in force.

    A commune known by former ones alone, or by some that are classed and some in part, is classed
    in part; one in no list is not classed.

    Parameters
    ----------
    listed
        ``code_insee`` as published, and :data:`MOUNTAIN`.
    codes
        Codes in force.

    Returns
    -------
    pandas.DataFrame
        One row per commune in force, and per code the COG does not know.
    """
    current = codes.current(listed["code_insee"])
    own = set(listed["code_insee"])
    grouped = listed[MOUNTAIN].groupby(current.to_numpy()).agg(set)
    classes = {
        code: kinds.pop() if len(kinds) == 1 and code in own else PARTLY
        for code, kinds in grouped.items()
    }
    whole = {**dict.fromkeys(codes.names, NOT_CLASSED), **classes}
    return pd.DataFrame({"code_insee": list(whole), MOUNTAIN: list(whole.values())})
