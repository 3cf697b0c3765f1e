"""Where a commune starts: the best point known of it, and whose a shared town hall is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import loaders
from tests.support.toy import CENTRES, CODES, STEP, X0, Y0, toy_communes


def halls(points):
    """Town halls of toy town, by the rank of their commune."""
    return gpd.GeoDataFrame(
        {"code_insee": [CODES[i] for i in points]},
        geometry=[shapely.Point(*place) for place in points.values()],
        crs=2154,
    )


def started(points, communes=None, **options):
    communes = toy_communes() if communes is None else communes
    loaded = loaders.commune_origins(communes, halls(points), **options)
    told = {a.identifier: (a.code, a.action.name) for a in loaded.anomalies}
    return loaded.table, told


def at(east_m):
    """A point so many metres east of Alpha's western border: borders are every ten kilometres."""
    return X0 + east_m, Y0 + STEP / 2


@pytest.mark.parametrize("east", [10_020.0, 10_100.0, 10_250.0])
@pytest.mark.parametrize("apart", [0.0, 8.0])
def test_a_shared_town_hall_is_that_of_the_nearer_commune(east, apart):
    table, told = started({0: at(east), 1: at(east + apart)})
    # A town hall is believed up to 300 m inside a neighbour, but not when it is the neighbour's.
    assert table["origine"].tolist()[:2] == ["point sur la surface", "mairie"]
    assert told[CODES[0]] == ("mairie-partagee", "REPAIRED")
    assert CODES[1] not in told


def test_town_halls_on_either_side_of_a_street_are_two():
    table, told = started({0: at(9_980), 1: at(10_020)})
    assert table["origine"].tolist()[:2] == ["mairie", "mairie"]
    assert CODES[0] not in told


def test_far_from_both_the_nearer_still_wins_among_three():
    communes = toy_communes()
    # Between Alpha and Gamma, Bêta has no outline: 200 m from Alpha, known to be nearer than none.
    communes.loc[1, "geometry"] = None
    table, told = started({0: at(10_050), 1: at(10_050), 3: at(10_050)}, communes)
    assert table["origine"].tolist()[:4] == [
        "mairie",
        "aucune",
        "point sur la surface",
        "point sur la surface",
    ]
    assert told[CODES[3]] == ("mairie-mal-placee", "REPAIRED")


def test_a_commune_of_another_departement_may_own_the_point():
    inside, outside = ((0, at(-200)), (0, at(200)))
    elsewhere = gpd.GeoDataFrame({"code_insee": ["72001"]}, geometry=[None], crs=2154)
    for (row, place), origin in ((outside, "mairie"), (inside, "point sur la surface")):
        shared = elsewhere.set_geometry([shapely.Point(*place)], crs=2154)
        both = pd.concat([halls({row: place}), shared], ignore_index=True)
        table = loaders.commune_origins(toy_communes(), both).table
        assert table["origine"].iloc[0] == origin


def test_a_point_nothing_decides_is_kept_and_told():
    communes = toy_communes()
    communes.loc[1, "geometry"] = communes.geometry[0]
    table, told = started({0: CENTRES[0], 1: CENTRES[0]}, communes)
    assert table["origine"].tolist()[:2] == ["mairie", "mairie"]
    assert told[CODES[0]] == told[CODES[1]] == ("mairie-partagee", "NOTED")


@pytest.mark.slow
@given(st.floats(-5_000, 65_000), st.sets(st.integers(0, 5), min_size=2))
def test_of_those_that_share_a_point_no_loser_is_nearer(east, rows):
    communes = toy_communes()
    table, _ = started({row: at(east) for row in rows}, communes)
    away = shapely.distance(communes.geometry.to_numpy(), shapely.Point(*at(east)))
    kept = [row for row in rows if table["origine"][row] == "mairie"]
    assert all(away[row] == min(away[one] for one in rows) for row in kept)


