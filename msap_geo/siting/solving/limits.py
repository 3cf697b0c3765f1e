"""The rules over numbered sites: whether a set of sites, or a swap, respects them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

CENT = 0.005
"""Sums of money are told apart to half a cent."""


@dataclass(frozen=True, eq=False)
class Group:
    """Sites of a quota and its bounds."""

    name: str
    sites: NDArray[np.int64]
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Limits:
    """The rules over numbered sites.

    Parameters
    ----------
    count
        Sites left to choose, at most.
    budget_eur
        Money left, if it counts.
    cost_eur
        Cost of each site.
    free
        Which sites may be chosen.
    groups
        Sites of each quota, with what is left of its bounds.
    exclusive
        Groups of sites of which at most one may be chosen.
    exclusions
        Why each of these groups excludes each other, in French, empty where it is listed so.
    """

    count: int | None
    budget_eur: float | None
    cost_eur: NDArray[np.float64]
    free: NDArray[np.bool_]
    groups: tuple[Group, ...] = ()
    exclusive: tuple[NDArray[np.int64], ...] = ()
    exclusions: tuple[str, ...] = ()

    @cached_property
    def most(self) -> int:
        """Number of sites that can be chosen at most."""
        free = int(self.free.sum())
        return free if self.count is None else max(min(self.count, free), 0)

    @property
    def only_number(self) -> bool:
        """Whether a number of sites is all that binds."""
        return self.budget_eur is None and not self.groups and not self.exclusive

    @cached_property
    def label(self) -> NDArray[np.int64] | None:
        """Group of each site, −1 without one; None where groups overlap."""
        label = np.full(len(self.free), -1)
        for rank, group in enumerate(self.groups):
            if (label[group.sites] >= 0).any():
                return None
            label[group.sites] = rank
        return label

    @cached_property
    def _always(self) -> NDArray[np.bool_]:
        """Flags of sites that nothing holds back; not to be changed."""
        return np.ones(len(self.free), dtype=bool)

    @cached_property
    def groups_of(self) -> dict[int, list[int]]:
        """Ranks of the groups each site belongs to."""
        found: dict[int, list[int]] = {}
        for rank, group in enumerate(self.groups):
            for site in group.sites.tolist():
                found.setdefault(site, []).append(rank)
        return found

    @cached_property
    def conflicts(self) -> csr_array:
        """Which sites exclude each other, symmetric."""
        n = len(self.free)
        pairs = [
            np.column_stack([np.repeat(group, len(group)), np.tile(group, len(group))])
            for group in self.exclusive
        ]
        both = np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)
        both = np.unique(both[both[:, 0] != both[:, 1]], axis=0)
        ones = np.ones(len(both), dtype=np.int8)
        return csr_array(coo_array((ones, (both[:, 0], both[:, 1])), shape=(n, n)))

    def accepts(self, chosen: NDArray[np.int64]) -> bool:
        """Tell whether a set of sites respects every limit."""
        inside = np.zeros(len(self.free), dtype=bool)
        inside[chosen] = True
        spent = self.cost_eur[chosen].sum()
        return bool(
            self.free[chosen].all()
            and (self.count is None or len(chosen) <= self.count)
            and (self.budget_eur is None or spent <= self.budget_eur + CENT)
            and all(g.least <= inside[g.sites].sum() <= g.most for g in self.groups)
            and all(inside[group].sum() <= 1 for group in self.exclusive)
        )

    def swaps(self, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which swaps respect every limit.

        Returns
        -------
        numpy.ndarray
            Shape (sites, chosen): whether the site may replace the chosen one.
        """
        inside = np.zeros(len(self.free), dtype=bool)
        inside[chosen] = True
        able = np.repeat((self.free & ~inside)[:, None], len(chosen), axis=1)
        if self.budget_eur is not None:
            left = self.budget_eur + CENT - self.cost_eur[chosen].sum()
            able &= self.cost_eur[:, None] <= left + self.cost_eur[chosen][None, :]
        if self.groups:
            able &= self._within_quotas(chosen)
        if self.exclusive:
            against = self.conflicts[:, chosen].toarray().astype(np.int64)
            able &= against.sum(axis=1)[:, None] - against == 0
        return able

    def _within_quotas(self, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        if self.label is not None:
            enters, leaves = self.slack(chosen)
            same = self.label[:, None] == self.label[chosen][None, :]
            able: NDArray[np.bool_] = same | (enters[:, None] & leaves[chosen][None, :])
            return able
        able = np.ones((len(self.free), len(chosen)), dtype=bool)
        for group in self.groups:
            member = np.zeros(len(self.free), dtype=np.int64)
            member[group.sites] = 1
            after = member[chosen].sum() - member[chosen][None, :] + member[:, None]
            able &= (after >= group.least) & (after <= group.most)
        return able

    def slack(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which sites' groups have room for one more, and which can spare one.

        Groups must not overlap (:attr:`label`); sites without a group always have and can.
        """
        if not self.groups:
            return self._always, self._always
        label = np.full(len(self.free), -1) if self.label is None else self.label
        counts = np.bincount(label[chosen] + 1, minlength=len(self.groups) + 1)[1:]
        # The last place of both arrays, which label −1 points to, is for sites without a group.
        room = [n < group.most for n, group in zip(counts, self.groups, strict=True)]
        spare = [n > group.least for n, group in zip(counts, self.groups, strict=True)]
        return np.array([*room, True])[label], np.array([*spare, True])[label]

    def after(self, opened: NDArray[np.int64]) -> Limits:
        """Return what is left to choose once some sites are open."""
        inside = np.zeros(len(self.free), dtype=bool)
        inside[opened] = True
        free = self.free & ~inside
        for clique in self.exclusive:
            if inside[clique].any():
                free[clique] = False
        groups = []
        for group in self.groups:
            have = int(inside[group.sites].sum())
            groups.append(replace(group, least=max(group.least - have, 0), most=group.most - have))
        spent = float(self.cost_eur[opened].sum())
        return replace(
            self,
            count=None if self.count is None else self.count - len(opened),
            budget_eur=None if self.budget_eur is None else self.budget_eur - spent,
            free=free,
            groups=tuple(groups),
        )


def unlimited(n_sites: int) -> Limits:
    """Return limits that allow everything."""
    return Limits(None, None, np.zeros(n_sites), np.ones(n_sites, dtype=bool))
