"""Siting on the whole of France, and against spopt.

Usage::

    python benchmarks/siting.py national ../shared/data [--only couverture mediane …]
    python benchmarks/siting.py spopt PYTHON   # an interpreter that has spopt

``--json FILE`` adds the figures to those of the file, which
``scripts/document_performance.py`` reads. ``--patience 3`` gives three times the time on the clock:
on a machine with other work, the processor time is then what to compare with the bars, all runs
being of one thread.

``national``: 34,870 communes (people at the town hall, COG 2026), the Bureaux de Poste of 2025 as
candidates, the Maisons of January 2020 locked in, straight lines where **one kilometre counts for
one minute**: an instance of the size and shape of the real one, not travel times. ``cells``
spreads each commune's people over made-up cells around its town hall (synthetic, 2.3 million).
Gaps are of what the plan *adds* to today, which is stricter than of the people covered in all.

``spopt``: the same maximal covering instances (made up, seeded) by both, from the cost matrix to
the plan, by turns, three rounds, medians; spopt through PuLP with its default solver (CBC) and
with HiGHS where it can.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from msap_geo import siting
from msap_geo.siting.solving.limits import Limits
from msap_geo.siting.solving.reduction import merged
from msap_geo.travel import TravelTimes

EARTH_KM = 6371.0088
NEW_SITES = 500
CELLS_PER_COMMUNE = 66
CELL_SPREAD_KM = 2.0
INSTANCES = ((800, 100), (3000, 300), (5000, 300))


def unit(lon: pd.Series, lat: pd.Series) -> np.ndarray:
    """Return points of the sphere, kilometres from its centre."""
    x, y = np.radians(lon.to_numpy(float)), np.radians(lat.to_numpy(float))
    return EARTH_KM * np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])


def arc(chord: np.ndarray) -> np.ndarray:
    """Return the great-circle distance of a chord."""
    return 2 * EARTH_KM * np.arcsin(np.minimum(chord / 2 / EARTH_KM, 1.0))


def places(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return communes, offices and Maisons with their points."""
    folder = shared / "france"
    communes = gpd.read_parquet(folder / "communes-france-2026.parquet")
    halls = pd.read_csv(folder / "mairies-france-2026.csv", dtype={"code": str})
    inside = communes.geometry.representative_point()
    communes = pd.DataFrame(communes[["code", "population"]]).merge(halls, on="code", how="left")
    communes["longitude"] = communes["longitude"].fillna(inside.x)
    communes["latitude"] = communes["latitude"].fillna(inside.y)
    communes = communes.dropna(subset=["longitude"]).reset_index(drop=True)
    offices = pd.read_csv(folder / "laposte_poincont-2025.csv", dtype=str)
    offices = offices[
        (offices["caracteristique_du_site"] == "Bureau de Poste") & (offices["pays"] == "FRANCE")
    ]
    offices = offices.dropna(subset=["latitude"]).drop_duplicates("identifiant_a")
    maisons = pd.read_csv(folder / "france-services-20200108.csv", dtype=str)
    maisons = maisons.assign(latitude=maisons["lat"], longitude=maisons["long"])
    maisons[["latitude", "longitude"]] = maisons[["latitude", "longitude"]].apply(
        pd.to_numeric, errors="coerce"
    )
    return communes, offices, maisons.dropna(subset=["latitude", "longitude"])


def departement(code: pd.Series) -> pd.Series:
    """Return the département of each commune."""
    return code.str[:3].where(code.str.startswith("97"), code.str[:2])


