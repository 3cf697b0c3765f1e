"""The candidates of a study, scored: one set of weights, one score, one rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo import coverage, network, schemas, siting
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from msap_geo.study.file import Study
    from msap_geo.study.trips import Trips

SECOND = 2


class Scored(NamedTuple):
    """Candidates, best first, and how their score was made (in the order they were given)."""

    table: gpd.GeoDataFrame
    ranking: siting.Ranking


def useful_minutes(study: Study, access: pd.DataFrame) -> float:
    """Return how far trips to candidates must be known for every question asked of a study.

    Parameters
    ----------
    study
        For its thresholds and those of its plans.
    access
        Access today: farther than its worst, a candidate shortens no trip.
    """
    asked = study.implantation
    longest = max(
        *study.thresholds,
        *asked.seuils_minutes,
        asked.trajet_max_minutes,
        siting.longest_needed(study.thresholds[-1], speeds=_speeds(study)),
    )
    return siting.longest_useful_trip(access, threshold=longest)


def _speeds(study: Study) -> tuple[float, ...]:
    """Return the likely factors on speed: the error measured, as for the zones blanches."""
    estimated = study.reseau.profil == network.ESTIMATED
    return coverage.likely_speeds(coverage.spread(estimated=estimated).territory)


def problem_of(
    study: Study,
    trips: Trips,
    communes: gpd.GeoDataFrame,
    access: pd.DataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    longest: float,
    costs: siting.CostModel | None = None,
) -> siting.Problem:
    """Make the siting problem of a study.

    Parameters
    ----------
    study
        For the column that groups its communes.
    trips, communes, access, candidates
        Its tables.
    longest
        Minutes trips must at least be known to; they go farther where a candidate could still
        shorten today's.
    costs
        Prices of the candidates; one euro each without.

    Returns
    -------
    siting.Problem
        Communes, candidates (yearly cost) and trips; groups as ``[implantation] equite_par`` says.

    Raises
    ------
    StudyError
        If the communes do not have the column that groups them.
    """
    by = study.implantation.equite_par
    if by not in communes or by not in schemas.MEMBERSHIPS:
        have = [name for name in schemas.MEMBERSHIPS if name in communes]
        raise StudyError(
            f"les communes n'ont pas de colonne « {by} »",
            where="[implantation] equite_par",
            remedy=f"choisir parmi : {', '.join(have)}",
        )
    bound = siting.longest_useful_trip(access, threshold=longest)
    nearest = trips.nearest
    second = nearest[nearest["rang"] == SECOND].set_index("demand_id")["minutes"]
    return siting.make_problem(
        trips.to(candidates["site_id"], max_minutes=bound),
        access["population"],
        access["minutes"],
        second=second.reindex(access["code_insee"]),
        cost_eur=None if costs is None else candidates["genre"].map(costs.yearly),
        group=communes[by].fillna("sans"),
        xy_m=np.column_stack([candidates.geometry.x, candidates.geometry.y]),
    )


def other_measures(
    study: Study,
    trips: Trips,
    communes: gpd.GeoDataFrame,
    access: pd.DataFrame,
    candidates: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Measure the candidates of a study by every criterion but those of :data:`siting.WEIGHTS`."""
    speeds = _speeds(study)
    longest = siting.longest_needed(study.thresholds[-1], speeds=speeds)
    problem = problem_of(study, trips, communes, access, candidates, longest=longest)
    return siting.measure(problem, candidates, communes, thresholds=study.thresholds, speeds=speeds)


def score(
    study: Study,
    trips: Trips,
    communes: gpd.GeoDataFrame,
    access: pd.DataFrame,
    candidates: gpd.GeoDataFrame,
) -> Scored:
    """Score the candidates of a study by the weights it gives (``[score.poids]``).

    Parameters
    ----------
    study, trips, communes, access
        The study, measured.
    candidates
        Offices that could host a Maison, with what is known of them.
    """
    offices = candidates.assign(demand_id=candidates["site_id"])
    bound = siting.longest_useful_trip(access, threshold=study.threshold)
    alone = siting.measure_alone(
        candidates,
        access,
        trips.to(candidates["site_id"], max_minutes=bound),
        trips.times.nearest(offices, trips.maisons),
        threshold=study.threshold,
    )
    asked, measures = study.score.poids, alone
    if any(weight > 0 and name not in siting.WEIGHTS for name, weight in asked.items()):
        measures = alone.join(other_measures(study, trips, communes, access, candidates))
    ranking = siting.rank(measures, asked)
    return Scored(siting.scored(candidates, alone, ranking), ranking)
