"""Fixed internet by commune: premises a wired line serves, and how fast (Arcep).

*Ma connexion internet* counts premises (homes and firms), not people. Its file by speed comes three
times: with satellite (``commune_debit.csv``: everybody, everywhere), with radio, and wired alone
(``commune_debit_filaire.csv``), which is the one read. Thresholds are cumulative.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.errors import DataError
from msap_geo.loaders.variables import figures
from msap_geo.tabular import LINE, to_number

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.tabular import Found

_PREMISES = "nbr"
_COUNTS = {
    "locaux_30_mbits": "elig_thd30",
    "locaux_fibre": "elig_ftth",
}
_BY_SPEED = "inel_hd"
_WIRED = re.compile(r"filaire")
_KINDS = ("all", "")
EVERYWHERE = 0.999
"""Share of premises at 30 Mbit/s beyond which a country is served by satellite, not by wires."""

COLUMNS = {_PREMISES, _BY_SPEED, "type", "date", *_COUNTS.values()}


def is_of_arcep(found: Found) -> bool:
    """Tell whether a table counts premises as Arcep's do."""
    columns = set(found.table.columns)
    return _PREMISES in columns and "code_insee" in columns and bool(columns & {*_COUNTS.values()})


def premises(found: Found, path: Path) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the premises of each commune, and the variable each column comes from.

    Raises
    ------
    DataError
        If the file by speed counts satellite: by its name, else because it says that nobody
        anywhere is without a line.
    """
    table = found.table
    if "type" in table:
        table = table[table["type"].isin(_KINDS)]
    whole = figures(table[_PREMISES])
    if "elig_thd30" in table and not _WIRED.search(f"{path.name} {found.name}".lower()):
        _refuse_satellite(table, whole, path)
    result = pd.DataFrame(
        {LINE: table[LINE], "code_insee": table["code_insee"].astype(str), "locaux": whole}
    )
    sources: dict[str, tuple[str, ...]] = {"locaux": (_PREMISES,)}
    for ours, theirs in _COUNTS.items():
        if theirs in table:
            # More premises served than there are is a fault of the file, by a hair.
            result[ours] = figures(table[theirs]).clip(upper=whole)
            sources[ours] = (theirs,)
    return result, sources


def _refuse_satellite(table: pd.DataFrame, whole: pd.Series, path: Path) -> None:
    total, served = whole.sum(), to_number(table["elig_thd30"]).sum()
    without = to_number(table[_BY_SPEED]).sum() if _BY_SPEED in table else 0.0
    if total > 0 and served / total >= EVERYWHERE and without / total <= 1 - EVERYWHERE:
        raise DataError(
            f"« {path.name} » compte le satellite : tous les locaux y ont 30 Mbit/s",
            where=path,
            remedy="fournir commune_debit_filaire.csv (réseaux filaires seuls), de la même page",
        )
