"""Départements as lists tell them, by postal codes and words; zeros a spreadsheet took off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msap_geo.anomalies import Action, Anomaly
from msap_geo.tabular import normalise
from msap_geo.territory import DEPARTEMENTS, departement_of

if TYPE_CHECKING:
    import pandas as pd


def with_their_zero(codes: pd.Series, *, file: str) -> tuple[pd.Series, list[Anomaly]]:
    """Give back to postal codes of four digits the zero they began with (``1000`` → ``01000``).

    Unlike a commune's, a postal code has no other reading: the first nine départements are the only
    ones whose codes are written with four digits.

    Parameters
    ----------
    codes
        Text.
    file
        File they come from, for the anomaly.

    Returns
    -------
    pandas.Series
        The codes.
    list of Anomaly
        One that counts them, or none.
    """
    short = codes.str.fullmatch(r"[1-9]\d{3}").astype(bool)
    if not short.any():
        return codes, []
    message = f"{int(short.sum())} codes postaux sans leur zéro initial, rétabli"
    told = Anomaly("code-postal-sans-zero", Action.REPAIRED, file, message)
    return codes.mask(short, "0" + codes), [told]


_NAMED = {normalise(name): code for code, name in DEPARTEMENTS.items()}
_WRITTEN = re.compile(r"(?:FR-?)?0?(2[AB]|\d{2,3}|\d)(?:\.0)?(?:\s*[-–:(].*)?")


def departement_of_postal(code: str) -> str:
    """Return the département of a postal code, empty where it is none.

    Corsica's two have one beginning, ``20``: those of the north are 202xx and 206xx
    (La Poste; of the 360 communes, none is otherwise).
    Saint-Barthélemy and Saint-Martin have two of Guadeloupe's.
    """
    if not re.fullmatch(r"[0-9]{5}", code):
        return ""
    if code.startswith("20"):
        return "2B" if code[2] in "26" else "2A"
    return {"97133": "977", "97150": "978"}.get(code) or departement_of(code)


def departement_told(text: str) -> str:
    """Return the code of a département told by its code or its name, in one of many ways.

    ``1``, ``01``, ``53.0``, ``FR-53``, ``53 - Mayenne``, ``Mayenne`` are read; anything else comes
    back as it is, in capitals.
    """
    written = _WRITTEN.fullmatch(text.strip().upper())
    if written:
        return written[1].zfill(2)
    return _NAMED.get(normalise(text), text.strip().upper())
