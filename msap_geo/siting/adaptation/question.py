"""What is asked of a network that must change, and what the answer must respect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from msap_geo.siting.adaptation.network import Change, Guarantee, Network


@dataclass(frozen=True)
class Number:
    """Bounds on how many of some changes are made.

    Parameters
    ----------
    name
        What they are called in messages.
    changes
        Ranks of the changes.
    least, most
        Bounds, inclusive.
    """

    name: str
    changes: frozenset[int]
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """Which changes to make.

    Parameters
    ----------
    network
        The network as it is.
    changes
        What may change; a point changes once at most.
    guarantees
        What is promised to people.
    numbers
        Bounds on the numbers of some changes.
    imposed
        Ranks of the changes already agreed.
    weights
        What a person-minute of each service counts; a service without a weight counts for nothing.
    """

    network: Network
    changes: tuple[Change, ...]
    guarantees: tuple[Guarantee, ...] = ()
    numbers: tuple[Number, ...] = ()
    imposed: frozenset[int] = frozenset()
    weights: Mapping[str, float] = field(default_factory=lambda: {"bureau": 1.0})

    def losers(self, service: str) -> list[list[int]]:
        """Return the changes by which each point loses a service."""
        found: list[list[int]] = [[] for _ in self.network.point_ids]
        for rank, change in enumerate(self.changes):
            if service in change.loses and self.network.gives[service][change.point]:
                found[change.point].append(rank)
        return found

    def lost(self, service: str, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which points lose a service by some changes."""
        lost = np.zeros(len(self.network.point_ids), dtype=bool)
        for rank in chosen.tolist():
            if service in self.changes[rank].loses:
                lost[self.changes[rank].point] = True
        return lost & self.network.gives[service]

    def loss(self, chosen: NDArray[np.int64]) -> float:
        """Return the person-minutes some changes add to everyone's trips."""
        total = sum(self.changes[rank].toll for rank in chosen.tolist())
        for service, weight in self.weights.items():
            before, _ = self.network.nearest(service)
            after, _ = self.network.nearest(service, self.lost(service, chosen))
            total += weight * float(self.network.people @ (after - before))
        return float(total)

    def saved(self, chosen: NDArray[np.int64]) -> float:
        """Return the euros a year some changes save."""
        return float(sum(self.changes[rank].saves_eur for rank in chosen.tolist()))

    def broken(self, chosen: NDArray[np.int64]) -> list[int]:
        """Return the ranks of the guarantees some changes break."""
        return [
            rank
            for rank, promise in enumerate(self.guarantees)
            if not promise.kept(self.network, self.lost(promise.service, chosen))
        ]
