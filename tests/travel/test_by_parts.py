"""A country cut into parts, each with its belt, against the country whole."""

from __future__ import annotations

from itertools import islice

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.towns import places, towns
from support.toy import CENTRES, CODES, sites, straight_road

from msap_geo import coverage, network, travel
from msap_geo.errors import DataError, NetworkError


def same_nearest(whole, cut):
    pd.testing.assert_frame_equal(
        cut.drop(columns="km"), whole.drop(columns="km"), check_exact=True
    )
    # Metres are summed in another order: the last bit may differ, never the route.
    np.testing.assert_allclose(cut["km"], whole["km"], rtol=1e-12)


def same_matrix(whole, cut):
    assert list(cut.demand_ids) == list(whole.demand_ids)
    assert list(cut.site_ids) == list(whole.site_ids)
    np.testing.assert_array_equal(cut.minutes.toarray(), whole.minutes.toarray())
    assert cut.minutes.nnz == whole.minutes.nnz
    np.testing.assert_allclose(cut.km.toarray(), whole.km.toarray(), rtol=1e-12)


def test_a_belt_holds_what_a_trip_can_reach():
    road = straight_road()  # ten minutes for ten kilometres, legs at the access speed
    speed = max(1000.0, road.access_kmh * 1000 / 60)
    assert network.belt_m(road, 20) == pytest.approx(20 * speed + 2 * road.max_snap_m)


def test_a_cut_keeps_what_meets_the_belt():
    road = straight_road()
    (x, y), (x2, _) = CENTRES[0], CENTRES[1]
    cut = network.around(road, (x, y, x, y), belt=1.0)
    assert (cut.n_nodes, len(cut.edges.tail)) == (2, len(road.edges.tail) // 5)
    assert set(cut.x) == {x, x2}
    with pytest.raises(NetworkError, match="aucune route"):
        network.around(road, (x, y + 1e6, x, y + 1e6), belt=1.0)


def test_toy_town_by_hand():
    road, homes = straight_road(), places([shapely.Point(*c) for c in CENTRES])
    maisons = sites([("FS1", 0)])
    parts = pd.Series(["ouest"] * 3 + ["est"] * 3)
    cut = travel.nearest_by_parts(road, homes, maisons, parts, max_minutes=30)
    assert list(cut["demand_id"]) == list(homes["demand_id"])
    assert list(cut["minutes"].fillna(-1)) == [0, 10, 20, 30, -1, -1]
    same_nearest(travel.nearest(road, homes, maisons, max_minutes=30), cut)


def test_a_part_none_of_whose_people_has_a_place():
    road, maisons = straight_road(), sites([("FS1", 0)])
    homes = places([shapely.Point(*CENTRES[0]), shapely.Point(), shapely.Point()])
    cut = travel.nearest_by_parts(road, homes, maisons, pd.Series(["a", "b", "b"]), max_minutes=30)
    assert cut["raison"].tolist() == ["", "hors réseau", "hors réseau"]
    same_nearest(travel.nearest(road, homes, maisons, max_minutes=30), cut)


@pytest.mark.slow
@settings(max_examples=30)
@given(towns(), st.data())
def test_random_towns(town, data):
    roads, nodes, _, chosen = town
    homes = places([shapely.Point(x, y) for x, y in zip(nodes["x"], nodes["y"], strict=True)])
    counters = gpd.GeoDataFrame(
        {"site_id": [f"S{i}" for i in chosen]},
        geometry=[homes.geometry.iloc[i] for i in chosen],
        crs=2154,
    )
    names = st.sampled_from("abc")
    parts = pd.Series([data.draw(names) for _ in range(len(homes))])
    bound = data.draw(st.floats(0, 40))
    direction = data.draw(st.sampled_from(["to", "from"]))
    k = data.draw(st.integers(1, 3))
    asked = {"max_minutes": bound, "direction": direction}
    same_nearest(
        travel.nearest(roads, homes, counters, k=k, **asked),
        travel.nearest_by_parts(roads, homes, counters, parts, k=k, **asked),
    )
    same_matrix(
        travel.matrix(roads, homes, counters, **asked),
        travel.matrix_by_parts(roads, homes, counters, parts, **asked),
    )


@pytest.mark.parametrize(
    ("parts", "bound", "said"),
    [
        (pd.Series(["a"] * 6), np.inf, "sans borne"),
        (pd.Series(["a"] * 5 + [None]), 20, "aucune partie"),
        (pd.Series(["a"] * 5), 20, "aucune partie"),
    ],
)
def test_what_is_refused(parts, bound, said):
    homes = places([shapely.Point(*c) for c in CENTRES])
    with pytest.raises(DataError, match=said):
        travel.nearest_by_parts(
            straight_road(), homes, sites([("FS1", 0)]), parts, max_minutes=bound
        )
    assert len(CODES) == len(homes)


def check_result(result, thresholds):
    parts = result.communes["departement"]
    asked = (result.roads, result.origins, result.maisons)
    bound = max(thresholds)
    whole = travel.nearest(*asked, k=2, max_minutes=bound)
    cut = travel.nearest_by_parts(*asked, parts, k=2, max_minutes=bound)
    same_nearest(whole, cut)
    found = []
    for table in (whole, cut):
        first = table[table["rang"] == 1].reset_index(drop=True)
        access = coverage.access_by_commune(
            result.communes, first, result.maisons, thresholds=thresholds
        )
        zones = coverage.zones_blanches(result.communes, access, threshold=thresholds[0])
        found.append((access.drop(columns="km"), zones.drop(columns="geometry")))
    pd.testing.assert_frame_equal(found[0][0], found[1][0], check_exact=True)
    pd.testing.assert_frame_equal(found[0][1], found[1][1], check_exact=True)
    same_matrix(
        travel.matrix(*asked, max_minutes=bound),
        travel.matrix_by_parts(*asked, parts, max_minutes=bound),
    )


@pytest.mark.slow
@pytest.mark.corse
@pytest.mark.xdist_group("corse")
def test_corsica(corsica_now):
    check_result(corsica_now, (20.0, 30.0))


COUNTRY = """
[etude]
nom = "France"
departements = [{codes}]

[donnees]
communes = "{shared}/france/communes-france-2026.parquet"
population = "{shared}/france/decoupage-communes-2026.json"
mairies = "{shared}/france/mairies-france-2026.csv"
maisons = "{shared}/france/france-services-20200108.csv"
la_poste = "la_poste.csv"

[reseau]
profil = "estime"
"""


@pytest.mark.slow
@pytest.mark.corse
def test_the_estimated_country(shared, tmp_path):
    from msap_geo.study import read_study, run_study  # noqa: PLC0415
    from msap_geo.territory import DEPARTEMENTS  # noqa: PLC0415

    codes = ", ".join(f'"{code}"' for code in DEPARTEMENTS if len(code) == 2)
    # Candidates are no part of what is compared: few, for a study must have some.
    offices = shared / "france" / "laposte_poincont-2025.csv"
    with offices.open("rb") as lines:
        (tmp_path / "la_poste.csv").write_bytes(b"".join(islice(lines, 100)))
    path = tmp_path / "etude.toml"
    path.write_text(COUNTRY.format(codes=codes, shared=shared.as_posix()), encoding="utf-8")
    check_result(run_study(read_study(path)), (20.0, 30.0))
