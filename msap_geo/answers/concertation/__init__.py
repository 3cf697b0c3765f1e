"""Several people's choices on one study: where they agree, what each is worth, who loses."""

from __future__ import annotations

from msap_geo.answers.concertation.gather import Concertation, Opinion, gather_opinions
from msap_geo.answers.concertation.register import REGISTER_COLUMNS, entries, register_with

__all__ = [
    "REGISTER_COLUMNS",
    "Concertation",
    "Opinion",
    "entries",
    "gather_opinions",
    "register_with",
]
