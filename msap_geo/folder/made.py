"""From a study file to its folder in one call: what ``lancer`` and a campaign both do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msap_geo.answers.diagnosis import diagnose
from msap_geo.folder.diagnosis import diagnosis_summary
from msap_geo.folder.everything import run_everything, write_everything
from msap_geo.folder.study import write_study
from msap_geo.study.run import run_study
from msap_geo.study.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from msap_geo.study.choice import Choice
    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult


class Extras(NamedTuple):
    """What a study's folder must hold besides its tables, its map and its manifest.

    Parameters
    ----------
    everything
        The diagnosis, the rated offices, a plan, the workbook and the report.
    geoparquet
        Each layer as GeoParquet.
    times
        Form of the table of times (:data:`msap_geo.study.times.exported.FORMS`); none if empty.
    """

    everything: bool = False
    geoparquet: bool = False
    times: str = ""


class Made(NamedTuple):
    """A study, run and written; ``summary`` is what its ``resume.json`` holds."""

    result: StudyResult
    summary: Mapping[str, Any]


_PLAIN = Extras()


def make_study(
    study: Study,
    folder: Path,
    *,
    extras: Extras = _PLAIN,
    choice: Choice | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Run a study and write its folder: every file of it, or none.

    Parameters
    ----------
    study
        Checked study file.
    folder
        Folder to write in, made if needed.
    extras
        What to write besides.
    choice
        Openings and closings supposed: everything is then said of that scenario.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Made
        What was found.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable, the roads do not cover the territory, no plan respects the
        rules of the study, or the folder cannot be written.
    """
    if extras.everything:
        found = run_everything(study, choice=choice, progress=progress)
        write_everything(
            found,
            folder,
            geoparquet=extras.geoparquet,
            times=extras.times,
            progress=progress,
        )
        return Made(found.result, diagnosis_summary(found.diagnosis))
    result = run_study(study, progress=progress)
    if choice is not None:
        result = scenario(result, choice, progress=progress)
    diagnosis = diagnose(result, progress=progress)
    progress("Écriture des résultats")
    write_study(
        result, folder, diagnosis=diagnosis, geoparquet=extras.geoparquet, times=extras.times
    )
    return Made(result, result.summary())
