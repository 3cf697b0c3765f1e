"""A country's cells, a département at a time: memory follows the part, not the country.

Usage::

    python benchmarks/cells.py ../shared/data/france [--cells 2300000] [--json FILE]

Cells are made: as many in each commune as it has people, in proportion, strewn over its outline
(INSEE's grid of 200 m has 2.3 million inhabited ones). Estimated network of the métropole, Maisons
of August 2024, every Bureau de Poste. For each département: nearest Maison of every cell, trips to
the offices it may use, what each office would bring; then coverage and zones blanches by commune,
and the offices rated by the whole country's people. Bars: 6 GiB, ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from campaign import PATTERN

from msap_geo import coverage, network, schemas, siting, travel
from msap_geo.study import read_study, run_study
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msap_geo.study import StudyResult

BAR_GIB, BAR_SECONDS = 6.0, 600.0
THRESHOLDS = (20.0, 30.0)


def memory_gib(name: str) -> float:
    """Return a figure of this process's memory: ``VmRSS``, or ``VmHWM``, the most it was."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) / 2**20


def country(folder: Path) -> StudyResult:
    """Run the study of the métropole."""
    codes = ", ".join(f'"{code}"' for code in DEPARTEMENTS if len(code) == len("48"))
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "etude.toml"
        text = PATTERN.format(folder=folder.resolve().as_posix())
        path.write_text(text.replace('"48"', codes), encoding="utf-8")
        return run_study(read_study(path))


def cells_of(communes: gpd.GeoDataFrame, share: float, seed: int) -> gpd.GeoDataFrame:
    """Strew the people of communes over their outlines, in so many cells a person."""
    drawn = communes[communes.geometry.notna()].reset_index(drop=True)
    people = drawn["population"].to_numpy(dtype=np.int64)
    count = np.maximum(np.rint(people * share).astype(np.int64), 1)
    of = np.repeat(np.arange(len(drawn)), count)
    rank = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    outlines = drawn.geometry.to_numpy()
    shapely.prepare(outlines)
    west, south, east, north = shapely.bounds(outlines).T
    rng = np.random.default_rng(seed)
    x, y = np.empty(len(of)), np.empty(len(of))
    left = np.arange(len(of))
    while len(left):
        at = of[left]
        x[left] = rng.uniform(west[at], east[at])
        y[left] = rng.uniform(south[at], north[at])
        left = left[~shapely.contains_xy(outlines[at], x[left], y[left])]
    code = drawn["code_insee"].to_numpy(dtype=object)[of]
    return gpd.GeoDataFrame(
        {
            "demand_id": code + "-" + rank.astype(str).astype(object),
            "code_insee": code,
            "population": people[of] // count[of] + (rank < people[of] % count[of]),
            "origine": "carreau",
        },
        geometry=shapely.points(x, y),
        crs=communes.crs,
    )


def near(offices: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, belt: float) -> gpd.GeoDataFrame:
    """Keep the offices that a trip from these cells may reach."""
    west, south, east, north = cells.total_bounds
    x, y = offices.geometry.x, offices.geometry.y
    inside = x.between(west - belt, east + belt) & y.between(south - belt, north + belt)
    return offices[inside].reset_index(drop=True)


def parts(
    result: StudyResult, share: float, every: gpd.GeoDataFrame, to_maison: pd.DataFrame
) -> Iterator[tuple[int, pd.DataFrame, pd.DataFrame, int]]:
    """Yield, for each département: cells, figures of its communes, of offices, trips kept."""
    communes, roads = result.communes, result.roads
    for seed, (_, here) in enumerate(communes.groupby("departement", sort=True)):
        cells = cells_of(here, share, seed)
        nearest = travel.nearest(roads, cells, result.maisons)
        places = coverage.access_by_place(cells, nearest)
        within = {
            f"couverts_{limit:g}": places["population"].where(places["minutes"] <= limit, 0)
            for limit in THRESHOLDS
        }
        sums = pd.DataFrame({"population": places["population"], **within})
        by_commune = sums.groupby(places["code_insee"]).sum()
        median = coverage.minutes_by_commune({"carreaux": places}, here)["carreaux"]
        bound = siting.longest_useful_trip(places, threshold=THRESHOLDS[0])
        offices = near(every, cells, network.belt_m(roads, bound))
        times = travel.matrix(roads, cells, offices, max_minutes=bound)
        mine = to_maison[to_maison["demand_id"].isin(offices["site_id"])]
        brought = siting.measure_places(
            offices, places, times, mine.reset_index(drop=True), threshold=THRESHOLDS[0]
        )
        yield len(cells), by_commune.join(median), brought, times.minutes.nnz


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("france", type=Path)
    parser.add_argument("--cells", type=int, default=2_300_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    clock, processor = time.perf_counter(), time.process_time()
    result = country(arguments.france)
    read = time.process_time() - processor
    print(
        f"country read and measured by commune: {read:.0f} s, {memory_gib('VmHWM'):.2f} GiB at most"
    )
    people = int(result.communes["population"].sum())
    share = arguments.cells / people
    bureaux = result.la_poste["genre"] == "Bureau de Poste"
    offices = result.la_poste[bureaux].reset_index(drop=True)
    places = offices.assign(demand_id=offices["site_id"])
    to_maison = travel.nearest(result.roads, places, result.maisons)
    told, rated, cells, trips = [], [], 0, 0
    for n, by_commune, brought, kept in parts(result, share, offices, to_maison):
        told.append(by_commune)
        rated.append(brought)
        cells, trips = cells + n, trips + kept
    communes = pd.concat(told).reindex(result.access["code_insee"])
    by_cells = result.access.assign(
        minutes=communes["carreaux"].to_numpy(),
        palier=coverage.classify(
            communes["carreaux"].reset_index(drop=True), thresholds=THRESHOLDS
        ),
    )
    zones = coverage.zones_blanches(result.communes, by_cells, threshold=THRESHOLDS[0])
    measures = siting.added(rated)
    ranking = siting.rank(measures, siting.WEIGHTS)
    ordered = offices.set_index("site_id", drop=False).loc[measures.index]
    best = siting.scored(ordered.reset_index(drop=True), measures, ranking)
    schemas.check(best, schemas.CANDIDATES)
    figures: dict[str, Any] = {
        "cells": cells,
        "trips": trips,
        "offices": len(best),
        "people": int(communes["population"].sum()),
        "within": {f"{t:g}": int(communes[f"couverts_{t:g}"].sum()) for t in THRESHOLDS},
        "zones": len(zones),
        "best": best["nom"].head(3).tolist(),
        "read_seconds": round(read, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "clock_seconds": round(time.perf_counter() - clock, 1),
        "peak_gib": round(memory_gib("VmHWM"), 2),
        "load": round(os.getloadavg()[0], 1),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if arguments.json:
        known = json.loads(arguments.json.read_text("utf-8")) if arguments.json.is_file() else {}
        known["cells"] = figures
        arguments.json.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    missed = figures["peak_gib"] > BAR_GIB or figures["processor_seconds"] > BAR_SECONDS
    raise SystemExit(int(missed))


if __name__ == "__main__":
    main()
