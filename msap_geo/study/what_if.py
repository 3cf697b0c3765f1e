"""What a study's map carries so that its reader can open and close sites without us."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import vstack

from msap_geo import french, outputs, rounds, schemas, siting
from msap_geo.study.costs import study_costs
from msap_geo.study.sites import with_hosts
from msap_geo.study.times.carried import THOUSAND, carried, in_order, near_and_own, whole
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo import travel
    from msap_geo.study.facts import Facts

_TRIPS_A_COMMUNE = 200
_FEWEST_TRIPS, _MOST_TRIPS = 80_000, 500_000
"""A page holds two hundred trips a commune, within these bounds: 0.3 to 2 MB."""

_MOST_OF_A_COUNTRY = 720_000
"""Those of a territory too wide for all of them, written tighter (2 MB)."""

_PLANNED_OF_A_COUNTRY = 20
"""Ten offices are few among thousands of Maisons."""

_STATE = "État"
"""How the State's parts of a cost begin, among the payers."""


def simulation_of(result: Facts) -> outputs.Simulation | None:
    """Gather what a page needs to recompute a study for any choice of sites.

    Parameters
    ----------
    result
        The study, run.

    Returns
    -------
    Simulation
        None without candidates, and for a territory whose trips no page would hold. Where trips
        had to be left out, ``trips.bound`` says from how many minutes on, place by place.
    """
    sites = _sites(result)
    offices = sites[sites["role"] == "candidat"]
    if offices.empty:
        return None
    wide = result.trips.too_many
    times, trips = (_of_a_country if wide else _every_useful)(result, sites, offices)
    if trips is None:
        return None
    study, choice = result.study, result.choice
    problem = _problem(result, times, first=len(sites) - len(offices))
    most = _PLANNED_OF_A_COUNTRY if wide else siting.MOST_PLANNED
    plans = siting.proven_plans(problem, threshold=study.threshold, most=most)
    return outputs.Simulation(
        study=study.etude.nom if choice is None else choice.study,
        departements=study.departements,
        thresholds=study.thresholds,
        sites={name: sites[name].tolist() for name in _COLUMNS},
        order=_along_a_curve(sites) if wide else None,
        plans_by=_plans_by_departement(problem, offices, study.threshold) if wide else {},
        trips=trips,
        groups={
            name: _group(title, result.communes[name])
            for name, title in schemas.GROUPS.items()
            if name in result.communes and result.communes[name].notna().any()
        },
        weights=_weights(result.ranking),
        costs=_costs(result, sorted(set(sites["genre"]))),
        plans=plans,
        every_plan=len(plans) < min(most, len(offices)) or len(plans) == len(offices),
        start={} if choice is None else choice.told(),
        stops=_stops(result),
    )


def _every_useful(
    result: Facts, sites: gpd.GeoDataFrame, offices: gpd.GeoDataFrame
) -> tuple[travel.TravelTimes, outputs.Trips | None]:
    """Return the trips from communes, and those a page carries: classes are exact all the same."""
    limit = result.trips.limit
    times = result.trips.to(sites["site_id"], max_minutes=limit)
    places = offices.assign(demand_id=offices["site_id"])
    between = result.times.matrix(places, sites, max_minutes=limit)
    pairs = in_order(vstack([times.minutes, between.minutes]).tocoo(), sites["site_id"])
    n_places = len(result.access) + len(offices)
    # Trips beyond the limit were not computed: who reaches a Maison today reaches any.
    routed = np.zeros(n_places, dtype=bool)
    if np.isfinite(limit):
        routed[: len(result.access)] = result.access["minutes"].notna()
    trips = carried(
        pairs,
        (sites["role"] != "candidat").to_numpy(),
        routed=routed,
        limit=np.full(n_places, whole(limit)),
        shortest=np.full(n_places, whole(result.study.thresholds[-1])),
        most=int(np.clip(_TRIPS_A_COMMUNE * len(result.access), _FEWEST_TRIPS, _MOST_TRIPS)),
    )
    return times, trips


