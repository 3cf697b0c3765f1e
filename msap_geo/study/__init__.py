"""A study from its file to its result: read, checked, run, tried under other choices."""

from __future__ import annotations

from msap_geo.study.audit import audit_study
from msap_geo.study.choice import Choice, read_choice
from msap_geo.study.file import Study, read_study, sample_study, slug
from msap_geo.study.manifest import manifest
from msap_geo.study.prepare import Prepared, prepare_study
from msap_geo.study.provenance import provenance_of
from msap_geo.study.result import StudyResult
from msap_geo.study.run import run_study
from msap_geo.study.scenario import choose, scenario, scenario_study
from msap_geo.study.what_if import simulation_of

__all__ = [
    "Choice",
    "Prepared",
    "Study",
    "StudyResult",
    "audit_study",
    "choose",
    "manifest",
    "prepare_study",
    "provenance_of",
    "read_choice",
    "read_study",
    "run_study",
    "sample_study",
    "scenario",
    "scenario_study",
    "simulation_of",
    "slug",
]
