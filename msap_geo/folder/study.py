"""From the figures to the folder: tables, map, manifest."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo import outputs, schemas, siting
from msap_geo.anomalies import tally
from msap_geo.folder.tables import study_layers
from msap_geo.loaders import BORDER_KM
from msap_geo.network.store import sha256
from msap_geo.study.provenance import provenance_of
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from msap_geo.answers.diagnosis import Diagnosis
    from msap_geo.study.result import StudyResult

_TRACED = (
    "folium", "geopandas", "msap-geo", "numba", "numpy", "osmium", "pandas", "pandera", "pyarrow",
    "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip


_GEOPACKAGE = "etude.gpkg"


def write_study(
    result: StudyResult,
    folder: Path | str,
    *,
    diagnosis: Diagnosis | None = None,
    geoparquet: bool = False,
) -> None:
    """Write every file of a study: all of them, or none.

    Parameters
    ----------
    result
        What :func:`run_study` found.
    folder
        Folder to write in, made if needed.
    diagnosis
        What :func:`diagnose` found, for the map to show it too.
    geoparquet
        Whether to write each layer as GeoParquet too.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    with outputs.complete_folder(Path(folder)) as draft:
        outputs.write_json(result.summary(), draft / "resume.json")
        outputs.write_json(manifest(result), draft / "manifest.json")
        write_tables(result, draft, diagnosis=diagnosis)
        layers = study_layers(result)
        write_layers(result, layers, draft)
        if geoparquet:
            outputs.write_geoparquet(layers, draft, provenance=provenance_of(result))


def write_tables(result: StudyResult, draft: Path, *, diagnosis: Diagnosis | None = None) -> None:
    """Write what a study's folder holds besides its summary, its manifest and its layers.

    Parameters
    ----------
    result
        The study, run.
    draft
        Folder to write in, which exists.
    diagnosis
        Its diagnosis, for the map to show it too.
    """
    content = (result if diagnosis is None else diagnosis).map_content()
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
    outputs.write_map(outputs.map(content), draft / "carte.html", title=content.title)


def write_layers(result: StudyResult, layers: Mapping[str, gpd.GeoDataFrame], draft: Path) -> None:
    """Write layers as ``etude.gpkg``, and the QGIS project that opens them, ``etude.qgz``.

    Parameters
    ----------
    result
        The study, run.
    layers
        Layers by their name in the dictionary.
    draft
        Folder to write in, which exists.
    """
    told, thresholds = provenance_of(result), result.study.thresholds
    outputs.write_geopackage(layers, draft / _GEOPACKAGE, provenance=told, thresholds=thresholds)
    outputs.write_project(
        layers,
        draft / "etude.qgz",
        geopackage=_GEOPACKAGE,
        provenance=told,
        thresholds=thresholds,
    )


def manifest(result: StudyResult) -> dict[str, Any]:
    """Return what ``manifest.json`` holds: every figure's origin."""
    study, told = result.study, provenance_of(result)
    return {
        "citation": {
            "territoire": told.territory,
            "date": told.date,
            "moment": told.moment.date().isoformat(),
            "methode": told.method,
            "limites": list(told.limits),
            "attributions": list(told.attributions),
            "credit_routes": told.road_credit,
        },
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
        **({} if result.choice is None else {"scenario": result.choice.as_dict()}),
        "indicateurs": result.indicators,
        "origines": result.origins["origine"].value_counts().sort_index().to_dict(),
        "anomalies": {
            "bilan": tally(result.anomalies),
            "territoire": [anomaly.as_dict() for anomaly in result.anomalies],
            "ailleurs": result.elsewhere,
        },
    }
