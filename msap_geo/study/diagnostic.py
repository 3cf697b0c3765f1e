"""The whole diagnosis of a study: every indicator of :mod:`msap_geo.coverage`, composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from msap_geo import coverage, loaders, network, schemas, travel
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.coverage import conventions
from msap_geo.errors import DataError
from msap_geo.hours import read_hours
from msap_geo.territory import DEPARTEMENTS, REGION_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.study.run import StudyResult

_LONGEST_ZONE = max(coverage.E2SFCA_MINUTES)
_LA_POSTE, _MAISONS = "la_poste", "maisons"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Everything the diagnosis of a study found.

    Parameters
    ----------
    result
        The study.
    tables
        Tables by name, as written (``diagnostic_<name>.csv``); see ``docs/indicateurs.md``.
    layers
        The same with their geometry, for ``diagnostic.gpkg``.
    anomalies
        What the diagnosis noticed besides the study's own anomalies.
    """

    result: StudyResult
    tables: dict[str, pd.DataFrame]
    layers: dict[str, gpd.GeoDataFrame]
    anomalies: tuple[Anomaly, ...]


class _Origins(NamedTuple):
    """Where people start from under one convention, and their times."""

    suffix: str
    points: gpd.GeoDataFrame
    areas: gpd.GeoSeries
    gap_m: float
    nearest: pd.DataFrame
    places: pd.DataFrame
    times: travel.TravelTimes


