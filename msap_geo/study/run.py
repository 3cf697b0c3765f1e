"""From the study file to the figures: the only place where the rooms meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo import coverage, loaders, network, siting, travel
from msap_geo.study.enrich import enrich
from msap_geo.study.facts import Rows
from msap_geo.study.result import StudyResult
from msap_geo.study.roads import load_roads, road_anomalies, study_profile
from msap_geo.study.scoring import score, useful_minutes
from msap_geo.study.sites import candidate_offices, load_sites, reachable
from msap_geo.study.trips import Trips

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from msap_geo.anomalies import Anomaly
    from msap_geo.study.file import Study


def run_study(study: Study, *, progress: Callable[[str], None] = lambda _: None) -> StudyResult:
    """Run a study from its files to its figures; nothing is written but the network cache.

    Parameters
    ----------
    study
        Checked study file.
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
    progress("Lecture des communes et de la population")
    territory = _load_territory(study)
    progress("Lecture des Maisons et des points La Poste")
    sites = load_sites(
        study, territory.communes, territory.origins, territory.codes, territory.town_halls
    )
    candidates = candidate_offices(study, sites.la_poste)
    progress("Lecture du réseau routier")
    profile = study_profile(study)
    roads = load_roads(study, territory.communes, territory.origins, profile)
    maisons, unreached = reachable(study, roads, sites.maisons)
    found = measure(
        study, roads, territory.communes, territory.origins, maisons, candidates, progress=progress
    )
    anomalies = [
        *territory.anomalies,
        *sites.anomalies,
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
        origins=territory.origins,
        access=found.access,
        maisons=maisons,
        itinerants=sites.itinerants,
        la_poste=sites.la_poste,
        la_poste_around=sites.la_poste_around,
        la_poste_national=sites.la_poste_national,
        candidates=found.candidates,
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
        codes=territory.codes,
        indicators=territory.indicators,
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
    zones = coverage.zones_blanches(communes, access, threshold=study.threshold)
    progress("Notation des bureaux candidats")
    useful = useful_minutes(study, access)
    trips = Trips(roads, origins, maisons, candidates, nearest=nearest, useful=useful)
    scored = score(study, trips, communes, access, candidates)
    return Measured(trips, access, zones, coverage.shares(access, thresholds=thresholds), *scored)


class _Territory(NamedTuple):
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    town_halls: gpd.GeoDataFrame
    codes: loaders.CommuneCodes | None
    anomalies: list[Anomaly]
    rows: dict[str, Rows]
    carreaux: gpd.GeoDataFrame | None
    indicators: dict[str, dict[str, str]]


def _load_territory(study: Study) -> _Territory:
    data, departements = study.donnees, study.departements
    in_cog = data.population.suffix.lower() == ".json"
    cog = data.population if in_cog else data.cog
    records = None if cog is None else loaders.read_records(study.path(cog))
    codes = None if records is None else loaders.commune_codes(records)
    moved = None if data.mouvements is None else loaders.load_movements(study.path(data.mouvements))
    if codes is not None and moved is not None:
        codes = loaders.with_movements(codes, moved.table)
    boundaries = loaders.load_communes(
        [study.path(path) for path in data.communes], departements=departements, codes=codes
    )
    if codes is None:
        # Without a COG the boundaries say which communes are in force.
        table = boundaries.table
        codes = loaders.codes_among(dict(zip(table["code_insee"], table["nom"], strict=True)))
        codes = codes if moved is None else loaders.with_movements(codes, moved.table)
    if in_cog and records is not None:
        population = loaders.population_from_records(records, file=data.population.name)
    else:
        population = loaders.load_population(study.path(data.population), codes=codes)
    mairies = loaders.load_mairies([study.path(path) for path in data.mairies], codes=codes)
    communes = loaders.assemble_communes(
        boundaries.table, population.table, departements=departements
    )
    origins = loaders.commune_origins(communes.table, mairies.table)
    enriched = enrich(study, communes.table, codes)
    here = set(communes.table["code_insee"])
    steps = [boundaries, population, mairies, communes, origins, *([moved] if moved else [])]
    return _Territory(
        enriched.communes,
        origins.table,
        mairies.table,
        codes,
        [*(anomaly for step in steps for anomaly in step.anomalies), *enriched.anomalies],
        {
            "communes": Rows(boundaries.rows_read, len(boundaries.table)),
            "population": Rows(
                population.rows_read, int(population.table["code_insee"].isin(here).sum())
            ),
            "mairies": Rows(mairies.rows_read, int((origins.table["origine"] == "mairie").sum())),
            **{role: Rows(*counts) for role, counts in enriched.rows.items()},
        },
        enriched.carreaux,
        enriched.made_of,
    )
