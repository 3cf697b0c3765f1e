"""Held against OSRM on the same file: agreement of communes and pairs, and speed.

    python benchmarks/osrm.py corse.osm.pbf --etude etude.toml
    python benchmarks/osrm.py andorra-2021.osm.pbf --json benchmarks/results/osrm.json

OSRM (``osrm-bindings``, its own ``car.lua``) needs Python 3.12: the script makes it an environment
of its own, in the cache folder, with the interpreter of ``--python`` (``python3.12``). Nothing is
installed in ours. Prints, in Markdown:

- **pairs**: 94 × 94 junctions drawn at random, ratio and difference of minutes;
- **communes** (with a study): people within each threshold, communes on the same side, where OSRM
  is given the same walks to the road; those more than three minutes apart, and why;
- **speed**: the whole matrix and the one within 60 minutes of 5,000 × 1,000 points, against OSRM's
  bare table, and that table as an array, by turns; on the clock and in processor time.

``--json`` adds what was found about the file to those results, from which
``scripts/document_performance.py`` writes its part of ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj

from msap_geo import network, travel
from msap_geo.cache import cache_folder
from msap_geo.study import read_study, run_study

EPSG = 2154
JUNCTIONS, PLACES, SITES = 94, 5_000, 1_000
APART = 3.0
ENDS = (np.min, np.max)
ROADS = 3
CAR = network.load_profile("voiture")

# What OSRM's environment runs: prepare once, then a table of minutes.
CHILD = """
import json, shutil, subprocess, sys, time
from pathlib import Path
import numpy as np, osrm

job = json.loads(Path(sys.argv[1]).read_text())
work, package = Path(job["work"]), Path(osrm.__file__).parent
base = work / "carte.osrm"
if not (work / "carte.osrm.hsgr").exists():
    shutil.copy(job["pbf"], work / "carte.osm.pbf")
    profile = package / "share" / "profiles" / "car.lua"
    for command in (["extract", "-p", profile, work / "carte.osm.pbf"], ["contract", base]):
        subprocess.run([sys.executable, "-m", "osrm", *map(str, command)], check=True,
                       stdout=subprocess.DEVNULL)
engine = osrm.OSRM(storage_config=str(base), use_shared_memory=False, algorithm="CH")
origins, ends = ([tuple(place) for place in job[name]] for name in ("origins", "ends"))
request = osrm.TableParameters(
    coordinates=origins + ends,
    sources=list(range(len(origins))),
    destinations=list(range(len(origins), len(origins) + len(ends))),
    annotations=["duration"],
)
start, worked = time.perf_counter(), time.process_time()
answer = engine.Table(request)
bare, bare_cpu = time.perf_counter() - start, time.process_time() - worked
seconds = np.array(
    [[np.nan if cell is None else cell for cell in row] for row in answer["durations"]], float
)
whole = time.perf_counter() - start
away = np.array([place["distance"] for place in answer["sources"]], float)
np.savez(job["out"], minutes=seconds / 60, away=away, bare=bare, bare_cpu=bare_cpu, whole=whole)
"""


def run(command: list[object]) -> None:
    """Run a command of ours."""
    subprocess.run([str(part) for part in command], check=True)  # noqa: S603 - no input is run


def environment(python: str) -> Path:
    """Return the interpreter of OSRM's environment, made the first time."""
    folder = cache_folder() / "osrm"
    made = folder / "bin" / "python"
    if not made.exists():
        found = shutil.which(python)
        if found is None:
            raise SystemExit(f"{python} est introuvable : OSRM demande Python 3.12 (--python)")
        run([found, "-m", "venv", folder])
        run([made, "-m", "pip", "install", "-q", "osrm-bindings", "numpy"])
    return made


