"""Every criterion a candidate can be judged by, each in a column of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.robustness import PERIODS, THRESHOLD_SHIFTS
from msap_geo.hours import read_hours
from msap_geo.siting.objectives.gained import covering_gains, lexicographic, saved_gains
from msap_geo.siting.solving.gains import NEGLIGIBLE
from msap_geo.siting.solving.greedy import greedy
from msap_geo.siting.solving.limits import unlimited

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem

LABEL_MINUTES, LABEL_DAYS = 24 * 60, 5
"""The France Services label asks for 24 hours a week over at least five days (charter of the
label, circular of 1 July 2019)."""

KEPT_GAIN = 0.8
"""A gain holds in a run if four fifths of it are left."""


class Criterion(NamedTuple):
    """A criterion of the score: its column, its French name, and whether less is better."""

    column: str
    title: str
    smaller_is_better: bool = False


CRITERIA = {
    "population_gagnee": Criterion("population_gagnee", "habitants gagnés au premier seuil"),
    "population_gagnee_2": Criterion("population_gagnee_2", "habitants gagnés au second seuil"),
    "zone_blanche": Criterion("population_zone_blanche", "habitants de zone blanche rapprochés"),
    "minutes_economisees": Criterion("minutes_economisees", "minutes économisées"),
    "minutes_maison": Criterion("minutes_maison", "éloignement de la Maison actuelle"),
    "chevauchement": Criterion("chevauchement", "habitants déjà desservis", True),
    "robustesse": Criterion("robustesse", "robustesse du gain"),
    "bassin": Criterion("population_bassin", "habitants dont il serait le plus proche"),
    "accessible": Criterion("accessible", "accessibilité du bureau"),
    "horaires": Criterion("ecart_label_heures", "heures manquant pour le label", True),
    **{
        name: Criterion(f"{name}_gagnes", f"{title}, gagnés au premier seuil")
        for name, title in schemas.GROUPS.items()
    },
}
"""What a study may weigh in ``[score.poids]``."""


def measure(
    problem: Problem,
    offices: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    thresholds: Sequence[float],
    speeds: Sequence[float],
) -> pd.DataFrame:
    """Measure what the score of :func:`msap_geo.siting.score_candidates` does not.

    Parameters
    ----------
    problem
        Communes (``demand_id`` is the code), candidates and trips, at least as far as the longest
        threshold plus the widest sensitivity run (:func:`longest_needed`).
    offices
        The candidates, with ``site_id, code_insee`` and, where known, ``accessible_pmr`` (*oui* or
        *non*) and ``horaires`` (text of :mod:`msap_geo.hours`).
    communes
        The communes, with the columns of :data:`msap_geo.schemas.GROUPS` and ``densite`` where
        known.
    thresholds
        Minutes, increasing; the first defines the zones blanches.
    speeds
        Likely factors on speed (:func:`msap_geo.coverage.likely_speeds`), for ``robustesse``.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, indexed by ``site_id``. What cannot be known is null:
        ``population_gagnee_2`` (null with a single threshold), ``population_zone_blanche`` (people
        beyond the first threshold today whose trip gets shorter, even if it stays beyond),
        ``chevauchement`` (share of the people within the first threshold of the office who already
        are of a Maison), ``robustesse`` (share of the sensitivity runs in which at least
        :data:`KEPT_GAIN` of the gain is left; null without gain), ``population_bassin``,
        ``accessible``, ``heures_semaine, jours_ouverts, ecart_label_heures, ecart_label_jours``,
        ``densite``, ``<groupe>_gagnes``, and ``ordre`` and ``gain_marginal``: rank and gain of the
        office when the best are opened one after the other.
    """
    first = thresholds[0]
    table = pd.DataFrame(index=pd.Index(problem.site_ids, name="site_id"))
    second = float(thresholds[1]) if len(thresholds) > 1 else None
    table["population_gagnee_2"] = np.nan if second is None else _gained(problem, second)
    trips = problem.minutes.tocoo()
    people, today = problem.people.astype(float), problem.today
    n = len(problem.site_ids)

    def total(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        weights = people[trips.row] * mask
        return np.bincount(trips.col, weights=weights, minlength=n).astype(float)

    nearer = trips.data < today[trips.row]
    beyond = today[trips.row] > first
    within = trips.data <= first
    table["population_zone_blanche"] = total(nearer & beyond)
    reached = total(within)
    table["chevauchement"] = np.divide(
        total(within & ~beyond), reached, out=np.full(n, np.nan), where=reached > 0
    )
    table["robustesse"] = robustness(problem, threshold=first, speeds=speeds)
    table["population_bassin"] = total(nearer)
    _groups(table, problem, communes, within & beyond)
    _offices(table, offices, communes)
    opened, added = _one_after_the_other(problem, first)
    order = np.arange(1, len(opened) + 1, dtype=float)
    table["ordre"] = pd.Series(order, index=problem.site_ids[opened])
    table["gain_marginal"] = pd.Series(added, index=problem.site_ids[opened])
    table["gain_marginal"] = table["gain_marginal"].fillna(0.0)
    return table


def _one_after_the_other(
    problem: Problem, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Open the candidates that add most people, one by one; of equals, who saves most minutes."""
    gains = covering_gains(problem, thresholds=[threshold])
    both = lexicographic(gains, saved_gains(problem))
    found = greedy(gains if both is None else both, unlimited(len(problem.site_ids)))
    values = [gains.value(found.sites[:n]) for n in range(len(found.sites) + 1)]
    added = np.diff(np.array(values, dtype=float))
    brings = added > NEGLIGIBLE
    return found.sites[brings], added[brings]


