"""Checks on vintages: files that tell of different years."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msap_geo.audit.findings import Case, finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msap_geo.audit.findings import Finding

MAX_YEARS = 2
"""Years between two files from which they are told to be far apart; two are within."""

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


def year(vintage: str) -> int | None:
    """Return the first year a vintage names: ``"début 2022"`` → 2022."""
    found = _YEAR.search(vintage)
    return int(found.group(1)) if found else None


def far_apart(vintages: Mapping[str, str]) -> list[Finding]:
    """Confront the stated vintages of the files.

    Parameters
    ----------
    vintages
        Vintage, in words, by what the file is; empty where nothing tells.

    Returns
    -------
    list of Finding
        A warning if more than :data:`MAX_YEARS` years lie between two files, and the files without
        a year.
    """
    years = {name: year(vintage) for name, vintage in vintages.items()}
    known = sorted((value, name) for name, value in years.items() if value is not None)
    unknown = [name for name, value in years.items() if value is None]
    found = []
    if known and known[-1][0] - known[0][0] > MAX_YEARS:
        oldest, newest = known[0], known[-1]
        sentence = (
            f"Millésimes éloignés : {newest[0] - oldest[0]} ans entre "
            f"« {oldest[1]} » ({oldest[0]}) et « {newest[1]} » ({newest[0]})"
        )
        cases = [Case(f"{name} : {vintages[name]}") for _, name in known]
        found.append(finding("millesimes-eloignes", sentence, count=len(known), cases=cases))
    if unknown:
        sentence = f"Millésime inconnu : {', '.join(unknown)}"
        found.append(finding("millesime-inconnu", sentence, count=len(unknown)))
    return found
