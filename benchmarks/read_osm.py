"""Reading an OpenStreetMap file against its floor: a bare pyosmium pass over the same file.

Usage::

    python benchmarks/read_osm.py carte.osm.pbf [...] [--rounds 7] [--tiles 20]

By turns, in one process: the *bare* pass (a ``SimpleHandler`` that counts the ways, with the
places of nodes: the quickest form pyosmium offers in Python), our *parse* (``read_roads``: tags
understood, nodes placed) and our *read* (``read_osm``: also projected, cut at junctions, connected,
ordered). Then the peak memory of each, in a process of its own, above what a first small file took.
``--tiles`` also reads a file made of so many shifted copies of the last one given. The bar is a
parse within twice the bare pass.
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
from typing import TYPE_CHECKING

import osmium

from msap_geo import network
from msap_geo.network.osm.files import read_roads

if TYPE_CHECKING:
    from collections.abc import Callable

BAR = 2.0
_EPSG = 2154


class _Count(osmium.SimpleHandler):
    def __init__(self) -> None:
        super().__init__()
        self.ways = 0

    def way(self, _: object) -> None:
        """Count it."""
        self.ways += 1


def bare(path: Path) -> int:
    """Pass over a file with pyosmium, node locations on, counting ways."""
    handler = _Count()
    handler.apply_file(str(path), locations=True)
    return handler.ways


def parse(path: Path) -> int:
    """Read the roads of a file as arrays."""
    return len(read_roads(path, network.load_profile("voiture")).way)


def read(path: Path) -> int:
    """Read a file to a network."""
    return network.read_osm(path, network.load_profile("voiture"), epsg=_EPSG).n_nodes


PASSES: tuple[Callable[[Path], int], ...] = (bare, parse, read)


def medians(path: Path, rounds: int) -> list[float]:
    """Run every pass by turns; return the median of each, seconds."""
    for one in PASSES:  # warm the file cache and the compiler
        one(path)
    times: list[list[float]] = [[] for _ in PASSES]
    for _ in range(rounds):
        for one, kept in zip(PASSES, times, strict=True):
            begin = time.perf_counter()
            one(path)
            kept.append(time.perf_counter() - begin)
    return [statistics.median(kept) for kept in times]


_MEMORY = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import read_osm
def held(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1])
work = getattr(read_osm, {name!r})
work(Path({small!r}))
before = held("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # start the peak afresh
work(Path({path!r}))
print(held("VmHWM") - before)
"""


def peak_mb(one: Callable[[Path], int], path: Path, small: Path) -> float:
    """Return what a pass adds to the memory of a process that has already read a small file.

    Linux tells it; elsewhere the answer is not a number.
    """
    if not Path("/proc/self/clear_refs").exists():
        return float("nan")
    code = _MEMORY.format(
        folder=str(Path(__file__).parent), name=one.__name__, path=str(path), small=str(small)
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # noqa: S603
    return int(run.stdout) / 1024


def tile(path: Path, copies: int, target: Path) -> Path:
    """Write a file of shifted copies of another, sorted as an extract is."""
    with osmium.SimpleWriter(str(target)) as writer:
        for kind in (osmium.osm.NODE, osmium.osm.WAY):
            for copy in range(copies):
                shift = copy * 10**11
                for item in osmium.FileProcessor(str(path), kind):
                    if item.is_node():
                        place = (item.lon, item.lat + copy * 1e-7)
                        writer.add_node(item.replace(id=item.id + shift, location=place))
                    else:
                        refs = [node.ref + shift for node in item.nodes]
                        writer.add_way(item.replace(id=item.id + shift, nodes=refs))
    return target


def main() -> None:
    """Print the ratio of each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tiles", type=int, default=0)
    arguments = parser.parse_args()
    cores = os.cpu_count()
    print(f"machine: {platform.machine()}, {cores} cores, Python {sys.version.split()[0]}")
    print("file, MB | bare s | parse s (ratio) | read s (ratio) | peak MB bare, parse, read")
    small = min(arguments.files, key=lambda path: path.stat().st_size)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        files = list(arguments.files)
        if arguments.tiles:
            big = Path(folder) / f"{arguments.tiles}x-{files[-1].name}"
            files.append(tile(files[-1], arguments.tiles, big))
        for path in files:
            floor, parsed, whole = medians(path, arguments.rounds)
            memory = ", ".join(f"{peak_mb(one, path, small):.0f}" for one in PASSES)
            missed |= parsed > BAR * floor
            print(
                f"{path.name}, {path.stat().st_size / 1e6:.1f} | {floor:.3f} | "
                f"{parsed:.3f} ({parsed / floor:.2f}) | {whole:.3f} ({whole / floor:.2f}) | "
                f"{memory}",
                flush=True,
            )
    print(f"bar: parse within {BAR:g} times the bare pass: {'missed' if missed else 'met'}")
    sys.exit(missed)


if __name__ == "__main__":
    main()
