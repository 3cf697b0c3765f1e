"""INSEE's variable names, which carry their year: ``P21_POP`` one year, ``P22_POP`` the next.

Since 2026 INSEE publishes variables as rows, under other names (*comparateur*, *dossier complet*,
populations of reference): what each was called in columns stands here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msap_geo.anomalies import Action, note
from msap_geo.tabular import LINE, to_number
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from msap_geo.anomalies import Anomaly

LONG_FORM = {
    "POP": "p{y}_pop",
    "PMUN": "pmun{y}",
    "POP_SEX_M_AGE_Y_GE65": "p{y}_h65p",
    "POP_SEX_F_AGE_Y_GE65": "p{y}_f65p",
    "POP_EMPSTA_ENQ_2_AGE_Y15T64": "p{y}_chom1564",
    "POP_EDUC_001T100_RP": "p{y}_nscol15p_diplmin",
    "POP_EDUC_200_RP": "p{y}_nscol15p_bepc",
    "POP_EDUC_300_RP": "p{y}_nscol15p_capbep",
    "POP_EDUC_350T351_RP": "p{y}_nscol15p_bac",
    "POP_EDUC_500_RP": "p{y}_nscol15p_sup2",
    "POP_EDUC_600_RP": "p{y}_nscol15p_sup34",
    "POP_EDUC_700_RP": "p{y}_nscol15p_sup5",
    "PR_MD60": "tp60{y}",
    "MED_SL": "med{y}",
    "DWELLINGS_OCS_DW_MAIN": "p{y}_rp",
}
"""INSEE's variable of the long form → its name in columns, ``{y}`` the digits of the year.

Poverty and standards of living: *Filosofi*; the rest: census. Cars are not told apart there, nor
ages beyond 65 by a name seen: those still come from the edition in columns.
"""

_CENTURY_PIVOT = 60
"""INSEE's two digits: 68 is the census of 1968, 21 that of 2021."""


def year_of(digits: str) -> int:
    """Return the year two digits stand for."""
    return int(digits) + (1900 if int(digits) >= _CENTURY_PIVOT else 2000)


def figures(values: pd.Series) -> pd.Series:
    """Return figures none of which can be below zero: those that are say nothing (null)."""
    numbers = to_number(values)
    return numbers.mask(numbers < 0)


def tell_below_zero(
    raw: pd.DataFrame, read: pd.DataFrame, used: Iterable[tuple[str, ...]], *, file: str
) -> list[Anomaly]:
    """Tell the figures that :func:`figures` does without.

    Parameters
    ----------
    raw
        Table as published, under normalised names.
    read
        Rows read of it: :data:`LINE` and ``code_insee``.
    used
        Variables used, indicator by indicator.
    file
        Name of the file.
    """
    variables = dict.fromkeys(name for names in used for name in names)
    rows = raw.set_index(LINE).loc[read[LINE], list(variables)].reset_index()
    codes = read["code_insee"].to_numpy()
    told = rows.assign(
        nom=codes, identifiant=codes, departement=[departement_of(code) for code in codes]
    )
    return [
        anomaly
        for name in variables
        for anomaly in note(
            told.assign(valeur=rows[name])[to_number(rows[name]) < 0],
            "indicateur-negatif",
            Action.LEFT_OUT,
            f"{name.upper()} négatif ({{valeur}}), tenu pour inconnu",
            file=file,
        )
    ]


def first_of(columns: Iterable[str], spellings: Iterable[str]) -> str | None:
    """Return the first of the spellings that is a column, None if there is none."""
    present = set(columns)
    return next((name for name in spellings if name in present), None)


def latest(columns: Iterable[str], forms: Sequence[str]) -> str | None:
    """Return the column of the latest year.

    Parameters
    ----------
    columns
        Normalised names.
    forms
        Regular expressions whose only group is the two digits of the year, by preference.

    Returns
    -------
    str or None
        Of the first form any column has, the one of the latest year.
    """
    names = list(columns)
    for form in forms:
        found = [(year_of(m[1]), name) for name in names if (m := re.fullmatch(form, str(name)))]
        if found:
            return max(found)[1]
    return None
