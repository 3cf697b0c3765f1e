"""Mixed-integer models given to HiGHS as sparse arrays, without a modelling layer.

PuLP, Pyomo or highspy's own expressions build a model term by term in Python, which takes longer
than solving it; here blocks of columns and of rows are arrays from beginning to end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array

from msap_geo.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Effort:
    """How hard to look.

    Parameters
    ----------
    seconds
        Stop after so long, with what is proven by then.
    gap
        Stop once the bound is within this share of the value.
    seed
        Seed of every draw.
    threads
        Threads of HiGHS; one keeps runs reproducible.
    restarts
        Whether HiGHS may begin anew once it has fixed columns. Of no use to the many small models
        of a large one: on the national instance of the lowest share, the same bounds take a quarter
        less without.
    """

    seconds: float = 60.0
    gap: float = 1e-6
    seed: int = 0
    threads: int = 1
    restarts: bool = True


@dataclass(eq=False)
class Model:
    """A model in the making: maximise ``cost · x`` over bounded columns under bounded rows."""

    cost: list[NDArray[np.float64]] = field(default_factory=list)
    lower: list[NDArray[np.float64]] = field(default_factory=list)
    upper: list[NDArray[np.float64]] = field(default_factory=list)
    integer: list[NDArray[np.bool_]] = field(default_factory=list)
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = field(
        default_factory=list
    )
    row_lower: list[NDArray[np.float64]] = field(default_factory=list)
    row_upper: list[NDArray[np.float64]] = field(default_factory=list)
    n_columns: int = 0
    n_rows: int = 0

    def columns(
        self,
        n: int,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = 1.0,
        integer: bool = False,
    ) -> NDArray[np.int64]:
        """Add columns and return their numbers."""
        for values, given in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            values.append(np.broadcast_to(np.asarray(given, dtype=float), (n,)))
        self.integer.append(np.full(n, integer))
        self.n_columns += n
        return np.arange(self.n_columns - n, self.n_columns)

    def rows(
        self,
        n: int,
        *terms: tuple[ArrayLike, ArrayLike, ArrayLike],
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> None:
        """Add rows.

        Parameters
        ----------
        n
            How many.
        terms
            Entries as ``(row among the new ones, column, value)``, each broadcast.
        lower, upper
            Bounds of the rows.
        """
        for row, column, value in terms:
            r, c, v = np.broadcast_arrays(
                np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64), value
            )
            self.entries.append((r + self.n_rows, c, v.astype(float)))
        for values, given in ((self.row_lower, lower), (self.row_upper, upper)):
            values.append(np.broadcast_to(np.asarray(given, dtype=float), (n,)))
        self.n_rows += n

    def row(
        self,
        columns: ArrayLike,
        values: ArrayLike,
        *,
        lower: float = -np.inf,
        upper: float = np.inf,
    ) -> None:
        """Add one row."""
        self.rows(1, (0, columns, values), lower=lower, upper=upper)


@dataclass(frozen=True, eq=False)
class Answer:
    """What HiGHS found.

    Parameters
    ----------
    x
        Values of the columns; empty where there is no solution.
    value
        Value of the solution, −∞ without one.
    bound
        No solution is worth more, −∞ if there is none at all.
    infeasible
        Whether no solution exists.
    seconds
        Time taken.
    duals
        What each row is worth to the optimum of a model without whole columns; empty otherwise.
    """

    x: NDArray[np.float64]
    value: float
    bound: float
    infeasible: bool
    seconds: float
    duals: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


class Quiet(highspy.Highs):
    """HiGHS without a word.

    Its banner is printed on the standard output while the object is made, before any option may be
    given: where ``--json`` promises data and nothing else.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's name
        """Make the object, silenced."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def solve(
    model: Model,
    effort: Effort,
    *,
    start: NDArray[np.float64] | None = None,
    enough: float | None = None,
    interior: bool = False,
) -> Answer:
    """Maximise a model.

    Parameters
    ----------
    model
        The model.
    effort
        Time, gap, seed, threads and restarts.
    start
        A solution to start from.
    enough
        Stop at the first solution worth so much.
    interior
        Whether to solve a model without whole columns by interior points, sixty times faster than
        the simplex on covering models of the country.

    Raises
    ------
    DataError
        If HiGHS refuses the model.
    """
    begin = time.perf_counter()
    solver = Quiet()  # type: ignore[no-untyped-call]
    solver.setOptionValue("random_seed", effort.seed)
    solver.setOptionValue("threads", effort.threads)
    solver.setOptionValue("time_limit", max(float(effort.seconds), 0.01))
    solver.setOptionValue("mip_rel_gap", effort.gap)
    solver.setOptionValue("mip_allow_restart", effort.restarts)
    solver.setOptionValue("mip_feasibility_tolerance", _TOLERANCE)
    if enough is not None:
        solver.setOptionValue("objective_target", float(enough))
    if interior:
        solver.setOptionValue("solver", "ipm")
    if solver.passModel(program_of(model)) == highspy.HighsStatus.kError:
        raise DataError("HiGHS refuse le modèle d'implantation")
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start
        solver.setSolution(solution)
    ran = solver.run()
    if ran == highspy.HighsStatus.kError:
        # Its scheduler keeps the number of threads of its first run, ours or not, and refuses
        # another one.
        Quiet.resetGlobalScheduler(True)
        ran = solver.run()
    if ran == highspy.HighsStatus.kError:
        # Its presolve may give back a solution a hair outside its own tolerance, which it then
        # refuses.
        solver.setOptionValue("presolve", "off")
        ran = solver.run()
    status = solver.getModelStatus()
    kinds = highspy.HighsModelStatus
    # After a refusal every figure is HiGHS's zero, which would read as a bound.
    if ran == highspy.HighsStatus.kError or status not in _ENDS:
        raise DataError(f"HiGHS s'est arrêté sans réponse ({solver.modelStatusToString(status)})")
    info = solver.getInfo()
    infeasible = status in {kinds.kInfeasible, kinds.kUnboundedOrInfeasible}
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible.value
    relaxed = not any(block.any() for block in model.integer)
    x = np.array(solver.getSolution().col_value) if found else np.empty(0)
    value = float(_joined(model.cost) @ x) if found else -np.inf
    spent = time.perf_counter() - begin
    if start is not None and status == kinds.kOptimal and _unmet(value, info, effort):
        # HiGHS 1.16 may misread a start through presolve (minimum-cost covering with a knapsack
        # row), then call optimal a solution its own bound belies. The bound holds; look again.
        return solve(model, replace(effort, seconds=effort.seconds - spent))
    limit = value if relaxed and status == kinds.kOptimal else float(info.mip_dual_bound)
    if relaxed and status != kinds.kOptimal:
        limit = np.inf
    return Answer(
        x,
        value,
        -np.inf if infeasible else max(limit, value),
        infeasible,
        time.perf_counter() - begin,
        np.array(solver.getSolution().row_dual) if relaxed and found else np.empty(0),
    )


_TOLERANCE = 1e-7
_ENDS = {
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kObjectiveTarget,
    highspy.HighsModelStatus.kModelEmpty,
}


def _unmet(value: float, info: highspy.HighsInfo, effort: Effort) -> bool:
    distance = float(info.mip_dual_bound) - value
    return bool(distance > (effort.gap + _TOLERANCE) * max(abs(value), 1.0) + _TOLERANCE)


def program_of(model: Model) -> highspy.HighsLp:
    """Return a model as HiGHS reads it."""
    shape = (model.n_rows, model.n_columns)
    if model.entries:
        row, column, value = (np.concatenate(parts) for parts in zip(*model.entries, strict=True))
        matrix = csr_array(coo_array((value, (row, column)), shape=shape))
    else:
        matrix = csr_array(shape)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = model.n_columns, model.n_rows
    program.sense_ = highspy.ObjSense.kMaximize
    program.col_cost_ = _joined(model.cost)
    program.col_lower_, program.col_upper_ = _joined(model.lower), _joined(model.upper)
    program.row_lower_, program.row_upper_ = _joined(model.row_lower), _joined(model.row_upper)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    program.integrality_ = [
        highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        for whole in np.concatenate([np.empty(0, dtype=bool), *model.integer])
    ]
    return program


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0), *parts])
