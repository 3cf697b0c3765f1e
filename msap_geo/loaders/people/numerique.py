"""Fixed internet by commune: premises a wired line serves, and how fast (Arcep).

*Ma connexion internet* counts premises (homes and firms), not people. Its file by speed comes three
times: with satellite (``commune_debit.csv``: everybody, everywhere), with radio, and wired alone
(``commune_debit_filaire.csv``), which is the one read. Thresholds are cumulative; in the first
editions (2019) each premises counts once, in the class of its speed.
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
_KINDS = ("all", "", "logloc")
"""What stands for homes and firms together: ``logloc`` in the first editions."""

_SLOWER = ("elig_hd05", "elig_hd0_5", "elig_hd3", "elig_hd8")
_FASTER = ("elig_thd100", "elig_thd1g")
_ONCE = 0.99
_ISO = re.compile(r"\s*(20\d\d)-([01]\d)-([0-3]\d)")
_FRENCH = re.compile(r"\s*([0-3]\d)/([01]\d)/(20\d\d)")
EVERYWHERE = 0.999
"""Share of premises at 30 Mbit/s beyond which a country is served by satellite, not by wires."""

COLUMNS = {_PREMISES, _BY_SPEED, "type", "date", *_COUNTS.values(), *_SLOWER, *_FASTER}


def is_of_arcep(found: Found) -> bool:
    """Tell whether a table counts premises as Arcep's do."""
    columns = set(found.table.columns)
    return _PREMISES in columns and "code_insee" in columns and bool(columns & {*_COUNTS.values()})


def day_of(found: Found) -> str:
    """Return the day a table of premises is of, as the French write it; empty where it says none.

    Of a table of several days, the first and the last.
    """
    if "date" not in found.table:
        return ""
    told = found.table["date"].dropna().astype(str).drop_duplicates()
    days = sorted({match.groups() for text in told if (match := _ISO.match(text))})
    days += sorted({match.groups()[::-1] for text in told if (match := _FRENCH.match(text))})
    ends = list(dict.fromkeys("/".join(reversed(day)) for day in (*days[:1], *days[-1:])))
    return " à ".join(ends)


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
        kinds = table["type"].astype("string").str.strip().str.lower()
        if len(table) and not kinds.isin(_KINDS).any():
            raise DataError(
                f"« {path.name} » ne compte pas tous les locaux ensemble (type : "
                f"{', '.join(sorted(set(kinds.dropna()))[:5])})",
                where=path,
                remedy="fournir les lignes de type « all », de la page de l'Arcep",
            )
        table = table[kinds.isin(_KINDS)]
    whole = figures(table[_PREMISES])
    if "elig_thd30" in table and not _WIRED.search(f"{path.name} {found.name}".lower()):
        _refuse_satellite(table, whole, path)
    result = pd.DataFrame(
        {LINE: table[LINE], "code_insee": table["code_insee"].astype(str), "locaux": whole}
    )
    sources: dict[str, tuple[str, ...]] = {"locaux": (_PREMISES,)}
    for ours, theirs in _COUNTS.items():
        if theirs in table:
            used = (theirs, *_faster(table, whole)) if ours == "locaux_30_mbits" else (theirs,)
            served = sum(figures(table[name]) for name in used)
            # More premises served than there are is a fault of the file, by a hair.
            result[ours] = pd.Series(served).clip(upper=whole)
            sources[ours] = used
    return result, sources


def _faster(table: pd.DataFrame, whole: pd.Series) -> tuple[str, ...]:
    """Return the classes beyond 30 Mbit/s that count with it: none where thresholds add them up."""
    classes = [name for name in (*_SLOWER, "elig_thd30", *_FASTER) if name in table]
    if _BY_SPEED not in table:
        return ()
    once = sum((figures(table[name]) for name in classes), figures(table[_BY_SPEED]))
    if (once == whole)[whole > 0].mean() < _ONCE:
        return ()
    return tuple(name for name in _FASTER if name in table)


def _refuse_satellite(table: pd.DataFrame, whole: pd.Series, path: Path) -> None:
    total, served = whole.sum(), to_number(table["elig_thd30"]).sum()
    without = to_number(table[_BY_SPEED]).sum() if _BY_SPEED in table else 0.0
    if total > 0 and served / total >= EVERYWHERE and without / total <= 1 - EVERYWHERE:
        raise DataError(
            f"« {path.name} » compte le satellite : tous les locaux y ont 30 Mbit/s",
            where=path,
            remedy="fournir commune_debit_filaire.csv (réseaux filaires seuls), de la même page",
        )
