"""From the study file to the figures: the only place where the rooms meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from msap_geo import coverage, loaders, network, siting, travel
from msap_geo.anomalies import table as anomaly_table
from msap_geo.study import shown
from msap_geo.study.enrich import enrich
from msap_geo.study.roads import load_roads, road_anomalies, study_profile
from msap_geo.study.sites import candidate_offices, load_sites, reachable

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from msap_geo import outputs
    from msap_geo.anomalies import Anomaly
    from msap_geo.study.choice import Choice
    from msap_geo.study.file import Study


class Rows(NamedTuple):
    """How many rows an input held, and how many of them serve the study."""

    read: int
    kept: int


@dataclass(frozen=True, eq=False)
class StudyResult:
    """Everything a study found; tables are in the projected CRS of the territory.

    Parameters
    ----------
    study
        What was asked.
    communes, origins, access
        Communes, their starting points and their access, same rows.
    maisons, itinerants
        Maisons that count, and those that move and do not.
    la_poste, candidates
        Post offices of the territory, and the scored candidates, best first.
    la_poste_around, la_poste_national
        Post offices across its border, near enough to be nearest, and how many the country has.
    zones
        Zones blanches, ranked.
    shares
        Population within and beyond each threshold.
    roads
        Roads the times were computed on.
    profile
        Profile they were computed with.
    anomalies
        What was repaired, left out or noted in the territory.
    elsewhere
        How many anomalies the national files hold outside it.
    rows
        Rows read and kept, by role of the input.
    carreaux
        Populated cells of the communes, where the study gives a grid.
    indicators
        Vintage (``millesime``) and source (``variables``) of each indicator of the communes.
    choice
        Openings and closings supposed, where the study is a scenario (:mod:`study.scenario`).
    """

    study: Study
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    access: pd.DataFrame
    maisons: gpd.GeoDataFrame
    itinerants: gpd.GeoDataFrame
    la_poste: gpd.GeoDataFrame
    la_poste_around: gpd.GeoDataFrame
    la_poste_national: int
    candidates: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    shares: list[coverage.Share]
    roads: network.RoadNetwork
    profile: network.Profile
    anomalies: tuple[Anomaly, ...]
    elsewhere: int
    rows: dict[str, Rows]
    carreaux: gpd.GeoDataFrame | None = None
    indicators: dict[str, dict[str, str]] = field(default_factory=dict)
    choice: Choice | None = None

    @property
    def neighbours(self) -> pd.Series:
        """Which Maisons stand in another département, near enough to count, one flag a row."""
        return ~self.maisons["departement"].isin(self.study.departements)

    @property
    def estimated(self) -> bool:
        """Whether times rest on the estimated network."""
        return bool(self.profile.name == network.ESTIMATED)

    def by_commune(self) -> gpd.GeoDataFrame:
        """Return the communes with their outline, their access and ``origine``, ready to draw."""
        measured = self.access.drop(columns=["nom", "population"]).assign(
            origine=self.origins["origine"]
        )
        return self.communes.merge(measured, on="code_insee")

    def report(self) -> pd.DataFrame:
        """Return the anomalies as a table, one row each, under the French names of the outputs."""
        return anomaly_table(self.anomalies)

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        return shown.result_html(self)

    def __repr__(self) -> str:
        return (
            f"StudyResult({self.study.etude.nom!r}, communes={len(self.communes)}, "
            f"maisons={len(self.maisons)}, candidates={len(self.candidates)}, "
            f"zones={len(self.zones)})"
        )

    def map_content(self) -> outputs.MapContent:
        """Gather what its map shows (:func:`msap_geo.study.map_content`)."""
        from msap_geo.study.write import map_content  # noqa: PLC0415 - which knows of results

        return map_content(self)

    def summary(self) -> dict[str, Any]:
        """Return the figures of ``resume.json``."""
        return {
            "etude": self.study.etude.nom,
            "population": self.shares[0].population,
            "communes": len(self.communes),
            "seuils": {
                f"{share.threshold:g}": {
                    "population_couverte": share.within,
                    "part": round(share.share, 6) if share.population else None,
                    "population_au_dela": share.beyond,
                    "communes_au_dela": share.communes_beyond,
                }
                for share in self.shares
            },
            "zones_blanches": len(self.zones),
            "maisons": int((~self.neighbours).sum()),
            "maisons_voisines": int(self.neighbours.sum()),
            "maisons_itinerantes_non_comptees": len(self.itinerants),
            "candidats": len(self.candidates),
            "temps_estimes": self.estimated,
            "demonstration": self.study.etude.demonstration,
            **({} if self.choice is None else {"scenario": self.choice.told()}),
            "anomalies": [anomaly.as_dict() for anomaly in self.anomalies],
            "anomalies_hors_territoire": self.elsewhere,
        }


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
    sites = load_sites(study, territory.communes, territory.origins, territory.codes)
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
        *road_anomalies(roads, found.nearest, territory.communes),
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
    )


class Measured(NamedTuple):
    """What follows from where the Maisons are; names as in :class:`StudyResult`."""

    nearest: pd.DataFrame
    access: pd.DataFrame
    zones: gpd.GeoDataFrame
    shares: list[coverage.Share]
    candidates: gpd.GeoDataFrame


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
    nearest = travel.nearest(roads, origins, maisons)
    progress("Couverture et zones blanches")
    thresholds = study.thresholds
    access = coverage.access_by_commune(communes, nearest, maisons, thresholds=thresholds)
    zones = coverage.zones_blanches(communes, access, threshold=study.threshold)
    progress("Notation des bureaux candidats")
    scored = _score(study, roads, origins, access, maisons, candidates)
    return Measured(nearest, access, zones, coverage.shares(access, thresholds=thresholds), scored)


class _Territory(NamedTuple):
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
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


def _score(
    study: Study,
    roads: network.RoadNetwork,
    origins: gpd.GeoDataFrame,
    access: pd.DataFrame,
    maisons: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    bound = siting.longest_useful_trip(access, threshold=study.threshold)
    times = travel.matrix(roads, origins, candidates, max_minutes=bound)
    offices = candidates.assign(demand_id=candidates["site_id"])
    to_maison = travel.nearest(roads, offices, maisons)
    return siting.score_candidates(candidates, access, times, to_maison, threshold=study.threshold)
