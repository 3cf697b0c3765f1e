from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, sites

from msap_geo import coverage, travel


def places_of(town, **columns):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    return coverage.access_by_place(town.origins.assign(**columns), nearest)


def zones_of(town, places, **options):
    return coverage.nested_zones(
        places, town.communes.geometry, town.maisons, **{"thresholds": (20, 40), **options}
    )


def test_nested_zones_by_hand(town):
    places = places_of(town, habitants_75_plus=[0.0, 0, 0, 10, 0, 10])
    at20, at40 = zones_of(town, places).to_dict("records")
    assert (at20["seuil"], at20["zone_id"], at20["zone_parente"]) == (20, "ZB-53006", None)
    assert at20["communes"] == CODES[3:]
    # D 400 × 10, E 500 × 20, F 600 × 30 minutes beyond 20.
    assert at20["gravite"] == 4000 + 10_000 + 18_000
    # 20 old people for 2 100 inhabitants: each counts 105; D 10 × 10, F 10 × 30.
    assert at20["gravite_fragile"] == 105 * 400
    assert (at20["rang_gravite"], at20["rang_fragilite"]) == (1, 1)
    assert at20["minutes_moyennes"] == pytest.approx(62_000 / 1500, abs=0.0005)
    assert (at20["minutes_max"], at20["pire_lieu"]) == (50, CODES[5])
    assert (at20["site_id"], at20["departement"], at20["departement_maison"]) == (
        "FS1",
        "53",
        "53",
    )
    assert at20["habitants_75_plus"] == 20
    assert (at40["zone_id"], at40["zone_parente"]) == ("ZB-53006", "ZB-53006")
    assert (at40["population"], at40["nb_lieux"], at40["gravite"]) == (600, 1, 6000)


def test_fragile_people_do_not_depend_on_the_unit_of_a_group(town):
    group = np.array([0.0, 1, 2, 1, 0, 6])
    counted, in_thousands = (
        zones_of(town, places_of(town, habitants_75_plus=unit * group)) for unit in (1.0, 0.001)
    )
    assert counted["gravite_fragile"].tolist() == in_thousands["gravite_fragile"].tolist()
    assert counted["gravite_fragile"].notna().all()


def test_severity_ranks_a_far_hamlet_before_a_near_town(town):
    places = places_of(town)
    places["minutes"] = [0, 120, 0, 21, 0, np.nan]
    zones = zones_of(town, places, thresholds=[20]).set_index("zone_id")
    # B 200 × 100; D 400 × 1; F without a route counts as the worst of the table, 600 × 100.
    assert zones["gravite"].to_dict() == {"ZB-53006": 60_000, "ZB-53002": 20_000, "ZB-53004": 400}
    assert zones["rang_gravite"].tolist() == [1, 2, 3]
    assert pd.isna(zones.loc["ZB-53006", "minutes_max"])
    assert zones["rang_fragilite"].isna().all()


def test_a_minimum_population_leaves_small_zones_out(town):
    places = places_of(town)
    places["minutes"] = [25.0, 0, 0, 0, 0, 25]
    assert zones_of(town, places, thresholds=[20], minimum_population=101)[
        "population"
    ].tolist() == [600]


def grid(values, *, step=1000.0):
    """Cells of a grid, row by row; None is an empty cell, not in the table."""
    rows = [
        (f"c{i}{j}", shapely.box(step * j, step * i, step * (j + 1), step * (i + 1)), minutes)
        for i, line in enumerate(values)
        for j, minutes in enumerate(line)
        if minutes is not None
    ]
    places = pd.DataFrame(
        {
            "demand_id": [row[0] for row in rows],
            "code_insee": "53001",
            "population": 10,
            "site_id": "S",
            "minutes": [float(row[2]) for row in rows],
            "km": 1.0,
            "raison": "",
        }
    )
    return places, gpd.GeoSeries([row[1] for row in rows], crs=2154)


SITE = sites([("S", 0)])


def test_a_zone_keeps_its_hole():
    places, areas = grid([[30, 30, 30], [30, 10, 30], [30, 30, 30]])
    (zone,) = coverage.nested_zones(places, areas, SITE, thresholds=[20]).itertuples()
    assert zone.nb_lieux == 8
    assert len(zone.geometry.interiors) == 1
    assert zone.geometry.area == 8e6


