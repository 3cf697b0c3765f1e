"""The model of a network's changes, which grows as its answers show what it leaves out.

A place loses minutes level by level: the way to its second nearest point once the nearest is lost,
to the third once both are… Each set ``P`` of points is one column
``u ≥ Σ_{j∈P} lost_j − (|P| − 1)``, which counts what is lost with all of them. Few sets ever are:
levels deeper than the first ones, and the promises about them, are written once an answer reaches
them. What is left out only makes the loss smaller, so that the model's bound holds for the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo.siting.solving.highs import Answer, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from msap_geo.siting.adaptation.network import Guarantee
    from msap_geo.siting.adaptation.question import Question

Key = tuple[str, tuple[int, ...]]

_DEPTH, _FIRST = 2, 6
"""Levels, and points of a promise's sets, written from the beginning."""

_HALF = 0.5
_NOISE = 1e-6


class Growing:
    """What is written so far; see the module.

    Parameters
    ----------
    question
        The network, its changes and promises.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        network = question.network
        self.losers = {service: question.losers(service) for service in network.gives}
        self.depth = {service: np.full(len(network.people), _DEPTH) for service in question.weights}
        self.promised: list[dict[int, tuple[int, ...]]] = []
        for promise in question.guarantees:
            sets = {int(place): self._set_of(promise, place) for place in promise.places}
            self.promised.append({place: s for place, s in sets.items() if s and len(s) <= _FIRST})

    def _set_of(self, promise: Guarantee, place: int) -> tuple[int, ...]:
        """Return the points whose loss together would leave a place; empty if one always stays."""
        row = promise.reach
        near = row.indices[row.indptr[place] : row.indptr[place + 1]]
        giving = near[self.question.network.gives[promise.service][near]].tolist()
        losers = self.losers[promise.service]
        return tuple(sorted(giving)) if all(losers[point] for point in giving) else ()

    def levels(self) -> dict[Key, float]:
        """Return the sets of points written so far, and the person-minutes lost with each."""
        network = self.question.network
        found: dict[Key, float] = {}
        points, minutes, start = (
            network.minutes.indices,
            network.minutes.data,
            network.minutes.indptr,
        )
        for service, weight in self.question.weights.items():
            losers, gives = self.losers[service], network.gives[service]
            for place in np.flatnonzero(network.people > 0).tolist():
                prefix: list[int] = []
                people = weight * int(network.people[place])
                last = 0.0
                for entry in range(start[place], start[place + 1]):
                    point = int(points[entry])
                    if not gives[point]:
                        continue
                    if prefix:
                        _add(found, service, prefix, people * (minutes[entry] - last))
                    if not losers[point] or len(prefix) >= self.depth[service][place]:
                        break
                    prefix.append(point)
                    last = float(minutes[entry])
                else:
                    if prefix:
                        _add(found, service, prefix, people * (network.longest - last))
        return found

    def deepen(self, chosen: NDArray[np.int64]) -> bool:
        """Write what an answer reaches and the model did not hold; tell whether there was any."""
        question, network, grown = self.question, self.question.network, False
        for service, depth in self.depth.items():
            lost = question.lost(service, chosen)
            run = _lost_in_a_row(network.minutes, network.gives[service], lost)
            # One level more than the points lost is never reached by this answer.
            short = (run > depth) & (network.people > 0)
            depth[short] = run[short]
            grown |= bool(short.any())
        for promise, written in zip(question.guarantees, self.promised, strict=True):
            left = promise.left(network, question.lost(promise.service, chosen))
            if promise.people[left].sum() > promise.allowed:
                for place in left.tolist():
                    if place not in written:
                        written[place] = self._set_of(promise, place)
                        grown = True
        return grown

    def model(self) -> tuple[Model, NDArray[np.int64], dict[Key, int]]:
        """Return the model so far, the columns of the changes, and those of the sets."""
        changes = self.question.changes
        model = Model()
        tolls = -np.array([change.toll for change in changes], dtype=float)
        imposed = np.zeros(len(changes))
        imposed[sorted(self.question.imposed)] = 1.0
        x = model.columns(len(changes), cost=tolls, lower=imposed, integer=True)
        levels = self.levels()
        keys = dict(levels)
        for promise, written in zip(self.question.guarantees, self.promised, strict=True):
            for points in written.values():
                keys.setdefault((promise.service, points), 0.0)
        u = model.columns(len(keys), cost=-np.array([*keys.values(), 0.0])[: len(keys)])
        column = dict(zip(keys, u.tolist(), strict=True))
        row, index = [], []
        spare = np.array([len(points) - 1.0 for _, points in keys])
        for rank, (service, points) in enumerate(keys):
            ranks = [change for point in points for change in self.losers[service][point]]
            row += [rank] * len(ranks)
            index += ranks
        if keys:
            model.rows(
                len(keys),
                (np.arange(len(keys)), u, 1.0),
                (np.array(row, dtype=np.int64), x[np.array(index, dtype=np.int64)], -1.0),
                lower=-spare,
            )
        by_point: dict[int, list[int]] = {}
        for rank, change in enumerate(changes):
            by_point.setdefault(change.point, []).append(rank)
        for ranks in by_point.values():
            if len(ranks) > 1:
                model.row(x[ranks], 1.0, upper=1.0)
        return model, x, column

    def promises(
        self, model: Model, column: dict[Key, int], slack: list[int] | None = None
    ) -> None:
        """Add the promises to a model; ``slack`` are columns that may stretch each."""
        for rank, promise in enumerate(self.question.guarantees):
            written = self.promised[rank]
            if not written:
                continue
            totals: dict[int, float] = {}
            for place, points in written.items():
                where = column[promise.service, points]
                totals[where] = totals.get(where, 0.0) + float(promise.people[place])
            terms = [(np.zeros(len(totals)), list(totals), list(totals.values()))]
            if slack is not None:
                terms.append((np.zeros(1), [slack[rank]], [-1.0]))
            model.rows(1, *terms, upper=promise.allowed + _NOISE)

    def numbers(
        self,
        model: Model,
        x: NDArray[np.int64],
        slack: list[int] | None = None,
    ) -> None:
        """Add the bounds on numbers of changes; ``slack`` are columns that may stretch each."""
        for rank, number in enumerate(self.question.numbers):
            ranks = x[sorted(number.changes)]
            most = len(ranks) if number.most is None else number.most
            loose = [] if slack is None else [slack[rank]]
            model.rows(1, (0, ranks, 1.0), (0, loose, -1.0), upper=float(most))
            model.rows(1, (0, ranks, 1.0), (0, loose, 1.0), lower=float(number.least))


def chosen_of(answer: Answer, n_changes: int) -> NDArray[np.int64]:
    """Return the ranks of the changes an answer makes."""
    chosen: NDArray[np.int64] = np.flatnonzero(answer.x[:n_changes] > _HALF)
    return chosen


def _add(found: dict[Key, float], service: str, prefix: list[int], lost: float) -> None:
    if lost > 0:
        key = (service, tuple(sorted(prefix)))
        found[key] = found.get(key, 0.0) + lost


def _lost_in_a_row(
    table: csr_array, gives: NDArray[np.bool_], lost: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return how many points in a row each place has lost, from its nearest one on."""
    indptr, indices = table.indptr, table.indices
    n = len(indptr) - 1
    row = np.repeat(np.arange(n), np.diff(indptr))
    giving = gives[indices]
    kept = giving & ~lost[indices]
    rank = np.cumsum(giving) - giving  # points that give the service before this entry, in all
    begin = np.concatenate([[0], np.cumsum(giving)])[indptr[:-1]]
    run = np.concatenate([[0], np.cumsum(giving)])[indptr[1:]] - begin
    places, first = np.unique(row[kept], return_index=True)
    run[places] = rank[np.flatnonzero(kept)[first]] - begin[places]
    result: NDArray[np.int64] = run
    return result
