"""Time the files people pass on against what the libraries alone take for the same rows.

python benchmarks/handoffs.py etude.toml [rounds]

- workbook: XlsxWriter fed with the same cells, column by column, without headings' words, formats,
  widths, notes nor charts; and pandas' ``to_excel``;
- layers: ``GeoDataFrame.to_file`` of the same layers, without aliases, styles nor project;
- GeoParquet: ``GeoDataFrame.to_parquet`` of the same layers, zstd.

Prints medians, in seconds, and our ratio to the first of each.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import xlsxwriter

from msap_geo import folder as folders
from msap_geo import outputs, study

_MANY = 31  # characters a sheet's name may have


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, pd.Timestamp):
        return str(value)
    return None if pd.isna(value) else value


def _bare_workbook(tables: dict[str, pd.DataFrame], path: Path) -> None:
    book = xlsxwriter.Workbook(
        path, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    for name, table in tables.items():
        sheet = book.add_worksheet(name[:_MANY])
        for position, column in enumerate(table.columns):
            sheet.write(0, position, column)
            sheet.write_column(1, position, [_cell(value) for value in table[column].tolist()])
    book.close()


def _pandas_workbook(tables: dict[str, pd.DataFrame], path: Path) -> None:
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, table in tables.items():
            table.to_excel(writer, sheet_name=name[:_MANY], index=False)


def main(path: Path, rounds: int) -> None:
    """Run every writer in turn, so many times."""
    found = folders.run_everything(study.read_study(path))
    told, thresholds = study.provenance_of(found.result), found.result.study.thresholds
    tables, layers = found.tables(), found.layers()
    flat = {name: table.map(_cell) for name, table in tables.items()}
    bare = {
        name: layer.assign(**{c: layer[c].map(_cell) for c in layer.columns if c == "communes"})
        for name, layer in layers.items()
    }

    def styled(folder: Path) -> None:
        options = {"provenance": told, "thresholds": thresholds}
        outputs.write_geopackage(layers, folder / "a.gpkg", **options)
        outputs.write_project(layers, folder / "a.qgz", geopackage="a.gpkg", **options)

    def plain(folder: Path) -> None:
        for name, layer in bare.items():
            layer.to_file(folder / "b.gpkg", layer=name, driver="GPKG")

    def parquet(folder: Path) -> None:
        for name, layer in layers.items():
            layer.to_parquet(folder / f"{name}.b.parquet", compression="zstd", index=False)

    writers = {
        "etude.xlsx": {
            "msap_geo": lambda f: outputs.write_workbook(tables, f / "a.xlsx", provenance=told),
            "XlsxWriter": lambda f: _bare_workbook(tables, f / "b.xlsx"),
            "pandas": lambda f: _pandas_workbook(flat, f / "c.xlsx"),
        },
        "etude.gpkg, etude.qgz": {"msap_geo": styled, "geopandas": plain},
        "GeoParquet": {
            "msap_geo": lambda f: outputs.write_geoparquet(layers, f, provenance=told),
            "geopandas": parquet,
        },
    }
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for file, ways in writers.items():
            for way, write in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    start = time.perf_counter()
                    write(Path(folder))
                    seconds.setdefault((file, way), []).append(time.perf_counter() - start)
    print(f"{sum(table.size for table in tables.values())} cells, {len(layers)} layers")
    for file, ways in writers.items():
        medians = {way: statistics.median(seconds[file, way]) for way in ways}
        told_each = ", ".join(f"{way} {value:.2f} s" for way, value in medians.items())
        ours, first = list(medians.values())[:2]
        print(f"{file}: {told_each}; ratio {ours / first:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)  # noqa: PLR2004
