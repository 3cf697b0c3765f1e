"""What hours of service are worth to people: more of them, each less than the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Benefit:
    """Share of its inhabitants a place counts as served, by hours of service a week.

    Concave and piecewise linear from (0, 0), so that a place is not worth more by being served by
    halves, and that the best plan has a tight bound. Parameters, not measures: the first hour and a
    half counts for one half, half a day a week for three quarters, one day a week for all.

    Parameters
    ----------
    hours
        Hours a week, increasing.
    shares
        Share served from so many hours, the last one 1.
    """

    hours: tuple[float, ...] = (1.5, 3.0, 7.0)
    shares: tuple[float, ...] = (0.5, 0.75, 1.0)

    def __post_init__(self) -> None:
        """Refuse what is not concave and increasing.

        Raises
        ------
        StudyError
            If it is not.
        """
        if len(self.hours) != len(self.shares) or not self.hours:
            raise StudyError("valeur des heures : il faut autant de parts que d'heures")
        steps = np.diff([0.0, *self.hours])
        rises = np.diff([0.0, *self.shares])
        slopes = rises / np.where(steps > 0, steps, 1.0)
        if (steps <= 0).any() or (rises <= 0).any() or (np.diff(slopes) > _NOISE).any():
            raise StudyError(
                "valeur des heures : chaque heure doit compter, et pas plus que la précédente",
                remedy="donner des heures et des parts croissantes, de moins en moins vite",
            )
        if abs(self.shares[-1] - 1.0) > _NOISE:
            raise StudyError("valeur des heures : la dernière part doit être 1")

    def __call__(self, hours: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return the share served by so many hours a week."""
        return np.asarray(np.interp(hours, (0.0, *self.hours), (0.0, *self.shares)))

    @property
    def pieces(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lines it is the lowest of, below 1: constants and slopes."""
        hours, shares = np.array([0.0, *self.hours]), np.array([0.0, *self.shares])
        slopes = np.diff(shares) / np.diff(hours)
        return shares[:-1] - slopes * hours[:-1], slopes


_NOISE = 1e-9
