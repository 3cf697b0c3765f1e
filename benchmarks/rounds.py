"""Rounds of one and two buses on a study: value, bound, greedy baseline, seconds.

Run ``python benchmarks/rounds.py etude.toml``.
"""

from __future__ import annotations

import sys
import time

from msap_geo import answers, study


def main(path: str) -> None:
    """Print a line for one bus, then for two."""
    result = study.run_study(study.read_study(path))
    for vehicles in (1, 2):
        begin = time.perf_counter()
        found = answers.design_rounds(result, answers.RoundsAsked(vehicles=vehicles))
        plan = found.plan
        print(
            f"{vehicles} bus: {plan.value:.0f} served, bound {plan.bound:.0f}, "
            f"gap {plan.gap:.2%}, greedy {plan.greedy_value:.0f}, {plan.weekly_hours:g} h a week, "
            f"bases {', '.join(plan.problem.base_ids)}, {time.perf_counter() - begin:.0f} s"
        )


if __name__ == "__main__":
    main(sys.argv[1])
