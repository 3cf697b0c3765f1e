"""The compiled part of :mod:`msap_geo.network.order`: eliminating the nodes of a graph.

Plain arrays in, plain arrays out.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel

HIGHEST_LEVEL = 64
"""Levels beyond count as this one: it is 2⁶⁴ nodes of a chain."""

# Copies are loops: assigning slices, Numba compiles messages for shapes that never differ here,
# which takes longer than all the rest.


@kernel
def _longer(values):
    longer = np.empty(2 * len(values), values.dtype)
    for i in range(len(values)):
        longer[i] = values[i]
    return longer


@kernel
def _taller(values):
    taller = np.empty((2 * len(values), 2), values.dtype)
    for i in range(len(values)):
        taller[i, 0], taller[i, 1] = values[i, 0], values[i, 1]
    return taller


@kernel
def _copy(source, i, target, j):
    target[j, 0], target[j, 1] = source[i, 0], source[i, 1]


@kernel
def _close(minutes, length, arc):
    minutes[arc, 0] = minutes[arc, 1] = np.inf
    length[arc, 0] = length[arc, 1] = np.inf


@kernel
def _unlink(first, following, before, node, bucket):
    """Take a node out of its bucket, a doubly linked list."""
    if before[node] >= 0:
        following[before[node]] = following[node]
    else:
        first[bucket] = following[node]
    if following[node] >= 0:
        before[following[node]] = before[node]


@kernel
def _link(first, following, before, node, bucket):
    """Put a node in front of a bucket."""
    following[node] = first[bucket]
    before[node] = -1
    if first[bucket] >= 0:
        before[first[bucket]] = node
    first[bucket] = node


@kernel
def _shorten(minutes, length, arc, way, by_minutes, by_length):
    """Replace one way of an arc by a quicker trip (of equally quick ones, the shorter)."""
    if by_minutes < minutes[arc, way] or (
        by_minutes == minutes[arc, way] and by_length < length[arc, way]
    ):
        minutes[arc, way], length[arc, way] = by_minutes, by_length


@kernel
def eliminate(start, head, out_m, out_l, back_start, tail, in_m, in_l, most):
    """Eliminate nodes with at most ``most`` neighbours, those with few of them first.

    Among these, the ones above the fewest eliminated come first (``level``): a chain is halved
    again and again rather than peeled from its end, which would make a tree as deep as it is long.

    Rows of the links (``start, head``) and of their reverse (``back_start, tail``) are sorted.
    Eliminating a node joins its neighbours by the trips through it. Returns the nodes in order,
    those never eliminated last; how many were; and the arcs as they stood, node by node in that
    order: start, other end, minutes and length both ways (0: away from the node, 1: to it).
    """
    n = len(start) - 1
    # Arcs live in a pool of doubly linked lists: ``arcs[v]``, then ``after[arc]``. Each is stored
    # twice, once at each end, and knows its twin.
    capacity = 2 * (len(head) + len(tail)) + 16
    other, after = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
    prior, twin = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
    minutes, length = np.empty((capacity, 2)), np.empty((capacity, 2))
    arcs, degree = np.full(n, -1, np.int32), np.zeros(n, np.int32)
    level = np.zeros(n, np.int32)
    used, spare = 0, -1
    for v in range(n):
        i, j = start[v], back_start[v]
        while i < start[v + 1] or j < back_start[v + 1]:
            ahead = head[i] if i < start[v + 1] else n
            behind = tail[j] if j < back_start[v + 1] else n
            other[used] = min(ahead, behind)
            _close(minutes, length, used)
            if ahead == other[used]:
                minutes[used, 0], length[used, 0] = out_m[i], out_l[i]
                i += 1
            if behind == other[used]:
                minutes[used, 1], length[used, 1] = in_m[j], in_l[j]
                j += 1
            _link(arcs, after, prior, used, v)
            used += 1
            degree[v] += 1
    # Twins: rows being sorted, the arcs that lead to a node are met in the order of its own row.
    cursor = np.empty(n, np.int32)
    slot = 0
    for v in range(n):
        cursor[v] = slot
        slot += degree[v]
    for arc in range(used):
        u = other[arc]
        twin[arc] = cursor[u]
        cursor[u] += 1
    # Buckets by priority; nodes with too many neighbours wait outside.
    last = most + HIGHEST_LEVEL
    first = np.full(last + 1, -1, np.int32)
    following, before = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    bucket = np.full(n, -1, np.int32)
    for v in range(n - 1, -1, -1):
        if degree[v] <= most:
            bucket[v] = degree[v]
            _link(first, following, before, v, bucket[v])
    order, done = np.empty(n, np.int32), 0
    up_start, n_up = np.zeros(n + 1, np.int64), 0
    up_capacity = len(head) + len(tail) + 16
    up_head = np.empty(up_capacity, np.int32)
    up_minutes, up_length = np.empty((up_capacity, 2)), np.empty((up_capacity, 2))
    mine = np.empty(min(most + 1, n), np.int32)
    gone = np.zeros(n, np.bool_)
    lowest = 0
    while True:
        while lowest <= last and first[lowest] < 0:
            lowest += 1
        if lowest > last:
            break
        v = first[lowest]
        _unlink(first, following, before, v, lowest)
        gone[v] = True
        n_mine = 0
        arc = arcs[v]
        while arc >= 0:
            mine[n_mine] = arc
            n_mine += 1
            arc = after[arc]
        while n_up + n_mine > len(up_head):
            up_head = _longer(up_head)
            up_minutes, up_length = _taller(up_minutes), _taller(up_length)
        for a in range(n_mine):
            arc = mine[a]
            up_head[n_up] = other[arc]
            _copy(minutes, arc, up_minutes, n_up)
            _copy(length, arc, up_length, n_up)
            n_up += 1
        order[done] = v
        done += 1
        up_start[done] = n_up
        for a in range(n_mine):
            u, arc = other[mine[a]], twin[mine[a]]
            _unlink(arcs, after, prior, arc, u)
            after[arc], spare = spare, arc
            degree[u] -= 1
            level[u] = max(level[u], level[v] + 1)
        for a in range(n_mine):
            one, x = mine[a], other[mine[a]]
            for b in range(a):
                two, y = mine[b], other[mine[b]]
                near, far = (x, y) if degree[x] <= degree[y] else (y, x)
                arc = arcs[near]
                while arc >= 0 and other[arc] != far:
                    arc = after[arc]
                # Joined even where no trip leads through (one-ways): every later neighbour of ``v``
                # must come to be an ancestor of it.
                if arc < 0:
                    while used + 2 > len(other):
                        other, after = _longer(other), _longer(after)
                        prior, twin = _longer(prior), _longer(twin)
                        minutes, length = _taller(minutes), _taller(length)
                    for side in range(2):
                        if spare >= 0:
                            made, spare = spare, after[spare]
                        else:
                            made = used
                            used += 1
                        if side == 0:
                            arc = made
                    twin[arc], twin[made] = made, arc
                    other[arc], other[made] = far, near
                    _link(arcs, after, prior, arc, near)
                    _link(arcs, after, prior, made, far)
                    _close(minutes, length, arc)
                    _close(minutes, length, made)
                    degree[near] += 1
                    degree[far] += 1
                from_x = arc if near == x else twin[arc]
                there_m = minutes[one, 1] + minutes[two, 0]
                there_l = length[one, 1] + length[two, 0]
                back_m = minutes[two, 1] + minutes[one, 0]
                back_l = length[two, 1] + length[one, 0]
                _shorten(minutes, length, from_x, 0, there_m, there_l)
                _shorten(minutes, length, from_x, 1, back_m, back_l)
                _shorten(minutes, length, twin[from_x], 0, back_m, back_l)
                _shorten(minutes, length, twin[from_x], 1, there_m, there_l)
        for a in range(n_mine):
            u = other[mine[a]]
            after[mine[a]], spare = spare, mine[a]
            now = -1 if degree[u] > most else degree[u] + min(level[u], HIGHEST_LEVEL)
            if bucket[u] != now:
                if bucket[u] >= 0:
                    _unlink(first, following, before, u, bucket[u])
                bucket[u] = now
                if now >= 0:
                    _link(first, following, before, u, now)
                    lowest = min(lowest, now)
    eliminated = done
    for v in range(n):
        if not gone[v]:
            order[done] = v
            arc = arcs[v]
            while arc >= 0:
                if n_up == len(up_head):
                    up_head = _longer(up_head)
                    up_minutes, up_length = _taller(up_minutes), _taller(up_length)
                up_head[n_up] = other[arc]
                _copy(minutes, arc, up_minutes, n_up)
                _copy(length, arc, up_length, n_up)
                n_up += 1
                arc = after[arc]
            done += 1
            up_start[done] = n_up
    return order, eliminated, up_start, up_head[:n_up], up_minutes[:n_up], up_length[:n_up]


@kernel
def postorder(parent):
    """Return the position of each node of a forest in a walk that ends subtrees before their root.

    ``parent`` is larger than its child, −1 at a root. Children come in increasing order.
    """
    n = len(parent)
    child, sibling = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for v in range(n - 1, -1, -1):
        if parent[v] >= 0:
            sibling[v], child[parent[v]] = child[parent[v]], v
    position, done = np.empty(n, np.int32), 0
    for root in range(n):
        if parent[root] >= 0:
            continue
        v = root
        while child[v] >= 0:
            v = child[v]
        while True:
            position[v] = done
            done += 1
            if v == root:
                break
            if sibling[v] >= 0:
                v = sibling[v]
                while child[v] >= 0:
                    v = child[v]
            else:
                v = parent[v]
    return position
