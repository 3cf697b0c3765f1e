"""Journeys without a car, against their bars.

Usage::

    python benchmarks/transit.py ../shared/data

``corse``: the 360 communes (a point of each) × every fixed Maison of 2024, a departure every five
minutes of one day of Corsica's coaches; bar 5 s on two cores. The feed is a weekday derived from a
simulation's schedule: only how long it takes is printed, no journey.

``region``: a made région (seeded) of 3,000 stops, 30,000 trips of 20 stops a day, 1,500 communes
and 150 Maisons, a week of which weekdays, Saturday and Sunday differ: every departure of every five
minutes, and the round trips of every day; bar 60 s. Roads are a made grid on which one walks.

Times are on the clock, compiled beforehand, with the processor's beside them: on a machine at work
the second, over the cores, is what to compare.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from msap_geo import loaders, network, travel
from msap_geo.network.timetable import Calls, Runs, Stops, Transfers

if TYPE_CHECKING:
    from collections.abc import Callable

STOPS, TRIPS, CALLS, COMMUNES, SITES = 3000, 30_000, 20, 1500, 150
SIDE_M, MESH_M = 150_000.0, 500.0
X0, Y0 = 400_000.0, 6_500_000.0
HOURS = "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00"


def measured(name: str, bar: float, question: Callable[[], Any]) -> None:
    """Ask a question twice, and print what the second time took."""
    question()
    clock, processor = time.perf_counter(), time.process_time()
    found = question()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {clock:.2f} s, processor {processor:.2f} s ({os.cpu_count()} cores), "
        f"bar {bar:.0f} s; {len(found)} rows; {memory:.0f} MB at most"
    )


def corsica(shared: Path) -> None:
    """Measure the day of Corsica's coaches."""
    folder = shared / "corse"
    roads = network.load_network(
        [folder / "corse.osm.pbf"], network.load_profile("pied"), epsg=2154
    )
    timetable = network.read_timetable(folder / "gtfs-autocars", dates="2022-06-15")
    outlines = pd.concat([gpd.read_file(path) for path in sorted(folder.glob("communes-*"))])
    outlines = outlines.to_crs(2154)
    communes = gpd.GeoDataFrame(
        {"demand_id": outlines["code"].to_numpy()},
        geometry=outlines.representative_point().to_numpy(),
        crs=2154,
    )
    maisons = loaders.load_maisons(next((shared / "france").glob("liste*2024*"))).table
    maisons = maisons[maisons["departement"].isin(["2A", "2B"]) & maisons.geometry.notna()]
    sites = maisons[["site_id", "geometry"]].to_crs(2154)
    day = {"depart": ("00:00", "23:55"), "every_minutes": 5}
    places = (roads, timetable, communes, sites)
    print(f"Corsica: {len(communes)} communes, {len(sites)} Maisons, {timetable!r}")
    measured("  by_transit, 288 departures", 5, lambda: travel.by_transit(*places, **day))
    measured("  there_and_back", 5, lambda: travel.there_and_back(*places, hours=HOURS))


