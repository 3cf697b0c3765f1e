"""Calibrate the estimated network on real roads, and measure its error.

The parameters of ``msap_geo/network/profils/estime.toml`` come from here. Sinuosity and
speeds by density class are fitted on the real trips between town halls, then the estimated times of
commune pairs are compared with the real ones.

Usage::

    python scripts/calibrate_estimated.py etude.toml > docs/reseau-estime.md

where ``etude.toml`` is a study with a real road network.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from msap_geo import loaders, network, travel
from msap_geo.network.estimated import gabriel_graph
from msap_geo.study import Study, read_study
from msap_geo.territory import projected_crs

if TYPE_CHECKING:
    import geopandas as gpd

ITERATIONS = 6
MOSTLY = 0.7
FEWEST_TRIPS = 100
DENSITY_LIMITS = (20.0, 100.0, 500.0)
LONGEST_PAIR_MINUTES = 60.0
NEAR_MINUTES = 30.0


def main() -> None:
    """Calibrate on one study and print the page of the documentation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="study file with a real road network")
    study = read_study(parser.parse_args().study)
    communes, origins = places(study)
    profile = network.load_profile("voiture", speeds_kmh=study.reseau.vitesses_kmh)
    roads = network.load_network(
        [study.path(path) for path in study.reseau.sources],
        profile,
        epsg=projected_crs(study.etude.departements),
    )
    sites = origins.assign(site_id=origins["demand_id"])
    real = travel.matrix(roads, origins, sites, max_minutes=2 * LONGEST_PAIR_MINUTES)
    minutes, km = real.minutes.toarray(), real.km.toarray()

    sinuosity, speeds, counts = fit(communes, origins, minutes, km)
    text = page(study, communes, origins, minutes, sinuosity, speeds, counts)
    # French figures: decimal comma, a space before the per cent sign.
    print(re.sub(r"(\d)%", "\\1 %", re.sub(r"(\d)\.(\d)", r"\1,\2", text)))


def fit(
    communes: gpd.GeoDataFrame, origins: gpd.GeoDataFrame, minutes: np.ndarray, km: np.ndarray
) -> tuple[float, list[float], np.ndarray]:
    """Fit sinuosity and speeds on whole trips, not on single links.

    A link between neighbours across a ridge has no road of its own; the trips that really cross
    take another. So: find the estimated trips, add up their straight kilometres by density class,
    and take for each class the median real minutes per such kilometre over the trips mostly within
    it; start again with the trips these give, until they settle.

    Returns
    -------
    sinuosity, speeds_kmh, links by class
    """
    x, y = shapely.get_x(origins.geometry.to_numpy()), shapely.get_y(origins.geometry.to_numpy())
    tail, head = gabriel_graph(x, y)
    straight = np.hypot(x[tail] - x[head], y[tail] - y[head]) / 1000
    density = (communes["population"] / (communes.area / 1e6)).to_numpy()
    group = np.searchsorted(DENSITY_LIMITS, (density[tail] + density[head]) / 2, side="left")
    classes, n = len(DENSITY_LIMITS) + 1, len(x)
    pairs = np.argwhere((minutes > 1) & (minutes <= LONGEST_PAIR_MINUTES))
    slowness = np.full(classes, 2.0)
    for _ in range(ITERATIONS):
        weight = straight * slowness[group]
        graph = csr_array((weight, (tail, head)), shape=(n, n))
        _, previous = dijkstra(graph, directed=False, return_predecessors=True)
        travelled = kilometres_by_class(previous, x, y, tail, head, group, classes)
        shares = travelled[pairs[:, 0], pairs[:, 1]]
        # Two town halls at one place (a geocoding fault) have no trip between them.
        pairs, shares = pairs[(apart := shares.sum(axis=1) > 0)], shares[apart]
        real, total = minutes[pairs[:, 0], pairs[:, 1]], shares.sum(axis=1)
        for g in range(classes):
            mostly = shares[:, g] >= MOSTLY * total
            # Too few trips to tell: the class keeps the pace of the next sparser one.
            enough = mostly.sum() >= FEWEST_TRIPS
            slowness[g] = np.median((real / total)[mostly]) if enough else slowness[max(g - 1, 0)]
    sinuosity = float(np.median(km[pairs[:, 0], pairs[:, 1]] / total))
    return sinuosity, list(sinuosity / slowness * 60), np.bincount(group, minlength=classes)


