"""The compiled part of matrices: trips meet at the highest position of their route.

A quickest route climbs the elimination order from its origin and comes down to its destination.
Climb from every destination first and leave its label at each position met; then climb from every
origin and read the labels left there. Neither climb sees more than the ancestors of a few nodes,
so that a matrix costs about as much as it holds. Plain arrays in, plain arrays out.

This is the bucket method of Knopp, Sanders, Schultes, Schulz & Wagner, *Computing Many-to-Many
Shortest Paths Using Highway Hierarchies* (2007), over an order that needs no search to climb.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel
from msap_geo.travel.kernels import drop_first, grown, push

_MANY = 8
"""Sorting a destination costs about as much as looking at eight."""


@kernel
def _climb(
    parent, start, head, arc_minutes, arc_m, seed_position, seed_minutes, seed_m, limit,
    minutes, metres, met,
):  # fmt: skip
    """Label the ancestors of the seeds within the limit; return how many positions were met.

    Labels go to ``minutes`` and ``metres``, all infinite before, and the positions to ``met``.
    """
    eliminated = len(parent)
    n_met = 0
    for s in range(len(seed_position)):
        v, m, d = seed_position[s], seed_minutes[s], seed_m[s]
        if m > limit or m > minutes[v] or (m == minutes[v] and d >= metres[v]):
            continue
        if minutes[v] == np.inf:
            met[n_met] = v
            n_met += 1
        minutes[v], metres[v] = m, d
    # The seeds' ancestors in increasing order: their paths to the root, merged.
    paths = np.empty(len(seed_position), np.int64)
    for s in range(len(seed_position)):
        paths[s] = seed_position[s] if seed_position[s] < eliminated else -1
    while True:
        v = -1
        for s in range(len(paths)):
            if paths[s] >= 0 and (v < 0 or paths[s] < v):
                v = paths[s]
        if v < 0:
            break
        for s in range(len(paths)):
            if paths[s] == v:
                paths[s] = parent[v]
        m, d = minutes[v], metres[v]
        if m == np.inf:
            continue
        for arc in range(start[v], start[v + 1]):
            to = head[arc]
            by, by_m = m + arc_minutes[arc], d + arc_m[arc]
            if by > limit or by > minutes[to] or (by == minutes[to] and by_m >= metres[to]):
                continue
            if minutes[to] == np.inf:
                met[n_met] = to
                n_met += 1
            minutes[to], metres[to] = by, by_m
    return n_met


@kernel
def _spread(eliminated, start, head, arc_minutes, arc_m, limit, minutes, metres, met, n_met):
    """Spread the labels met in the core over the core, within the limit."""
    keys, waiting, size = np.empty(256), np.empty(256, np.int32), 0
    for i in range(n_met):
        if met[i] >= eliminated:
            if size == len(keys):
                keys, waiting = grown(keys), grown(waiting)
            size = push(keys, waiting, size, minutes[met[i]], met[i])
    while size > 0:
        m, v = keys[0], waiting[0]
        size = drop_first(keys, waiting, size)
        if m > minutes[v]:
            continue
        d = metres[v]
        for arc in range(start[v], start[v + 1]):
            to = head[arc]
            by, by_m = m + arc_minutes[arc], d + arc_m[arc]
            if by > limit or by > minutes[to] or (by == minutes[to] and by_m >= metres[to]):
                continue
            if minutes[to] == np.inf:
                met[n_met] = to
                n_met += 1
            minutes[to], metres[to] = by, by_m
            if size == len(keys):
                keys, waiting = grown(keys), grown(waiting)
            size = push(keys, waiting, size, by, to)
    return n_met


@kernel
def labels(
    parent, start, head, arc_minutes, arc_m,
    seed_start, seed_position, seed_minutes, seed_m, limit,
):  # fmt: skip
    """Climb from each destination, and through the core; return the labels it leaves.

    Destination ``t`` has seeds ``seed_start[t]:seed_start[t + 1]``. Returns position, destination,
    minutes and metres of each label.
    """
    n = len(start) - 1
    minutes, metres = np.full(n, np.inf), np.full(n, np.inf)
    met = np.empty(n, np.int32)
    at, destination = np.empty(1024, np.int32), np.empty(1024, np.int32)
    label_minutes, label_m, count = np.empty(1024), np.empty(1024), 0
    for t in range(len(seed_start) - 1):
        seeds = slice(seed_start[t], seed_start[t + 1])
        n_met = _climb(
            parent, start, head, arc_minutes, arc_m,
            seed_position[seeds], seed_minutes[seeds], seed_m[seeds], limit, minutes, metres, met,
        )  # fmt: skip
        n_met = _spread(
            len(parent), start, head, arc_minutes, arc_m, limit, minutes, metres, met, n_met
        )
        while count + n_met > len(at):
            at, destination = grown(at), grown(destination)
            label_minutes, label_m = grown(label_minutes), grown(label_m)
        for i in range(n_met):
            v = met[i]
            at[count], destination[count] = v, t
            label_minutes[count], label_m[count] = minutes[v], metres[v]
            count += 1
            minutes[v] = metres[v] = np.inf
    return at[:count], destination[:count], label_minutes[:count], label_m[:count]


@kernel
def rows(
    parent, start, head, arc_minutes, arc_m,
    seed_start, seed_position, seed_minutes, seed_m,
    label_start, label_destination, label_minutes, label_m, n_destinations, limit,
    minutes, metres, met,
):  # fmt: skip
    """Climb from each origin and read the labels met, within the limit.

    Labels are grouped by position, the quickest first; ``minutes`` and ``metres``, one a position,
    are infinite before and after, ``met`` is room for as many positions. Returns start of each
    origin's row, destinations in increasing order, minutes, metres.
    """
    n_origins = len(seed_start) - 1
    best, best_m = np.full(n_destinations, np.inf), np.full(n_destinations, np.inf)
    reached, every = np.empty(n_destinations, np.int32), np.arange(n_destinations, dtype=np.int32)
    row_start = np.zeros(n_origins + 1, np.int64)
    destination = np.empty(max(1024, n_destinations), np.int32)
    out_minutes, out_m = np.empty(len(destination)), np.empty(len(destination))
    count = 0
    for o in range(n_origins):
        seeds = slice(seed_start[o], seed_start[o + 1])
        n_met = _climb(
            parent, start, head, arc_minutes, arc_m,
            seed_position[seeds], seed_minutes[seeds], seed_m[seeds], limit, minutes, metres, met,
        )  # fmt: skip
        n_reached = 0
        for i in range(n_met):
            v = met[i]
            m, d = minutes[v], metres[v]
            minutes[v] = metres[v] = np.inf
            for label in range(label_start[v], label_start[v + 1]):
                total = m + label_minutes[label]
                if total > limit:
                    break
                t = label_destination[label]
                if total > best[t]:
                    continue
                total_m = d + label_m[label]
                if total == best[t] and total_m >= best_m[t]:
                    continue
                if best[t] == np.inf:
                    reached[n_reached] = t
                    n_reached += 1
                best[t], best_m[t] = total, total_m
        while count + n_reached > len(destination):
            destination = grown(destination)
            out_minutes, out_m = grown(out_minutes), grown(out_m)
        # Where many are reached, looking at all of them in turn is quicker than sorting those.
        many = _MANY * n_reached >= n_destinations
        for t in every if many else np.sort(reached[:n_reached]):
            if best[t] == np.inf:
                continue
            destination[count], out_minutes[count], out_m[count] = t, best[t], best_m[t]
            best[t] = best_m[t] = np.inf
            count += 1
        row_start[o + 1] = count
    return row_start, destination[:count], out_minutes[:count], out_m[:count]
