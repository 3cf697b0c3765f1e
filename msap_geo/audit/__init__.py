"""What the files of a study hold and what is wrong with them, before anything is computed.

Pure checks: a table in, what is to be said of it out. ``constats.toml`` says of each kind of
finding how serious it is and what to do. Reading the files and choosing the checks is the study's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.audit.communes import (
    by_departement,
    compare_totals,
    missing_town_halls,
    total,
    uninhabited,
)
from msap_geo.audit.findings import (
    Audit,
    Case,
    FileAudit,
    Finding,
    Kind,
    Severity,
    finding,
    gather,
    kinds,
    ordered,
    rows_of,
)
from msap_geo.audit.roads import extent, unreached
from msap_geo.audit.sites import below_label, foreign_codes, superposed, without_hours
from msap_geo.audit.told import in_lines
from msap_geo.audit.vintages import far_apart

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Audit",
    "Case",
    "FileAudit",
    "Finding",
    "Kind",
    "Severity",
    "below_label",
    "by_departement",
    "compare_totals",
    "extent",
    "far_apart",
    "finding",
    "foreign_codes",
    "gather",
    "in_lines",
    "kinds",
    "missing_town_halls",
    "ordered",
    "rows_of",
    "superposed",
    "total",
    "uninhabited",
    "unreached",
    "without_hours",
    "write_report",
]


def write_report(audit: Audit, path: Path) -> None:
    """Write the audit as one HTML page (:func:`msap_geo.audit.page.write`).

    Parameters
    ----------
    audit
        Audit.
    path
        File to write; its folder is made if needed.

    Raises
    ------
    OutputError
        If it cannot be written; an older report is then left as it was.
    """
    from msap_geo.audit.page import write  # noqa: PLC0415 - jinja2 is needed here only

    write(audit, path)
