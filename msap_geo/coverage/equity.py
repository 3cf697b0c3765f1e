"""How unequally access is shared: between people, between territories, and against whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.coverage.access import MINUTES_DECIMALS, assumed_minutes
from msap_geo.coverage.territories import POPULATION, WHOLE, target_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORST_SHARE, BEST_SHARE = 0.1, 0.4
"""The tenth of the people that is worst served, and the two fifths best served (Palma,
*Homogeneous middles vs. heterogeneous tails*, Development and Change 42, 2011, for incomes)."""

_DECIMALS = 6


def equity(
    places: pd.DataFrame, density: pd.Series | None = None, *, threshold: float
) -> pd.DataFrame:
    """Measure how unequal the times of inhabitants are, overall and by density class.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`.
    density
        Class of each place (INSEE's density grid, urban or rural…), same order; a null is a class
        of its own, *non classé*.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        ``ensemble``, then one row per class (``classe``), each with:

        ``population, population_sans_trajet``
            The second are in the FGT indices only.
        ``gini``
            Gini coefficient of the times of inhabitants, from 0 (equal) to 1:
            Σ pᵢtᵢ(2Cᵢ - pᵢ) / (N Σ pᵢtᵢ) - 1, times increasing, Cᵢ people up to i.
        ``palma``
            Minutes of the worst served tenth over minutes of the best served two fifths; null when
            the latter travel no time at all.
        ``minutes_pire_decile``
            Mean time of the worst served tenth.
        ``fgt_0, fgt_1, fgt_2``
            Σ pᵢ gᵢᵃ / N over those beyond, gᵢ = (tᵢ - s) / s: how many, how far, how far with more
            weight on the farthest (Foster, Greer & Thorbecke, *A class of decomposable poverty
            measures*, Econometrica 52, 1984). Without a route,
            :func:`msap_geo.coverage.access.assumed_minutes`.
        ``contribution_fgt_1``
            The class's share of the whole gap, from 0 to 1; they add up to 1.
    """
    people = places[POPULATION].to_numpy(dtype=float)
    minutes = places["minutes"].to_numpy(dtype=float)
    gap = (assumed_minutes(places["minutes"], threshold=threshold) - threshold) / threshold
    # Beyond as measured, not by the sign of the gap: a thousandth of a minute decides.
    beyond = ~(minutes <= threshold)
    gap = np.where(beyond, gap, 0.0)
    whole_gap = float((people * gap).sum())
    parts = {WHOLE: np.ones(len(places), dtype=bool)}
    if density is not None:
        label = density.astype(object).where(density.notna().to_numpy(), "non classé").to_numpy()
        parts |= {str(name): label == name for name in sorted(set(label), key=str)}
    rows = []
    for name, mine in parts.items():
        p, t, g, far = people[mine], minutes[mine], gap[mine], beyond[mine]
        reached = ~np.isnan(t)
        total = p.sum()
        worst = tail_mean(t[reached], p[reached], share=WORST_SHARE, worst=True)
        best = tail_mean(t[reached], p[reached], share=BEST_SHARE, worst=False)
        row = {
            "classe": name,
            "population": int(total),
            "population_sans_trajet": int(p[~reached].sum()),
            "gini": round(gini(t[reached], p[reached]), _DECIMALS),
            "palma": round(worst * WORST_SHARE / (best * BEST_SHARE), 3) if best > 0 else np.nan,
            "minutes_pire_decile": round(worst, MINUTES_DECIMALS),
        }
        for power in (0, 1, 2):
            value = float((p * far * g**power).sum())
            row[f"fgt_{power}"] = round(value / total, _DECIMALS) if total else np.nan
        share = float((p * g).sum()) / whole_gap if whole_gap else np.nan
        rows.append({**row, "contribution_fgt_1": round(share, _DECIMALS)})
    return pd.DataFrame(rows)


def gini(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of values held by several people each; null without a sum."""
    order = np.argsort(values, kind="stable")
    value, weight = values[order], weights[order]
    total, product = weight.sum(), weight * value
    if not product.sum():
        return float("nan")
    up_to = np.cumsum(weight)
    return float((product * (2 * up_to - weight)).sum() / (total * product.sum()) - 1)


def tail_mean(
    values: NDArray[np.float64], weights: NDArray[np.float64], *, share: float, worst: bool
) -> float:
    """Return the mean value of a share of the people, from the worst or from the best.

    A place that straddles the bound counts for the people it has on this side.
    """
    order = np.argsort(-values if worst else values, kind="stable")
    wanted = share * weights.sum()
    up_to = np.cumsum(weights[order])
    taken = np.clip(wanted - (up_to - weights[order]), 0.0, weights[order])
    return float((taken * values[order]).sum() / wanted) if wanted else float("nan")


def concentration_index(minutes: pd.Series, people: pd.Series, rank_by: pd.Series) -> float:
    """Return whether long times fall on places that score high on some variable.

    C = 2 cov(t, r) / mean(t), r the rank of each inhabitant from 0 to 1 by the variable, equals
    sharing their rank (Kakwani, Wagstaff & van Doorslaer, *Socioeconomic inequalities in health*,
    Journal of Econometrics 77, 1997).

    Parameters
    ----------
    minutes, people, rank_by
        Time, inhabitants and variable (an income, a share of poor households…) of each place; a
        place where the time or the variable is null is left out.

    Returns
    -------
    float
        From -1 (long times where the variable is low) to 1 (where it is high); 0 when unrelated,
        null without times.
    """
    known = (minutes.notna() & rank_by.notna()).to_numpy()
    t, p = minutes.to_numpy(dtype=float)[known], people.to_numpy(dtype=float)[known]
    if not (t * p).sum():
        return float("nan")
    _, level = np.unique(rank_by.to_numpy(dtype=float)[known], return_inverse=True)
    held = np.bincount(level, weights=p)
    middle = (np.cumsum(held) - held / 2) / p.sum()
    return float((p * t * (2 * middle[level] - 1)).sum() / (p * t).sum())


def concentration_of_groups(places: pd.DataFrame) -> pd.DataFrame:
    """Tell which target groups live where access is worse.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`, with target groups.

    Returns
    -------
    pandas.DataFrame
        ``groupe, concentration`` (:func:`concentration_index` by the group's share of each place's
        population): above 0, times are longer where the group is more present.
        ``population_connue``: people of the places where both are known, which alone count.
    """
    people = places[POPULATION]
    rows = []
    for name in target_groups(places):
        if name in schemas.EVERYONE:  # how many live in a household is no fragility
            continue
        share = places[name] / people.where(people > 0)
        known = int(people[share.notna() & places["minutes"].notna()].sum())
        rows.append((name, concentration_index(places["minutes"], people, share), known))
    table = pd.DataFrame(rows, columns=["groupe", "concentration", "population_connue"])
    return table.astype({"concentration": float, "population_connue": "int64"}).round(_DECIMALS)
