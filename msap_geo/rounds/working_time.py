"""What a vehicle and its team may do in a day and in a week."""

from __future__ import annotations

from dataclasses import dataclass

from msap_geo.errors import StudyError

QUARTER = 15
"""Stays are whole quarters of an hour, minutes."""

WEEKS = {"hebdomadaire": 1, "quinzaine": 2, "mois": 4}
"""Weeks after which rounds begin again."""


@dataclass(frozen=True)
class WorkingTime:
    """Rules of the working day and week; clock times are minutes since midnight.

    Parameters
    ----------
    open_minutes
        Minutes open at stops, by vehicle and week, at most.
    shortest_stop
        Minutes a stop lasts at least.
    weeks
        Weeks after which the rounds begin again.
    weekdays
        Days worked, Monday is 0.
    day_minutes
        From leaving the base to coming back, lunch included, at most.
    lunch_minutes, lunch_beyond
        Length of the lunch break, due on days longer than ``lunch_beyond``.
    lunch_between
        When lunch may begin.
    earliest, latest
        First departure from the base, and last return.
    per_thousand, longest_least
        Minutes a stop lasts more for each thousand inhabitants of its commune beyond reach of a
        Maison, and the most a shortest stay becomes by it.
    """

    open_minutes: int
    shortest_stop: int = 90
    weeks: int = 1
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    day_minutes: int = 600
    lunch_minutes: int = 45
    lunch_beyond: int = 360
    lunch_between: tuple[int, int] = (690, 840)
    earliest: int = 420
    latest: int = 1140
    per_thousand: float = 10.0
    longest_least: int = 180

    def __post_init__(self) -> None:
        """Refuse what has no meaning.

        Raises
        ------
        StudyError
            If a rule has none.
        """
        if self.shortest_stop < QUARTER or self.shortest_stop % QUARTER:
            raise StudyError(
                f"arrêt minimum de {told(self.shortest_stop)} : il compte en quarts d'heure",
                remedy="écrire par exemple 1h30",
            )
        if self.open_minutes <= 0:
            raise StudyError("il faut des heures d'ouverture", remedy="écrire par exemple 28")
        if not self.weekdays:
            raise StudyError("aucun jour travaillé", remedy='donner des jours, ["lundi", …]')

    @property
    def busy_minutes(self) -> int:
        """Minutes of driving and serving a day holds at most, lunch taken out where it is due."""
        return max(self.day_minutes - self.lunch_minutes, min(self.day_minutes, self.lunch_beyond))


def told(minutes: float) -> str:
    """Return a duration as French readers write it: ``9 h 15``, ``45 min``."""
    whole = round(minutes)
    if whole < 60:  # noqa: PLR2004 - minutes of an hour
        return f"{whole} min"
    return f"{whole // 60} h {whole % 60:02}" if whole % 60 else f"{whole // 60} h"


def clock(minutes: int) -> str:
    """Return a clock time: ``09:15``."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
