"""The roads of a study: its profile, its files, its crossings, its hour."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import geopandas as gpd
import pyproj

from msap_geo import french, loaders, network, sources, travel
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import NetworkError, StudyError
from msap_geo.territory import WGS84, projected_crs

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from msap_geo.study.file import Study
    from msap_geo.study.times.source import TimeSource

NOT_WITHOUT_CAR = "sans-voiture-impossible"
"""Code of what tells that journeys without a car were asked for and are not measured."""

_UNSNAPPED_SHARE = 0.5


def study_profile(study: Study) -> network.Profile:
    """Return the profile a study asks for, overrides and hour included.

    Parameters
    ----------
    study
        Checked study file.

    Returns
    -------
    Profile
        The profile; at rush hour its title says so.

    Raises
    ------
    StudyError
        If a class of road or a speed is wrong.
    """
    asked = study.reseau
    profile = network.load_profile(
        asked.profil,
        speeds_kmh=asked.vitesses_kmh,
        sinuosity=asked.sinuosite,
        penalties=None
        if asked.penalites is None
        else network.Penalties(
            asked.penalites.acceleration_laterale_ms2, asked.penalites.carrefour_s
        ),
    )
    return replace(profile, title=profile.traffic.title) if asked.heure == "pleines" else profile


def with_live_roads(
    study: Study,
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Study, list[Anomaly]]:
    """Ask OpenStreetMap for the roads of a study that wants them, where they are not kept yet.

    Parameters
    ----------
    study
        Checked study file.
    communes, origins
        Tables under :data:`msap_geo.schemas.COMMUNES` and ``DEMAND``, same rows.
    progress
        Called with a French sentence at each question.

    Returns
    -------
    tuple
        The study, whose ``osm`` is the map file; and what is to be told of it. The study as it is,
        where its roads are files.

    Raises
    ------
    SourceError
        If the server refuses, does not answer, or what it answers is no map.
    """
    if not study.reseau.live:
        return study, []
    squares = sources.squares_around(communes.geometry, belt_m=loaders.BORDER_KM * 1000)
    points = origins.geometry[origins.geometry.notna()].to_crs(WGS84)
    found = sources.fetch_roads(
        squares,
        inhabited={sources.Square.holding(point.x, point.y) for point in points},
        max_days=study.reseau.age_max_jours or inf,
        progress=progress,
    )
    told = [
        Anomaly(
            "osm-carre-abime",
            Action.REPAIRED,
            name,
            f"carré {name} : ce qui était gardé n'était plus ce qui avait été reçu, il a été "
            "redemandé à OpenStreetMap",
        )
        for name in found.damaged
    ]
    if found.days_apart:
        first, last = ("/".join(reversed(day[:10].split("-"))) for day in found.dates)
        told.append(
            Anomaly(
                "osm-dates-melees",
                Action.NOTED,
                "",
                f"routes d'OpenStreetMap à {found.days_apart} jours d'écart : du {first} au {last}",
            )
        )
    return study.model_copy(update={"osm": found.path}), told


def load_roads(
    study: Study,
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    profile: network.Profile,
) -> network.RoadNetwork:
    """Return the network of a study, at its hour.

    Parameters
    ----------
    study
        Checked study file.
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, same rows.
    profile
        Profile of the study.

    Returns
    -------
    RoadNetwork
        The network.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file of roads cannot be used.
    NetworkError
        If the roads do not cover the study.
    StudyError
        If a crossing starts from a commune that is not of the study, or has no place.
    """
    epsg = projected_crs(study.departements)
    changes = _changes(study, origins, epsg)
    if profile.name == network.ESTIMATED:
        crossings = _crossings(study, origins, epsg)
        roads = network.estimate_network(communes, origins, profile, crossings=crossings)
        return network.with_changes(roads, changes)
    roads = network.load_network(
        [study.path(path) for path in study.reseau.sources],
        profile,
        epsg=epsg,
        crossings=_crossings(study, origins, epsg),
    )
    placed = origins.geometry.notna()
    off = network.snap(roads, origins.geometry[placed]).edge < 0
    if off.mean() > _UNSNAPPED_SHARE:
        raise NetworkError(
            f"le réseau routier ne couvre pas l'étude : {int(off.sum())} communes sur {len(off)} "
            f"sont à plus de {french.short(profile.max_snap_m)} m de toute route",
            where=", ".join(str(path) for path in study.reseau.sources),
            remedy="fournir les routes de ces départements",
        )
    if study.reseau.heure == "pleines":
        roads = network.with_traffic(roads, communes, profile.traffic)
    return network.with_changes(roads, changes)


def with_changes(
    study: Study, origins: gpd.GeoDataFrame, roads: network.RoadNetwork
) -> network.RoadNetwork:
    """Return roads as the changes of a study leave them (``[[reseau.modifications]]``).

    Raises
    ------
    MsapGeoError
        If a zone cannot be read, or a change bears on no road.
    """
    return network.with_changes(roads, _changes(study, origins, projected_crs(study.departements)))


def from_streets(
    origins: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, roads: network.RoadNetwork
) -> gpd.GeoDataFrame:
    """Let communes known by their surface, or a cell off the roads, start from their streets.

    Parameters
    ----------
    origins, communes
        Tables under :data:`msap_geo.schemas.DEMAND` and ``COMMUNES``, same rows.
    roads
        Network; where it is estimated there are no streets.

    Returns
    -------
    geopandas.GeoDataFrame
        The origins, same rows.
    """
    if roads.profile == network.ESTIMATED:
        return origins
    # A cell no road leads to (a hamlet reached by boat) is no better than a point on the surface.
    off = (origins["origine"] == loaders.CELL) & (network.snap(roads, origins.geometry).edge < 0)
    wanted = communes[((origins["origine"] == loaders.SURFACE) | off).to_numpy()]
    if wanted.empty:
        return origins
    points = travel.densest_streets(roads, wanted.geometry.to_numpy())
    found = gpd.GeoSeries(points, index=wanted["code_insee"], crs=origins.crs)
    return loaders.moved_to(origins, found, loaders.STREETS)


class _Places:
    """Ends of crossings and of new roads, as the study writes them, in metres."""

    def __init__(self, origins: gpd.GeoDataFrame, epsg: int) -> None:
        self._to_metres = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True)
        self._places = origins.set_index("demand_id").geometry

    def of(self, end: str | tuple[float, float], what: str, where: str) -> tuple[float, float]:
        """Return the place of an end, projected."""
        if not isinstance(end, str):
            x, y = self._to_metres.transform(*end)
            return float(x), float(y)
        point = self._places.get(end)
        if point is None:
            raise StudyError(
                f"{what} depuis une commune inconnue de l'étude, ou sans position : « {end} »",
                where=where,
                remedy="donner le code d'une commune de l'étude, ou une longitude et une latitude",
            )
        return float(point.x), float(point.y)


def _crossings(study: Study, origins: gpd.GeoDataFrame, epsg: int) -> list[network.Crossing]:
    places, told = _Places(origins, epsg), ("traversée", "[[reseau.traversees]]")
    return [
        network.Crossing(places.of(trip.de, *told), places.of(trip.a, *told), trip.minutes)
        for trip in study.reseau.traversees
    ]


def _changes(study: Study, origins: gpd.GeoDataFrame, epsg: int) -> list[network.RoadChange]:
    """Return what happens to the roads in the month of the study."""
    places, told = _Places(origins, epsg), ("route nouvelle", "[[reseau.modifications]]")
    return [
        network.RoadChange(
            name=change.nom,
            zone=None
            if change.zone is None
            else network.read_zone(study.path(change.zone), epsg=epsg),
            road_class=change.classe,
            ends=None
            if change.de is None or change.a is None
            else (places.of(change.de, *told), places.of(change.a, *told)),
            factor=change.facteur,
            kmh=change.vitesse_kmh,
            closed=change.ferme,
            ahead=change.sens != "retour",
            back=change.sens != "aller",
        )
        for change in study.reseau.holding
    ]


def network_anomalies(roads: network.RoadNetwork) -> list[Anomaly]:
    """Return what is to be told of the roads themselves: what was left out, and islands.

    Parameters
    ----------
    roads
        Network.

    Returns
    -------
    list of Anomaly
        In that order.
    """
    report = roads.report
    anomalies: list[Anomaly] = []
    if roads.store_fault:
        anomalies.append(
            Anomaly(
                "reseau-enregistre-abime",
                Action.REPAIRED,
                "",
                f"{roads.store_fault} : il a été refait à partir des fichiers de routes",
            )
        )
    if report.km_dropped:
        anomalies.append(
            Anomaly(
                "reseau-morceaux-isoles",
                Action.LEFT_OUT,
                "",
                "routes sans aller et retour possible avec le reste : "
                f"{french.number(report.km_dropped, 1)} km, "
                f"{report.nodes_dropped} carrefours",
            )
        )
    if report.islands:
        anomalies.append(
            Anomaly(
                "reseau-iles",
                Action.NOTED,
                "",
                f"{report.islands} réseaux à part, gardés : aucune route ni traversée ne les relie "
                "au reste ([[reseau.traversees]])",
            )
        )
    if report.unknown_classes:
        anomalies.append(
            Anomaly(
                "routes-inconnues",
                Action.LEFT_OUT,
                "",
                f"routes de classe inconnue : {report.unknown_classes}",
            )
        )
    return [*anomalies, *report.anomalies]


def time_anomalies(
    times: TimeSource, access: pd.DataFrame, communes: gpd.GeoDataFrame
) -> list[Anomaly]:
    """Return what is to be told of the times: roads left out, and who has no time.

    Parameters
    ----------
    times
        Roads, or a table, which has none to tell of.
    access
        Table under :data:`msap_geo.schemas.ACCESS`.
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.

    Returns
    -------
    list of Anomaly
        In that order.
    """
    anomalies = [] if times.file else network_anomalies(times.roads)
    lost = access[access["minutes"].isna()].set_index("code_insee")["raison"]
    table = communes.set_index("code_insee").loc[lost.index, ["nom", "departement"]]
    told = table.assign(raison=lost).rename_axis("identifiant").reset_index()
    anomalies += note(
        told, "commune-sans-temps", Action.NOTED, "{raison}, comptée au-delà des seuils"
    )
    return anomalies


def coaches_without_roads(study: Study) -> Anomaly | None:
    """Return what a study with timetables and no roads must be told; None where both are given."""
    if not study.mobilite.gtfs or (
        study.reseau.sources and study.reseau.profil != network.ESTIMATED
    ):
        return None
    return Anomaly(
        NOT_WITHOUT_CAR,
        Action.NOTED,
        "",
        "sans routes, l'étude ne sait pas aller à pied jusqu'à l'arrêt : les trajets sans voiture "
        "ne sont pas mesurés ([reseau] source)",
    )
