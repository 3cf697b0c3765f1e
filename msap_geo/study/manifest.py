"""Every figure's origin: files, their hashes and vintages, parameters, versions, anomalies."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from msap_geo.anomalies import tally
from msap_geo.loaders import BORDER_KM
from msap_geo.network.store import sha256
from msap_geo.study.provenance import provenance_of
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.study.facts import Facts

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
        "logiciel": {name: version(name) for name in _TRACED},
        "python": platform.python_version(),
        "parametres": study.model_dump(mode="json", exclude={"folder", "osm"}, exclude_none=True),
        "epsg": result.roads.epsg,
        "profil": result.profile.as_dict(),
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


def _bytes(path: Path) -> int:
    """Return the size of an input; of a folder (a timetable), that of its files."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir() if one.is_file())
    return path.stat().st_size
