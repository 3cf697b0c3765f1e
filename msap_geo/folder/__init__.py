"""Every file of a study's folder: tables, layers, map, manifest; all of them, or none."""

from __future__ import annotations

from msap_geo.folder.adaptation import adaptation_tables, basket_tables, longer_tables
from msap_geo.folder.comparison import comparison_summary, write_comparison
from msap_geo.folder.concertation import (
    concertation_summary,
    concertation_tables,
    read_register,
    write_concertation,
)
from msap_geo.folder.diagnosis import diagnosis_summary, write_diagnosis
from msap_geo.folder.everything import (
    PLAN_SITES,
    Everything,
    everything_of,
    run_everything,
    write_everything,
)
from msap_geo.folder.made import Extras, Made, make_study
from msap_geo.folder.rounds import publish_rounds, week_of
from msap_geo.folder.study import write_study
from msap_geo.folder.tables import (
    diagnosis_layers,
    diagnosis_tables,
    plan_layers,
    plan_tables,
    rating_tables,
    robust_tables,
    rounds_tables,
    scenario_tables,
    services_tables,
    study_layers,
    study_tables,
)

__all__ = [
    "PLAN_SITES",
    "Everything",
    "Extras",
    "Made",
    "adaptation_tables",
    "basket_tables",
    "comparison_summary",
    "concertation_summary",
    "concertation_tables",
    "diagnosis_layers",
    "diagnosis_summary",
    "diagnosis_tables",
    "everything_of",
    "longer_tables",
    "make_study",
    "plan_layers",
    "plan_tables",
    "publish_rounds",
    "rating_tables",
    "read_register",
    "robust_tables",
    "rounds_tables",
    "run_everything",
    "scenario_tables",
    "services_tables",
    "study_layers",
    "study_tables",
    "week_of",
    "write_comparison",
    "write_concertation",
    "write_diagnosis",
    "write_everything",
    "write_study",
]
