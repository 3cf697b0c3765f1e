"""From the figures to the folder: tables, map, manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo import outputs, schemas
from msap_geo.folder.seals import write_manifest
from msap_geo.folder.tables import study_layers
from msap_geo.study.manifest import manifest
from msap_geo.study.provenance import provenance_of
from msap_geo.study.times.exported import write_times
from msap_geo.study.times.profiles import profiles_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from msap_geo.answers.decided.asked import Decisions
    from msap_geo.answers.diagnosis import Diagnosis
    from msap_geo.study.result import StudyResult


_GEOPACKAGE = "etude.gpkg"


def write_study(
    result: StudyResult,
    folder: Path | str,
    *,
    diagnosis: Diagnosis | None = None,
    geoparquet: bool = False,
    times: str = "",
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
    times
        Form of the table of times to write too (:data:`msap_geo.study.times.exported.FORMS`).

    Raises
    ------
    OutputError
        If the folder cannot be written.
    StudyError
        If there is no table of times to write.
    """
    with outputs.complete_folder(Path(folder)) as draft:
        outputs.write_json(result.summary(), draft / "resume.json")
        write_tables(result, draft, diagnosis=diagnosis)
        layers = study_layers(result)
        write_layers(result, layers, draft)
        if geoparquet:
            outputs.write_geoparquet(layers, draft, provenance=provenance_of(result))
        if times:
            write_times(result, draft, times)
        write_manifest(manifest(result), draft)


def write_tables(
    result: StudyResult,
    draft: Path,
    *,
    diagnosis: Diagnosis | None = None,
    decisions: Decisions | None = None,
) -> None:
    """Write what a study's folder holds besides its summary, its manifest and its layers.

    Parameters
    ----------
    result
        The study, run.
    draft
        Folder to write in, which exists.
    diagnosis
        Its diagnosis, for the map to show it too.
    decisions
        What it asks to be decided, for the map to show it too.
    """
    content = (result if diagnosis is None else diagnosis).map_content()
    if decisions is not None:
        content = replace(content, proposals=decisions.proposals())
    outputs.write_csv(
        result.access.assign(origine=result.origins["origine"]),
        draft / "acces.csv",
        columns=[
            *schemas.ACCESS.columns,
            *(
                f"{name}_{threshold:g}"
                for threshold in result.study.thresholds
                for name in ("part", "risque", "incertain")
            ),
            "origine",
        ],
    )
    outputs.write_csv(
        result.candidates,
        draft / "candidats.csv",
        columns=[name for name in schemas.CANDIDATES.columns if name != "geometry"],
    )
    if result.profiles:
        table = profiles_table(result.profiles, thresholds=result.study.thresholds)
        outputs.write_csv(table, draft / "profils.csv", columns=list(table.columns))
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
