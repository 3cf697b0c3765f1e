"""Tables as the administrations publish them: text, workbooks, archives, layers, numbers.

Below every room that reads a file.
"""

from __future__ import annotations

from msap_geo.tabular.archives import is_archive, members, read_member
from msap_geo.tabular.cells import guarded, unguarded
from msap_geo.tabular.json_text import parse_json, read_json_text
from msap_geo.tabular.numbers import to_number
from msap_geo.tabular.parquet import parquet_faults
from msap_geo.tabular.picking import (
    LINE,
    name_of,
    one_answer,
    pick_columns,
    settle_twins,
    twinned_names,
)
from msap_geo.tabular.text import (
    Layout,
    decode,
    encoding_of,
    find_header,
    normalise,
    parse_table,
    read_text,
    read_text_table,
    require_file,
    unique_names,
)
from msap_geo.tabular.vast import HOW_TO_UNPACK, refuse_swollen
from msap_geo.tabular.vector import JSON_SUFFIXES, LAYER_SUFFIXES, VectorFile, vector_file
from msap_geo.tabular.whole import last_named
from msap_geo.tabular.workbooks import (
    Found,
    columns_found,
    read_headers,
    read_tables,
    tell_passed_over,
)

__all__ = [
    "HOW_TO_UNPACK",
    "JSON_SUFFIXES",
    "LAYER_SUFFIXES",
    "LINE",
    "Found",
    "Layout",
    "VectorFile",
    "columns_found",
    "decode",
    "encoding_of",
    "find_header",
    "guarded",
    "is_archive",
    "last_named",
    "members",
    "name_of",
    "normalise",
    "one_answer",
    "parquet_faults",
    "parse_json",
    "parse_table",
    "pick_columns",
    "read_headers",
    "read_json_text",
    "read_member",
    "read_tables",
    "read_text",
    "read_text_table",
    "refuse_swollen",
    "require_file",
    "settle_twins",
    "tell_passed_over",
    "to_number",
    "twinned_names",
    "unguarded",
    "unique_names",
    "vector_file",
]
