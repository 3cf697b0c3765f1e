r"""Fit the estimated network and the spread of people, and measure their error by cross-validation.

The parameters of ``network/profils/estime.toml`` and ``coverage/etalement.toml`` come from here:
least squares on INSEE's shares by département and on the times of Corsica's real roads. Usage::

    python scripts/calibrate_estimated.py france.toml corse.toml parts-par-duree-2025.csv \
        --json benchmarks/results/estimated.json
    python scripts/document_estime.py
    python scripts/document_verite.py

where the first study is the métropole with ``profil = "estime"`` and the second Corsica with roads.
The others write its errors in ``docs/``.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.optimize import least_squares
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from msap_geo import coverage, network, travel
from msap_geo.network.land import share_through_others
from msap_geo.network.surroundings import surroundings
from msap_geo.study import read_study, run_study

if TYPE_CHECKING:
    from collections.abc import Mapping


THRESHOLDS = (5, 10, 15, 20, 25, 30, 40)
SCALE = np.array([20, 7, 8, 3.3, 3.2, 1.2, 1.5])
"""Points: what an error at each threshold is measured in."""

FRANCE_SERVICES, POST_OFFICES = "implantations_france_services_i", "bureau_de_poste"
POST_WEIGHT, CORSICA_WEIGHT, TRIPS_WEIGHT, CORSICA_MINUTES = 0.2, 3.0, 1.0, 1.5
NAMES = ("rythme", "depart", "acces", "habitant", "population", "espacement", "corse")
NAMES += ("traversee", "rayon", "rayon_densite", "rayon_population")
START = np.array([-0.24, 2.2, 0.33, -1.7, -0.11, -0.2, 0.87, -0.45, 1.0, -0.46, -0.28])
HELD = {"rythme": (np.log(0.85), 0.02), "depart": (2.1, 0.1), "acces": (0.35, 0.05)} | {
    "habitant": (-1.7, 0.05)
}
"""What shares alone cannot tell, held near what real roads give: centre and standard deviation."""

LONGEST_TRIP = 90.0
FOLDS = 12


class Model:
    """The estimate of the métropole, for any parameters, and what it is held against."""

    def __init__(self, france: Path, corsica: Path, shares: Path) -> None:
        result = run_study(read_study(france))
        placed = result.origins.geometry.notna().to_numpy()
        communes = result.communes[placed].reset_index(drop=True)
        points = result.origins.geometry[placed].to_numpy()
        xy = shapely.get_coordinates(points)
        # Junctions of the network are the distinct places, first come first: same order here.
        kept = np.sort(np.unique(xy, axis=0, return_index=True)[1])
        self.communes, xy = communes.iloc[kept].reset_index(drop=True), xy[kept]
        self.people = self.communes["population"].to_numpy(dtype=float)
        self.around = surroundings(*xy.T, self.communes.geometry.to_numpy(), self.people)
        self.corsican = self.communes["departement"].isin(["2A", "2B"]).to_numpy()
        self.edges, self.n = result.roads.edges, result.roads.n_nodes
        ends = np.stack([self.edges.tail, self.edges.head])
        x, y = result.roads.x[ends], result.roads.y[ends]
        self.km = np.hypot(x[0] - x[1], y[0] - y[1]) / 1000
        join = np.flatnonzero((ends < len(kept)).all(axis=0))
        self.through = np.zeros(len(self.km))
        self.through[join] = share_through_others(
            result.roads.x, result.roads.y, self.communes.geometry.to_numpy(), *ends[:, join]
        )
        offices = result.la_poste[result.la_poste["genre"] == "Bureau de Poste"]
        self.sites = {
            FRANCE_SERVICES: network.snap(result.roads, result.maisons.geometry),
            POST_OFFICES: network.snap(result.roads, offices.geometry),
        }
        table = pd.read_csv(shares, dtype={"dep": str})
        known = sorted(set(table["dep"]) & set(self.communes["departement"]))
        self.departements = known
        columns = [f"{threshold}min" for threshold in THRESHOLDS]
        self.told = {
            kind: table[table["Source"] == kind].set_index("dep").loc[known, columns].to_numpy()
            for kind in self.sites
        }
        self._measure_corsica(corsica)

    def _measure_corsica(self, path: Path) -> None:
        real = run_study(read_study(path))
        codes = self.communes["code_insee"][self.corsican]
        self.real = real.access.set_index("code_insee")["minutes"].reindex(codes).to_numpy()
        good = real.origins[real.origins["origine"] == "mairie"]
        some = good.sample(25, random_state=0)
        times = travel.matrix(real.roads, some, good.assign(site_id=good["demand_id"]))
        row = pd.Series(np.arange(len(self.communes)), index=self.communes["code_insee"])
        self.from_, self.to = row[some["demand_id"]].to_numpy(), row[good["demand_id"]].to_numpy()
        self.trips = times.minutes.toarray()

    def links(self, value: Mapping[str, float]) -> np.ndarray:
        """Return the minutes of every link."""
        rest = np.zeros(self.n - len(self.people))
        tail, head = self.edges.tail, self.edges.head
        pace = value["espacement"] * self.around.spacing + value["corse"] * self.corsican
        pace, people = np.append(pace, rest), np.append(self.around.people, rest)
        effects = (
            (pace[tail] + pace[head]) / 2
            + value["population"] * np.minimum(people[tail], people[head])
            + value["traversee"] * self.through
        )
        return self.km * np.exp(value["rythme"] + effects)

    def times(self, value: Mapping[str, float], links: np.ndarray, kind: str) -> np.ndarray:
        """Return the minutes of each commune to its nearest site."""
        sites = self.sites[kind]
        on = sites.edge >= 0
        edge, along = sites.edge[on], sites.fraction[on]
        access = sites.access_m[on] / 1000 * np.exp(value["acces"]) + value["depart"]
        first = np.full(self.n, np.inf)
        np.minimum.at(first, self.edges.tail[edge], access + along * links[edge])
        np.minimum.at(first, self.edges.head[edge], access + (1 - along) * links[edge])
        seeds = np.flatnonzero(np.isfinite(first))
        tail = np.concatenate([self.edges.tail, np.full(len(seeds), self.n)])
        head = np.concatenate([self.edges.head, seeds])
        graph = csr_array(
            (np.concatenate([links, first[seeds]]), (tail, head)), shape=(self.n + 1,) * 2
        )
        found = dijkstra(_both_ways(graph, self.n), indices=self.n)
        return np.minimum(found[: len(self.communes)], 1e3)

    def shares(self, value: Mapping[str, float], links: np.ndarray, kind: str) -> np.ndarray:
        """Return the shares expected by département and threshold, per cent."""
        radius = self.around.radius_km * np.exp(
            value["rayon"]
            + value["rayon_densite"] * self.around.density
            + value["rayon_population"] * self.around.people
        )
        minutes, sigma = self.times(value, links, kind), np.exp(value["habitant"])
        groups = self.communes["departement"]
        total = pd.Series(self.people).groupby(groups).sum()[self.departements]
        return 100 * np.column_stack(
            [
                pd.Series(self.people * coverage.share_within(minutes, radius, t, sigma=sigma))
                .groupby(groups)
                .sum()[self.departements]
                / total
                for t in THRESHOLDS
            ]
        )

    def residuals(self, x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return what least squares make small, fitting these départements and Corsica."""
        value = dict(zip(NAMES, x, strict=True))
        links = self.links(value)
        parts = [
            weight * ((self.shares(value, links, kind) - self.told[kind]) / SCALE)[rows].ravel()
            for kind, weight in ((FRANCE_SERVICES, 1.0), (POST_OFFICES, POST_WEIGHT))
        ]
        error = self.times(value, links, FRANCE_SERVICES)[self.corsican] - self.real
        # Large errors count as their square root: a pass must not bend the rest.
        robust = np.sign(error) * np.sqrt(2 * (np.sqrt(1 + error**2) - 1))
        parts.append(CORSICA_WEIGHT * robust / CORSICA_MINUTES)
        graph = csr_array((links, (self.edges.tail, self.edges.head)), shape=(self.n,) * 2)
        trips = dijkstra(graph, directed=False, indices=self.from_, limit=300)[:, self.to]
        near = (self.trips > 1) & (self.trips < LONGEST_TRIP) & np.isfinite(trips)
        ratio = np.log((trips + value["depart"])[near] / self.trips[near])
        parts.append(TRIPS_WEIGHT * ratio / 0.35 * np.sqrt(100 / near.sum()))
        parts.append(np.array([(value[k] - c) / sd for k, (c, sd) in HELD.items()]))
        return np.concatenate(parts)

    def fit(self, rows: np.ndarray, start: np.ndarray = START, steps: int = 12) -> np.ndarray:
        """Return the parameters that fit these départements and Corsica."""
        return least_squares(
            self.residuals, start, args=(rows,), diff_step=2e-3, x_scale=np.abs(START),
            max_nfev=steps,
        ).x  # fmt: skip


