"""The fewest sites that bring groups to the shares they need: all groups at once, or a few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from msap_geo.siting.solving.highs import Answer, Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.objectives.groups import Groups

_HALF = 0.5
_EXACT = 1e-7


@dataclass(frozen=True, eq=False)
class Fewest:
    """What the fewest sites are looked for among.

    Parameters
    ----------
    groups
        Rows and people by group.
    usable
        Sites that may be chosen, shape (sites,).
    forced
        Sites that must be chosen.
    effort
        Time in all, seed and threads.
    """

    groups: Groups
    usable: NDArray[np.bool_]
    forced: NDArray[np.int64]
    effort: Effort

    def of_all(
        self,
        needs: NDArray[np.float64],
        among: NDArray[np.bool_],
        *,
        whole: bool,
        seconds: float,
        enough: float | None = None,
    ) -> Answer:
        """Bring every group to what it needs with the fewest sites among some, whole or in part.

        Parameters
        ----------
        needs
            Share new sites must bring to each group, shape (groups,).
        among
            Sites to choose among, shape (sites,).
        whole
            Whether sites are taken whole.
        seconds
            Time.
        enough
            A value, minus a number of sites, beyond which nothing better is looked for.
        """
        groups, gains = self.groups, self.groups.gains
        model = Model()
        lower = np.zeros(gains.n_sites)
        lower[self.forced] = 1.0
        y = model.columns(
            gains.n_sites, cost=-1.0, lower=lower, upper=np.maximum(among, lower), integer=whole
        )
        _cover(
            model,
            y[gains.by_row.indices],
            gains.entry_row,
            gains.people / groups.people[groups.of_row],
            groups.of_row,
            needs,
        )
        effort = replace(self.effort, seconds=seconds)
        return solve(model, effort, enough=enough, interior=not whole)

    def of_part(
        self,
        inside: NDArray[np.bool_],
        free: NDArray[np.bool_],
        needs: NDArray[np.float64],
        cost: NDArray[np.float64],
        *,
        fixed: NDArray[np.int64],
        effort: Effort,
        start: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], float]:
        """Bring some groups to what they need with the cheapest sites of a few, others staying.

        Parameters
        ----------
        inside
            Groups to bring there, shape (groups,).
        free
            Sites to choose among, shape (sites,).
        needs
            Share new sites must bring to each group, shape (groups,).
        cost
            Cost of each site, shape (sites,).
        fixed
            Sites that stay.
        effort
            Time and gap.
        start
            Sites to start from.

        Returns
        -------
        tuple of numpy.ndarray and float
            Sites chosen, if any were found, and a cost below which there are none.
        """
        groups, gains = self.groups, self.groups.gains
        best = gains.best(fixed)
        rows = np.flatnonzero(inside[groups.of_row] & (best <= 0))
        sites = np.flatnonzero(free)
        part = csr_array(csr_array(gains.by_row[rows])[:, sites])
        model = Model()
        lower = np.isin(sites, self.forced).astype(float)
        y = model.columns(len(sites), cost=-cost[sites], lower=lower, integer=True)
        done = np.bincount(groups.of_row, weights=best, minlength=len(needs)) / groups.people
        z = _cover(
            model,
            y[part.indices],
            np.repeat(np.arange(len(rows)), np.diff(part.indptr)),
            gains.people[rows] / groups.people[groups.of_row[rows]],
            (np.cumsum(inside) - 1)[groups.of_row[rows]],
            (needs - done)[inside],
        )
        values = None
        if start is not None:
            values = np.zeros(model.n_columns)
            values[y] = np.isin(sites, start)
            values[z] = part @ values[y] > 0
        answer = solve(model, effort, start=values)
        chosen = np.flatnonzero(answer.x[: len(sites)] > _HALF)
        return sites[chosen], -answer.bound

    def lacking(self, sites: NDArray[np.int64], needs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share each group still lacks with these sites."""
        groups = self.groups
        found: NDArray[np.float64] = needs - groups.shares(sites) + groups.today / groups.people
        return found

    def enough(self, sites: NDArray[np.int64], needs: NDArray[np.float64]) -> bool:
        """Tell whether these sites bring every group what it needs."""
        return bool((self.lacking(sites, needs) <= _EXACT).all())

    def raised(self, sites: NDArray[np.int64], needs: NDArray[np.float64]) -> NDArray[np.int64]:
        """Open the sites that help most the group farthest behind, then close idle ones."""
        groups, gains = self.groups, self.groups.gains
        opened = list(sites)
        while True:
            lacking = self.lacking(np.array(opened, dtype=np.int64), needs)
            worst = int(np.argmax(lacking))
            if lacking[worst] <= _EXACT:
                break
            rows = (groups.of_row == worst) & (gains.best(np.array(opened, dtype=np.int64)) <= 0)
            adds = np.where(self.usable, gains.by_row.T @ np.where(rows, 1.0, 0.0), 0.0)
            if adds.max() <= 0:
                break
            opened.append(int(np.argmax(adds)))
        for site in sorted(set(opened) - set(self.forced.tolist())):
            fewer = np.array([other for other in opened if other != site], dtype=np.int64)
            if self.enough(fewer, needs):
                opened = fewer.tolist()
        return np.array(sorted(opened), dtype=np.int64)


def _cover(
    model: Model,
    columns: NDArray[np.int64],
    entry: NDArray[np.int64],
    weight: NDArray[np.float64],
    of_row: NDArray[np.int64],
    needs: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Add rows that sites cover, and what each group needs of them; return their columns.

    In shares, not persons: every group's row then weighs alike to the solver.
    """
    n = len(weight)
    z = model.columns(n)
    model.rows(n, (np.arange(n), z, 1.0), (entry, columns, -1.0), upper=0.0)
    model.rows(len(needs), (of_row, z, weight), lower=needs)
    return z