def longest_needed(longest_threshold: float, *, speeds: Sequence[float]) -> float:
    """Return how far trips must be known for every sensitivity run, minutes.

    Parameters
    ----------
    longest_threshold
        Minutes.
    speeds
        Likely factors on speed.
    """
    return (longest_threshold + max(THRESHOLD_SHIFTS)) * max(speeds)


def robustness(
    problem: Problem, *, threshold: float, speeds: Sequence[float]
) -> NDArray[np.float64]:
    """Return the share of sensitivity runs in which most of each candidate's gain is left.

    The runs are those the zones blanches are judged by (:mod:`msap_geo.coverage.robustness`), the
    origin aside: every trip, to Maisons as to candidates, at each likely speed and period, and the
    threshold moved.

    Parameters
    ----------
    problem
        Places, candidates and trips, as far as :func:`longest_needed`.
    threshold
        Minutes, inclusive.
    speeds
        Likely factors on speed.

    Returns
    -------
    numpy.ndarray
        From 0 to 1; NaN for a candidate without gain.
    """
    usual = _gained(problem, threshold)
    runs = [
        _gained(problem, (threshold + shift) * speed / period) >= KEPT_GAIN * usual
        for speed in speeds
        for shift in THRESHOLD_SHIFTS
        for period in PERIODS.values()
    ]
    share: NDArray[np.float64] = np.where(usual > 0, np.mean(runs, axis=0), np.nan)
    return share


def _gained(problem: Problem, threshold: float) -> NDArray[np.float64]:
    bound = round(threshold, MINUTES_DECIMALS)
    trips = problem.minutes.tocoo()
    newly = (trips.data <= bound) & (problem.today[trips.row] > bound)
    weights = problem.people[trips.row] * newly.astype(float)
    return np.bincount(trips.col, weights=weights, minlength=len(problem.site_ids)).astype(float)


def _groups(
    table: pd.DataFrame,
    problem: Problem,
    communes: gpd.GeoDataFrame,
    newly: NDArray[np.bool_],
) -> None:
    trips = problem.minutes.tocoo()
    by_code = communes.set_index("code_insee")
    for name in schemas.GROUPS:
        if name not in by_code:
            table[f"{name}_gagnes"] = np.nan
            continue
        members = by_code[name].reindex(problem.demand_ids).to_numpy(dtype=float)
        known = ~np.isnan(members)

        def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
            weights = values[trips.row] * newly
            return np.bincount(trips.col, weights=weights, minlength=len(problem.site_ids)).astype(
                float
            )

        # Where INSEE publishes none of what is gained, nothing is known: that is not nobody.
        silent = (total((~known).astype(float)) > 0) & (total(known.astype(float)) == 0)
        table[f"{name}_gagnes"] = np.where(silent, np.nan, total(np.nan_to_num(members)))


def _offices(table: pd.DataFrame, offices: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> None:
    known = offices.set_index("site_id").reindex(table.index)
    said = known["accessible_pmr"] if "accessible_pmr" in known else pd.Series(None, table.index)
    table["accessible"] = said.map({"oui": 1.0, "non": 0.0}).astype(float)
    texts = known["horaires"] if "horaires" in known else pd.Series(None, table.index, dtype=object)
    weeks = [read_hours(text) if isinstance(text, str) and text else None for text in texts]
    hours = [np.nan if week is None else week.minutes / 60 for week in weeks]
    days = [np.nan if week is None else float(week.days_open) for week in weeks]
    table["heures_semaine"], table["jours_ouverts"] = hours, days
    table["ecart_label_heures"] = (LABEL_MINUTES / 60 - table["heures_semaine"]).clip(lower=0)
    table["ecart_label_jours"] = (LABEL_DAYS - table["jours_ouverts"]).clip(lower=0)
    density = (
        communes.set_index("code_insee")["densite"].reindex(known["code_insee"]).to_numpy(object)
        if "densite" in communes
        else None
    )
    table["densite"] = pd.Series(density, index=table.index, dtype=object)
