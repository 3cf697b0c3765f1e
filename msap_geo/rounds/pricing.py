"""The most profitable day of one vehicle, by increasing minutes: compiled.

A day leaves the base, serves stops one after the other and comes back. A stay of so many minutes
at a stop has a price; two stops served one after the other lose what they would give twice to the
same people. What is earned at best by leaving a stop so many minutes after the base is all there is
to know of what came before (the labels of Desrochers, 1988, for the shortest path with resources).

A stop may come back later in the same day: more is then allowed than a vehicle does, never less,
which is what a bound needs.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel


@kernel
def earnings(leg, out, back, stays, price, shared, limit):
    """Return the best earnings by stop served last and by minute, and how they came.

    Parameters
    ----------
    leg, out, back
        Whole minutes between stops, from the base and to it.
    stays
        Minutes a stay may last, increasing.
    price
        Shape (stops, stays): what each stay earns, −∞ where it is not allowed.
    shared
        Shape (stops, stops): what is lost when the second follows the first.
    limit
        Minutes of driving and serving of a day, at most.

    Returns
    -------
    earned
        Shape (stops, limit + 1), by the minute the stop is left; −∞ where it cannot be.
    stay
        Rank of the stay that ends then.
    before
        By the minute the stop is reached: the stop served before, −1 from the base.
    """
    n, m = price.shape
    earned = np.full((n, limit + 1), -np.inf)
    stay = np.full((n, limit + 1), -1, np.int32)
    reached = np.full((n, limit + 1), -np.inf)
    before = np.full((n, limit + 1), -1, np.int32)
    best = np.full(n, -np.inf)
    for k in range(n):
        if out[k] <= limit:
            reached[k, out[k]] = 0.0
    for t in range(limit + 1):
        for j in range(n):
            value = earned[j, t]
            if value <= best[j]:
                continue  # as much was earned there earlier
            best[j] = value
            for k in range(n):
                then = t + leg[j, k]
                if k == j or then + stays[0] + back[k] > limit:
                    continue
                if value - shared[j, k] > reached[k, then]:
                    reached[k, then] = value - shared[j, k]
                    before[k, then] = j
        for j in range(n):
            value = reached[j, t]
            if value == -np.inf:
                continue
            for d in range(m):
                then = t + stays[d]
                if then + back[j] > limit:
                    break
                if value + price[j, d] > earned[j, then]:
                    earned[j, then] = value + price[j, d]
                    stay[j, then] = d
    return earned, stay, before
