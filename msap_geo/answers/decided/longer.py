"""Opening the Maisons of a study longer: where and when it serves most, and what a swap gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import french, hours, loaders, siting
from msap_geo.answers.decided.order import by_identifier
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError
from msap_geo.notebook_html import card, table
from msap_geo.siting import half_days
from msap_geo.siting.half_days import SLOTS, Week

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from msap_geo.hours import Interval, WeeklyHours
    from msap_geo.study.result import StudyResult

MOVES = 20
"""Moves told, the best first."""

_GAP = 1e-6
_HALVES = ("matin", "après-midi")


@dataclass(frozen=True, eq=False)
class LongerOpening:
    """Half-days to add, moves that cost nothing, and the weeks before and after.

    Parameters
    ----------
    result
        The study.
    hours
        Hours a week that could be added.
    plan
        The half-days chosen, their value and its bound.
    additions, moves, weeks, half_days
        Tables; columns in ``docs/horaires.md``.
    unknown
        Maisons whose hours are unknown: they count for no half-day and do not change.
    by_cell
        Whether people start from the cells they live in; from their town hall else.
    """

    result: StudyResult
    hours: float
    plan: half_days.LongerWeek
    additions: pd.DataFrame
    moves: pd.DataFrame
    weeks: pd.DataFrame
    half_days: pd.DataFrame
    unknown: tuple[str, ...]
    by_cell: bool

    @property
    def worth(self) -> str:
        """What the half-days are worth, in words."""
        limit = french.short(self.result.study.threshold)
        return (
            f"{french.counted(len(self.additions), 'demi-journée')} de plus : "
            f"{french.number(self.plan.value)} habitants × demi-journées pondérés avec une Maison "
            f"ouverte à {limit} min, au lieu de {french.number(self.plan.today)} (borne prouvée : "
            f"{french.number(self.plan.bound)})."
        )

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        figures = {
            "demi-journées ajoutées": str(len(self.additions)),
            "habitants × demi-journées": french.number(self.plan.value),
            "aujourd’hui": french.number(self.plan.today),
        }
        titles = {
            "rang": "Rang",
            "nom": "Maison",
            "jour": "Jour",
            "debut": "De",
            "fin": "À",
            "habitants": "Habitants à portée",
        }
        return card(
            f"Ouvrir plus longtemps – {self.result.study.etude.nom}",
            figures,
            tables=[table(self.additions, titles, decimals=0, shown=None)],
            remarks=[*map(str, self.result.cautions)],
        )

    def __repr__(self) -> str:
        plan = self.plan
        return (
            f"LongerOpening(additions={len(self.additions)}, value={plan.value:.0f}, "
            f"bound={plan.bound:.0f})"
        )


def open_longer(
    result: StudyResult, hours_added: float, *, progress: Callable[[str], None] = lambda _: None
) -> LongerOpening:
    """Find when the Maisons of a study should open longer.

    Parameters
    ----------
    result
        The study, run.
    hours_added
        Hours a week to add at most, all Maisons together; none for moves alone.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    LongerOpening
        The half-days, the moves that cost nothing, the weeks before and after.

    Raises
    ------
    StudyError
        If a Maison or a commune named by the study is not there.
    """
    whole, result = result, by_identifier(result)
    asked = result.study.horaires
    progress("Temps de trajet vers les Maisons")
    week, by_cell = _week(result)
    progress("Recherche des meilleures demi-journées")
    plan = half_days.add_hours(
        week,
        minutes=60 * hours_added,
        per_site=asked.demi_journees_par_site,
        effort=siting.Effort(seconds=asked.secondes, gap=_GAP),
    )
    progress("Échanges sans coût")
    moves = half_days.free_moves(week, count=MOVES)
    maisons = result.maisons
    unknown = maisons["horaires"].isna() & ~result.neighbours.to_numpy()
    return LongerOpening(
        result=whole,
        hours=hours_added,
        plan=plan,
        additions=_additions(result, week, plan),
        moves=_moves(result, moves),
        weeks=_weeks(result, week, plan),
        half_days=_half_days(week, plan),
        unknown=tuple(maisons.loc[unknown, "site_id"]),
        by_cell=by_cell,
    )


def _week(result: StudyResult) -> tuple[Week, bool]:
    maisons, asked = result.maisons, result.study.horaires
    _known(asked.figes, set(maisons["site_id"]), "Maisons inconnues", "[horaires] figes")
    communes = set(result.communes["code_insee"])
    _known(asked.marches, communes, "communes inconnues", "[horaires.marches]")
    by_cell = result.carreaux is not None and not result.times.file
    if result.carreaux is not None and by_cell:
        places = loaders.carreau_points(result.carreaux, epsg=result.times.epsg)
    else:
        places = result.origins.assign(population=result.access["population"].to_numpy())
    threshold = result.study.threshold
    near = result.times.matrix(places, maisons, max_minutes=threshold).minutes.tocoo()
    reach = csr_array((np.ones(near.nnz, dtype=bool), (near.row, near.col)), shape=near.shape)
    reach.sort_indices()
    weight = np.ones((len(maisons), SLOTS))
    for name, share in asked.poids.items():
        weight[:, _slots(name)] = share
    for site, code in enumerate(maisons["code_insee"].astype(str)):
        for name in asked.marches.get(code, ()):
            weight[site, _slots(name)] = np.maximum(weight[site, _slots(name)], asked.poids_marche)
    texts = maisons["horaires"].to_numpy(dtype=object)
    opened = tuple(None if pd.isna(text) else hours.read_hours(str(text)) for text in texts)
    may = ~result.neighbours.to_numpy(dtype=bool) & ~maisons["site_id"].isin(asked.figes).to_numpy()
    people = places["population"].to_numpy(dtype=np.int64)
    days = tuple(sorted(WEEKDAYS.index(name) for name in set(asked.jours)))
    return Week(people, reach, opened, weight, may, days), by_cell


def _slots(name: str) -> list[int]:
    day = WEEKDAYS.index(name)
    return [2 * day, 2 * day + 1]


def _known(given: object, known: set[str], what: str, where: str) -> None:
    unknown = sorted({str(name) for name in given} - known)  # type: ignore[attr-defined]
    if unknown:
        raise StudyError(
            f"{what} : {', '.join(unknown)}",
            where=where,
            remedy="reprendre les identifiants de maisons.csv et de communes.csv",
        )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _when(slot: int, span: Interval) -> dict[str, str]:
    return {
        "jour": WEEKDAYS[slot // 2],
        "demi_journee": _HALVES[slot % 2],
        "debut": _clock(span[0]),
        "fin": _clock(span[1]),
    }


def _additions(result: StudyResult, week: Week, plan: half_days.LongerWeek) -> pd.DataFrame:
    """Return the half-days to add, each with the people it adds to those before it."""
    maisons, rows = result.maisons, []
    open_ = week.open()
    for rank, (site, slot, span) in enumerate(plan.additions, start=1):
        served = week.served(open_)[:, slot]
        value = week.value(open_)
        open_[site, slot] = True
        gained = (week.served(open_)[:, slot] > 0) & (served == 0)
        place = maisons.iloc[site]
        rows.append(
            {
                "rang": rank,
                "site_id": place["site_id"],
                "nom": place["nom"],
                "code_insee": place["code_insee"],
                **_when(slot, span),
                "heures": (span[1] - span[0]) / 60,
                "habitants": int(week.people[gained].sum()),
                "apport": week.value(open_) - value,
            }
        )
    columns = [
        "rang", "site_id", "nom", "code_insee", "jour", "demi_journee", "debut", "fin", "heures",
        "habitants", "apport",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _moves(result: StudyResult, moves: list[half_days.Move]) -> pd.DataFrame:
    rows = []
    for move in moves:
        place = result.maisons.iloc[move.site]
        rows.append(
            {
                "site_id": place["site_id"],
                "nom": place["nom"],
                "code_insee": place["code_insee"],
                "jour_quitte": WEEKDAYS[move.leaves // 2],
                "demi_journee_quittee": _HALVES[move.leaves % 2],
                **_when(move.enters, move.hours),
                "habitants": move.gained,
                "habitants_perdus": move.lost,
                "apport": move.gain,
            }
        )
    columns = [
        "site_id", "nom", "code_insee", "jour_quitte", "demi_journee_quittee", "jour",
        "demi_journee", "debut", "fin", "habitants", "habitants_perdus", "apport",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _weeks(result: StudyResult, week: Week, plan: half_days.LongerWeek) -> pd.DataFrame:
    """Return the week of each Maison that changes, before and after, and its label."""
    after: dict[int, WeeklyHours] = {}
    for site, slot, span in plan.additions:
        before = after.get(site, week.hours[site])
        if before is not None:
            after[site] = half_days.changed(before, None, slot, span)
    rows = []
    for site in sorted(after):
        before, then = week.hours[site], after[site]
        if before is None:
            continue
        rows.append(
            {
                "site_id": result.maisons["site_id"].iloc[site],
                "nom": result.maisons["nom"].iloc[site],
                "horaires_avant": before.text(),
                "horaires_apres": then.text(),
                "heures_avant": before.minutes / 60,
                "heures_apres": then.minutes / 60,
                "jours_avant": before.days_open,
                "jours_apres": then.days_open,
                "label_avant": half_days.has_label(before),
                "label_apres": half_days.has_label(then),
            }
        )
    columns = [
        "site_id", "nom", "horaires_avant", "horaires_apres", "heures_avant", "heures_apres",
        "jours_avant", "jours_apres", "label_avant", "label_apres",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _half_days(week: Week, plan: half_days.LongerWeek) -> pd.DataFrame:
    """Return the people who have an open Maison within reach, half-day by half-day."""
    open_ = week.open()
    before = _people(week, open_)
    for site, slot, _ in plan.additions:
        open_[site, slot] = True
    return pd.DataFrame(
        {
            "jour": [WEEKDAYS[slot // 2] for slot in range(SLOTS)],
            "demi_journee": [_HALVES[slot % 2] for slot in range(SLOTS)],
            "habitants_avant": before,
            "habitants_apres": _people(week, open_),
        }
    )


def _people(week: Week, open_: NDArray[np.bool_]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = week.people @ (week.served(open_) > 0)
    return found
