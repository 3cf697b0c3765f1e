"""From the study file to the figures: the only place where the rooms meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from msap_geo import coverage, loaders, network, rounds, schemas, siting
from msap_geo.among import among
from msap_geo.errors import StudyError
from msap_geo.study.asked.scenery import read_scenery
from msap_geo.study.enrich import communes_asked, enrich
from msap_geo.study.facts import Rows
from msap_geo.study.file import as_study
from msap_geo.study.inputs import altered_inputs, read_codes, read_territory
from msap_geo.study.ledger import Ledger
from msap_geo.study.result import StudyResult
from msap_geo.study.roads import (
    from_streets,
    load_roads,
    study_profile,
    time_anomalies,
    with_live_roads,
)
from msap_geo.study.scoring import score, useful_minutes
from msap_geo.study.sites import candidate_offices, following, load_sites, priced, reachable
from msap_geo.study.times.profiles import ProfileAccess, access_by
from msap_geo.study.times.reading import read_times
from msap_geo.study.times.sites import known_to
from msap_geo.study.times.source import OnRoads
from msap_geo.study.trips import Trips
from msap_geo.territory import projected_crs

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    import geopandas as gpd
    import pandas as pd

    from msap_geo.anomalies import Anomaly
    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.sites import Sites
    from msap_geo.study.times.source import TimeSource


def run_study(
    study: Study | PathLike[str] | str, *, progress: Callable[[str], None] = lambda _: None
) -> StudyResult:
    """Run a study from its files to its figures; nothing is written but the network cache.

    Parameters
    ----------
    study
        Checked study file, or its path.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    StudyResult
        Everything found.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable, or the roads do not cover the territory; the message says
        what, where and how to mend it.
    """
    study = as_study(study)
    ledger = Ledger(study)
    progress("Lecture des communes et de la population")
    ledger.anomalies += altered_inputs(study)
    territory = _territory(ledger)
    places = territory.places
    progress("Lecture des Maisons et des points La Poste")
    sites = load_sites(ledger, places)
    # An unknown kind is refused before the roads are read.
    candidate_offices(study, sites.la_poste, sites.hosts)
    sites_read = sites
    scenery = read_scenery(
        ledger, places.own(territory.communes), epsg=projected_crs(study.departements)
    )
    timed = _timed(ledger, territory, sites, progress)
    study, times, places, sites = timed.study, timed.times, timed.places, timed.sites
    study, hosts = priced(study, sites.hosts)
    candidates = candidate_offices(study, sites.la_poste, hosts)
    maisons, unreached = reachable(places, times, sites.maisons)
    communes, origins = places.own(territory.communes), places.own(places.origins)
    found = measure(study, times, communes, origins, maisons, candidates, progress=progress)
    profiles, told = _by_profile(timed, territory, sites_read, found, progress)
    anomalies = [
        *ledger.anomalies,
        *told,
        *time_anomalies(times, found.access, communes),
        *unreached,
    ]
    stops, planned = (_own_stops(places, held) for held in (sites.stops, sites.planned))
    here, counted = {"", *study.departements}, set(maisons["site_id"])
    local = tuple(
        anomaly
        for anomaly in anomalies
        if anomaly.departement in here or anomaly.identifier in counted
    )
    return StudyResult(
        study=study,
        communes=communes,
        origins=origins,
        access=found.access,
        maisons=maisons,
        itinerants=sites.itinerants,
        la_poste=sites.la_poste,
        la_poste_around=sites.la_poste_around,
        la_poste_national=sites.la_poste_national,
        candidates=found.candidates,
        hosts=hosts,
        places=places,
        trips=found.trips,
        ranking=found.ranking,
        zones=found.zones,
        shares=found.shares,
        times=times,
        profile=timed.profile,
        anomalies=local,
        elsewhere=len(anomalies) - len(local),
        rows={
            **territory.rows,
            "maisons": Rows(sites.maisons_read, len(sites.maisons)),
            "la_poste": Rows(sites.la_poste_read, len(sites.la_poste)),
            **timed.rows,
        },
        carreaux=None if territory.carreaux is None else places.own(territory.carreaux),
        indicators=territory.indicators,
        profiles=profiles,
        scenery=scenery,
        stops=stops,
        planned=planned,
        cycles=rounds.cycles_of((*stops, *planned)),
    )


class _Timed(NamedTuple):
    """What tells the times, and the study, places and sites as it leaves them."""

    study: Study
    times: TimeSource
    profile: network.Profile
    places: Places
    sites: Sites
    rows: dict[str, Rows]


def _timed(
    ledger: Ledger, territory: _Territory, sites: Sites, progress: Callable[[str], None]
) -> _Timed:
    """Read the roads of a study, or its table of times."""
    study, places = ledger.study, territory.places
    profile = study_profile(study)
    if study.temps.source is not None:
        progress("Lecture de la table des temps")
        if study.mobilite.gtfs:  # roads lead to the stops of coaches
            study, told = with_live_roads(
                study, territory.communes, places.origins, progress=progress
            )
            ledger.anomalies += told
        given = known_to(study, read_times(study, places, sites, profile), places, sites)
        ledger.anomalies += given.anomalies
        title = f"{profile.title}, temps lus dans « {given.times.file} »"
        return _Timed(
            study, given.times, replace(profile, title=title), places, given.sites,
            {"temps": Rows(given.read, given.kept)},
        )  # fmt: skip
    progress("Lecture du réseau routier")
    study, told = with_live_roads(study, territory.communes, places.origins, progress=progress)
    ledger.anomalies += told
    roads = load_roads(study, territory.communes, places.origins, profile)
    places = places._replace(origins=from_streets(places.origins, places.communes, roads))
    rows = Rows(roads.n_nodes + roads.report.nodes_dropped, roads.n_nodes)
    sites = following(sites, places)
    return _Timed(study, OnRoads(roads), profile, places, sites, {"reseau": rows})


def _own_stops(places: Places, stops: tuple[rounds.Stop, ...]) -> tuple[rounds.Stop, ...]:
    """Keep the stops of the territory, and those near enough to its border to count.

    As of Maisons: a bus just across the border serves whom it reaches.
    """
    if places.territory is None:
        return stops
    around = loaders.within_border(places.origins, places.own(places.communes))
    near = {*places.territory, *places.origins.loc[around, "code_insee"]}
    return tuple(stop for stop in stops if stop.code_insee in near)


def _by_profile(
    timed: _Timed,
    territory: _Territory,
    sites: Sites,
    found: Measured,
    progress: Callable[[str], None],
) -> tuple[tuple[ProfileAccess, ...], list[Anomaly]]:
    """Measure access by each profile of a study, as a study of that profile alone does."""
    study, thresholds = timed.study, timed.study.thresholds
    own = ProfileAccess(
        timed.profile,
        timed.times,
        timed.places.own(timed.places.origins),
        found.access[list(schemas.ACCESS.columns)],
        found.shares,
    )
    profiles, anomalies = [own], []
    for name in study.reseau.profils[1:]:
        progress(f"Temps de trajet, profil « {name} »")
        other = study.model_copy(update={"reseau": study.reseau.under(name)})
        driven = _timed(Ledger(other), territory, sites, lambda _: None)
        reached, off = reachable(driven.places, driven.times, driven.sites.maisons)
        anomalies += [replace(one, message=f"{one.message} (profil « {name} »)") for one in off]
        profiles.append(
            access_by(
                driven.profile,
                driven.times,
                driven.places.own(driven.places.origins),
                driven.places.own(territory.communes),
                reached,
                thresholds=thresholds,
            )
        )
    return (tuple(profiles), anomalies) if len(profiles) > 1 else ((), [])


class Measured(NamedTuple):
    """What follows from where the Maisons are; names as in :class:`StudyResult`."""

    trips: Trips
    access: pd.DataFrame
    zones: gpd.GeoDataFrame
    shares: list[coverage.Share]
    candidates: gpd.GeoDataFrame
    ranking: siting.Ranking


def measure(
    study: Study,
    times: TimeSource,
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    maisons: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Measure access, zones blanches and candidates, given the Maisons.

    Parameters
    ----------
    study
        For its thresholds.
    times
        What tells the minutes.
    communes, origins
        The territory.
    maisons, candidates
        Sites that count, and offices that could, under :data:`msap_geo.schemas.SITES`.
    progress
        Called with a French sentence at each step.
    """
    progress("Calcul des temps de trajet")
    nearest = times.nearest(origins, maisons, k=2)
    progress("Couverture et zones blanches")
    thresholds = study.thresholds
    first = nearest[nearest["rang"] == 1].reset_index(drop=True)
    access = coverage.access_by_commune(communes, first, maisons, thresholds=thresholds)
    access = access.join(
        coverage.expected_by_commune(
            access["minutes"],
            coverage.radius_minutes(communes, origins),
            thresholds=thresholds,
            spread=coverage.spread(estimated=study.reseau.profil == network.ESTIMATED),
        )
    )
    zones = coverage.zones_blanches(communes, access, threshold=study.threshold)
    progress("Notation des bureaux candidats")
    useful = useful_minutes(study, access)
    trips = Trips(times, origins, maisons, candidates, nearest=nearest, useful=useful)
    scored = score(study, trips, communes, access, candidates)
    return Measured(trips, access, zones, coverage.shares(access, thresholds=thresholds), *scored)