def _both_ways(graph: csr_array, source: int) -> csr_array:
    """Return the graph with every link both ways, but those from the source."""
    links = graph.tocoo()
    road = links.row < source
    row = np.concatenate([links.row, links.col[road]])
    column = np.concatenate([links.col, links.row[road]])
    return csr_array((np.concatenate([links.data, links.data[road]]), (row, column)), graph.shape)


def measured(error: np.ndarray) -> dict[str, list[float]]:
    """Return mean, root mean square and ninth decile of errors, points, by threshold."""
    return {
        str(t): [
            round(float(x), 2)
            for x in (e.mean(), np.sqrt((e**2).mean()), np.percentile(abs(e), 90))
        ]
        for t, e in zip(THRESHOLDS, error.T, strict=True)
    }


def told(error: np.ndarray) -> str:
    """Return mean, root mean square and ninth decile of errors, points, at each threshold."""
    return "\n".join(
        f"{t:>3} min {e.mean():+6.1f} {np.sqrt((e**2).mean()):5.1f} "
        f"{np.percentile(abs(e), 90):5.1f}"
        for t, e in zip(THRESHOLDS, error.T, strict=True)
    )


def shipped() -> dict[str, float]:
    """Return the parameters that studies use, as this model names them."""
    profile = network.load_profile("estime")
    told = profile.parameters
    spread = tomllib.loads(files("msap_geo.coverage").joinpath("etalement.toml").read_text("utf-8"))
    return {
        "rythme": np.log(told["minutes_par_km"]),
        "depart": told["minutes_au_depart"],
        "acces": np.log(60 / profile.access_kmh),
        "habitant": np.log(spread["estime"]["habitant"]),
        "population": told["effet_population"],
        "espacement": told["effet_espacement"],
        "corse": told["effet_corse"],
        "traversee": told["effet_traversee"],
        "rayon": np.log(spread["minutes_par_km_de_rayon"]),
        "rayon_densite": spread["effet_densite"],
        "rayon_population": spread["effet_population"],
    }


