"""Times computed elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from msap_geo import coverage, travel
from msap_geo.errors import DataError, FileMissingError, MissingColumnError

TRIPS = pd.DataFrame(
    {
        "origine": ["01001", "01001", "01002", "01002", "01003"],
        "destination": ["A", "B", "A", "A", "B"],
        "minutes": [0.0, 12.5, 30.0, 25.0, np.nan],
    }
)


def test_a_table_of_trips_becomes_sparse_times():
    times = travel.from_table(TRIPS)
    assert times.demand_ids.tolist() == ["01001", "01002", "01003"]
    assert times.long()["minutes"].tolist() == [0.0, 12.5, 25.0]  # the quickest, zeros kept
    assert times.long()["km"].isna().all()


def test_rows_and_columns_follow_the_study():
    times = travel.from_table(
        TRIPS, demand_ids=pd.Index(["01003", "01001"]), site_ids=pd.Index(["B"]), max_minutes=12.5
    )
    assert times.minutes.shape == (2, 1)
    assert times.long().to_numpy().tolist()[0][:3] == ["01001", "B", 12.5]
    assert times.minutes.nnz == 1


def test_nearest_of_times_is_what_the_roads_give(town):
    times = travel.matrix(town.roads, town.origins, town.offices)
    brought = travel.from_table(
        times.long().rename(columns={"demand_id": "origine", "site_id": "destination"})
    )
    for k in (1, 2):
        pd.testing.assert_frame_equal(
            brought.nearest(k=k),
            travel.nearest(town.roads, town.origins, town.offices, k=k).assign(acces_m=np.nan),
        )


def test_one_site_a_place_is_found_unless_asked():
    times = travel.from_table(TRIPS)
    assert times.nearest()["demand_id"].tolist() == ["01001", "01002", "01003"]
    assert times.nearest()["site_id"].tolist()[:2] == ["A", "A"]


def test_sites_without_a_column_are_named_the_first_five():
    times = travel.from_table(TRIPS)
    with pytest.raises(DataError, match=r"ces sites : C, D, E, F, G\.$"):
        times.between(["A", *"CDEFGHI"])


def test_a_place_without_a_time_keeps_its_row():
    times = travel.from_table(TRIPS, demand_ids=pd.Index(["01003", "01002"]), max_minutes=26)
    table = times.nearest()
    assert table["raison"].tolist() == ["au-delà du maximum", ""]
    assert table["minutes"].isna().tolist() == [True, False]
    assert travel.from_table(TRIPS, demand_ids=["01003"]).nearest()["raison"].tolist() == [
        "sans route"
    ]


def test_coverage_stands_on_brought_times(town):
    times = travel.matrix(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(
        town.communes, times.nearest(), town.maisons, thresholds=(20, 30)
    )
    assert [share.within for share in coverage.shares(access, thresholds=(20, 30))] == [600, 1000]


@pytest.mark.parametrize("form", ["csv", "csv-fr", "parquet", "parquet-ints"])
def test_files_of_other_engines_are_read(tmp_path, form):
    path = tmp_path / f"temps.{form.split('-')[0]}"
    if form == "csv":
        TRIPS.assign(km=[0, 10, 20, 19, None]).to_csv(path, index=False)
    elif form == "csv-fr":
        TRIPS.rename(columns={"minutes": "duree"}).to_csv(path, index=False, sep=";", decimal=",")
    else:
        table = TRIPS.assign(km=5.0)
        if form == "parquet-ints":
            table = table.assign(minutes=[0, 12, 30, 25, 99]).iloc[:4]
        table.to_parquet(path)
    times = travel.from_table(path)
    assert times.demand_ids[0] == "01001"
    assert times.minutes.nnz == 3
    assert times.long()["minutes"].max() == 25


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("origine,destination,minutes\na,b,-1\n", DataError, "ligne 2"),
        ("origine,destination,minutes\na,b,3\na,c,vite\n", DataError, "« vite »"),
        ("origine,destination,minutes\na,b,inf\n", DataError, "impossible"),
        ("origine,destination,heures\na,b,3\n", MissingColumnError, "minutes"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, error, said):
    path = tmp_path / "temps.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        travel.from_table(path)


def test_other_mistakes_are_told(tmp_path):
    with pytest.raises(FileMissingError):
        travel.from_table(tmp_path / "rien.csv")
    with pytest.raises(DataError, match="identifiants"):
        travel.from_table(TRIPS, site_ids=pd.Index(["Z"]))
    with pytest.raises(MissingColumnError, match="destination"):
        travel.from_table(TRIPS.drop(columns="destination"))
    with pytest.raises(DataError, match="rang 1"):
        travel.from_table(TRIPS.assign(minutes=[1.0, -2, 3, 4, 5]))
    broken = tmp_path / "temps.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="Parquet"):
        travel.from_table(broken)
