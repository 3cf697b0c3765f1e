"""What a plan must respect, and which sites may still join a plan in the making."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array

from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem


@dataclass(frozen=True)
class Quota:
    """How many new sites a group may have.

    Parameters
    ----------
    name
        What the group is called in messages.
    sites
        Its candidates.
    least, most
        Bounds, inclusive; no upper one by default.
    """

    name: str
    sites: frozenset[str]
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Rules:
    """What a plan must respect.

    Parameters
    ----------
    count
        At most so many new sites.
    budget_eur
        At most so much for their costs together.
    forced, forbidden
        Candidates that must, or must not, be chosen.
    exclusive
        Groups of candidates of which one at most may be chosen.
    quotas
        Bounds on the number of new sites of groups.
    apart_km
        Least straight-line distance between two new sites.
    """

    count: int | None = None
    budget_eur: float | None = None
    forced: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    exclusive: tuple[frozenset[str], ...] = ()
    quotas: tuple[Quota, ...] = ()
    apart_km: float | None = None


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
    """

    count: int | None
    budget_eur: float | None
    cost_eur: NDArray[np.float64]
    free: NDArray[np.bool_]
    groups: tuple[Group, ...] = ()
    exclusive: tuple[NDArray[np.int64], ...] = ()

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

    def start(self) -> Room:
        """Return the room of an empty plan."""
        return Room(self)


@dataclass(frozen=True, eq=False)
class Group:
    """Sites of a quota and its bounds."""

    name: str
    sites: NDArray[np.int64]
    least: int
    most: int


CENT = 0.005
"""Sums of money are told apart to half a cent."""


@dataclass(eq=False)
class Room:
    """What may still be chosen while a plan is made, site by site."""

    limits: Limits
    free: NDArray[np.bool_] = field(init=False)
    left: int = field(init=False)
    money: float = field(init=False)
    missing: list[int] = field(init=False)
    places: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.free = self.limits.free.copy()
        self.left = self.limits.most
        self.money = np.inf if self.limits.budget_eur is None else self.limits.budget_eur
        self.missing = [group.least for group in self.limits.groups]
        self.places = [group.most for group in self.limits.groups]
        for group, places in zip(self.limits.groups, self.places, strict=True):
            if places <= 0:
                self.free[group.sites] = False

    def open(self) -> NDArray[np.bool_]:
        """Return which sites may be chosen now."""
        if self.left <= 0:
            return np.zeros_like(self.free)
        able = self.free
        if self.limits.budget_eur is not None:
            able = able & (self.limits.cost_eur <= self.money + CENT)
        # The last places belong to the groups that still miss some.
        return able & self.needed() if sum(self.missing) >= self.left else able

    def needed(self) -> NDArray[np.bool_]:
        """Return which sites belong to a group that still misses some."""
        needed = np.zeros_like(self.free)
        for group, missing in zip(self.limits.groups, self.missing, strict=True):
            if missing > 0:
                needed[group.sites] = True
        return needed

    def take(self, site: int) -> None:
        """Choose a site."""
        self.free[site] = False
        self.left -= 1
        self.money -= self.limits.cost_eur[site]
        for rank in self.limits.groups_of.get(site, ()):
            self.missing[rank] = max(self.missing[rank] - 1, 0)
            self.places[rank] -= 1
            if self.places[rank] <= 0:
                self.free[self.limits.groups[rank].sites] = False
        if self.limits.exclusive:
            row = self.limits.conflicts
            self.free[row.indices[row.indptr[site] : row.indptr[site + 1]]] = False


def unlimited(n_sites: int) -> Limits:
    """Return limits that allow everything."""
    return Limits(None, None, np.zeros(n_sites), np.ones(n_sites, dtype=bool))


def compile_rules(problem: Problem, rules: Rules) -> tuple[Limits, NDArray[np.int64]]:
    """Turn the rules into limits over numbered sites.

    Parameters
    ----------
    problem
        The candidates.
    rules
        What the plan must respect.

    Returns
    -------
    tuple of Limits and numpy.ndarray
        Limits of the whole plan, and its forced sites (:meth:`Limits.after` opens them).

    Raises
    ------
    StudyError
        If a rule names an unknown candidate, or if a site is both forced and forbidden.
    """
    _known(problem, rules)
    forced = problem.positions(rules.forced)
    free = np.ones(len(problem.site_ids), dtype=bool)
    free[problem.positions(rules.forbidden)] = False
    exclusive = [problem.positions(group) for group in rules.exclusive]
    if rules.apart_km is not None:
        exclusive += cliques(problem.pairs_within(rules.apart_km), len(free))
    groups = []
    for quota in rules.quotas:
        members = problem.positions(quota.sites)
        most = len(members) if quota.most is None else quota.most
        groups.append(Group(quota.name, members, quota.least, most))
    limits = Limits(
        rules.count,
        rules.budget_eur,
        problem.cost_eur,
        free,
        tuple(groups),
        tuple(group for group in exclusive if len(group) > 1),
    )
    return limits, forced


def _known(problem: Problem, rules: Rules) -> None:
    named = [
        ("imposés", rules.forced),
        ("interdits", rules.forbidden),
        *(("exclusifs", group) for group in rules.exclusive),
    ]
    known = set(problem.site_ids.tolist())
    for what, sites in named:
        unknown = sorted(set(sites) - known)
        if unknown:
            raise StudyError(
                f"sites {what} : {', '.join(unknown)} ne sont pas des bureaux candidats",
                where="[implantation]",
                remedy="reprendre les identifiants de la colonne site_id de candidats.csv",
            )
    both = sorted(rules.forced & rules.forbidden)
    if both:
        raise StudyError(
            f"sites à la fois imposés et interdits : {', '.join(both)}",
            where="[implantation]",
            remedy="les retirer de l'une des deux listes",
        )


def cliques(pairs: NDArray[np.int64], n_sites: int) -> list[NDArray[np.int64]]:
    """Cover conflicting pairs with groups whose members all exclude each other.

    One group of k sites says what k(k−1)/2 pairs say, and binds a relaxation more.

    Parameters
    ----------
    pairs
        Sites too near each other, shape (pairs, 2).
    n_sites
        Number of sites.
    """
    near: list[set[int]] = [set() for _ in range(n_sites)]
    for a, b in pairs.tolist():
        near[a].add(b)
        near[b].add(a)
    left = {(min(a, b), max(a, b)) for a, b in pairs.tolist()}
    groups = []
    for a, b in sorted(left):
        if (a, b) not in left:
            continue
        group = [a, b]
        common = near[a] & near[b]
        while common:
            member = min(common)
            group.append(member)
            common &= near[member]
        groups.append(np.array(sorted(group), dtype=np.int64))
        left -= {(x, y) for x in group for y in group if x < y}
    return groups


def names(sites: Iterable[str], shown: int = 5) -> str:
    """Return a few identifiers in words."""
    listed: Sequence[str] = list(sites)
    more = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" et {more} de plus" if more > 0 else "")
