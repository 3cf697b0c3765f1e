"""The front door, what is asked of a result: its diagnosis, notes, plans, rounds and network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import given
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from msap_geo.answers import (
        AdaptedNetwork,
        Backtest,
        Basket,
        Diagnosis,
        Implantation,
        LongerOpening,
        Rating,
        Robust,
        Rounds,
        Services,
    )
    from msap_geo.study import StudyResult

__all__ = [
    "adapt",
    "backtest",
    "basket",
    "diagnose",
    "open_longer",
    "plan",
    "plan_ahead",
    "rate",
    "services",
    "tour",
]


def diagnose(result: StudyResult) -> Diagnosis:
    """Compute every coverage indicator of a study.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.

    Returns
    -------
    msap_geo.answers.Diagnosis
        ``tables`` and ``layers``, by name (``docs/indicateurs.md``).

    Raises
    ------
    MsapGeoError
        If a file of ``[diagnostic]`` is absent or unusable.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.diagnose(given.result_of(result, "diagnose"))


def rate(result: StudyResult, *, top: int | None = None) -> Rating:
    """Rate the candidates of a study under every criterion.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    top
        How many to keep, the best first; all by default.

    Returns
    -------
    msap_geo.answers.Rating
        ``table``, best first.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.rate(given.result_of(result, "rate"), top=given.whole(top, "top"))


def plan(
    result: StudyResult,
    *,
    number: int | None = None,
    budget_eur: float | None = None,
    share: float | None = None,
    imposed: Iterable[str] = (),
    frontier: bool = False,
) -> Implantation:
    """Find which offices to open together, with the proof.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    number, budget_eur, share
        One of the three: at most so many sites, so many euros a year all payers together, or at
        least this share of the inhabitants within the first threshold with the fewest sites.
    imposed
        Sites the decider wants, by identifier or name.
    frontier
        Whether to find the best plan of other numbers (or budgets) too.

    Returns
    -------
    msap_geo.answers.Implantation
        ``plan``, its cost, its near-equals, the regret of what is imposed.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    StudyError
        If not exactly one of the three is given, or a site is unknown.
    """
    from msap_geo import answers  # noqa: PLC0415
    from msap_geo.study.choice import site_ids  # noqa: PLC0415

    if [number, budget_eur, share].count(None) != 2:  # noqa: PLR2004 - of three, one is given
        raise StudyError(
            "un plan se demande par un nombre de sites, un budget ou une part couverte",
            remedy="donner l'un des trois : number=3, budget_eur=450_000 ou share=0.95",
        )
    study = given.result_of(result, "plan")
    asked = answers.Asked(
        given.whole(number, "number"),
        given.amount(budget_eur, "budget_eur"),
        given.amount(share, "share", most=1),
        site_ids(given.names(imposed), study.candidates, what="bureaux candidats"),
        frontier,
    )
    return answers.optimise(study, asked)


def plan_ahead(
    result: StudyResult,
    *,
    number: int | None = None,
    budget_eur: float | None = None,
    imposed: Iterable[str] = (),
) -> Robust:
    """Find which offices to open for every horizon at once: the least worst regret.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave; its study has ``[prospective]``.
    number, budget_eur
        One of the two, as of :func:`plan`.
    imposed
        Sites the decider wants, by identifier or name.

    Returns
    -------
    msap_geo.answers.Robust
        ``plan`` and its bound, ``sites``, ``futures`` and ``horizons()``.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    StudyError
        If not exactly one of the two is given, a site is unknown, or the study has no projection.
    """
    from msap_geo import answers  # noqa: PLC0415
    from msap_geo.study.choice import site_ids  # noqa: PLC0415

    if [number, budget_eur].count(None) != 1:
        raise StudyError(
            "un plan pour plusieurs horizons se demande par un nombre de sites ou un budget",
            remedy="donner l'un des deux : number=3 ou budget_eur=450_000",
        )
    study = given.result_of(result, "plan_ahead")
    asked = answers.Asked(
        given.whole(number, "number"),
        given.amount(budget_eur, "budget_eur"),
        imposed=site_ids(given.names(imposed), study.candidates, what="bureaux candidats"),
    )
    return answers.optimise_ahead(study, asked)


def backtest(result: StudyResult, *, date: dt.date | str | None = None) -> Backtest:
    """Hold the method against the post offices really chosen since a day.

    Parameters
    ----------
    result
        What :func:`run` gave.
    date
        Day the network is rebuilt at, a date or ``"2020-01-31"``; the beginning of the programme
        by default.

    Returns
    -------
    msap_geo.answers.Backtest
        Both choices, side by side.

    Raises
    ------
    DataError
        If the list of Maisons tells no dates.
    """
    from msap_geo import answers  # noqa: PLC0415

    day = answers.BACKTEST_DATE if date is None else given.day(date)
    return answers.run_backtest(given.result_of(result, "backtest"), date=day)


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

    asked = answers.RoundsAsked(
        given.whole(vehicles, "vehicles"),
        given.amount(open_hours, "open_hours"),
        given.whole(shortest_minutes, "shortest_minutes"),
        frequency,
        given.names(bases),
    )
    return answers.design_rounds(given.result_of(result, "tour"), asked)


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

    return answers.compare_services(
        given.result_of(result, "services"), budget_eur=given.amount(budget_eur, "budget_eur")
    )


def basket(result: StudyResult, *, number: int = 1) -> Basket:
    """Measure who has all the services of a basket near, and where to add what is missing.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave; ``[panier]`` of its study says the services.
    number
        Places of the plan that gathers what is missing.

    Returns
    -------
    msap_geo.answers.Basket
        ``services``, ``territories``, ``communes``, ``one_more``, ``plan_sites``; columns in
        ``docs/panier.md``.

    Raises
    ------
    StudyError
        If a service is unknown, or its file is not given.
    """
    from msap_geo import answers  # noqa: PLC0415

    study = given.result_of(result, "basket")
    return answers.fill_basket(study, number=given.whole(number, "number"))


def adapt(
    result: StudyResult, *, number: int | None = None, saving_eur: float | None = None
) -> AdaptedNetwork:
    """Find which post offices could become something else, the rules kept, with least harm.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    number, saving_eur
        One of the two: so many transformations, or at least so many euros saved a year.

    Returns
    -------
    msap_geo.answers.AdaptedNetwork
        ``transformations``, each subject to the mayor's agreement; ``farther``, who is farther than
        before; margins and near-equal choices (``docs/adapter.md``).

    Raises
    ------
    InfeasibleError
        If the rules and the mayors' answers do not allow so much.
    StudyError
        If not exactly one of the two is given, or the study's own rules are wrong.
    """
    from msap_geo import answers  # noqa: PLC0415

    if [number, saving_eur].count(None) != 1:
        raise StudyError(
            "un réseau s'adapte par un nombre de transformations ou une économie",
            remedy="donner l'un des deux : number=3 ou saving_eur=100_000",
        )
    wanted = answers.Wanted(given.whole(number, "number"), given.amount(saving_eur, "saving_eur"))
    return answers.adapt_network(given.result_of(result, "adapt"), wanted)


def open_longer(result: StudyResult, *, hours: float) -> LongerOpening:
    """Find when Maisons should open longer, and the half-days to move at no cost.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    hours
        Hours a week to add at most, all Maisons together; 0 for moves alone.

    Returns
    -------
    msap_geo.answers.LongerOpening
        ``additions`` and ``moves`` (``docs/horaires.md``), the plan and its bound.

    Raises
    ------
    StudyError
        If a Maison or a commune named by the study is not there.
    """
    from msap_geo import answers  # noqa: PLC0415

    study = given.result_of(result, "open_longer")
    return answers.open_longer(study, given.amount(hours, "hours"))