def test_empty_cells_cut_a_zone_unless_bridged():
    places, areas = grid([[30, None, 30, None, None, 30]])
    touching = coverage.nested_zones(places, areas, SITE, thresholds=[20])
    bridged = coverage.nested_zones(places, areas, SITE, thresholds=[20], gap_m=1000)
    assert len(touching) == 3
    assert bridged["nb_lieux"].tolist() == [2, 1]
    assert bridged.geometry.iloc[0].geom_type == "MultiPolygon"  # islands stay apart


def test_operators_reached_from_a_zone(town):
    places = places_of(town)
    zone = coverage.zone_of_places(places, town.communes.geometry, threshold=20)
    counters = sites([("CAF-A", 0), ("CAF-E", 4)])
    caf = coverage.access_by_place(town.origins, travel.nearest(town.roads, town.origins, counters))
    (row,) = coverage.operators_by_zone(zone, {"CAF": caf}, thresholds=[5]).to_dict("records")
    assert (row["zone_id"], row["operateur"], row["site_id"]) == ("ZB-53006", "CAF", "CAF-E")
    # D and F are ten minutes from E.
    assert row["minutes_moyennes"] == pytest.approx(10_000 / 1500, abs=0.0005)
    assert (row["effectif_5"], row["au_dela_5"]) == (500, 1000)
    assert coverage.operators_by_zone(zone, {}, thresholds=[5]).empty


@pytest.mark.slow
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=4, max_size=4),
        min_size=4,
        max_size=4,
    ).filter(lambda rows: any(v is not None for line in rows for v in line)),
    st.sampled_from([1.0, 1000.0]),
)
@settings(max_examples=60, deadline=None)
def test_zones_nest_and_count_everyone_once(values, gap_m):
    places, areas = grid(values)
    zones = coverage.nested_zones(places, areas, SITE, thresholds=(15, 30, 45), gap_m=gap_m)
    for threshold, level in zones.groupby("seuil"):
        assert level["population"].sum() == 10 * (places["minutes"] > threshold).sum()
        assert level["rang_gravite"].tolist() == list(range(1, len(level) + 1))
        assert level["gravite"].is_monotonic_decreasing
    outline = zones.set_index(["seuil", "zone_id"]).geometry
    for zone in zones[zones["seuil"] > 15].itertuples():
        parent = outline[{30: 15, 45: 30}[zone.seuil], zone.zone_parente]
        assert parent.buffer(1).covers(zone.geometry)


def test_the_zones_of_the_map_are_these(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(town.communes, nearest, town.maisons, thresholds=[20])
    access["minutes"] = [25, 25, 0, 30, 0, np.nan]
    on_map = coverage.zones_blanches(town.communes, access, threshold=20)
    detailed = zones_of(town, places_of(town).assign(minutes=access["minutes"]), thresholds=[20])
    both = on_map.merge(detailed, on="zone_id", suffixes=("", "_detail"))
    assert len(both) == len(on_map) == len(detailed) == 3
    for column in ("population", "nb_communes", "minutes_max", "site_id"):
        np.testing.assert_array_equal(both[column], both[f"{column}_detail"])


def test_of_equal_places_a_zone_bears_the_first_name(town):
    places = places_of(town).assign(population=100)
    zones = zones_of(town, places, thresholds=[20])
    assert zones["zone_id"].tolist() == [f"ZB-{CODES[3]}"]


def test_fragile_people_by_hand(town):
    places = places_of(
        town,
        habitants_75_plus=[10.0, 20, 30, 40, 50, 60],
        habitants_pauvres=[np.nan, 40.0, 30.0, np.nan, np.nan, np.nan],
        menages=1.0,
    )
    # Old people are spread as everyone; the poor are known in B and C, 70 for 500 inhabitants.
    assert coverage.fragile_people(places).tolist() == pytest.approx(
        [100, (200 + 40 * 500 / 70) / 2, (300 + 30 * 500 / 70) / 2, 400, 500, 600]
    )
    nothing = places.drop(columns=["habitants_75_plus"])
    assert coverage.fragile_people(nothing)[[0, 3]].tolist() == [100, 400]
    assert np.isnan(coverage.fragile_people(places_of(town))).all()
