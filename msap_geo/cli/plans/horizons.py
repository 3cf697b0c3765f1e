"""``msap-geo optimiser --horizons``: one plan, judged today and tomorrow at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.cli import formats
from msap_geo.cli.plans.asked import asked_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from msap_geo.answers import Robust
    from msap_geo.study import StudyResult


def conduct(arguments: argparse.Namespace) -> int:
    """Find the plan and tell it."""
    from msap_geo import answers, folder  # noqa: PLC0415 - keeps --help instant

    def answer(result: StudyResult, progress: Callable[[str], None]) -> Robust:
        return answers.optimise_ahead(result, asked_of(arguments, result), progress=progress)

    found = formats.run(arguments, answer)
    formats.show(
        arguments,
        found.result,
        content=lambda: answers.robust_json(found),
        tables=folder.robust_tables(found),
        text=lambda: _told(found),
        answer=_answer(found),
    )
    return 0


def _answer(found: Robust) -> list[tuple[str, str]]:
    from msap_geo import french  # noqa: PLC0415

    plan, study = found.plan, found.result.study
    bound = f"{french.quantity(plan.bound, plan.unit)}, écart {french.gap(plan.gap)}"
    return [
        ("Objectif", f"pire regret le plus petit, en {study.implantation.objectif}"),
        ("Compte", found.counted),
        ("Horizons", ", ".join(map(str, study.prospective.horizons))),
        ("Pire regret", french.quantity(plan.value, plan.unit)),
        ("Borne prouvée", f"{bound} ({plan.status})"),
        ("Pire regret du plan d’aujourd’hui", french.quantity(found.today, plan.unit)),
    ]


def _told(found: Robust) -> str:
    from msap_geo import french  # noqa: PLC0415

    plan, study = found.plan, found.result.study
    places = f"{french.counted(len(plan.sites), 'site')}, {french.agreed(len(plan.sites), 'jugé')}"
    years = ", ".join(map(str, study.prospective.horizons))
    lines = [f"{study.etude.nom} : {places} en {years} ({found.counted})"]
    lines += formats.warnings_of(found.result)
    lines.append(
        f"  pire regret : {french.quantity(plan.value, plan.unit)}, borne prouvée "
        f"{french.amount(plan.bound, plan.unit)}, écart {french.gap(plan.gap)} ({plan.status}, "
        f"{french.seconds(plan.seconds)})"
    )
    lines.append(
        f"  le plan qui ne regarde que {study.prospective.horizons[0]} regretterait au pire "
        f"{french.quantity(found.today, plan.unit)}"
    )
    lines += [
        f"  {row.horizon} : {french.quantity(row.valeur, plan.unit)} (aujourd’hui "
        f"{french.amount(row.aujourdhui, plan.unit)}, au mieux "
        f"{french.amount(row.meilleure, plan.unit)}), regret {french.amount(row.regret, plan.unit)}"
        f" ; au pire des temps {french.amount(row.regret_au_pire_des_temps, plan.unit)}"
        for row in found.horizons().itertuples()
    ]
    if len(found.sites):
        cost = french.euros(found.sites["cout_cumule_eur"].iloc[-1])
        lines.append(f"  coût : {cost} par an, tous payeurs ensemble (coûts moyens)")
    held = len(found.futures)
    lines += [
        f"  {row.rang}. {row.nom} ({row.commune}, {row.site_id}), dans le meilleur plan de "
        f"{french.counted(row.futurs, 'futur')} sur {held}"
        for row in found.sites.itertuples()
    ]
    return "\n".join(lines)