def cells(rows):
    """Cells of 200 m: rank of the commune, metres from its centre, people."""
    corners = [(CENTRES[i][0] + east, CENTRES[i][1]) for i, east, _ in rows]
    return gpd.GeoDataFrame(
        {
            "demand_id": [f"c{k}" for k in range(len(rows))],
            "code_insee": [CODES[i] for i, _, _ in rows],
            "population": [people for _, _, people in rows],
        },
        geometry=[shapely.box(x - 100, y - 100, x + 100, y + 100) for x, y in corners],
        crs=2154,
    )


def test_without_a_town_hall_people_start_from_their_most_populated_cell():
    table, _ = started({0: CENTRES[0]})
    grid = cells([(0, 900, 50), (1, 900, 10), (1, 1500, 30), (1, -700, 30), (2, 0, 0)])
    found = loaders.from_cells(table, grid)
    assert found["origine"].tolist()[:3] == ["mairie", "carreau", "point sur la surface"]
    assert found.geometry[0].equals(table.geometry[0])
    # Two cells of thirty people: the first by its name.
    assert found.geometry[1].equals_exact(shapely.Point(CENTRES[1][0] + 1500, CENTRES[1][1]), 1e-6)
    assert table["origine"][1] == "point sur la surface"


def test_a_cell_of_one_person_is_inhabited_and_an_empty_one_is_not():
    table, _ = started({0: CENTRES[0]})
    found = loaders.from_cells(table, cells([(1, 0, 0), (1, 600, 1), (2, 300, 0)]))
    assert found["origine"].tolist()[1:3] == ["carreau", "point sur la surface"]
    assert found.geometry[1].equals_exact(shapely.Point(CENTRES[1][0] + 600, CENTRES[1][1]), 1e-6)


def test_without_town_hall_nor_outline_a_neighbour_lends_its_own():
    communes = toy_communes()
    communes.loc[5, "geometry"] = None
    known = {i: CENTRES[i] for i in range(5)}
    near = {CODES[5]: [CODES[2], CODES[3], CODES[4]]}
    table, told = started(known, communes, near=near)
    assert table["origine"][5] == "commune voisine"
    assert table.geometry[5].equals(shapely.Point(*CENTRES[3]))  # the middle one of three
    assert told[CODES[5]] == ("commune-sans-position", "REPAIRED")
    table, told = started(known, communes)
    assert (table["origine"][5], table.geometry[5]) == ("aucune", None)
    assert told[CODES[5]] == ("commune-sans-position", "NOTED")


def record(code, *postal):
    return {"code": code, "nom": code, "type": "commune-actuelle", "codesPostaux": list(postal)}


def test_near_are_those_one_was_one_with_else_those_of_the_same_post():
    records = [record("53001", "53100"), record("53002", "53100"), record("53003", "53200")]
    records += [record("53004"), record("72001", "53100")]
    codes = loaders.CommuneCodes(
        {r["code"]: r["nom"] for r in records}, {}, {"53003": ("53003", "53004")}
    )
    found = loaders.communes_near(["53001", "53003", "53004", "53009"], records, codes)
    assert found == {
        "53001": ("53002",),
        "53003": ("53004",),
        "53004": ("53003",),
        "53009": (),
    }


def test_nothing_is_moved_where_nothing_is_known():
    table, _ = started({0: CENTRES[0]})
    nothing = gpd.GeoSeries(np.array([None]), index=[CODES[1]], crs=2154)
    pd.testing.assert_frame_equal(
        pd.DataFrame(loaders.moved_to(table, nothing, "rues")), pd.DataFrame(table)
    )
    assert loaders.from_cells(table, None) is table


@pytest.mark.parametrize("nowhere", [np.inf, -np.inf])
def test_a_town_hall_the_projection_has_no_room_for_is_nobodys(nowhere):
    # Projected for Mayotte, town halls of the Pacific are at infinity.
    far = gpd.GeoDataFrame(
        {"code_insee": ["98735", *CODES[:1]]},
        geometry=[shapely.Point(nowhere, nowhere), shapely.Point(*at(5_000))],
        crs=2154,
    )
    table = loaders.commune_origins(toy_communes(), far).table
    assert table["origine"].tolist()[0] == "mairie"