class Osrm:
    """OSRM on one file."""

    def __init__(self, python: Path, pbf: Path, work: Path) -> None:
        self._python, self._pbf, self._work = python, pbf, work

    def table(self, origins: gpd.GeoSeries, ends: gpd.GeoSeries) -> dict[str, Any]:
        """Return minutes, metres between origins and roads, and the seconds it took."""
        job = {
            "work": str(self._work),
            "pbf": str(self._pbf.resolve()),
            "origins": lonlat(origins).tolist(),
            "ends": lonlat(ends).tolist(),
            "out": str(self._work / "table.npz"),
        }
        (self._work / "travail.json").write_text(json.dumps(job), encoding="utf-8")
        (self._work / "osrm.py_").write_text(CHILD, encoding="utf-8")
        run([self._python, self._work / "osrm.py_", self._work / "travail.json"])
        with np.load(job["out"]) as found:
            return dict(found)


def lonlat(points: gpd.GeoSeries) -> np.ndarray:
    """Return degrees."""
    to_degrees = pyproj.Transformer.from_crs(EPSG, 4326, always_xy=True)
    return np.column_stack(to_degrees.transform(points.x.to_numpy(), points.y.to_numpy()))


def tables(points: gpd.GeoSeries, ends: gpd.GeoSeries) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return points as places and sites."""
    return tuple(
        gpd.GeoDataFrame({name: [str(i) for i in range(len(some))]}, geometry=some.array)
        for name, some in (("demand_id", points), ("site_id", ends))
    )


def junctions(roads: network.RoadNetwork, count: int, seed: int) -> gpd.GeoSeries:
    """Return junctions of three roads or more, drawn at random."""
    edges = roads.edges
    degree = np.bincount(np.concatenate([edges.tail, edges.head]), minlength=roads.n_nodes)
    chosen = np.flatnonzero(degree >= ROADS)
    nodes = np.random.default_rng(seed).choice(chosen, min(count, len(chosen)), replace=False)
    return gpd.GeoSeries(gpd.points_from_xy(roads.x[nodes], roads.y[nodes]), crs=EPSG)


def compare_pairs(osrm: Osrm, pbf: Path, seed: int) -> list[dict[str, Any]]:
    """Print and return how far random junctions are apart, with junctions' delays and without."""
    roads = network.read_osm(pbf, CAR, epsg=EPSG)
    points = junctions(roads, JUNCTIONS, seed)
    theirs = osrm.table(points, points)["minutes"]
    np.fill_diagonal(theirs, np.nan)
    plain = network.read_osm(
        pbf, dataclasses.replace(CAR, junctions=network.Junctions()), epsg=EPSG
    )
    found = []
    print("\n| paires | rapport médian | p5–p95 | écart moyen | écart le plus grand |")
    print("|---|---|---|---|---|")
    for label, net in (("livré", roads), ("sans carrefours", plain)):
        ours = dense(travel.matrix(net, *tables(points, points)))
        there = np.isfinite(theirs) & np.isfinite(ours) & (ours > 1)
        ratio, gap = ours[there] / theirs[there], ours[there] - theirs[there]
        low, high = np.percentile(ratio, [5, 95])
        print(
            f"| {label}, {there.sum()} | {np.median(ratio):.4f} | {low:.3f}–{high:.3f} "
            f"| {np.abs(gap).mean():.2f} min | {gap[np.abs(gap).argmax()]:+.2f} min |"
        )
        far = np.abs(gap) > APART
        if far.any() and net is roads:
            minutes, share = theirs[there][far], gap[far] / theirs[there][far]
            print(
                f"{far.sum()} paires à plus de {APART:g} min : trajets de {minutes.min():.0f} à "
                f"{minutes.max():.0f} min, écart de {100 * share.min():.1f} à "
                f"{100 * share.max():.1f} %"
            )
        found.append(
            {
                "junctions": net is roads,
                "apart": int(far.sum()),
                "apart_minutes": [
                    round(float(end(theirs[there][far]))) for end in ENDS if far.any()
                ],
                "apart_shares": [
                    round(float(end(gap[far] / theirs[there][far])), 4) for end in ENDS if far.any()
                ],
                "pairs": int(there.sum()),
                "median_ratio": round(float(np.median(ratio)), 4),
                "p5_p95": [round(float(low), 3), round(float(high), 3)],
                "mean_gap_minutes": round(float(np.abs(gap).mean()), 2),
                "greatest_gap_minutes": round(float(gap[np.abs(gap).argmax()]), 2),
            }
        )
    return found


