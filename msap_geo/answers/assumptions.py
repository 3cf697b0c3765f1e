"""What surrounds the indicators of a diagnosis: assumptions, operators, rules, other dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import coverage, loaders
from msap_geo.anomalies import Action, Anomaly
from msap_geo.answers.itinerant import cover_since
from msap_geo.answers.origins import memberships_of
from msap_geo.coverage import conventions
from msap_geo.study.sites import operator_counters, previous_maisons
from msap_geo.study.times.source import NotGivenError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.answers.origins import Origins
    from msap_geo.study.result import StudyResult

_LA_POSTE, _MAISONS = "la_poste", "maisons"

NO_TIMES = "temps vers les points La Poste non donnés"
"""Why a rule is not evaluated, with a table of times that does not lead to them."""

"""Everyone has one in their commune: not an operator people may be far from."""


def assumptions(
    result: StudyResult, maisons: gpd.GeoDataFrame, origins: list[Origins]
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
    starts = {
        name: table for name, table in by_convention.items() if name != conventions.CALIBRATED
    }
    measured = coverage.minutes_by_commune(starts, result.communes)
    minutes = coverage.with_known_origins(measured, starts)
    spread = coverage.spread(estimated=result.estimated)
    grid = coverage.full_grid(
        list(minutes.columns), speeds=coverage.likely_speeds(spread.territory)
    )
    runs = coverage.random_runs(
        list(minutes.columns), n=asked.tirages, seed=asked.graine, sigma=spread.territory
    )
    tables = {"conventions": compared}
    zone = coverage.zone_of_places(communes, result.communes.geometry, threshold=threshold)
    by_commune = coverage.robustness_of_communes(
        minutes, grid, threshold=threshold, sigma=spread.commune
    )
    drawn = coverage.robustness_of_communes(
        minutes, runs, threshold=threshold, sigma=spread.commune
    )
    flips = coverage.factors_that_flip(minutes, grid, threshold=threshold)
    named = result.communes[["code_insee", "nom", "population"]]
    times = measured.add_prefix("minutes ").reset_index()
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


def operators_reached(result: StudyResult, origin: Origins) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Tell how long the people of each zone blanche take to reach each operator."""
    operators, told = operator_counters(result, loaders.COUNTERS)
    zone = coverage.zone_of_places(origin.places, origin.areas, threshold=result.study.threshold)
    reached = {
        str(name): coverage.access_by_place(
            origin.points,
            result.times.nearest(origin.points, sites.reset_index(drop=True)),
        )
        for name, sites in operators.groupby("genre")
    }
    table = coverage.operators_by_zone(zone, reached, thresholds=result.study.thresholds)
    names = operators.set_index("site_id")["nom"]
    table.insert(3, "site_nom", table["site_id"].map(names, na_action="ignore").astype(object))
    return table, _local(result, told)


def not_given(result: StudyResult, what: str) -> Anomaly:
    """Tell what a table of times does not let a diagnosis measure."""
    return Anomaly("indicateur-sans-temps", Action.NOTED, result.times.file, f"non mesuré : {what}")


def _local(result: StudyResult, anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """Keep the anomalies of the territory, among those of a national file."""
    here = {"", *result.study.departements}
    return [anomaly for anomaly in anomalies if anomaly.departement in here]


def rules(result: StudyResult, origin: Origins) -> pd.DataFrame:
    """Evaluate the rules twice: kilometres as the crow flies, then along the road."""
    crs = result.communes.crs
    points = gpd.GeoDataFrame(
        # Across the border there may be a nearer one.
        pd.concat([result.contact_points, result.contact_points_around], ignore_index=True),
        crs=crs,
    )
    try:
        offices = coverage.access_by_place(
            origin.points, result.times.nearest(origin.points, points)
        )
        lost = False
    except NotGivenError:  # a table of times rarely leads to every point of La Poste
        offices, lost = origin.places.assign(site_id=None, minutes=np.nan, km=np.nan), True
    by_kind = {_LA_POSTE: offices, _MAISONS: origin.places}
    sites = {_LA_POSTE: result.contact_points, _MAISONS: result.maisons}
    straight = {
        _LA_POSTE: offices.assign(km=coverage.straight_km(origin.points, points)),
        _MAISONS: origin.places.assign(km=coverage.straight_km(origin.points, result.maisons)),
    }
    memberships = memberships_of(result)
    if "canton" in memberships:
        memberships["canton_partage"] = coverage.touches_a_shared_city(
            result.communes.geometry, memberships["canton"]
        )
    every = coverage.load_rules()
    timed = [rule for rule in every if lost and rule.sites == _LA_POSTE and rule.minutes]
    # A table of times may give no kilometres.
    with_km = [
        rule
        for rule in every
        if rule.km is not None
        and (not result.times.file or by_kind[rule.sites]["km"].notna().any())
    ]
    evaluated = [
        coverage.evaluate_rules(
            chosen,
            places,
            sites,
            memberships=memberships,
            counts={_LA_POSTE: result.la_poste_national},
            distance=distance,
        )
        for chosen, places, distance in (
            ([rule for rule in every if rule not in timed], straight, coverage.STRAIGHT),
            (with_km, by_kind, coverage.ROAD),
            (timed, {_MAISONS: origin.places}, coverage.STRAIGHT),
        )
        if chosen
    ]
    if timed:
        evaluated[-1]["detail"] = NO_TIMES
    return pd.concat(evaluated, ignore_index=True)


def evolution(
    result: StudyResult, origin: Origins
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
    if study.diagnostic.maisons_avant is not None:
        sites, told = previous_maisons(result)
        try:
            nearest = result.times.nearest(origin.points, sites)
        except NotGivenError as error:
            return tables, [
                not_given(result, f"l'évolution depuis la liste précédente ({error.problem})")
            ]
        before = coverage.access_by_place(origin.points, nearest)
        tables |= _compared(result, before, origin)
        tables |= cover_since(result, before)
        anomalies = _local(result, told)
    return tables, anomalies


def _compared(
    result: StudyResult, before: pd.DataFrame, origin: Origins
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