def problem(
    demand: np.ndarray,
    people: np.ndarray,
    group: np.ndarray,
    offices: pd.DataFrame,
    maisons: pd.DataFrame,
    km: float,
) -> siting.Problem:
    """Make the instance of a radius."""
    sites = unit(offices["longitude"], offices["latitude"])
    pairs = KDTree(demand).sparse_distance_matrix(
        KDTree(sites), 2 * EARTH_KM * np.sin(km / 2 / EARTH_KM), output_type="coo_matrix"
    )
    table = csr_array((arc(pairs.data), (pairs.row, pairs.col)), shape=pairs.shape)
    chord, _ = KDTree(unit(maisons["longitude"], maisons["latitude"])).query(demand)
    times = TravelTimes(
        pd.Index(np.char.zfill(np.arange(len(demand)).astype(str), 8)),
        pd.Index(offices["identifiant_a"]),
        table,
        table,
        km,
    )
    return siting.make_problem(
        times, pd.Series(people), pd.Series(arc(chord)), group=pd.Series(group)
    )


RESULTS: dict[str, list[dict[str, Any]]] = {"national": [], "spopt": []}


def told(name: str, plan: siting.Plan, seconds: float, cpu: float) -> None:
    """Print a plan's figures; processor time is what the clock would show on an idle machine."""
    gap = abs(plan.bound - plan.value) / max(plan.gain, 1e-9)
    print(
        f"{name:34} value {plan.value:14,.1f}  gap {100 * plan.gap:8.5f} %, of the gain "
        f"{100 * gap:8.5f} %  {seconds:6.1f} s (processor {cpu:.1f} s)  {plan.status}",
        flush=True,
    )
    figures = {"value": plan.value, "bound": plan.bound, "gap": plan.gap, "gap_of_gain": gap}
    times = {"seconds": round(seconds, 1), "processor": round(cpu, 1)}
    RESULTS["national"].append({"name": name, "status": plan.status, **figures, **times})


def timed(name: str, objective, instance: siting.Problem, *args, **options) -> siting.Plan:  # noqa: ANN001, ANN002, ANN003
    """Solve, print and return."""
    begin, cpu = time.perf_counter(), time.process_time()
    plan = objective(instance, *args, **options)
    told(name, plan, time.perf_counter() - begin, time.process_time() - cpu)
    return plan


