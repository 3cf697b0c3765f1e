"""From the figures to the folder: tables, map, manifest."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from msap_geo import outputs, schemas, siting
from msap_geo.anomalies import tally
from msap_geo.loaders import BORDER_KM
from msap_geo.network.store import sha256
from msap_geo.outputs import french
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.study.run import StudyResult

_TRACED = (
    "folium", "geopandas", "msap-geo", "numba", "numpy", "osmium", "pandas", "pandera", "pyarrow",
    "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip


def write_study(result: StudyResult, folder: Path) -> None:
    """Write every file of a study: all of them, or none.

    Parameters
    ----------
    result
        What :func:`run_study` found.
    folder
        Folder to write in, made if needed.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    content = map_content(result)
    with outputs.complete_folder(folder) as draft:
        outputs.write_json(result.summary(), draft / "resume.json")
        outputs.write_json(manifest(result), draft / "manifest.json")
        outputs.write_csv(
            result.access.assign(origine=result.origins["origine"]),
            draft / "acces.csv",
            columns=[*schemas.ACCESS.columns, "origine"],
        )
        outputs.write_csv(
            result.candidates,
            draft / "candidats.csv",
            columns=[name for name in schemas.CANDIDATES.columns if name != "geometry"],
        )
        outputs.write_geojson(
            result.zones,
            draft / "zones_blanches.geojson",
            columns=[name for name in schemas.ZONES.columns if name != "geometry"],
        )
        outputs.write_geopackage(_layers(result), draft / "etude.gpkg")
        outputs.write_map(outputs.map(content), draft / "carte.html", title=content.title)


def _layers(result: StudyResult) -> dict[str, gpd.GeoDataFrame]:
    measured = result.access.drop(columns=["nom", "population"]).assign(
        origine=result.origins["origine"]
    )
    return {
        "communes": result.communes.merge(measured, on="code_insee"),
        "points_de_depart": result.origins,
        "zones_blanches": result.zones,
        "maisons": result.maisons,
        "maisons_itinerantes": result.itinerants,
        "la_poste": result.la_poste,
        "candidats": result.candidates,
    }


def map_content(result: StudyResult) -> outputs.MapContent:
    """Gather what the map of a study shows."""
    study = result.study
    return outputs.MapContent(
        title=study.etude.nom,
        method=_method(result),
        thresholds=study.thresholds,
        communes=result.communes,
        origins=result.origins,
        access=result.access,
        shares=result.shares,
        zones=result.zones,
        maisons=result.maisons[~result.neighbours],
        neighbours=result.maisons[result.neighbours],
        itinerants=result.itinerants,
        la_poste=result.la_poste,
        candidates=result.candidates,
        vintages=_vintages(result),
        sources=_sources(result),
        limits=_limits(result),
        score=_score_in_words(),
        attributions=_attributions(result),
        road_credit=result.roads.attribution,
        estimated=result.estimated,
        demonstration=study.etude.demonstration,
    )


def _method(result: StudyResult) -> str:
    return (
        "Temps de trajet de la mairie de chaque commune à la Maison la plus proche, "
        f"{result.profile.title}. Une commune est en zone blanche si ce temps dépasse "
        f"{result.study.threshold:g} minutes ; celles qui se touchent forment une seule zone."
    )


ROLES = {
    "communes": "Contours des communes",
    "population": "Population",
    "cog": "Code officiel géographique",
    "mouvements": "Mouvements des communes",
    "indicateurs": "Indicateurs",
    "appartenance": "Appartenance des communes",
    "carreaux": "Population carroyée",
    "mairies": "Mairies",
    "maisons": "Maisons",
    "la_poste": "Points La Poste",
    "la_poste_horaires": "Horaires de La Poste",
    "reseau": "Réseau routier",
    "maisons_avant": "Maisons, liste précédente",
    "operateurs": "Guichets des opérateurs",
}
"""What each input of a study is, in words."""


def _sources(result: StudyResult) -> list[str]:
    study = result.study
    return [
        f"{ROLES[role]} : {', '.join(path.name for path in paths)}"
        f" ({study.vintage(role) or 'millésime non indiqué'})"
        for role, paths in study.inputs().items()
    ]


