"""Other plans nearly as good: which choices matter, and which do not."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.siting.solving import exact
from msap_geo.siting.solving.highs import Model, solve
from msap_geo.siting.solving.reduction import merged
from msap_geo.siting.solving.swap import improve, swap_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.highs import Effort
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5
_ROUNDS = 24
"""Halvings of the toll: it is then known to a ten-millionth of the largest useful one."""


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Plans nearly as good as the best.

    Parameters
    ----------
    plans
        Sites of each, sorted, the best plan first.
    values
        What each brings.
    """

    plans: tuple[NDArray[np.int64], ...]
    values: tuple[float, ...]

    def share_holding(self, n_sites: int) -> NDArray[np.float64]:
        """Return, for each site, the share of the plans that hold it."""
        counts = np.bincount(np.concatenate(self.plans), minlength=n_sites)
        result: NDArray[np.float64] = counts / len(self.plans)
        return result


def k_best(gains: Gains, limits: Limits, *, k: int, effort: Effort) -> Alternatives:
    """Find the k best plans, each proven the best of those left.

    Each plan found is cut off by ``Σ_{j∈S} y_j − Σ_{j∉S} y_j ≤ |S| − 1`` (Balas & Jeroslow, *SIAM
    Journal on Applied Mathematics* 23, 1972), and the model solved again. Plans that only leave
    out or add a useless site count as others: keep ``k`` small.

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen.
    k
        How many plans; fewer if there are no more.
    effort
        Time for all of them, gap, seed and threads.

    Returns
    -------
    Alternatives
        From the best to the least good.
    """
    begin = time.perf_counter()
    rows = merged(gains)
    model = Model()
    y = exact.add_sites(model, limits)
    exact.add_gains(model, y, rows)
    plans: list[NDArray[np.int64]] = []
    while len(plans) < k:
        left = effort.seconds - (time.perf_counter() - begin)
        answer = solve(model, replace(effort, seconds=left)) if left > 0 else None
        if answer is None or not len(answer.x):
            break
        chosen = np.flatnonzero(answer.x[: gains.n_sites] > _HALF)
        plans.append(chosen)
        signs = np.full(gains.n_sites, -1.0)
        signs[chosen] = 1.0
        model.row(y, signs, upper=len(chosen) - 1.0)
    return Alternatives(tuple(plans), tuple(gains.value(plan) for plan in plans))


def near_optimal(
    gains: Gains,
    limits: Limits,
    best: NDArray[np.int64],
    *,
    count: int,
    within: float = 0.01,
    seed: int = 0,
) -> Alternatives:
    """Look for plans that differ from one another as much as a small loss of value lets them.

    Sites already in the plans found pay a toll, higher the more of them hold it; the highest toll
    (by halving) under which swaps still give a plan within the loss allowed gives the
    next plan. Plans are checked, so every one is near-optimal; that they are the most different is
    not proven. Once tolls give no new plan, random ones do (seeded).

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen.
    best
        The best plan known.
    count
        How many plans, the best included.
    within
        Loss of value allowed, as a share of the best plan's.
    seed
        Seed of the draws.

    Returns
    -------
    Alternatives
        The best plan first; fewer than asked where no other is found.
    """
    rng = np.random.default_rng(seed)
    rows = merged(gains)
    least = (1 - within) * rows.value(best)
    plans = [np.sort(best)]
    seen = {plans[0].tobytes()}
    scale = float(rows.alone().max(initial=0.0))
    tries = 0
    while len(plans) < count and tries < 3 * count:
        tries += 1
        used = np.bincount(np.concatenate(plans), minlength=gains.n_sites) / len(plans)
        weights = (
            used
            if tries % 2
            else used * rng.random(gains.n_sites) + 0.2 * rng.random(gains.n_sites)
        )
        found = _most_different(rows, limits, plans[0], weights, least, scale)
        if found is not None and found.tobytes() not in seen:
            seen.add(found.tobytes())
            plans.append(found)
    return Alternatives(tuple(plans), tuple(gains.value(plan) for plan in plans))


def _most_different(
    gains: Gains,
    limits: Limits,
    start: NDArray[np.int64],
    weights: NDArray[np.float64],
    least: float,
    scale: float,
) -> NDArray[np.int64] | None:
    low, high, found = 0.0, scale, None
    plan = start
    for _ in range(_ROUNDS // 2):
        toll = (low + high) / 2
        plan = improve(gains, start if found is None else found, limits, penalty=toll * weights)
        if gains.value(plan) >= least:
            low, found = toll, plan
        else:
            high = toll
    return found


def interchangeable(
    gains: Gains, chosen: NDArray[np.int64], limits: Limits, *, within: float = 0.01
) -> pd.DataFrame:
    """Tell which other site may replace each chosen one at little loss.

    Parameters
    ----------
    gains
        What sites bring.
    chosen
        Sites of the plan.
    limits
        What may be chosen.
    within
        Loss of value allowed, as a share of the plan's.

    Returns
    -------
    pandas.DataFrame
        ``site, remplacant, perte``: positions, and the loss of value (negative: a gain), the best
        three of each site.
    """
    chosen = np.sort(chosen)
    loss = -swap_values(gains, chosen)
    able = limits.swaps(chosen)
    able[chosen] = False
    allowed = within * gains.value(chosen)
    rows = []
    for rank, site in enumerate(chosen):
        other = np.flatnonzero(able[:, rank] & (loss[:, rank] <= allowed))
        other = other[np.argsort(loss[other, rank], kind="stable")][:3]
        rows += [(int(site), int(o), float(max(0.0, loss[o, rank]))) for o in other]
    return pd.DataFrame(rows, columns=["site", "remplacant", "perte"])
