"""The travel engine against its peers, in one run.

Usage::

    python benchmarks/travel.py ../shared/data/corse [--copies 40] [--rounds 5] [--json out.json]

Builds the road graph of Corsica and many copies of it joined by a few long links, then asks the
same questions of every engine on the same arrays, by turns, and prints the ratio of the medians.
SciPy is always there; pandana and routingkit-cch are measured where they are installed. The bars
are printed beside the ratios; the exit code is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyproj
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from msap_geo import network, travel
from msap_geo.network.order import elimination_order

if TYPE_CHECKING:
    from collections.abc import Callable

SITES, ORIGINS, DESTINATIONS, REACHES = 3_000, 35_000, 2_500, 1_000
MATRIX_MINUTES, REACH_MINUTES = 60.0, 20.0
LONG_LINK_MINUTES = 120.0
PANDANA_MINUTES = 60.0
MEMORY_MINUTES = (60.0, 300.0)
SAMPLE = 100
"""Rows asked of the slower engines, their time scaled to the whole."""

MEMORY = f"""
import sys, numpy as np
from pathlib import Path
from msap_geo import network, travel
def peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])
net = network.open_network(Path(sys.argv[1]))
travel.matrix_nodes(net, [0], [1], max_minutes=1.0)
tables = (*net.links, *net.order)
touched = [table.sum() for table in tables]  # so that the graph is in memory beforehand
Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
before = peak()
rng = np.random.default_rng(3)
o, d = (rng.choice(net.n_nodes, n, replace=False) for n in ({ORIGINS}, {DESTINATIONS}))
times = travel.matrix_nodes(net, o, d, max_minutes=float(sys.argv[2]))
result = times.data.nbytes + times.indices.nbytes + times.indptr.nbytes
print(peak() - before, result, sum(table.nbytes for table in tables))
"""
FIRST_CALL = """
import time, pandas as pd
from msap_geo import network, travel
begin = time.perf_counter()
nodes = pd.DataFrame({"node": [0, 1], "x": [0.0, 1.0], "y": 0.0})
links = pd.DataFrame({"from": [0, 1], "to": [1, 0], "minutes": 1.0})
net = network.from_links(nodes, links, crs=2154)
travel.nearest_nodes(net, [0])
travel.matrix_nodes(net, [0], [1])
travel.reach_nodes(net, [0], minutes=1)
print(time.perf_counter() - begin)
"""


class Line(NamedTuple):
    """One line of the report."""

    question: str
    ours: float
    peer: str
    theirs: float
    bar: float | None = None

    @property
    def ratio(self) -> float:
        """How many times faster we are."""
        return self.theirs / self.ours

    @property
    def missed(self) -> bool:
        """Whether there is a bar, and we are under it."""
        return self.bar is not None and self.ratio < self.bar


def tables(folder: Path, copies: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return nodes and links of so many Corsicas in a chessboard, joined by long links."""
    nodes = pd.read_csv(folder / "roads-nodes.csv")
    links = pd.read_csv(folder / "roads-edges.csv")
    speeds = network.load_profile("voiture").speeds_kmh
    links = links[links["highway"].isin(list(speeds))]
    minutes = links["length_m"] / 1000 / links["highway"].map(speeds) * 60
    to_metres = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    x, y = to_metres.transform(nodes["lon"].to_numpy(), nodes["lat"].to_numpy())
    rank = pd.Series(np.arange(len(nodes)), index=nodes["node"])
    tail, head = (rank[links[end]].to_numpy() for end in ("from", "to"))
    n = len(nodes)
    shift = np.arange(copies) * n
    rng = np.random.default_rng(0)
    ends = rng.integers(n, size=(copies - 1, 2, 2)) + np.stack([shift[:-1], shift[1:]], -1)[:, None]
    bridges = ends.reshape(-1, 2)
    bridges = np.vstack([bridges, bridges[:, ::-1]])
    every = pd.DataFrame(
        {
            "from": np.concatenate([(tail + shift[:, None]).ravel(), bridges[:, 0]]),
            "to": np.concatenate([(head + shift[:, None]).ravel(), bridges[:, 1]]),
            "minutes": np.concatenate(
                [np.tile(minutes, copies), np.full(len(bridges), LONG_LINK_MINUTES)]
            ),
            "length_m": np.concatenate(
                [np.tile(links["length_m"], copies), np.full(len(bridges), 1000.0)]
            ),
        }
    )
    spread = pd.DataFrame(
        {
            "node": np.arange(copies * n),
            "x": np.concatenate([x + 120_000 * (i % 8) for i in range(copies)]),
            "y": np.concatenate([y + 200_000 * (i // 8) for i in range(copies)]),
        }
    )
    return spread, every


def by_turns(rounds: int, **questions: Callable[[], Any]) -> dict[str, float]:
    """Return the median seconds of each, asked in turn; a first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(rounds + 1):
        for name, ask in questions.items():
            begin = time.perf_counter()
            ask()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}


def scipy_rows(graph: csr_array, sources: np.ndarray, limit: float, columns: np.ndarray) -> int:
    """Ask SciPy for bounded rows, twenty at a time: all at once do not fit in memory."""
    found = 0
    for first in range(0, len(sources), 20):
        rows = dijkstra(graph, indices=sources[first : first + 20], limit=limit)
        found += int(np.isfinite(rows[:, columns]).sum())
    return found


def scipy_lines(net: network.RoadNetwork, prepared: float, rounds: int) -> list[Line]:
    """Compare with SciPy's csgraph, on the same arrays."""
    n, rng = net.n_nodes, np.random.default_rng(1)
    forward = csr_array((net.links.minutes, net.links.head, net.links.start), shape=(n, n))
    backward = csr_array((net.reverse.minutes, net.reverse.head, net.reverse.start), shape=(n, n))
    sites, origins, destinations, starts = (
        rng.choice(n, size, replace=False) for size in (SITES, ORIGINS, DESTINATIONS, REACHES)
    )
    near = by_turns(
        rounds,
        ours=lambda: travel.nearest_nodes(net, sites),
        three=lambda: travel.nearest_nodes(net, sites, k=3),
        scipy=lambda: dijkstra(backward, indices=sites, min_only=True),
    )
    table = by_turns(
        rounds,
        ours=lambda: travel.matrix_nodes(net, origins, destinations, max_minutes=MATRIX_MINUTES),
        scipy=lambda: scipy_rows(backward, destinations[:SAMPLE], MATRIX_MINUTES, origins),
    )
    reach = by_turns(
        rounds,
        ours=lambda: travel.reach_nodes(net, starts, minutes=REACH_MINUTES),
        scipy=lambda: scipy_rows(forward, starts[:SAMPLE], REACH_MINUTES, starts),
    )
    ours, theirs = near["ours"], near["scipy"]
    return [
        Line(f"nearest of {SITES:,}, every node", ours, "SciPy", theirs, 4),
        Line("the same, making the order first", ours + prepared, "SciPy", theirs),
        Line("3 nearest", near["three"], "our nearest", ours, 1 / 4),
        Line(
            f"matrix {ORIGINS:,} × {DESTINATIONS:,}, {MATRIX_MINUTES:g} min",
            table["ours"],
            "SciPy",
            table["scipy"] * DESTINATIONS / SAMPLE,
            8,
        ),
        Line(
            f"{REACHES:,} reaches of {REACH_MINUTES:g} min",
            reach["ours"],
            "SciPy",
            reach["scipy"] * REACHES / SAMPLE,
            12,
        ),
    ]


def peer_lines(net: network.RoadNetwork, rounds: int) -> list[Line]:
    """Compare with pandana and routingkit-cch where they are installed."""
    lines: list[Line] = []
    rng = np.random.default_rng(1)
    sites = rng.choice(net.n_nodes, SITES, replace=False)
    tail = np.repeat(np.arange(net.n_nodes), np.diff(net.links.start))
    if importlib.util.find_spec("pandana"):
        import pandana  # noqa: PLC0415

        begin = time.perf_counter()
        theirs = pandana.Network(
            pd.Series(net.x),
            pd.Series(net.y),
            pd.Series(tail),
            pd.Series(net.links.head.astype(np.int64)),
            pd.DataFrame({"minutes": net.links.minutes}),
            twoway=False,
        )
        made = time.perf_counter() - begin
        theirs.set_pois("s", PANDANA_MINUTES, 1, pd.Series(net.x[sites]), pd.Series(net.y[sites]))
        taken = by_turns(
            rounds,
            ours=lambda: travel.nearest_nodes(net, sites, max_minutes=PANDANA_MINUTES),
            pandana=lambda: theirs.nearest_pois(PANDANA_MINUTES, "s", num_pois=1),
        )
        lines += [
            Line(
                f"nearest of {SITES:,} within {PANDANA_MINUTES:g} min",
                taken["ours"],
                f"pandana (made in {made:.0f} s)",
                taken["pandana"],
                20,
            )
        ]
    if importlib.util.find_spec("routingkit_cch"):
        lines += cch_lines(net, tail, rounds)
    return lines


def cch_lines(net: network.RoadNetwork, tail: np.ndarray, rounds: int) -> list[Line]:
    """Compare repeated matrices with routingkit-cch, its order made beforehand."""
    import routingkit_cch as rk  # noqa: PLC0415

    rng = np.random.default_rng(2)
    origins = rng.choice(net.n_nodes, ORIGINS, replace=False)
    destinations = rng.choice(net.n_nodes, DESTINATIONS, replace=False)
    heads = net.links.head.astype(np.uint32).tolist()
    tails = tail.astype(np.uint32).tolist()
    begin = time.perf_counter()
    order = rk.compute_order_inertial(net.n_nodes, tails, heads, net.x.tolist(), net.y.tolist())
    cch = rk.CCH(order, tails, heads, filter_always_inf_arcs=False)
    metric = rk.CCHMetric(cch, np.round(net.links.minutes * 1e4).astype(np.int64).tolist())
    made = time.perf_counter() - begin
    query = rk.CCHManyToOne(metric, origins.tolist())

    def theirs() -> None:
        for destination in destinations[:SAMPLE].tolist():
            query.distances_to(destination)

    taken = by_turns(
        rounds,
        ours=lambda: travel.matrix_nodes(net, origins, destinations, max_minutes=MATRIX_MINUTES),
        cch=theirs,
    )
    return [
        Line(
            f"matrix {ORIGINS:,} × {DESTINATIONS:,}",
            taken["ours"],
            f"routingkit-cch (made in {made:.0f} s)",
            taken["cch"] * DESTINATIONS / SAMPLE,
            1 / 1.5,
        )
    ]


def stored(net: network.RoadNetwork) -> dict[str, Any]:
    """Return seconds to open the stored network, and the memory of matrices asked of it."""
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "reseau"
        network.save_network(net, store)
        opened = by_turns(9, open=lambda: network.open_network(store))["open"]
        return {
            "open_milliseconds": round(1000 * opened, 1),
            "first_call_seconds": round(float(alone(FIRST_CALL, NUMBA_CACHE_DIR=name)), 1),
            "memory_megabytes": {
                f"{bound:g} min": megabytes(alone(MEMORY, str(store), str(bound)))
                for bound in MEMORY_MINUTES
            },
        }


def megabytes(printed: str) -> dict[str, float]:
    """Name what the memory process printed, in megabytes."""
    names = ("peak_above_the_graph", "result", "graph")
    sizes = (round(int(size) / 1e6, 1) for size in printed.split())
    return dict(zip(names, sizes, strict=True))


def alone(code: str, *arguments: str, **environment: str) -> str:
    """Run code in a process of its own and return what it prints."""
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    ).stdout


def bandwidth() -> float:
    """Return bytes a second read and written by copying 200 MB."""
    source = np.ones(25_000_000)
    target = np.empty_like(source)
    return 2 * source.nbytes / by_turns(5, copy=lambda: np.copyto(target, source))["copy"]


def tell(lines: list[Line], facts: dict[str, Any]) -> None:
    """Print the report."""
    for name, fact in facts.items():
        print(f"{name}: {fact}")
    for line in lines:
        bar = "" if line.bar is None else f"  bar {line.bar:.2g}{' MISSED' if line.missed else ''}"
        print(
            f"{line.question:42} {line.ours:8.3f} s  {line.peer:32} {line.theirs:8.3f} s  "
            f"ratio {line.ratio:6.1f}{bar}"
        )


def main() -> None:
    """Measure, print, tell by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corse", type=Path)
    parser.add_argument("--copies", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    nodes, links = tables(arguments.corse, arguments.copies)
    compiling = pd.DataFrame({"from": [0], "to": [1], "minutes": 1.0})
    network.from_links(nodes.iloc[:2], compiling, crs=2154)
    begin = time.perf_counter()
    net = network.from_links(nodes, links, crs=2154)
    build = time.perf_counter() - begin
    begin = time.perf_counter()
    elimination_order(net.links, net.reverse)
    prepared = time.perf_counter() - begin
    lines = [*scipy_lines(net, prepared, arguments.rounds), *peer_lines(net, arguments.rounds)]
    facts = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}",
        "graph": f"{net.n_nodes} nodes, {net.n_links} directed links",
        "build_seconds": round(build, 2),
        "order_seconds": round(prepared, 2),
        **stored(net),
    }
    graph = sum(table.nbytes for table in net.order)
    facts["nearest_bytes_over_bandwidth"] = round(lines[0].ours / (graph / bandwidth()), 1)
    tell(lines, facts)
    if arguments.json:
        content = {
            "facts": facts,
            "lines": [{**line._asdict(), "ratio": line.ratio} for line in lines],
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    sys.exit(any(line.missed for line in lines))


if __name__ == "__main__":
    main()
