"""The compiled heart of travel: plain arrays in, plain arrays out, no Python object inside.

Callers give the arrays names and units. Two ideas:

- **search**: Dijkstra's, from a few nodes and no farther than a bound (:func:`reach`,
  :func:`route`, and the core of the order);
- **sweep**: over the elimination order of :mod:`msap_geo.network.order`, up then down, which meets
  every arc twice in memory order (:func:`nearest`).

A label is (minutes, rank of the site, metres), compared in that order: among equally quick sites
the smallest rank wins, among equally quick routes the shortest. Minutes are multiples of a power
of two (:data:`msap_geo.network.arrays.MINUTE_GRAIN`), so that every sum of them is exact and both
ideas agree to the last bit.

SciPy's Dijkstra is the oracle all this is tested against.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel

NEAR_BUCKETS = 256
"""Buckets of a bounded search, whatever its bound."""

FAR_BUCKETS = 1 << 16
FAR_BUCKET_MINUTES = 0.25
"""Buckets of a search without a bound; the last one takes all that is beyond eleven days."""

# --- A 4-ary heap of (minutes, node) ------------------------------------------------------------


@kernel
def push(keys, nodes, size, key, node):
    """Add a node to the heap, where there is room; return the new size."""
    child = size
    while child > 0:
        parent = (child - 1) >> 2
        if keys[parent] <= key:
            break
        keys[child], nodes[child] = keys[parent], nodes[parent]
        child = parent
    keys[child], nodes[child] = key, node
    return size + 1


@kernel
def drop_first(keys, nodes, size):
    """Drop the first of the heap, ``keys[0], nodes[0]``; return the new size."""
    size -= 1
    key, node = keys[size], nodes[size]
    parent = 0
    while True:
        first = (parent << 2) + 1
        if first >= size:
            break
        best = first
        for child in range(first + 1, min(first + 4, size)):
            if keys[child] < keys[best]:
                best = child
        if keys[best] >= key:
            break
        keys[parent], nodes[parent] = keys[best], nodes[best]
        parent = best
    keys[parent], nodes[parent] = key, node
    return size


@kernel
def grown(values):
    """Return a longer copy of an array, its end unset."""
    longer = np.empty(2 * len(values), values.dtype)
    for i in range(len(values)):  # a slice would take Numba seconds to compile
        longer[i] = values[i]
    return longer


# --- Search -------------------------------------------------------------------------------------


@kernel
def reach(
    start, head, link_minutes, link_m, seed_start, seed_node, seed_minutes, seed_m, limit,
    minutes, metres,
):  # fmt: skip
    """Find the nodes within the limit of each site in turn.

    Site ``s`` has seeds ``seed_start[s]:seed_start[s + 1]``; ``minutes`` and ``metres``, one each a
    node, are infinite before and after. Returns, site by site: start of its nodes, the nodes in the
    order they were met, minutes, metres.

    Nodes wait in buckets of minutes, each a linked list, rather than in a heap: a label improved
    within its own bucket is looked at again, which costs less than keeping a heap in order.
    """
    n_sites = len(seed_start) - 1
    n_buckets = FAR_BUCKETS if limit == np.inf else NEAR_BUCKETS
    scale = 1 / FAR_BUCKET_MINUTES if limit == np.inf else NEAR_BUCKETS / limit
    first = np.full(n_buckets + 1, -1, np.int32)
    keys, waiting, after = np.empty(1024), np.empty(1024, np.int32), np.empty(1024, np.int32)
    row_start = np.zeros(n_sites + 1, np.int64)
    found, n_found = np.empty(4096, np.int32), 0
    for site in range(n_sites):
        used, left = 0, 0
        begin = n_found
        for s in range(seed_start[site], seed_start[site + 1]):
            v, m, d = seed_node[s], seed_minutes[s], seed_m[s]
            if m > limit or m > minutes[v] or (m == minutes[v] and d >= metres[v]):
                continue
            if minutes[v] == np.inf:
                found[n_found] = v
                n_found += 1
                if n_found == len(found):
                    found = grown(found)
            minutes[v], metres[v] = m, d
            if used == len(keys):
                keys, waiting, after = grown(keys), grown(waiting), grown(after)
            bucket = int(min(m * scale, n_buckets))
            keys[used], waiting[used], after[used], first[bucket] = m, v, first[bucket], used
            used += 1
            left += 1
        bucket = 0
        while left > 0:
            entry = first[bucket]
            if entry < 0:
                bucket += 1
                continue
            first[bucket] = after[entry]
            left -= 1
            m, v = keys[entry], waiting[entry]
            if m > minutes[v]:
                continue
            d = metres[v]
            for link in range(start[v], start[v + 1]):
                to = head[link]
                by = m + link_minutes[link]
                if by > minutes[to] or by > limit:
                    continue
                by_m = d + link_m[link]
                if by == minutes[to] and by_m >= metres[to]:
                    continue
                if minutes[to] == np.inf:
                    found[n_found] = to
                    n_found += 1
                    if n_found == len(found):
                        found = grown(found)
                minutes[to], metres[to] = by, by_m
                if used == len(keys):
                    keys, waiting, after = grown(keys), grown(waiting), grown(after)
                later = int(min(by * scale, n_buckets))
                keys[used], waiting[used], after[used], first[later] = by, to, first[later], used
                used += 1
                left += 1
        row_start[site + 1] = n_found
        if site == 0:
            out_minutes, out_m = np.empty(len(found)), np.empty(len(found))
        while len(out_minutes) < n_found:
            out_minutes, out_m = grown(out_minutes), grown(out_m)
        for i in range(begin, n_found):
            out_minutes[i], out_m[i] = minutes[found[i]], metres[found[i]]
            minutes[found[i]] = metres[found[i]] = np.inf
    if n_sites == 0:
        out_minutes, out_m = np.empty(0), np.empty(0)
    return row_start, found[:n_found], out_minutes[:n_found], out_m[:n_found]


@kernel
def route(
    start, head, link_minutes, link_m, seed_node, seed_minutes, seed_m, goal, goal_minutes, goal_m
):
    """Find the quickest way from any seed to any goal, each with its own minutes and metres to add.

    Returns the nodes of the way, none when there is no way, its minutes and its metres.
    """
    n = len(start) - 1
    minutes, metres = np.full(n, np.inf), np.full(n, np.inf)
    before = np.full(n, -1, np.int32)
    keys, waiting, size = np.empty(1024), np.empty(1024, np.int32), 0
    for s in range(len(seed_node)):
        v, m, d = seed_node[s], seed_minutes[s], seed_m[s]
        if m < minutes[v] or (m == minutes[v] and d < metres[v]):
            minutes[v], metres[v] = m, d
            size = push(keys, waiting, size, m, v)
    best, best_m, last = np.inf, np.inf, -1
    while size > 0:
        m, v = keys[0], waiting[0]
        size = drop_first(keys, waiting, size)
        if m > best:
            break
        if m > minutes[v]:
            continue
        d = metres[v]
        for g in range(len(goal)):
            if goal[g] == v:
                total, total_m = m + goal_minutes[g], d + goal_m[g]
                if total < best or (total == best and total_m < best_m):
                    best, best_m, last = total, total_m, v
        for link in range(start[v], start[v + 1]):
            to = head[link]
            by, by_m = m + link_minutes[link], d + link_m[link]
            if by > minutes[to] or (by == minutes[to] and by_m >= metres[to]):
                continue
            minutes[to], metres[to], before[to] = by, by_m, v
            if size == len(keys):
                keys, waiting = grown(keys), grown(waiting)
            size = push(keys, waiting, size, by, to)
    count, v = 0, last
    while v >= 0:
        count += 1
        v = before[v]
    way = np.empty(count, np.int32)
    v = last
    for i in range(count - 1, -1, -1):
        way[i] = v
        v = before[v]
    return way, best, best_m


# --- Sweep --------------------------------------------------------------------------------------


@kernel
def _offer(minutes, ranks, metres, node, m, r, d):
    """Offer a label to a node that keeps its best ones, of distinct sites; tell if it was taken."""
    k = minutes.shape[1]
    last = minutes[node, k - 1]
    if m > last or (m == last and r > ranks[node, k - 1]):
        return False
    # Where the label goes, unless the same site is already there with as good a one.
    place = 0
    while place < k:
        if ranks[node, place] == r:
            same = m == minutes[node, place]
            if m > minutes[node, place] or (same and d >= metres[node, place]):
                return False
        if m < minutes[node, place] or (
            m == minutes[node, place] and (r < ranks[node, place] or ranks[node, place] < 0)
        ):
            break
        if m == minutes[node, place] and r == ranks[node, place]:
            break
        place += 1
    if place == k:
        return False
    end = place
    while end < k - 1 and ranks[node, end] != r:
        end += 1
    for j in range(end, place, -1):
        minutes[node, j], ranks[node, j] = minutes[node, j - 1], ranks[node, j - 1]
        metres[node, j] = metres[node, j - 1]
    minutes[node, place], ranks[node, place], metres[node, place] = m, r, d
    return True


@kernel
def _search_core(eliminated, start, head, arc_minutes, arc_m, minutes, ranks, metres, limit):
    """Spread the labels of the core's nodes over the core, the quickest first."""
    n, k = minutes.shape
    keys, waiting, size = np.empty(1024), np.empty(1024, np.int32), 0
    # A label waits as an entry: the heap holds its number.
    at, rank, length, used = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024), 0
    for v in range(eliminated, n):
        for j in range(k):
            if ranks[v, j] < 0:
                break
            if used == len(at):
                at, rank, length = grown(at), grown(rank), grown(length)
                keys, waiting = grown(keys), grown(waiting)
            at[used], rank[used], length[used] = v, ranks[v, j], metres[v, j]
            size = push(keys, waiting, size, minutes[v, j], used)
            used += 1
    while size > 0:
        m, entry = keys[0], waiting[0]
        size = drop_first(keys, waiting, size)
        v, r, d = at[entry], rank[entry], length[entry]
        kept = False
        for j in range(k):
            if ranks[v, j] == r:
                kept = minutes[v, j] == m and metres[v, j] == d
                break
        if not kept:
            continue
        for arc in range(start[v], start[v + 1]):
            to = head[arc]
            by, by_m = m + arc_minutes[arc], d + arc_m[arc]
            if by <= limit and _offer(minutes, ranks, metres, to, by, r, by_m):
                if used == len(at):
                    at, rank, length = grown(at), grown(rank), grown(length)
                    keys, waiting = grown(keys), grown(waiting)
                at[used], rank[used], length[used] = to, r, by_m
                size = push(keys, waiting, size, by, used)
                used += 1


