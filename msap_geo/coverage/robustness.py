"""Would the same commune be blanche under other assumptions? Stored times, rescaled: no routing.

A run changes the speed on the roads, the threshold, the period of the day and the place people
start from. All but the last rescale times, so that a commune is blanche in a run when its stored
time exceeds one number, the run's limit:

    t · period / speed > threshold + shift   ⇔   t > (threshold + shift) · speed / period

The runs of a commune are then counted by looking its time up among the sorted limits: a thousand
runs cost one search. Rescaling a whole trip also rescales its legs on foot, a minute or two.

How far speeds may be from those of the study is measured, not assumed
(:class:`msap_geo.coverage.Spread`): the error all times of a territory share is the factor on speed
of a run; a commune's own, of standard deviation σ on the logarithm of its time, makes its place in
a run a probability, Φ(ln(t / limit) / σ).
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from msap_geo.coverage.weighted import group_quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_MIDDLES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles in the middle of five equally likely classes."""

THRESHOLD_SHIFTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Minutes added to the threshold."""

PERIODS = {"heures creuses": 1.0, "heures de pointe": 1.15}
"""Factor on times, by period; the first is that of the stored times. 15 % more at peak hours is an
assumption of ours, to be replaced by measured speeds where there are."""

SOLID, LIKELY = 0.95, 0.5
"""Shares of the runs from which a commune that is blanche is *solide*, or *probable*; ours."""

_LIMIT_DECIMALS = 9
_SHORTEST, _SMALLEST_LIMIT = 1e-9, 1e-6
_CHUNK = 2_000
_FACTORS = {"vitesse": "vitesse", "decalage": "seuil", "periode": "période", "origine": "origine"}


def full_grid(
    conventions: Sequence[str],
    *,
    speeds: Sequence[float],
    threshold_shifts: Sequence[float] = THRESHOLD_SHIFTS,
    periods: Mapping[str, float] = PERIODS,
) -> pd.DataFrame:
    """Return every combination of the assumptions.

    Parameters
    ----------
    conventions
        Names of the origin conventions, the reference first.
    speeds, threshold_shifts
        Factors on speed (:func:`likely_speeds`); minutes added to the threshold.
    periods
        Factor on times by period, the reference first.

    Returns
    -------
    pandas.DataFrame
        One run per row: ``vitesse, decalage, periode, facteur_periode, origine``.
    """
    rows = product(speeds, threshold_shifts, periods, conventions)
    table = pd.DataFrame(rows, columns=["vitesse", "decalage", "periode", "origine"])
    return table.assign(facteur_periode=table["periode"].map(dict(periods)).astype(float))


def likely_speeds(sigma: float) -> tuple[float, ...]:
    """Return five equally likely factors on speed, the middle one 1.

    Parameters
    ----------
    sigma
        Standard deviation of the logarithm of the error all times of a territory share
        (``Spread.territory``).

    Returns
    -------
    tuple of float
        The quantiles 0.1, 0.3, 0.5, 0.7, 0.9 of a log-normal law of median 1.
    """
    return tuple(float(factor) for factor in np.exp(sigma * ndtri(np.array(_MIDDLES))).round(4))


def random_runs(
    conventions: Sequence[str],
    *,
    n: int,
    seed: int,
    sigma: float,
    threshold_shifts: tuple[float, float] = (THRESHOLD_SHIFTS[0], THRESHOLD_SHIFTS[-1]),
    periods: Mapping[str, float] = PERIODS,
) -> pd.DataFrame:
    """Draw assumptions at random (Monte Carlo).

    Parameters
    ----------
    conventions, periods
        As for :func:`full_grid`; one is drawn, all equally likely.
    n
        Number of runs.
    seed
        The same seed gives the same runs.
    sigma
        Standard deviation of the logarithm of the factor on speed, of median 1.
    threshold_shifts
        Bounds, drawn uniformly between.

    Returns
    -------
    pandas.DataFrame
        As :func:`full_grid`.
    """
    rng = np.random.default_rng(seed)
    period = rng.choice(list(periods), n)
    return pd.DataFrame(
        {
            "vitesse": np.exp(rng.normal(0, sigma, n)),
            "decalage": rng.uniform(*threshold_shifts, n),
            "periode": period,
            "origine": rng.choice(list(conventions), n),
            "facteur_periode": [periods[name] for name in period],
        }
    )


def robustness_of_communes(
    minutes: pd.DataFrame, runs: pd.DataFrame, *, threshold: float, sigma: float = 0.0
) -> pd.DataFrame:
    """Tell in which share of the runs each commune is blanche.

    Parameters
    ----------
    minutes
        Time of each commune (index ``code_insee``) under each convention (columns), null without a
        route (:func:`msap_geo.coverage.conventions.minutes_by_commune`); the first convention is
        the reference.
    runs
        Runs of :func:`full_grid` or :func:`random_runs`.
    threshold
        Minutes, inclusive.
    sigma
        Standard deviation of the logarithm of the error on one commune's time
        (``Spread.commune``); zero where only the assumptions of a run move it.

    Returns
    -------
    pandas.DataFrame
        One row per commune, same order: ``blanche`` (under the reference assumptions),
        ``part_blanche`` (share of the runs, from 0 to 1), ``robustesse``
        (:func:`robustness_class`), ``vitesse_de_bascule`` (factor on speed at which it changes
        sides, all else as in the reference: t / threshold).
    """
    reference = minutes.iloc[:, 0]
    share = _share_blanche(minutes, runs, threshold, sigma)
    return pd.DataFrame(
        {
            "blanche": ~(reference <= threshold),
            "part_blanche": share.round(6),
            "robustesse": robustness_class(share),
            "vitesse_de_bascule": (reference / threshold).round(3),
        },
        index=minutes.index,
    ).reset_index()


def robustness_of_zones(
    zone: pd.Series,
    population: pd.Series,
    minutes: pd.DataFrame,
    runs: pd.DataFrame,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Tell in which share of the runs each zone stays blanche.

    A zone stays blanche while more than half of its inhabitants are beyond the limit, that is,
    while the time half of them do not exceed is beyond it. The errors of its communes are taken to
    cancel out: only what all times share moves it.

    Parameters
    ----------
    zone, population
        Zone of each commune, null outside, and its inhabitants; rows of ``minutes``.
    minutes, runs, threshold
        As for :func:`robustness_of_communes`.

    Returns
    -------
    pandas.DataFrame
        One row per zone: ``zone_id, part_blanche, robustesse``.
    """
    inside = zone.notna().to_numpy()
    names, group = np.unique(zone[inside].to_numpy(dtype=str), return_inverse=True)
    people = np.maximum(population.to_numpy(dtype=float)[inside], 1e-3)
    medians = {
        name: group_quantiles(
            minutes[name].to_numpy(dtype=float)[inside], people, group, len(names), share=0.5
        )
        for name in minutes.columns
    }
    share = _share_blanche(pd.DataFrame(medians, index=names), runs, threshold)
    return pd.DataFrame(
        {
            "zone_id": names.astype(object),
            "part_blanche": share.round(6),
            "robustesse": robustness_class(share),
        }
    )


