"""INSEE's access times: cells of a région, and shares by département, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError

LIMITS = (20.0, 30.0)


def cells(path, **changes):
    """Write five cells of Mayenne and one of Sarthe, as INSEE lays them out."""
    table = pd.DataFrame(
        {
            "idSrc": range(6),
            "X": 3_500_000,
            "Y": 2_800_000,
            "typeeq_id": ["A128", "A128", "A128", "A128", "A206", "A128"],
            "distance": 1.0,
            "deuclidienne": 1.0,
            "duree": [10.0, 25.0, 40.0, np.nan, 1.0, 5.0],
            "depcom": ["53001", "53001", "53002", "53002", "53002", "72001"],
            "iris": "",
            "pop": [100.0, 300.0, 50.0, 50.0, 50.0, 900.0],
            "dep": ["53"] * 5 + ["72"],
            "reg": "52",
        }
    ).assign(**changes)
    table.to_parquet(path)
    return path


def read(path, departements=("53",), limits=LIMITS):
    paths = [path] if not isinstance(path, list) else path
    return loaders.load_insee_access(paths, departements=departements, thresholds=limits)


class TestCells:
    def test_shares_are_of_the_people_of_the_departement(self, tmp_path):
        found = read(cells(tmp_path / "donnees-2024-reg52.parquet"))
        # 100 of 500 people within 20 minutes, 400 within 30; a cell without time is beyond.
        assert found.departements.to_dict("records") == [
            {"departement": "53", "seuil": 20.0, "part": pytest.approx(0.2)},
            {"departement": "53", "seuil": 30.0, "part": pytest.approx(0.8)},
        ]

    def test_communes_have_the_mean_of_those_who_have_a_time(self, tmp_path):
        found = read(cells(tmp_path / "a.parquet")).communes.set_index("code_insee")
        assert list(found.index) == ["53001", "53002"]
        assert found["minutes"].to_list() == pytest.approx([21.25, 40.0])
        assert found["part_20"].to_list() == pytest.approx([0.25, 0.0])
        assert found["population"].to_list() == [400, 100]

    def test_who_is_at_the_door_has_no_minute_to_go(self, tmp_path):
        here = cells(tmp_path / "a.parquet", duree=[0.0, 0.5, 40.0, np.nan, 1.0, 5.0])
        assert read(here).departements["part"].tolist() == pytest.approx([0.8, 0.8])

    def test_regions_add_up(self, tmp_path):
        one = cells(tmp_path / "a.parquet")
        other = cells(tmp_path / "b.parquet", dep="72", depcom="72001")
        found = read([one, other], departements=("53", "72"))
        assert set(found.departements["departement"]) == {"53", "72"}

    def test_codes_may_be_numbers(self, tmp_path):
        path = cells(tmp_path / "a.parquet", depcom=[1001, 1001, 1002, 1002, 1002, 72001])
        assert list(read(path, departements=("01",)).communes["code_insee"]) == ["01001", "01002"]

    @pytest.mark.parametrize(
        ("changes", "departements", "error"),
        [
            ({}, ("48",), DataError),
            ({"typeeq_id": "A206"}, ("53",), DataError),
            ({"duree": -1.0}, ("53",), DataError),
            ({"pop": np.nan}, ("53",), DataError),
        ],
    )
    def test_what_holds_nothing_of_use_is_refused(self, tmp_path, changes, departements, error):
        with pytest.raises(error):
            read(cells(tmp_path / "a.parquet", **changes), departements=departements)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"duree": ["10", "25", "NR", None, "1", "5"]}, "1 durées.*« NR »"),
            ({"duree": [10.0, np.inf, 40.0, 1.0, 1.0, 5.0]}, "impossible"),
            ({"pop": [10.0, np.inf, 40.0, 1.0, 1.0, 5.0]}, "impossible"),
            ({"typeeq_id": [128] * 6}, "faite de nombres"),
            ({"DUREE": 1.0}, "deux fois la colonne duree"),
        ],
    )
    def test_a_value_that_cannot_be_read_is_told(self, tmp_path, changes, told):
        with pytest.raises(DataError, match=told):
            read(cells(tmp_path / "a.parquet", **changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"duree": ["10,0", "25,0", "40,0", None, "1", "5"]},
            {"depcom": [53001.0, 53001.0, 53002.0, 53002.0, 53002.0, np.nan]},
            {"pop": ["100", "300", "50", "50", "50", "900"]},
        ],
    )
    def test_numbers_may_be_written_otherwise(self, tmp_path, changes):
        plain = read(cells(tmp_path / "a.parquet")).communes
        pd.testing.assert_frame_equal(
            read(cells(tmp_path / "b.parquet", **changes)).communes, plain
        )

    @pytest.mark.parametrize(("factor", "unit"), [(60, "secondes"), (1 / 60, "heures")])
    def test_another_unit_is_refused(self, tmp_path, factor, unit):
        many = pd.read_parquet(cells(tmp_path / "a.parquet"))
        many = pd.concat([many] * 10).assign(duree=lambda table: table["duree"] * factor)
        many.to_parquet(tmp_path / "b.parquet")
        with pytest.raises(DataError, match=f"ressemblent à des {unit}"):
            read(tmp_path / "b.parquet")

    def test_a_file_given_twice_counts_once(self, tmp_path):
        path = cells(tmp_path / "a.parquet")
        assert read([path, path]).communes["population"].tolist() == [400, 100]

    def test_corsican_codes_may_be_in_small_letters(self, tmp_path):
        path = cells(tmp_path / "a.parquet", depcom=["2a004"] * 5 + ["2b033"])
        assert read(path, departements=("2A",)).communes["code_insee"].tolist() == ["2A004"]

    def test_columns_that_lack_are_named(self, tmp_path):
        pd.DataFrame({"typeeq_id": ["A128"]}).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(MissingColumnError, match="duree, depcom, pop"):
            read(tmp_path / "a.parquet")

    def test_a_cut_file_is_refused(self, tmp_path):
        path = cells(tmp_path / "a.parquet")
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(UnreadableFileError, match="Parquet"):
            read(path)


class TestShares:
    TEXT = (
        "Source,dep,LIBGEO,10min,20min\nagence_postale,53,Mayenne,1,2\n"
        "implantations_france_services_i,FR,France,70,98\n"
        "implantations_france_services_i,53,Mayenne,81.5,96\n"
    )

    def write(self, path, text=TEXT):
        path.write_text(text, encoding="utf-8")
        return path

    def test_only_thresholds_of_the_file_are_told(self, tmp_path):
        found = read(self.write(tmp_path / "parts.csv"), limits=(10.0, 20.0, 25.0))
        assert found.communes is None
        assert found.departements["seuil"].to_list() == [10, 20]
        assert found.departements["part"].to_list() == pytest.approx([0.815, 0.96])

    def test_a_departement_that_is_not_there(self, tmp_path):
        with pytest.raises(DataError, match="48"):
            read(self.write(tmp_path / "parts.csv"), departements=("48",))

    def test_a_share_past_a_hundred(self, tmp_path):
        text = self.TEXT.replace("96", "9600")
        with pytest.raises(DataError, match="entre 0 et 100"):
            read(self.write(tmp_path / "parts.csv", text))

    @pytest.mark.parametrize(
        ("rows", "told"),
        [
            ("France Services,2A,0.1,0.5\n", "sur 1"),
            ("France Services,2A,50,40\n", "diminuent.*2A"),
            ("France Services,2A,10,50\nFrance Services,2A,20,60\n", "2A y est deux fois"),
            ("France Services,2A,10,\n", "1 parts absentes"),
        ],
    )
    def test_shares_that_cannot_be(self, tmp_path, rows, told):
        path = tmp_path / "a.csv"
        path.write_text("Source,dep,10min,20min\n" + rows)
        with pytest.raises(DataError, match=told):
            read(path, departements=("2A",))

    def test_the_same_row_twice_counts_once(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("Source,dep,10min,20min\n" + "France Services,2a,10,50\n" * 2)
        found = read(path, departements=("2A",)).departements
        assert found["part"].tolist() == [0.5]

    def test_another_table(self, tmp_path):
        with pytest.raises(MissingColumnError, match="Source, dep, 5min"):
            read(self.write(tmp_path / "parts.csv", "a,b\n1,2\n"))

    def test_the_real_table(self, shared):
        found = read(shared / "insee-acces" / "parts-par-duree-2025.csv", departements=("01",))
        assert found.departements["part"].to_list() == pytest.approx([0.9606, 0.9960], abs=1e-4)
