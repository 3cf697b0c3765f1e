"""Measure La Poste's rules on the whole of métropole, and compare with the published share.

Usage::

    python scripts/la_poste_france.py dossier-france > docs/la-poste-france.md

where the folder holds ``communes-france-2026.parquet`` (outlines), ``decoupage-communes-2026.json``
(COG and population), ``mairies-france-2026.csv`` and ``laposte_poincont-2025.csv``.

Where people live inside their commune is not in these files, so the share is bracketed: everyone at
the town hall, where the counter usually is, is the best case; everyone spread evenly over the
commune, woods and fields included, the worst.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import coverage, french, loaders, network, travel
from msap_geo.territory import DEPARTEMENTS

PUBLISHED = {"janvier 2022": 0.9712, "2023": 0.97, "octobre 2024": 0.96}
"""Share of the population within 5 km and 20 minutes, as La Poste and the ARCEP published it."""

GRID_M = 1000.0
SHOWN = 10


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    metropole = [code for code in DEPARTEMENTS if len(code) == len("2A")]
    communes, origins, codes = places(folder, metropole)
    raw = loaders.load_la_poste(folder / "laposte_poincont-2025.csv").table
    here = raw[raw["departement"].isin(metropole)].reset_index(drop=True)
    # Arrondissements and merged communes are brought to the communes they are part of.
    offices = loaders.attach_to_communes(
        here, communes, origins, file="laposte_poincont-2025.csv", codes=codes
    ).table
    km = coverage.straight_km(origins, offices)
    spread = even_share(communes, offices, km=5.0)
    print(page(communes, origins, offices, km, spread, national=len(raw)))


def places(
    folder: Path, departements: list[str]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, loaders.CommuneCodes]:
    """Read communes, their town halls and the codes in force."""
    records = loaders.read_records(folder / "decoupage-communes-2026.json")
    codes = loaders.commune_codes(records)
    boundaries = loaders.load_communes(
        [folder / "communes-france-2026.parquet"], departements=departements, codes=codes
    )
    population = loaders.population_from_records(records, file="decoupage-communes-2026.json")
    communes = loaders.assemble_communes(
        boundaries.table, population.table, departements=departements
    ).table
    mairies = loaders.load_mairies([folder / "mairies-france-2026.csv"], codes=codes).table
    return communes, loaders.commune_origins(communes, mairies).table, codes


def even_share(communes: gpd.GeoDataFrame, offices: gpd.GeoDataFrame, *, km: float) -> pd.Series:
    """Return the share of each commune's area within a distance of a counter, on a 1 km grid.

    A commune no grid point falls in has that of a point on its surface.
    """
    west, south, east, north = communes.total_bounds
    x, y = np.meshgrid(np.arange(west, east, GRID_M), np.arange(south, north, GRID_M))
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x.ravel(), y.ravel()), crs=communes.crs)
    drawn = communes[communes.geometry.notna()]
    inside = gpd.sjoin(points, drawn[["code_insee", "geometry"]], predicate="within")
    near = coverage.straight_km(inside, offices) <= km
    share = near.groupby(inside["code_insee"].to_numpy()).mean()
    surface = gpd.GeoDataFrame(geometry=drawn.representative_point())
    alone = pd.Series(
        (coverage.straight_km(surface, offices) <= km).to_numpy(dtype=float),
        index=drawn["code_insee"],
    )
    return communes["code_insee"].map(share).fillna(communes["code_insee"].map(alone))


def page(
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    offices: gpd.GeoDataFrame,
    km: pd.Series,
    spread: pd.Series,
    *,
    national: int,
) -> str:
    """Return the page."""
    people = communes["population"]
    total = int(people.sum())
    best = float(people[km <= 5].sum() / total)  # noqa: PLR2004 - the law's kilometres
    worst = float((people * spread).sum() / people[spread.notna()].sum())
    profile = network.load_profile(network.ESTIMATED)
    roads = network.estimate_network(communes, origins, profile)
    access = coverage.access_by_place(origins, travel.nearest(roads, origins, offices))
    rules = coverage.evaluate_rules(
        [rule for rule in coverage.load_rules() if rule.sites == "la_poste"],
        {"la_poste": access.assign(km=km)},
        {"la_poste": offices},
        counts={"la_poste": national},
        distance=coverage.STRAIGHT,
    )
    substitutes = int((origins["origine"] != "mairie").sum())
    published = " ; ".join(f"{when} : {french.percent(value)}" for when, value in PUBLISHED.items())
    hall, even = (
        french.number(100 * (share - PUBLISHED["janvier 2022"]), 1) for share in (best, worst)
    )
    return f"""# La Poste, de la loi au calcul : la métropole

Produit par `scripts/la_poste_france.py` ; ne pas modifier à la main.
{french.counted(len(communes), "commune")}, {french.people(total)} (COG 2026),
{french.number(len(offices))} points de contact (juin 2025).
{french.counted(substitutes, "commune")} sans mairie bien placée partent d'un point de leur surface.

## Habitants à moins de 5 km d'un point de contact, à vol d'oiseau

| où sont les habitants | part |
|---|---|
| tous à la mairie (le plus favorable : le guichet est au bourg) | {french.percent(best)} |
| répartis également sur leur commune, bois et champs compris | {french.percent(worst)} |
| publié par La Poste (5 km et 20 minutes) | {published} |

Écart au chiffre publié de janvier 2022 : {hall} point à la mairie, {even} point avec la répartition
égale. Le nôtre est à vol d'oiseau et sans l'outre-mer ; cinq kilomètres par la route sont moins à
vol d'oiseau, et nous ne savons pas comment La Poste les mesure. Un point d'écart, c'est aussi ce
que change la seule façon de placer les habitants.

## Les règles, à la mairie, temps du réseau estimé

| règle | respectée | rompue | les départements les plus justes (marge en habitants) |
|---|---|---|---|
{chr(10).join(lines(rules))}

Les minutes viennent du [réseau estimé](reseau-estime.md) : un ordre de grandeur. Dans la lecture
*et* de l'article 6, elles ne jouent que pour les habitants déjà à plus de 5 km.
"""


def lines(rules: pd.DataFrame) -> list[str]:
    """Return one row per rule: how many départements hold, and the tightest ones."""
    rows = []
    for _, table in rules.groupby("regle", sort=False):
        verdicts = table["verdict"].value_counts()
        tight = table.sort_values("marge_habitants").head(SHOWN)
        told = ", ".join(
            f"{row.nom} ({french.number(int(row.marge_habitants))})"
            for row in tight.itertuples()
            if not pd.isna(row.marge_habitants)
        )
        if not told:
            told = french.number(table["valeur"].iloc[0])
        held, broken = (
            french.number(int(verdicts.get(name, 0))) for name in ("respectée", "non respectée")
        )
        rows.append(f"| {table['titre'].iloc[0]} | {held} | {broken} | {told} |")
    return rows


if __name__ == "__main__":
    main()
