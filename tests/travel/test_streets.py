"""Where the streets of an area are densest."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely

from msap_geo import network, travel


def roads(lines):
    """A network of straight two-way roads between points in metres."""
    ends = sorted({point for line in lines for point in line})
    row = {point: i for i, point in enumerate(ends)}
    nodes = pd.DataFrame(
        {"node": range(len(ends)), "x": [x for x, _ in ends], "y": [y for _, y in ends]}
    )
    links = pd.DataFrame(
        [(row[a], row[b], 1.0) for line in lines for a, b in (line, line[::-1])],
        columns=["from", "to", "minutes"],
    )
    return network.from_links(nodes, links, crs=2154)


MAIN = [((0, 0), (3000, 0)), ((3000, 0), (10_000, 0))]
VILLAGE = [
    *(((3000, 0), (3000, 200 * k)) for k in (1,)),
    ((3000, 200), (3200, 200)),
    ((3200, 200), (3200, 0)),
    ((3200, 0), (3000, 0)),
]


def test_the_village_is_where_streets_meet():
    net = roads(MAIN + VILLAGE)
    (found,) = travel.densest_streets(net, np.array([shapely.box(0, -1000, 10_000, 1000)]))
    assert found.distance(shapely.Point(3100, 100)) < 200
    assert shapely.distance(net.edge_lines, found).min() == pytest.approx(0, abs=1e-6)


def test_streets_across_the_border_do_not_count():
    # The village lies in the next commune; ours has one road, and its own hamlet far off.
    net = roads([*MAIN, *VILLAGE, ((8000, 0), (8100, 100)), ((8100, 100), (8200, 0))])
    ours = shapely.box(3300, -1000, 10_000, 1000)
    theirs = shapely.box(0, -1000, 3300, 1000)
    found = travel.densest_streets(net, np.array([ours, theirs, None, shapely.box(0, 9, 9, 99)]))
    assert found[0].distance(shapely.Point(8100, 50)) < 200
    assert found[1].distance(shapely.Point(3100, 100)) < 200
    assert found[2] is None
    assert found[3] is None


def test_brute_force_agrees():
    rng = np.random.default_rng(5)
    spots = [tuple(map(int, spot)) for spot in rng.integers(0, 3000, (24, 2))]
    net = roads([(a, b) for a, b in pairwise(spots) if a != b])
    area = shapely.box(500, 500, 2500, 2500)
    (found,) = travel.densest_streets(net, np.array([area]))
    inside = shapely.intersection(net.edge_lines, area)

    def around(point):
        return shapely.length(shapely.intersection(inside, point.buffer(300))).sum()

    best = max(around(line.interpolate(s, normalized=True)) for line in inside if line.length
               for s in np.linspace(0, 1, 60))  # fmt: skip
    # Pieces are twenty metres: some of them straddle the circle.
    assert around(found) > 0.93 * best
