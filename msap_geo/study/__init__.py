"""A study from its file to its folder: read, run, write."""

from __future__ import annotations

from msap_geo.study.file import Study, read_study, sample_study
from msap_geo.study.prepare import Prepared, prepare_study
from msap_geo.study.run import StudyResult, run_study
from msap_geo.study.write import manifest, map_content, write_study

__all__ = [
    "Prepared",
    "Study",
    "StudyResult",
    "manifest",
    "map_content",
    "prepare_study",
    "read_study",
    "run_study",
    "sample_study",
    "write_study",
]