def national(shared: Path, only: list[str], patience: float) -> None:
    """Run the national instances asked for."""

    def within(seconds: float, gap: float) -> siting.Effort:
        return siting.Effort(seconds=patience * seconds, gap=gap)

    communes, offices, maisons = places(shared)
    demand = unit(communes["longitude"], communes["latitude"])
    people = communes["population"].to_numpy()
    group = departement(communes["code"]).to_numpy()
    print(f"{len(communes):,} communes, {len(offices):,} offices, {len(maisons)} Maisons")
    count = siting.Rules(count=NEW_SITES)

    def at(km: float) -> siting.Problem:
        return problem(demand, people, group, offices, maisons, km)

    if "couverture" in only:
        effort = within(55, 1e-4)
        for km in (10.0, 15.0, 20.0):
            instance = at(km)
            plan = timed(
                f"couverture {km:g} km",
                siting.maximal_covering,
                instance,
                count,
                thresholds=[km],
                effort=effort,
            )
            curve_and_others(instance, plan, km)
    if "seuils" in only:
        timed(
            "couverture 10 et 20 km (1 ; 0,5)",
            siting.maximal_covering,
            at(20.0),
            count,
            thresholds=[10.0, 20.0],
            shares=[1.0, 0.5],
            effort=within(55, 1e-4),
        )
    if "quotas" in only:
        here = departement(offices["code_insee"].fillna("")).to_numpy()
        quotas = tuple(
            siting.Quota(code, frozenset(offices.loc[here == code, "identifiant_a"]), 2, 8)
            for code in np.unique(group)
            if (here == code).sum() >= 2  # noqa: PLR2004 - the least number asked
        )
        timed(
            f"couverture 15 km, {len(quotas)} quotas de 2 à 8",
            siting.maximal_covering,
            at(15.0),
            siting.Rules(count=NEW_SITES, quotas=quotas),
            thresholds=[15.0],
            effort=within(55, 1e-4),
        )
    if "mediane" in only:
        timed(
            "p-médiane, trajets à 60 km",
            siting.p_median,
            at(60.0),
            count,
            longest=60.0,
            effort=within(600, 1e-5),
        )
    if "equite" in only:
        plan = timed(
            "équité par département, 15 km",
            siting.fairest_covering,
            at(15.0),
            count,
            threshold=15.0,
            effort=within(600, 2e-3),
        )
        print(f"  {plan.details}  {plan.remarks}")
        low, top = (plan.details[f"{name}_hors_plafond"] for name in ("part_minimale", "borne"))
        RESULTS["national"][-1] |= {"value": low, "bound": top, "gap": top / low - 1}
    if "cells" in only:
        cells(demand, people, group, offices, maisons, within(300, 1e-4))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def curve_and_others(instance: siting.Problem, plan: siting.Plan, km: float) -> None:
    """Time the greedy curve and ten near-optimal plans."""
    gains = siting.covering_gains(instance, thresholds=[km])
    limits = Limits(NEW_SITES, None, instance.cost_eur, np.ones(gains.n_sites, dtype=bool))
    begin = time.perf_counter()
    found = siting.greedy(merged(gains), limits)
    curve_seconds = time.perf_counter() - begin
    short = 1 - found.added.sum() / plan.gain
    print(f"  greedy curve {len(found.sites)}: {curve_seconds:.3f} s, {100 * short:.2f} % below")
    begin = time.perf_counter()
    others = siting.near_optimal(gains, limits, instance.positions(plan.sites), count=10)
    seconds = time.perf_counter() - begin
    loss = 1 - min(others.values) / others.values[0]  # noqa: PD011 - not a table
    common = [len(np.intersect1d(others.plans[0], other)) for other in others.plans[1:]]
    RESULTS["national"][-1] |= {
        "curve_seconds": round(curve_seconds, 3),
        "curve_below": short,
        "others": len(others.plans),
        "others_seconds": round(seconds, 1),
        "others_below": loss,
    }
    print(
        f"  {len(others.plans)} near-optimal plans: {seconds:.1f} s, worst "
        f"{100 * loss:.3f} % below, sites in common with "
        f"the best {min(common, default=0)} to {max(common, default=0)}"
    )


