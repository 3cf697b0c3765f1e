"""French on consoles that are not in UTF-8: the nearest sign they have, not a question mark.

A Windows console in French is in cp1252 or cp850, which lack the narrow space of thousands
(``89?998``), the true minus, and for the second apostrophes, dashes and the euro.
"""

from __future__ import annotations

import codecs
import sys
import unicodedata

NEAREST = "msap_geo.nearest"
"""Name of the way of encoding, for ``errors=``."""

_NEAR = {
    "\u2009": "\u00a0", "\u202f": "\u00a0", "\u00a0": " ", "\u2007": " ",
    "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-",
    "…": "...", "•": "-", "œ": "oe", "Œ": "OE", "€": "EUR", "→": "->", "←": "<-", "↔": "<->",
    "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "∞": "infini", "●": "o", "■": "o",
    "─": "-", "│": "|", "├": "|", "└": "|",
    "«": '"', "»": '"', "°": "o", "²": "2", "✓": "v", "✗": "x", "×": "x", "÷": "/", "½": "1/2",
}  # fmt: skip


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Give what a console can show in place of what it cannot."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    shown = "".join(_shown(sign, error.encoding) for sign in error.object[error.start : error.end])
    return shown, error.end


def _shown(sign: str, encoding: str) -> str:
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode("ascii")
    near = _NEAR.get(sign, "")
    for text in (near, _NEAR.get(near, ""), plain):
        if text and _fits(text, encoding):
            return text
    return "?"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


codecs.register_error(NEAREST, _nearest)


def settle() -> None:
    """Have standard output and standard error show French as near as their encoding can."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=NEAREST)
