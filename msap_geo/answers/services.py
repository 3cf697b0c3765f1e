"""Bus, fixed office or permanence: what each gives a zone blanche, and which mix for a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import coverage, french, rounds, siting, travel
from msap_geo.answers.rounds_problem import RoundsAsked, working_time
from msap_geo.errors import StudyError
from msap_geo.hours import read_hours
from msap_geo.notebook_html import card, table
from msap_geo.rounds.mixed import BUS, HALF_DAYS, OFFICE, PERMANENCE, TWO_DAYS, Option
from msap_geo.study.asked.services import OFFICE as POST_OFFICE
from msap_geo.study.costs import study_costs

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.study.result import StudyResult

WAYS_TOLD = {
    OFFICE: "Maison ouverte toute la semaine",
    TWO_DAYS: "Maison ouverte deux jours",
    BUS: "un jour de bus par semaine",
    PERMANENCE: "permanence à la mairie, une demi-journée par semaine",
}
_SHORTEST = 90
_QUARTER = 15


@dataclass(frozen=True, eq=False)
class Services:
    """The ways to serve the zones blanches of a study.

    Parameters
    ----------
    result
        The study.
    table
        Zones × ways: where best, whom, how many hours, at what cost.
    threshold
        Minutes within which a service serves people.
    hours_per_thousand
        Hours a week that the Maisons of the study give for each thousand people they serve.
    costs
        What services that move cost.
    mixed, options
        The mixed plan and what it chose among, where a budget was given.
    budget_eur
        The budget.
    remarks
        What the reader must know.
    """

    result: StudyResult
    table: pd.DataFrame
    threshold: float
    hours_per_thousand: float
    costs: siting.ItinerantCosts
    mixed: rounds.MixedPlan | None = None
    options: tuple[Option, ...] = ()
    budget_eur: float | None = None
    remarks: tuple[str, ...] = ()

    def chosen(self) -> pd.DataFrame:
        """Return what the mixed plan opens, most hours first."""
        columns = [
            "moyen", "code_insee", "nom", "fois_par_semaine", "heures_semaine", "cout_eur_an",
            "km_an", "co2_kg_an",
        ]  # fmt: skip
        if self.mixed is None:
            return pd.DataFrame(columns=columns)
        names = self.result.communes.set_index("code_insee")["nom"]
        rows = []
        for option, times in zip(self.options, self.mixed.times, strict=True):
            if not times:
                continue
            km = 2 * option.km * times * self.costs.weeks
            rows.append(
                {
                    "moyen": option.way,
                    "code_insee": option.place,
                    "nom": names[option.place],
                    "fois_par_semaine": int(times),
                    "heures_semaine": option.hours * times,
                    "cout_eur_an": round(option.cost_eur * times, 2),
                    "km_an": round(km, 1),
                    "co2_kg_an": round(km * self.costs.co2_kg, 1),
                }
            )
        return pd.DataFrame(rows, columns=columns).sort_values(
            ["moyen", "heures_semaine", "code_insee"],
            ascending=[True, False, True],
            ignore_index=True,
        )

    def _repr_html_(self) -> str:
        """Show the ways to serve each zone in a notebook."""
        titles = {
            "nom": "Zone", "moyen": "Moyen", "lieu": "Où", "habitants_a_portee": "À portée",
            "heures_semaine": "Heures", "cout_eur_an": "€ par an", "eur_par_habitant": "€ par hab.",
        }  # fmt: skip
        figures = {}
        if self.mixed is not None:
            figures = {
                "budget": french.euros(self.budget_eur or 0.0),
                "habitants servis": french.number(self.mixed.value),
                "borne prouvée": french.number(self.mixed.bound),
            }
        return card("Services itinérants", figures, tables=[table(self.table, titles, shown=12)])

    def __repr__(self) -> str:
        return f"Services(zones={self.table['zone_id'].nunique()}, mixed={self.mixed is not None})"


def compare_services(
    result: StudyResult,
    *,
    budget_eur: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Services:
    """Compare the ways to serve each zone blanche; given a budget, choose the best mix.

    Parameters
    ----------
    result
        The study, run.
    budget_eur
        Euros a year for the mixed plan; none without.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Services
        Each way at its best place in each zone, and the mixed plan with its bound.

    Raises
    ------
    StudyError
        If nobody is beyond reach of a Maison, or the budget is no number of euros.
    """
    study, rules = result.study, result.study.regles_tournees
    threshold = rules.portee_minutes or study.threshold
    beyond = coverage.is_beyond(result.access, study.threshold).to_numpy()
    if not beyond.any():
        raise StudyError(
            f"aucune commune n'est au-delà de {french.short(study.threshold)} min d'une Maison : "
            "rien n'est à comparer",
            remedy="baisser le premier des seuils_minutes, ou prendre une liste plus ancienne",
        )
    progress("Trajets entre communes")
    places = result.origins[beyond].reset_index(drop=True)
    every = result.origins.assign(site_id=result.origins["demand_id"])
    reach = travel.matrix(result.roads, places, every, max_minutes=threshold)
    near = rounds.served_within(reach, threshold)
    costs = siting.load_itinerant_costs()
    options, columns = _options(result, costs, near)
    people = result.access.loc[beyond].set_index("code_insee")["population"]
    served = csr_array(near[:, columns])
    mixed = None
    if budget_eur is not None:
        progress("Plan mixte")
        mixed = rounds.mixed_plan(
            people.to_numpy(dtype=float),
            served,
            options,
            rounds.Benefit(),
            budget_eur=budget_eur,
            bus_eur=costs.bus_eur,
            seconds=rules.secondes,
        )
    rate = _hours_per_thousand(result, costs)
    rows = [
        _row(result, costs, rate, zone, way, options, served, people)
        for zone in result.zones.to_dict("records")
        for way in WAYS_TOLD
    ]
    return Services(
        result=result,
        table=pd.DataFrame([row for row in rows if row is not None], columns=_COLUMNS),
        threshold=threshold,
        hours_per_thousand=rate,
        costs=costs,
        mixed=mixed,
        options=tuple(options),
        budget_eur=budget_eur,
        remarks=(_DRIVE, _ROOM, _EVEN, _fixed(result)),
    )


_COLUMNS = [
    "zone_id", "nom", "population", "moyen", "code_insee", "lieu", "habitants_a_portee",
    "habitants_servis", "heures_semaine", "cout_eur_an", "aides_eur_an", "eur_par_habitant",
    "km_an", "co2_kg_an", "population_equilibre",
]  # fmt: skip
_DRIVE = (
    "bus et agents partent de la commune de la Maison la plus proche, aller et retour à chaque "
    "fois : une vraie tournée (msap-geo tournees) enchaîne ses arrêts et roule moins"
)
_ROOM = (
    "rien ne limite ici le nombre de personnes reçues : là où beaucoup d'habitants sont à portée, "
    "comparer les heures à celles d'une Maison (heures_par_millier)"
)
_EVEN = (
    "population d'équilibre : au-delà, une Maison ouverte toute la semaine coûte moins que ce "
    "moyen répété jusqu'à donner autant d'heures par habitant que les Maisons de l'étude"
)


def _fixed(result: StudyResult) -> str:
    """Say what a Maison is counted for here, where no host is chosen, and in a post office."""
    model = study_costs(result.study)
    anywhere, post = model.yearly(""), model.yearly(POST_OFFICE)
    told = (
        f"Maison ouverte toute la semaine : {french.euros(anywhere)} par an, le prix d'un site "
        f"dont l'hôte n'est pas choisi ({model.title})"
    )
    if anywhere == post:
        return told
    return f"{told} ; dans un bureau de poste, optimiser en compte {french.euros(post)}"


def _options(
    result: StudyResult, costs: siting.ItinerantCosts, near: csr_array
) -> tuple[list[Option], list[int]]:
    """Return the ways to serve each commune that someone would come to, and its column."""
    around = np.asarray(near.sum(axis=0)).ravel()
    fixed = study_costs(result.study).yearly("")
    rules = result.study.regles_tournees
    busy, forbidden = working_time(rules, RoundsAsked()).busy_minutes, set(rules.interdits)
    options: list[Option] = []
    columns: list[int] = []
    rows = result.access[["code_insee", "minutes", "km"]].itertuples(index=False)
    for column, (code, minutes, km) in enumerate(rows):
        if not around[column]:
            continue
        found = [
            Option(OFFICE, code, costs.site_hours, fixed),
            Option(TWO_DAYS, code, costs.two_days_hours, costs.two_days_share * fixed),
        ]
        if np.isfinite(minutes) and code not in forbidden:
            found.append(
                Option(
                    PERMANENCE, code, costs.half_day_hours,
                    costs.permanence_eur(minutes=minutes, km=km), 0, minutes, km,
                )
            )  # fmt: skip
            road = costs.km_eur * 2 * km * costs.weeks
            for halves in (1, 2):
                hours = _bus_hours(minutes, halves, busy)
                if hours:
                    found.append(Option(BUS, code, hours, road, halves, minutes, km))
        options += found
        columns += [column] * len(found)
    return options, columns


def _bus_hours(minutes: float, halves: int, busy: float) -> float:
    """Return the hours a bus opens in so many half-days, none if it drives too long."""
    left = busy * halves / 2 - 2 * np.ceil(minutes)
    quarters = min(left, 210 * halves) // _QUARTER * _QUARTER
    return float(quarters / 60) if quarters >= _SHORTEST else 0.0


def _hours_per_thousand(result: StudyResult, costs: siting.ItinerantCosts) -> float:
    """Return the hours a week of the study's Maisons for each thousand people within reach."""
    mine = result.maisons[~result.neighbours]
    texts = mine["horaires"] if "horaires" in mine else pd.Series(None, index=mine.index)
    opened = [
        read_hours(text).minutes / 60 if isinstance(text, str) else costs.site_hours
        for text in texts
    ]
    within = result.shares[0].within
    return 1000 * sum(opened) / within if within else 0.0


