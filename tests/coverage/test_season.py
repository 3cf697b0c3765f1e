"""People present beside residents: totals kept, never mixed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo.coverage.ahead.season import beds, present_by_homes, present_by_total, season

CODES = ["53001", "53002", "53003"]


def test_second_homes_lodge_what_the_code_of_tourism_says():
    told = beds()
    assert told["personnes_par_residence_secondaire"] == 5
    assert "R. 133-33" in told["source"]


def test_by_hand():
    residents = pd.Series([100, 50, 0], index=CODES)
    homes = pd.Series([10.0, np.nan, 4.0], index=CODES)
    occupied = pd.DataFrame({1: [0.0, 0.0, 0.0], 8: [0.8, 0.8, 0.5]}, index=CODES)
    found = present_by_homes(residents, homes, occupied, people_a_home=5.0)
    assert found[1].tolist() == [100, 50, 0]
    assert found[8].tolist() == [140, 50, 10]


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 80)), min_size=1, max_size=8),
    st.integers(0, 3000),
)
def test_people_of_a_zone_are_all_brought_to_its_communes(communes, total):
    codes = [f"c{i}" for i in range(len(communes))]
    residents = pd.Series([live for live, _ in communes], index=codes)
    homes = pd.Series([float(second) for _, second in communes], index=codes)
    told = pd.DataFrame({8: [float(total)]}, index=["53"])
    found = present_by_total(residents, homes, pd.Series("53", index=codes), told)[8]
    assert found.sum() == total
    if total >= residents.sum():
        # Nobody leaves, and those who come go where there is a second home, if there is any.
        assert (found >= residents).all()
        if homes.sum() > 0:
            assert (found[homes == 0] == residents[homes == 0]).all()
    else:
        assert (found <= residents + 1).all()


def test_both_are_told_side_by_side():
    places = pd.DataFrame(
        {
            "demand_id": CODES,
            "code_insee": CODES,
            "population": [100, 50, 0],
            "chomeurs": 1.0,
            "site_id": "M",
            "minutes": [5.0, 25.0, np.nan],
            "km": 1.0,
            "raison": ["", "", "sans route"],
        }
    )
    present = pd.DataFrame({"aout": [100, 90, 10]}, index=CODES)
    belongs = pd.DataFrame({"code_insee": CODES, "departement": "53"})
    table = season(present, places, belongs, thresholds=(20.0,))
    whole = table[table["zonage"] == "ensemble"].iloc[0]
    assert (whole["residents"], whole["presents"]) == (150, 200)
    assert (whole["residents_au_dela_20"], whole["presents_au_dela_20"]) == (50, 100)
    assert whole["residents_part_20"] == pytest.approx(2 / 3, abs=1e-6)
    assert whole["presents_part_20"] == 0.5
    assert whole["rapport"] == pytest.approx(4 / 3, abs=1e-4)


def test_one_resident_alone_has_a_ratio():
    places = pd.DataFrame(
        {
            "demand_id": CODES, "code_insee": CODES, "population": [1, 2, 0], "site_id": "M",
            "minutes": 5.0, "km": 1.0, "raison": "",
        }
    )  # fmt: skip
    present = pd.DataFrame({"aout": [3, 2, 4], "mai": [1, 2, 0]}, index=CODES)
    belongs = pd.DataFrame({"code_insee": CODES, "epci": ["E1", "E2", "E3"]})
    table = season(present, places, belongs, thresholds=(20.0,))
    one = table[table["zonage"] == "epci"].set_index(["mois", "code"])["rapport"]
    assert one.dropna().to_dict() == {
        ("aout", "E1"): 3, ("aout", "E2"): 1, ("mai", "E1"): 1, ("mai", "E2"): 1,
    }  # fmt: skip
