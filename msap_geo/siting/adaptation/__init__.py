"""What a network that must shrink may lose with least harm, and which changes break a rule."""

from __future__ import annotations

from msap_geo.siting.adaptation.accords import Accord, check_points, read_accords
from msap_geo.siting.adaptation.choice import Adaptation, adapt, near_equal
from msap_geo.siting.adaptation.fragility import Fragility, worst_two
from msap_geo.siting.adaptation.network import BUREAU, CONTACT, Change, Guarantee, Network
from msap_geo.siting.adaptation.question import Number, Question
from msap_geo.siting.adaptation.ruptures import Rupture, ruptures

__all__ = [
    "BUREAU",
    "CONTACT",
    "Accord",
    "Adaptation",
    "Change",
    "Fragility",
    "Guarantee",
    "Network",
    "Number",
    "Question",
    "Rupture",
    "adapt",
    "check_points",
    "near_equal",
    "read_accords",
    "ruptures",
    "worst_two",
]