def _row(
    result: StudyResult,
    costs: siting.ItinerantCosts,
    rate: float,
    zone: dict[str, object],
    way: str,
    options: list[Option],
    served: csr_array,
    people: pd.Series,
) -> dict[str, object] | None:
    """Return a way at its best place for a zone; None where it cannot come."""
    inside = people.index.isin(zone["communes"])
    mine = np.where(inside, people.to_numpy(dtype=float), 0.0)
    around = np.asarray(served.T @ mine).ravel()
    ranks = [
        rank
        for rank, option in enumerate(options)
        if option.way == way and around[rank] > 0 and (way != BUS or option.half_days > 1)
    ]
    if not ranks:
        return None
    benefit = rounds.Benefit()
    best = max(
        ranks,
        key=lambda rank: (
            around[rank] * float(benefit(options[rank].hours)),
            -options[rank].cost_eur,
            options[rank].place,
        ),
    )
    option = options[best]
    cost = option.cost_eur + costs.bus_eur * option.half_days / HALF_DAYS
    value = around[best] * float(benefit(option.hours))
    km = 2 * option.km * costs.weeks
    fixed = study_costs(result.study).yearly("")
    names = result.communes.set_index("code_insee")["nom"]
    return {
        "zone_id": zone["zone_id"],
        "nom": zone["nom"],
        "population": zone["population"],
        "moyen": way,
        "code_insee": option.place,
        "lieu": names[option.place],
        "habitants_a_portee": int(around[best]),
        "habitants_servis": int(value),
        "heures_semaine": option.hours,
        "cout_eur_an": round(cost),
        "aides_eur_an": round(_aid(result, costs, way)),
        "eur_par_habitant": round(cost / value, 2) if value else None,
        "km_an": round(km),
        "co2_kg_an": round(km * costs.co2_kg),
        "population_equilibre": None if way == OFFICE else _even(option.hours, cost, fixed, rate),
    }


def _aid(result: StudyResult, costs: siting.ItinerantCosts, way: str) -> float:
    """Return what the State and the operators give a year."""
    if way == OFFICE:
        model = study_costs(result.study)
        running = model.running_of("")
        return sum(payer.pays(running, result.study.couts.annee) for payer in model.payers)
    return costs.state_eur / HALF_DAYS * 2 if way == BUS else 0.0


def _even(hours: float, cost: float, fixed: float, rate: float) -> int | None:
    """Return the people beyond whom a whole office costs less than this, repeated.

    ``n`` times this way give ``n × hours`` a week for ``n × cost`` euros; people want ``rate``
    hours for each thousand of them. The office is cheaper from the first ``n`` with ``n × cost`` at
    least its own cost on, that is beyond ``(n − 1) × hours ÷ rate`` thousand people.
    """
    if not rate or not cost:
        return None
    times = int(np.ceil(fixed / cost))
    return round(1000 * (times - 1) * hours / rate)
