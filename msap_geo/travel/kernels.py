"""The compiled heart: label-setting searches over compressed sparse rows.

Plain arrays in, plain arrays out, no Python object inside; callers (:mod:`msap_geo.travel.places`)
give them names and units. SciPy's Dijkstra is the oracle they are tested against; it does not
offer k nearest sources, nor lengths along the quickest route, which is why these exist.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# A heap entry is (minutes, rank of the site, length, node), ordered by the first three: among
# equally quick sites the smallest rank wins, and among equally quick routes the shortest.


@njit(cache=True, nogil=True, inline="always")
def _before(heap_m, heap_r, heap_l, a, b):  # type: ignore[no-untyped-def]
    if heap_m[a] != heap_m[b]:
        return heap_m[a] < heap_m[b]
    if heap_r[a] != heap_r[b]:
        return heap_r[a] < heap_r[b]
    return heap_l[a] < heap_l[b]


@njit(cache=True, nogil=True)
def _swap(heap_m, heap_r, heap_l, heap_n, a, b):  # type: ignore[no-untyped-def]
    heap_m[a], heap_m[b] = heap_m[b], heap_m[a]
    heap_r[a], heap_r[b] = heap_r[b], heap_r[a]
    heap_l[a], heap_l[b] = heap_l[b], heap_l[a]
    heap_n[a], heap_n[b] = heap_n[b], heap_n[a]


@njit(cache=True, nogil=True)
def _push(heap_m, heap_r, heap_l, heap_n, size, minutes, rank, length, node):  # type: ignore[no-untyped-def]
    heap_m[size], heap_r[size], heap_l[size], heap_n[size] = minutes, rank, length, node
    child = size
    while child > 0:
        parent = (child - 1) >> 2
        if not _before(heap_m, heap_r, heap_l, child, parent):
            break
        _swap(heap_m, heap_r, heap_l, heap_n, child, parent)
        child = parent
    return size + 1


@njit(cache=True, nogil=True)
def _pop(heap_m, heap_r, heap_l, heap_n, size):  # type: ignore[no-untyped-def]
    """Move the first entry to position ``size - 1`` and return the new size."""
    size -= 1
    _swap(heap_m, heap_r, heap_l, heap_n, 0, size)
    parent = 0
    while True:
        first = (parent << 2) + 1
        if first >= size:
            break
        best = first
        for child in range(first + 1, min(first + 4, size)):
            if _before(heap_m, heap_r, heap_l, child, best):
                best = child
        if not _before(heap_m, heap_r, heap_l, best, parent):
            break
        _swap(heap_m, heap_r, heap_l, heap_n, best, parent)
        parent = best
    return size


@njit(cache=True, nogil=True)
def _grown(values):  # type: ignore[no-untyped-def]
    larger = np.empty(2 * len(values), values.dtype)
    larger[: len(values)] = values
    return larger


@njit(cache=True, nogil=True)
def k_nearest(  # type: ignore[no-untyped-def]
    start,
    head,
    link_minutes,
    link_length,
    seed_node,
    seed_minutes,
    seed_length,
    seed_rank,
    k,
    limit,
):
    """Search outwards from every seed at once; each node keeps its k nearest distinct sites.

    Returns minutes (n, k), infinite where fewer sites are within the limit, rank of the site
    (n, k), −1 there, and length of the route (n, k).
    """
    n = len(start) - 1
    minutes = np.full((n, k), np.inf)
    ranks = np.full((n, k), -1, np.int64)
    lengths = np.full((n, k), np.inf)
    settled = np.zeros(n, np.int64)
    # With one site per node, an entry that cannot beat what waits already is not pushed.
    waiting_m = np.full(n if k == 1 else 0, np.inf)
    waiting_r = np.full(n if k == 1 else 0, -1, np.int64)
    capacity = max(1024, 2 * len(seed_node))
    heap_m, heap_l = np.empty(capacity), np.empty(capacity)
    heap_r, heap_n = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    size = 0
    for s in range(len(seed_node)):
        if seed_minutes[s] <= limit:
            size = _push(
                heap_m, heap_r, heap_l, heap_n, size,
                seed_minutes[s], seed_rank[s], seed_length[s], seed_node[s],
            )  # fmt: skip
    while size > 0:
        size = _pop(heap_m, heap_r, heap_l, heap_n, size)
        m, r, d, node = heap_m[size], heap_r[size], heap_l[size], heap_n[size]
        if settled[node] == k:
            continue
        known = False
        for j in range(settled[node]):
            if ranks[node, j] == r:
                known = True
                break
        if known:
            continue
        j = settled[node]
        minutes[node, j], ranks[node, j], lengths[node, j] = m, r, d
        settled[node] += 1
        for link in range(start[node], start[node + 1]):
            to = head[link]
            reached = m + link_minutes[link]
            if reached > limit or settled[to] == k:
                continue
            if k == 1:
                if reached > waiting_m[to] or (reached == waiting_m[to] and r > waiting_r[to]):
                    continue
                waiting_m[to], waiting_r[to] = reached, r
            if size == len(heap_m):
                heap_m, heap_l = _grown(heap_m), _grown(heap_l)
                heap_r, heap_n = _grown(heap_r), _grown(heap_n)
            size = _push(
                heap_m, heap_r, heap_l, heap_n, size, reached, r, d + link_length[link], to
            )
    return minutes, ranks, lengths


@njit(cache=True, nogil=True)
def bounded_rows(  # type: ignore[no-untyped-def]
    start,
    head,
    link_minutes,
    link_length,
    seed_start,
    seed_node,
    seed_minutes,
    seed_length,
    end_node,
    end_minutes,
    end_length,
    limit,
):
    """Search outwards from each site in turn, no farther than the limit.

    Site ``s`` has seeds ``seed_start[s]:seed_start[s + 1]``; place ``p`` is left through the nodes
    ``end_node[p]`` (−1 where it has none) at a cost of ``end_minutes[p]``. Returns, site by site,
    the places within the limit: start of each site's rows, places, minutes, lengths.
    """
    n = len(start) - 1
    n_sites = len(seed_start) - 1
    minutes, lengths = np.full(n, np.inf), np.full(n, np.inf)
    touched = np.empty(n, np.int64)
    heap_m, heap_l = np.empty(1024), np.empty(1024)
    heap_r, heap_n = np.zeros(1024, np.int64), np.empty(1024, np.int64)
    row_start = np.zeros(n_sites + 1, np.int64)
    place, place_m, place_l = np.empty(1024, np.int64), np.empty(1024), np.empty(1024)
    found = 0
    for site in range(n_sites):
        size = n_touched = 0
        for s in range(seed_start[site], seed_start[site + 1]):
            size = _push(
                heap_m, heap_r, heap_l, heap_n, size,
                seed_minutes[s], 0, seed_length[s], seed_node[s],
            )  # fmt: skip
        while size > 0:
            size = _pop(heap_m, heap_r, heap_l, heap_n, size)
            m, d, node = heap_m[size], heap_l[size], heap_n[size]
            # Equal only for the entry that last lowered the node: anything else is stale.
            if m > limit or m > minutes[node] or (m == minutes[node] and d >= lengths[node]):
                continue
            if minutes[node] == np.inf:
                touched[n_touched] = node
                n_touched += 1
            minutes[node], lengths[node] = m, d
            for link in range(start[node], start[node + 1]):
                to = head[link]
                reached = m + link_minutes[link]
                if reached > limit or reached > minutes[to]:
                    continue
                if size == len(heap_m):
                    heap_m, heap_l = _grown(heap_m), _grown(heap_l)
                    heap_r, heap_n = _grown(heap_r), _grown(heap_n)
                size = _push(
                    heap_m, heap_r, heap_l, heap_n, size, reached, 0, d + link_length[link], to
                )
        for p in range(len(end_node)):
            best_m, best_l = np.inf, np.inf
            for j in range(end_node.shape[1]):
                node = end_node[p, j]
                if node < 0:
                    continue
                total = end_minutes[p, j] + minutes[node]
                length = end_length[p, j] + lengths[node]
                if total < best_m or (total == best_m and length < best_l):
                    best_m, best_l = total, length
            if best_m <= limit:
                if found == len(place):
                    place, place_m, place_l = _grown(place), _grown(place_m), _grown(place_l)
                place[found], place_m[found], place_l[found] = p, best_m, best_l
                found += 1
        row_start[site + 1] = found
        for t in range(n_touched):
            minutes[touched[t]] = lengths[touched[t]] = np.inf
    return row_start, place[:found], place_m[:found], place_l[:found]
