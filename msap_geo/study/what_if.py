"""What a study's map carries so that its reader can open and close sites without us."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import vstack

from msap_geo import outputs, rounds, schemas, siting
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.study.costs import study_costs
from msap_geo.study.sites import with_hosts
from msap_geo.travel.times import TIE_MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import coo_array

    from msap_geo import travel
    from msap_geo.study.facts import Facts

_TRIPS_A_COMMUNE = 200
_FEWEST_TRIPS, _MOST_TRIPS = 80_000, 500_000
"""A page holds two hundred trips a commune, within these bounds: 0.3 to 2 MB."""

_BACKUPS = 32
"""Where trips must be left out, each place keeps those not longer than to its so-many-th Maison, as
many as the page holds, from so many down."""

_THOUSAND = 1000
_STATE = "État"
"""How the State's parts of a cost begin, among the payers."""


class _Pairs(NamedTuple):
    """Trips in order of place, time and identifier; minutes in thousandths."""

    place: NDArray[np.int64]
    site: NDArray[np.int64]
    thousandths: NDArray[np.int64]


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
    n_places = len(result.access) + len(offices)
    if offices.empty or result.trips.too_many:
        return None
    limit = result.trips.limit
    times = result.trips.to(sites["site_id"], max_minutes=limit)
    places = offices.assign(demand_id=offices["site_id"])
    between = result.times.matrix(places, sites, max_minutes=limit)
    pairs = _in_order(vstack([times.minutes, between.minutes]).tocoo(), sites["site_id"])
    trips = _kept(pairs, result, sites, limit, n_places)
    if trips is None:
        return None
    study, choice = result.study, result.choice
    problem = _problem(result, times, first=len(sites) - len(offices))
    plans = siting.proven_plans(problem, threshold=result.study.threshold)
    return outputs.Simulation(
        study=study.etude.nom if choice is None else choice.study,
        departements=study.departements,
        thresholds=study.thresholds,
        sites={name: sites[name].tolist() for name in _COLUMNS},
        trips=trips,
        groups={
            name: _group(title, result.communes[name])
            for name, title in schemas.GROUPS.items()
            if name in result.communes and result.communes[name].notna().any()
        },
        weights=_weights(result.ranking),
        costs=_costs(result, sorted(set(sites["genre"]))),
        plans=plans,
        every_plan=len(plans) < min(siting.MOST_PLANNED, len(offices))
        or len(plans) == len(offices),
        start={} if choice is None else choice.told(),
        stops=_stops(result),
    )


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


def _in_order(trips: coo_array, site_ids: pd.Series) -> _Pairs:
    """Order the trips as :func:`travel.nearest` does: by place, time, then identifier."""
    place, column, minutes = trips.row.astype(np.int64), trips.col.astype(np.int64), trips.data
    thousandths = np.rint(_THOUSAND * np.round(minutes, MINUTES_DECIMALS)).astype(np.int64)
    rank = np.argsort(np.argsort(site_ids.to_numpy(dtype=object), kind="stable"))
    order = np.lexsort((rank[column], np.round(minutes / TIE_MINUTES), thousandths, place))
    return _Pairs(place[order], column[order], thousandths[order])


def _kept(
    pairs: _Pairs,
    result: Facts,
    sites: gpd.GeoDataFrame,
    limit: float,
    n_places: int,
) -> outputs.Trips | None:
    """Keep as many trips as a page holds, every place up to a time of its own."""
    budget = int(np.clip(_TRIPS_A_COMMUNE * len(result.access), _FEWEST_TRIPS, _MOST_TRIPS))
    top = round(_THOUSAND * limit) if np.isfinite(limit) else np.iinfo(np.int64).max
    bound = np.full(n_places, top)
    if len(pairs.place) > budget:
        counted = (sites["role"] != "candidat").to_numpy()[pairs.site]
        shortest = round(_THOUSAND * result.study.thresholds[-1])
        bounds = _bounds(pairs, counted, top, n_places).clip(min=shortest)
        held = (
            candidate
            for candidate in bounds[::-1]
            if (pairs.thousandths <= candidate[pairs.place]).sum() <= budget
        )
        found = next(held, None)
        if found is None:
            return None
        bound = found
    kept = pairs.thousandths <= bound[pairs.place]
    dropped = np.bincount(pairs.place[~kept], minlength=n_places) > 0
    reach, lost = _lost(pairs, result, len(sites), n_places, limit)
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs.place[kept], minlength=n_places))])
    return outputs.Trips(
        start=start.astype(np.int64),
        site=pairs.site[kept],
        thousandths=pairs.thousandths[kept],
        bound=np.where(dropped | np.isfinite(limit), bound, -1),
        reach=reach,
        lost=lost,
    )


def _bounds(
    pairs: _Pairs, counted: NDArray[np.bool_], top: int, n_places: int
) -> NDArray[np.int64]:
    """Return the time of each place to its 0th, 1st, 2nd… Maison; the top where it has fewer."""
    bounds = np.full((_BACKUPS + 1, n_places), top)
    bounds[0] = 0
    place, thousandths = pairs.place[counted], pairs.thousandths[counted]
    rank = pd.Series(place).groupby(place).cumcount().to_numpy() + 1
    near = rank <= _BACKUPS
    bounds[rank[near], place[near]] = thousandths[near]
    return bounds


def _lost(
    pairs: _Pairs, result: Facts, n_sites: int, n_places: int, limit: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tell which sites each place can never reach, places alike together."""
    lost = np.ones((n_places, n_sites), dtype=bool)
    if np.isfinite(limit):
        # Trips beyond the limit were not computed: who reaches a Maison today reaches any.
        routed = result.access["minutes"].notna().to_numpy()
        lost[: len(routed)][routed] = False
    lost[pairs.place, pairs.site] = False
    packed, reach = np.unique(np.packbits(lost, axis=1), axis=0, return_inverse=True)
    groups = np.unpackbits(packed, axis=1, count=n_sites).astype(bool)
    return np.asarray(reach, dtype=np.int64).ravel(), groups


def _group(title: str, people: pd.Series) -> tuple[str, NDArray[np.int64]]:
    """Return a target group and its people; where some are unknown, sums are told as a minimum."""
    told = f"{title} (au moins\u00a0: inconnus par endroits)" if people.isna().any() else title
    return told, _whole(people.fillna(0.0))


def _whole(values: pd.Series) -> NDArray[np.int64]:
    """Return thousandths, whole: sums of them do not depend on their order."""
    whole: NDArray[np.int64] = np.rint(_THOUSAND * values.to_numpy(dtype=float)).astype(np.int64)
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
        "titre": model.title,
        "source": model.source,
        "remarques": list(model.remarks),
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