def kilometres_by_class(
    previous: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    tail: np.ndarray,
    head: np.ndarray,
    group: np.ndarray,
    classes: int,
) -> np.ndarray:
    """Return straight kilometres of each quickest trip, by density class, shape (n, n, classes)."""
    n = len(x)
    class_of = np.zeros((n, n), dtype=int)
    class_of[tail, head] = class_of[head, tail] = group
    total = np.zeros((n, n, classes))
    for origin in range(n):
        before = previous[origin]
        node = np.arange(n)
        while (here := before[node]).max() >= 0:
            moving = here >= 0
            a, b = node[moving], here[moving]
            step = np.hypot(x[a] - x[b], y[a] - y[b]) / 1000
            total[origin, np.flatnonzero(moving), class_of[a, b]] += step
            node = np.where(moving, here, node)
    return total


def places(study: Study) -> tuple:
    """Load the communes whose town hall is where it should be: calibration wants clean pairs."""
    data = study.donnees
    codes = loaders.commune_codes(loaders.read_records(study.path(data.population)))
    departements = study.etude.departements
    boundaries = loaders.load_communes(
        [study.path(path) for path in data.communes], departements=departements, codes=codes
    ).table
    population = loaders.load_population(study.path(data.population)).table
    halls = loaders.load_mairies([study.path(path) for path in data.mairies], codes=codes).table
    communes = loaders.assemble_communes(boundaries, population, departements=departements).table
    origins = loaders.commune_origins(communes, halls).table
    clean = origins["origine"] == "mairie"
    return communes[clean].reset_index(drop=True), origins[clean].reset_index(drop=True)


def page(
    study: Study,
    communes: object,
    origins: object,
    minutes: np.ndarray,
    sinuosity: float,
    speeds: list[float],
    counts: np.ndarray,
) -> str:
    """Compare the estimate with reality and return the page."""
    shipped = network.load_profile(network.ESTIMATED)
    estimated = network.estimate_network(communes, origins, shipped)
    sites = origins.assign(site_id=origins["demand_id"])
    guess = travel.matrix(estimated, origins, sites).minutes.toarray()
    rows = []
    for label, low, high in (
        ("toutes les paires à moins de 60 min", 0.0, LONGEST_PAIR_MINUTES),
        ("moins de 30 min", 0.0, NEAR_MINUTES),
        ("de 15 à 25 min (autour du seuil)", 15.0, 25.0),
    ):
        pairs = (minutes > low) & (minutes <= high)
        error = guess[pairs] - minutes[pairs]
        relative = np.abs(error) / minutes[pairs]
        rows.append(
            f"| {label} | {pairs.sum():,} | {np.median(error):+.1f} | "
            f"{np.median(np.abs(error)):.1f} | {np.percentile(np.abs(error), 90):.1f} | "
            f"{np.median(relative):.0%} | {np.percentile(relative, 90):.0%} |".replace(",", " ")
        )
    names = [
        f"{low:g} à {high:g} hab./km²"
        for low, high in zip((0, *DENSITY_LIMITS), DENSITY_LIMITS, strict=False)
    ] + [f"plus de {DENSITY_LIMITS[-1]:g} hab./km²"]
    fitted = "\n".join(
        f"| {name} | {count} | {speed:.1f} |"
        for name, count, speed in zip(names, counts, speeds, strict=True)
    )
    used = shipped.parameters
    return f"""# Le réseau estimé

Produit par `scripts/calibrate_estimated.py` sur l'étude « {study.etude.nom} »
({len(communes)} communes dont la mairie est bien placée). Ne pas modifier à la main.

## Méthode

Sans fichier de routes, chaque mairie est reliée à ses voisines par le graphe de Gabriel (deux
mairies sont voisines si aucune autre n'est dans le cercle dont elles sont le diamètre). Longueur =
distance à vol d'oiseau × sinuosité ; vitesse selon la densité moyenne des deux communes.

## Calage

Sur les trajets réels de mairie à mairie de moins de {LONGEST_PAIR_MINUTES:g} minutes (médiane par
classe des trajets qui s'y font à {MOSTLY:.0%} au moins ; le trajet estimé est recalculé à chaque
pas). Sinuosité médiane : **{sinuosity:.2f}**
(retenue : {used["sinuosite"]}).

| densité | liaisons | vitesse calée (km/h) |
|---|---|---|
{fitted}

Vitesses retenues : {", ".join(f"{speed:g}" for speed in used["vitesses_densite_kmh"])} km/h.

## Erreur : temps estimés moins temps réels, de commune à commune (minutes)

| paires | nombre | écart médian | erreur médiane | erreur p90 | relative médiane | relative p90 |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

## Ce qu'il faut en retenir

Le calage et la mesure portent sur le même territoire, montagneux : l'erreur ailleurs n'est pas
mesurée. En plaine, où les routes sont plus droites et plus rapides, les temps estimés seront
vraisemblablement trop longs : l'étude peut alors donner sa propre hypothèse
(`[reseau] sinuosite`, 1,2 dans l'exemple de la Mayenne). C'est un ordre de grandeur pour la
démonstration et le dégrossissage, jamais une base de décision.
"""


if __name__ == "__main__":
    main()
