"""The best plan and its proof: HiGHS on what reductions leave of the gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from msap_geo.errors import DataError
from msap_geo.siting.solving.highs import Answer, Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

_HALF = 0.5


def add_sites(model: Model, limits: Limits) -> NDArray[np.int64]:
    """Add one yes-or-no column per site, under every limit; return the columns."""
    n = len(limits.free)
    y = model.columns(n, upper=limits.free.astype(float), integer=True)
    if limits.count is not None:
        model.row(y, 1.0, upper=limits.count)
    if limits.budget_eur is not None:
        model.row(y, limits.cost_eur, upper=limits.budget_eur)
    for group in limits.groups:
        model.row(y[group.sites], 1.0, lower=group.least, upper=group.most)
    for clique in limits.exclusive:
        model.row(y[clique], 1.0, upper=1.0)
    return y


def add_gains(model: Model, y: NDArray[np.int64], gains: Gains) -> NDArray[np.int64]:
    """Add the gains of the rows as columns worth their value; return them.

    A row whose sites bring it different gains ``g_1 > g_2 > … > g_k`` gets one column per level,
    ``z_l ≤ z_{l−1} + Σ y_j`` over the sites of the level, worth ``g_l − g_{l+1}``: the radius
    formulation of the p-median (García, Labbé & Marín, *INFORMS Journal on Computing* 23, 2011),
    of which maximal covering is the case of one level.
    """
    levels = levels_of(gains)
    z = model.columns(len(levels.worth), cost=levels.worth)
    later = np.flatnonzero(~levels.first)
    model.rows(
        len(z),
        (np.arange(len(z)), z, 1.0),
        (levels.entry_level, y[levels.entry_site], -1.0),
        (later, z[later - 1], -1.0),
        upper=0.0,
    )
    return z


class Levels(NamedTuple):
    """Rows of gains cut into levels, best first.

    Parameters
    ----------
    row, value, worth
        Row of each level, its gain, and how much more that is than the row's next level.
    first
        Whether the level is the best of its row.
    entry_level, entry_site
        Sites of each level, in pairs.
    """

    row: NDArray[np.int64]
    value: NDArray[np.float64]
    worth: NDArray[np.float64]
    first: NDArray[np.bool_]
    entry_level: NDArray[np.int64]
    entry_site: NDArray[np.int64]


def levels_of(gains: Gains) -> Levels:
    """Cut each row's gains into levels, best first."""
    table = gains.by_row
    order = np.lexsort((table.indices, -table.data, gains.entry_row))
    row, value = gains.entry_row[order], table.data[order]
    new_row = np.diff(row, prepend=-1) != 0
    starts = new_row | (np.diff(value, prepend=np.inf) != 0)
    at, first = value[starts], new_row[starts]
    following = np.where(np.append(first[1:], True), 0.0, np.append(at[1:], 0.0))
    return Levels(
        row[starts],
        at,
        at - following,
        first,
        np.cumsum(starts) - 1,
        table.indices[order].astype(np.int64),
    )


def maximise(
    gains: Gains,
    limits: Limits,
    effort: Effort,
    *,
    start: NDArray[np.int64] | None = None,
) -> Answer:
    """Find the plan that brings most, with its proof; the sites are the first columns."""
    model = Model()
    y = add_sites(model, limits)
    z = add_gains(model, y, gains)
    if start is None or not len(start):
        return solve(model, effort)
    return solve(model, effort, start=start_values(model, y, z, gains, start))


def start_values(
    model: Model,
    y: NDArray[np.int64],
    z: NDArray[np.int64],
    gains: Gains,
    chosen: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the columns of a model with these sites open, to start from."""
    values = np.zeros(model.n_columns)
    values[y[chosen]] = 1.0
    levels = levels_of(gains)
    values[z] = gains.best(chosen)[levels.row] >= levels.value
    return values


def cover(gains: Gains, limits: Limits, weights: NDArray[np.float64], effort: Effort) -> Answer:
    """Serve every row at least weight."""
    model = Model()
    y = add_sites(model, limits)
    model.cost[0] = -weights
    model.rows(gains.n_rows, (gains.entry_row, y[gains.by_row.indices], 1.0), lower=1.0)
    return solve(model, effort)


def sites_of(answer: Answer, n_sites: int, otherwise: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sites an answer opens, else those given.

    Raises
    ------
    DataError
        If there are neither.
    """
    if len(answer.x):
        return np.flatnonzero(answer.x[:n_sites] > _HALF)
    if len(otherwise):
        return otherwise
    raise undecided()


def undecided() -> DataError:
    """Return the error of a search that ended before any plan was found."""
    return DataError(
        "aucun plan trouvé dans le temps donné",
        where="[implantation] secondes",
        remedy="donner plus de secondes dans le fichier d'étude",
    )


def forced_open(n: int, forced: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return lower bounds that open these sites."""
    lower = np.zeros(n)
    lower[forced] = 1.0
    return lower
