"""Write ``docs/performance.md`` from what ``benchmarks/`` measured.

Usage::

    python benchmarks/travel.py ../shared/data/corse --json benchmarks/results/travel.json
    python benchmarks/siting.py national ../shared/data --json benchmarks/results/siting.json
    python benchmarks/siting.py spopt PYTHON --json benchmarks/results/siting.json
    python benchmarks/map.py ../shared/data --json benchmarks/results/map.json
    python benchmarks/osrm.py FILE.osm.pbf [--etude etude.toml] --json benchmarks/results/osrm.json
    python scripts/document_performance.py
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"


def page(measured: dict[str, Any], siting: dict[str, Any]) -> str:
    """Return the page."""
    facts = measured["facts"]
    rows = "\n".join(row(line) for line in measured["lines"])
    memory = "\n".join(
        f"| {bound} | {sizes['result']} MB | {sizes['peak_above_the_graph']} MB |"
        for bound, sizes in facts["memory_megabytes"].items()
    )
    graph = next(iter(facts["memory_megabytes"].values()))["graph"]
    return f"""<!-- Written by scripts/document_performance.py: do not edit. -->

# Performance

## Travel times

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

### Before the first question

| | |
|---|---|
| building the network from tables | {facts["build_seconds"]} s |
| of which the elimination order, kept in the store | {facts["order_seconds"]} s |
| opening the stored network (bar: 20 ms) | {facts["open_milliseconds"]} ms |
| first call ever, compiling (kept on disk afterwards) | {facts["first_call_seconds"]} s |

### Memory of a matrix

Above the {graph} MB of the graph and its order, for the matrix of the table.

| bound | sparse result | peak |
|---|---|---|
{memory}

About 50 MB of the peak are the threads' work arrays, twenty bytes a junction and thread; the rest
stays under one and a half times the result plus what the labels take.

### Distance to the physical limit

A sweep reads every arc of the order twice. Nearest takes
{facts["nearest_bytes_over_bandwidth"]} times what copying those bytes once would (memory bandwidth
measured in the same run); plain Dijkstra sits at about 130 times.

{siting_section(siting)}"""


def siting_section(measured: dict[str, Any]) -> str:
    """Return what siting takes on the whole of France, and against spopt."""
    national = "\n".join(national_row(line) for line in measured["national"])
    peers = "\n".join(peer_row(line) for line in measured["spopt"])
    covering = [line for line in measured["national"] if "others" in line]
    curve = max(line["curve_seconds"] for line in covering)
    below = max(line["curve_below"] for line in covering)
    others = max(line["others_seconds"] for line in covering)
    version = measured["spopt"][0]["version"]
    return f"""## Siting

Measured by `benchmarks/siting.py` on {measured["machine"]}, one thread, while the machine had other
work: the processor time is what the clock would show on an idle one. 34,870 communes, 6,845
Bureaux de Poste, the Maisons of January 2020 locked in, 500 sites. Straight lines where a kilometre
counts for a minute: an instance of the size and shape of the real one, not travel times. The gap is
between the plan and the bound proven; *of the gain*, relative to what the plan adds to today.

| instance | gap | of the gain | processor | clock | bar |
|---|---|---|---|---|---|
{national}

The whole greedy curve, from 1 to 500 sites, takes {curve:.2g} s at most and ends
{100 * below:.1f} % below the plan at worst; ten near-optimal plans, {others:.0f} s at most. The
cells are made up, around town halls. For *équité* the gap is that of the lowest share among the
départements below their ceiling; the lowest of all is at its ceiling, hence proven.

The same maximal covering instances (made up), from the cost matrix to the plan, by turns, medians
of three rounds; both find the same value.

