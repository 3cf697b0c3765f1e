"""How the cost of a site is split among the groups it serves, so that each may choose alone.

Whatever the split, what the groups spend apart bounds from below what they spend together (weak
duality; Guignard & Kim, *Mathematical Programming* 39, 1987). The best split is climbed to by
subgradients: a site some of its groups take and others leave is made dearer to the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FIRST_STEP, _LAST_STEP, _MEMORY, _PATIENCE = 0.5, 0.03, 0.6, 2
_LIKED_MEMORY = 0.75
"""Of Polyak's step, and the one too small to go on; the last directions' weight in the next
(Camerini, Fratta & Maffioli, 1975); rounds without a better bound after which the step is halved,
from the best split; the weight in what is liked of what was before."""


def simplex(values: Floats, within: NDArray[np.bool_]) -> Floats:
    """Return the nearest split of one to each row: parts from zero that add up to one.

    Parameters
    ----------
    values
        Parts as they are, shape (n, m).
    within
        Which of them may be more than zero, one a row at least, shape (n, m).

    Returns
    -------
    numpy.ndarray
        The projection of each row (Held, Wolfe & Crowder, *Mathematical Programming* 6, 1974).
    """
    high = -np.sort(-np.where(within, values, -np.inf), axis=1)
    finite = np.isfinite(high)
    over = np.cumsum(np.where(finite, high, 0.0), axis=1) - 1
    rank = np.arange(1, values.shape[1] + 1)
    kept = finite & (np.where(finite, high, 0.0) > over / rank)
    last = kept.sum(axis=1) - 1
    cut = over[np.arange(len(values)), last] / (last + 1)
    result: Floats = np.where(within, np.maximum(values - cut[:, None], 0.0), 0.0)
    return result


def shared_out(price: Floats, serves: NDArray[np.bool_]) -> Floats:
    """Return prices that add up to one for each site, what they leave of it shared evenly.

    No group's part is below its price, unless the prices of a site add up to more than one.

    Parameters
    ----------
    price
        Prices the relaxation gives, shape (sites, groups).
    serves
        Which groups each site serves, same shape.
    """
    several = np.maximum(serves.sum(axis=1), 1)
    whole = price + serves * (np.maximum(1 - price.sum(axis=1), 0) / several)[:, None]
    result: Floats = whole / np.maximum(whole.sum(axis=1), 1.0)[:, None]
    return result


@dataclass(eq=False)
class Split:
    """A split, and how to better it.

    Parameters
    ----------
    price
        Part of the cost of each site each group bears, shape (sites, groups).
    serves
        Which groups each site serves, the sites in play only, same shape.

    Attributes
    ----------
    best_price, alone
        The best split so far, and what each group spent under it, shape (groups,).
    liked
        Part of each site its groups paid for, the last splits counting most, shape (sites,): near
        the whole sites' relaxation (Barahona & Anbil, *Mathematical Programming* 87, 2000).
    """

    price: Floats
    serves: NDArray[np.bool_]

    def __post_init__(self) -> None:
        self.several = np.flatnonzero(self.serves.sum(axis=1) > 1)
        self.within = self.serves[self.several]
        self.direction = np.zeros(self.within.shape)
        self.step, self.stalled = _FIRST_STEP, 0
        self.best, self.best_price = -np.inf, self.price
        self.alone = np.zeros(self.price.shape[1])
        self.liked = np.zeros(len(self.price))

    @property
    def settled(self) -> bool:
        """Whether no better split is to be hoped for."""
        return not len(self.several) or self.step < _LAST_STEP

    def learn(self, taken: NDArray[np.bool_], bound: float, missing: float) -> None:
        """Better the split from what the groups chose under it.

        Parameters
        ----------
        taken
            Sites each group takes, same shape as ``price``.
        bound
            What the split proved, in a unit in which splits compare.
        missing
            How much more the best split may prove.
        """
        paid = np.where(taken, self.price, 0.0)
        self.liked *= _LIKED_MEMORY
        self.liked += (1 - _LIKED_MEMORY) * paid.sum(axis=1)
        if bound > self.best:
            self.best, self.best_price, self.stalled = bound, self.price.copy(), 0
            self.alone = paid.sum(axis=0)
        else:
            self.stalled += 1
            if self.stalled >= _PATIENCE:
                self.step, self.stalled = self.step / 2, 0
                self.price = self.best_price.copy()
        chosen = np.where(self.within, taken[self.several], 0.0)
        mean = chosen.sum(axis=1) / self.within.sum(axis=1)
        self.direction *= _MEMORY
        self.direction += np.where(self.within, chosen - mean[:, None], 0.0)
        length = float((self.direction**2).sum())
        if length > 0:
            moved = self.price[self.several] + self.step * missing / length * self.direction
            self.price = self.price.copy()
            self.price[self.several] = simplex(moved, self.within)
