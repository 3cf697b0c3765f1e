"""What a report is made of: the answers of the other rooms, gathered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import french
from msap_geo.answers.decided.asked import Decisions, decisions_of
from msap_geo.answers.diagnosis import Diagnosis, diagnose
from msap_geo.answers.plan import Implantation, optimise
from msap_geo.answers.problem import Asked
from msap_geo.answers.rating import Rating, rate
from msap_geo.study.provenance import provenance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from msap_geo.outputs import Provenance
    from msap_geo.study.result import StudyResult

SITES = 3
"""How many offices the plan of a report proposes, unless asked otherwise: one page each."""


@dataclass(frozen=True, eq=False)
class ReportParts:
    """Everything a report tells.

    Parameters
    ----------
    result, diagnosis, rating
        The study, its indicators, its candidates.
    found
        The plan; null without candidates.
    origin
        Date, sources, limits, credits.
    decisions
        What the study asks to be decided of what exists.
    """

    result: StudyResult
    diagnosis: Diagnosis
    rating: Rating
    found: Implantation | None
    origin: Provenance
    decisions: Decisions = field(default_factory=Decisions)

    @property
    def first(self) -> str:
        """The first threshold as columns name it: ``"20"``."""
        return f"{self.result.study.threshold:g}"

    @property
    def limit(self) -> str:
        """The first threshold as readers are told it: ``"20"``, ``"7,5"``."""
        return french.short(self.result.study.threshold)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the diagnosis."""
        return self.diagnosis.tables[name]

    def commune(self, code: str) -> str:
        """Return the name of a commune; its code where it is unknown."""
        known = self.result.communes.set_index("code_insee")["nom"]
        return str(known.get(code, code))

    def minutes_with(self, sites: Iterable[str]) -> pd.Series:
        """Return the minutes of each commune, in their order, once offices are open; null beyond.

        Without a plan there are no trips to offices: today's minutes.
        """
        codes = self.result.access["code_insee"]
        if self.found is None:
            return self.result.access["minutes"]
        problem = self.found.problem
        minutes = problem.access_with(problem.positions(sites))
        known = pd.Series(np.where(np.isinf(minutes), np.nan, minutes), index=problem.demand_ids)
        return known.reindex(codes).reset_index(drop=True)


def report_parts(
    result: StudyResult,
    *,
    number: int = SITES,
    progress: Callable[[str], None] = lambda _: None,
) -> ReportParts:
    """Ask the other rooms all that a report tells.

    Parameters
    ----------
    result
        The study, run.
    number
        How many offices the plan may open.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    ReportParts
        The answers.

    Raises
    ------
    MsapGeoError
        If a file of ``[diagnostic]`` is unusable, or no plan of that many offices respects the
        rules of ``[implantation]``.
    """
    asked = Asked(number=min(number, max(len(result.candidates), 1)), frontier=True)
    return ReportParts(
        result=result,
        diagnosis=diagnose(result, progress=progress),
        rating=rate(result, progress=progress),
        found=optimise(result, asked, progress=progress) if len(result.candidates) else None,
        origin=provenance_of(result),
        decisions=decisions_of(result, progress=progress),
    )
