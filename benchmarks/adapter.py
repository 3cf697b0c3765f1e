"""Adapting the postal network of the whole of France.

Usage::

    python benchmarks/adapter.py ../shared/data [--nombre 500] [--json FILE]

34,870 communes (people at the town hall, COG 2026), every contact point of 2025, straight lines
where **one kilometre counts for one minute**: the size and shape of the real question, not travel
times. Post offices that are some town hall's nearest may become agences; a département takes at
most twelve; nobody who has a post office within 20 km loses it; the law of 1990 and the universal
service hold by département (5 km, 10 km). Bars: gap at most 0.1 % in 120 s, 4 GiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.spatial import KDTree
from siting import arc, departement, places, unit

from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT, Change, Guarantee, Network, Number, Question
from msap_geo.siting.solving.highs import Effort
from msap_geo.travel import TravelTimes

EARTH_KM = 6371.0088
LONGEST = 60.0
MOST = 12


def near(demand: np.ndarray, sites: np.ndarray, km: float) -> csr_array:
    """Return the great-circle kilometres of the pairs within a radius."""
    chord = 2 * EARTH_KM * np.sin(km / 2 / EARTH_KM)
    pairs = KDTree(demand).sparse_distance_matrix(KDTree(sites), chord, output_type="coo_matrix")
    return csr_array((arc(pairs.data), (pairs.row, pairs.col)), shape=pairs.shape)


def instance(shared: Path) -> Question:
    """Make the national question."""
    communes, _, _ = places(shared)
    points = pd.read_csv(shared / "france" / "laposte_poincont-2025.csv", dtype=str)
    points = points[points["pays"] == "FRANCE"].dropna(subset=["latitude"])
    points = points.drop_duplicates("identifiant_a").reset_index(drop=True)
    demand = unit(communes["longitude"], communes["latitude"])
    sites = unit(points["longitude"], points["latitude"])
    people = communes["population"].to_numpy(dtype=np.int64)
    table = near(demand, sites, 35.0)
    times = TravelTimes(
        pd.Index(communes["code"]), pd.Index(points["identifiant_a"]), table, table, LONGEST
    )
    office = (points["caracteristique_du_site"] == "Bureau de Poste").to_numpy()
    gives = {BUREAU: office, CONTACT: np.ones(len(points), dtype=bool)}
    network = Network.of(times, people, gives, longest=LONGEST)
    # From the town hall, the second office of a town is nobody's nearest: to change it is free, and
    # five hundred are. Only those somebody relies on make a question.
    _, nearest = network.nearest(BUREAU)
    changes = tuple(
        Change(int(point), "agence", frozenset({BUREAU}))
        for point in np.unique(nearest[(nearest >= 0) & (people > 0)])
    )
    here = departement(points["code_insee"].fillna("")).to_numpy()
    numbers = tuple(
        Number(
            str(code),
            frozenset(n for n, change in enumerate(changes) if here[change.point] == code),
            0,
            MOST,
        )
        for code in np.unique(here[office])
    )
    group = departement(communes["code"]).to_numpy()
    guarantees = []
    for rule, service, km, share in (
        ("bureau à 20 km", BUREAU, 20.0, 0.0),
        ("la-poste-et", CONTACT, 5.0, 0.10),
        ("service-universel-departement", CONTACT, 10.0, 0.05),
    ):
        table = near(demand, sites, km)
        reach = csr_array(
            (np.ones(table.nnz, dtype=bool), table.indices, table.indptr), table.shape
        )
        for code in np.unique(group):
            mine = np.flatnonzero(group == code)
            allowed = float(np.floor(share * people[mine].sum()))
            guarantees.append(Guarantee(rule, str(code), service, reach, mine, people, allowed))
    return Question(network, changes, tuple(guarantees), numbers)


def main() -> None:
    """Solve and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--nombre", type=int, default=500)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    begin = time.perf_counter()
    question = instance(asked.shared)
    built = time.perf_counter() - begin
    n_places, n_points = question.network.minutes.shape
    print(
        f"{n_places:,} communes, {n_points:,} points, {len(question.changes):,} offices that may "
        f"change, {question.network.minutes.nnz:,} pairs, built in {built:.1f} s"
    )
    begin, cpu = time.perf_counter(), time.process_time()
    plan = adaptation.adapt(question, count=asked.nombre, effort=Effort(seconds=120, gap=1e-4))
    figures = {
        "nombre": asked.nombre,
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "seconds": round(time.perf_counter() - begin, 1),
        "processor": round(time.process_time() - cpu, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    before, _ = question.network.nearest(BUREAU)
    after, _ = question.network.nearest(BUREAU, question.lost(BUREAU, plan.chosen))
    far, people = after > before, question.network.people
    figures |= {
        "people_farther": int(people[far].sum()),
        "communes_farther": int(far.sum()),
        "mean_km_more": round(float(np.average((after - before)[far], weights=people[far])), 2),
        "longest_km": round(float(after[far].max()), 1),
        "full_departements": sum(
            len(number.changes & set(plan.chosen.tolist())) == MOST for number in question.numbers
        ),
    }
    print(figures)
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
