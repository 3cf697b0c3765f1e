"""Tables other programs read: CSV, GeoJSON, JSON. Same inputs, same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from msap_geo.tabular import guarded
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

_DEGREES_DECIMALS = 1e-6


def write_csv(table: pd.DataFrame, path: Path, *, columns: list[str]) -> None:
    """Write columns of a table as CSV: UTF-8, comma, decimal point, Unix line ends.

    A text that a spreadsheet would compute has a tab before it (:func:`msap_geo.tabular.guarded`).
    """
    guarded(table[columns]).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a mapping as readable JSON, accents kept."""
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def to_wgs84(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table in degrees, to six decimals (about 10 cm)."""
    degrees = table.to_crs(WGS84)
    geometry = degrees.geometry.to_numpy()
    # Rounded point by point: snapping to a grid as set_precision does by default would move
    # borders to keep each area valid on its own, and part neighbours.
    rounded = shapely.set_precision(geometry, _DEGREES_DECIMALS, mode="pointwise")
    return degrees.set_geometry(gpd.GeoSeries(rounded, index=table.index, crs=WGS84))


def write_geojson(table: gpd.GeoDataFrame, path: Path, *, columns: list[str]) -> None:
    """Write columns of a table as GeoJSON in WGS 84; lists stay lists."""
    degrees = to_wgs84(table[[*columns, table.geometry.name]])
    content = json.loads(degrees.to_json(drop_id=True, na="null"))
    content.pop("crs", None)  # RFC 7946: GeoJSON is WGS 84
    features = ",\n".join(
        json.dumps(feature, ensure_ascii=False) for feature in content["features"]
    )
    path.write_text(
        f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n',
        encoding="utf-8",
        newline="\n",
    )
