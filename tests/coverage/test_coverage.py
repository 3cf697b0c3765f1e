from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, sites, toy_communes

from msap_geo import coverage, travel
from msap_geo.errors import StudyError


def access_of(town, *, thresholds=(20, 30), maisons=None):
    maisons = town.maisons if maisons is None else maisons
    nearest = travel.nearest(town.roads, town.origins, maisons)
    return coverage.access_by_commune(town.communes, nearest, maisons, thresholds=thresholds)


def with_minutes(town, minutes):
    """Access with times given, null for no route."""
    access = access_of(town)
    times = pd.Series(minutes, dtype=float)
    return access.assign(minutes=times, palier=coverage.classify(times, thresholds=(20, 30)))


def test_classes_by_hand(town):
    access = access_of(town)
    assert access["palier"].tolist() == [
        "20 min ou moins",
        "20 min ou moins",
        "20 min ou moins",  # 20.0 is within 20
        "de 20 à 30 min",
        "plus de 30 min",
        "plus de 30 min",
    ]
    assert access["site_nom"].tolist() == ["Site FS1"] * 6


def test_shares_by_hand(town):
    twenty, thirty = coverage.shares(access_of(town), thresholds=(30, 20))
    assert (twenty.threshold, twenty.within, twenty.beyond) == (20, 600, 1500)
    assert (thirty.threshold, thirty.within, thirty.beyond) == (30, 1000, 1100)
    assert (twenty.communes_beyond, thirty.communes_beyond) == (3, 2)
    assert twenty.share == pytest.approx(600 / 2100)


def test_no_route_is_beyond_every_threshold(town):
    access = with_minutes(town, [0, np.nan, 20, 21, np.nan, 5])
    assert access["palier"].iloc[1] == "sans route"
    (twenty,) = coverage.shares(access, thresholds=[20])
    assert twenty.beyond == 200 + 400 + 500
    assert twenty.within + twenty.beyond == twenty.population == 2100


def test_zones_by_hand(town):
    zones = coverage.zones_blanches(town.communes, access_of(town), threshold=20)
    (zone,) = zones.to_dict("records")
    assert zone["zone_id"] == "ZB-53006"
    assert zone["communes"] == CODES[3:]
    assert (zone["nb_communes"], zone["population"], zone["minutes_max"]) == (3, 1500, 50)
    assert zone["site_nom"] == "Site FS1"
    assert zone["geometry"].equals(shapely.union_all(town.communes.geometry[3:].to_numpy()))


def test_zones_are_split_ranked_and_named_by_their_largest_commune(town):
    access = with_minutes(town, [25, 25, 0, np.nan, 0, 45])
    zones = coverage.zones_blanches(town.communes, access, threshold=20)
    assert zones["zone_id"].tolist() == ["ZB-53006", "ZB-53004", "ZB-53002"]
    assert zones["population"].tolist() == [600, 400, 300]
    assert zones["rang"].tolist() == [1, 2, 3]
    assert zones["minutes_max"].isna().tolist() == [False, True, False]


def test_communes_without_outline_are_zones_of_their_own(town):
    communes = town.communes.copy()
    communes.loc[[3, 4], "geometry"] = None
    zones = coverage.zones_blanches(communes, access_of(town), threshold=20)
    assert sorted(zones["zone_id"]) == ["ZB-53004", "ZB-53005", "ZB-53006"]
    assert zones["population"].sum() == 1500


def test_no_zone(town):
    zones = coverage.zones_blanches(town.communes, access_of(town), threshold=60)
    assert len(zones) == 0
    assert zones.crs == town.communes.crs


@pytest.mark.slow
@given(
    st.lists(
        st.one_of(st.none(), st.floats(0, 100)),
        min_size=6,
        max_size=6,
    ),
    st.lists(st.integers(1, 90), min_size=1, max_size=4, unique=True),
)
@settings(max_examples=60)
def test_people_are_all_counted_once(minutes, thresholds):
    communes = toy_communes()
    access = pd.DataFrame(
        {
            "code_insee": communes["code_insee"],
            "nom": communes["nom"],
            "population": communes["population"],
            "site_id": "S",
            "site_nom": "Site",
            "minutes": pd.Series(minutes, dtype=float),
            "km": pd.Series(minutes, dtype=float),
            "palier": "",
            "raison": "",
        }
    )
    shares = coverage.shares(access, thresholds=thresholds)
    for share in shares:
        assert share.within + share.beyond == 2100
        zones = coverage.zones_blanches(communes, access, threshold=share.threshold)
        assert zones["population"].sum() == share.beyond
        members = [code for zone in zones["communes"] for code in zone]
        assert len(members) == len(set(members)) == share.communes_beyond
    assert [s.within for s in shares] == sorted(s.within for s in shares)


