"""Our scripts and styles as a page carries them: without the room and remarks their authors need.

Nothing is renamed nor reordered. The scripts are ours: every statement ends with a semicolon or a
brace, strings and regular expressions hold on one line, and there is no template string.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<remark>//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<room>\s+)
    |(?P<word>[\w$]+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?![*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};")
"""Signs after which a slash begins a regular expression, and not a division."""

_WORD = re.compile(r"[\w$]")
_SHEET_ROOM = re.compile(r"\s*([{};,>])\s*")


def script(text: str) -> str:
    """Return a script without remarks, nor room where neither side is a word.

    Parameters
    ----------
    text
        A script of ours.

    Returns
    -------
    str
        A script that does the same.
    """
    parts: list[str] = []
    last, at, room = "", 0, False
    while at < len(text):
        begins_pattern = text[at] == "/" and (last[-1:] in _BEFORE_PATTERN or last == "return")
        found = (_PATTERN.match(text, at) if begins_pattern else None) or _TOKEN.match(text, at)
        if found is None:  # every character is a sign at least
            break
        at = found.end()
        if found.re is _TOKEN and found.lastgroup in {"remark", "room"}:
            room = True
            continue
        token = found.group()
        if room and last and _apart(last[-1], token[0]):
            parts.append(" ")
        parts.append(token)
        last, room = token, False
    return "".join(parts) + "\n"


def _apart(left: str, right: str) -> bool:
    """Tell whether two tokens would become another one if they touched."""
    if _WORD.match(left) and _WORD.match(right):
        return True
    return left == right and left in "+-/"


def sheet(text: str) -> str:
    """Return a style sheet without remarks nor room around its signs.

    Parameters
    ----------
    text
        A style sheet of ours.

    Returns
    -------
    str
        A style sheet that says the same.
    """
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    parts = re.split(r"(\"[^\"\n]*\")", text)
    parts[::2] = [
        _SHEET_ROOM.sub(r"\1", re.sub(r"\s+", " ", part)).replace(";}", "}").replace(": ", ":")
        for part in parts[::2]
    ]
    return "".join(parts).strip() + "\n"
