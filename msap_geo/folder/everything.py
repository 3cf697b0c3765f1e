"""Everything a study can tell, in one folder: figures, plan, workbook, layers, map, report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msap_geo import outputs
from msap_geo.answers.ahead.robust import robust_json
from msap_geo.answers.basket_json import basket_json
from msap_geo.answers.decided.adaptation_json import adaptation_json
from msap_geo.answers.decided.asked import Decisions, decisions_of
from msap_geo.answers.decided.longer_json import longer_json
from msap_geo.answers.diagnosis import diagnose
from msap_geo.answers.plan import optimise
from msap_geo.answers.plan_json import implantation_json
from msap_geo.answers.problem import Asked
from msap_geo.answers.rating import rate
from msap_geo.answers.rounds_json import rounds_json
from msap_geo.documents.parts import ReportParts
from msap_geo.documents.report import NAME as REPORT_NAME
from msap_geo.documents.report import report_document
from msap_geo.folder.adaptation import adaptation_tables, basket_tables, longer_tables
from msap_geo.folder.diagnosis import (
    diagnosis_manifest,
    diagnosis_summary,
    write_diagnosis_tables,
)
from msap_geo.folder.seals import write_manifest
from msap_geo.folder.study import write_layers, write_tables
from msap_geo.folder.tables import (
    diagnosis_layers,
    diagnosis_tables,
    plan_layers,
    plan_tables,
    rating_tables,
    robust_tables,
    rounds_tables,
    study_layers,
    study_tables,
)
from msap_geo.outputs.report import write_document
from msap_geo.study.provenance import provenance_of
from msap_geo.study.run import run_study
from msap_geo.study.scenario import scenario
from msap_geo.study.times.exported import write_times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from msap_geo.answers.diagnosis import Diagnosis
    from msap_geo.answers.plan import Implantation
    from msap_geo.answers.rating import Rating
    from msap_geo.study.choice import Choice
    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult

PLAN_SITES = 3
"""Sites of the plan shown; ``optimiser`` answers for any other number, budget or share."""


@dataclass(frozen=True, eq=False)
class Everything:
    """A study, its diagnosis, its rated candidates and a plan.

    Parameters
    ----------
    result
        The study.
    diagnosis
        Every coverage indicator.
    rating
        Candidates under every criterion.
    found
        Best plan of :data:`PLAN_SITES` sites, with its frontier; None without candidates.
    decisions
        What the study asks to be decided: offices to transform, hours to add, rounds, a basket.
    """

    result: StudyResult
    diagnosis: Diagnosis
    rating: Rating
    found: Implantation | None
    decisions: Decisions = field(default_factory=Decisions)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table, by its name in the dictionary; rated candidates stand for scored."""
        tables = study_tables(self.result)
        del tables["candidats"]
        tables |= rating_tables(self.rating)
        if self.found is not None:
            tables |= plan_tables(self.found)
        if self.decisions.adapted is not None:
            tables |= adaptation_tables(self.decisions.adapted)
        if self.decisions.longer is not None:
            tables |= longer_tables(self.decisions.longer)
        if self.decisions.designed is not None:
            tables |= rounds_tables(self.decisions.designed)
        if self.decisions.basket is not None:
            tables |= basket_tables(self.decisions.basket)
        if self.decisions.robust is not None:
            tables |= robust_tables(self.decisions.robust)
        return tables | diagnosis_tables(self.diagnosis)

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Return every layer, by its name in the dictionary."""
        layers = study_layers(self.result)
        if self.found is not None:
            layers |= plan_layers(self.found)
        return layers | diagnosis_layers(self.diagnosis)


def run_everything(
    study: Study,
    *,
    choice: Choice | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Everything:
    """Run a study, its diagnosis, the rating of its candidates and a plan.

    Parameters
    ----------
    study
        Checked study file.
    choice
        Openings and closings supposed: everything is then said of that scenario.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Everything
        All that was found.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable, or no plan respects the rules of the study.
    """
    result = run_study(study, progress=progress)
    if choice is not None:
        result = scenario(result, choice, progress=progress)
    return everything_of(result, progress=progress)


def everything_of(
    result: StudyResult, *, progress: Callable[[str], None] = lambda _: None
) -> Everything:
    """Ask of a result all there is to tell.

    Parameters
    ----------
    result
        A study, run.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Everything
        All that was found.

    Raises
    ------
    MsapGeoError
        If a file of ``[diagnostic]`` is unusable, or no plan respects the rules of the study.
    """
    diagnosis = diagnose(result, progress=progress)
    rating = rate(result, progress=progress)
    found = None
    if len(result.candidates):
        asked = Asked(number=min(PLAN_SITES, len(result.candidates)), frontier=True)
        found = optimise(result, asked, progress=progress)
    return Everything(result, diagnosis, rating, found, decisions_of(result, progress=progress))


def write_everything(
    everything: Everything,
    folder: Path,
    *,
    geoparquet: bool = False,
    times: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Write every file of a study: all of them, or none.

    Parameters
    ----------
    everything
        What :func:`run_everything` found.
    folder
        Folder to write in, made if needed.
    geoparquet
        Whether to write each layer as GeoParquet too.
    times
        Form of the table of times to write too (:data:`msap_geo.study.times.exported.FORMS`).
    progress
        Called with a French sentence at each step.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    StudyError
        If there is no table of times to write.
    """
    result, layers = everything.result, everything.layers()
    told = provenance_of(result)
    with outputs.complete_folder(folder) as draft:
        progress("Tables et carte")
        outputs.write_json(diagnosis_summary(everything.diagnosis), draft / "resume.json")
        write_tables(result, draft, diagnosis=everything.diagnosis, decisions=everything.decisions)
        write_diagnosis_tables(everything.diagnosis, draft)
        rated = everything.rating.table
        outputs.write_csv(rated, draft / "bureaux.csv", columns=list(rated.columns))
        if everything.found is not None:
            outputs.write_json(implantation_json(everything.found), draft / "plan.json")
        if everything.decisions.adapted is not None:
            found = adaptation_json(everything.decisions.adapted)
            outputs.write_json(found, draft / "adaptation.json")
        if everything.decisions.longer is not None:
            outputs.write_json(longer_json(everything.decisions.longer), draft / "horaires.json")
        if everything.decisions.designed is not None:
            designed = rounds_json(everything.decisions.designed)
            outputs.write_json(designed, draft / "tournees.json")
        if everything.decisions.basket is not None:
            outputs.write_json(basket_json(everything.decisions.basket), draft / "panier.json")
        if everything.decisions.robust is not None:
            outputs.write_json(robust_json(everything.decisions.robust), draft / "horizons.json")
        progress("Couches et projet QGIS")
        write_layers(result, layers, draft)
        if geoparquet:
            outputs.write_geoparquet(layers, draft, provenance=told)
        if times:
            write_times(result, draft, times)
        parts = ReportParts(
            result,
            everything.diagnosis,
            everything.rating,
            everything.found,
            told,
            everything.decisions,
        )
        document = report_document(parts)
        progress("Classeur")
        outputs.write_workbook(
            everything.tables(), draft / "etude.xlsx", provenance=told, synthesis=document
        )
        progress("Rapport")
        write_document(document, draft, name=REPORT_NAME)
        write_manifest(diagnosis_manifest(everything.diagnosis), draft)
