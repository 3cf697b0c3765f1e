"""What a command line asks of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import Asked
    from msap_geo.study.result import StudyResult


def asked_of(arguments: argparse.Namespace, result: StudyResult) -> Asked:
    """Return the plan that options ask for, offices found by identifier or by name."""
    from msap_geo.answers import Asked  # noqa: PLC0415 - keeps --help instant
    from msap_geo.study.choice import site_ids  # noqa: PLC0415

    return Asked(
        number=arguments.nombre,
        budget_eur=arguments.budget,
        share=arguments.couverture,
        imposed=site_ids(arguments.imposer, result.candidates, what="bureaux candidats"),
        frontier=arguments.frontiere,
    )