def test_contiguous_groups_tolerate_rounding_and_touch_at_a_corner():
    areas = np.array(
        [
            shapely.box(0, 0, 10, 10),
            shapely.box(10.5, 0, 20, 10),  # half a metre apart: the same border, rounded
            shapely.box(20, 10, 30, 20),  # meets the second at one corner
            shapely.box(50, 0, 60, 10),
            None,
        ]
    )
    labels = coverage.contiguous_groups(areas)
    assert labels[0] == labels[1] == labels[2]
    assert len({*labels.tolist()}) == 3


def test_no_area_makes_no_group():
    assert coverage.contiguous_groups(np.array([], dtype=object)).tolist() == []


@pytest.mark.parametrize("wrong", [[], [0], [-5, 20], [float("inf")]])
def test_thresholds_are_checked(wrong):
    with pytest.raises(StudyError, match="seuils"):
        coverage.check_thresholds(wrong)


def test_thresholds_are_held_to_the_thousandth_as_minutes_are():
    assert coverage.check_thresholds([20.0000001, 19.9999999, 7.5, 20]) == (7.5, 20.0)
    assert coverage.check_thresholds([10.2, 10.25, 10.251]) == (10.2, 10.25, 10.251)
    assert coverage.check_thresholds([0.5, 600]) == (0.5, 600)


@pytest.mark.parametrize(("minutes", "told"), [(20.0004, 20), (20.0006, 20.001)])
def test_a_trip_is_within_once_settled_to_the_thousandth(town, minutes, told):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    nearest["minutes"] = nearest["minutes"].replace(20.0, minutes)
    access = coverage.access_by_commune(town.communes, nearest, town.maisons, thresholds=[20])
    row = access.set_index("code_insee").loc[CODES[2]]
    assert row["minutes"] == told
    assert (row["palier"] == "20 min ou moins") == (told == 20)


def test_row_order_is_irrelevant_to_zones(town):
    access = with_minutes(town, [25, 25, 0, 30, 0, 45])
    straight = coverage.zones_blanches(town.communes, access, threshold=20)
    backwards = coverage.zones_blanches(
        town.communes[::-1].reset_index(drop=True),
        access[::-1].reset_index(drop=True),
        threshold=20,
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(straight.drop(columns="geometry")),
        pd.DataFrame(backwards.drop(columns="geometry")),
    )


def test_of_equal_communes_a_zone_bears_the_first_code(town):
    access = with_minutes(town, [25, 25, 0, 0, 0, 0]).assign(population=100)
    for rows in (slice(None), slice(None, None, -1)):
        zones = coverage.zones_blanches(
            town.communes[rows].reset_index(drop=True),
            access[rows].reset_index(drop=True),
            threshold=20,
        )
        assert zones["zone_id"].tolist() == [f"ZB-{CODES[0]}"]


def test_closing_the_only_maison_leaves_everyone_beyond(town):
    access = access_of(town, maisons=sites([("S", None)]))
    (share,) = coverage.shares(access, thresholds=[20])
    assert share.beyond == 2100
    assert set(access["palier"]) == {"sans route"}


def test_pairs_that_touch_are_those_within_the_gap():
    rng = np.random.default_rng(4)
    x, y = rng.integers(0, 40, (2, 120)) * 1000.0
    shapes = np.append(shapely.box(x, y, x + 900, y + rng.integers(1, 9, 120) * 200), [None, None])
    shapes[7] = shapely.Point()
    for gap_m in (0.0, 100.0, 700.0):
        found = coverage.contiguous_pairs(shapes, gap_m=gap_m)
        near = shapely.dwithin(shapes[:, None], shapes[None, :], gap_m)
        assert found.T.tolist() == np.argwhere(np.triu(near, 1)).tolist()