def _of_a_country(
    result: Facts, sites: gpd.GeoDataFrame, offices: gpd.GeoDataFrame
) -> tuple[travel.TravelTimes, outputs.Trips | None]:
    """Return the trips that matter, and those a page carries of them.

    Whatever opens, everything is exact: no place wants a trip longer than its own of today. What
    closes is exact as long as one of the few nearest Maisons of each place is left.
    """
    longest = result.study.thresholds[-1]
    scored = result.candidates.set_index("site_id")["minutes_maison"]
    own = [
        column.to_numpy(dtype=float)
        for column in (result.access["minutes"], scored.reindex(offices["site_id"]))
    ]
    places = offices.assign(demand_id=offices["site_id"])
    times, between = (
        near_and_own(result.times, table, sites, today=today, minutes=longest)
        for table, today in zip((result.origins, places), own, strict=True)
    )
    today = np.concatenate(own)
    routed = np.isfinite(today)
    shortest = whole(np.where(routed, today, longest))
    trips = carried(
        in_order(vstack([times.minutes, between.minutes]).tocoo(), sites["site_id"]),
        (sites["role"] != "candidat").to_numpy(),
        routed=routed,
        limit=np.maximum(shortest, whole(longest)),
        shortest=shortest,
        most=_MOST_OF_A_COUNTRY,
    )
    return times, trips


