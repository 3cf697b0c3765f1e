"""Sites: Maisons, post offices, counters of operators, town halls, equipment."""

from __future__ import annotations
