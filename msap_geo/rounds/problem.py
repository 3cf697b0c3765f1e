"""People beyond reach, places where a vehicle may stop, and the roads between, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.errors import StudyError
from msap_geo.rounds.working_time import QUARTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from msap_geo.rounds.working_time import WorkingTime
    from msap_geo.travel import TravelTimes

NEVER = 1 << 20
"""Minutes of a trip that no road allows: more than any day."""

MOST_STOPS = 400
"""Stops a plan chooses among; beyond, those with the most people within reach are kept."""

Window = tuple[int, int, int]
"""A weekday (Monday is 0), and when a stop may open and must close, minutes since midnight."""


class Kind(NamedTuple):
    """Working days that are alike: same base, same stops allowed.

    Parameters
    ----------
    base
        Rank of the base.
    weekdays
        The days.
    number
        How many such days all vehicles of the base have before the rounds begin again.
    longest
        Longest stay at each stop, minutes; 0 where it is not allowed.
    """

    base: int
    weekdays: tuple[int, ...]
    number: int
    longest: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RoundProblem:
    """What rounds are designed on.

    Parameters
    ----------
    place_ids, weight
        Places beyond reach of a Maison, and what serving each wholly is worth (inhabitants,
        weighted or not).
    stop_ids
        Where a vehicle may stop.
    reach
        Shape (places, stops): 1 where the stop is within reach of the place.
    leg, minutes, km
        Shape (stops, stops): whole minutes, rounded up, :data:`NEVER` without a road; minutes as
        measured; kilometres.
    base_ids, vehicles
        Bases and how many vehicles each has.
    out, back, out_minutes, back_minutes, out_km, back_km
        Shape (bases, stops), the same.
    least
        Minutes a stay lasts at least at each stop.
    kinds
        Working days, alike ones together.
    windows
        By stop rank: when it may be served; always where absent.
    forced
        Ranks of the stops every plan serves.
    floors
        Names of groups of stops, their ranks, and the hours a week they get at least together.
    left_out
        Stops with fewer people around that were left out (:data:`MOST_STOPS`).
    """

    place_ids: pd.Index
    weight: NDArray[np.float64]
    stop_ids: pd.Index
    reach: csr_array
    leg: NDArray[np.int64]
    minutes: NDArray[np.float64]
    km: NDArray[np.float64]
    base_ids: tuple[str, ...]
    vehicles: tuple[int, ...]
    out: NDArray[np.int64]
    back: NDArray[np.int64]
    out_minutes: NDArray[np.float64]
    back_minutes: NDArray[np.float64]
    out_km: NDArray[np.float64]
    back_km: NDArray[np.float64]
    least: NDArray[np.int64]
    kinds: tuple[Kind, ...]
    windows: Mapping[int, tuple[Window, ...]]
    forced: tuple[int, ...]
    floors: tuple[tuple[str, NDArray[np.int64], float], ...]
    left_out: int

    @property
    def reach_of_stops(self) -> csr_array:
        """Shape (stops, places): the reach, seen from the stops."""
        return csr_array(self.reach.T)

    def drive(self, base: int, stops: Sequence[int]) -> int:
        """Return the minutes of driving of a day that serves these stops in this order."""
        if not stops:
            return 0
        between = sum(int(self.leg[a, b]) for a, b in pairwise(stops) if a != b)
        return int(self.out[base, stops[0]]) + between + int(self.back[base, stops[-1]])


class Fleet(NamedTuple):
    """Where vehicles sleep: identifier of each base and its number of vehicles."""

    bases: Mapping[str, int]


class Wishes(NamedTuple):
    """What is imposed on the stops, by their identifier.

    Parameters
    ----------
    forced, forbidden
        Stops every plan serves, and stops none does.
    windows
        When some stops may be served (market days, halls lent).
    floors
        Hours a week some stops get at least together, by the name of their group.
    """

    forced: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    windows: Mapping[str, tuple[Window, ...]] = {}
    floors: Mapping[str, tuple[frozenset[str], float]] = {}


NO_WISHES = Wishes()


def make_problem(
    reach: TravelTimes,
    between: TravelTimes,
    weight: ArrayLike,
    *,
    threshold: float,
    fleet: Fleet,
    work: WorkingTime,
    inhabitants: pd.Series | None = None,
    wishes: Wishes = NO_WISHES,
) -> RoundProblem:
    """Gather what rounds are designed on.

    Parameters
    ----------
    reach
        Times from the places to serve to the possible stops, at least as far as the threshold.
    between
        Times between the useful stops and the bases (:func:`useful_stops`), both ways, no bound.
    weight
        What serving each place wholly is worth, rows of ``reach``.
    threshold
        Minutes within which a stop serves a place, inclusive.
    fleet
        Bases and vehicles.
    work
        Rules of the working time.
    inhabitants
        People a stop must have time for, by stop identifier; nobody without.
    wishes
        What is imposed on the stops.

    Returns
    -------
    RoundProblem
        Stops that nobody would come to are left out.

    Raises
    ------
    StudyError
        If an imposed stop is not one of the possible ones.
    """
    ids = pd.Index(reach.site_ids)
    worth = np.asarray(weight, dtype=float)
    near = served_within(reach, threshold)
    found, left_out = useful_stops(reach, worth, threshold=threshold, wishes=wishes)
    chosen = ids.get_indexer(found)
    base_ids = tuple(fleet.bases)
    leg, minutes, km = _square(between)
    where = pd.Index(between.demand_ids)
    stops, bases = where.get_indexer(found), where.get_indexer(list(base_ids))
    least = _least(found, work, inhabitants)
    out, back = leg[np.ix_(bases, stops)], leg[np.ix_(stops, bases)].T
    # A vehicle that opens where it sleeps does not drive.
    home = bases[:, None] == stops[None, :]
    out, back = np.where(home, 0, out), np.where(home, 0, back)
    ranks = {code: rank for rank, code in enumerate(found)}
    windows = {ranks[code]: spans for code, spans in wishes.windows.items() if code in ranks}
    return RoundProblem(
        place_ids=pd.Index(reach.demand_ids),
        weight=worth,
        stop_ids=found,
        reach=csr_array(near[:, chosen]),
        leg=leg[np.ix_(stops, stops)],
        minutes=minutes[np.ix_(stops, stops)],
        km=km[np.ix_(stops, stops)],
        base_ids=base_ids,
        vehicles=tuple(fleet.bases.values()),
        out=out,
        back=back,
        out_minutes=np.where(home, 0.0, minutes[np.ix_(bases, stops)]),
        back_minutes=np.where(home, 0.0, minutes[np.ix_(stops, bases)].T),
        out_km=np.where(home, 0.0, km[np.ix_(bases, stops)]),
        back_km=np.where(home, 0.0, km[np.ix_(stops, bases)].T),
        least=least,
        kinds=_kinds(len(found), tuple(fleet.bases.values()), windows, work),
        windows=windows,
        forced=tuple(sorted(ranks[code] for code in wishes.forced)),
        floors=tuple(
            (name, np.array(sorted(ranks[c] for c in codes if c in ranks), dtype=np.int64), hours)
            for name, (codes, hours) in wishes.floors.items()
        ),
        left_out=left_out,
    )


def useful_stops(
    reach: TravelTimes, weight: ArrayLike, *, threshold: float, wishes: Wishes = NO_WISHES
) -> tuple[pd.Index, int]:
    """Return the stops that people would come to, imposed ones included.

    Parameters
    ----------
    reach, weight, threshold, wishes
        As :func:`make_problem` takes them.

    Returns
    -------
    stops
        Identifiers, in their order; :data:`MOST_STOPS` at most, those with the most people around.
    left_out
        How many others there are.

    Raises
    ------
    StudyError
        If a stop imposed, forbidden or given days is not one of the possible ones.
    """
    ids = pd.Index(reach.site_ids)
    named = [*wishes.forced, *wishes.forbidden, *wishes.windows]
    if unknown := sorted({code for code in named if code not in ids}):
        raise StudyError(
            f"arrêts inconnus dans cette étude : {', '.join(unknown)}",
            where="[regles_tournees]",
            remedy="donner des codes de communes de l'étude",
        )
    if both := sorted(wishes.forced & wishes.forbidden):
        raise StudyError(
            f"arrêts à la fois imposés et interdits : {', '.join(both)}",
            where="[regles_tournees]",
            remedy="les retirer d'une des deux listes",
        )
    around = np.asarray(served_within(reach, threshold).T @ np.asarray(weight, dtype=float)).ravel()
    forced = ids.isin(list(wishes.forced))
    useful = ((around > 0) & ~ids.isin(list(wishes.forbidden))) | forced
    ranks = np.flatnonzero(useful)
    first = np.lexsort((ranks, -around[ranks], ~forced[ranks]))
    kept = np.sort(ranks[first[:MOST_STOPS]])
    return ids[kept], len(ranks) - len(kept)


def served_within(reach: TravelTimes, threshold: float) -> csr_array:
    """Return 1 where a place is within the threshold of a site, inclusive."""
    trips = reach.minutes.tocoo()
    inside = np.round(trips.data, MINUTES_DECIMALS) <= round(threshold, MINUTES_DECIMALS)
    return csr_array(
        (np.ones(int(inside.sum())), (trips.row[inside], trips.col[inside])),
        shape=trips.shape,
    )


def _square(
    between: TravelTimes,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return whole minutes, minutes and kilometres of every trip."""
    shape = between.minutes.shape
    minutes, km = np.full(shape, np.inf), np.full(shape, np.nan)
    trips, lengths = between.minutes.tocoo(), between.km.tocoo()
    minutes[trips.row, trips.col] = np.round(trips.data, MINUTES_DECIMALS)
    km[lengths.row, lengths.col] = lengths.data
    return np.minimum(np.ceil(minutes), NEVER).astype(np.int64), minutes, km


