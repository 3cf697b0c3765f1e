"""The roads of a plain background: the fastest, and what joins them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array, csgraph

import msap_geo as mg
from msap_geo.study import map_parts

FAST, JOINING, UNDRAWN = 1, 2, 3


def test_two_stretches_are_joined_by_the_quickest_way():
    #  0 ══ 1 ── 2 ══ 3      a way by 4 is slower, a stub to 5 leads nowhere, 6–7 is an island
    ends = np.array([[0, 1], [2, 3], [1, 2], [1, 4], [4, 2], [3, 5], [6, 7]])
    rank = np.array([FAST, FAST, UNDRAWN, UNDRAWN, UNDRAWN, UNDRAWN, UNDRAWN])
    minutes = np.array([5.0, 5.0, 9.0, 3.0, 4.0, 1.0, 1.0])
    assert map_parts._joining(rank, ends, minutes).tolist() == [3, 4]
    minutes[2] = 6.5
    assert map_parts._joining(rank, ends, minutes).tolist() == [2]
    # One way only, or closed: the other is taken, whatever its length.
    minutes[2] = np.inf
    assert map_parts._joining(rank, ends, minutes).tolist() == [3, 4]


def test_a_gap_in_a_loop_is_closed_only_where_it_is_short():
    #  A ring 0 ══ 1 ── 2 ══ 3 ── 0: one way joins the two stretches, the other closes the ring.
    ends = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    rank = np.array([FAST, UNDRAWN, FAST, UNDRAWN])
    assert map_parts._joining(rank, ends, np.array([9.0, 2.0, 9.0, 30.0])).tolist() == [1]


@given(st.integers(0, 10**6))
def test_what_roads_connect_is_drawn_as_one(seed):
    rng = np.random.default_rng(seed)
    n, m = 12, 30
    ends = rng.integers(0, n, size=(m, 2))
    minutes = np.where(rng.random(m) < 0.1, np.inf, rng.uniform(0.5, 20, size=m).round(2))
    rank = np.where((rng.random(m) < 0.25) & np.isfinite(minutes), FAST, UNDRAWN)
    if not (rank == FAST).any():
        return
    joined = map_parts._joining(rank, ends, minutes)
    assert (rank[joined] == UNDRAWN).all()
    assert np.isfinite(minutes[joined]).all()

    def parts(kept):
        links = coo_array((np.ones(kept.sum()), ends[kept].T), shape=(n, n))
        return csgraph.connected_components(links, directed=False)[1]

    drawn = rank == FAST
    drawn[joined] = True
    nodes = np.unique(ends[rank == FAST])
    whole, found = parts(np.isfinite(minutes))[nodes], parts(drawn)[nodes]
    assert all(
        (found == found[i]).tolist() == (whole == whole[i]).tolist() for i in range(len(nodes))
    )


@pytest.mark.slow
def test_a_study_whose_roads_are_all_closed_draws_none(toy_study):
    closed = '[[reseau.modifications]]\nnom = "crue"\nclasse = "primary"\nferme = true\n'
    text = toy_study.path.read_text(encoding="utf-8")
    toy_study.path.write_text(text + closed, encoding="utf-8")
    result = mg.run(toy_study.path)
    assert result.map_content().main_roads is None
    # The Maison of one's own town hall is reached all the same.
    assert result.access["minutes"].fillna(-1).tolist() == [0, -1, -1, -1, -1, -1]
    mg.write(result, toy_study.folder / "fermees")
    assert (toy_study.folder / "fermees" / "carte.html").is_file()
