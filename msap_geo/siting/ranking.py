"""From criteria to a rank: what each one weighs, and whether the rank holds when weights move."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french
from msap_geo.errors import StudyError
from msap_geo.siting.criteria import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FULL_SCORE = 100.0
DRAWS = 1000
CONCENTRATION = 20.0
_LARGEST_WEIGHT = 1e6
"""Draws of weights follow a Dirichlet law of mean the weights given; at this concentration a weight
of 0.5 moves by about ± 0.11 (one standard deviation)."""


class Ranking(NamedTuple):
    """Scores of candidates.

    Parameters
    ----------
    table
        Per candidate, indexed as its measures: ``score`` from 0 to 100 and ``points_<critère>``,
        which add up to it.
    shares
        What each criterion weighed brings each candidate, from 0 to 1.
    weights
        Weights really used, adding up to one.
    silent
        Criteria weighed but not known for any candidate: they weigh nothing.
    """

    table: pd.DataFrame
    shares: NDArray[np.float64]
    weights: dict[str, float]
    silent: tuple[str, ...]


def check_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights, each a known criterion and not negative, one at least positive.

    Raises
    ------
    StudyError
        If they are not so.
    """
    unknown = [name for name in weights if name not in CRITERIA]
    if unknown:
        raise StudyError(
            f"critère inconnu : {', '.join(unknown)}",
            where="[score.poids]",
            remedy=f"choisir parmi : {', '.join(CRITERIA)}",
        )
    readable = all(0 <= weight <= _LARGEST_WEIGHT for weight in weights.values())
    if not readable or sum(weights.values()) <= 0:
        raise StudyError(
            f"les poids de la note doivent être positifs, {french.short(_LARGEST_WEIGHT)} au plus",
            where="[score.poids]",
            remedy="les corriger",
        )
    return dict(weights)


def rank(measures: pd.DataFrame, weights: Mapping[str, float]) -> Ranking:
    """Score candidates by weighted criteria.

    Each criterion is brought to a share of the best candidate's (of the worst one's, and taken from
    one, where less is better); what is not known of a candidate brings it nothing.

    Parameters
    ----------
    measures
        Criteria, one row per candidate.
    weights
        Weight of each criterion, by key of :data:`msap_geo.siting.criteria.CRITERIA`.

    Returns
    -------
    Ranking
        In the order of ``measures``.

    Raises
    ------
    StudyError
        If a criterion is unknown or weights are not positive.
    """
    asked = {name: weight for name, weight in check_weights(weights).items() if weight > 0}
    known = {
        name: weight
        for name, weight in asked.items()
        if len(measures) == 0 or measures[CRITERIA[name].column].notna().any()
    }
    total = sum(known.values())
    used = {name: weight / total for name, weight in known.items()} if total else {}
    shares = np.column_stack(
        [_share(measures, name) for name in used] or [np.zeros((len(measures), 0))]
    )
    points = shares * np.array(list(used.values()))
    table = pd.DataFrame(index=measures.index)
    table["score"] = FULL_SCORE * points.sum(axis=1)
    for column, name in enumerate(used):
        table[f"points_{name}"] = np.round(FULL_SCORE * points[:, column], 2)
    silent = tuple(name for name in asked if name not in known)
    return Ranking(table, shares, used, silent)


def best_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return scored candidates, best first, with their ``rang``: the one order they are told in.

    Equal scores go to the most inhabitants gained, then to the most minutes saved by all together,
    then to the smallest ``site_id``. Plans and gain curves settle their own ties by the same.
    """
    ordered = table.sort_values(
        ["score", "population_gagnee", "minutes_economisees", "site_id"],
        ascending=[False, False, False, True],
        ignore_index=True,
    )
    ordered.insert(0, "rang", np.arange(1, len(ordered) + 1, dtype=np.int64))
    return ordered


def _share(measures: pd.DataFrame, name: str) -> NDArray[np.float64]:
    criterion = CRITERIA[name]
    values = measures[criterion.column].to_numpy(dtype=float)
    best = np.nanmax(values, initial=0.0)
    share = values / best if best > 0 else np.zeros(len(values))
    return np.nan_to_num(1.0 - share if criterion.smaller_is_better else share)


def stability(ranking: Ranking, *, top: int, seed: int = 0) -> NDArray[np.float64]:
    """Return the share of draws of the weights that put each candidate among the top.

    Parameters
    ----------
    ranking
        Candidates, ranked.
    top
        How many candidates make the top.
    seed
        Seed of the draws.
    """
    shares, weights = ranking.shares, np.array(list(ranking.weights.values()))
    if not len(weights) or not len(shares):
        return np.full(len(shares), np.nan)
    draws = np.random.default_rng(seed).dirichlet(CONCENTRATION * weights, DRAWS)
    scores = np.round(shares @ draws.T, 9)
    # A candidate is in the top if fewer than ``top`` do strictly better: equals share the place.
    better = np.sort(-scores, axis=0)
    last = -better[min(top, len(shares)) - 1]
    result: NDArray[np.float64] = (scores >= last).mean(axis=1)
    return result
