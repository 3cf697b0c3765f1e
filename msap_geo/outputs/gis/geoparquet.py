"""GeoParquet: one file per layer, for those who compute rather than draw."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from msap_geo.outputs.gis.geopackage import fields
from msap_geo.outputs.sheets.dictionary import describe_columns, describe_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.outputs.provenance import Provenance


def write_geoparquet(
    layers: Mapping[str, gpd.GeoDataFrame], folder: Path, *, provenance: Provenance
) -> None:
    """Write each layer as ``<name>.parquet`` (GeoParquet, zstd), its origin and columns explained.

    Parameters
    ----------
    layers
        Layers by their name in the dictionary; lists stay lists.
    folder
        Folder to write in.
    provenance
        What the layers say of their origin, in the metadata of the file (``msap_geo``).

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    from pyarrow import feather, parquet  # noqa: PLC0415 - only for those who ask for it

    for name, table in layers.items():
        content = io.BytesIO()
        # geopandas takes no metadata of ours: through memory, in the format quickest to read back,
        # which it describes as it does GeoParquet.
        table.to_feather(content, index=False, compression="uncompressed")
        read = feather.read_table(content)
        told = {
            "titre": describe_table(name).title,
            "origine": provenance.text(),
            "colonnes": {
                column.code: {"titre": column.heading, "definition": column.definition}
                for column in describe_columns(name, fields(table))
            },
        }
        told_bytes = json.dumps(told, ensure_ascii=False).encode()
        metadata = {**(read.schema.metadata or {}), b"msap_geo": told_bytes}
        parquet.write_table(
            read.replace_schema_metadata(metadata), folder / f"{name}.parquet", compression="zstd"
        )
