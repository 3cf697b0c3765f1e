"""How time and memory grow with junctions, places, sites, minutes and openings.

Usage::

    python benchmarks/growth.py ../shared/data/corse [--only junctions places …] [--json FILE]
        [--plot FILE]

Four sizes of each, on copies of Corsica's roads joined in a chain: each is measured in a process of
its own, one at a time, on the clock and in processor seconds (on a machine at work, read the
second), with the most memory it held. ``random`` joins forty copies by thirty random long links
each, against SciPy in the same process. ``--json`` adds to what the file holds; the slopes printed
are those of the log-log plot between its last two sizes: 1 is as many times longer as larger.
``--only`` without an axis draws what the file holds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from travel import LONG_LINK_MINUTES, tables

from msap_geo import network, siting, travel
from msap_geo.network.order import elimination_order

if TYPE_CHECKING:
    from collections.abc import Callable

AXES = {
    "junctions": (8, 32, 128, 320),
    "places": (10_000, 100_000, 1_000_000, 2_300_000),
    "sites": (30, 300, 3_000, 30_000),
    "minutes": (10, 20, 40, 80),
    "openings": (3, 10, 30, 100),
    "random": (40,),
}
"""Sizes of each axis; those of ``junctions`` and ``random`` are copies of Corsica."""

USUAL_COPIES, USUAL_SITES, USUAL_PLACES, USUAL_MINUTES = 40, 3_000, 35_000, 20.0
RANDOM_LINKS = 30
ROUNDS = 5
MEGA = 1e6


def peak_mb() -> float:
    """Return the most memory this process has held, megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(1024 * int(status.split("VmHWM:")[1].split()[0]) / MEGA, 1)


def measured(ask: Callable[[], Any], *, rounds: int = 1) -> dict[str, float]:
    """Return seconds of processor and on the clock: the median of rounds after the first."""
    taken = []
    for _ in range(rounds):
        clock, processor = time.perf_counter(), time.process_time()
        ask()
        taken.append((time.process_time() - processor, time.perf_counter() - clock))
    kept = taken[1:] or taken
    names = ("processor", "clock")
    return {
        name: round(statistics.median(values), 4)
        for name, values in zip(names, zip(*kept, strict=True), strict=True)
    }


def compiled() -> None:
    """Load the compiled code, so that no size pays for it."""
    nodes = pd.DataFrame({"node": [0, 1], "x": [0.0, 1.0], "y": 0.0})
    links = pd.DataFrame({"from": [0, 1], "to": [1, 0], "minutes": 1.0})
    net = network.from_links(nodes, links, crs=2154)
    elimination_order(net.links, net.reverse)
    travel.nearest_nodes(net, [0])
    travel.matrix_nodes(net, [0], [1], max_minutes=1.0)


def made(corse: Path, copies: int, store: Path) -> dict[str, Any]:
    """Prepare a network from its tables, and store it."""
    compiled()
    nodes, links = tables(corse, copies)
    kept: dict[str, network.RoadNetwork] = {}

    def build() -> None:
        kept["net"] = network.from_links(nodes, links, crs=2154)

    prepared = measured(build)
    net = kept["net"]
    order = measured(lambda: elimination_order(net.links, net.reverse))
    saved = measured(lambda: network.save_network(net, store))
    return {
        "junctions": net.n_nodes,
        "links": net.n_links,
        "prepare": prepared,
        "order": order,
        "save": saved,
        "prepare_peak_mb": peak_mb(),
        "store_mb": round(sum(p.stat().st_size for p in store.rglob("*")) / MEGA, 1),
    }


def asked_of(store: Path) -> dict[str, Any]:
    """Open a stored network and ask it for the nearest of three thousand sites."""
    compiled()
    opened = measured(lambda: network.open_network(store), rounds=ROUNDS)
    net = network.open_network(store)
    sites = np.random.default_rng(1).choice(net.n_nodes, USUAL_SITES, replace=False)
    near = measured(lambda: travel.nearest_nodes(net, sites), rounds=ROUNDS)
    return {"open": opened, "nearest": near, "peak_mb": peak_mb()}


def points(net: network.RoadNetwork, name: str, n: int, seed: int) -> gpd.GeoDataFrame:
    """Return points a few hundred metres from random junctions."""
    rng = np.random.default_rng(seed)
    at = rng.integers(net.n_nodes, size=n)
    x, y = (table[at] + rng.normal(0, 200, n) for table in (net.x, net.y))
    ids = np.char.zfill(np.arange(n).astype(str), 8).astype(object)
    return gpd.GeoDataFrame({name: ids}, geometry=gpd.points_from_xy(x, y), crs=net.epsg)


def by_places(store: Path, size: int) -> dict[str, Any]:
    """Find the nearest of three thousand sites from tables of points."""
    compiled()
    net = network.open_network(store)
    sites = points(net, "site_id", USUAL_SITES, 1)
    travel.nearest(net, points(net, "demand_id", 100, 3), sites)
    places = points(net, "demand_id", size, 2)
    before = peak_mb()
    found = measured(lambda: travel.nearest(net, places, sites))
    return {"size": size, **found, "peak_mb": peak_mb(), "before_mb": before}


