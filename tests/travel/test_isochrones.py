from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from support.towns import fork, places
from support.toy import CENTRES, sites, straight_road

from msap_geo import network, travel
from msap_geo.errors import DataError, NetworkError


def disagreement(net, table, areas, points, *, bound):
    """Share of points whose own minutes and whose place in the isochrone disagree, site by site."""
    demand = places(points)
    times = travel.matrix(net, demand, table, max_minutes=bound)
    within = np.zeros(times.minutes.shape, dtype=bool)
    within[times.minutes.tocoo().coords] = True
    polygons = areas[areas["minutes"] == bound].geometry.to_numpy()
    inside = shapely.intersects(np.asarray(demand.geometry)[:, None], polygons[None, :])
    assert within.any()
    return (inside != within).mean()


def ring(radius=8000.0, n=24):
    """A ring road, nothing inside it."""
    turn = 2 * np.pi * np.arange(n) / n
    nodes = pd.DataFrame({"node": range(n), "x": radius * np.cos(turn), "y": radius * np.sin(turn)})
    ahead = pd.DataFrame({"from": range(n), "to": np.roll(range(n), -1), "minutes": 1.0})
    back = ahead.rename(columns={"from": "to", "to": "from"})
    return network.from_links(nodes, pd.concat([ahead, back]), crs=2154)


def test_one_row_for_each_site_and_bound():
    table = sites([("B", 1), ("A", 4)])
    areas = travel.isochrones(straight_road(), table, minutes=(20, 10))
    assert areas["site_id"].tolist() == ["B", "B", "A", "A"]
    assert areas["minutes"].tolist() == [10, 20, 10, 20]
    assert areas.crs == table.crs
    assert areas.is_valid.all()
    assert (areas.geom_type == "MultiPolygon").all()
    np.testing.assert_allclose(areas["area_km2"], areas.area / 1e6)


def test_the_area_is_what_one_walks_from_the_road():
    # From a junction in the middle of a long road at 60 km/h, 10 min: on foot 833 m at the site,
    # nothing ten kilometres away, on both sides of the road: a rhombus.
    area = travel.isochrones(straight_road(), sites([("S", 2)]), minutes=[10]).geometry.iloc[0]
    assert area.area == pytest.approx(2 * 10_000 * 10 / 60 * 5000, rel=0.02)


def test_a_ring_road_leaves_a_hole():
    net = ring()
    area = travel.isochrones(net, sites([("S", (8000.0, 0.0))]), minutes=[30]).geometry.iloc[0]
    (outline,) = area.geoms
    assert len(outline.interiors) == 1
    assert not area.intersects(shapely.Point(0, 0))


@pytest.mark.parametrize("direction", ["to", "from"])
def test_a_point_is_inside_when_its_minutes_are(direction):
    net = ring()
    rng = np.random.default_rng(0)
    points = shapely.points(rng.uniform(-10_500, 10_500, (4000, 2)))
    table = sites([("S", (8000.0, 0.0)), ("T", (-5000.0, 6300.0))])
    areas = travel.isochrones(net, table, minutes=(10, 20), direction=direction)
    for bound in (10, 20):
        assert disagreement(net, table, areas, points, bound=bound) < 0.01


def test_oneways_make_the_direction_matter():
    nodes = pd.DataFrame({"node": range(3), "x": [0.0, 9000.0, 0.0], "y": [0.0, 0.0, 9000.0]})
    links = pd.DataFrame({"from": [0, 1, 2], "to": [1, 2, 0], "minutes": [10.0, 20.0, 30.0]})
    net = network.from_links(nodes, links, crs=2154)
    table = sites([("S", (0.0, 0.0))])
    to, since = (
        travel.isochrones(net, table, minutes=[10], direction=direction).geometry.iloc[0]
        for direction in ("to", "from")
    )
    assert to.distance(shapely.Point(0, 2900)) < 100  # a third of the way that takes 30
    assert since.distance(shapely.Point(8800, 0)) < 200
    assert to.distance(shapely.Point(8800, 0)) > 5000


def test_bounds_are_nested():
    areas = travel.isochrones(ring(), sites([("S", (8000.0, 0.0))])).geometry.tolist()
    for inner, outer in itertools.pairwise(areas):
        assert inner.difference(outer).area < 1
        assert inner.area < outer.area


