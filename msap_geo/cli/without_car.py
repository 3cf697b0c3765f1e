"""``msap-geo optimiser --sans-voiture``: which offices serve most of those who have no car."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from msap_geo.answers import WithoutCarPlan
    from msap_geo.study import StudyResult

_COUNTED = {"menages_sans_voiture": "ménages sans voiture", "population": "habitants"}


def conduct(arguments: argparse.Namespace) -> int:
    """Find the plan and tell it.

    Raises
    ------
    StudyError
        If something is asked besides a number of sites.
    """
    from msap_geo import answers  # noqa: PLC0415 - keeps --help instant

    if arguments.nombre is None or arguments.imposer or arguments.frontiere:
        raise StudyError(
            "le plan sans voiture se demande par un nombre de sites, et lui seul",
            where="--sans-voiture",
            remedy="écrire par exemple optimiser etude.toml --nombre 3 --sans-voiture",
        )
    ran: list[StudyResult] = []

    def answer(result: StudyResult, progress: Callable[[str], None]) -> WithoutCarPlan:
        progress("Trajets sans voiture")
        ran.append(result)
        return answers.plan_without_car(result, number=arguments.nombre)

    found = formats.run(arguments, answer)
    formats.show(
        arguments,
        ran[0],
        content=lambda: _content(ran[0], found),
        tables={"plan_sites": found.sites},
        text=lambda: _told(ran[0], found),
    )
    return 0


def _content(result: StudyResult, found: WithoutCarPlan) -> dict[str, Any]:
    return {
        "etude": result.study.etude.nom,
        "compte": found.counted,
        "sites": found.sites.to_dict("records"),
        "servis_aujourdhui": found.today,
        "servis_avec_le_plan": found.after,
        "borne": round(float(found.plan.bound), 6),
        "ecart": round(float(found.plan.gap), 8),
        "statut": found.plan.status,
        "demonstration": result.study.etude.demonstration,
    }


def _told(result: StudyResult, found: WithoutCarPlan) -> str:
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.answers.mobility import timetable_in_words  # noqa: PLC0415

    what = _COUNTED[found.counted]
    lines = [f"{result.study.etude.nom} : {french.counted(len(found.sites), 'site')}, sans voiture"]
    lines += formats.warnings_of(result)
    lines.append(
        f"  {french.number(found.after)} {what} ont un jour où aller et revenir sans voiture, "
        f"contre {french.number(found.today)} aujourd’hui"
    )
    lines.append(
        f"  borne prouvée : {french.number(found.plan.bound)}, écart "
        f"{french.gap(found.plan.gap)} ({found.plan.status})"
    )
    lines += [f"  {row.nom} ({row.commune}, {row.site_id})" for row in found.sites.itertuples()]
    if found.counted == "population":
        lines.append(
            "  les ménages sans voiture ne sont pas connus : les habitants sont comptés "
            "([donnees] indicateurs les donne)"
        )
    lines.append(f"  horaires : {timetable_in_words(result.study)}")
    return "\n".join(lines)
