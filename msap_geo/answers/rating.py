"""Candidates of a study under every criterion, with the weights it gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msap_geo import french, siting
from msap_geo.answers.plan_json import plain_values
from msap_geo.notebook_html import card, table
from msap_geo.study.scoring import other_measures
from msap_geo.study.sites import with_hosts

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from msap_geo.study.result import StudyResult


TOP = 10
"""How many candidates make the top of the rank stability, unless asked otherwise."""


@dataclass(frozen=True, eq=False)
class Rating:
    """Rated candidates.

    Parameters
    ----------
    result
        The study.
    table
        Candidates, best first; columns in ``docs/implantation.md``.
    weights
        Weights really used, adding up to one.
    silent
        Criteria weighed but unknown in these data: they weighed nothing.
    top
        How many candidates make the top of ``stabilite``.
    """

    result: StudyResult
    table: pd.DataFrame
    weights: dict[str, float]
    silent: tuple[str, ...]
    top: int

    def _repr_html_(self) -> str:
        """Show the first candidates in a notebook."""
        return _card(self)

    def __repr__(self) -> str:
        best = None if self.table.empty else self.table["nom"].iloc[0]
        return f"Rating(candidates={len(self.table)}, best={best!r}, top={self.top})"

    def as_dict(self) -> dict[str, Any]:
        """Return the rating as plain values, with the French keys of the JSON."""
        study = self.result.study
        return {
            "etude": study.etude.nom,
            "seuils_minutes": list(study.thresholds),
            "poids": {name: round(weight, 6) for name, weight in self.weights.items()},
            "criteres_sans_donnees": list(self.silent),
            "stabilite_parmi_les_premiers": self.top,
            "candidats": [plain_values(row) for row in self.table.to_dict("records")],
            "temps_estimes": self.result.estimated,
            "demonstration": study.etude.demonstration,
        }


def rate(
    result: StudyResult, *, top: int | None = None, progress: Callable[[str], None] = lambda _: None
) -> Rating:
    """Rate the candidates of a study.

    Parameters
    ----------
    result
        The study, run.
    top
        How many candidates to keep, and to count as the top in ``stabilite``; all are kept, and
        the first :data:`TOP` counted, by default.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Rating
        Best first, as ``candidats.csv``: the score and the rank are those of the study.
    """
    progress("Critères de chaque bureau")
    offices = with_hosts(result.la_poste, result.hosts)
    others = other_measures(
        result.study,
        result.trips,
        result.communes,
        result.access,
        offices.set_index("site_id", drop=False).loc[result.candidates["site_id"]],
    )
    first = top if top is not None else TOP
    ranking = result.ranking
    made_of = ranking.table.drop(columns="score").assign(
        stabilite=siting.stability(ranking, top=first)
    )
    scored = result.candidates.drop(columns="geometry").set_index("site_id")
    table = scored.join(others).join(made_of).reset_index()
    leading = ["rang", "site_id", "nom", "genre", "commune", "code_insee", "score", "stabilite"]
    table = table[[*leading, *(name for name in table if name not in leading)]]
    return Rating(
        result, table if top is None else table.head(top), ranking.weights, ranking.silent, first
    )


def _card(found: Rating) -> str:
    """Show the first candidates, and what their score is made of."""
    figures = {
        "bureaux notés": french.number(len(found.result.candidates)),
        "poids": ", ".join(
            f"{siting.CRITERIA[name].title} {french.rate(weight)}"
            for name, weight in found.weights.items()
        ),
    }
    if found.silent:
        figures["critères sans donnée"] = ", ".join(
            siting.CRITERIA[name].title for name in found.silent
        )
    best = table(
        found.table,
        {
            "rang": "Rang",
            "nom": "Bureau",
            "commune": "Commune",
            "score": "Note",
            "population_gagnee": "Gagnés seul",
            "gain_marginal": "Gagnés après les meilleurs",
        },
    )
    title = f"Bureaux candidats – {found.result.study.etude.nom}"
    return card(
        title, figures, tables=[best], remarks=[str(told) for told in found.result.cautions]
    )