| places × sites | ours | spopt {version}, CBC | ratio | spopt, HiGHS | ratio |
|---|---|---|---|---|---|
{peers}
"""


BARS = {"couverture": (1e-4, 60), "p-médiane": (1e-2, 600), "équité": (1e-2, 600)}
"""Gap and seconds of processor asked, by the first word of an instance; none for the cells."""


def national_row(line: dict[str, Any]) -> str:
    """Return one line of the table of the national instances."""
    name = line["name"]
    gain = "" if name.startswith("équité") else f"{100 * line['gap_of_gain']:.4f} %"
    bar = ""
    if "cellules" not in name:
        gap, seconds = BARS[name.replace(",", "").split()[0]]
        missed = line["gap"] > gap or line["processor"] > seconds
        bar = f"{100 * gap:g} % in {seconds} s{' (missed)' if missed else ''}"
    return (
        f"| {name} | {100 * line['gap']:.4f} % | {gain} | {line['processor']:.0f} s "
        f"| {line['seconds']:.0f} s | {bar} |"
    )


def peer_row(line: dict[str, Any]) -> str:
    """Return one line of the table against spopt."""
    cells = [f"{line['ours']:.3f} s"]
    for solver in ("cbc", "highs"):
        known = line.get(solver)
        if known is None:
            cells += ["does not run", ""]
            continue
        if not math.isclose(known["value"], line["value"]):
            raise ValueError(f"spopt finds {known['value']}, not {line['value']}")
        cells += [f"{known['seconds']:.2f} s", f"{known['seconds'] / line['ours']:.0f}"]
    return f"| {line['instance']} | {' | '.join(cells)} |"


def row(line: dict[str, Any]) -> str:
    """Return one line of the table."""
    missed = line["bar"] is not None and line["ratio"] < line["bar"]
    bar = "" if line["bar"] is None else f"{line['bar']:.2g}{' (missed)' if missed else ''}"
    return (
        f"| {line['question']} | {line['ours']:.3f} s | {line['peer']} | {line['theirs']:.3f} s "
        f"| {line['ratio']:.3g} | {bar} |"
    )


def map_section(weighed: dict[str, Any]) -> str:
    """Return the part of the page about the map."""
    timed = [line for line in weighed["lines"] if "plain" in line]
    rows = "\n".join(map_row(line, "plain") + "\n" + map_row(line, "simplified") for line in timed)
    (whole,) = (line for line in weighed["lines"] if "plain" not in line)
    return f"""
## Weight and speed of the map

Measured by `benchmarks/map.py` in headless Chromium on {weighed["facts"]["machine"]}, medians of
interleaved rounds ({weighed["facts"]["rounds"]}); the machine had other work (load average
{weighed["facts"]["load_average"]}), so that ratios say more than seconds. Times run from the start
of the page to the second frame after its load event, and from a zoom step to the second frame after
it. The peer is `folium.Choropleth` of the same communes and minutes, with a tooltip and nothing
else: from the boundaries as published (*plain*) or simplified as much as ours (*simplified*). Ours
also holds the Maisons, the post offices, two hundred candidates, the zones, tables and search.

| map | communes | ours | load | zoom | peer | weight | load | zoom | smaller | quicker |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

{whole["name"]}, {whole["communes"]} communes: {whole["ours"]["megabytes"]} MB.
"""


def map_row(line: dict[str, Any], peer: str) -> str:
    """Return one line of the map's table."""
    ours, theirs = line["ours"], line[peer]
    return (
        f"| {line['name']} | {line['communes']} | {ours['megabytes']} MB | {ours['load_s']} s "
        f"| {ours['zoom_s']} s | {peer} | {theirs['megabytes']} MB | {theirs['load_s']} s "
        f"| {theirs['zoom_s']} s | {theirs['smaller']} | {theirs['quicker']} |"
    )


NAMES = {"andorra-2021": "Andorra", "liechtenstein-2021": "Liechtenstein", "corse": "Corsica"}


