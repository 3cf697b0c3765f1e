"""What a plan must respect, as it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from msap_geo import french
from msap_geo.errors import StudyError
from msap_geo.siting.solving.limits import Group, Limits

if TYPE_CHECKING:
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
    exclusive = [(problem.positions(group), "") for group in rules.exclusive]
    if rules.apart_km is not None:
        words = f" à moins de {french.short(rules.apart_km)} km l'un de l'autre"
        near = cliques(problem.pairs_within(rules.apart_km), len(free))
        exclusive += [(group, words) for group in near]
    exclusive = [(group, words) for group, words in exclusive if len(group) > 1]
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
        tuple(group for group, _ in exclusive),
        tuple(words for _, words in exclusive),
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
