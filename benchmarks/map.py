"""The map of a study against Folium's own choropleth of the same communes, in one Chromium.

    python benchmarks/map.py ../shared/data [--json benchmarks/results/map.json] [--tours 3]

Four maps of real communes: one département, Corsica, Pays de la Loire, mainland France; and the
weight of one with overseas France too. Times of access are straight lines to the nearest Maison of
the 2024 list at 50 km/h, and candidates any two hundred post offices: for weighing a map only,
never for reading. The peer is what an analyst writes with Folium, ``folium.Choropleth`` of the same
communes and minutes with a tooltip: *plain*, from the boundaries as published, and *simplified*,
from boundaries already simplified as much as ours. Neither has our points, zones, search or tables.
Both have Leaflet inside and no legend, so that they open offline as ours does. By turns, medians;
a time runs to the second frame after the load event. The exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from msap_geo import coverage, loaders, outputs
from msap_geo.cautions import cautions
from msap_geo.outputs.page.payload import tolerance_m

if TYPE_CHECKING:
    from collections.abc import Callable

THRESHOLDS = (20.0, 30.0)
CITY_KMH = 50.0
PAYS_DE_LA_LOIRE = ("44", "49", "53", "72", "85")
OVERSEAS = "97"
WHOLE = "France et outre-mer"
_PATIENCE_S = 400
_MAINLAND = 2
"""Letters of a mainland département's code; overseas ones have three."""
SMALLER, QUICKER = 2.0, 1.0
MEGABYTES = {"Corse": 1.0, "Pays de la Loire": 4.0, "France": 9.0, WHOLE: 9.0}
LOAD_S = {"Mayenne": 1.5, "France": 1.5}
ZOOM_S = {"France": 0.6}


class Case(NamedTuple):
    """A map to weigh: its communes, with their département and people."""

    name: str
    communes: gpd.GeoDataFrame


def cases(folder: Path) -> list[Case]:
    """Return the communes of each map."""
    raw = loaders.load_communes([folder / "france" / "communes-france-2026.parquet"]).table
    people = loaders.load_population(folder / "france" / "decoupage-communes-2026.json").table
    known = raw.merge(people[["code_insee", "population"]], on="code_insee")
    known["departement"] = known["code_insee"].map(_departement)
    known = known[known.geometry.notna()].to_crs(2154).reset_index(drop=True)

    def part(name: str, departements: tuple[str, ...]) -> Case:
        return Case(name, known[known["departement"].isin(departements)].reset_index(drop=True))

    return [
        part("Mayenne", ("53",)),
        part("Corse", ("2A", "2B")),
        part("Pays de la Loire", PAYS_DE_LA_LOIRE),
        Case("France", known[known["departement"].str.len() == _MAINLAND].reset_index(drop=True)),
        Case(WHOLE, known),
    ]


def _departement(code: str) -> str:
    return code[:3] if code.startswith(OVERSEAS) else code[:2]


