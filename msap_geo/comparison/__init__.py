"""Two studies side by side: what differs in their files, then who gains and who loses."""

from __future__ import annotations

from msap_geo.comparison.compare import Comparison, compare_studies
from msap_geo.comparison.read import read_folder
from msap_geo.comparison.side import Side, side_of
from msap_geo.comparison.words import comparison_told

__all__ = [
    "Comparison",
    "Side",
    "compare_studies",
    "comparison_told",
    "read_folder",
    "side_of",
]