def _along_a_curve(sites: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the rows of sites so ordered that neighbours are near each other, mostly."""
    placed = (sites.geometry.notna() & ~sites.geometry.is_empty).to_numpy()
    along = np.zeros(len(sites), dtype=np.int64)
    along[placed] = sites[placed].hilbert_distance()
    return np.argsort(along, kind="stable").astype(np.int64)


def _plans_by_departement(
    problem: siting.Problem, offices: gpd.GeoDataFrame, threshold: float
) -> dict[str, list[dict[str, Any]]]:
    """Return the proven plans of the offices of each département, people gained anywhere."""
    of = offices.set_index("site_id")["code_insee"].map(departement_of, na_action="ignore")
    return {
        str(code): siting.proven_plans(problem.of_sites(names), threshold=threshold)
        for code, names in of.groupby(of, sort=True).groups.items()
    }


_DAY, _WEEK = 24 * 60, 7 * 24 * 60


def _stops(result: Facts) -> outputs.Stops | None:
    """Return the stops of the rounds that exist, then of those in project."""
    stops = (*result.stops, *result.planned)
    if not stops:
        return None
    weeks = rounds.whole_cycle(result.cycles)
    names = result.places.communes.set_index("code_insee")["nom"]
    near = rounds.places_within(
        result.roads,
        result.origins,
        stops,
        threshold=result.study.threshold,
        stands=result.places.origins,
    )
    place = {code: i for i, code in enumerate(near)}
    return outputs.Stops(
        stop_ids=[*rounds.stop_ids(result.stops), *rounds.stop_ids(result.planned)],
        words=[rounds.in_words(stop) for stop in stops],
        held=[True] * len(result.stops) + [False] * len(result.planned),
        place=[place[stop.code_insee] for stop in stops],
        spans=[_spans(stop, result.cycles[stop.vehicle], weeks) for stop in stops],
        codes=list(near),
        names=[str(names[code]) for code in near],
        within=list(near.values()),
        weeks=weeks,
    )


def _spans(stop: rounds.Stop, cycle: int, weeks: int) -> list[tuple[int, int]]:
    """Return when a stop is open over all weeks, minutes since the first Monday."""
    first, step = (stop.week - 1, cycle) if stop.week else (0, 1)
    starts = [_WEEK * week + _DAY * stop.weekday for week in range(first, weeks, step)]
    return [(start + stop.opens, start + stop.closes) for start in starts]


def _weights(ranking: siting.Ranking) -> dict[str, float] | None:
    """Return the weights of the score, if the page can measure all they weigh."""
    return ranking.weights if set(ranking.weights) <= set(siting.WEIGHTS) else None


_COLUMNS = ("site_id", "nom", "genre", "commune", "code_insee", "role", "horaires")


def _sites(result: Facts) -> gpd.GeoDataFrame:
    """Return the Maisons that count, then the candidates that are none, best first."""
    maisons = result.maisons.assign(role=np.where(result.neighbours, "voisine", "maison"))
    offices = result.candidates[~result.candidates["site_id"].isin(maisons["site_id"])]
    known = with_hosts(result.la_poste, result.hosts).set_index("site_id")
    hours = known["horaires"].reindex(offices["site_id"]) if "horaires" in known else None
    offices = offices.assign(role="candidat", horaires=None if hours is None else hours.to_numpy())
    tables = [table.reindex(columns=[*_COLUMNS, "geometry"]) for table in (maisons, offices)]
    columns = {
        name: np.concatenate([table[name].to_numpy(dtype=object) for table in tables])
        for name in _COLUMNS
    }
    texts = {
        name: [value if isinstance(value, str) else None for value in values]
        for name, values in columns.items()
    }
    points = np.concatenate([table.geometry.to_numpy() for table in tables])
    frame = pd.DataFrame(texts, dtype=object)
    return gpd.GeoDataFrame(frame, geometry=points, crs=result.communes.crs)


def _group(title: str, people: pd.Series) -> tuple[str, NDArray[np.int64]]:
    """Return a target group and its people; where some are unknown, sums are told as a minimum."""
    told = f"{title} (au moins\u00a0: inconnus par endroits)" if people.isna().any() else title
    return told, _whole(people.fillna(0.0))


def _whole(values: pd.Series) -> NDArray[np.int64]:
    """Return thousandths, whole: sums of them do not depend on their order."""
    whole: NDArray[np.int64] = np.rint(THOUSAND * values.to_numpy(dtype=float)).astype(np.int64)
    return whole


def _costs(result: Facts, kinds: list[str]) -> dict[str, Any]:
    """Return what one site of each kind costs, by year and payer, envelopes aside."""
    model, first = study_costs(result.study), result.study.couts.annee
    names = [payer.name for payer in model.payers]
    free = siting.without_envelopes(model)
    years = range(first, first + model.years)
    parts = {}
    for kind in kinds:
        spent = siting.plan_costs(free, [kind], first_year=first)
        running = spent[spent["poste"] == "fonctionnement"].set_index(["annee", "payeur"])
        parts[kind] = {
            "investissement": model.investment_of(kind),
            "fonctionnement": model.running_of(kind),
            "parts": [
                [float(running["montant_eur"].get((year, name), 0.0)) for name in names]
                for year in years
            ],
        }
    return {
        "titre": french.typeset(model.title),
        "source": french.typeset(model.source),
        "remarques": [french.typeset(remark) for remark in model.remarks],
        "annees": list(years),
        "payeurs": names,
        "etat": [rank for rank, name in enumerate(names) if name.startswith(_STATE)],
        "enveloppes": [
            payer.envelope_eur if np.isfinite(payer.envelope_eur) else None
            for payer in model.payers
        ],
        "porteur": model.rest,
        "genres": parts,
    }


def _problem(result: Facts, times: travel.TravelTimes, *, first: int) -> siting.Problem:
    """Return what plans are made of; candidates are the columns of the times from the first on."""
    study = result.study
    # As `optimiser` does: of plans that cover as many, the one whose trips are shorter.
    longest = max(study.thresholds[-1], study.implantation.trajet_max_minutes)
    useful = siting.longest_useful_trip(result.access, threshold=longest)
    to_offices = replace(
        times,
        site_ids=times.site_ids[first:],
        minutes=times.minutes[:, first:],
        km=times.km[:, first:],
        max_minutes=min(times.max_minutes, useful),
    )
    return siting.make_problem(to_offices, result.access["population"], result.access["minutes"])
