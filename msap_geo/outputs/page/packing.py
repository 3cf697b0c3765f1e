"""Whole numbers as short text: a map's weight is mostly how its numbers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""A character for six bits, the highest first. Safe in JSON and HTML."""

_BITS = 6
_MOST_ONES = 20
"""Ones after which a number is written whole: more than may fill the last character."""

_WHOLE = 32
_WIDEST = 24
"""The most bits of a number kept after its ones."""


def pack(numbers: NDArray[np.int64]) -> str:
    """Write whole numbers as text, small ones shorter: a Rice code (Rice & Plaunt, 1971).

    Zigzag puts the sign last (0, −1, 1, −2 → 0, 1, 2, 3). Of each number ``z``, ``z >> k`` ones and
    a zero, then its ``k`` last bits; the first character is ``k``, the one that makes the shortest
    text. Twenty ones begin a number of 32 bits. Ones fill the last character.

    Parameters
    ----------
    numbers
        Between −2³¹ and 2³¹ − 1, shape (n,).
    """
    values = np.asarray(numbers, dtype=np.int64).ravel()
    if len(values) == 0:
        return ""
    zigzag = (values << 1) ^ (values >> 63)
    kept = min(range(_WIDEST + 1), key=lambda bits: int(_lengths(zigzag, bits).sum()))
    lengths = _lengths(zigzag, kept)
    ones = np.minimum(zigzag >> kept, _MOST_ONES)
    end = np.cumsum(lengths)
    size = -(-int(end[-1]) // _BITS) * _BITS
    # Runs of ones, by where they begin and end.
    edges = np.zeros(size + 1, dtype=np.int8)
    begin = end - lengths
    edges[begin[ones > 0]] += 1
    edges[(begin + ones)[ones > 0]] -= 1
    edges[end[-1]] += 1
    bits = np.cumsum(edges[:size], dtype=np.int8)
    for whole, width in ((False, kept), (True, _WHOLE)):
        some = (ones == _MOST_ONES) == whole
        for place in range(width):
            bits[end[some] - 1 - place] = (zigzag[some] >> place) & 1
    groups = bits.reshape(-1, _BITS) @ (1 << np.arange(_BITS)[::-1])
    codes = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
    text: bytes = codes[np.concatenate([[kept], groups])].tobytes()
    return text.decode("ascii")


def _lengths(zigzag: NDArray[np.int64], kept: int) -> NDArray[np.int64]:
    """Return how many bits each number takes."""
    ones = zigzag >> kept
    return np.where(ones < _MOST_ONES, ones + 1 + kept, _MOST_ONES + _WHOLE)


def unpack(text: str) -> NDArray[np.int64]:
    """Read back what :func:`pack` wrote."""
    groups = [ALPHABET.index(letter) for letter in text]
    bits = "".join(f"{group:06b}" for group in groups[1:])
    numbers, at = [], 0
    while at < len(bits):
        ones = len(bits[at : at + _MOST_ONES]) - len(bits[at : at + _MOST_ONES].lstrip("1"))
        if ones < _MOST_ONES and at + ones == len(bits):
            break
        whole = ones == _MOST_ONES
        at += ones if whole else ones + 1
        width = _WHOLE if whole else groups[0]
        low = int(bits[at : at + width] or "0", 2)
        zigzag = low if whole else (ones << width) | low
        numbers.append((zigzag >> 1) ^ -(zigzag & 1))
        at += width
    return np.array(numbers, dtype=np.int64)
