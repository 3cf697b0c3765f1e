"""How far each point a commune may start from is from its town hall, in minutes to its Maison.

On the communes of a study whose town hall is well placed, as if it were not known::

    python benchmarks/origins.py etude.toml
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import loaders, travel
from msap_geo.study import read_study, run_study


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    result = run_study(read_study(parser.parse_args().study))
    known = (result.origins["origine"] == loaders.TOWN_HALL).to_numpy()
    communes = result.communes[known].reset_index(drop=True)
    told = result.access["minutes"].to_numpy()[known]
    print(
        f"{len(communes)} communes; minutes from the town hall's time: median, ninth decile, mean"
    )
    nobody = result.places.town_halls.iloc[:0]
    surface = loaders.commune_origins(communes, nobody).table
    streets = gpd.GeoSeries(
        travel.densest_streets(result.roads, communes.geometry.to_numpy()),
        index=communes["code_insee"],
        crs=communes.crs,
    )
    for name, origins in (
        (loaders.CELL, loaders.from_cells(surface, result.carreaux)),
        (loaders.STREETS, loaders.moved_to(surface, streets, loaders.STREETS)),
        (loaders.SURFACE, surface),
    ):
        nearest = travel.nearest(result.roads, origins, result.maisons)
        away = pd.Series(np.abs(nearest["minutes"].to_numpy() - told))
        print(
            f"{name:22}{away.median():6.1f}{away.quantile(0.9):6.1f}{away.mean():6.1f}"
            f"   ({(origins['origine'] == name).sum()} communes, {away.isna().sum()} without route)"
        )


if __name__ == "__main__":
    main()