def by_matrix(store: Path, n_sites: int, minutes: float) -> dict[str, Any]:
    """Compute every trip from thirty-five thousand junctions to sites within some minutes."""
    compiled()
    net = network.open_network(store)
    rng = np.random.default_rng(1)
    places = rng.choice(net.n_nodes, USUAL_PLACES, replace=False)
    sites = rng.choice(net.n_nodes, n_sites, replace=False)
    travel.nearest_nodes(net, sites)  # so that the graph is in memory beforehand
    near = measured(lambda: travel.nearest_nodes(net, sites), rounds=3)
    kept: dict[str, Any] = {}

    def ask() -> None:
        kept["times"] = travel.matrix_nodes(net, places, sites, max_minutes=minutes)

    found = measured(ask, rounds=3)
    return {"trips": int(kept["times"].nnz), "nearest": near, **found, "peak_mb": peak_mb()}


def by_openings(store: Path, number: int) -> dict[str, Any]:
    """Choose so many openings among 2,500 for thirty-five thousand places, with the proof."""
    net = network.open_network(store)
    rng = np.random.default_rng(1)
    places = rng.choice(net.n_nodes, USUAL_PLACES, replace=False)
    sites = rng.choice(net.n_nodes, 2_500, replace=False)
    table = travel.matrix_nodes(net, places, sites, max_minutes=USUAL_MINUTES)
    names = [np.char.zfill(np.arange(n).astype(str), 8) for n in table.shape]
    times = travel.TravelTimes(*map(pd.Index, names), table, table, USUAL_MINUTES)
    people = pd.Series(rng.integers(20, 2_000, USUAL_PLACES))
    problem = siting.make_problem(times, people, pd.Series(np.full(USUAL_PLACES, np.nan)))
    kept: dict[str, siting.Plan] = {}

    def ask() -> None:
        kept["plan"] = siting.maximal_covering(
            problem,
            siting.Rules(count=number),
            thresholds=[USUAL_MINUTES],
            effort=siting.Effort(seconds=300, gap=1e-4),
        )

    found = measured(ask)
    return {"size": number, **found, "gap": round(kept["plan"].gap, 7), "peak_mb": peak_mb()}


def joined_at_random(corse: Path, copies: int) -> dict[str, Any]:
    """Compare with SciPy where thirty random long links leave each copy."""
    compiled()
    nodes, links = tables(corse, copies)
    n, rng = len(nodes) // copies, np.random.default_rng(5)
    tail = np.repeat(np.arange(copies) * n, RANDOM_LINKS) + rng.integers(
        n, size=copies * RANDOM_LINKS
    )
    head = rng.integers(len(nodes), size=copies * RANDOM_LINKS)
    both = np.concatenate([np.stack([tail, head]), np.stack([head, tail])], axis=1)
    more = pd.DataFrame(
        {"from": both[0], "to": both[1], "minutes": LONG_LINK_MINUTES, "length_m": 1000.0}
    )
    kept: dict[str, network.RoadNetwork] = {}

    def build() -> None:
        kept["net"] = network.from_links(nodes, pd.concat([links, more]), crs=2154)

    prepared = measured(build)
    net = kept["net"]
    back = csr_array(
        (net.reverse.minutes, net.reverse.head, net.reverse.start), shape=(net.n_nodes,) * 2
    )
    sites = np.random.default_rng(1).choice(net.n_nodes, USUAL_SITES, replace=False)
    seconds: dict[str, list[float]] = {"ours": [], "scipy": []}
    for _ in range(ROUNDS + 1):
        for name, ask in (
            ("ours", lambda: travel.nearest_nodes(net, sites)),
            ("scipy", lambda: dijkstra(back, indices=sites, min_only=True)),
        ):
            begin = time.process_time()
            ask()
            seconds[name].append(time.process_time() - begin)
    ours, theirs = (statistics.median(taken[1:]) for taken in seconds.values())
    return {
        "junctions": net.n_nodes,
        "links": net.n_links,
        "core": net.n_nodes - len(net.order.parent),
        "arcs": len(net.order.head),
        "prepare": prepared,
        "ours": round(ours, 4),
        "scipy": round(theirs, 4),
        "ratio": round(theirs / ours, 2),
    }


def child(axis: str, size: int, corse: Path, store: Path) -> dict[str, Any]:
    """Measure one size of one axis, in this process."""
    ask: dict[str, Callable[[], dict[str, Any]]] = {
        "made": lambda: made(corse, size, store),
        "junctions": lambda: asked_of(store),
        "places": lambda: by_places(store, size),
        "sites": lambda: {"size": size, **by_matrix(store, size, USUAL_MINUTES)},
        "minutes": lambda: {"size": size, **by_matrix(store, 2_500, float(size))},
        "openings": lambda: by_openings(store, size),
        "random": lambda: joined_at_random(corse, size),
    }
    return ask[axis]()


