"""How many places enter another road now that motorways, tunnels and the like offer no door.

    python benchmarks/entries.py formats/andorra-2021.osm.pbf formats/monaco-2012.osm.gz

Buildings of each extract (the mean of their corners), driven to the point of the network nearest to
the middle of them all, with and without doors.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
from shapely import Point

from msap_geo import network, travel

EPSG = 2154


def buildings(path: Path) -> gpd.GeoSeries:
    """Return the middle of each building of an extract."""
    middles = [
        np.mean([(node.lon, node.lat) for node in way.nodes if node.location.valid()], axis=0)
        for way in osmium.FileProcessor(str(path))
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("building"))
        if any(node.location.valid() for node in way.nodes)
    ]
    return gpd.GeoSeries(gpd.points_from_xy(*np.array(middles).T), crs=4326).to_crs(EPSG)


def main(paths: list[str]) -> None:
    """Print a line for each file."""
    profile = network.load_profile("voiture")
    for path in map(Path, paths):
        roads = network.read_osm(path, profile, epsg=EPSG)
        everywhere = dataclasses.replace(
            roads, edges=dataclasses.replace(roads.edges, door=np.ones_like(roads.edges.door))
        )
        points = buildings(path)
        demand = gpd.GeoDataFrame(
            {"demand_id": [str(i) for i in range(len(points))]}, geometry=points
        )
        middle = Point(points.x.median(), points.y.median())
        site = gpd.GeoDataFrame({"site_id": ["milieu"]}, geometry=[middle], crs=EPSG)
        now, before = (network.snap(net, points).edge for net in (roads, everywhere))
        gap = (
            travel.nearest(roads, demand, site)["minutes"]
            - travel.nearest(everywhere, demand, site)["minutes"]
        ).abs()
        closed_km = roads.edges.length_m[~roads.edges.door].sum() / 1000
        print(
            f"{path.name} : {closed_km:.1f} km sur {roads.report.km:.0f} sans porte ; "
            f"{int((now != before).sum())} bâtiments sur {len(points)} entrent ailleurs ; "
            f"écart de plus d'une minute pour {int((gap > 1).sum())}, au plus {gap.max():.1f} min"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
