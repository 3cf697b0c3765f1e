"""A study from its file to its folder: read, run, write."""

from __future__ import annotations

from msap_geo.study.audit import audit_study
from msap_geo.study.backtest import DEFAULT_DATE as BACKTEST_DATE
from msap_geo.study.backtest import Backtest, run_backtest
from msap_geo.study.diagnostic import Diagnosis, diagnose
from msap_geo.study.diagnostic_write import diagnosis_summary, write_diagnosis
from msap_geo.study.file import Study, read_study, sample_study
from msap_geo.study.implantation import Asked, Implantation, optimise
from msap_geo.study.plan_json import implantation_json
from msap_geo.study.prepare import Prepared, prepare_study
from msap_geo.study.provenance import provenance_of
from msap_geo.study.rating import Rating, rate
from msap_geo.study.run import StudyResult, run_study
from msap_geo.study.write import manifest, map_content, write_study

__all__ = [
    "BACKTEST_DATE",
    "Asked",
    "Backtest",
    "Diagnosis",
    "Implantation",
    "Prepared",
    "Rating",
    "Study",
    "StudyResult",
    "audit_study",
    "diagnose",
    "diagnosis_summary",
    "implantation_json",
    "manifest",
    "map_content",
    "optimise",
    "prepare_study",
    "provenance_of",
    "rate",
    "read_study",
    "run_backtest",
    "run_study",
    "sample_study",
    "write_diagnosis",
    "write_study",
]