def main() -> None:
    """Fit, cross-validate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("france", "corsica", "shares"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    model = Model(asked.france, asked.corsica, asked.shares)
    every = np.arange(len(model.departements))
    best = model.fit(every)
    value = dict(zip(NAMES, best, strict=True))
    for name, x in value.items():
        print(f"{name:18}{x:8.3f}{np.exp(x):8.3f}")
    used = shipped()
    links = model.links(used)
    error = model.shares(used, links, FRANCE_SERVICES) - model.told[FRANCE_SERVICES]
    fitted = measured(error)
    print("As studies use it: mean, RMSE, p90\n" + told(error))
    away = model.times(used, links, FRANCE_SERVICES)[model.corsican]
    print("Corsica, minutes: median and p90", np.percentile(abs(away - model.real), [50, 90]))
    far = model.real > 3  # noqa: PLR2004 - at its own door a town hall's ratio has no meaning
    print("Corsica, log residuals: sd", np.log(away[far] / model.real[far]).std())
    order = np.random.default_rng(1).permutation(every)
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        x = dict(zip(NAMES, model.fit(np.setdiff1d(every, out), best, 5), strict=True))
        found = model.shares(x, model.links(x), FRANCE_SERVICES)
        error[out] = (found - model.told[FRANCE_SERVICES])[out]
    print("Cross-validated: mean, RMSE, p90\n" + told(error))
    if asked.json is not None:
        found = {
            "departements": len(model.departements),
            "paquets": FOLDS,
            "parametres": {name: round(float(x), 4) for name, x in used.items()},
            "recalage": {name: round(float(x), 4) for name, x in value.items()},
            "calage": fitted,
            "validation_croisee": measured(error),
            "corse_minutes": [
                round(float(x), 2) for x in np.percentile(abs(away - model.real), [50, 90])
            ],
        }
        text = json.dumps(found, ensure_ascii=False, indent=2)
        asked.json.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
