"""Every key of a JSON, at whatever depth, against the words its page quotes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"

_NAMED_BY_DATA = ("fonctionnement_eur", "investissement_eur", "quotas", "poids")
"""Objects whose keys are kinds, codes or criteria."""


def keys_of(told: Any) -> set[str]:
    """Return the keys of plain values; a threshold of the study stands for each (``_<s>``)."""
    if isinstance(told, list):
        return set().union(*map(keys_of, told))
    if not isinstance(told, dict):
        return set()
    deeper = (keys_of(value) for key, value in told.items() if key not in _NAMED_BY_DATA)
    return {re.sub(r"_\d+$", "_<s>", key) for key in told}.union(*deeper)


def untold(told: Any, *pages: str) -> list[str]:
    """Return the keys that no page of the documentation quotes."""
    text = "\n".join((DOCS / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    quoted = " ".join(re.findall(r"`([^`\n]+)`", text))
    words = set(re.findall(r"[a-z0-9_]+(?:<s>)?", quoted))
    return sorted(keys_of(told) - words)
