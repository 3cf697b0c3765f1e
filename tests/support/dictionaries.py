"""Entries of the dictionary against the table they describe."""

from __future__ import annotations

from msap_geo.outputs.sheets import dictionary


def check_entries(name, codes):
    assert name.removesuffix(dictionary.CELLS) in dictionary.tables(), name
    columns = dictionary.describe_columns(name, codes)
    for column in columns:
        assert dictionary.is_known(name, column.code), (name, column.code)
        assert column.title
        assert column.definition.endswith("."), (name, column.code)
    headings = [column.heading.lower() for column in columns]
    assert len(set(headings)) == len(headings), (name, headings)
