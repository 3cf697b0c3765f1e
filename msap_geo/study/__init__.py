"""A study from its file to its folder: read, run, write."""

from __future__ import annotations

from msap_geo.study.audit import audit_study
from msap_geo.study.backtest import DEFAULT_DATE as BACKTEST_DATE
from msap_geo.study.backtest import Backtest, run_backtest
from msap_geo.study.choice import Choice, read_choice
from msap_geo.study.compare import Comparison, compare_studies
from msap_geo.study.compare_read import StudyFolder, read_folder
from msap_geo.study.compare_report import comparison_document
from msap_geo.study.compare_words import comparison_told
from msap_geo.study.compare_write import comparison_summary, write_comparison
from msap_geo.study.diagnostic import Diagnosis, diagnose
from msap_geo.study.diagnostic_write import diagnosis_summary, write_diagnosis
from msap_geo.study.everything import PLAN_SITES, Everything, run_everything, write_everything
from msap_geo.study.file import Study, read_study, sample_study, slug
from msap_geo.study.implantation import Asked, Implantation, optimise
from msap_geo.study.plan_json import implantation_json
from msap_geo.study.prepare import Prepared, prepare_study
from msap_geo.study.provenance import provenance_of
from msap_geo.study.rating import Rating, rate
from msap_geo.study.report import report_document, write_report
from msap_geo.study.report_parts import ReportParts, report_parts
from msap_geo.study.run import StudyResult, run_study
from msap_geo.study.scenario import choose, scenario, scenario_study
from msap_geo.study.simulation import simulation_of
from msap_geo.study.tables import (
    diagnosis_layers,
    diagnosis_tables,
    plan_layers,
    plan_tables,
    rating_tables,
    study_layers,
    study_tables,
)
from msap_geo.study.write import manifest, map_content, write_study

__all__ = [
    "BACKTEST_DATE",
    "PLAN_SITES",
    "Asked",
    "Backtest",
    "Choice",
    "Comparison",
    "Diagnosis",
    "Everything",
    "Implantation",
    "Prepared",
    "Rating",
    "ReportParts",
    "Study",
    "StudyFolder",
    "StudyResult",
    "audit_study",
    "choose",
    "compare_studies",
    "comparison_document",
    "comparison_summary",
    "comparison_told",
    "diagnose",
    "diagnosis_layers",
    "diagnosis_summary",
    "diagnosis_tables",
    "implantation_json",
    "manifest",
    "map_content",
    "optimise",
    "plan_layers",
    "plan_tables",
    "prepare_study",
    "provenance_of",
    "rate",
    "rating_tables",
    "read_choice",
    "read_folder",
    "read_study",
    "report_document",
    "report_parts",
    "run_backtest",
    "run_everything",
    "run_study",
    "sample_study",
    "scenario",
    "scenario_study",
    "simulation_of",
    "slug",
    "study_layers",
    "study_tables",
    "write_comparison",
    "write_diagnosis",
    "write_everything",
    "write_report",
    "write_study",
]
