"""A linear relaxation that grows: sites under their limits, and cuts that say what they bring.

Each row of gains is one column ``θ_i``, what the row gains. The best of the sites chosen brings at
most, for any level ``v``,

    θ_i ≤ v + Σ_j max(0, v_ij − v) y_j

and the level at which the best sites of the row add up to one makes the tightest cut: Benders'
cuts of the p-median, separated in closed form (Fischetti, Ljubić & Sinnl, *Management Science* 63,
2017; Duran-Mateluna, Ales & Elloumi, *Computers & Operations Research* 151, 2023). A few of them a
row are enough, where writing every pair down takes as many columns as there are pairs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np

from msap_geo.compiled import kernel
from msap_geo.siting.solving import exact
from msap_geo.siting.solving.gains import slices
from msap_geo.siting.solving.highs import Model, Quiet, program_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

_VIOLATED = 1e-6
"""A cut must correct a row by so much of its best gain to be worth adding."""

_ROUNDS = 500


class Relaxed(NamedTuple):
    """An optimum of the relaxation, or what is known of it.

    Parameters
    ----------
    value
        No plan within the bounds brings more; −∞ where there is none.
    sites
        How much of each site it takes; empty where the search stopped before the end.
    worth
        What a little more of each site would bring (reduced costs).
    """

    value: float
    sites: NDArray[np.float64]
    worth: NDArray[np.float64]


class Relaxation:
    """What sites taken in part may bring within the limits, tightened by cuts as it is asked.

    Parameters
    ----------
    gains
        What sites bring.
    limits
        What may be chosen.
    """

    def __init__(self, gains: Gains, limits: Limits) -> None:
        table = gains.by_row
        order = np.lexsort((table.indices, -table.data, gains.entry_row))
        self.n_sites, self.n_rows = gains.n_sites, gains.n_rows
        self.site = table.indices[order].astype(np.int64)
        self.value, self.indptr = table.data[order], table.indptr.astype(np.int64)
        self.highest = np.maximum.reduceat(table.data, self.indptr[:-1])
        model = Model()
        exact.add_sites(model, limits)
        model.integer[0] = np.zeros(self.n_sites, dtype=bool)
        model.columns(self.n_rows, cost=1.0, upper=self.highest)
        self.solver = Quiet()  # type: ignore[no-untyped-call]
        self.solver.setOptionValue("threads", 1)
        self.solver.setOptionValue("solver", "simplex")
        self.solver.setOptionValue("presolve", "off")
        self.solver.passModel(program_of(model))
        self.columns = np.arange(self.n_sites, dtype=np.int32)
        self.cuts = 0

    def at(self, sites: NDArray[np.float64]) -> None:
        """Add the cuts that are tight where so much of each site is taken."""
        level, _, end = _separate(
            self.indptr, self.site, self.value, sites, np.full(self.n_rows, np.inf)
        )
        self._add(np.arange(self.n_rows), level, end)

    def solve(
        self,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        enough: float,
        until: float,
    ) -> Relaxed:
        """Return the optimum within bounds on the sites.

        Parameters
        ----------
        lower, upper
            Bounds of each site.
        enough
            Stop once no plan is shown to bring so much.
        until
            Stop then, on the clock of :func:`time.perf_counter`.
        """
        nothing = np.empty(0)
        self.solver.changeColsBounds(self.n_sites, self.columns, lower, upper)
        known = np.inf
        for _ in range(_ROUNDS):
            left = until - time.perf_counter()
            if left <= 0:
                break
            # Its clock goes on from run to run.
            self.solver.setOptionValue("time_limit", self.solver.getRunTime() + left)
            self.solver.run()
            status = self.solver.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                return Relaxed(-np.inf, nothing, nothing)
            if status != highspy.HighsModelStatus.kOptimal:
                break
            known = float(self.solver.getInfo().objective_function_value)
            if known < enough:
                break
            answer = self.solver.getSolution()
            x = np.array(answer.col_value)
            sites, reached = x[: self.n_sites], x[self.n_sites :]
            level, over, end = _separate(self.indptr, self.site, self.value, sites, reached)
            rows = np.flatnonzero(over > _VIOLATED * np.maximum(self.highest, 1.0))
            if not len(rows):
                return Relaxed(known, sites, np.array(answer.col_dual)[: self.n_sites])
            self._add(rows, level, end)
        return Relaxed(known, nothing, nothing)

    def _add(
        self, rows: NDArray[np.int64], level: NDArray[np.float64], end: NDArray[np.int64]
    ) -> None:
        counts = end[rows] - self.indptr[rows]
        starts = np.concatenate([[0], np.cumsum(counts + 1)])[:-1]
        entry, _ = _spans(self.indptr[rows], counts)
        owner = np.repeat(np.arange(len(rows)), counts)
        size = int((counts + 1).sum())
        index, value = np.empty(size, dtype=np.int32), np.empty(size)
        last = starts + counts
        kept = np.ones(size, dtype=bool)
        kept[last] = False
        index[kept] = self.site[entry]
        value[kept] = level[rows][owner] - self.value[entry]
        index[last], value[last] = self.n_sites + rows, 1.0
        self.solver.addRows(
            len(rows),
            np.full(len(rows), -highspy.kHighsInf),
            level[rows],
            size,
            starts.astype(np.int32),
            index,
            value,
        )
        self.cuts += len(rows)


def _spans(
    starts: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of some spans one after the other, and how many each holds."""
    pointers = np.concatenate([starts, [0]])
    pointers = np.stack([starts, starts + counts], axis=1).ravel()
    return slices(pointers, 2 * np.arange(len(starts)))


@kernel
def _separate(
    indptr: NDArray[np.int64],
    site: NDArray[np.int64],
    value: NDArray[np.float64],
    taken: NDArray[np.float64],
    reached: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the level of each row's tightest cut, what it corrects, and where its sites end."""
    n = len(indptr) - 1
    level, over, end = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    for row in range(n):
        full, brought = 0.0, 0.0
        for entry in range(indptr[row], indptr[row + 1]):
            part = taken[site[entry]]
            if part <= 0.0:
                continue
            if full + part >= 1.0 - 1e-9:
                level[row] = value[entry]
                break
            full += part
            brought += part * value[entry]
        over[row] = reached[row] - brought - (1.0 - full) * level[row]
        last = indptr[row]
        while last < indptr[row + 1] and value[last] > level[row]:
            last += 1
        end[row] = last
    return level, over, end
