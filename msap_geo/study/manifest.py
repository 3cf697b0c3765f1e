"""Every figure's origin: files, their hashes and vintages, parameters, versions, anomalies."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from msap_geo.anomalies import tally
from msap_geo.loaders import BORDER_KM
from msap_geo.network.store import sha256
from msap_geo.study.provenance import provenance_of
from msap_geo.territory import DEPARTEMENTS
from msap_geo.version import version_of

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.study.facts import Facts
    from msap_geo.study.file import Study

_TRACED = (
    "folium", "geopandas", "msap-geo", "numba", "numpy", "osmium", "pandas", "pandera", "pyarrow",
    "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip


def manifest(result: Facts) -> dict[str, Any]:
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
        "logiciel": {name: version_of(name) for name in _TRACED},
        "python": platform.python_version(),
        "parametres": study.model_dump(mode="json", exclude=_unsaid(study), exclude_none=True),
        "epsg": result.times.epsg,
        "profil": {"nom": result.profile.name, "titre": result.profile.title}
        if result.times.file
        else result.profile.as_dict(),
        "poids_du_score": result.ranking.weights,
        "frontiere_km": BORDER_KM,
        "departements": {code: DEPARTEMENTS[code] for code in study.departements},
        "entrees": [
            {
                "role": role,
                "fichier": path.as_posix(),
                "millesime": study.vintage(role) or None,
                "sha256": sha256(study.path(path)),
                "octets": _bytes(study.path(path)),
            }
            for role, paths in study.inputs().items()
            for path in paths
        ],
        "lignes": {
            role: {"lues": rows.read, "gardees": rows.kept} for role, rows in result.rows.items()
        },
        **_of_times(result),
        **({} if result.choice is None else {"scenario": result.choice.as_dict()}),
        "indicateurs": result.indicators,
        "origines": result.origins["origine"].value_counts().sort_index().to_dict(),
        "anomalies": {
            "bilan": tally(result.anomalies),
            "territoire": [anomaly.as_dict() for anomaly in result.anomalies],
            "ailleurs": result.elsewhere,
        },
    }


def _unsaid(study: Study) -> set[str]:
    """Return the sections that are no parameter: where it was, and a table it does not have."""
    unsaid = {"folder", "osm"}
    return unsaid if study.temps.source is not None else {*unsaid, "temps"}


def _of_times(result: Facts) -> dict[str, Any]:
    """Return what the times come from: the network, or the table."""
    table = result.times.file
    if table:
        asked = result.study.temps
        return {
            "temps": {
                "fichier": table,
                "unite": asked.unite,
                "trajet_max_minutes": asked.trajet_max_minutes,
            }
        }
    roads = result.roads
    return {
        "reseau": {
            "noeuds": roads.n_nodes,
            "liens": roads.n_links,
            "km": round(roads.report.km, 1),
            "noeuds_ecartes": roads.report.nodes_dropped,
            "km_ecartes": round(roads.report.km_dropped, 1),
            "troncons_interdits": roads.report.ways_refused,
            "iles": roads.report.islands,
            "traversees": roads.report.ferries,
            "classes_inconnues": roads.report.unknown_classes,
            "heure": result.study.reseau.heure,
        }
    }


def _bytes(path: Path) -> int:
    """Return the size of an input; of a folder (a timetable), that of its files."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir() if one.is_file())
    return path.stat().st_size
