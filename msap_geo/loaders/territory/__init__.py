"""Communes: codes, outlines, groups, and the table of a territory."""

from __future__ import annotations
