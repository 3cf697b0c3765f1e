"""Loading all of France against the readers alone, both measured in one run by turns.

    python benchmarks/load_france.py ../shared/data/france [rounds]

For each national file: what pandas or geopandas takes to read the same bytes into a table, and what
the loader takes to read, repair, check and report. Medians of seconds; the bar is 1.5 over the four
together.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import loaders

if TYPE_CHECKING:
    from collections.abc import Callable

BAR = 1.5
ROUNDS = 5


def pairs(folder: Path) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return for each input how a bare reader reads it, and how we load it."""
    communes = folder / "communes-france-2026.parquet"
    population = folder / "decoupage-communes-2026.json"
    maisons = folder / "liste-fs-20240801.csv"
    la_poste = folder / "laposte_poincont-2025.csv"
    return {
        "communes": (
            lambda: gpd.read_parquet(communes),
            lambda: loaders.load_communes([communes]),
        ),
        "population": (
            lambda: pd.read_json(population, dtype={"code": str}),
            lambda: loaders.load_population(population),
        ),
        "maisons": (
            lambda: pd.read_csv(maisons, dtype=str),
            lambda: loaders.load_maisons(maisons),
        ),
        "la_poste": (
            lambda: pd.read_csv(la_poste, sep=_separator(la_poste), dtype=str),
            lambda: loaders.load_la_poste(la_poste),
        ),
    }


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as stream:
        header = stream.readline()
    return max(";,\t", key=header.count)


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(folder: Path, rounds: int) -> int:
    """Measure by turns, print the table, return 1 over the bar."""
    measured = pairs(folder)
    for read, load in measured.values():
        read(), load()
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in measured}
    for _ in range(rounds):
        for name, (read, load) in measured.items():
            times[name][0].append(seconds(read))
            times[name][1].append(seconds(load))
    print(f"{'fichier':<12}{'lecteur (s)':>12}{'chargeur (s)':>14}{'rapport':>9}")
    totals = [0.0, 0.0]
    for name, (reading, loading) in times.items():
        one, other = median(reading), median(loading)
        totals = [totals[0] + one, totals[1] + other]
        print(f"{name:<12}{one:>12.3f}{other:>14.3f}{other / one:>9.2f}")
    ratio = totals[1] / totals[0]
    print(f"{'ensemble':<12}{totals[0]:>12.3f}{totals[1]:>14.3f}{ratio:>9.2f}  (barre : {BAR})")
    return int(ratio > BAR)


if __name__ == "__main__":
    if len(sys.argv) < 2:  # noqa: PLR2004 - the folder is required
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))  # noqa: PLR2004