def dense(times: travel.TravelTimes) -> np.ndarray:
    """Return minutes as an array, not a number where there is no trip."""
    result = np.full(times.minutes.shape, np.nan)
    row = np.repeat(np.arange(result.shape[0]), np.diff(times.minutes.indptr))
    result[row, times.minutes.indices] = times.minutes.data
    return result


def compare_communes(osrm: Osrm, study: Path) -> dict[str, Any]:
    """Print and return people within each threshold, and where the two part."""
    result = run_study(read_study(study))
    homes = result.origins[result.origins.geometry.notna()]
    sites = result.maisons[result.maisons.geometry.notna()]
    found = osrm.table(homes.geometry, sites.geometry)
    walks = [
        np.nan_to_num(network.snap(result.roads, some.geometry).access_m) / 1000 / 5 * 60
        for some in (homes, sites)
    ]
    theirs = np.nanmin(found["minutes"] + walks[0][:, None] + walks[1], axis=1)
    bare = np.nanmin(found["minutes"], axis=1)
    ours = result.access.set_index("code_insee")["minutes"].reindex(homes["demand_id"]).to_numpy()
    people = result.communes.set_index("code_insee")["population"].reindex(homes["demand_id"])
    people = people.to_numpy(dtype=float)
    print("\n| seuil | ici | OSRM, mêmes marches | communes du même côté |\n|---|---|---|---|")
    lines: list[dict[str, Any]] = []
    for share in result.shares:
        limit = share.threshold
        within = [100 * people[some <= limit].sum() / people.sum() for some in (ours, theirs, bare)]
        same = int(((ours <= limit) == (theirs <= limit)).sum())
        print(f"| {limit:g} min | {within[0]:.2f} % | {within[1]:.2f} % | {same} sur {len(ours)} |")
        lines.append(
            {
                "minutes": limit,
                "ours": round(within[0], 2),
                "osrm": round(within[1], 2),
                "osrm_without_walks": round(within[2], 2),
                "same_side": same,
            }
        )
    there = (ours > 1) & (theirs > 1)
    ratio = float(np.median(ours[there] / theirs[there]))
    print(f"\nRapport médian {ratio:.4f}.")
    names = result.communes.set_index("code_insee")["nom"].reindex(homes["demand_id"]).to_numpy()
    apart = np.flatnonzero(np.abs(ours - theirs) > APART)
    print(f"{len(apart)} communes à plus de {APART:g} minutes.")
    places = []
    for i in apart:
        why = f"{walks[0][i]:.1f} min à pied ici, accroche d'OSRM à {found['away'][i]:.0f} m"
        print(f"- {names[i]} : {ours[i]:.1f} min contre {theirs[i]:.1f} ({why})")
        places.append(
            {
                "name": str(names[i]),
                "ours": round(float(ours[i]), 1),
                "osrm": round(float(theirs[i]), 1),
                "walk_minutes": round(float(walks[0][i]), 1),
                "osrm_snap_m": round(float(found["away"][i])),
            }
        )
    return {
        "communes": len(ours),
        "thresholds": lines,
        "median_ratio": round(ratio, 4),
        "greatest_gap_minutes": round(float(np.abs(ours - theirs).max()), 2),
        "apart": places,
    }