def _vintages(result: StudyResult) -> str:
    """Return the vintages that matter most, on one line."""
    study = result.study
    told = [
        f"{ROLES[role][0].lower()}{ROLES[role][1:]} {study.vintage(role)}"
        for role in ("maisons", "la_poste", "population", "reseau")
        if role in study.inputs() and study.vintage(role)
    ]
    return f"Données : {', '.join(told)}." if told else ""


def _limits(result: StudyResult) -> list[str]:
    limits = [
        "Une commune entière a le temps de sa mairie : ses hameaux peuvent être plus loin.",
        "Les jours et heures d’ouverture ne sont pas pris en compte.",
    ]
    if result.estimated:
        limits.insert(
            0,
            "Temps estimés sans routes réelles, de mairie à mairie (sinuosité "
            f"{french.number(result.profile.parameters['sinuosite'], 1)}) : un ordre de grandeur, "
            "à ne pas utiliser pour décider.",
        )
    if result.study.etude.demonstration:
        limits.insert(0, "Maisons et bureaux de poste inventés pour la démonstration.")
    substitutes = int((result.origins["origine"] != "mairie").sum())
    if substitutes:
        limits.append(
            f"{french.counted(substitutes, 'commune')} sans mairie bien placée : départ d’un point "
            "de leur surface."
        )
    if result.anomalies:
        told = french.anomalies(tally(result.anomalies))
        limits.append(f"Anomalies des données (détail dans manifest.json) : {told}.")
    return limits


def _score_in_words() -> str:
    names = {
        "population_gagnee": "habitants gagnés",
        "minutes_economisees": "minutes économisées",
        "minutes_maison": "éloignement actuel",
    }
    return ", ".join(
        f"{100 * weight:.0f}\u202f% {names[key]}" for key, weight in siting.WEIGHTS.items()
    )


def _attributions(result: StudyResult) -> list[str]:
    lines = [
        "IGN, INSEE, DILA, ANCT, La Poste : données publiques, Licence Ouverte selon le fichier",
        result.roads.attribution,
        f"Calcul et carte : msap_geo {version('msap-geo')}",
    ]
    return [line for line in lines if line]


def manifest(result: StudyResult) -> dict[str, Any]:
    """Return what ``manifest.json`` holds: every figure's origin."""
    study = result.study
    return {
        "logiciel": {name: version(name) for name in _TRACED},
        "python": platform.python_version(),
        "parametres": study.model_dump(mode="json", exclude={"folder"}, exclude_none=True),
        "epsg": result.roads.epsg,
        "profil": result.profile.as_dict(),
        "poids_du_score": siting.WEIGHTS,
        "frontiere_km": BORDER_KM,
        "departements": {code: DEPARTEMENTS[code] for code in study.departements},
        "entrees": [
            {
                "role": role,
                "fichier": path.as_posix(),
                "millesime": study.vintage(role) or None,
                "sha256": sha256(study.path(path)),
                "octets": study.path(path).stat().st_size,
            }
            for role, paths in study.inputs().items()
            for path in paths
        ],
        "lignes": {
            role: {"lues": rows.read, "gardees": rows.kept} for role, rows in result.rows.items()
        },
        "reseau": {
            "noeuds": result.roads.n_nodes,
            "liens": result.roads.n_links,
            "km": round(result.roads.report.km, 1),
            "noeuds_ecartes": result.roads.report.nodes_dropped,
            "km_ecartes": round(result.roads.report.km_dropped, 1),
            "troncons_interdits": result.roads.report.ways_refused,
            "iles": result.roads.report.islands,
            "traversees": result.roads.report.ferries,
            "classes_inconnues": result.roads.report.unknown_classes,
            "heure": study.reseau.heure,
        },
        "indicateurs": result.indicators,
        "origines": result.origins["origine"].value_counts().sort_index().to_dict(),
        "anomalies": {
            "bilan": tally(result.anomalies),
            "territoire": [anomaly.as_dict() for anomaly in result.anomalies],
            "ailleurs": result.elsewhere,
        },
    }
