"""The workbook, and the dictionary of columns."""

from __future__ import annotations
