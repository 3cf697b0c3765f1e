"""Printed maps and charts."""

from __future__ import annotations
