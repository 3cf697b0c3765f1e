"""Loops over connections, compiled by Numba: plain arrays in, plain arrays out.

A *connection* is a vehicle going from one call to the next. They come sorted by departure, then
arrival, then place in their run, so that one scan answers a question (Dibbelt, Pajor, Strasser,
Wagner, "Connection Scan Algorithm", ACM JEA 23, 2018). Connections that leave at one moment are
scanned again while one of them that takes no time opens another: the answer does not depend on
their order. Foot paths are rows of stops one may walk to, oneself included, with the seconds of
the walk and the seconds a change of vehicle takes beyond.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel
from msap_geo.travel.kernels import grown

SLACK = 6e-5
"""Seconds: what misses a vehicle or a closing by less does so by rounding alone."""

STAY, ALIGHT = -1, -2
"""What one does at the end of a connection: stay aboard, get out and walk to the target; from 0 on,
the connection one boards next."""


@kernel
def arrivals(
    from_stop, to_stop, departs, arrives, boards, alights, before,
    foot_start, foot_to, foot_walk, foot_change, source, depart, n_stops,
):  # fmt: skip
    """Return when one arrives at each stop at the earliest, leaving a stop at a moment; inf else.

    Walking first takes no change; every other boarding does.
    """
    reached, ready = np.full(n_stops, np.inf), np.full(n_stops, np.inf)
    reached[source] = ready[source] = depart
    for f in range(foot_start[source], foot_start[source + 1]):
        by = depart + foot_walk[f]
        reached[foot_to[f]] = min(reached[foot_to[f]], by)
        ready[foot_to[f]] = min(ready[foot_to[f]], by)
    n = len(departs)
    inside = np.zeros(n, np.bool_)
    first = np.searchsorted(departs, depart - SLACK)
    while first < n:
        moment, end = departs[first], first
        while end < n and departs[end] == moment:
            end += 1
        again = True
        while again:
            again = False
            for c in range(first, end):
                if inside[c]:
                    continue
                aboard = before[c] >= 0 and inside[before[c]]
                if not aboard and not (boards[c] and ready[from_stop[c]] <= moment + SLACK):
                    continue
                inside[c] = True
                if not alights[c]:
                    continue
                for f in range(foot_start[to_stop[c]], foot_start[to_stop[c] + 1]):
                    at, by = foot_to[f], arrives[c] + foot_walk[f]
                    if by < reached[at]:
                        reached[at] = by
                    if by + foot_change[f] < ready[at]:
                        ready[at] = by + foot_change[f]
                        again = again or ready[at] <= moment + SLACK
        first = end
    return reached


@kernel
def profiles(
    from_stop, to_stop, departs, arrives, boards, alights, after,
    foot_start, foot_to, foot_walk, foot_change, egress, limit,
):  # fmt: skip
    """Find when one gets to a target by each connection, and which are worth boarding.

    ``egress`` is the walk from each stop to the target, infinite where there is none; what takes
    longer than ``limit`` from the moment one boards is left out. Returns the arrival by each
    connection, what one does at its end, the connection worth boarding first at each stop (−1 where
    none is), and the one after each: later in departure and in arrival.
    """
    n, n_stops = len(departs), len(egress)
    arrival = np.full(n, np.inf)
    choice = np.full(n, STAY, np.int32)
    head, later = np.full(n_stops, -1, np.int32), np.full(n, -1, np.int32)
    listed = np.zeros(n, np.bool_)
    end = n
    while end > 0:
        moment, first = departs[end - 1], end
        instant = False
        while first > 0 and departs[first - 1] == moment:
            first -= 1
            instant = instant or arrives[first] == moment
        # Only connections that take no time can open others of the same moment.
        instant = instant and first < end - 1
        again = True
        while again:
            again = False
            for c in range(end - 1, first - 1, -1):
                best, what = np.inf, STAY
                if after[c] >= 0:
                    best = arrival[after[c]]
                if alights[c]:
                    by = arrives[c] + egress[to_stop[c]]
                    if by <= best and by < np.inf:
                        best, what = by, ALIGHT
                    for f in range(foot_start[to_stop[c]], foot_start[to_stop[c] + 1]):
                        other = head[foot_to[f]]
                        if other < 0:
                            continue
                        ready = arrives[c] + foot_walk[f] + foot_change[f]
                        while other >= 0 and departs[other] < ready - SLACK:
                            other = later[other]
                        if other >= 0 and arrival[other] < best:
                            best, what = arrival[other], other
                if best - moment > limit or best >= arrival[c]:
                    continue
                arrival[c], choice[c] = best, what
                again = instant
                at = from_stop[c]
                if not boards[c] or head[at] == c:
                    continue
                if head[at] < 0 or best < arrival[head[at]]:
                    if listed[c]:  # under others of the same moment: it now comes first
                        above = head[at]
                        while later[above] != c:
                            above = later[above]
                        later[above] = later[c]
                    later[c], head[at], listed[c] = head[at], c, True
        end = first
    return arrival, choice, head, later


@kernel
def _journeys(stops, walks, first, last, departs, arrival, head, later, limit):
    """Return the journeys of a place worth taking, the last to leave first.

    Leave and arrival decrease along them; ``via`` is the connection boarded first.
    """
    room = 0
    for a in range(first, last):
        c = head[stops[a]]
        while c >= 0:
            room += 1
            c = later[c]
    leave, arrive, via = np.empty(room), np.empty(room), np.empty(room, np.int32)
    n = 0
    for a in range(first, last):
        c = head[stops[a]]
        while c >= 0:
            if arrival[c] - departs[c] + walks[a] <= limit:
                leave[n], arrive[n], via[n] = departs[c] - walks[a], arrival[c], c
                n += 1
            c = later[c]
    order = np.argsort(-leave[:n], kind="mergesort")
    kept, best = 0, np.inf
    out_leave, out_arrive, out_via = np.empty(n), np.empty(n), np.empty(n, np.int32)
    for i in order:
        if arrive[i] >= best:
            continue
        best = arrive[i]
        if kept > 0 and out_leave[kept - 1] == leave[i]:
            kept -= 1
        out_leave[kept], out_arrive[kept], out_via[kept] = leave[i], arrive[i], via[i]
        kept += 1
    return out_leave[:kept], out_arrive[:kept], out_via[:kept]


@kernel
def by_departure(
    place_start, place_stop, place_walk, direct, moments, departs, after,
    arrival, choice, head, later, limit,
):  # fmt: skip
    """Tell how long each place takes to a target, for each moment one leaves it.

    ``direct`` is the way on foot alone. Returns seconds (places, moments), infinite where one does
    not arrive within the limit; and of each place the best moment (−1 where there is none), and the
    vehicles of the best: ``ride_start`` to ``ride_stop`` in boarded and left connections.
    """
    n_places, n = len(place_start) - 1, len(moments)
    seconds = np.full((n_places, n), np.inf)
    best_moment = np.full(n_places, -1, np.int32)
    ride_start = np.zeros(n_places + 1, np.int64)
    boarded, left, used = np.empty(64, np.int32), np.empty(64, np.int32), 0
    for p in range(n_places):
        leave, arrive, via = _journeys(
            place_stop, place_walk, place_start[p], place_start[p + 1],
            departs, arrival, head, later, limit,
        )  # fmt: skip
        j, best, best_via = 0, np.inf, -1
        # Moments decrease with the journeys: the last journey that still leaves after the moment.
        for k in range(n - 1, -1, -1):
            while j < len(leave) and leave[j] >= moments[k] - SLACK:
                j += 1
            took, by = np.inf, -1
            if j > 0:
                took, by = arrive[j - 1] - moments[k], via[j - 1]
            if direct[p] <= took:
                took, by = direct[p], -1
            if took > limit:
                continue
            seconds[p, k] = took
            if took <= best:
                best, best_via, best_moment[p] = took, by, k
        c = best_via
        while c >= 0:
            if used == len(boarded):
                boarded, left = grown(boarded), grown(left)
            boarded[used] = c
            while choice[c] == STAY:
                c = after[c]
            left[used] = c
            used += 1
            c = choice[c] if choice[c] >= 0 else -1
        ride_start[p + 1] = used
    return seconds, best_moment, ride_start, boarded[:used], left[:used]


@kernel
def _received(arrive, openings, stay):
    """Return when one has been received, arriving at a moment: infinite if no opening is enough."""
    for o in range(len(openings)):
        begin = max(arrive, openings[o, 0])
        if begin + stay <= openings[o, 1] + SLACK:
            return begin + stay
    return np.inf


@kernel
def _latest_arrival(leave, openings, stay):
    """Return when one must arrive at the latest to be received and leave at a moment; −inf else."""
    for o in range(len(openings) - 1, -1, -1):
        begin = min(leave, openings[o, 1]) - stay
        if begin >= openings[o, 0] - SLACK:
            return begin
    return -np.inf


SERVED, NO_COACH, NO_RETURN, CLOSED = 0, 1, 2, 3


@kernel
def round_trips(
    out_start, out_stop, out_walk, out_direct, out_departs, out_arrival, out_head, out_later,
    back_start, back_stop, back_walk, back_direct, back_departs, back_arrival, back_head,
    back_later, opening_start, opening, stay, limit, day_end,
):  # fmt: skip
    """Find the round trip of each place, and each day of the openings, that is shortest away.

    Of equally short ones, the first to be back. The way back is a scan of the reversed timetable:
    its moments are opposite. Returns leave, arrive, leave again, back home, and the reason, each
    (places, days); where there is no return, when one would have left again at the soonest.
    """
    n_places, n_days = len(out_start) - 1, len(opening_start) - 1
    trips = np.full((4, n_places, n_days), np.nan)
    reason = np.full((n_places, n_days), CLOSED, np.int8)
    enough = np.zeros(n_days, np.bool_)
    for d in range(n_days):
        for o in range(opening_start[d], opening_start[d + 1]):
            enough[d] = enough[d] or opening[o, 1] - opening[o, 0] >= stay - SLACK
    for p in range(n_places):
        leave, arrive, _ = _journeys(
            out_stop, out_walk, out_start[p], out_start[p + 1],
            out_departs, out_arrival, out_head, out_later, limit,
        )  # fmt: skip
        home, off, _ = _journeys(
            back_stop, back_walk, back_start[p], back_start[p + 1],
            back_departs, back_arrival, back_head, back_later, limit,
        )  # fmt: skip
        home, off = -home, -off  # both increase
        there = out_direct[p] if out_direct[p] <= limit else np.inf
        back = back_direct[p] if back_direct[p] <= limit else np.inf
        for d in range(n_days):
            if not enough[d]:
                continue
            hours = opening[opening_start[d] : opening_start[d + 1]]
            best, why, soonest = np.inf, NO_COACH, np.inf
            one, two, three, four = np.nan, np.nan, np.nan, np.nan
            for i in range(len(leave)):
                if leave[i] < 0:
                    break
                done = _received(arrive[i], hours, stay)
                if done == np.inf:
                    continue
                why, soonest = max(why, NO_RETURN), min(soonest, done)
                k = np.searchsorted(off, done - SLACK)
                by_coach = home[k] if k < len(off) else np.inf
                by_foot = done + back
                at_home = min(by_coach, by_foot)
                if at_home > day_end + SLACK:
                    continue
                away = at_home - leave[i]
                if away < best or (away == best and at_home < four):
                    best, one, two, four = away, leave[i], arrive[i], at_home
                    three = off[k] if by_coach <= by_foot else done
            if there < np.inf:
                for k in range(len(off)):
                    at = _latest_arrival(off[k], hours, stay)
                    if at - there < 0:
                        continue
                    why = max(why, NO_RETURN)
                    away = home[k] - (at - there)
                    if home[k] <= day_end + SLACK and (
                        away < best or (away == best and home[k] < four)
                    ):
                        best, one, two, three, four = away, at - there, at, off[k], home[k]
                done = _received(there, hours, stay)
                if done < np.inf:
                    why, soonest = max(why, NO_RETURN), min(soonest, done)
                    away = there + stay + back
                    if done + back <= day_end + SLACK and (
                        away < best or (away == best and done + back < four)
                    ):
                        best, one, two = away, done - stay - there, done - stay
                        three, four = done, done + back
            if best < np.inf:
                why = SERVED
                trips[0, p, d], trips[1, p, d] = one, two
                trips[2, p, d], trips[3, p, d] = three, four
            elif why == NO_RETURN:
                trips[2, p, d] = soonest
            reason[p, d] = why
    return trips, reason
