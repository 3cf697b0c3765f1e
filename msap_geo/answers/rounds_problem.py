"""What rounds of a study start from: working time, weights, wishes and bases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, network, rounds, siting, travel
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.rounds.rules import ReglesTournees
    from msap_geo.study.result import StudyResult


MOST_VEHICLES = 1000
"""Vehicles asked for at most: some 150 run in the whole of France (early 2024)."""


@dataclass(frozen=True)
class RoundsAsked:
    """What rounds are asked for.

    Parameters
    ----------
    vehicles
        How many.
    open_hours
        Hours open at stops, by vehicle and week, at most.
    shortest_minutes
        Minutes a stop lasts at least.
    frequency
        One of :data:`msap_geo.rounds.WEEKS`: after how long the rounds begin again.
    bases
        Communes where vehicles sleep, in place of those of the study: the first vehicle at the
        first one, and so on; they come round again.
    """

    vehicles: int = 1
    open_hours: float = 28.0
    shortest_minutes: int = 90
    frequency: str = "hebdomadaire"
    bases: tuple[str, ...] = ()


def working_time(rules: ReglesTournees, asked: RoundsAsked) -> rounds.WorkingTime:
    """Return the rules of working time of a study and of what is asked.

    Raises
    ------
    StudyError
        If the frequency is unknown, or a duration has no meaning.
    """
    if asked.frequency not in rounds.WEEKS:
        raise StudyError(
            f"fréquence inconnue : « {asked.frequency} »",
            remedy=f"choisir parmi : {', '.join(rounds.WEEKS)}",
        )
    if asked.vehicles < 1:
        raise StudyError("il faut au moins un véhicule", remedy="écrire par exemple --vehicules 1")
    if asked.vehicles > MOST_VEHICLES:
        raise StudyError(
            f"trop de véhicules : au plus {french.number(MOST_VEHICLES)}",
            where="--vehicules",
            remedy="écrire ceux que l'on peut acheter : la France entière en a quelque 150",
        )
    return rounds.WorkingTime(
        open_minutes=round(60 * asked.open_hours),
        shortest_stop=asked.shortest_minutes,
        weeks=rounds.WEEKS[asked.frequency],
        weekdays=tuple(WEEKDAYS.index(day) for day in rules.jours),
        day_minutes=round(60 * rules.journee_max_heures),
        lunch_minutes=rules.pause_minutes,
        lunch_between=rules.lunch,
        earliest=rounds.read_clock(rules.debut_journee),
        latest=rounds.read_clock(rules.fin_journee),
        per_thousand=rules.minutes_par_millier,
        longest_least=rules.arret_long_minutes,
    )


def weights_of(result: StudyResult, beyond: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Weigh the inhabitants, target groups more; their total stays the population."""
    people = result.access.loc[beyond, "population"].to_numpy(dtype=float)
    weight = people.copy()
    for name, more in result.study.regles_tournees.poids.items():
        if name not in result.communes:
            raise StudyError(
                f"les communes n'ont pas de colonne « {name} »",
                where="[regles_tournees.poids]",
                remedy="donner des indicateurs qui l'ont ([donnees] indicateurs)",
            )
        group = result.communes[name]
        if more and not group.fillna(0).to_numpy(dtype=float).any():
            raise StudyError(
                f"aucune commune n'a de « {name} » : ce poids ne pèserait rien",
                where="[regles_tournees.poids]",
                remedy="donner des indicateurs qui disent combien ([donnees] indicateurs), ou "
                "retirer ce poids",
            )
        weight += more * group[beyond].fillna(0).to_numpy(dtype=float)
    return np.asarray(weight * people.sum() / max(weight.sum(), 1.0))


