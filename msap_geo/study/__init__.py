"""A study from its file to its folder: read, run, write."""

from __future__ import annotations

from msap_geo.study.diagnostic import Diagnosis, diagnose
from msap_geo.study.diagnostic_write import diagnosis_summary, write_diagnosis
from msap_geo.study.file import Study, read_study, sample_study
from msap_geo.study.prepare import Prepared, prepare_study
from msap_geo.study.run import StudyResult, run_study
from msap_geo.study.write import manifest, map_content, write_study

__all__ = [
    "Diagnosis",
    "Prepared",
    "Study",
    "StudyResult",
    "diagnose",
    "diagnosis_summary",
    "manifest",
    "map_content",
    "prepare_study",
    "read_study",
    "run_study",
    "sample_study",
    "write_diagnosis",
    "write_study",
]
