"""How far times on real roads may be from the truth: the figures of ``coverage/etalement.toml``.

    python benchmarks/spread.py etude.toml corse.osm.pbf parts-par-duree-2025.csv

Commune by commune against OSRM on the same file (``benchmarks/osrm.py`` makes its environment),
with our walks and without; people of communes as spread discs against people of cells (a study with
a grid); then all times together against INSEE's shares by département, as the factor on every time
that gives them back.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import osrm
import pandas as pd
from scipy.optimize import brentq

from msap_geo import coverage, loaders, network, travel
from msap_geo.study import read_study, run_study

THRESHOLDS, AGAINST = (20, 25, 30), (10, 15, 20, 25, 30)
FACTORS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
FRANCE_SERVICES = "implantations_france_services_i"
SHORTEST, WALK_KMH = 3.0, 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("study", "pbf", "shares"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--python", default="python3.12", help="interpréteur 3.12 d'OSRM")
    asked = parser.parse_args()
    result = run_study(read_study(asked.study))
    homes, sites = (some[some.geometry.notna()] for some in (result.origins, result.maisons))
    with tempfile.TemporaryDirectory() as work:
        engine = osrm.Osrm(osrm.environment(asked.python), asked.pbf, Path(work))
        found = engine.table(homes.geometry, sites.geometry)["minutes"]
    walks = [
        np.nan_to_num(network.snap(result.roads, some.geometry).access_m) / 1000 / WALK_KMH * 60
        for some in (homes, sites)
    ]
    access = result.access.set_index("code_insee").loc[homes["code_insee"]]
    ours = access["minutes"].to_numpy(dtype=float)
    for name, theirs in (
        ("same walks", np.nanmin(found + walks[0][:, None] + walks[1], axis=1)),
        ("no walk", np.nanmin(found, axis=1)),
    ):
        kept = (ours > SHORTEST) & (theirs > SHORTEST)
        log = np.log(ours[kept] / theirs[kept])
        print(
            f"OSRM, {name}: {kept.sum()} communes, median ratio {np.exp(np.median(log)):.3f}, "
            f"standard deviation of its logarithm {log.std():.3f}"
        )
    if result.carreaux is not None:
        against_cells(result)
    against_insee(result, pd.read_csv(asked.shares, dtype={"dep": str}))


def against_cells(result) -> None:  # noqa: ANN001 - a study's result
    """Print what spreading people on discs changes, in points, against starting from cells."""
    points = loaders.carreau_points(result.carreaux, epsg=result.roads.epsg)
    times = travel.nearest(result.roads, points, result.maisons)["minutes"].to_numpy(dtype=float)
    minutes = result.access["minutes"].to_numpy(dtype=float)
    row = pd.Index(result.communes["code_insee"]).get_indexer(points["code_insee"])
    settled = points["population"].to_numpy(dtype=float)
    inside = np.bincount(row, settled, minlength=len(minutes))
    people = result.access["population"].to_numpy(dtype=float) * (inside > 0)
    radius = coverage.radius_minutes(result.communes, result.origins)
    sigma = coverage.spread(estimated=False).person
    print(f"Cells: points more on discs of so many radii, at {', '.join(map(str, AGAINST))} min")
    for factor in FACTORS:
        told = []
        for limit in AGAINST:
            cells = np.bincount(row, settled * (times <= limit), minlength=len(minutes))
            known = np.divide(cells, inside, out=np.zeros(len(minutes)), where=inside > 0)
            disc = coverage.share_within(minutes, radius * factor, limit, sigma=sigma)
            told.append(f"{100 * people @ (disc - known) / people.sum():+.1f}")
        print(f"  {factor:.1f}: {', '.join(told)}")


def against_insee(result, table: pd.DataFrame) -> None:  # noqa: ANN001 - a study's result
    """Print the factors on all times that give INSEE's shares, whole communes and spread people."""
    told = table[table["Source"] == FRANCE_SERVICES].set_index("dep")
    people = result.access["population"].to_numpy(dtype=float)
    minutes = result.access["minutes"].to_numpy(dtype=float)
    radius = coverage.radius_minutes(result.communes, result.origins)
    spread = coverage.spread(estimated=False)
    sigma, radius = spread.person, radius * spread.radius
    logs = []
    for departement in sorted(set(result.communes["departement"]) & set(told.index)):
        here = (result.communes["departement"] == departement).to_numpy()
        weight = people[here] / people[here].sum()
        for limit in THRESHOLDS:
            share = told.loc[departement, f"{limit}min"] / 100

            given = minutes[here], radius[here], weight, limit, share, sigma
            pair = [brentq(_missing, -1, 1, args=(disc, *given)) for disc in (0.0, 1.0)]
            logs.append(pair[1])
            print(
                f"INSEE {departement}, {limit} min: {100 * share:.1f} %; factor on times "
                f"{np.exp(pair[0]):.3f} (whole communes), {np.exp(pair[1]):.3f} (people spread)"
            )
    print(f"Root mean square of the latter's logarithms {np.sqrt(np.mean(np.square(logs))):.3f}")


def _missing(log: float, disc: float, *given) -> float:  # noqa: ANN002 - arrays and numbers
    minutes, radius, weight, limit, share, sigma = given
    times = minutes * np.exp(log)
    return float(weight @ coverage.share_within(times, radius * disc, limit, sigma=sigma) - share)


if __name__ == "__main__":
    main()
