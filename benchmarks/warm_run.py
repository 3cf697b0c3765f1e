"""A warm study against its floor: importing the libraries and reading the same files.

Usage::

    python benchmarks/warm_run.py etude.toml [--rounds 5]

Runs by turns, each in a fresh process: the *floor* (import geopandas, folium and scipy, read the
study's input files with them) and the *study* (``msap-geo lancer``, network cached). Prints both
medians and their ratio; the bar is 2.5.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msap_geo.study import read_study

BAR = 2.5

FLOOR = """
import json, sys
from pathlib import Path
import folium, geopandas, pandas, scipy.sparse.csgraph
for name in sys.argv[1:]:
    path = Path(name)
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".csv":
        pandas.read_csv(path, dtype=str)
    elif path.suffix == ".pbf":
        geopandas.read_file(path, layer="lines")
    else:
        geopandas.read_file(path)
"""


def seconds(command: list[str]) -> float:
    """Run a command and return how long it took."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    return time.perf_counter() - begin


def main() -> None:
    """Run both by turns and print the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    study = read_study(arguments.study)
    inputs = [str(study.path(path)) for paths in study.inputs().values() for path in paths]
    floor = [sys.executable, "-c", FLOOR, *inputs]
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "msap_geo", "lancer", str(arguments.study), "--sortie", folder]
        for command in (floor, run):  # warm the file cache, the network store and the compiler
            seconds(command)
        rounds = [(seconds(floor), seconds(run)) for _ in range(arguments.rounds)]
    floors, runs = zip(*rounds, strict=True)
    ratio = statistics.median(runs) / statistics.median(floors)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"floor  (imports + same files): {statistics.median(floors):.2f} s")
    print(f"study  (warm, all outputs)   : {statistics.median(runs):.2f} s")
    print(f"ratio                        : {ratio:.2f}  (bar: {BAR:g})")
    sys.exit(ratio > BAR)


if __name__ == "__main__":
    main()
