"""Write ``docs/performance.md`` from what ``benchmarks/travel.py --json`` measured.

Usage::

    python benchmarks/travel.py ../shared/data/corse --json benchmarks/results/travel.json
    python scripts/document_performance.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "travel.json"
PAGE = ROOT / "docs" / "performance.md"


def page(measured: dict[str, Any]) -> str:
    """Return the page."""
    facts = measured["facts"]
    rows = "\n".join(row(line) for line in measured["lines"])
    memory = "\n".join(
        f"| {bound} | {sizes['result']} MB | {sizes['peak_above_the_graph']} MB |"
        for bound, sizes in facts["memory_megabytes"].items()
    )
    graph = next(iter(facts["memory_megabytes"].values()))["graph"]
    return f"""<!-- Written by scripts/document_performance.py: do not edit. -->

# Performance of the travel engine

Measured by `benchmarks/travel.py` on {facts["machine"]}.
Graph: {facts["graph"]}, forty copies of Corsica's roads joined by a few long links.
Medians of interleaved rounds in one process, on the same arrays; the machine had other work. A
ratio above 1 means that we are that many times faster; the benchmark's exit code is 1 when a bar is
missed.

| question | ours | peer | theirs | ratio | bar |
|---|---|---|---|---|---|
{rows}

SciPy and routingkit-cch are asked for a hundred rows, scaled to the whole. SciPy's rows are bounded
by the same minutes; routingkit-cch has no bound, so its matrix is whole where ours stops.

## Before the first question

| | |
|---|---|
| building the network from tables | {facts["build_seconds"]} s |
| of which the elimination order, kept in the store | {facts["order_seconds"]} s |
| opening the stored network (bar: 20 ms) | {facts["open_milliseconds"]} ms |
| first call ever, compiling (kept on disk afterwards) | {facts["first_call_seconds"]} s |

## Memory of a matrix

Above the {graph} MB of the graph and its order, for the matrix of the table.

| bound | sparse result | peak |
|---|---|---|
{memory}

About 50 MB of the peak are the threads' work arrays, twenty bytes a junction and thread; the rest
stays under one and a half times the result plus what the labels take.

## Distance to the physical limit

A sweep reads every arc of the order twice. Nearest takes
{facts["nearest_bytes_over_bandwidth"]} times what copying those bytes once would (memory bandwidth
measured in the same run); plain Dijkstra sits at about 130 times.
"""


def row(line: dict[str, Any]) -> str:
    """Return one line of the table."""
    missed = line["bar"] is not None and line["ratio"] < line["bar"]
    bar = "" if line["bar"] is None else f"{line['bar']:.2g}{' (missed)' if missed else ''}"
    return (
        f"| {line['question']} | {line['ours']:.3f} s | {line['peer']} | {line['theirs']:.3f} s "
        f"| {line['ratio']:.3g} | {bar} |"
    )


def main() -> None:
    """Write the page."""
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(page(measured), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
