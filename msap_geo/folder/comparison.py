"""From a comparison to its folder: figures, tables, layers, map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import coverage, outputs
from msap_geo.comparison.content import comparison_content
from msap_geo.comparison.inputs import KINDS
from msap_geo.comparison.origin import comparison_origin
from msap_geo.documents.comparison import REPORT_NAME, comparison_document
from msap_geo.folder.diagnosis import records
from msap_geo.outputs import report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.comparison.compare import Comparison
    from msap_geo.comparison.side import Side
    from msap_geo.outputs.report import Look

_DIFFERENCES, _PREFIX = "comparaison_differences", "comparaison_"
_MOST = 10
_PLAIN = report.Look()


def write_comparison(
    comparison: Comparison, folder: Path, *, formats: Sequence[str] = (), look: Look = _PLAIN
) -> None:
    """Write every file of a comparison: all of them, or none.

    Parameters
    ----------
    comparison
        What :func:`msap_geo.comparison.compare_studies` found.
    folder
        Folder to write in, made if needed.
    formats
        Forms of its document (:func:`comparison_document`), some of ``"pdf"``, ``"docx"``,
        ``"html"``; none by default.
    look
        What the user changed in how the document looks.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    from msap_geo.outputs.page.comparison_map import build_compare_map  # noqa: PLC0415 - folium is slow

    content, origin = comparison_content(comparison), comparison_origin(comparison)
    tables = comparison_tables(comparison)
    with outputs.complete_folder(folder) as draft:
        outputs.write_json(comparison_summary(comparison), draft / "comparaison.json")
        for name, table in tables.items():
            if name != _DIFFERENCES:
                outputs.write_csv(table, draft / f"{name}.csv", columns=list(table.columns))
        outputs.write_workbook(tables, draft / "comparaison.xlsx", provenance=origin)
        outputs.write_geopackage(
            comparison_layers(comparison),
            draft / "comparaison.gpkg",
            provenance=origin,
            thresholds=comparison.thresholds,
            prefix=_PREFIX,
        )
        outputs.write_map(
            build_compare_map(content), draft / "comparaison.html", title=content.title
        )
        if formats:
            document = comparison_document(comparison)
            for form in formats:
                page = report.render(document, form, look=look)
                (draft / f"{REPORT_NAME}.{form}").write_bytes(page)


def comparison_tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return the tables of a comparison, by name (``outputs.dictionary``)."""
    differences = [
        {
            "quoi": difference.what,
            "avant": difference.before,
            "apres": difference.after,
            "porte_sur": KINDS[difference.kind],
        }
        for difference in comparison.differences
    ]
    return {
        _DIFFERENCES: pd.DataFrame(differences, columns=["quoi", "avant", "apres", "porte_sur"]),
        "comparaison_territoires": comparison.territories,
        "comparaison_publics": comparison.groups,
        "comparaison_paliers": comparison.transitions,
        **({} if comparison.cover.empty else {"comparaison_couverture": comparison.cover}),
        "comparaison_communes": pd.DataFrame(comparison.communes.drop(columns="geometry")),
        "comparaison_zones": comparison.zones,
        "comparaison_maisons": pd.DataFrame(comparison.maisons.drop(columns="geometry")),
        "comparaison_candidats": comparison.candidates,
        "comparaison_sans_correspondance": comparison.leftovers,
    }


def comparison_layers(comparison: Comparison) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a comparison, by name (``outputs.dictionary``)."""
    return {
        "comparaison_communes": comparison.communes,
        "comparaison_zones_avant": comparison.zones_before,
        "comparaison_zones_apres": comparison.zones_after,
        "comparaison_maisons": comparison.maisons,
    }


def comparison_summary(comparison: Comparison) -> dict[str, Any]:
    """Return the figures of ``comparaison.json``."""
    whole = comparison.territories[comparison.territories["territoire"] == "ensemble"]
    parts = comparison.territories.drop(whole.index)
    return {
        "avant": _side(comparison.before, comparison.labels[0]),
        "apres": _side(comparison.after, comparison.labels[1]),
        "porte_sur": [KINDS[kind] for kind in comparison.kinds],
        "differences": [difference.as_dict() for difference in comparison.differences],
        "avertissements": list(comparison.warnings),
        "bruit_minutes": coverage.NOISE_MINUTES,
        "seuils": {f"{row['seuil']:g}": _figures(row) for row in records(whole)},
        "departements": [
            {"departement": row["territoire"], "seuil": row["seuil"], **_figures(row)}
            for row in records(parts)
        ],
        "publics": [
            {"groupe": row["groupe"], "seuil": row["seuil"], **_figures(row)}
            for row in records(comparison.groups)
        ],
        "paliers": records(comparison.transitions),
        **({} if comparison.cover.empty else {"couverture": records(comparison.cover)}),
        "zones_blanches": {
            "seuil": comparison.threshold,
            "avant": len(comparison.zones_before),
            "apres": len(comparison.zones_after),
            "evolution": _counts(comparison.zones["evolution"]),
        },
        "maisons": {
            "avant": len(comparison.before.maisons),
            "apres": len(comparison.after.maisons),
            "evolution": _counts(comparison.maisons["evolution"]),
        },
        "communes": {
            "sens": _counts(comparison.communes["sens"][comparison.communes["sens"] != ""]),
            "plus_grands_gains": records(comparison.largest(coverage.GAINED, most=_MOST)),
            "pertes": records(comparison.largest(coverage.LOST, most=_MOST)),
        },
        "sans_correspondance": records(comparison.leftovers),
    }


def _side(side: Side, label: str) -> dict[str, Any]:
    return {
        "etude": side.name,
        "nom": label,
        "population": int(side.access["population"].sum()),
        "communes": len(side.access),
        "maisons": len(side.maisons),
        "temps_estimes": side.estimated,
        "demonstration": side.demonstration,
        "msap_geo": side.manifest.get("logiciel", {}).get("msap-geo"),
    }


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in row.items() if name not in {"territoire", "groupe", "seuil"}
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(n) for name, n in values.value_counts().sort_index().items()}