def wishes_of(
    result: StudyResult, rules: ReglesTournees, beyond: np.ndarray[Any, Any]
) -> rounds.Wishes:
    """Return what a study imposes on the stops.

    Parameters
    ----------
    result, rules
        The study, run, and its rules.
    beyond
        Which communes are in a zone blanche: groups without any are due no hours.

    Raises
    ------
    StudyError
        If the communes do not have the column that groups them.
    """
    floors: dict[str, tuple[frozenset[str], float]] = {}
    if rules.equite_heures_minimum:
        if rules.equite_par not in result.communes:
            raise StudyError(
                f"les communes n'ont pas de colonne « {rules.equite_par} »",
                where="[regles_tournees] equite_par",
                remedy="donner la table d'appartenance ([donnees] appartenance)",
            )
        group = result.communes[rules.equite_par]
        for name in sorted(group[beyond].dropna().unique()):
            codes = frozenset(result.communes.loc[group == name, "code_insee"])
            floors[str(name)] = (codes, rules.equite_heures_minimum)
    return rounds.Wishes(
        forced=frozenset(rules.imposes),
        forbidden=frozenset(rules.interdits),
        windows={
            code: tuple(rounds.read_window(text) for text in spans)
            for code, spans in rules.jours_imposes.items()
        },
        floors=floors,
    )


def bases_of(
    result: StudyResult, asked: RoundsAsked, people: pd.Series
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return where the vehicles sleep, and what to say of it."""
    given = asked.bases or result.study.regles_tournees.bases
    told: tuple[str, ...] = ()
    if not given:
        given = _central(result, asked.vehicles, people)
        named = result.communes.set_index("code_insee")["nom"]
        told = (
            "base choisie au plus près des habitants des zones blanches : "
            + ", ".join(f"{named[code]} ({code})" for code in given)
            + " ; --base en impose une autre",
        )
    known = set(result.communes["code_insee"])
    if unknown := [code for code in given if code not in known]:
        raise StudyError(
            f"base inconnue dans cette étude : {', '.join(unknown)}",
            where="--base ou [regles_tournees] bases",
            remedy="donner le code d'une commune de l'étude",
        )
    if len(given) > asked.vehicles:
        raise StudyError(
            f"{len(given)} bases pour {french.counted(asked.vehicles, 'véhicule')}",
            where="--base ou [regles_tournees] bases",
            remedy="donner au plus une base par véhicule",
        )
    points = result.origins.set_index("code_insee").loc[list(given)]
    off = network.snap(result.roads, points.geometry).edge < 0
    if off.any():
        raise StudyError(
            f"la base {', '.join(points.index[off])} est hors du réseau : à plus de "
            f"{french.short(result.roads.max_snap_m)} m de toute route",
            where="--base ou [regles_tournees] bases",
            remedy="choisir une commune reliée aux routes",
        )
    count: dict[str, int] = {}
    for vehicle in range(asked.vehicles):
        code = given[vehicle % len(given)]
        count[code] = count.get(code, 0) + 1
    return count, told


_CENTRAL_MINUTES = 240.0


def _central(result: StudyResult, vehicles: int, people: pd.Series) -> tuple[str, ...]:
    """Return the communes nearest to the people to serve: the p-median, proven."""
    every: gpd.GeoDataFrame = result.origins.assign(site_id=result.origins["demand_id"])
    places = result.origins[result.origins["code_insee"].isin(people.index)].reset_index(drop=True)
    # A base is a commune with a road at its door: a vehicle is not walked to.
    snapped = network.snap(result.roads, every.geometry)
    near = every[(snapped.edge >= 0) & (snapped.access_m <= _AT_THE_ROAD_M)]
    sites = (near if len(near) else every).reset_index(drop=True)
    times = travel.matrix(result.roads, places, sites, max_minutes=_CENTRAL_MINUTES)
    problem = siting.make_problem(
        times,
        people,
        pd.Series(np.nan, index=people.index),
        xy_m=np.column_stack([sites.geometry.x, sites.geometry.y]),
    )
    found = siting.p_median(
        problem, siting.Rules(count=min(vehicles, len(sites))), longest=_CENTRAL_MINUTES
    )
    return tuple(sorted(found.sites)) or (str(sites["site_id"].iloc[0]),)


_AT_THE_ROAD_M = 300.0


def remarks_on(problem: rounds.RoundProblem, plan: rounds.RoundPlan) -> tuple[str, ...]:
    """Return what the reader must know of the stops considered and of the search."""
    told = []
    if problem.left_out:
        some = french.counted(problem.left_out, "commune")
        told.append(f"{some} avec moins d'habitants à portée écartées : la borne vaut sans elles")
    if plan.hurried:
        told.append(
            "la recherche s'est arrêtée au temps donné ([regles_tournees] secondes) : un autre "
            "poste peut trouver un autre plan"
        )
    return tuple(told)