def content(case: Case, folder: Path) -> outputs.MapContent:
    """Make up what a map shows: real communes and sites, straight-line times."""
    communes = case.communes[["code_insee", "nom", "departement", "population", "geometry"]]
    maisons = _sites(
        loaders.load_maisons(folder / "france" / "liste-fs-20240801.csv").table, communes
    )
    offices = _sites(
        loaders.load_la_poste(folder / "france" / "laposte_poincont-2025.csv").table, communes
    )
    here = maisons["departement"].isin(set(communes["departement"]))
    centres = shapely.get_coordinates(communes.representative_point().to_numpy())
    metres, nearest = KDTree(shapely.get_coordinates(maisons.geometry.to_numpy())).query(centres)
    minutes = np.round(metres / 1000 / CITY_KMH * 60, 3)
    access = pd.DataFrame(
        {
            "code_insee": communes["code_insee"],
            "nom": communes["nom"],
            "population": communes["population"],
            "site_id": maisons["site_id"].to_numpy()[nearest],
            "site_nom": maisons["nom"].to_numpy()[nearest],
            "minutes": minutes,
            "km": np.round(metres / 1000, 1),
            "palier": coverage.classify(pd.Series(minutes), thresholds=THRESHOLDS),
            "raison": "",
        }
    )
    origins = gpd.GeoDataFrame(
        {"demand_id": communes["code_insee"], "origine": "mairie"},
        geometry=shapely.points(centres),
        crs=2154,
    )
    offices = offices[offices["departement"].isin(set(communes["departement"]))]
    return outputs.MapContent(
        title=f"{case.name} (banc d’essai, temps à vol d’oiseau)",
        method="Temps à vol d’oiseau, pour peser la carte seulement.",
        thresholds=THRESHOLDS,
        communes=communes,
        origins=origins,
        access=access,
        shares=coverage.shares(access, thresholds=THRESHOLDS),
        zones=coverage.zones_blanches(communes, access, threshold=THRESHOLDS[0]),
        maisons=maisons[here].reset_index(drop=True),
        neighbours=maisons[:0],
        itinerants=maisons[:0],
        la_poste=offices.reset_index(drop=True),
        candidates=_candidates(offices),
        cautions=cautions(estimated=True),
    )