def cells(
    demand: np.ndarray,
    people: np.ndarray,
    group: np.ndarray,
    offices: pd.DataFrame,
    maisons: pd.DataFrame,
    effort: siting.Effort,
) -> None:
    """Spread the people over made-up cells and solve one instance of them all."""
    rng = np.random.default_rng(0)
    n = len(demand) * CELLS_PER_COMMUNE
    moved = np.repeat(demand, CELLS_PER_COMMUNE, axis=0)
    moved = moved + rng.normal(0, CELL_SPREAD_KM, (n, 3))
    moved *= EARTH_KM / np.linalg.norm(moved, axis=1)[:, None]
    many = np.repeat(people // CELLS_PER_COMMUNE + 1, CELLS_PER_COMMUNE)
    begin = time.perf_counter()
    instance = problem(moved, many, np.repeat(group, CELLS_PER_COMMUNE), offices, maisons, 15.0)
    seconds = time.perf_counter() - begin
    print(f"{n:,} synthetic cells: {instance.minutes.nnz:,} pairs in {seconds:.1f} s")
    timed(
        "couverture 15 km, cellules inventées",
        siting.maximal_covering,
        instance,
        siting.Rules(count=NEW_SITES),
        thresholds=[15.0],
        effort=effort,
    )


OTHER = """
import json, sys, time
import numpy as np, pulp, spopt
from spopt.locate import MCLP
data = np.load(sys.argv[1])
cost, weights, p = data["cost"], data["weights"], int(data["p"])
solver = pulp.PULP_CBC_CMD(msg=False) if sys.argv[2] == "cbc" else pulp.HiGHS(msg=False)
begin = time.perf_counter()
model = MCLP.from_cost_matrix(cost, weights, float(data["radius"]), p_facilities=p)
built = time.perf_counter() - begin
model = model.solve(solver)
print(json.dumps({"seconds": time.perf_counter() - begin, "built": built,
                  "value": pulp.value(model.problem.objective), "version": spopt.__version__}))
"""


def against_spopt(python: str) -> None:
    """Solve the same instances by both."""
    for clients, sites in INSTANCES:
        rng = np.random.default_rng(clients)
        here, there = rng.random((clients, 2)) * 100, rng.random((sites, 2)) * 100
        cost = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
        weights = rng.integers(1, 100, clients)
        ours, others = [], {"cbc": [], "highs": []}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "instance.npz"
            np.savez(path, cost=cost, weights=weights, radius=10.0, p=10)
            for _ in range(3):
                begin = time.perf_counter()
                plan = solved(cost, weights)
                ours.append(time.perf_counter() - begin)
                for name, answers in others.items():
                    done = subprocess.run(  # noqa: S603 - our own command
                        [python, "-c", OTHER, str(path), name],
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                    if done.returncode == 0:
                        answers.append(json.loads(done.stdout.splitlines()[-1]))
        mine = statistics.median(ours)
        line = {"instance": f"{clients:,} × {sites}", "ours": round(mine, 3), "value": plan.value}
        print(f"{clients} × {sites}: msap_geo {mine:.3f} s, value {plan.value:,.0f}, {plan.status}")
        for name, answers in others.items():
            if not answers:
                print(f"  spopt with {name}: does not run")
                continue
            theirs = statistics.median(answer["seconds"] for answer in answers)
            built = statistics.median(answer["built"] for answer in answers)
            version, value = answers[0]["version"], answers[0]["value"]
            line[name] = {"seconds": round(theirs, 2), "building": round(built, 2), "value": value}
            line["version"] = version
            print(
                f"  spopt {answers[0]['version']} with {name}: {theirs:.2f} s (of which "
                f"{built:.2f} s building), value {answers[0]['value']:,.0f}, "
                f"ratio {theirs / mine:.0f}"
            )
        RESULTS["spopt"].append(line)


def solved(cost: np.ndarray, weights: np.ndarray) -> siting.Plan:
    """Solve an instance from its cost matrix."""
    rows, columns = np.nonzero(cost <= 10.0)  # noqa: PLR2004 - the radius
    table = csr_array((cost[rows, columns], (rows, columns)), shape=cost.shape)
    times = TravelTimes(pd.RangeIndex(len(cost)), pd.RangeIndex(cost.shape[1]), table, table, 10.0)
    today = pd.Series(np.full(len(cost), np.nan))
    instance = siting.make_problem(times, pd.Series(weights), today)
    return siting.maximal_covering(
        instance, siting.Rules(count=10), thresholds=[10.0], effort=siting.Effort(seconds=300)
    )


def main() -> None:
    """Run what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    whole = commands.add_parser("national")
    whole.add_argument("shared", type=Path)
    every = ["couverture", "seuils", "quotas", "mediane", "equite", "cells"]
    whole.add_argument("--only", nargs="+", choices=every, default=every)
    whole.add_argument("--patience", type=float, default=1.0)
    whole.add_argument("--json", type=Path)
    other = commands.add_parser("spopt")
    other.add_argument("python")
    other.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
    print(f"machine: {machine}")
    if arguments.what == "national":
        national(arguments.shared, arguments.only, arguments.patience)
    else:
        against_spopt(arguments.python)
    if arguments.json:
        kept(arguments.json, machine)


def kept(path: Path, machine: str) -> None:
    """Add the figures of this run to those of a file."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part, key in (("national", "name"), ("spopt", "instance")):
        lines = {line[key]: line for line in [*known.get(part, []), *RESULTS[part]]}
        known[part] = list(lines.values())
    text = json.dumps({**known, "machine": machine}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
