"""A mixed plan: how many offices, buses and permanences, and where, for a budget.

A bus is bought whole and has so many half-days a week; everything else is paid by the place. What
people gain is concave in their hours, as in rounds (:mod:`msap_geo.rounds.benefit`), so that the
whole question is one mixed-integer programme, and HiGHS's bound on it is a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.rounds.benefit import Benefit

OFFICE, TWO_DAYS, BUS, PERMANENCE = "maison", "deux-jours", "bus", "permanence"
WAYS = (OFFICE, TWO_DAYS, BUS, PERMANENCE)
HALF_DAYS = 10
"""Half-days a week of one bus."""

_MOST_TIMES = 4
"""Times a week one place may have a bus or a permanence."""


class Option(NamedTuple):
    """One way to serve one place.

    Parameters
    ----------
    way
        One of :data:`WAYS`.
    place
        Where, an identifier.
    hours
        Hours a week it opens, each time it is taken.
    cost_eur
        What it costs a year besides the bus itself.
    half_days
        Half-days of a bus it takes.
    minutes, km
        One-way drive there each time, from where agents and buses start.
    """

    way: str
    place: str
    hours: float
    cost_eur: float
    half_days: int = 0
    minutes: float = 0.0
    km: float = 0.0

    @property
    def most(self) -> int:
        """How many times it may be taken."""
        return 1 if self.way in (OFFICE, TWO_DAYS) else _MOST_TIMES


class MixedPlan(NamedTuple):
    """A plan, and what is proven of it.

    Parameters
    ----------
    times
        How many times each option is taken.
    buses
        Buses bought.
    hours
        Hours a week within reach of each place to serve.
    value, bound
        Inhabitants served, each by the benefit of their hours, and the most any plan serves.
    cost_eur
        Of a year.
    """

    times: NDArray[np.int64]
    buses: int
    hours: NDArray[np.float64]
    value: float
    bound: float
    cost_eur: float

    @property
    def gap(self) -> float:
        """Share of the bound that may be missing."""
        return 0.0 if self.bound <= 0 else max(0.0, 1.0 - self.value / self.bound)


def mixed_plan(
    weight: NDArray[np.float64],
    reach: csr_array,
    options: Sequence[Option],
    benefit: Benefit,
    *,
    budget_eur: float,
    bus_eur: float,
    seconds: float = 60.0,
) -> MixedPlan:
    """Choose what serves most people within a budget.

    Parameters
    ----------
    weight
        What serving each place wholly is worth.
    reach
        Shape (places, options): 1 where the option is within reach of the place.
    options
        Ways to serve places.
    benefit
        What hours are worth.
    budget_eur
        Euros a year.
    bus_eur
        What a bus costs a year before driving.
    seconds
        Time to look; the bound is proven whenever it stops.

    Returns
    -------
    MixedPlan
        The best plan found; empty where nothing fits in the budget.

    Raises
    ------
    StudyError
        If the budget is not a number of euros.
    """
    if not 0 <= budget_eur < np.inf:
        raise StudyError("budget illisible", remedy="donner un nombre d'euros par an, positif")
    from scipy.optimize import (  # noqa: PLC0415 - slow to import, and few need it
        Bounds,
        LinearConstraint,
        milp,
    )

    groups, people, of = _alike(reach, weight)
    n, p = len(options), len(people)
    hours = np.array([option.hours for option in options])
    cost = np.array([option.cost_eur for option in options])
    rows = [
        csr_array(np.concatenate([cost, [bus_eur], np.zeros(p)])[None, :]),
        csr_array(
            np.concatenate([[float(o.half_days) for o in options], [-HALF_DAYS], np.zeros(p)])[None]
        ),
        _one_office(options, p),
    ]
    sides = [np.array([budget_eur]), np.zeros(1), np.ones(rows[2].shape[0])]
    constants, slopes = benefit.pieces
    for constant, slope in zip(constants, slopes, strict=True):
        given = csr_array(groups.multiply(-slope * hours[None, :]))
        rows.append(csr_array(hstack([given, csr_array((p, 1)), eye_array(p)])))
        sides.append(np.full(p, constant))
    most = np.array([option.most for option in options], dtype=float)
    buses = float(-(-int((most * [o.half_days for o in options]).sum()) // HALF_DAYS))
    found = milp(
        -np.concatenate([np.zeros(n + 1), people]),
        constraints=LinearConstraint(vstack(rows), -np.inf, np.concatenate(sides)),
        integrality=np.concatenate([np.ones(n + 1), np.zeros(p)]),
        bounds=Bounds(0, np.concatenate([most, [buses], np.ones(p)])),
        options={"time_limit": max(seconds, 0.1), "mip_rel_gap": 1e-4},
    )
    times = np.zeros(n, dtype=np.int64) if found.x is None else np.round(found.x[:n]).astype(int)
    needed = int((times * [o.half_days for o in options]).sum())
    bought = -(-needed // HALF_DAYS)
    opened = np.asarray(reach @ (hours * times), dtype=float)
    value = float(weight @ benefit(opened))
    proven = found.mip_dual_bound
    bound = float(weight[of >= 0].sum()) if proven is None else -float(proven)
    return MixedPlan(
        times, bought, opened, value, max(bound, value), float(cost @ times + bus_eur * bought)
    )


def _one_office(options: Sequence[Option], p: int) -> csr_array:
    """Return the rows that hold each place to one fixed office, whatever its hours."""
    places: dict[str, list[int]] = {}
    for rank, option in enumerate(options):
        if option.way in (OFFICE, TWO_DAYS):
            places.setdefault(option.place, []).append(rank)
    columns = [rank for ranks in places.values() for rank in ranks]
    lines = [line for line, ranks in enumerate(places.values()) for _ in ranks]
    shape = (len(places), len(options) + 1 + p)
    return csr_array((np.ones(len(columns)), (lines, columns)), shape=shape)


def _alike(
    reach: csr_array, weight: NDArray[np.float64]
) -> tuple[csr_array, NDArray[np.float64], NDArray[np.int64]]:
    """Put together the places that the same options serve; those nothing serves are left out."""
    keys: dict[bytes, int] = {}
    first: list[int] = []
    of = np.full(reach.shape[0], -1, dtype=np.int64)
    for place in range(reach.shape[0]):
        served = np.sort(reach.indices[reach.indptr[place] : reach.indptr[place + 1]])
        if not len(served):
            continue
        if served.tobytes() not in keys:
            keys[served.tobytes()] = len(first)
            first.append(place)
        of[place] = keys[served.tobytes()]
    people = np.bincount(of[of >= 0], weights=weight[of >= 0], minlength=len(first))
    return csr_array(reach[first]), people.astype(float), of
