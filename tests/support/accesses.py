"""An access of toy town, written by hand."""

from __future__ import annotations

import pandas as pd
from support.toy import CODES, PEOPLE

MINUTES = [0.0, 10, 20, 30, 40, 50]


def places(minutes=MINUTES, people=PEOPLE, **columns):
    return pd.DataFrame(
        {
            "demand_id": CODES,
            "code_insee": CODES,
            "population": people,
            "site_id": "S",
            "minutes": pd.Series(minutes, dtype=float),
            "km": 1.0,
            "raison": "",
            **columns,
        }
    )
