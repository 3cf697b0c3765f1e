"""Opening hours, in every spelling that is published."""

from __future__ import annotations
