"""Where the header of a delimited text stands, and what separates its fields.

``csv.Sniffer`` takes half of INSEE's files for one column, and counting in the first line fails
when a sentence with a comma stands before the header: all the first lines are cut with every
separator, and the one that cuts most of them alike wins.
"""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 60
_SAMPLE_CHARACTERS = 1_000_000
"""INSEE's *dossier complet* has a header of 25,000 characters."""


class Header(NamedTuple):
    """A header: how many lines stand before it, what separates its fields, the fields."""

    skipped: int
    separator: str
    fields: list[str]


def guess_header(text: str) -> Header | None:
    """Find the header of a delimited text.

    Parameters
    ----------
    text
        The text, or its first lines.

    Returns
    -------
    Header or None
        None where no separator cuts the first lines into two fields or more.
    """
    sample = text[:_SAMPLE_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    lines = sample.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    found = [_header_with(separator, lines) for separator in _SEPARATORS]
    best = max(found, key=lambda scored: scored[0])
    return best[1]


def _header_with(separator: str, lines: Sequence[str]) -> tuple[tuple[int, int], Header | None]:
    """Cut the first lines with a separator: how many alike, how finely, and the header."""
    cut = [_fields(line, separator) for line in lines]
    sizes = [len(fields) for fields in cut]
    counts = Counter(size for size in sizes if size > 1)
    if not counts:
        return (0, 0), None
    # Of widths met as often, the first one is the header's.
    width = max(counts, key=lambda size: (counts[size], -sizes.index(size)))
    candidates = [
        number
        for number, size in enumerate(sizes)
        # A header may lack the trailing separator its rows have.
        if size >= max(2, width - 1) and not lines[number].startswith("# ")
    ]
    # A title exported from a spreadsheet is one field and a row of separators.
    filled = [n for n in candidates if sum(map(bool, cut[n])) * 2 > sizes[n]]
    header = next(iter(filled or candidates), None)
    if header is None:
        return (0, 0), None
    return (counts[width], sizes[header]), Header(header, separator, cut[header])


def _fields(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return [field.strip() for field in line.split(separator)]
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=separator))]
    except (csv.Error, StopIteration):
        return []