def _sites(table: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table[table.geometry.notna()].to_crs(communes.crs).reset_index(drop=True)


def _candidates(offices: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    chosen = offices[offices["genre"] == "Bureau de Poste"].head(200).reset_index(drop=True)
    rank = np.arange(1, len(chosen) + 1)
    return chosen[["site_id", "nom", "genre", "commune", "code_insee", "geometry"]].assign(
        rang=rank,
        score=np.linspace(90, 10, len(chosen)).round(1),
        population_gagnee=1000,
        habitants_rapproches=2000,
        minutes_gagnees=5.0,
        minutes_maison=25.0,
        raison="",
    )


def choropleth(shown: outputs.MapContent, *, simplify_m: float) -> folium.Map:
    """Draw the same communes as Folium's documentation does."""
    communes = shown.communes
    if simplify_m > 0:
        simple = shapely.coverage_simplify(communes.geometry.to_numpy(), simplify_m)
        communes = communes.set_geometry(gpd.GeoSeries(simple, crs=communes.crs))
    table = communes.merge(shown.access[["code_insee", "minutes"]], on="code_insee").to_crs(4326)
    west, south, east, north = table.total_bounds
    fmap = folium.Map(location=[(south + north) / 2, (west + east) / 2], tiles=None)
    layer = folium.Choropleth(
        geo_data=json.loads(table[["code_insee", "nom", "minutes", "geometry"]].to_json()),
        data=table,
        columns=["code_insee", "minutes"],
        key_on="feature.properties.code_insee",
        fill_color="YlGnBu",
    ).add_to(fmap)
    # Its legend asks a CDN for d3: the page would not open offline.
    del layer._children[layer.color_scale.get_name()]  # noqa: SLF001
    layer.color_scale = None
    folium.GeoJsonTooltip(["nom", "minutes"]).add_to(layer.geojson)
    fmap.fit_bounds([[south, west], [north, east]])
    return fmap


def browser(folder: str) -> Any:
    """Start Chromium."""
    from selenium import webdriver  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1440,900",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    driver = shutil.which("chromedriver") or ""
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    started.set_script_timeout(_PATIENCE_S)
    started.set_page_load_timeout(_PATIENCE_S)
    return started


# Two frames after the load event, everything asked for has been painted.
_PAINTED = """
const done = arguments[arguments.length - 1];
const frame = requestAnimationFrame;
const settle = () => frame(() => frame(() => done(performance.now())));
document.readyState === 'complete' ? settle() : window.addEventListener('load', settle);
"""
_ZOOM = """
const done = arguments[arguments.length - 1];
const isMap = k => k.startsWith('map_') && window[k] && window[k].setZoom;
const map = window[Object.keys(window).find(isMap)];
const begun = performance.now();
map.once('moveend', () => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now() - begun))));
map.setZoom(map.getZoom() + 1, {animate: false});
"""


def measured(driver: Any, page: Path) -> dict[str, float]:
    """Open a page, then zoom in by one step; seconds to the painted picture."""
    driver.get("about:blank")
    driver.get(page.as_uri())
    load = driver.execute_async_script(_PAINTED) / 1000
    zoom = driver.execute_async_script(_ZOOM) / 1000
    return {"load_s": load, "zoom_s": zoom}


def main() -> int:
    """Build, measure by turns, print, return 1 over a bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tours", type=int, default=3)
    parser.add_argument("--garder", type=Path, help="folder to keep the pages in")
    arguments = parser.parse_args()
    lines, missed = [], []
    with tempfile.TemporaryDirectory() as scratch:
        pages = arguments.garder or Path(scratch)
        driver = browser(f"{scratch}/chromium")
        try:
            for case in cases(arguments.folder):
                lines.append(line(case, arguments, pages, driver))
                missed += [f"{case.name}: {name}" for name in over(lines[-1])]
                print(json.dumps(lines[-1], ensure_ascii=False))
        finally:
            driver.quit()
    facts = {
        "machine": f"{os.cpu_count()} {platform.machine()} cores",
        "rounds": arguments.tours,
        "load_average": round(os.getloadavg()[1], 1),
    }
    if arguments.json:
        text = json.dumps({"facts": facts, "lines": lines}, ensure_ascii=False, indent=2)
        arguments.json.write_text(text + "\n", encoding="utf-8", newline="\n")
    print("missed:", "; ".join(missed) or "none")
    return int(bool(missed))


def line(case: Case, arguments: argparse.Namespace, pages: Path, driver: Any) -> dict[str, Any]:
    """Build the pages of a case, measure them by turns, return the medians and ratios."""
    shown = content(case, arguments.folder)
    tolerance = tolerance_m(len(case.communes))
    maps: dict[str, Callable[[], folium.Map]] = {
        "ours": lambda: outputs.map(shown),
        "plain": lambda: choropleth(shown, simplify_m=0),
        "simplified": lambda: choropleth(shown, simplify_m=tolerance),
    }
    if case.name == WHOLE:
        maps = {"ours": maps["ours"]}
    result: dict[str, Any] = {"name": case.name, "communes": len(case.communes)}
    for name, draw in maps.items():
        begun = time.perf_counter()
        page = pages / f"{case.name}-{name}.html"
        outputs.write_map(draw(), page, title=case.name)
        result[name] = {
            "megabytes": round(page.stat().st_size / 1e6, 2),
            "build_s": round(time.perf_counter() - begun, 2),
        }
    if case.name == WHOLE:
        return result
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in maps}
    for _ in range(arguments.tours):
        for name, done in rounds.items():
            done.append(measured(driver, pages / f"{case.name}-{name}.html"))
    for name, done in rounds.items():
        for key in done[0]:
            result[name][key] = round(statistics.median(one[key] for one in done), 3)
    for name in ("plain", "simplified"):
        theirs, ours = result[name], result["ours"]
        theirs["smaller"] = round(theirs["megabytes"] / ours["megabytes"], 2)
        theirs["quicker"] = round(theirs["load_s"] / ours["load_s"], 2)
        theirs["zoom_quicker"] = round(theirs["zoom_s"] / ours["zoom_s"], 2)
    return result


def over(result: dict[str, Any]) -> list[str]:
    """Return the bars a map misses."""
    name, ours, plain = result["name"], result["ours"], result.get("plain")
    missed = {"weight": ours["megabytes"] > MEGABYTES.get(name, np.inf)}
    if plain is not None:
        missed |= {
            "load": ours["load_s"] > LOAD_S.get(name, np.inf),
            "zoom": ours["zoom_s"] > ZOOM_S.get(name, np.inf),
            "smaller": plain["smaller"] < SMALLER,
            "quicker": plain["quicker"] < QUICKER,
        }
    return [bar for bar, is_missed in missed.items() if is_missed]


if __name__ == "__main__":
    sys.exit(main())