def made_timetable(chance: np.random.Generator) -> network.Timetable:
    """Make lines between neighbouring stops, run all day by trips that start at random."""
    x, y = chance.uniform(0, SIDE_M, (2, STOPS))
    longitude, latitude = pyproj.Transformer.from_crs(2154, 4326, always_xy=True).transform(
        X0 + x, Y0 + y
    )
    lines = 600
    heading = chance.uniform(0, 2 * np.pi, lines)
    begin = chance.uniform(0, SIDE_M, (2, lines))
    along = np.arange(CALLS) * 3000.0
    tree = shapely.STRtree(shapely.points(x, y))
    spots = shapely.points(
        (begin[0][:, None] + np.cos(heading)[:, None] * along) % SIDE_M,
        (begin[1][:, None] + np.sin(heading)[:, None] * along) % SIDE_M,
    )
    routes = tree.nearest(spots.ravel()).reshape(lines, CALLS)
    line = chance.integers(0, lines, TRIPS)
    onward = chance.integers(0, 2, TRIPS).astype(bool)
    stop = np.where(onward[:, None], routes[line], routes[line][:, ::-1])
    first = chance.integers(6 * 3600, 20 * 3600, TRIPS) // 60 * 60
    moments = first[:, None] + np.arange(CALLS) * 300
    service = np.sort(chance.choice(3, TRIPS, p=[0.7, 0.2, 0.1])).astype(np.int32)
    # Services: every weekday, every day but Sunday, every day.
    active = np.array([[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0], [1] * 7], dtype=bool)
    names = np.array([f"t{trip}" for trip in range(TRIPS)], dtype=object)
    free = np.ones(TRIPS * CALLS, dtype=bool)
    return network.Timetable(
        feeds=("made",),
        first=date(2022, 6, 13),
        last=date(2022, 6, 19),
        stops=Stops(
            np.array([f"s{stop}" for stop in range(STOPS)], dtype=object),
            np.array([f"Stop {stop}" for stop in range(STOPS)], dtype=object),
            latitude,
            longitude,
            np.zeros(STOPS, dtype=np.int32),
        ),
        runs=Runs(np.arange(TRIPS + 1) * CALLS, service, names, names, names),
        calls=Calls(
            stop.ravel().astype(np.int32),
            moments.ravel().astype(np.int32),
            (moments + 15).ravel().astype(np.int32),
            free,
            free,
            ~free,
        ),
        transfers=Transfers(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0)),
        active=active,
        days_before=0,
    )


def made_roads() -> network.RoadNetwork:
    """Make a grid of paths, walked at 5 km/h."""
    count = int(SIDE_M / MESH_M) + 1
    node = np.arange(count * count).reshape(count, count)
    east = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    north = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    pairs = np.concatenate([east, north, east[:, ::-1], north[:, ::-1]])
    y, x = np.divmod(np.arange(count * count), count)
    nodes = pd.DataFrame({"node": node.ravel(), "x": X0 + x * MESH_M, "y": Y0 + y * MESH_M})
    links = pd.DataFrame({"from": pairs[:, 0], "to": pairs[:, 1], "minutes": MESH_M / 5000 * 60})
    return network.from_links(nodes, links, crs=2154)


def region() -> None:
    """Measure the week of a made région."""
    chance = np.random.default_rng(19)
    timetable, roads = made_timetable(chance), made_roads()
    stops = gpd.points_from_xy(timetable.stops.longitude, timetable.stops.latitude, crs=4326)
    stops = stops.to_crs(2154)
    near = chance.choice(STOPS, COMMUNES, replace=False)
    shift = chance.normal(0, 400, (2, COMMUNES))
    x, y = shapely.get_x(stops[near]) + shift[0], shapely.get_y(stops[near]) + shift[1]
    communes = gpd.GeoDataFrame(
        {"demand_id": [f"c{i}" for i in range(COMMUNES)]},
        geometry=gpd.points_from_xy(x, y),
        crs=2154,
    )
    sites = communes.iloc[chance.choice(COMMUNES, SITES, replace=False)]
    sites = sites.rename(columns={"demand_id": "site_id"})
    day = {"depart": ("00:00", "23:55"), "every_minutes": 5}
    places = (roads, timetable, communes, sites)
    print(f"Made région: {COMMUNES} communes, {SITES} Maisons, {timetable!r}, {roads!r}")
    measured("  by_transit, 2,016 departures", 60, lambda: travel.by_transit(*places, **day))
    measured("  there_and_back, 7 days", 60, lambda: travel.there_and_back(*places, hours=HOURS))


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder of the real files")
    parser.add_argument("--only", choices=["corse", "region"])
    chosen = parser.parse_args()
    if chosen.only != "region":
        corsica(chosen.shared)
    if chosen.only != "corse":
        region()


if __name__ == "__main__":
    main()
