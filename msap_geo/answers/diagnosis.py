"""The whole diagnosis of a study: every indicator of :mod:`msap_geo.coverage`, composed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import coverage, french, loaders, outputs
from msap_geo.anomalies import Action, Anomaly, note, tally
from msap_geo.answers.ahead.tables import look_ahead
from msap_geo.answers.assumptions import (
    NO_TIMES,
    assumptions,
    evolution,
    not_given,
    operators_reached,
    rules,
)
from msap_geo.answers.itinerant import cover_tables
from msap_geo.answers.mobility import mobility, timetable_in_words
from msap_geo.answers.origins import from_cells, from_communes, memberships_of
from msap_geo.answers.truth.attendance import attendance_of
from msap_geo.answers.truth.insee import insee_tables
from msap_geo.errors import DataError
from msap_geo.hours import read_hours
from msap_geo.notebook_html import card, table
from msap_geo.study.times.source import NotGivenError
from msap_geo.territory import REGION_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo import travel
    from msap_geo.answers.origins import Origins
    from msap_geo.study.result import StudyResult


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

    def map_content(self) -> outputs.MapContent:
        """Gather what its map shows (:func:`msap_geo.map`): the study, and what was found."""
        return replace(self.result.map_content(), findings=_findings(self))

    def _repr_html_(self) -> str:
        """Show which tables there are in a notebook."""
        return _card(self)

    def __repr__(self) -> str:
        return f"Diagnosis({self.result.study.etude.nom!r}, tables={list(self.tables)})"


def diagnose(
    result: StudyResult,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Compute every coverage indicator of a study.

    Parameters
    ----------
    result
        What :func:`msap_geo.study.run_study` found.
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
    origins = [from_communes(result)]
    cells, told = _cells(result, progress)
    origins += cells
    layers: dict[str, gpd.GeoDataFrame] = {}
    visited = attendance_of(result, maisons, origins[-1])
    anomalies += [*told, *visited.anomalies]
    tables = dict(visited.tables)
    for origin in origins:
        progress(f"Indicateurs{' par carreau' if origin.suffix else ' par commune'}")
        made, drawn = _indicators(result, maisons, origin, visited.huff)
        tables |= made
        layers |= drawn
    if result.study.mobilite.gtfs:
        progress("Trajets sans voiture")
        without_car = mobility(result, maisons, origins[0])
        tables |= without_car.tables
        layers |= without_car.layers
        anomalies += without_car.anomalies
    tables |= cover_tables(result, tables["lieux"])
    digital = digital_layer(result)
    if digital is not None:
        layers["fragilite_numerique"] = digital
        tables["fragilite_numerique"] = pd.DataFrame(digital.drop(columns="geometry"))
    ahead = look_ahead(result, origins[0].places, progress=progress)
    tables |= ahead.tables
    anomalies += ahead.anomalies
    progress("Conventions, robustesse")
    tables |= assumptions(result, maisons, origins)
    if result.study.diagnostic.operateurs:
        progress("Opérateurs atteints depuis les zones blanches")
        made, told = _operators(result, origins[0])
        tables |= made
        anomalies += told
    progress("Règles, évolution")
    tables["regles"], told = _rules(result, origins[0])
    anomalies += told
    made, told = evolution(result, origins[0])
    tables |= made
    anomalies += told
    tables |= insee_tables(result)
    for name in ("acces_territoires", "acces_territoires_carreaux"):
        if name in tables:
            grid = origins[-1].points if name.endswith("carreaux") else None
            anomalies += coverage.guard_anomalies(grid, tables[name])
    return Diagnosis(result, tables, layers, tuple(anomalies))


def _cells(
    result: StudyResult, progress: Callable[[str], None]
) -> tuple[list[Origins], list[Anomaly]]:
    """Let people start from their cells, where there are roads to leave them by."""
    if result.carreaux is None:
        return [], []
    if result.times.file:
        return [], [not_given(result, "les indicateurs par carreau, qui demandent des routes")]
    progress("Temps de trajet des carreaux")
    return [from_cells(result, result.carreaux)], []


def _operators(
    result: StudyResult, origin: Origins
) -> tuple[dict[str, pd.DataFrame], list[Anomaly]]:
    try:
        table, told = operators_reached(result, origin)
    except NotGivenError as error:
        return {}, [not_given(result, f"les opérateurs atteints ({error.problem})")]
    return {"operateurs_zones": table}, told


def _rules(result: StudyResult, origin: Origins) -> tuple[pd.DataFrame, list[Anomaly]]:
    table = rules(result, origin)
    if not (table["detail"] == NO_TIMES).any():
        return table, []
    return table, [not_given(result, "les règles en minutes sur les points La Poste")]


def digital_layer(result: StudyResult) -> gpd.GeoDataFrame | None:
    """Put the digital fragility of communes beside their access; None where nothing tells it."""
    table = coverage.digital_fragility(result.communes)
    if not table["composantes"].any() and "part_fibre" not in table:
        return None
    minutes = result.access.set_index("code_insee")["minutes"]
    table["minutes"] = table["code_insee"].map(minutes)
    outlines = result.communes.set_index("code_insee").geometry.reindex(table["code_insee"])
    return gpd.GeoDataFrame(table, geometry=outlines.to_numpy(), crs=result.communes.crs)


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


def _indicators(
    result: StudyResult, maisons: gpd.GeoDataFrame, origin: Origins, huff: coverage.Huff
) -> tuple[dict[str, pd.DataFrame], dict[str, gpd.GeoDataFrame]]:
    """Compute what starts from one set of places."""
    thresholds, threshold = result.study.thresholds, result.study.threshold
    places, times = origin.places, origin.times
    memberships = memberships_of(result)
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
        result.outline,
        belt_km=loaders.BORDER_KM,
    )
    by_place = by_place.assign(bord_incertain=unsure.to_numpy())
    by_place = by_place.merge(hours, on="demand_id").merge(indices, on="demand_id")
    closures = coverage.closures(places, origin.nearest, maisons, thresholds=thresholds)
    basins = coverage.catchments(places, maisons, supply, times, huff=huff)
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


def _findings(diagnosis: Diagnosis) -> outputs.Findings:
    """Gather what the diagnosis adds to the map."""
    tables, study = diagnosis.tables, diagnosis.result.study
    previous = study.diagnostic.maisons_avant
    before = (
        ""
        if previous is None or "evolution_communes" not in tables
        else study.vintage("maisons_avant") or previous.name
    )
    return outputs.Findings(
        rules=tables["regles"],
        robustness=tables["robustesse_zones"],
        basins=tables["bassins"],
        closures=tables["fermetures"],
        changes=tables.get("evolution_communes"),
        changes_by=tables.get("evolution_departements"),
        before=before,
        without_car=tables.get("mobilite_communes"),
        timetable=timetable_in_words(study),
    )


def _card(found: Diagnosis) -> str:
    """Show which tables a diagnosis holds."""
    sizes = [(name, len(each), each.shape[1]) for name, each in found.tables.items()]
    tables = pd.DataFrame(sizes, columns=["nom", "lignes", "colonnes"])
    figures = {
        "tables": french.number(len(found.tables)),
        "couches": ", ".join(found.layers),
        "anomalies": french.anomalies(tally(found.anomalies)) or "aucune",
    }
    titles = {"nom": "Table (.tables[…])", "lignes": "Lignes", "colonnes": "Colonnes"}
    return card(
        f"Diagnostic – {found.result.study.etude.nom}",
        figures,
        tables=[table(tables, titles, shown=None)],
        remarks=[str(told) for told in found.result.cautions],
    )
