"""Node to node, against SciPy, on graphs of every kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from msap_geo import network, travel
from msap_geo.errors import DataError
from msap_geo.network import order


@st.composite
def graphs(draw, *, symmetric=False):
    """Any directed graph: one-ways, parallel links, loops, zero minutes, parts apart."""
    n = draw(st.integers(2, 14))
    node = st.integers(0, n - 1)
    minutes = draw(
        st.sampled_from([st.integers(0, 9).map(float), st.floats(0, 30, allow_subnormal=False)])
    )
    links = draw(st.lists(st.tuples(node, node, minutes), min_size=1, max_size=45))
    table = pd.DataFrame(links, columns=["from", "to", "minutes"])
    if symmetric:
        table = pd.concat([table, table.rename(columns={"from": "to", "to": "from"})])
    nodes = pd.DataFrame({"node": range(n), "x": np.arange(n) * 100.0, "y": 0.0})
    return nodes, table


def built(case, *, core=False):
    """The network; with ``core`` only dead ends are eliminated, so that the core is searched."""
    nodes, links = case
    most = order.MOST_NEIGHBOURS
    try:
        order.MOST_NEIGHBOURS = 1 if core else most
        return network.from_links(nodes, links, crs=2154)
    finally:
        order.MOST_NEIGHBOURS = most


def distances(case):
    """Minutes from every node to every node, by SciPy; the quickest of parallel links."""
    nodes, links = case
    n = len(nodes)
    best = links[links["from"] != links["to"]].groupby(["from", "to"])["minutes"].min()
    tail, head = (best.index.get_level_values(level) for level in ("from", "to"))
    graph = csr_array((best.to_numpy(), (tail, head)), shape=(n, n))
    return dijkstra(graph)


def dense(sparse):
    table = np.full(sparse.shape, np.inf)
    rows = np.repeat(np.arange(sparse.shape[0]), np.diff(sparse.indptr))
    table[rows, sparse.indices] = sparse.data
    return table


def some(data, n, *, most=5):
    return data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=most))


def assert_within(found, table, bound):
    """What rounds to the bound, at a thousandth, is within it; there, either answer is right."""
    last = bound + 5e-4
    sure = abs(table - last) > 2e-6
    within = np.where(table <= last, np.minimum(table, bound), np.inf)
    np.testing.assert_allclose(found[sure], within[sure], atol=1e-6)


@pytest.mark.slow
@given(graphs(), st.booleans(), st.sampled_from(["to", "from"]), st.data())
@settings(max_examples=200)
def test_nearest_nodes_equal_scipy(case, core, direction, data):
    net, between = built(case, core=core), distances(case)
    sources = some(data, net.n_nodes)
    k = data.draw(st.integers(1, len(sources)))
    minutes, rank = travel.nearest_nodes(net, sources, k=k, direction=direction)
    table = between[:, sources] if direction == "to" else between[sources].T
    by_minutes = np.argsort(table, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(table, by_minutes, axis=1)
    np.testing.assert_allclose(minutes, expected, atol=1e-6)
    found = np.isfinite(minutes)
    assert (found == (rank >= 0)).all()
    own = np.take_along_axis(table, np.where(found, rank, 0), axis=1)
    np.testing.assert_allclose(minutes[found], own[found], atol=1e-6)
    if (case[1]["minutes"] % 1 == 0).all():  # whole minutes tie exactly: the smallest rank wins
        assert (rank == np.where(found, by_minutes, -1)).all()


@pytest.mark.slow
@given(graphs(), st.booleans(), st.data())
@settings(max_examples=200)
def test_matrix_nodes_equals_scipy(case, core, data):
    net, between = built(case, core=core), distances(case)
    origins, destinations = some(data, net.n_nodes), some(data, net.n_nodes)
    table = between[np.ix_(origins, destinations)]
    times = travel.matrix_nodes(net, origins, destinations)
    assert times.nnz == np.isfinite(table).sum()  # zeros are stored
    np.testing.assert_allclose(dense(times), table, atol=1e-6)
    bound = data.draw(st.integers(0, 30))
    bounded = dense(travel.matrix_nodes(net, origins, destinations, max_minutes=bound))
    assert_within(bounded, table, bound)


@pytest.mark.slow
@given(graphs(), st.sampled_from(["to", "from"]), st.integers(0, 30), st.data())
@settings(max_examples=150)
def test_reach_nodes_equals_scipy(case, direction, bound, data):
    net, between = built(case), distances(case)
    sources = some(data, net.n_nodes)
    found = travel.reach_nodes(net, sources, minutes=bound, direction=direction)
    table = (between if direction == "from" else between.T)[sources]
    assert_within(dense(found), table, bound)


@given(graphs(), st.data())
@settings(max_examples=60)
def test_the_triangle_inequality_holds(case, data):
    net = built(case)
    a, b, c = data.draw(st.tuples(*[st.integers(0, net.n_nodes - 1)] * 3))
    times = dense(travel.matrix_nodes(net, [a, b], [b, c]))
    assert times[0, 1] <= times[0, 0] + times[1, 1] + 1e-9


@given(graphs(symmetric=True))
@settings(max_examples=60)
def test_a_symmetric_graph_has_symmetric_times(case):
    net = built(case)
    every = np.arange(net.n_nodes)
    times = dense(travel.matrix_nodes(net, every, every))
    assert (times == times.T).all()


@given(graphs(), st.data())
@settings(max_examples=60)
def test_a_link_more_never_lengthens_a_trip(case, data):
    nodes, links = case
    node = st.integers(0, len(nodes) - 1)
    row = data.draw(st.tuples(node, node, st.integers(0, 9).map(float)))
    more = pd.concat([links, pd.DataFrame([row], columns=links.columns)])
    every = np.arange(len(nodes))
    before = dense(travel.matrix_nodes(built(case), every, every))
    after = dense(travel.matrix_nodes(built((nodes, more)), every, every))
    assert (after <= before).all()


@given(graphs(), st.data())
@settings(max_examples=60)
def test_a_source_more_never_lengthens_a_trip(case, data):
    net = built(case)
    sources = some(data, net.n_nodes)
    before = travel.nearest_nodes(net, sources[:-1]).minutes
    assert (travel.nearest_nodes(net, sources).minutes <= before).all()


@pytest.mark.slow
def test_a_large_grid_whose_core_is_searched_equals_scipy():
    side = 60
    number = np.arange(side * side).reshape(side, side)
    pairs = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    pairs = np.vstack([pairs, pairs[:, ::-1]])
    rng = np.random.default_rng(0)
    links = pd.DataFrame(pairs, columns=["from", "to"]).assign(minutes=rng.random(len(pairs)) * 3)
    nodes = pd.DataFrame({"node": number.ravel(), "x": np.arange(side * side) * 1.0, "y": 0.0})
    net = network.from_links(nodes, links, crs=2154)
    assert len(net.order.parent) < net.n_nodes  # a core is left
    between = distances((nodes, links))
    chosen, others = rng.choice(side * side, (2, 40), replace=False)
    times = dense(travel.matrix_nodes(net, chosen, others))
    np.testing.assert_allclose(times, between[np.ix_(chosen, others)], atol=1e-6)
    minutes, _ = travel.nearest_nodes(net, others, k=3)
    np.testing.assert_allclose(minutes, np.sort(between[:, others], axis=1)[:, :3], atol=1e-6)


class TestOptions:
    NODES = pd.DataFrame({"node": range(4), "x": [0.0, 1, 2, 3], "y": 0.0})
    LINKS = pd.DataFrame({"from": [0, 1, 2], "to": [1, 2, 0], "minutes": [5.0, 5.0, 20.0]})
    NET = network.from_links(NODES, LINKS, crs=2154)

    def test_the_direction_is_that_of_the_trip(self):
        assert travel.nearest_nodes(self.NET, [1]).minutes[0, 0] == 5
        assert travel.nearest_nodes(self.NET, [1], direction="from").minutes[0, 0] == 25
        assert travel.reach_nodes(self.NET, [0], minutes=5).indices.tolist() == [0, 1]
        assert travel.reach_nodes(self.NET, [0], minutes=5, direction="to").indices.tolist() == [0]

    def test_the_bound_is_inclusive(self):
        assert travel.matrix_nodes(self.NET, [0], [2], max_minutes=10).nnz == 1
        assert travel.matrix_nodes(self.NET, [0], [2], max_minutes=9.999).nnz == 0
        assert travel.nearest_nodes(self.NET, [2], max_minutes=10).rank[:, 0].tolist() == [
            0, 0, 0, -1,
        ]  # fmt: skip

    def test_the_bound_is_inclusive_of_sums_that_round_up(self):
        links = pd.DataFrame({"from": [0, 1, 2], "to": [1, 2, 3], "minutes": 20 / 3})
        net = network.from_links(self.NODES, links, crs=2154)
        assert travel.matrix_nodes(net, [0], [3], max_minutes=20).data.tolist() == [20]

    def test_a_node_no_road_leads_to_keeps_its_row(self):
        minutes, rank = travel.nearest_nodes(self.NET, [0], k=2)
        assert np.isinf(minutes[3]).all()
        assert rank[3].tolist() == [-1, -1]

    def test_nothing_asked_nothing_found(self):
        assert travel.matrix_nodes(self.NET, [], [0]).shape == (0, 1)
        assert travel.matrix_nodes(self.NET, [0], []).shape == (1, 0)
        assert travel.reach_nodes(self.NET, [], minutes=5).shape == (0, 4)
        assert np.isinf(travel.nearest_nodes(self.NET, []).minutes).all()

    @pytest.mark.parametrize(
        ("ask", "said"),
        [
            (lambda net: travel.nearest_nodes(net, [4]), "n'existent pas"),
            (lambda net: travel.nearest_nodes(net, [-1]), "n'existent pas"),
            (lambda net: travel.nearest_nodes(net, [0.5]), "entiers"),
            (lambda net: travel.nearest_nodes(net, [0], k=0), "au moins un"),
            (lambda net: travel.nearest_nodes(net, [0], direction="up"), "sens inconnu"),
            (lambda net: travel.matrix_nodes(net, [0], [0], max_minutes=-1), "impossible"),
            (lambda net: travel.reach_nodes(net, [0], minutes=np.nan), "impossible"),
        ],
    )
    def test_questions_without_meaning_are_refused(self, ask, said):
        with pytest.raises(DataError, match=said):
            ask(self.NET)


@pytest.mark.parametrize(
    ("minutes", "reached"), [(0.000061, True), (0.00049, True), (0.00051, False)]
)
def test_what_rounds_to_the_bound_at_a_thousandth_is_reached(minutes, reached):
    nodes = pd.DataFrame({"node": [0, 1], "x": [0.0, 100.0], "y": 0.0})
    links = pd.DataFrame({"from": [0], "to": [1], "minutes": [minutes]})
    net = built((nodes, links))
    times = dense(travel.matrix_nodes(net, [0], [1], max_minutes=0))
    assert np.isfinite(times[0, 0]) == reached
    found = dense(travel.reach_nodes(net, [1], minutes=0, direction="to"))
    assert np.isfinite(found[0, 0]) == reached
