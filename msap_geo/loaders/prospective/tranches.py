"""Age bands as people write them, and the people older than each age that bands tell.

Files cut ages differently (``0014``, ``20-64``, ``75 ans et plus``, one year at a time), and one
file often cuts them several ways at once. A band ``[a, b)`` says how many are older than ``a`` and
not than ``b``: starting from the open band at the top, every age that a chain of bands reaches is
known, whichever way the file is cut.
"""

from __future__ import annotations

import math
import re
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.tabular import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

OLDEST = 130
"""No age is above: a greater number in a heading is no age."""

LAST = 75
"""A file whose bands end before that age lacks its last one."""


class Band(NamedTuple):
    """Ages from ``low``, included, to ``high``, excluded; infinite where open."""

    low: int
    high: float

    @property
    def label(self) -> str:
        """The band as it is said: ``0-19 ans``, ``75 ans ou plus``, ``ensemble``."""
        if math.isinf(self.high):
            return f"{self.low} ans ou plus" if self.low else "ensemble"
        last = int(self.high) - 1
        return f"{self.low} ans" if last == self.low else f"{self.low}-{last} ans"


EVERYONE = Band(0, math.inf)

_TOTAL = {"", "total", "ensemble", "tous", "tous_ages", "tous_les_ages", "t", "ages_total", "y_t"}
_OPEN = re.compile(r"(?:y_ge)?(\d{1,3})(?:_?(?:et_|ou_)?(?:p|plus))")
_OPEN_OTHER = re.compile(r"(?:y_ge_?|ge_?|sup_?|plus_de_)(\d{1,3})")
_UNDER = re.compile(r"(?:moins_de|y_lt_?|lt_?|inf_?)_?(\d{1,3})")
_BETWEEN = re.compile(r"y?(\d{1,3})(?:_(?:a_)?|t_?|a)(\d{1,3})")
_GLUED = re.compile(r"(\d\d)(\d\d)")
_SINGLE = re.compile(r"y?(\d{1,3})")


def read_band(text: str) -> Band | None:
    """Read an age band as it is written.

    Parameters
    ----------
    text
        ``0-19``, ``0 à 19 ans``, ``[20-64]``, ``75 ans et plus``, ``75+``, ``75P``, ``7589``,
        ``moins de 20 ans``, ``Y_GE75``, ``Y20T64``, ``42``.

    Returns
    -------
    Band or None
        :data:`EVERYONE` where the text means all ages, None where it is no band.
    """
    # Years are those of an age, whatever their place.
    plain = normalise(text.replace("+", " plus"))
    plain = re.sub(r"(?:^|_)ans?(?=_|$)", "", plain).strip("_")
    plain = re.sub(r"(?<=\d)ans?(?=_|$)", "", plain)
    plain = re.sub(r"^(?:de|age|ages|tranche)_(?=\d)", "", plain)
    if plain in _TOTAL:
        return EVERYONE
    if found := _OPEN.fullmatch(plain) or _OPEN_OTHER.fullmatch(plain):
        return _band(int(found[1]), math.inf)
    if found := _UNDER.fullmatch(plain):
        return _band(0, int(found[1]))
    if found := _BETWEEN.fullmatch(plain) or _GLUED.fullmatch(plain):
        return _band(int(found[1]), int(found[2]) + 1)
    if found := _SINGLE.fullmatch(plain):
        return _band(int(found[1]), int(found[1]) + 1)
    return None


def _band(low: int, high: float) -> Band | None:
    fits = low < high and low <= OLDEST and (math.isinf(high) or high <= OLDEST + 1)
    return Band(low, high) if fits else None


def opened(bands: Iterable[Band]) -> list[Band]:
    """Return bands as their file means them.

    Nobody is older than a file's last age: where no band is open, the last one is, if it is of the
    old (:data:`LAST`); otherwise the oldest are missing, and nothing says how many they are. Single
    ages that stand apart (0, 5, 10…) are where bands begin.
    """
    listed = list(bands)
    if any(math.isinf(band.high) and band.low for band in listed):
        return listed
    closed = sorted({band for band in listed if not math.isinf(band.high)})
    if not closed:
        return listed
    follows = {closed[-1]: math.inf} if closed[-1].low >= LAST else {}
    if len(closed) > 1 and all(
        first.high == first.low + 1 < second.low for first, second in pairwise(closed)
    ):
        follows |= {first: float(second.low) for first, second in pairwise(closed)}
    return [band._replace(high=follows.get(band, band.high)) for band in listed]


def older_than(
    bands: Sequence[Band], counts: NDArray[np.float64]
) -> tuple[list[int], NDArray[np.float64]]:
    """Tell how many are of each age or more, wherever the bands tell it.

    Parameters
    ----------
    bands
        Bands of the columns, overlapping or not.
    counts
        People of each band, shape (rows, bands).

    Returns
    -------
    tuple of list and numpy.ndarray
        Ages, increasing, the first being 0 where the youngest are told; people of each of these
        ages or more, shape (rows, ages), never rising with age.
    """
    known: dict[float, NDArray[np.float64]] = {math.inf: np.zeros(counts.shape[0])}
    queue = deque([math.inf])
    while queue:
        age = queue.popleft()
        for column, band in enumerate(bands):
            # Fewest bands first: each is rounded on its own.
            for new, other, sign in ((band.low, band.high, 1.0), (band.high, band.low, -1.0)):
                if other == age and new not in known:
                    known[new] = known[age] + sign * counts[:, column]
                    queue.append(new)
    ages = sorted(int(age) for age in known if not math.isinf(age))
    table = np.stack([known[age] for age in ages], axis=1) if ages else counts[:, :0]
    # From the oldest down: a hair of rounding must not make fewer people of more ages.
    rising = np.maximum.accumulate(np.maximum(table[:, ::-1], 0.0), axis=1)[:, ::-1]
    return ages, rising


def between(
    ages: Sequence[int], older: NDArray[np.float64]
) -> tuple[list[Band], NDArray[np.float64]]:
    """Cut people into bands that follow each other, from those of each age or more.

    Parameters
    ----------
    ages, older
        As :func:`older_than` gives them.

    Returns
    -------
    tuple of list and numpy.ndarray
        Bands from the first age up, the last open; people of each, shape (rows, bands).
    """
    ends = [*map(float, ages[1:]), math.inf]
    bands = [Band(low, high) for low, high in zip(ages, ends, strict=True)]
    after = np.concatenate([older[:, 1:], np.zeros((older.shape[0], 1))], axis=1)
    return bands, older - after[:, : older.shape[1]]
