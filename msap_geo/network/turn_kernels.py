"""The compiled part of junctions: what arriving and leaving cost, to make up each turn."""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel

_SWEEPS = 20


@kernel
def turn_s(angle, penalty, bias, oncoming):
    """Return the seconds of a turn, degrees, positive to the right (OSRM, ``process_turn``)."""
    if angle >= 0:
        return penalty / (1 + np.exp(-(13 / bias * angle / 180 - 6.5 * bias)))
    side = penalty / (1 + np.exp(-(13 * bias * -angle / 180 - 6.5 / bias)))
    return side + oncoming / (1 + np.exp(-(13 * -angle / 180 - 3.25)))


@kernel
def shared(start, bearing, arrives, leaves, penalty, bias, oncoming):
    """Share the cost of every turn of each junction between the road left and the road taken.

    Junction ``j`` has roads ``start[j]:start[j + 1]``, each with the bearing it leaves in, radians.
    Seconds ``into[i] + out[k]`` come as near as they can (least squares, alternately, never
    negative) to those of the turn from road i into road k; a turn weighs less the dearer it is,
    since few trips take it. Returns ``into`` and ``out``.
    """
    into, out = np.zeros(len(bearing)), np.zeros(len(bearing))
    for j in range(len(start) - 1):
        first, n = start[j], start[j + 1] - start[j]
        if n < 3:
            continue
        cost, weight = np.zeros((n, n)), np.zeros((n, n))
        for i in range(n):
            for k in range(n):
                if i == k or not arrives[first + i] or not leaves[first + k]:
                    continue
                angle = np.degrees(bearing[first + i] + np.pi - bearing[first + k])
                angle = (angle + 180) % 360 - 180
                cost[i, k] = turn_s(angle, penalty, bias, oncoming)
                weight[i, k] = 1 / (1 + cost[i, k]) ** 2
        for _ in range(_SWEEPS):
            for i in range(n):
                total, pull = 0.0, 0.0
                for k in range(n):
                    total += weight[i, k]
                    pull += weight[i, k] * (cost[i, k] - out[first + k])
                into[first + i] = max(pull / total, 0.0) if total > 0 else 0.0
            for k in range(n):
                total, pull = 0.0, 0.0
                for i in range(n):
                    total += weight[i, k]
                    pull += weight[i, k] * (cost[i, k] - into[first + i])
                out[first + k] = max(pull / total, 0.0) if total > 0 else 0.0
    return into, out
