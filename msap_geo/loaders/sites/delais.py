"""Days one waits for an appointment, site by site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.errors import DataError
from msap_geo.loaders.shared import of_files
from msap_geo.tabular import LINE, pick_columns, read_text_table, to_number

if TYPE_CHECKING:
    from pathlib import Path

_REQUIRED = {"site_id": ("site_id", "identifiant"), "jours": ("jours", "delai", "delai_jours")}
_LONGEST = 3650.0


@of_files
def load_delays(path: Path) -> dict[str, float]:
    """Load the days one waits at each site.

    Parameters
    ----------
    path
        CSV with ``site_id`` and ``jours``; an empty number is no wait known.

    Returns
    -------
    dict of str to float
        Days by site.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError
        If the file is absent, cannot be read or lacks its columns.
    DataError
        If a number is not one of days, or a site has two.
    """
    table = read_text_table(path)
    raw = pick_columns(table, path, required=_REQUIRED)
    raw[LINE] = table[LINE]
    raw = raw[raw["jours"].str.strip() != ""]
    days = to_number(raw["jours"]).astype(float)
    wrong = ~((days >= 0) & (days <= _LONGEST))
    twice = raw["site_id"].duplicated()
    for faulty, words, remedy in (
        (wrong, "n'est pas un nombre de jours", "écrire un nombre positif, ou laisser vide"),
        (twice, "est le second délai d'un site", "n'en garder qu'un"),
    ):
        if faulty.any():
            first = raw.index[faulty][0]
            raise DataError(
                f"« {raw.loc[first, 'jours']} » ({raw.loc[first, 'site_id']}) {words}",
                where=f"{path}, ligne {raw.loc[first, LINE]}",
                remedy=remedy,
            )
    return dict(zip(raw["site_id"].str.strip(), days, strict=True))
