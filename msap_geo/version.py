"""The version, in one place: the package, its wheel and every file it writes read it here."""

from __future__ import annotations

__version__ = "0.2.0"