def _least(stops: pd.Index, work: WorkingTime, inhabitants: pd.Series | None) -> NDArray[np.int64]:
    people = np.zeros(len(stops))
    if inhabitants is not None:
        people = inhabitants.reindex(stops).fillna(0).to_numpy(dtype=float)
    more = np.floor(people / 1000 * work.per_thousand / QUARTER) * QUARTER
    most = max(work.longest_least, work.shortest_stop)
    least: NDArray[np.int64] = np.minimum(work.shortest_stop + more, most).astype(np.int64)
    return least


def _kinds(
    n: int, vehicles: Sequence[int], windows: Mapping[int, tuple[Window, ...]], work: WorkingTime
) -> tuple[Kind, ...]:
    """Group the weekdays on which the same stops are allowed for as long."""
    by_stops: dict[bytes, list[int]] = {}
    longest_of: dict[bytes, NDArray[np.int64]] = {}
    for day in work.weekdays:
        longest = np.full(n, work.busy_minutes, dtype=np.int64)
        spans = np.full((n, 2), -1, dtype=np.int64)
        for stop, allowed in windows.items():
            today = [(start, end) for weekday, start, end in allowed if weekday == day]
            longest[stop] = max((end - start for start, end in today), default=0)
            spans[stop] = today[0] if today else (0, 0)
        key = longest.tobytes() + spans.tobytes()
        by_stops.setdefault(key, []).append(day)
        longest_of[key] = longest
    return tuple(
        Kind(base, tuple(days), number * work.weeks * len(days), longest_of[key])
        for base, number in enumerate(vehicles)
        for key, days in by_stops.items()
    )