def compare_speed(osrm: Osrm, pbf: Path, rounds: int) -> dict[str, Any]:
    """Print and return how long a matrix takes to both, by turns."""
    roads = network.read_osm(pbf, CAR, epsg=EPSG)
    rng = np.random.default_rng(7)
    west, south, east, north = roads.x.min(), roads.y.min(), roads.x.max(), roads.y.max()
    nodes = [rng.integers(0, roads.n_nodes, count) for count in (PLACES, SITES)]
    homes, sites = (
        gpd.GeoSeries(
            gpd.points_from_xy(
                np.clip(roads.x[some] + rng.normal(0, 100, len(some)), west, east),
                np.clip(roads.y[some] + rng.normal(0, 100, len(some)), south, north),
            ),
            crs=EPSG,
        )
        for some in nodes
    )
    demand, counters = tables(homes, sites)
    travel.matrix(roads, demand, counters)  # compiled, indexes built

    def spent(**options: float) -> tuple[float, float]:
        start, worked = time.perf_counter(), time.process_time()
        travel.matrix(roads, demand, counters, **options)
        return time.perf_counter() - start, time.process_time() - worked

    turns = []
    for _ in range(rounds):
        theirs = osrm.table(homes, sites)
        osrms = [float(theirs[name]) for name in ("bare", "bare_cpu", "whole")]
        turns.append([*osrms, *spent(), *spent(max_minutes=60)])
    bare, bare_cpu, array, whole, whole_cpu, near, near_cpu = np.median(turns, axis=0)
    print(
        f"\n| {PLACES} × {SITES}, médiane de {rounds} | secondes | processeur | OSRM seul / ici "
        "| au processeur |\n|---|---|---|---|---|"
    )
    print(f"| OSRM, table seule | {bare:.2f} | {bare_cpu:.2f} | | |")
    print(f"| OSRM, table en tableau | {array:.2f} | | | |")
    lines = []
    for name, clock, worked, bar in (
        ("tout", whole, whole_cpu, 1.5),
        ("à 60 min", near, near_cpu, 5.0),
    ):
        print(
            f"| ici, {name} (barre : {bar:g}) | {clock:.2f} | {worked:.2f} | {bare / clock:.1f} × "
            f"| {bare_cpu / worked:.1f} × |"
        )
        lines.append(
            {
                "question": name,
                "clock": round(float(clock), 3),
                "processor": round(float(worked), 3),
                "ratio": round(float(bare / clock), 2),
                "processor_ratio": round(float(bare_cpu / worked), 2),
                "bar": bar,
            }
        )
    return {
        "rounds": rounds,
        "osrm": {
            "clock": round(float(bare), 3),
            "processor": round(float(bare_cpu), 3),
            "as_an_array": round(float(array), 3),
        },
        "lines": lines,
    }


def keep(path: Path, name: str, found: dict[str, Any]) -> None:
    """Add what was found about a file to the results."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps({**known, name: found}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Compare one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pbf", type=Path)
    parser.add_argument("--etude", type=Path, help="étude dont ce fichier donne les routes")
    parser.add_argument("--python", default="python3.12", help="interpréteur 3.12 d'OSRM")
    parser.add_argument("--graine", type=int, default=0)
    parser.add_argument("--tours", type=int, default=3)
    parser.add_argument("--json", type=Path, help="résultats à compléter")
    asked = parser.parse_args()
    python = environment(asked.python)
    with tempfile.TemporaryDirectory() as work:
        osrm = Osrm(python, asked.pbf, Path(work))
        print(f"## {asked.pbf.name}")
        load = os.getloadavg()[0]
        found: dict[str, Any] = {"pairs": compare_pairs(osrm, asked.pbf, asked.graine)}
        if asked.etude:
            found["communes"] = compare_communes(osrm, asked.etude)
        found["speed"] = compare_speed(osrm, asked.pbf, asked.tours)
        found["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    if asked.json:
        keep(asked.json, asked.pbf.name.split(".")[0], found)


if __name__ == "__main__":
    main()