def diagnose(
    result: StudyResult,
    *,
    operators: gpd.GeoDataFrame | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Compute every coverage indicator of a study.

    Parameters
    ----------
    result
        What :func:`msap_geo.study.run_study` found.
    operators
        Counters of operators (CAF, CPAM, France Travail…), under :data:`msap_geo.schemas.SITES` in
        the projection of the study, ``genre`` naming the operator.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Diagnosis
        Tables and layers. Those whose data are not given (grid, memberships, previous list of
        Maisons, operators) are absent.

    Raises
    ------
    MsapGeoError
        If a file of the ``[diagnostic]`` section is absent or unusable.
    """
    anomalies: list[Anomaly] = []
    maisons, unread = _with_hours(result.maisons)
    anomalies += unread
    progress("Temps de trajet vers toutes les Maisons")
    origins = [_communes(result, maisons)]
    if result.carreaux is not None:
        progress("Temps de trajet des carreaux")
        origins.append(_cells(result, maisons, result.carreaux))
    tables: dict[str, pd.DataFrame] = {}
    layers: dict[str, gpd.GeoDataFrame] = {}
    for origin in origins:
        progress(f"Indicateurs{' par carreau' if origin.suffix else ' par commune'}")
        made, drawn = _indicators(result, maisons, origin)
        tables |= made
        layers |= drawn
    progress("Conventions, robustesse")
    tables |= _assumptions(result, maisons, origins)
    if operators is not None:
        progress("Opérateurs atteints depuis les zones blanches")
        tables["operateurs_zones"] = _operators(result, origins[0], operators)
    progress("Règles, évolution")
    tables["regles"] = _rules(result, origins[0])
    made, told = _evolution(result, origins[0])
    tables |= made
    anomalies += told
    for name in ("acces_territoires", "acces_territoires_carreaux"):
        if name in tables:
            grid = origins[-1].points if name.endswith("carreaux") else None
            anomalies += coverage.guard_anomalies(grid, tables[name])
    return Diagnosis(result, tables, layers, tuple(anomalies))


def _with_hours(maisons: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Keep the hours that can be counted; the others are unknown, and said so."""
    text = maisons["horaires"] if "horaires" in maisons.columns else pd.Series(index=maisons.index)
    settled = text.map(_canonical, na_action="ignore").astype(object)
    unknown = maisons[settled.isna()]
    told = unknown[["nom", "departement"]].assign(identifiant=unknown["site_id"])
    anomalies = note(
        told, "horaires-inconnus", Action.NOTED, "horaires non lus, ne compte pour aucune heure"
    )
    return maisons.assign(horaires=settled), anomalies


def _canonical(text: str) -> str | None:
    try:
        return read_hours(text).text()
    except DataError:
        return None


def _bound(result: StudyResult) -> float:
    return float(max(_LONGEST_ZONE, *result.study.thresholds))


def _measured(
    result: StudyResult,
    maisons: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    areas: gpd.GeoSeries,
    suffix: str,
    gap_m: float,
) -> _Origins:
    nearest = travel.nearest(result.roads, points, maisons, k=2)
    return _Origins(
        suffix,
        points,
        areas,
        gap_m,
        nearest,
        coverage.access_by_place(points, nearest),
        travel.matrix(result.roads, points, maisons, max_minutes=_bound(result)),
    )


def _communes(result: StudyResult, maisons: gpd.GeoDataFrame) -> _Origins:
    communes = result.communes
    groups = [name for name in schemas.GROUPS if name in communes.columns]
    points = result.origins.assign(**{name: communes[name].to_numpy() for name in groups})
    return _measured(
        result, maisons, points, communes.geometry, "", coverage.CONTIGUITY_TOLERANCE_M
    )


def _cells(result: StudyResult, maisons: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> _Origins:
    here = cells.to_crs(result.roads.epsg)
    inhabited = here[here["population"] > 0].reset_index(drop=True)
    points = inhabited.set_geometry(inhabited.centroid).assign(origine="carreau")
    # As wide as a cell: an empty one does not cut a zone in two.
    side = float(inhabited.area.median() ** 0.5)
    return _measured(result, maisons, points, inhabited.geometry, "_carreaux", side)


def _memberships(result: StudyResult) -> pd.DataFrame:
    communes = pd.DataFrame(result.communes)
    names = [
        column
        for kind in schemas.MEMBERSHIPS
        for column in (kind, f"{kind}_nom")
        if column in communes.columns
    ]
    table = communes[["code_insee", "nom", *names]].assign(
        departement_nom=communes["departement"].map(DEPARTEMENTS)
    )
    return (
        table
        if "region" in names
        else table.assign(region=communes["departement"].map(REGION_NAMES))
    )


def _indicators(
    result: StudyResult, maisons: gpd.GeoDataFrame, origin: _Origins
) -> tuple[dict[str, pd.DataFrame], dict[str, gpd.GeoDataFrame]]:
    """Compute what starts from one set of places."""
    thresholds, threshold = result.study.thresholds, result.study.threshold
    places, times = origin.places, origin.times
    memberships = _memberships(result)
    by_territory = coverage.access_by_territory(places, memberships, thresholds=thresholds)
    by_territory["precaution"] = coverage.caution(by_territory, from_cells=bool(origin.suffix))
    zones = coverage.nested_zones(
        places,
        origin.areas,
        maisons,
        thresholds=thresholds,
        gap_m=origin.gap_m,
        minimum_population=result.study.diagnostic.population_minimale,
    )
    supply = coverage.weekly_supply(maisons)
    hours = coverage.open_hours(times, maisons, threshold=threshold)
    indices = coverage.accessibility(
        times,
        places,
        supply["heures"].to_numpy(dtype=float),
        threshold=threshold,
        need=coverage.fragile_people(places),
    )
    departement = coverage.departements_of(places["code_insee"])
    by_place = coverage.for_publication(places) if origin.suffix else places
    unsure = coverage.uncertain_at_the_edge(
        origin.points,
        maisons,
        shapely.union_all(result.communes.geometry.dropna().to_numpy()),
        belt_km=loaders.BORDER_KM,
    )
    by_place = by_place.assign(bord_incertain=unsure.to_numpy())
    by_place = by_place.merge(hours, on="demand_id").merge(indices, on="demand_id")
    closures = coverage.closures(places, origin.nearest, maisons, thresholds=thresholds)
    basins = coverage.catchments(places, maisons, supply, times)
    tables = {
        "acces_territoires": by_territory,
        "zones": zones.drop(columns="geometry"),
        "lieux": by_place,
        "demi_journees": coverage.people_by_half_day(places["population"], hours),
        "fermetures": closures,
        "recours": coverage.backup_coverage(places, times, thresholds=thresholds),
        "bassins": basins,
        "equite": coverage.equity(places, _density(places, memberships), threshold=threshold),
        "concentration": coverage.concentration_of_groups(places),
        "voisins": _neighbours(places, times, maisons, departement, threshold=threshold),
    }
    sites = maisons[["site_id", "geometry"]].merge(closures, on="site_id")
    sites = sites.merge(basins.drop(columns=["nom", "habitants"]), on="site_id")
    area = gpd.GeoDataFrame(by_place, geometry=origin.areas.to_numpy(), crs=origin.areas.crs)
    layers = {"zones": zones, "lieux": area, "maisons": sites}
    return (
        {f"{name}{origin.suffix}": table for name, table in tables.items()},
        {f"{name}{origin.suffix}": layer for name, layer in layers.items()},
    )


def _neighbours(
    places: pd.DataFrame,
    times: travel.TravelTimes,
    maisons: gpd.GeoDataFrame,
    departement: pd.Series,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Tell what départements, then régions, owe to one another."""
    of_site = maisons.set_index("site_id")["departement"]
    levels = {
        "departement": (departement, of_site),
        "region": (departement.map(REGION_NAMES), of_site.map(REGION_NAMES)),
    }
    tables = []
    for level, (home, site_home) in levels.items():
        table = coverage.reliance_on_neighbours(places, times, home, site_home, threshold=threshold)
        table.insert(0, "zonage", level)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _density(places: pd.DataFrame, memberships: pd.DataFrame) -> pd.Series | None:
    """Return the density class of each place, by name where it has one."""
    known = [name for name in ("densite_nom", "densite") if name in memberships.columns]
    if not known:
        return None
    return places["code_insee"].map(memberships.set_index("code_insee")[known[0]])


def _assumptions(
    result: StudyResult, maisons: gpd.GeoDataFrame, origins: list[_Origins]
) -> dict[str, pd.DataFrame]:
    """Compare origin conventions, and tell what holds under other assumptions."""
    threshold, asked = result.study.threshold, result.study.diagnostic
    communes = origins[0].places
    by_convention = {conventions.TOWN_HALL: communes}
    if len(origins) > 1:
        cells = origins[1].places
        by_convention[conventions.CELLS] = cells
        by_convention[conventions.CALIBRATED] = coverage.calibrated(cells, communes)
    by_convention[conventions.METRIC] = coverage.metric_convention(communes, maisons)
    compared = coverage.compare_conventions(by_convention, thresholds=result.study.thresholds)
    minutes = coverage.minutes_by_commune(
        {name: table for name, table in by_convention.items() if name != conventions.CALIBRATED},
        result.communes,
    )
    grid = coverage.full_grid(list(minutes.columns))
    runs = coverage.random_runs(list(minutes.columns), n=asked.tirages, seed=asked.graine)
    tables = {"conventions": compared}
    zone = coverage.zone_of_places(communes, result.communes.geometry, threshold=threshold)
    by_commune = coverage.robustness_of_communes(minutes, grid, threshold=threshold)
    drawn = coverage.robustness_of_communes(minutes, runs, threshold=threshold)
    flips = coverage.factors_that_flip(minutes, grid, threshold=threshold)
    named = result.communes[["code_insee", "nom", "population"]]
    times = minutes.add_prefix("minutes ").reset_index()
    tables["robustesse_communes"] = (
        named.merge(times, on="code_insee")
        .merge(by_commune, on="code_insee")
        .assign(part_blanche_tirages=drawn["part_blanche"])
        .merge(flips, on="code_insee")
    )
    by_zone = coverage.robustness_of_zones(
        zone, communes["population"], minutes, grid, threshold=threshold
    )
    random = coverage.robustness_of_zones(
        zone, communes["population"], minutes, runs, threshold=threshold
    )
    tables["robustesse_zones"] = by_zone.assign(part_blanche_tirages=random["part_blanche"])
    return tables


def _operators(result: StudyResult, origin: _Origins, operators: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tell how long the people of each zone blanche take to reach each operator."""
    zone = coverage.zone_of_places(origin.places, origin.areas, threshold=result.study.threshold)
    reached = {
        str(name): coverage.access_by_place(
            origin.points,
            travel.nearest(result.roads, origin.points, sites.reset_index(drop=True)),
        )
        for name, sites in operators.groupby("genre")
    }
    table = coverage.operators_by_zone(zone, reached, thresholds=result.study.thresholds)
    names = operators.set_index("site_id")["nom"]
    table.insert(3, "site_nom", table["site_id"].map(names, na_action="ignore").astype(object))
    return table


def _rules(result: StudyResult, origin: _Origins) -> pd.DataFrame:
    """Evaluate the rules twice: kilometres as the crow flies, then along the road."""
    points, national = _contact_points(result)
    offices = coverage.access_by_place(
        origin.points, travel.nearest(result.roads, origin.points, points)
    )
    by_kind = {_LA_POSTE: offices, _MAISONS: origin.places}
    sites = {_LA_POSTE: result.la_poste, _MAISONS: result.maisons}
    straight = {
        _LA_POSTE: offices.assign(km=coverage.straight_km(origin.points, points)),
        _MAISONS: origin.places.assign(km=coverage.straight_km(origin.points, result.maisons)),
    }
    rules = coverage.load_rules()
    with_km = [rule for rule in rules if rule.km is not None]
    evaluated = [
        coverage.evaluate_rules(
            chosen,
            places,
            sites,
            memberships=_memberships(result),
            counts={_LA_POSTE: national},
            distance=distance,
        )
        for chosen, places, distance in (
            (rules, straight, coverage.STRAIGHT),
            (with_km, by_kind, coverage.ROAD),
        )
    ]
    return pd.concat(evaluated, ignore_index=True)


def _contact_points(result: StudyResult) -> tuple[gpd.GeoDataFrame, int]:
    """Return the contact points of the territory and of its surroundings, and those of the country.

    The study keeps those of the territory; across its border there may be a nearer one.
    """
    study = result.study
    raw = loaders.load_la_poste(study.path(study.donnees.la_poste)).table
    away = raw[~raw["departement"].isin(study.departements) & raw.geometry.notna()]
    near = loaders.within_reach(away.to_crs(result.communes.crs), result.communes)
    points = pd.concat([result.la_poste, near], ignore_index=True)
    return gpd.GeoDataFrame(points, crs=result.communes.crs), len(raw)


def _evolution(
    result: StudyResult, origin: _Origins
) -> tuple[dict[str, pd.DataFrame], list[Anomaly]]:
    """Compare with a previous list of Maisons, and rebuild the history of the label."""
    study, thresholds = result.study, result.study.thresholds
    tables: dict[str, pd.DataFrame] = {}
    anomalies: list[Anomaly] = []
    if "labellisation" in result.maisons.columns:
        opened = pd.to_datetime(result.maisons.set_index("site_id")["labellisation"])
        if opened.notna().any():
            people = origin.points.set_index("demand_id")["population"]
            tables["historique"] = coverage.history(
                origin.times, people, opened, dates=_quarters(opened), thresholds=thresholds
            )
    previous = study.diagnostic.maisons_avant
    if previous is not None:
        raw = loaders.load_maisons(study.path(previous))
        settled = loaders.attach_to_communes(
            raw.table, result.communes, result.origins, file=previous.name
        )
        near = loaders.within_reach(settled.table, result.communes)
        sites = near[near["genre"].isin(study.maisons.types)].reset_index(drop=True)
        # As for today's: a neighbouring Maison the roads do not reach is none.
        away = ~sites["departement"].isin(study.departements)
        off = network.snap(result.roads, sites.geometry).edge < 0
        sites = sites[~(away.to_numpy() & off)].reset_index(drop=True)
        nearest = travel.nearest(result.roads, origin.points, sites)
        before = coverage.access_by_place(origin.points, nearest)
        tables |= _compared(result, before, origin)
        here = {"", *study.departements}
        anomalies = [
            anomaly
            for anomaly in (*raw.anomalies, *settled.anomalies)
            if anomaly.departement in here
        ]
    return tables, anomalies


def _compared(
    result: StudyResult, before: pd.DataFrame, origin: _Origins
) -> dict[str, pd.DataFrame]:
    thresholds = result.study.thresholds
    compared = coverage.changes(before, origin.places, thresholds=thresholds)
    zone_before, zone_after = (
        coverage.zone_of_places(places, origin.areas, threshold=result.study.threshold)
        for places in (before, origin.places)
    )
    home = coverage.departements_of(compared["code_insee"])
    return {
        "evolution_communes": compared,
        "evolution_departements": coverage.changes_by_territory(
            compared, home, thresholds=thresholds
        ),
        "evolution_zones": coverage.zone_changes(
            zone_before, zone_after, origin.places["population"]
        ),
        "perdants": coverage.losers(compared),
    }


def _quarters(opened: pd.Series) -> list[pd.Timestamp]:
    """Return the first days of the quarters from the first label to just after the last."""
    first, last = opened.min().to_period("Q"), opened.max().to_period("Q") + 1
    return [period.start_time for period in pd.period_range(first, last, freq="Q")]
