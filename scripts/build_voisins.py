"""Derive which départements touch, from their real outlines.

    python scripts/build_voisins.py ../shared/data/france/departements-2018.geojson

writes ``msap_geo/sources/voisins.toml``. The outlines (IGN ADMIN EXPRESS 2018, simplified) share
their borders exactly, so two départements are neighbours if and only if their outlines intersect,
a single point included; the number of pairs is the same with 1 m and with 200 m of tolerance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd

from msap_geo.territory import DEPARTEMENTS, LAMBERT_93

TARGET = Path(__file__).parent.parent / "msap_geo" / "sources" / "voisins.toml"
TOLERANCES_M = (0, 1, 200)
HEADER = """\
# Départements qui se touchent. Fait par scripts/build_voisins.py d'après les contours de
# départements 2018 (IGN ADMIN EXPRESS, Licence Ouverte 2.0). Outre-mer : aucune frontière
# terrestre avec un autre département.

"""


def neighbours(path: Path) -> dict[str, list[str]]:
    """Return the neighbours of every département of the project, sorted.

    Raises
    ------
    SystemExit
        If the answer depends on the tolerance, or if an outline is missing.
    """
    table = gpd.read_file(path).set_index("code").sort_index()
    shapes = table.geometry.to_crs(LAMBERT_93)
    answers = []
    for tolerance in TOLERANCES_M:
        grown = shapes.buffer(tolerance) if tolerance else shapes
        left, right = shapes.sindex.query(grown, predicate="intersects")
        answers.append({(a, b) for a, b in zip(left, right, strict=True) if a != b})
    if any(answer != answers[0] for answer in answers):
        raise SystemExit("the neighbours depend on the tolerance: the outlines do not meet")
    codes = list(shapes.index)
    missing = {code for code in DEPARTEMENTS if not code.startswith(("97", "98"))} - set(codes)
    if missing:
        raise SystemExit(f"no outline for {sorted(missing)}")
    found: dict[str, list[str]] = {code: [] for code in DEPARTEMENTS}
    for a, b in sorted(answers[0]):
        found[codes[a]].append(codes[b])
    return found


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outlines", type=Path)
    found = neighbours(parser.parse_args().outlines)
    lines = [
        f"{code} = [{', '.join(f'{other!r}' for other in others)}]".replace("'", '"')
        for code, others in found.items()
    ]
    TARGET.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{TARGET}: {sum(map(len, found.values())) // 2} pairs")


if __name__ == "__main__":
    main()