@kernel
def nearest(
    parent, start, head, up_minutes, up_m, down_minutes, down_m,
    seed_position, seed_minutes, seed_m, seed_rank, k, limit,
):  # fmt: skip
    """Find the k nearest distinct sites of every position of the order.

    Seeds are positions with their minutes and metres to a site. Returns minutes (n, k), infinite
    where fewer sites are within the limit, rank of the site (n, k), −1 there, metres (n, k).
    """
    n, eliminated = len(start) - 1, len(parent)
    minutes, metres = np.full((n, k), np.inf), np.full((n, k), np.inf)
    ranks = np.full((n, k), -1, np.int32)
    for s in range(len(seed_position)):
        if seed_minutes[s] <= limit:
            _offer(
                minutes, ranks, metres,
                seed_position[s], seed_minutes[s], seed_rank[s], seed_m[s],
            )  # fmt: skip
    for v in range(eliminated):
        if ranks[v, 0] < 0:
            continue
        for arc in range(start[v], start[v + 1]):
            to = head[arc]
            for j in range(k):
                if ranks[v, j] < 0:
                    break
                by = minutes[v, j] + up_minutes[arc]
                if by > minutes[to, k - 1] or by > limit:
                    break
                _offer(minutes, ranks, metres, to, by, ranks[v, j], metres[v, j] + up_m[arc])
    if eliminated < n:
        _search_core(eliminated, start, head, up_minutes, up_m, minutes, ranks, metres, limit)
    for v in range(eliminated - 1, -1, -1):
        for arc in range(start[v], start[v + 1]):
            above = head[arc]
            for j in range(k):
                by = minutes[above, j] + down_minutes[arc]
                if ranks[above, j] < 0 or by > minutes[v, k - 1] or by > limit:
                    break
                _offer(
                    minutes, ranks, metres,
                    v, by, ranks[above, j], metres[above, j] + down_m[arc],
                )  # fmt: skip
    return minutes, ranks, metres