def alone(axis: str, size: int, corse: Path, store: Path) -> dict[str, Any]:
    """Measure one size in a process of its own."""
    told = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, __file__, str(corse), "--child", axis, str(size), str(store)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    print(f"{axis} {size:,}: {found}", flush=True)
    return found


def measure(
    corse: Path,
    axes: list[str],
    room: Path,
    keep: Callable[[dict[str, list[dict[str, Any]]]], None],
) -> dict[str, list[dict[str, Any]]]:
    """Measure the axes asked for; what is measured is kept at once."""
    found: dict[str, list[dict[str, Any]]] = {}
    usual = room / "usual"
    if {"places", "sites", "minutes", "openings"} & set(axes):
        alone("made", USUAL_COPIES, corse, usual)
    for axis in axes:
        found[axis] = []
        for size in AXES[axis]:
            store, told = usual, {}
            if axis == "junctions":
                store = room / f"copies-{size}"
                told = alone("made", size, corse, store)
            found[axis].append({**told, **alone(axis, size, corse, store)})
            keep(found)
            if axis == "junctions":
                for path in store.rglob("*"):
                    path.unlink()
    return found


LINES = (
    ("junctions", "junctions", "prepare", "préparation, par carrefour"),
    ("junctions", "junctions", "nearest", "la plus proche de 3 000, par carrefour"),
    ("places", "size", "", "la plus proche de 3 000, par lieu"),
    ("sites", "size", "", "matrice de 35 000 lieux à 20 min, par site"),
    ("sites", "size", "nearest", "la plus proche, par site"),
    ("minutes", "trips", "", "matrice 35 000 × 2 500, par trajet (10 à 80 min)"),
    ("openings", "size", "", "plan prouvé, par ouverture"),
)
MEMORY = (
    ("junctions", "junctions", "prepare_peak_mb", "préparation, par carrefour"),
    ("junctions", "junctions", "peak_mb", "la plus proche, par carrefour"),
    ("places", "size", "peak_mb", "la plus proche, par lieu"),
    ("sites", "size", "peak_mb", "matrice, par site"),
    ("minutes", "trips", "peak_mb", "matrice, par trajet"),
)


def curve(
    results: dict[str, list[dict[str, Any]]], axis: str, across: str, key: str
) -> tuple[list[float], list[float]]:
    """Return sizes and seconds of processor, or megabytes, of a line."""
    rows = results.get(axis, [])
    sizes = [float(row[across]) for row in rows]
    if key.endswith("_mb"):
        return sizes, [float(row[key]) for row in rows]
    return sizes, [float((row[key] if key else row)["processor"]) for row in rows]


def slope(sizes: list[float], values: list[float]) -> float:
    """Return the slope of the last part of a log-log line."""
    return float(np.log(values[-1] / values[-2]) / np.log(sizes[-1] / sizes[-2]))


def plot(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw the log-log lines."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    figure, sides = plt.subplots(1, 2, figsize=(13, 5.6), layout="constrained")
    for side, lines, unit in (
        (sides[0], LINES, "secondes de processeur"),
        (sides[1], MEMORY, "mémoire au plus, en Mo"),
    ):
        for mark, (axis, across, key, words) in zip("os^vDPX", lines, strict=False):
            sizes, values = curve(results, axis, across, key)
            if len(sizes) > 1:
                told = f"{words} (pente {slope(sizes, values):.2f})".replace(".", ",")
                side.loglog(sizes, values, marker=mark, label=told)
        side.set_xlabel("carrefours, lieux, sites, trajets ou ouvertures")
        side.set_ylabel(unit)
        side.grid(visible=True, which="major", alpha=0.4)
        side.legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Measure, print, keep, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corse", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(AXES), default=list(AXES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--child", nargs=3, metavar=("AXIS", "SIZE", "STORE"))
    arguments = parser.parse_args()
    if arguments.child:
        axis, size, store = arguments.child
        print(json.dumps(child(axis, int(size), arguments.corse, Path(store))))
        return
    known: dict[str, Any] = {}
    if arguments.json and arguments.json.is_file():
        known = json.loads(arguments.json.read_text(encoding="utf-8"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"

    def keep(results: dict[str, list[dict[str, Any]]]) -> None:
        known.update({**results, "machine": machine, "load": round(os.getloadavg()[0], 1)})
        if arguments.json:
            arguments.json.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")

    if arguments.only:
        with tempfile.TemporaryDirectory() as room:
            results = measure(arguments.corse, arguments.only, Path(room), keep)
    else:
        results = known
    for axis, across, key, words in (*LINES, *MEMORY):
        sizes, values = curve(results, axis, across, key)
        if len(sizes) > 1:
            print(f"{words}, {key or 'processor'}: slope {slope(sizes, values):.2f}")
    if arguments.plot:
        plot(known, arguments.plot)


if __name__ == "__main__":
    main()