def test_reach_of_several_sites_is_that_of_any_of_them():
    net, table = ring(), sites([("S", (8000.0, 0.0)), ("T", (-8000.0, 0.0))])
    region = shapely.box(-12_000, -12_000, 12_000, 12_000)
    found = travel.reach_areas(net, table, region, minutes=(20, 10), cell_m=200.0)
    each = travel.isochrones(net, table, minutes=(10, 20), cell_m=200.0)
    assert found["minutes"].tolist() == [10.0, 20.0]
    assert found["area_km2"].is_monotonic_increasing
    for bound, area in zip(found["minutes"], found.geometry, strict=True):
        joined = shapely.union_all(each.loc[each["minutes"] == bound, "geometry"].to_numpy())
        assert area.symmetric_difference(joined).area < 0.03 * joined.area


def test_reach_stays_near_its_region():
    net, table = straight_road(), sites([("S", 2)])
    west = shapely.box(400_000, 6_780_000, 420_000, 6_790_000)
    area = travel.reach_areas(net, table, west, minutes=[60], cell_m=200.0).geometry.iloc[0]
    assert not area.is_empty
    assert area.within(west.buffer(800))


def test_a_road_without_length_is_no_obstacle():
    nodes = pd.DataFrame({"node": range(3), "x": [0.0, 0.0, 5000.0], "y": 0.0})
    links = pd.DataFrame({"from": [0, 1, 1, 2], "to": [1, 0, 2, 1], "minutes": [0, 0, 5.0, 5.0]})
    net = network.from_links(nodes, links, crs=2154)
    assert travel.isochrones(net, sites([("S", (0.0, 0.0))]), minutes=[5]).area.iloc[0] > 0


@pytest.mark.parametrize("east_first", [True, False])
@pytest.mark.parametrize(("direction", "banned"), [("to", (1, 0)), ("from", (0, 1))])
def test_a_long_road_is_reached_by_the_one_end_that_a_forbidden_turn_leaves(
    direction, banned, east_first
):
    # The end of the eastern road is 21 min away, its near end 1 min: 9 km of it are within ten. One
    # may not turn between the site's road and the northern one.
    net = fork(banned=banned, east_first=east_first)
    table = sites([("S", (-1000.0, 0.0))])
    (area,) = travel.isochrones(net, table, minutes=[10], direction=direction).geometry
    east, north = [(x, 0) for x in (2000, 5000, 8500, 9500)], [(0, 2000)]
    inside = shapely.intersects_xy(area, np.array(east + north))
    assert inside.tolist() == [True, True, True, False, False]


def test_a_site_off_the_roads_has_no_area():
    table = sites([("S", 0), ("LOIN", (CENTRES[0][0], CENTRES[0][1] + 9000)), ("RIEN", None)])
    areas = travel.isochrones(straight_road(), table, minutes=[10])
    assert areas.is_empty.tolist() == [False, True, True]
    assert travel.isochrones(straight_road(), table.iloc[1:], minutes=[10]).is_empty.all()


def test_questions_without_meaning_are_refused():
    for asked in ((), (0,), (-5, 10), (np.inf,)):
        with pytest.raises(DataError, match="positives"):
            travel.isochrones(straight_road(), sites([("S", 0)]), minutes=asked)
    with pytest.raises(NetworkError, match="projeter"):
        travel.isochrones(straight_road(), sites([("S", 0)]).to_crs(4326))


@pytest.mark.corse
@pytest.mark.slow
def test_corsican_cells_are_inside_when_their_minutes_are(shared):
    net = network.load_network(
        [shared / "corse" / "corse.osm.pbf"], network.load_profile("voiture"), epsg=2154
    )
    cells = gpd.read_file(shared / "corse" / "carr_corse_1km_2015_crs3035.gpkg").to_crs(2154)
    towns = gpd.GeoSeries(gpd.points_from_xy([9.150, 8.937], [42.306, 41.622]), crs=4326)
    table = sites([(f"S{i}", (p.x, p.y)) for i, p in enumerate(towns.to_crs(2154))])
    areas = travel.isochrones(net, table, minutes=(20, 30))
    points = np.asarray(cells.geometry.centroid)
    for bound in (20, 30):
        assert disagreement(net, table, areas, points, bound=bound) < 0.005
