"""Postal codes, which a spreadsheet robs of their first zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.anomalies import Action, Anomaly

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
