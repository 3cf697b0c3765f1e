"""French on consoles, whatever they are: the nearest sign they have, and none that they obey.

A Windows console in French is in cp1252 or cp850, which lack the narrow space of thousands
(``89?998``), the true minus, and for the second apostrophes, dashes and the euro. A name of a
file may hold what a terminal obeys: it is shown, never sent.
"""

from __future__ import annotations

import codecs
import sys
import unicodedata
from typing import Any, TextIO

NEAREST = "msap_geo.nearest"
"""Name of the way of encoding, for ``errors=``."""

_NEAR = {
    "\u2009": "\u00a0", "\u202f": "\u00a0", "\u00a0": " ", "\u2007": " ",
    "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-",
    "…": "...", "•": "-", "œ": "oe", "Œ": "OE", "€": "EUR", "→": "->", "←": "<-", "↔": "<->",
    "\ufffd": "^", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "∞": "infini", "●": "o", "■": "o",
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


_OBEYED = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)}
    - {ord("\t"), ord("\n")},
    "\ufffd",
)
"""What clears a screen, names a window, fills a clipboard, turns the direction of writing."""


def shown(text: str) -> str:
    """Return a text with a sign in place of each that a terminal would obey."""
    return text.translate(_OBEYED)


class Shown:
    """A stream to a terminal, on which what would be obeyed is shown as « � ».

    Parameters
    ----------
    stream
        Standard output or standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        return self.stream.write(shown(text))

    def __getattr__(self, name: str) -> Any:
        """Return anything else of the stream."""
        return getattr(self.stream, name)


def for_bars() -> Any:
    """Return standard error as bars are drawn on it: by signs that the terminal must obey."""
    return sys.stderr.stream if isinstance(sys.stderr, Shown) else sys.stderr


def settle() -> None:
    """Have standard output and standard error show French as near as their encoding can.

    On a terminal they show nothing it would obey; a file or a pipe gets texts as they are.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=NEAREST)
        if stream is not None and not isinstance(stream, Shown) and stream.isatty():
            setattr(sys, name, Shown(stream))
