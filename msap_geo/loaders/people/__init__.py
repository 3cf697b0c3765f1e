"""People: populations, indicators, grids."""

from __future__ import annotations
