"""What a person would write at the door of the engine, and trips too short for a road."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from msap_geo import network, travel
from msap_geo.errors import DataError, NetworkError

NET = network.from_links(
    pd.DataFrame({"node": [0, 1], "x": [0.0, 10_000.0], "y": 0.0}),
    pd.DataFrame({"from": [0, 1], "to": [1, 0], "minutes": 10.0}),
    crs=2154,
)
"""Ten kilometres of road at 60 km/h; 5 km/h on foot, over at most 2 km."""


def table(points, name="demand_id", ids=None, crs=2154):
    ids = [f"{name[0]}{i}" for i in range(len(points))] if ids is None else ids
    shapes = [p if p is None or isinstance(p, Point) else Point(p) for p in points]
    return gpd.GeoDataFrame({name: ids}, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)


def one(demand, site, **options):
    return travel.nearest(NET, table([demand]), table([site], "site_id"), **options).iloc[0]


class TestStraightWalks:
    @pytest.mark.parametrize(
        ("demand", "site", "minutes", "km"),
        [
            ((5000, 1600), (5000, 1600), 0.0, 0.0),  # at the very place
            ((5000, 1600), (5000, 1500), 1.2, 0.1),  # a hundred metres, not 3.1 km
            ((5000, 1600), (5500, 1600), 6.0, 0.5),
            ((5000, 100), (5000, -100), 2.4, 0.2),  # across the road: as by it
            ((1000, 100), (9000, 100), 8 + 2.4, 8.2),  # by the road
            ((5000, 5000), (5000, 5000), 0.0, 0.0),  # far from every road
            ((5000, 5000), (5000, 4000), 12.0, 1.0),
            ((5000, 5000), (5000, 1900), np.nan, np.nan),  # more than one walks
        ],
    )
    def test_where_the_legs_are_longer_one_walks_straight(self, demand, site, minutes, km):
        found = one(demand, site)
        assert [found["minutes"], found["km"]] == pytest.approx([minutes, km], nan_ok=True)

    places = st.tuples(st.integers(-1000, 11_000), st.integers(-2500, 2500))

    @pytest.mark.slow
    @settings(max_examples=25)
    @given(st.lists(places, min_size=1, max_size=4), st.lists(places, min_size=1, max_size=4))
    def test_no_trip_is_longer_than_its_legs_allow_and_all_doors_agree(self, demand, sites):
        demand, sites = table(demand), table(sites, "site_id")
        near = travel.nearest(NET, demand, sites, k=len(sites))
        times = travel.matrix(NET, demand, sites)
        legs = [network.snap(NET, each.geometry).access_m for each in (demand, sites)]
        walked = np.nan_to_num(legs[0][:, None] + legs[1], nan=NET.max_snap_m)
        dense = np.full((len(demand), len(sites)), np.nan)
        for row in near.dropna(subset="minutes").itertuples():
            dense[int(row.demand_id[1:]), int(row.site_id[1:])] = row.minutes
        found = times.minutes.toarray()
        there = times.minutes.copy()
        there.data[:] = 1
        found[there.toarray() == 0] = np.nan
        np.testing.assert_allclose(found, dense)
        for i, place in enumerate(demand.geometry):
            for j, counter in enumerate(sites.geometry):
                straight = place.distance(counter)
                if straight <= walked[i, j]:
                    assert dense[i, j] <= straight / 1000 / 5 * 60 + 1e-6
                way = travel.route(NET, place, counter)
                assert way.minutes == pytest.approx(dense[i, j], nan_ok=True)

    def test_the_way_drawn_is_the_walk(self):
        way = travel.route(NET, Point(5000, 1600), Point(5500, 1600))
        assert way.minutes == pytest.approx(6.0)
        assert list(way.line.coords) == [(5000, 1600), (5500, 1600)]

    def test_isochrones_hold_the_walk(self):
        sites = table([(5000, 1600)], "site_id")
        area = travel.isochrones(NET, sites, minutes=6, cell_m=50).geometry.iloc[0]
        # Twenty minutes would be lost to the road: all that is left is 500 m around.
        assert area.area == pytest.approx(np.pi * 500**2, rel=0.05)


class TestWhatPeopleWrite:
    def test_one_bound_or_several(self):
        sites = table([(5000, 0)], "site_id")
        alone = travel.isochrones(NET, sites, minutes=10)
        assert alone["minutes"].tolist() == [10.0]
        among = travel.isochrones(NET, sites, minutes=(5, 10))
        assert alone["area_km2"].iloc[0] == among["area_km2"].iloc[1]

    @pytest.mark.parametrize("form", [str, lambda path: path, lambda path: [str(path)]])
    def test_one_file_or_several(self, tmp_path, monkeypatch, form):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        path = tmp_path / "a.osm"
        path.write_text(
            '<osm version="0.6"><node id="1" lat="46.5" lon="3"/>'
            '<node id="2" lat="46.5" lon="3.1"/>'
            '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
        )
        profile = network.load_profile("voiture")
        assert network.load_network(form(path), profile, epsg=2154).n_nodes == 2
        assert network.read_osm(str(path), profile, epsg=2154).n_nodes == 2

    @pytest.mark.parametrize("ask", [travel.nearest, travel.matrix])
    @pytest.mark.parametrize(
        ("demand", "error", "said"),
        [
            (table([(0, 0), (1, 0)], ids=["a", "a"]), DataError, r"double \(demand_id\) : a\."),
            (table([(0, 0)] * 16, ids=list("abcdefgh") * 2), DataError, "a, b, c, d, e, …"),
            (table([(0, 0)], ids=[1]), DataError, r"du texte.*astype\(str\)"),
            (table([(0, 0), (1, 0)], ids=["a", None]), DataError, "sans identifiant"),
            (table([(0, 0)], crs=None), NetworkError, r"set_crs\(4326\)\.to_crs\(2154\)"),
            (table([(0, 0)], crs=4326), NetworkError, r"to_crs\(2154\)"),
            (pd.DataFrame({"demand_id": ["a"]}), DataError, "GeoDataFrame"),
            ("lieux.gpkg", DataError, "sont une table, pas str"),
            (None, DataError, "sont une table, pas NoneType"),
        ],
    )
    def test_what_cannot_be_used_says_how_to_mend_it(self, ask, demand, error, said):
        with pytest.raises(error, match=said):
            ask(NET, demand, table([(0, 0)], "site_id"))

    @pytest.mark.parametrize("ask", [travel.nearest, travel.matrix])
    def test_sites_are_checked_too(self, ask):
        with pytest.raises(DataError, match=r"double \(site_id\) : s"):
            ask(NET, table([(0, 0)]), table([(0, 0), (1, 0)], "site_id", ids=["s", "s"]))

    @pytest.mark.parametrize("nowhere", [None, Point()])
    def test_a_place_without_position_keeps_its_row(self, nowhere):
        near = travel.nearest(NET, table([nowhere, (0, 0)]), table([(0, 0), nowhere], "site_id"))
        assert near["raison"].tolist() == ["hors réseau", ""]
        times = travel.matrix(NET, table([nowhere, (0, 0)]), table([(0, 0), nowhere], "site_id"))
        assert times.minutes.nnz == 1
        empty = travel.isochrones(NET, table([nowhere], "site_id"), minutes=5)
        assert empty["area_km2"].tolist() == [0.0]

    def test_without_a_site_every_place_has_its_row(self):
        near = travel.nearest(NET, table([(0, 0)]), table([], "site_id"))
        assert near["raison"].tolist() == ["sans route"]
        assert travel.matrix(NET, table([(0, 0)]), table([], "site_id")).minutes.shape == (1, 0)
