"""Rounds of a study: where a bus or a team stops, when, for whom, with the bound and the cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import coverage, french, rounds, siting, travel
from msap_geo.answers.rounds_problem import (
    RoundsAsked,
    bases_of,
    remarks_on,
    weights_of,
    wishes_of,
    working_time,
)
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError
from msap_geo.notebook_html import card, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.study.result import StudyResult


@dataclass(frozen=True, eq=False)
class Rounds:
    """Rounds of a study and everything needed to discuss them.

    Parameters
    ----------
    result
        The study.
    asked
        What was asked.
    plan
        The answer.
    threshold
        Minutes within which a stop serves people.
    costs
        What services that move cost.
    people
        Inhabitants of each place of the plan's problem, the unserved included.
    remarks
        What the reader must know.
    """

    result: StudyResult
    asked: RoundsAsked
    plan: rounds.RoundPlan
    threshold: float
    costs: siting.ItinerantCosts
    people: pd.Series
    remarks: tuple[str, ...] = ()
    names: pd.Series = field(init=False)

    def __post_init__(self) -> None:
        """Index the names of the communes."""
        named = self.result.communes.set_index("code_insee")["nom"]
        object.__setattr__(self, "names", named)

    @property
    def served(self) -> np.ndarray[Any, Any]:
        """Return which places have some hours, rows of ``people``."""
        return np.asarray(self.plan.hours > 0)

    @property
    def within_reach(self) -> int:
        """Inhabitants of the zones blanches with a stop within reach, however short."""
        return int(self.people.to_numpy()[self.served].sum())

    @property
    def yearly_km(self) -> float:
        """Kilometres a year, all vehicles together."""
        return self.plan.weekly_km * self.costs.weeks

    @property
    def yearly_eur(self) -> dict[str, float]:
        """Cost a year, by item."""
        return self.costs.vehicles_eur(self.asked.vehicles, weekly_km=self.plan.weekly_km)

    def _repr_html_(self) -> str:
        """Show the rounds in a notebook."""
        figures = {
            "habitants servis": french.number(self.plan.value),
            "borne prouvée": french.number(self.plan.bound),
            "habitants avec un arrêt à portée": french.number(self.within_reach),
            "heures par semaine": french.number(self.plan.weekly_hours, 1),
            "km par an": french.number(self.yearly_km),
            "coût par an": french.euros(sum(self.yearly_eur.values())),
        }
        titles = {
            "vehicule": "Véhicule", "semaine": "Semaine", "jour": "Jour", "nom": "Arrêt",
            "arrivee": "Arrivée", "depart": "Départ",
        }  # fmt: skip
        stops = table(self.stops(), titles, caption="Arrêts", shown=20)
        return card("Tournées", figures, tables=[stops])

    def __repr__(self) -> str:
        return f"Rounds(days={len(self.plan.days)}, value={self.plan.value:.0f})"

    def stops(self) -> pd.DataFrame:
        """Return the stops in the columns of the CSV that is read back, names and trips besides."""
        rows = [
            {"vehicule": vehicle_name(day.vehicle), "jour": WEEKDAYS[day.weekday],
             "semaine": day.week + 1, **step}
            for day in self.plan.days
            for step in self.steps(day)
        ]  # fmt: skip
        columns = [
            "vehicule", "jour", "semaine", "code_insee", "lieu", "arrivee", "depart", "nom",
            "minutes_depuis_precedent", "km", "habitants_a_portee",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def steps(self, day: rounds.RoundDay) -> list[dict[str, Any]]:
        """Return the stops of a day, with the trip that leads to each."""
        problem = self.plan.problem
        served = problem.reach_of_stops
        found, before = [], None
        for visit in day.hours.visits:
            stop = visit.stop
            if before == stop:
                minutes, km = 0.0, 0.0
            elif before is None:
                minutes, km = problem.out_minutes[day.base, stop], problem.out_km[day.base, stop]
            else:
                minutes, km = problem.minutes[before, stop], problem.km[before, stop]
            around = served.indices[served.indptr[stop] : served.indptr[stop + 1]]
            code = str(problem.stop_ids[stop])
            found.append(
                {
                    "code_insee": code,
                    "nom": str(self.names[code]),
                    "lieu": "mairie",
                    "arrivee": rounds.clock(visit.arrival),
                    "depart": rounds.clock(visit.departure),
                    "minutes_depuis_precedent": round(float(minutes), 3),
                    "km": round(float(km), 3),
                    "habitants_a_portee": int(self.people.to_numpy()[around].sum()),
                }
            )
            before = stop
        return found

    def cover(self) -> pd.DataFrame:
        """Return what covers each commune: a Maison, a round and its hours, or nothing."""
        access = self.result.access
        hours = pd.Series(self.plan.hours, index=self.people.index)
        moving = hours.reindex(access["code_insee"]).fillna(0.0).to_numpy(dtype=float)
        beyond = coverage.is_beyond(access, self.result.study.threshold).to_numpy()
        return pd.DataFrame(
            {
                "code_insee": access["code_insee"].to_numpy(),
                "nom": access["nom"].to_numpy(),
                "population": access["population"].to_numpy(),
                "couverture": rounds.kinds_of_cover(beyond, moving),
                "heures_itinerantes": moving,
            }
        )

    def unserved(self) -> pd.DataFrame:
        """Return the communes of zones blanches without any hour, most inhabitants first."""
        left = self.people[~self.served]
        found = pd.DataFrame(
            {
                "code_insee": left.index,
                "nom": self.names.reindex(left.index).to_numpy(),
                "population": left.to_numpy(dtype=np.int64),
            }
        )
        return found.sort_values(
            ["population", "code_insee"], ascending=[False, True], ignore_index=True
        )


def vehicle_name(rank: int) -> str:
    """Return the name of a vehicle in outputs."""
    return f"Bus {rank + 1}"


def design_rounds(
    result: StudyResult, asked: RoundsAsked, *, progress: Callable[[str], None] = lambda _: None
) -> Rounds:
    """Design the rounds of a study.

    Parameters
    ----------
    result
        The study, run.
    asked
        Vehicles, hours, frequency.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Rounds
        The plan, its bound, its cost, and whom it leaves.

    Raises
    ------
    InfeasibleError
        If no rounds respect the rules, naming which and by how much.
    StudyError
        If nobody is beyond reach of a Maison, or a base or a stop does not fit the study.
    """
    study, rules = result.study, result.study.regles_tournees
    work = working_time(rules, asked)
    threshold = rules.portee_minutes or study.threshold
    beyond = coverage.is_beyond(result.access, study.threshold).to_numpy()
    if not beyond.any():
        raise StudyError(
            f"aucune commune n'est au-delà de {french.short(study.threshold)} min d'une Maison : "
            "aucune tournée n'est à faire",
            remedy="baisser le premier seuil ([etude] seuils_minutes), ou prendre une liste plus "
            "ancienne",
        )
    places = result.origins[beyond].reset_index(drop=True)
    every = result.origins.assign(site_id=result.origins["demand_id"])
    people = result.access.loc[beyond].set_index("code_insee")["population"]
    progress("Trajets entre communes")
    reach = travel.matrix(result.roads, places, every, max_minutes=threshold)
    weight = weights_of(result, beyond)
    wishes = wishes_of(result, rules, beyond)
    bases, told = bases_of(result, asked, people)
    stops, _ = rounds.useful_stops(reach, weight, threshold=threshold, wishes=wishes)
    ends = every[every["site_id"].isin([*stops, *bases])].reset_index(drop=True)
    between = travel.matrix(result.roads, ends, ends)
    problem = rounds.make_problem(
        reach,
        between,
        weight,
        threshold=threshold,
        fleet=rounds.Fleet(bases),
        work=work,
        inhabitants=people,
        wishes=wishes,
    )
    plan = rounds.design(problem, work, rounds.Benefit(), seconds=rules.secondes, progress=progress)
    return Rounds(
        result=result,
        asked=asked,
        plan=plan,
        threshold=threshold,
        costs=siting.load_itinerant_costs(),
        people=people,
        remarks=(*told, *remarks_on(problem, plan)),
    )
