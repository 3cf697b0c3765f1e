"""Sites that cannot hold everyone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting import infeasible
from msap_geo.siting.objectives.gained import DEFAULT, PEOPLE, covering_gains
from msap_geo.siting.plan import Plan, curve, status
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.gains import grain_of, rounded_down
from msap_geo.siting.solving.greedy import by_value
from msap_geo.siting.solving.highs import Answer, Effort, Model, solve
from msap_geo.siting.solving.limits import Limits
from msap_geo.siting.solving.reduction import merged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.gains import Gains


def capacitated_covering(
    problem: Problem,
    rules: Rules,
    *,
    threshold: float,
    capacity: float,
    effort: Effort = DEFAULT,
) -> Plan:
    """Choose the sites that serve most people within reach, none more than it can hold.

    Current & Storbeck, *Environment and Planning B* 15, 1988. People of one place may go to
    several sites. People within reach of an existing Maison stay with it, whose capacity is not
    known.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        What the plan must respect.
    threshold
        Minutes, inclusive.
    capacity
        Persons a new site can serve.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Plan
        Value in persons served, those within reach today included.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules.
    DataError, StudyError
        If threshold or rules are wrong.
    """
    begin = time.perf_counter()
    limits, forced = infeasible.limits_of(problem, rules, effort)
    gains = merged(covering_gains(problem, thresholds=[threshold]))
    today = float(problem.people[problem.today <= threshold].sum())
    answer = _served(gains, limits, forced, capacity, effort)
    sites = exact.sites_of(answer, gains.n_sites, np.arange(0))

    def served(chosen: NDArray[np.int64]) -> float:
        only = np.zeros(gains.n_sites, dtype=bool)
        only[chosen] = True
        open_ = Limits(None, None, limits.cost_eur, only)
        return _served(gains, open_, chosen, capacity, effort).value if len(chosen) else 0.0

    order = by_value(sites, served)
    values = today + np.array([served(order[:n]) for n in range(len(order) + 1)])
    # Whole people in whole places: a flow, whose best is whole for any choice of sites.
    grain = grain_of(np.append(gains.people, capacity))
    bound = max(today + rounded_down(answer.bound, grain), values[-1])
    return Plan(
        objective="couverture-avec-capacite",
        unit=PEOPLE,
        smaller_is_better=False,
        sites=tuple(problem.site_ids[order]),
        value=float(values[-1]),
        bound=float(bound),
        today=today,
        status=status(float(values[-1]), float(bound), effort.gap),
        seconds=time.perf_counter() - begin,
        curve=curve(problem, order, values),
        details={"capacite_par_site": float(capacity)},
    )


def _served(
    gains: Gains, limits: Limits, forced: NDArray[np.int64], capacity: float, effort: Effort
) -> Answer:
    """Serve most people from the sites allowed, each within its capacity."""
    model = Model()
    y = exact.add_sites(model, limits)
    model.lower[0] = exact.forced_open(len(y), forced)
    table = gains.by_row.tocoo()
    x = model.columns(len(table.row), cost=1.0, upper=table.data)
    model.rows(gains.n_rows, (table.row, x, 1.0), upper=gains.people)
    model.rows(gains.n_sites, (table.col, x, 1.0), (np.arange(len(y)), y, -capacity), upper=0.0)
    # Implied by the capacity, but far tighter once y may be a fraction.
    pairs = np.arange(len(x))
    model.rows(len(x), (pairs, x, 1.0), (pairs, y[table.col], -table.data), upper=0.0)
    return solve(model, effort)