class _Territory(NamedTuple):
    places: Places
    communes: gpd.GeoDataFrame
    rows: dict[str, Rows]
    carreaux: gpd.GeoDataFrame | None
    indicators: dict[str, dict[str, str]]


def _territory(ledger: Ledger) -> _Territory:
    """Read the communes, their people and their town halls, and what else is known of them."""
    study = ledger.study
    read = read_territory(ledger, read_codes(ledger))
    if read is None:  # a ledger that stops at errors never comes here
        raise StudyError("les communes de l'étude ne peuvent pas être lues")
    places = read.places
    enriched = enrich(study, places.communes, places.codes)
    places = places._replace(
        origins=loaders.from_cells(places.origins, enriched.carreaux),
        territory=communes_asked(study, enriched.communes),
    )
    ledger.anomalies += [
        *read.mairies.anomalies,
        *read.assembled.anomalies,
        *read.started.anomalies,
        *enriched.anomalies,
    ]
    known = among(read.population.table["code_insee"], places.communes["code_insee"])
    rows = {
        "communes": Rows(read.outlines.rows_read, len(read.outlines.table)),
        "population": Rows(read.population.rows_read, int(known.sum())),
        "mairies": Rows(read.mairies.rows_read, int((places.origins["origine"] == "mairie").sum())),
        **{role: Rows(*counts) for role, counts in enriched.rows.items()},
    }
    return _Territory(places, enriched.communes, rows, enriched.carreaux, enriched.made_of)
