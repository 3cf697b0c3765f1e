"""The tables of a study as its workbook and its layers show them, by their dictionary names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import coverage, rounds, siting
from msap_geo.answers.rounds import Rounds
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.study.times.profiles import profiles_table

if TYPE_CHECKING:
    from msap_geo.answers.ahead.robust import Robust
    from msap_geo.answers.ahead.scenarios import Scenario
    from msap_geo.answers.diagnosis import Diagnosis
    from msap_geo.answers.plan import Implantation
    from msap_geo.answers.rating import Rating
    from msap_geo.answers.services import Services
    from msap_geo.study.result import StudyResult


def study_tables(result: StudyResult) -> dict[str, pd.DataFrame]:
    """Return the tables of a study, without geometry, by name (``outputs.dictionary``)."""
    tables = {"seuils": _thresholds(result), "paliers": _classes(result)}
    if result.profiles:
        tables["profils"] = profiles_table(result.profiles, thresholds=result.study.thresholds)
    layers = study_layers(result)
    del layers["points_de_depart"]  # the communes tell where each starts from
    if result.stops:
        tables["arrets_itinerants"] = stops_table(result)
    return tables | {name: pd.DataFrame(t.drop(columns="geometry")) for name, t in layers.items()}


def stops_table(result: StudyResult) -> pd.DataFrame:
    """Return the stops of the rounds that exist, in the columns of the CSV that is read."""
    names = result.places.communes.set_index("code_insee")["nom"]
    return pd.DataFrame(
        [
            {
                "vehicule": stop.vehicle,
                "jour": WEEKDAYS[stop.weekday],
                "semaine": stop.week or None,
                "code_insee": stop.code_insee,
                "nom": names[stop.code_insee],
                "lieu": stop.place,
                "arrivee": rounds.clock(stop.opens),
                "depart": rounds.clock(stop.closes),
            }
            for stop in result.stops
        ]
    ).astype({"semaine": "Int64"})


def study_layers(result: StudyResult) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a study in its projected CRS, by name (``outputs.dictionary``)."""
    return {
        "communes": result.by_commune(),
        "points_de_depart": result.origins,
        "zones_blanches": result.zones,
        "maisons": result.maisons.assign(voisine=result.neighbours),
        "maisons_itinerantes": result.itinerants,
        "la_poste": result.la_poste,
        "candidats": result.candidates,
    }


def diagnosis_tables(diagnosis: Diagnosis) -> dict[str, pd.DataFrame]:
    """Return the tables of a diagnosis, by name (``outputs.dictionary``)."""
    return {f"diagnostic_{name}": table for name, table in diagnosis.tables.items()}


def diagnosis_layers(diagnosis: Diagnosis) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a diagnosis, by name (``outputs.dictionary``)."""
    return {f"diagnostic_{name}": layer for name, layer in diagnosis.layers.items()}


def rating_tables(rating: Rating) -> dict[str, pd.DataFrame]:
    """Return the rated candidates, by name (``outputs.dictionary``)."""
    return {"bureaux": rating.table}


def robust_tables(found: Robust) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan for every horizon, by name (``outputs.dictionary``)."""
    return {"horizons_plan": found.sites, "horizons_futurs": found.futures.drop(columns="futur")}


def rounds_tables(found: Rounds) -> dict[str, pd.DataFrame]:
    """Return the tables of rounds, by name (``outputs.dictionary``), the stops first."""
    return {
        "tournees": found.stops(),
        "tournees_couverture": found.cover(),
        "tournees_non_servis": found.unserved(),
    }


def scenario_tables(found: Scenario) -> dict[str, pd.DataFrame]:
    """Return the tables of a scenario of 2015, by name (``outputs.dictionary``)."""
    answer = found.found
    told = rounds_tables(answer) if isinstance(answer, Rounds) else plan_tables(answer)
    return told if found.permanences.empty else {**told, "scenario_permanences": found.permanences}


def services_tables(found: Services) -> dict[str, pd.DataFrame]:
    """Return the ways to serve each zone, and the mixed plan, by name (``outputs.dictionary``)."""
    tables = {"services_zones": found.table}
    return tables if found.mixed is None else {"services_plan": found.chosen(), **tables}


def plan_tables(found: Implantation) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan, by name (``outputs.dictionary``), the sites first."""
    kinds = found.offices.loc[list(found.plan.sites), "genre"]
    year = found.result.study.couts.annee
    tables = {
        "plan_sites": found.sites(),
        "plan_couts": siting.plan_costs(found.costs, kinds, first_year=year),
        "plan_interchangeables": found.others,
    }
    if found.regret is not None:
        tables |= {"plan_perdants": found.regret.losers, "plan_gagnants": found.regret.winners}
    if found.frontier is not None:
        tables["plan_frontiere"] = found.frontier
    return tables


def plan_layers(found: Implantation) -> dict[str, gpd.GeoDataFrame]:
    """Return the sites of a plan as a layer, by name (``outputs.dictionary``)."""
    known = found.offices.loc[list(found.plan.sites)]
    points = gpd.GeoSeries(known.geometry.to_numpy(), crs=known.crs)
    return {"plan_sites": gpd.GeoDataFrame(found.sites(), geometry=points)}


def _thresholds(result: StudyResult) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "seuil": share.threshold,
                "population": share.population,
                "population_couverte": share.within,
                "au_dela": share.beyond,
                "part": share.share,
                "communes_au_dela": share.communes_beyond,
            }
            for share in result.shares
        ]
    )


def _classes(result: StudyResult) -> pd.DataFrame:
    """Count communes and people in each class of travel time, empty ones included."""
    labels = coverage.class_labels(result.study.thresholds)
    by = result.access.groupby("palier")["population"].agg(["size", "sum"])
    table = by.reindex(labels, fill_value=0).rename_axis("palier").reset_index()
    table = table.rename(columns={"size": "communes", "sum": "population"})
    everyone = int(table["population"].sum())
    return table.assign(part=table["population"] / everyone if everyone else float("nan"))