def factors_that_flip(
    minutes: pd.DataFrame, grid: pd.DataFrame, *, threshold: float
) -> pd.DataFrame:
    """Tell which assumption, changed alone, moves a commune across the threshold.

    Parameters
    ----------
    minutes
        As for :func:`robustness_of_communes`.
    grid
        Runs of :func:`full_grid`, which hold the reference: speed 1, shift 0, the first period and
        the first convention.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per commune, same order: ``bascule_vitesse, bascule_seuil, bascule_periode,
        bascule_origine`` (true or false) and ``facteurs``, their names in a sentence.
    """
    reference = {
        "vitesse": 1.0,
        "decalage": 0.0,
        "periode": grid["periode"].iloc[0],
        "origine": minutes.columns[0],
    }
    today = ~(minutes.iloc[:, 0] <= threshold).to_numpy()
    columns, told = {}, np.full(len(minutes), "", dtype=object)
    for factor, name in _FACTORS.items():
        alone = np.logical_and.reduce(
            [
                (grid[other] == value).to_numpy()
                for other, value in reference.items()
                if other != factor
            ]
        )
        runs = grid[alone]
        share = _share_blanche(minutes, runs, threshold)
        flips = np.where(today, share < 1, share > 0)
        columns[f"bascule_{name.replace('é', 'e')}"] = flips
        told = np.where(flips, np.where(told == "", name, told + ", " + name), told)
    return pd.DataFrame({**columns, "facteurs": told}, index=minutes.index).reset_index()


def robustness_class(share: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name a share of runs: *solide* (:data:`SOLID` or more), *probable* (:data:`LIKELY` or more),
    *fragile* (some), *jamais blanche* (none).
    """  # noqa: D205 - one sentence
    conditions = [share >= SOLID, share >= LIKELY, share > 0]
    named: NDArray[np.object_] = np.select(
        conditions, ["solide", "probable", "fragile"], default="jamais blanche"
    ).astype(object)
    return named


def _share_blanche(
    minutes: pd.DataFrame, runs: pd.DataFrame, threshold: float, sigma: float = 0.0
) -> NDArray[np.float64]:
    limit = (threshold + runs["decalage"]) * runs["vitesse"] / runs["facteur_periode"]
    beyond = np.zeros(len(minutes))
    for name, limits in limit.round(_LIMIT_DECIMALS).groupby(runs["origine"]):
        # A null is beyond every limit; a time equal to the limit is within.
        times = np.nan_to_num(minutes[name].to_numpy(dtype=float), nan=np.inf)
        if sigma:
            beyond += _likely_beyond(times, limits.to_numpy(), sigma)
        else:
            beyond += np.searchsorted(np.sort(limits.to_numpy()), times, side="left")
    share: NDArray[np.float64] = beyond / len(runs)
    # A tail of a law is never empty: below half a thousandth of the runs there is none.
    return share.round(3) if sigma else share


def _likely_beyond(
    times: NDArray[np.float64], limits: NDArray[np.float64], sigma: float
) -> NDArray[np.float64]:
    """Add up, for each time, the probabilities that it is beyond each limit."""
    log_limits = np.log(np.maximum(limits, _SMALLEST_LIMIT)) / sigma
    log_times = np.log(np.maximum(times, _SHORTEST)) / sigma
    return np.concatenate(
        [
            ndtr(log_times[start : start + _CHUNK, None] - log_limits).sum(axis=1)
            for start in range(0, len(times), _CHUNK)
        ]
        or [np.zeros(0)]
    )
