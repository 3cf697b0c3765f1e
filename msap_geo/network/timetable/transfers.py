"""Changes ruled by a feed: ``transfers.txt``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.anomalies import Action, Anomaly
from msap_geo.network.timetable.model import Transfers
from msap_geo.tabular import LINE, to_number

if TYPE_CHECKING:
    import pandas as pd

_TIMED, _MINIMUM, _FORBIDDEN = "1", "2", "3"
_GENERAL = ("", "0", _TIMED, _MINIMUM, _FORBIDDEN)


def feed_transfers(table: pd.DataFrame, stops: pd.Index) -> tuple[Transfers, list[Anomaly]]:
    """Read the changes between stops.

    Rules of one pair of routes or of trips, and of staying aboard a vehicle that takes another
    number, are told and not followed. Recommended changes (type 0) add nothing to walking.

    Parameters
    ----------
    table
        ``transfers.txt``.
    stops
        Identifiers of the stops.

    Returns
    -------
    Transfers, list of Anomaly
        Of several rules for a pair the last one; and what is not followed.
    """
    narrow = ~table["transfer_type"].isin(_GENERAL)
    for column in ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id"):
        narrow |= table[column] != ""
    origin = stops.get_indexer(table["from_stop_id"])
    destination = stops.get_indexer(table["to_stop_id"])
    kind = table["transfer_type"]
    seconds = to_number(table["min_transfer_time"])
    rule = np.select(
        [kind == _TIMED, (kind == _MINIMUM) & seconds.notna(), kind == _FORBIDDEN],
        [0.0, seconds, np.inf],
        default=np.nan,
    )
    kept = ~narrow.to_numpy(dtype=bool) & (origin >= 0) & (destination >= 0) & ~np.isnan(rule)
    pairs = table.assign(origin=origin, destination=destination)[kept]
    last = ~pairs.duplicated(["origin", "destination"], keep="last").to_numpy(dtype=bool)
    rows = np.flatnonzero(kept)[last]
    told = []
    if narrow.any():
        told.append(
            Anomaly(
                "correspondances-particulieres",
                Action.NOTED,
                "transfers.txt",
                f"{int(narrow.sum())} correspondances propres à des lignes ou à des courses : "
                "la règle générale leur est appliquée",
                line=int(table[LINE][narrow].iloc[0]),
            )
        )
    return (
        Transfers(origin[rows].astype(np.int32), destination[rows].astype(np.int32), rule[rows]),
        told,
    )
