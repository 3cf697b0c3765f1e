"""Derive the box around each département, from its communes.

    python scripts/build_emprises.py ../shared/data/france/communes-france-2026.parquet

writes ``msap_geo/sources/emprises.toml``: west, south, east, north, degrees, a hundredth of a
degree (about a kilometre) added on each side, since the outlines are simplified.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import geopandas as gpd

from msap_geo.territory import DEPARTEMENTS, departement_of

TARGET = Path(__file__).parent.parent / "msap_geo" / "sources" / "emprises.toml"
MARGIN = 0.01
HEADER = """\
# Rectangle autour de chaque département : ouest, sud, est, nord, en degrés, un centième en plus de
# chaque côté. Fait par scripts/build_emprises.py d'après les communes de 2026 (IGN ADMIN EXPRESS,
# Licence Ouverte 2.0).

"""


def boxes(path: Path) -> dict[str, list[float]]:
    """Return the box of every département whose communes have outlines."""
    table = gpd.read_parquet(path)
    table = table[table.geometry.notna() & ~table.geometry.is_empty]
    bounds = table.geometry.bounds.groupby(table["code"].map(departement_of))
    low, high = bounds[["minx", "miny"]].min(), bounds[["maxx", "maxy"]].max()
    return {
        code: [
            *(math.floor((value - MARGIN) * 100) / 100 for value in low.loc[code]),
            *(math.ceil((value + MARGIN) * 100) / 100 for value in high.loc[code]),
        ]
        for code in DEPARTEMENTS
        if code in low.index
    }


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("communes", type=Path)
    found = boxes(parser.parse_args().communes)
    lines = [f"{code} = {[round(value, 2) for value in box]}" for code, box in found.items()]
    TARGET.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
