"""Limits of a choice, one by one, against every swap tried by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from msap_geo.siting.plan import _plain
from msap_geo.siting.solving.limits import Group, Limits


def limits(**given):
    n = 6
    base = {"count": None, "budget_eur": None, "cost_eur": np.zeros(n), "free": np.ones(n, bool)}
    return Limits(**{**base, **given})


def group(sites, least, most):
    return Group("", np.array(sites), least, most)


CASES = {
    "free": limits(free=np.array([1, 0, 1, 1, 1, 1], bool)),
    "budget, to the cent": limits(cost_eur=np.array([1.0, 2, 3, 4, 5, 6]), budget_eur=7.0),
    "apart": limits(exclusive=(np.array([0, 1, 2]), np.array([3, 4]))),
    "groups": limits(groups=(group([0, 1, 2], 1, 1), group([3, 4], 0, 1))),
    "a group of the first site": limits(groups=(group([0], 0, 1), group([1, 2], 0, 1))),
    "groups that overlap": limits(groups=(group([0, 1, 2], 1, 2), group([2, 3, 4], 0, 1))),
    "overlap on the first": limits(groups=(group([0, 1], 1, 1), group([1, 2, 3], 1, 2))),
    "all": limits(
        count=2,
        cost_eur=np.array([1.0, 2, 3, 4, 5, 6]),
        budget_eur=8.0,
        groups=(group([0, 1, 2], 1, 1),),
        exclusive=(np.array([0, 5]),),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_swaps_are_those_that_leave_a_choice_accepted(name):
    given = CASES[name]
    tried = 0
    for size in (1, 2, 3):
        for chosen in itertools.combinations(range(6), size):
            if not given.accepts(np.array(chosen)):
                continue
            able = given.swaps(np.array(chosen))
            for site, place in itertools.product(range(6), range(size)):
                after = sorted({*chosen, site} - {chosen[place]})
                wanted = site not in chosen and given.accepts(np.array(after))
                assert able[site, place] == wanted, (chosen, site, place)
                tried += 1
    assert tried > 6


def test_groups_that_share_a_site_have_no_label():
    assert limits(groups=(group([0, 1], 0, 1), group([0, 2], 0, 1))).label is None
    assert limits(groups=(group([0, 1], 0, 1), group([2], 0, 1))).label.tolist() == [
        0, 0, 1, -1, -1, -1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "told"), [(3.0, 3), (2.5, 2.5), (1 / 3, 0.333333), (np.inf, None), (np.nan, None)]
)
def test_numbers_of_a_plan_as_json_holds_them(value, told):
    assert _plain(value) == told
    assert type(_plain(value)) is type(told)
