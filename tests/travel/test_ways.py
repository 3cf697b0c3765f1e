"""The way to the nearest site: as long, in minutes and metres, as the trip it is the way of."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring
from support.toy import CENTRES, sites, straight_road

from msap_geo import network, travel
from msap_geo.travel.legs import along_one_edge
from msap_geo.travel.routes import points_along, without_repeats


def places(points):
    return gpd.GeoDataFrame(
        {"demand_id": [str(i) for i in range(len(points))]},
        geometry=[None if point is None else shapely.Point(*point) for point in points],
        crs=2154,
    )


def test_ways_of_toy_town_go_on_together():
    roads = straight_road()
    found = travel.nearest_ways(roads, places(CENTRES), sites([("a", 0)]))
    assert [found.line(i).length for i in range(6)] == pytest.approx([0, 1e4, 2e4, 3e4, 4e4, 5e4])
    # Each kilometre is drawn once, whoever takes it.
    assert sum(line.length for line in found.lines) == pytest.approx(5e4)


def test_a_place_without_a_way_has_none():
    roads = straight_road()
    far = (CENTRES[0][0], CENTRES[0][1] + 50_000)
    found = travel.nearest_ways(roads, places([far, None, CENTRES[1]]), sites([("a", 0)]))
    assert found.first.tolist()[:2] == [-1, -1]
    assert found.line(0).is_empty
    assert found.line(2).length == pytest.approx(1e4)


def random_roads(rng, side=6):
    """Roads of a town of one-way and two-way streets, some of them bent, of any speed."""
    n = side * side
    x, y = np.tile(np.arange(side), side) * 1000.0, np.repeat(np.arange(side), side) * 1000.0
    pairs = [(i, i + 1) for i in range(n) if (i + 1) % side] + [
        (i, i + side) for i in range(n - side)
    ]
    rows = []
    for i, j in pairs:
        if rng.random() < 0.15:
            continue
        minutes = float(rng.integers(1, 6))
        rows += [(i, j, minutes)] if rng.random() < 0.9 else []
        rows += [(j, i, float(rng.integers(1, 6)) if rng.random() < 0.3 else minutes)]
    nodes = pd.DataFrame({"node": range(n), "x": x, "y": y})
    links = pd.DataFrame(rows, columns=["from", "to", "minutes"])
    return network.from_links(nodes, links, crs=2154)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_a_way_is_that_of_the_trip_and_ends_at_its_site(seed):
    rng = np.random.default_rng(seed)
    roads = random_roads(rng)
    demand = places(rng.uniform(-200, 5200, (15, 2)).tolist())
    offices = sites(
        [(f"s{i}", tuple(point)) for i, point in enumerate(rng.uniform(0, 5000, (3, 2)))]
    )
    nearest = travel.nearest(roads, demand, offices).set_index("demand_id")
    found = travel.nearest_ways(roads, demand, offices)
    where = offices.set_index("site_id").geometry
    for i, place in enumerate(demand.itertuples()):
        row = nearest.loc[place.demand_id]
        line = found.line(i)
        if np.isnan(row["minutes"]):
            assert line.is_empty
            continue
        ends = shapely.get_point(line, [0, -1])
        assert shapely.distance(ends[0], place.geometry) < 1e-6
        assert shapely.distance(ends[1], where[row["site_id"]]) < 1e-6
        whole = travel.route(roads, place.geometry, where[row["site_id"]])
        assert whole.minutes == pytest.approx(row["minutes"], abs=1e-3)
        assert line.length / 1000 == pytest.approx(row["km"], abs=2e-3)


def test_a_whole_road_is_its_own_vertices(town):
    roads = town.roads
    for edge in range(len(roads.edges.tail)):
        line = roads.edge_lines[edge]
        for begin, end in ((0.0, 1.0), (1.0, 0.0)):
            part = substring(line, begin, end, normalized=True)
            found = without_repeats(points_along(roads, edge, begin, end))
            assert found.tolist() == without_repeats(shapely.get_coordinates(part)).tolist()


def test_the_ways_to_each_site_are_those_to_it_alone(town):
    rows = [np.array([5, 2, 0]), np.array([], dtype=int), np.array([1, 3])]
    offices = sites([("a", 0), ("b", 4), ("c", 2)])
    every = travel.ways_to_each(town.roads, town.origins, offices, rows)
    for site, (some, found) in enumerate(zip(rows, every, strict=True)):
        alone = travel.nearest_ways(
            town.roads,
            town.origins.iloc[some].reset_index(drop=True),
            offices.iloc[[site]].reset_index(drop=True),
        )
        assert [line.wkt for line in found.lines] == [line.wkt for line in alone.lines]
        assert found.after.tolist() == alone.after.tolist()
        assert found.first.tolist() == alone.first.tolist()


def test_pairs_on_one_road_are_told_place_by_place():
    rng = np.random.default_rng(8)
    road = straight_road()
    some, others = (
        network.Snapped(rng.integers(-1, 3, n), rng.random(n), rng.random(n)) for n in (20, 9)
    )
    found = along_one_edge(road, some, others, "to")
    pairs = [
        (p, s) for p in range(20) for s in range(9)
        if some.edge[p] == others.edge[s] and some.edge[p] >= 0
    ]  # fmt: skip
    assert list(zip(found.demand, found.site, strict=True)) == pairs
