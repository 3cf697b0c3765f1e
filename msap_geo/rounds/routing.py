"""Days routed together by PyVRP: clients with prizes, served or not, by vehicles with working days.

PyVRP (Wouda, Lan & Kool, 2024) is what routes; what a stop is worth and how long it lasts come from
the relaxation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.errors import StudyError
from msap_geo.rounds.relaxation import DayPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.rounds.problem import RoundProblem
    from msap_geo.rounds.working_time import WorkingTime


def routed(
    problem: RoundProblem,
    work: WorkingTime,
    *,
    prizes: NDArray[np.float64],
    stays: NDArray[np.int64],
    iterations: int,
    seed: int = 0,
) -> list[DayPlan]:
    """Route the days that collect the most prizes, each stop at most once.

    Parameters
    ----------
    problem, work
        Roads and rules.
    prizes
        Shape (bases, stops): what serving each stop is worth; those worth nothing are left.
    stays
        Minutes open at each stop.
    iterations
        Of PyVRP's search: the same ones give the same days.
    seed
        Of its draws.

    Returns
    -------
    list of DayPlan
        Days of every kind.

    Raises
    ------
    StudyError
        If PyVRP is not installed.
    """
    try:
        import pyvrp  # noqa: PLC0415 - an extra
        from pyvrp.stop import MaxIterations  # noqa: PLC0415
    except ImportError as error:
        raise StudyError(
            "les tournées demandent PyVRP, qui n'est pas installé",
            remedy='installer le supplément : pip install "msap-geo[rounds]"',
        ) from error
    days: list[DayPlan] = []
    for rank, kind in enumerate(problem.kinds):
        worth = prizes[kind.base]
        clients = np.flatnonzero((worth > 0) & (stays <= kind.longest))
        if len(clients) == 0:
            continue
        scale = _MOST / float(worth[clients].max())
        told = []
        for place, stop in enumerate(clients, start=1):
            spans = [w for w in problem.windows.get(int(stop), ()) if w[0] in kind.weekdays]
            opens = min((start for _, start, _ in spans), default=work.earliest)
            closes = max((end for _, _, end in spans), default=work.latest)
            told.append(
                pyvrp.Client(
                    place,
                    service_duration=int(stays[stop]),
                    tw_early=opens,
                    tw_late=max(opens, closes - int(stays[stop])),
                    prize=max(1, round(scale * float(worth[stop]))),
                    required=False,
                )
            )
        vehicles = pyvrp.VehicleType(
            num_available=min(kind.number, len(clients)),
            tw_early=work.earliest,
            tw_late=work.latest,
            shift_duration=work.busy_minutes,
        )
        ways = np.zeros((len(clients) + 1, len(clients) + 1), dtype=np.int64)
        ways[1:, 1:] = problem.leg[np.ix_(clients, clients)]
        ways[0, 1:] = problem.out[kind.base, clients]
        ways[1:, 0] = problem.back[kind.base, clients]
        np.fill_diagonal(ways, 0)
        data = pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * len(ways),
            told,
            [pyvrp.Depot(0)],
            [vehicles],
            [ways],  # type: ignore[list-item]
            [ways],  # type: ignore[list-item]
        )
        found = pyvrp.solve(data, MaxIterations(iterations), seed=seed).best
        if not found.is_feasible():
            continue
        days += [_day(rank, route, clients, stays) for route in found.routes()]
    return days


_MOST = 100_000
"""Prize of the best stop beside minutes driven, in PyVRP's whole numbers: driving settles ties."""


def _day(rank: int, route: object, clients: NDArray[np.int64], stays: NDArray[np.int64]) -> DayPlan:
    visited = [visit.idx for visit in route if visit.is_client()]  # type: ignore[attr-defined]
    stops = tuple(int(clients[visit]) for visit in visited)
    return DayPlan(rank, stops, tuple(int(stays[stop]) for stop in stops))
