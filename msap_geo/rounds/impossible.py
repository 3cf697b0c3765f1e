"""Demands that no rounds meet: which rule, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.errors import InfeasibleError, StudyError
from msap_geo.rounds.problem import NEVER, RoundProblem
from msap_geo.rounds.working_time import QUARTER, told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.rounds.working_time import WorkingTime


def check(problem: RoundProblem, work: WorkingTime) -> None:
    """Refuse demands that no plan meets, saying by how much.

    Parameters
    ----------
    problem, work
        What is asked.

    Raises
    ------
    StudyError
        If a base leads nowhere.
    InfeasibleError
        If no vehicle can serve an imposed stop, or any stop, in its day, or hours do not fit.
    """
    if len(problem.stop_ids) == 0:
        raise InfeasibleError(
            "aucun arrêt possible n'est à portée des habitants des zones blanches",
            remedy="allonger la portée, ou vérifier les arrêts interdits",
        )
    for base, code in enumerate(problem.base_ids):
        if (problem.out[base] >= NEVER).all() or (problem.back[base] >= NEVER).all():
            raise StudyError(
                f"la base {code} n'est reliée à aucun arrêt possible par les routes fournies",
                where="base des véhicules",
                remedy="choisir une autre commune avec --base ou [regles_tournees] bases",
            )
    longest = np.array([kind.longest for kind in problem.kinds])
    trip = np.array([problem.out[k.base] + problem.back[k.base] for k in problem.kinds])
    shut = (longest < problem.least) & (longest < work.busy_minutes)
    opened = np.where(shut, NEVER, problem.least)
    short = (trip + opened).min(axis=0) - work.busy_minutes
    for stop in problem.forced:
        if short[stop] > 0:
            _refuse_stop(problem, work, stop, int(short[stop]))
    if (short > 0).all():
        _refuse_stop(problem, work, int(np.argmin(short)), int(short.min()), nearest=True)
    room = np.where((short <= 0)[None, :], work.busy_minutes - trip, 0)
    fits = _weekly_room(problem, room.max(axis=1))
    if work.open_minutes > fits:
        raise InfeasibleError(
            f"{told(work.open_minutes)} d'ouverture par véhicule et par semaine ne tiennent pas "
            f"dans {len(work.weekdays)} journées de {told(work.day_minutes)} : "
            f"{told(fits)} au plus, il manque {told(work.open_minutes - fits)}",
            where="--heures-ouvertes",
            remedy="demander moins d'heures, ou allonger la journée ou la semaine "
            "([regles_tournees])",
        )
    if work.open_minutes < problem.least[short <= 0].min():
        least = int(problem.least[short <= 0].min())
        raise InfeasibleError(
            f"{told(work.open_minutes)} d'ouverture par semaine ne suffisent pas au plus court "
            f"arrêt ({told(least)}) : il manque {told(least - work.open_minutes)}",
            where="--heures-ouvertes",
            remedy="demander plus d'heures, ou des arrêts plus courts (--arret-minimum)",
        )


def _weekly_room(problem: RoundProblem, room: NDArray[np.int64]) -> int:
    """Return the minutes that the vehicle with the most room may be open in a week."""
    by_base = np.zeros(len(problem.base_ids), dtype=np.int64)
    for kind, minutes in zip(problem.kinds, room, strict=True):
        by_base[kind.base] += int(minutes) // QUARTER * QUARTER * len(kind.weekdays)
    return int(by_base.max())


def _refuse_stop(
    problem: RoundProblem, work: WorkingTime, stop: int, over: int, *, nearest: bool = False
) -> None:
    code = problem.stop_ids[stop]
    which = f"l'arrêt le plus proche ({code})" if nearest else f"l'arrêt imposé {code}"
    if over >= NEVER // 2:
        raise InfeasibleError(
            f"{which} n'est atteint par aucune route, ou jamais ouvert assez longtemps pour un "
            f"arrêt de {told(int(problem.least[stop]))}",
            where="[regles_tournees]",
            remedy="vérifier ses jours et heures, ou le retirer",
        )
    least = told(int(problem.least[stop]))
    raise InfeasibleError(
        f"{which} ne tient pas dans une journée de {told(work.day_minutes)} : trajet depuis la "
        f"base et retour, arrêt de {least} et pause dépassent de {told(over)}",
        where="journée de travail",
        remedy="rapprocher la base (--base), raccourcir l'arrêt (--arret-minimum) ou le retirer",
    )
