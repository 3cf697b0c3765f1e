"""Whole numbers as short text: a map's weight is mostly how its numbers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""A character for six bits: five of a number, and whether it goes on. Safe in JSON and HTML."""

_BITS, _MORE = 5, 32
_GROUPS = 7
"""Groups of five bits a 32-bit number may need."""


def pack(numbers: NDArray[np.int64]) -> str:
    """Write whole numbers as text, one to seven characters each, small ones shorter.

    Zigzag puts the sign last (0, −1, 1, −2 → 0, 1, 2, 3), then groups of five bits follow, the
    lowest first, as in the encoded polylines of map services.

    Parameters
    ----------
    numbers
        Between −2³¹ and 2³¹ − 1, shape (n,).
    """
    values = np.asarray(numbers, dtype=np.int64)
    zigzag = (values << 1) ^ (values >> 63)
    groups = (zigzag[:, None] >> (_BITS * np.arange(_GROUPS))) & (_MORE - 1)
    length = 1 + np.max(np.where(groups > 0, np.arange(_GROUPS), 0), axis=1, initial=0)
    place = np.arange(_GROUPS)[None, :]
    groups = groups | np.where(place < length[:, None] - 1, _MORE, 0)
    codes = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
    text: bytes = codes[groups[place < length[:, None]]].tobytes()
    return text.decode("ascii")


def unpack(text: str) -> NDArray[np.int64]:
    """Read back what :func:`pack` wrote."""
    place = np.full(128, -1, dtype=np.int64)
    place[np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)] = np.arange(len(ALPHABET))
    groups = place[np.frombuffer(text.encode("ascii"), dtype=np.uint8)]
    if len(groups) == 0:
        return groups
    last = groups < _MORE
    start = np.flatnonzero(np.concatenate([[True], last[:-1]]))
    shift = _BITS * (np.arange(len(groups)) - np.repeat(start, np.diff([*start, len(groups)])))
    zigzag = np.add.reduceat((groups & (_MORE - 1)) << shift, start)
    return (zigzag >> 1) ^ -(zigzag & 1)
