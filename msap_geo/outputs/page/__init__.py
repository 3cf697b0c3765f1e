"""The interactive map: one HTML file that opens offline."""

from __future__ import annotations
