"""Shares expected of people spread round their town hall: counted by hand."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from msap_geo import coverage

TEN_IN_A_HUNDRED = 1.2815515655446004
"""What a normal law exceeds one time in ten, in standard deviations."""


def commune(population, km2, point):
    side = math.sqrt(km2) * 1000
    outlines = gpd.GeoDataFrame(
        {"population": [population]}, geometry=[shapely.box(0, 0, side, side)], crs=2154
    )
    return outlines, gpd.GeoDataFrame(geometry=[point], crs=2154)


@pytest.mark.parametrize(
    ("population", "km2", "factor"),
    [
        # 480 + 20 people and 59 + 1 inhabitants per km² are the reference: only the radius counts.
        (480, 480 / 59, 1),
        (480, 480 / 119, 2**-0.458),
        (980, 980 / 59, 2**-0.276),
        (980, 980 / 119, 2 ** -(0.458 + 0.276)),
    ],
)
def test_the_radius_of_a_commune_is_its_disc_s_shorter_where_people_are_many(
    population, km2, factor
):
    (found,) = coverage.radius_minutes(*commune(population, km2, shapely.Point(0, 0)))
    assert found == pytest.approx(2.776 * math.sqrt(km2 / math.pi) * factor)
    assert coverage.radius_minutes(*commune(population, km2, None)).tolist() == [0]


def test_people_are_spread_over_twelve_places_round_the_town_hall():
    # 0.35, 0.9 and 1.6 radii away (two, two and one people in five), at 22.5°, 67.5°, 112.5° and
    # 157.5° of the way. From 20 minutes, a place m minutes away is within 20 if its cosine is
    # under -m / 40: of 3.5 and 9 minutes two in four are, of 16 minutes one.
    (found,) = coverage.share_within(np.array([20.0]), np.array([10.0]), 20, sigma=1e-6)
    assert found == pytest.approx(0.4 * 2 / 4 + 0.4 * 2 / 4 + 0.2 * 1 / 4)


def test_a_commune_one_deviation_within_is_beyond_sixteen_times_in_a_hundred():
    minutes = pd.Series([20 * math.exp(-0.2), 20.0, np.nan])
    spread = coverage.Spread(person=0.2, commune=0.2, territory=0.4)
    told = coverage.expected_by_commune(minutes, np.zeros(3), thresholds=[20], spread=spread)
    assert told["part_20"].tolist() == [0.8413, 0.5, 0]
    assert told["risque_20"].tolist() == [0.159, 0.5, 1]


def expected(minutes, codes, people, *, radius=0.0, spread):
    access = pd.DataFrame(
        {"code_insee": codes, "population": people, "minutes": minutes, "incertain_20": True}
    )
    around = np.full(len(access), radius)
    (found,) = coverage.expected_shares(access, around, thresholds=[20], spread=spread)
    return found


def test_the_interval_of_80_in_100_is_where_all_times_are_wrong_together():
    spread = coverage.Spread(person=0.2, commune=0.3, territory=0.2)
    # Half are within; all slower or faster by the error of one time in ten, a tenth, nine tenths.
    at = expected([20.0], ["53001"], [100], spread=spread)
    assert at[:4] == pytest.approx((20, 0.5, 0.1, 0.9))
    # Nearer by as much: nine in ten are within, half if all are slower, 2 x 1.28 σ if faster.
    near = 20 * math.exp(-0.2 * TEN_IN_A_HUNDRED)
    found = expected([near], ["53001"], [100], spread=spread)
    assert found[:4] == pytest.approx((20, 0.9, 0.5, 0.99481), abs=1e-5)
    # Two départements of as many people: departures of 0.2 each, of a correlation of 0.03.
    two = expected([20.0, 20.0], ["53001", "72001"], [100, 100], spread=spread)
    apart = math.sqrt(0.97 * (0.2**2 + 0.2**2) + 0.03 * 0.4**2)
    assert two[:4] == pytest.approx((20, 0.5, 0.5 - apart, 0.5 + apart))
    assert two.uncertain == 2


def test_the_radius_people_are_spread_over_is_that_of_the_roads():
    wide = coverage.Spread(person=0.2, commune=0.3, territory=0.2)
    tight = coverage.Spread(person=0.2, commune=0.3, territory=0.2, radius=0.5)
    one = expected([18.0], ["53001"], [100], radius=8, spread=tight)
    assert one[:4] == pytest.approx(expected([18.0], ["53001"], [100], radius=4, spread=wide)[:4])


def test_nobody_has_no_interval():
    spread = coverage.Spread(person=0.2, commune=0.3, territory=0.2)
    nobody = expected([20.0], ["53001"], [0], spread=spread)
    assert math.isnan(nobody.share)
    assert nobody.interval == ""
    assert expected([20.0], ["53001"], [9], spread=spread).interval.startswith("10 à 90")
