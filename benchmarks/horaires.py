"""Opening the Maisons of the whole of France longer.

Usage::

    python benchmarks/horaires.py ../shared/data [--heures 300] [--json FILE]

34,870 communes (people at the town hall, COG 2026), the fixed Maisons of August 2024 with their
hours, straight lines where one kilometre counts for one minute, reach of 20 km.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from adapter import near
from scipy.sparse import csr_array
from siting import places, unit

from msap_geo import hours, loaders
from msap_geo.siting import half_days
from msap_geo.siting.half_days import SLOTS, Week
from msap_geo.siting.solving.highs import Effort


def main() -> None:
    """Solve and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--heures", type=float, default=300.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    communes, _, _ = places(asked.shared)
    maisons = loaders.load_maisons(asked.shared / "france" / "liste-fs-20240801.csv").table
    maisons = maisons[maisons["genre"].isin(loaders.FIXED_KINDS) & maisons.geometry.notna()]
    demand = unit(communes["longitude"], communes["latitude"])
    table = near(demand, unit(maisons.geometry.x, maisons.geometry.y), 20.0)
    reach = csr_array((np.ones(table.nnz, dtype=bool), table.indices, table.indptr), table.shape)
    weight = np.ones((len(maisons), SLOTS))
    weight[:, 10:12] = 1.5
    week = Week(
        communes["population"].to_numpy(dtype=np.int64),
        reach,
        tuple(None if pd.isna(text) else hours.read_hours(text) for text in maisons["horaires"]),
        weight,
        np.ones(len(maisons), dtype=bool),
    )
    begin, cpu = time.perf_counter(), time.process_time()
    effort = Effort(seconds=120, gap=1e-5)
    plan = half_days.add_hours(week, minutes=60 * asked.heures, effort=effort)
    figures = {
        "maisons": len(maisons),
        "hours": asked.heures,
        "additions": len(plan.additions),
        "on_saturday": sum(one.slot in {10, 11} for one in plan.additions),
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "gap_of_gain": (plan.bound - plan.value) / max(plan.value - plan.today, 1e-9),
        "today": plan.today,
        "status": plan.status,
        "seconds": round(time.perf_counter() - begin, 1),
        "processor": round(time.process_time() - cpu, 1),
    }
    begin = time.perf_counter()
    moves = half_days.free_moves(week, count=100)
    figures |= {
        "moves_seconds": round(time.perf_counter() - begin, 1),
        "best_move_people": moves[0].gained if moves else 0,
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    print(figures)
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
