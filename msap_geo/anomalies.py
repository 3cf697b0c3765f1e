"""What the loaders noticed: repaired, left out, or merely worth knowing.

Nothing disappears silently: whatever a room mends or refuses becomes an :class:`Anomaly`, and the
anomalies travel with the table up to the command line and the manifest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msap_geo.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


class Action(StrEnum):
    """What was done about an anomaly."""

    REPAIRED = "réparé"
    LEFT_OUT = "écarté"
    NOTED = "signalé"


NAMES = {
    "code": "code",
    "action": "action",
    "file": "fichier",
    "message": "message",
    "line": "ligne",
    "identifier": "identifiant",
    "departement": "departement",
}
"""French name of each field, in outputs and tables."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing noticed in the data.

    Parameters
    ----------
    code
        Stable French identifier of the kind of anomaly, e.g. ``"coordonnees-inversees"``.
    action
        What was done about it.
    file
        Name of the file it was found in (empty when no single file is at fault).
    message
        One French sentence for the reader.
    line
        Line in that file as a spreadsheet numbers it (the header is line 1), when known.
    identifier
        Identifier of the row concerned (site, commune…), empty when it concerns the whole file.
    departement
        Département of the row concerned, empty when unknown; lets a study tell its own anomalies
        from those of the rest of a national file.
    """

    code: str
    action: Action
    file: str
    message: str
    line: int | None = None
    identifier: str = ""
    departement: str = ""

    def __post_init__(self) -> None:
        for name in ("message", "identifier", "file"):
            object.__setattr__(self, name, shortened(getattr(self, name)))

    def as_dict(self) -> dict[str, Any]:
        """Return the anomaly as plain values, with the French keys of the outputs."""
        return {NAMES[key]: value for key, value in asdict(self).items()}


def note(
    rows: pd.DataFrame, code: str, action: Action, message: str, *, file: str = ""
) -> list[Anomaly]:
    """Make one anomaly of each row of a table.

    Parameters
    ----------
    rows
        Rows concerned, with ``nom`` and ``identifiant``, and where known ``departement``, ``ligne``
        (line in the file) and ``fichier``.
    code, action
        What kind of anomaly, and what was done about it.
    message
        French sentence; ``{column}`` stands for the row's value.
    file
        File name, where the rows do not carry their own.

    Returns
    -------
    list of Anomaly
        In the order of the rows.
    """
    if rows.empty:
        return []
    return [
        Anomaly(
            code,
            action,
            _known(row.get("fichier")) or file,
            f"{row['nom']} : {message.format_map(row)}",
            line=int(line) if (line := _known(row.get("ligne"))) else None,
            identifier=str(row["identifiant"]),
            departement=_known(row.get("departement")) or "",
        )
        for row in rows.to_dict("records")
    ]


def _known(value: Any) -> Any:
    """Return a value of a table, None where it is null."""
    return value if value == value else None  # noqa: PLR0124 - NaN differs from itself


def table(anomalies: Iterable[Anomaly]) -> pd.DataFrame:
    """Return anomalies as a table, one row each, under the French names of the outputs."""
    import pandas as pd  # noqa: PLC0415 - reading a study's name needs no table

    return pd.DataFrame([anomaly.as_dict() for anomaly in anomalies], columns=[*NAMES.values()])


def tally(anomalies: Iterable[Anomaly]) -> dict[str, int]:
    """Count anomalies by what was done about them, every action present."""
    counts = Counter(anomaly.action for anomaly in anomalies)
    return {action.value: counts[action] for action in Action}
