"""Days worth choosing among: those of known plans, PyVRP's, and the most profitable ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.rounds.choice import orders
from msap_geo.rounds.routing import routed
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.relaxation import DayPlan, Mixed, Mixture

_CANDIDATES = 900
_ITERATIONS = 400
_NOISE = 1e-6


def gather(mixture: Mixture, mixed: Mixed, hand: Sequence[DayPlan]) -> list[DayPlan]:
    """Gather days worth choosing among.

    Parameters
    ----------
    mixture
        Days known.
    mixed
        Their best mixture, whose prices tell which are profitable.
    hand
        Days of a plan already made.

    Returns
    -------
    list of DayPlan
        Kinds and orders; stays are the shortest.
    """
    problem, work = mixture.problem, mixture.work
    prices = mixed.prices
    price, shared = mixture.stay_prices(prices)
    found = list(hand)
    for stays in _stays(mixture, mixed):
        ranks = np.searchsorted(mixture.stays, stays)
        prizes = price[:, np.arange(len(stays)), ranks]
        found += routed(problem, work, prizes=prizes, stays=stays, iterations=_ITERATIONS)
    first = orders(problem, work, found)
    rest = orders(problem, work, mixture.days)

    def profit(day: DayPlan) -> float:
        base = problem.kinds[day.kind].base
        earned = -float(prices.kinds[day.kind])
        room = work.busy_minutes - problem.drive(base, day.stops)
        table = price[base][list(day.stops)]
        ranks = [int(np.searchsorted(mixture.stays, stay)) for stay in day.stays]
        earned += sum(float(table[place, rank]) for place, rank in enumerate(ranks))
        room -= day.open_minutes
        # Lengthen the stay that earns most, a quarter at a time: prices are concave.
        while room >= QUARTER:
            steps = [
                table[place, rank + 1] - table[place, rank]
                if rank + 1 < len(mixture.stays)
                else -np.inf
                for place, rank in enumerate(ranks)
            ]
            place = int(np.argmax(steps))
            if steps[place] <= 0:
                break
            earned += float(steps[place])
            ranks[place] += 1
            room -= QUARTER
        pairs = pairwise(day.stops)
        return earned - sum(float(shared[a, b]) for a, b in pairs)

    known = set(first)
    rest = [day for day in rest if day not in known]
    rest.sort(key=lambda day: (-profit(day), day))
    return sorted([*first, *rest[: max(_CANDIDATES - len(first), 0)]])


def _stays(mixture: Mixture, mixed: Mixed) -> list[NDArray[np.int64]]:
    """Return lengths of stay to route with: the shortest, and those of the mixture."""
    least = mixture.problem.least.astype(np.int64)
    time_at, times = np.zeros(len(least)), np.zeros(len(least))
    for day, share in zip(mixture.days, mixed.shares, strict=False):  # more days since
        if share > _NOISE:
            np.add.at(time_at, list(day.stops), share * np.array(day.stays))
            np.add.at(times, list(day.stops), share)
    mean = np.divide(time_at, times, out=least.astype(float), where=times > 0)
    usual = np.maximum(least, (np.round(mean / QUARTER) * QUARTER).astype(np.int64))
    return [least, np.minimum(usual, int(mixture.stays[-1]))]
