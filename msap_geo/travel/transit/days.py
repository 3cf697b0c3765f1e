"""The days of a timetable, alike ones together: they are searched once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from msap_geo.travel.engine import available_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from msap_geo.network import Timetable


class AlikeDays(NamedTuple):
    """Days on which the same vehicles run: their ranks, and the first of them."""

    ranks: tuple[int, ...]
    day: date


def alike_days(timetable: Timetable) -> list[AlikeDays]:
    """Gather the days of a timetable on which exactly the same runs are on the road.

    Parameters
    ----------
    timetable
        Timetable.

    Returns
    -------
    list of AlikeDays
        In the order of their first day.
    """
    groups: dict[bytes, list[int]] = {}
    for rank, day in enumerate(timetable.days):
        run, shift = timetable.running(day)
        key = np.concatenate([run, shift]).tobytes()
        groups.setdefault(key, []).append(rank)
    return [AlikeDays(tuple(ranks), timetable.days[ranks[0]]) for ranks in groups.values()]


def on_every_core(one: Callable[[int], Any], count: int) -> Sequence[Any]:
    """Compute something for each of a number of things, on every core, in order."""
    with ThreadPoolExecutor(max(1, min(available_threads(), count))) as pool:
        return list(pool.map(one, range(count)))
