"""The front door, services that come to people: rounds, and what they cost beside an office."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.answers import Rounds, Services
    from msap_geo.study import StudyResult

__all__ = ["services", "tour"]


def tour(
    result: StudyResult,
    *,
    vehicles: int = 1,
    open_hours: float = 28.0,
    shortest_minutes: int = 90,
    frequency: str = "hebdomadaire",
    bases: Iterable[str] = (),
) -> Rounds:
    """Design the rounds of buses or teams that serve the zones blanches, with the bound.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    vehicles
        How many.
    open_hours
        Hours open at stops, by vehicle and week, at most.
    shortest_minutes
        Minutes a stop lasts at least, by quarters of an hour.
    frequency
        ``"hebdomadaire"``, ``"quinzaine"`` or ``"mois"``.
    bases
        Communes where vehicles sleep; nearest to the people to serve without.

    Returns
    -------
    msap_geo.answers.Rounds
        ``stops()``, ``plan`` and its bound, ``cover()``, ``unserved()``, the cost.

    Raises
    ------
    InfeasibleError
        If no rounds respect the rules, naming which and by how much.
    StudyError
        If nobody is beyond reach of a Maison, or something asked does not fit the study.
    """
    from msap_geo import answers  # noqa: PLC0415

    asked = answers.RoundsAsked(vehicles, open_hours, shortest_minutes, frequency, tuple(bases))
    return answers.design_rounds(result, asked)


def services(result: StudyResult, *, budget_eur: float | None = None) -> Services:
    """Compare a bus, an office and a permanence in each zone blanche; with a budget, mix them.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    budget_eur
        Euros a year for the best mix; none without.

    Returns
    -------
    msap_geo.answers.Services
        ``table``, zones × ways; ``mixed`` and ``chosen()``, the plan and what it opens.

    Raises
    ------
    StudyError
        If nobody is beyond reach of a Maison, or the budget is no number of euros.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.compare_services(result, budget_eur=budget_eur)
