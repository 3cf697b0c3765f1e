"""From the study file to the figures: the only place where the rooms meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo import coverage, loaders, network, rounds, siting, travel
from msap_geo.errors import StudyError
from msap_geo.study.enrich import enrich
from msap_geo.study.facts import Rows
from msap_geo.study.file import as_study
from msap_geo.study.inputs import altered_inputs, read_codes, read_territory
from msap_geo.study.ledger import Ledger
from msap_geo.study.result import StudyResult
from msap_geo.study.roads import (
    from_streets,
    load_roads,
    road_anomalies,
    study_profile,
    with_live_roads,
)
from msap_geo.study.scoring import score, useful_minutes
from msap_geo.study.sites import candidate_offices, following, load_sites, priced, reachable
from msap_geo.study.trips import Trips

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    import geopandas as gpd
    import pandas as pd

    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places


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
    progress("Lecture du réseau routier")
    profile = study_profile(study)
    study, told = with_live_roads(study, territory.communes, places.origins, progress=progress)
    ledger.anomalies += told
    roads = load_roads(study, territory.communes, places.origins, profile)
    places = places._replace(origins=from_streets(places.origins, places.communes, roads))
    sites = following(sites, places)
    study, hosts = priced(study, sites.hosts)
    candidates = candidate_offices(study, sites.la_poste, hosts)
    maisons, unreached = reachable(study, roads, sites.maisons)
    found = measure(
        study, roads, territory.communes, places.origins, maisons, candidates, progress=progress
    )
    anomalies = [
        *ledger.anomalies,
        *road_anomalies(roads, found.access, territory.communes),
        *unreached,
    ]
    here, counted = {"", *study.departements}, set(maisons["site_id"])
    local = tuple(
        anomaly
        for anomaly in anomalies
        if anomaly.departement in here or anomaly.identifier in counted
    )
    return StudyResult(
        study=study,
        communes=territory.communes,
        origins=places.origins,
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
        roads=roads,
        profile=profile,
        anomalies=local,
        elsewhere=len(anomalies) - len(local),
        rows={
            **territory.rows,
            "maisons": Rows(sites.maisons_read, len(sites.maisons)),
            "la_poste": Rows(sites.la_poste_read, len(sites.la_poste)),
            "reseau": Rows(roads.n_nodes + roads.report.nodes_dropped, roads.n_nodes),
        },
        carreaux=territory.carreaux,
        indicators=territory.indicators,
        stops=sites.stops,
        planned=sites.planned,
        cycles=rounds.cycles_of((*sites.stops, *sites.planned)),
    )


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
    roads: network.RoadNetwork,
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
    roads, communes, origins
        The territory.
    maisons, candidates
        Sites that count, and offices that could, under :data:`msap_geo.schemas.SITES`.
    progress
        Called with a French sentence at each step.
    """
    progress("Calcul des temps de trajet")
    nearest = travel.nearest(roads, origins, maisons, k=2)
    progress("Couverture et zones blanches")
    thresholds = study.thresholds
    first = nearest[nearest["rang"] == 1].reset_index(drop=True)
    access = coverage.access_by_commune(communes, first, maisons, thresholds=thresholds)
    access = access.join(
        coverage.expected_by_commune(
            access["minutes"],
            coverage.radius_minutes(communes, origins),
            thresholds=thresholds,
            spread=coverage.spread(estimated=roads.profile == network.ESTIMATED),
        )
    )
    zones = coverage.zones_blanches(communes, access, threshold=study.threshold)
    progress("Notation des bureaux candidats")
    useful = useful_minutes(study, access)
    trips = Trips(roads, origins, maisons, candidates, nearest=nearest, useful=useful)
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
    places = places._replace(origins=loaders.from_cells(places.origins, enriched.carreaux))
    ledger.anomalies += [
        *read.mairies.anomalies,
        *read.assembled.anomalies,
        *read.started.anomalies,
        *enriched.anomalies,
    ]
    here = set(places.communes["code_insee"])
    known = read.population.table["code_insee"].isin(here)
    rows = {
        "communes": Rows(read.outlines.rows_read, len(read.outlines.table)),
        "population": Rows(read.population.rows_read, int(known.sum())),
        "mairies": Rows(read.mairies.rows_read, int((places.origins["origine"] == "mairie").sum())),
        **{role: Rows(*counts) for role, counts in enriched.rows.items()},
    }
    return _Territory(places, enriched.communes, rows, enriched.carreaux, enriched.made_of)
