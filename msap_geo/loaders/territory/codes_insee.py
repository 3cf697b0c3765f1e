"""Codes of communes as files write them: whole, cut in two, or robbed of their first zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.errors import DataError
from msap_geo.territory import INSEE_CODE_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_OVERSEAS = 3
_LOST_ZERO = r"[1-9]\d{3}"
_NUMBER = r"\d{4,5}[.,]0+"


def malformed(codes: pd.Series) -> pd.Series:
    """Tell which codes have not the form of a commune's.

    Parameters
    ----------
    codes
        Text.

    Returns
    -------
    pandas.Series
        Flags, same index.
    """
    return ~codes.str.fullmatch(INSEE_CODE_PATTERN).astype(bool)


def departements_of(codes: pd.Series) -> pd.Series:
    """Return the département of each code, :func:`msap_geo.territory.departement_of` at once.

    Parameters
    ----------
    codes
        Text.

    Returns
    -------
    pandas.Series
        Two characters in métropole, three overseas.
    """
    return codes.str[:2].where(~codes.str.startswith(("97", "98")), codes.str[:3])


def refuse_lost_zeros(codes: pd.Series, path: Path) -> None:
    """Refuse a file whose codes were taken for numbers: ``1001`` or ``1001.0`` for ``01001``.

    They are not padded: ``1001`` may as well be ``10010`` cut short. One such code among sound ones
    is a slip, left to the caller; none beginning with zero while some have four digits is a file
    opened and saved again.

    Parameters
    ----------
    codes
        Text.
    path
        File they come from, for the message.

    Raises
    ------
    DataError
        If zeros were lost.
    """
    numbers = codes.str.fullmatch(_NUMBER).astype(bool)
    if numbers.any():
        raise DataError(
            f"« {path.name} » : {int(numbers.sum())} codes de commune sont écrits comme des "
            f"nombres (« {codes[numbers].iloc[0]} »)",
            where=path,
            remedy="reprendre le fichier d'origine, ou l'écrire avec ces codes en texte",
        )
    short = codes.str.fullmatch(_LOST_ZERO).astype(bool)
    if short.any() and not codes.str.startswith("0").any():
        raise DataError(
            f"« {path.name} » : {int(short.sum())} codes de commune ont perdu leur zéro initial "
            f"(« {codes[short].iloc[0]} »)",
            where=path,
            remedy="reprendre le fichier d'origine : un tableur l'a ouvert et enregistré",
        )


def refuse_unreadable(codes: pd.Series, path: Path, *, remedy: str) -> None:
    """Refuse a file none of whose codes is a commune's: nothing would be left of it.

    Parameters
    ----------
    codes
        Text.
    path
        File they come from.
    remedy
        What to give instead.

    Raises
    ------
    DataError
        If no code has the form of a commune's.
    """
    if malformed(codes).all():
        raise DataError(
            f"« {path.name} » : aucun code de commune lisible (premier lu : "
            f"« {next(iter(codes), '')} »)",
            where=path,
            remedy=remedy,
        )


def joined(departements: pd.Series, communes: pd.Series) -> pd.Series:
    """Build codes of a département's and a commune's, as the legal-population files cut them.

    Overseas both say the third digit: département ``974`` and commune ``421`` make ``97421``.

    Parameters
    ----------
    departements
        ``01``, ``2A``, ``974``.
    communes
        Three digits.

    Returns
    -------
    pandas.Series
        Codes of five characters, where both parts have the expected length.
    """
    stem = departements.where(departements.str.len() != _OVERSEAS, departements.str[:2])
    return stem + communes
