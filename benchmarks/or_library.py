"""p-medians and capacitated p-medians of the OR-Library, against their published optima.

Usage::

    python benchmarks/or_library.py ../shared/data/instances [--only pmed1 pmedcap2] [--json FILE]

Bars: p-medians within 0.05 % in 60 s each, three in four proven; capacitated ones within 1 %.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import floyd_warshall

from msap_geo import siting
from msap_geo.travel import TravelTimes

MEDIANS = {
    1: 5819, 2: 4093, 5: 1355, 6: 7824, 8: 4445, 11: 7696, 16: 8162, 17: 6999, 26: 9917, 31: 10086,
}  # fmt: skip
SECONDS = 60.0


def complete(minutes: np.ndarray, longest: float) -> siting.Problem:
    """Return a problem whose places are its sites, one person each, every pair stored."""
    n = len(minutes)
    ids = pd.Index([f"{i:04d}" for i in range(n)])
    column = np.tile(np.arange(n), n)
    table = csr_array((minutes.ravel(), column, np.arange(0, n * n + 1, n)), shape=(n, n))
    return siting.make_problem(
        TravelTimes(ids, ids, table, table, longest),
        pd.Series(np.ones(n, dtype=int)),
        pd.Series(np.full(n, np.nan)),
    )


def median(path: Path) -> siting.Plan:
    """Solve a p-median instance; a later edge replaces an earlier one."""
    n, _, count, *edges = map(int, path.read_text().split())
    lengths = np.full((n, n), np.inf)
    for one, other, length in np.array(edges).reshape(-1, 3):
        lengths[one - 1, other - 1] = lengths[other - 1, one - 1] = length
    np.fill_diagonal(lengths, 0)
    minutes = floyd_warshall(lengths)
    longest = float(minutes.max())
    effort = siting.Effort(seconds=SECONDS)
    rules = siting.Rules(count=count)
    return siting.p_median(complete(minutes, longest), rules, longest=longest, effort=effort)


def capacitated(path: Path) -> tuple[siting.Plan, int]:
    """Solve a capacitated instance; distances are truncated to whole numbers."""
    _, optimum, _, count, capacity, *rest = map(int, path.read_text().split())
    points = np.array(rest).reshape(-1, 4)
    apart = points[:, None, 1:3] - points[None, :, 1:3]
    minutes = np.floor(np.hypot(apart[..., 0], apart[..., 1]))
    longest = 10 * float(minutes.max())
    plan = siting.capacitated_median(
        complete(minutes, longest),
        siting.Rules(count=count),
        longest=longest,
        capacity=capacity,
        load=points[:, 3].astype(float),
        effort=siting.Effort(seconds=SECONDS),
    )
    return plan, optimum


def main() -> None:
    """Solve and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instances", type=Path)
    parser.add_argument("--only", nargs="+", help="names of instances, pmed1 pmedcap2")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = []

    def told(name: str, plan: siting.Plan, optimum: int, begin: float) -> None:
        row = {
            "name": name,
            "optimum": optimum,
            "value": plan.value,
            "bound": plan.bound,
            "status": plan.status,
            "seconds": round(time.perf_counter() - begin, 1),
        }
        rows.append(row)
        print(row, flush=True)

    def wanted(name: str) -> bool:
        return asked.only is None or name in asked.only

    for number, optimum in MEDIANS.items():
        if not wanted(f"pmed{number}"):
            continue
        begin = time.perf_counter()
        told(
            f"pmed{number}", median(asked.instances / "pmed" / f"pmed{number}.txt"), optimum, begin
        )
    for path in sorted((asked.instances / "pmedcap").glob("pmedcap*.txt")):
        if not wanted(path.stem):
            continue
        begin = time.perf_counter()
        plan, optimum = capacitated(path)
        told(path.stem, plan, optimum, begin)
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
