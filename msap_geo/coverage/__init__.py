"""Travel times + tables → who is served, and who is not, where and why. Nothing is routed here."""

from __future__ import annotations

from msap_geo.coverage.access import (
    NO_ACCESS,
    Share,
    access_by_commune,
    assumed_minutes,
    check_thresholds,
    class_labels,
    classify,
    is_beyond,
    shares,
)
from msap_geo.coverage.catchments import (
    E2SFCA_MINUTES,
    E2SFCA_WEIGHTS,
    accessibility,
    catchments,
    enhanced_two_step,
    huff_probabilities,
    three_step,
    two_step,
)
from msap_geo.coverage.change import (
    changes,
    changes_by_territory,
    history,
    losers,
    zone_changes,
)
from msap_geo.coverage.conventions import (
    calibrated,
    compare_conventions,
    metric_convention,
    minutes_by_commune,
)
from msap_geo.coverage.criticality import backup_coverage, closures, sites_within
from msap_geo.coverage.distances import ROAD, STRAIGHT, straight_km
from msap_geo.coverage.equity import concentration_index, concentration_of_groups, equity, gini
from msap_geo.coverage.guard import caution, for_publication, guard_anomalies, publishable
from msap_geo.coverage.neighbours import reliance_on_neighbours, uncertain_at_the_edge
from msap_geo.coverage.nested_zones import (
    fragile_people,
    nested_zones,
    operators_by_zone,
    zone_of_places,
)
from msap_geo.coverage.opening import open_hours, people_by_half_day, weekly_supply
from msap_geo.coverage.robustness import (
    factors_that_flip,
    full_grid,
    random_runs,
    robustness_of_communes,
    robustness_of_zones,
)
from msap_geo.coverage.rules import Rule, evaluate_rules, load_rules
from msap_geo.coverage.territories import (
    access_by_place,
    access_by_territory,
    departements_of,
    summarise,
    target_groups,
)
from msap_geo.coverage.zones import (
    CONTIGUITY_TOLERANCE_M,
    contiguous_groups,
    contiguous_pairs,
    zones_blanches,
)

__all__ = [
    "CONTIGUITY_TOLERANCE_M",
    "E2SFCA_MINUTES",
    "E2SFCA_WEIGHTS",
    "NO_ACCESS",
    "ROAD",
    "STRAIGHT",
    "Rule",
    "Share",
    "access_by_commune",
    "access_by_place",
    "access_by_territory",
    "accessibility",
    "assumed_minutes",
    "backup_coverage",
    "calibrated",
    "catchments",
    "caution",
    "changes",
    "changes_by_territory",
    "check_thresholds",
    "class_labels",
    "classify",
    "closures",
    "compare_conventions",
    "concentration_index",
    "concentration_of_groups",
    "contiguous_groups",
    "contiguous_pairs",
    "departements_of",
    "enhanced_two_step",
    "equity",
    "evaluate_rules",
    "factors_that_flip",
    "for_publication",
    "fragile_people",
    "full_grid",
    "gini",
    "guard_anomalies",
    "history",
    "huff_probabilities",
    "is_beyond",
    "load_rules",
    "losers",
    "metric_convention",
    "minutes_by_commune",
    "nested_zones",
    "open_hours",
    "operators_by_zone",
    "people_by_half_day",
    "publishable",
    "random_runs",
    "reliance_on_neighbours",
    "robustness_of_communes",
    "robustness_of_zones",
    "shares",
    "sites_within",
    "straight_km",
    "summarise",
    "target_groups",
    "three_step",
    "two_step",
    "uncertain_at_the_edge",
    "weekly_supply",
    "zone_changes",
    "zone_of_places",
    "zones_blanches",
]