def osrm_section(measured: dict[str, Any]) -> str:
    """Return the part of the page against OSRM: agreement, then speed."""
    pairs = "\n".join(
        pair_row(NAMES[name], line) for name, found in measured.items() for line in found["pairs"]
    )
    apart = "\n".join(
        apart_words(NAMES[name], line)
        for name, found in measured.items()
        for line in found["pairs"]
        if line["junctions"]
    )
    communes = "\n".join(communes_rows(found) for found in measured.values() if "communes" in found)
    speed = "\n".join(speed_rows(NAMES[name], found) for name, found in measured.items())
    load = [value for found in measured.values() for value in found["load"]]
    return f"""
## Against OSRM

Measured by `benchmarks/osrm.py`: OSRM (`osrm-bindings`, its own `car.lua`) and ours on the same
file. Minutes between junctions drawn at random, ours over OSRM's:

| file | median ratio | 5th–95th | mean gap | greatest gap |
|---|---|---|---|---|
{pairs}

{apart}

The bar is a median ratio within 1.5 % on Andorra and Liechtenstein: reached. How junctions are
counted is in docs/reseau.md; Corsica's file holds neither signals nor turn restrictions.

{communes}

Seconds for 5,000 places × 1,000 sites, by turns, medians of {rounds(measured)}, snapping included
on both sides; OSRM's is its bare call, before the table becomes an array (twice as long). The
machine was at work (load average {min(load):g} to {max(load):g} on two cores): processor time,
summed over cores, says more than the clock.

| file | question | ours, clock | processor | OSRM, clock | processor | ratios | bar |
|---|---|---|---|---|---|---|---|
{speed}

Where a bar is missed: ours gives metres beside minutes, of five million pairs; and a small country
is within 60 minutes whole, so that the bound saves nothing there.
"""


def pair_row(name: str, line: dict[str, Any]) -> str:
    """Return one line of the table of pairs."""
    what = f"{name}, {line['pairs']} pairs" + (
        "" if line["junctions"] else ", no delay at junctions"
    )
    low, high = line["p5_p95"]
    return (
        f"| {what} | {line['median_ratio']:.3f} | {low}–{high} "
        f"| {line['mean_gap_minutes']:.2f} min | {line['greatest_gap_minutes']:+.2f} min |"
    )


def apart_words(name: str, line: dict[str, Any]) -> str:
    """Say which pairs are more than three minutes apart."""
    if not line["apart"]:
        return f"- {name}: no pair more than 3 minutes apart."
    (least, most), (low, high) = line["apart_minutes"], line["apart_shares"]
    return (
        f"- {name}: {line['apart']} pairs more than 3 minutes apart, all trips of {least} to "
        f"{most} minutes, {100 * abs(high):.1f} to {100 * abs(low):.1f} % "
        f"{'shorter' if low < 0 else 'longer'} here: small differences that add "
        "up along the way."
    )


def rounds(measured: dict[str, Any]) -> int:
    """Return how many rounds the speed was measured in."""
    return min(found["speed"]["rounds"] for found in measured.values())


def communes_rows(found: dict[str, Any]) -> str:
    """Return what communes of a study have to their nearest Maison, here and by OSRM."""
    known = found["communes"]
    rows = "\n".join(
        f"| {line['minutes']:g} min | {line['ours']:.2f} % | {line['osrm']:.2f} % "
        f"| {line['same_side']} of {known['communes']} |"
        for line in known["thresholds"]
    )
    apart = "".join(
        f"\n- {place['name']}: {place['ours']} min against {place['osrm']} "
        f"({place['walk_minutes']} min on foot here, OSRM's road at {place['osrm_snap_m']:.0f} m)"
        for place in known["apart"]
    )
    count = len(known["apart"])
    far = f"{count} communes are" if count else "no commune is"
    return f"""Corsica's communes to their nearest Maison, OSRM given the same walks to the road:

| within | people, ours | people, OSRM | communes on the same side |
|---|---|---|---|
{rows}

Median ratio {known["median_ratio"]:.3f}; {far} more than 3 minutes apart.{apart}"""


def speed_rows(name: str, found: dict[str, Any]) -> str:
    """Return the lines of a file in the table of speed."""
    theirs = found["speed"]["osrm"]
    words = {"tout": "whole", "à 60 min": "within 60 min"}
    return "\n".join(
        f"| {name} | {words[line['question']]} | {line['clock']:.2f} s | {line['processor']:.2f} s "
        f"| {theirs['clock']:.2f} s | {theirs['processor']:.2f} s "
        f"| {line['ratio']:.2g} by the clock, {line['processor_ratio']:.2g} by the processor "
        f"| {line['bar']:g}{' (missed)' if line['ratio'] < line['bar'] else ''} |"
        for line in found["speed"]["lines"]
    )


def main() -> None:
    """Write the page."""
    travel, siting, weighed, osrm = (
        json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("travel", "siting", "map", "osrm")
    )
    text = page(travel, siting) + osrm_section(osrm) + map_section(weighed)
    PAGE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
