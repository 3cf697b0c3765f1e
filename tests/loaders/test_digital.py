"""Fixed internet by commune, and the index of digital fragility."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import coverage, loaders
from msap_geo.errors import DataError

WIRED = "code_insee;nom_com;code_dep;code_reg;nbr;type;inel_hd;elig_hd3;elig_thd30;date"
TECHNO = "date;elig_ftth;elig_cu;type;nbr;code_insee"


def written(tmp_path, name, *lines, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))
    return path


class TestArcep:
    def test_premises_by_wired_speed(self, tmp_path):
        path = written(
            tmp_path, "arcep-commune-debit-filaire.csv", WIRED,
            "01001;L'Abergement;01;84;400;all;4;396;300;2026-03-31",
            "2A004;Ajaccio;2A;94;46329;all;0;46329;46400;2026-03-31",
            "01002;A;01;84;10;indiv;0;10;10;2026-03-31",
        )  # fmt: skip
        table = loaders.load_indicators(path).table
        assert table.to_dict("list") == {
            "code_insee": ["01001", "2A004"],
            "locaux": [400.0, 46329.0],
            "locaux_30_mbits": [300.0, 46329.0],  # never more than there are
        }

    def test_fibre_in_another_order_and_encoding(self, tmp_path):
        path = written(
            tmp_path, "t1-2027.csv", TECHNO, "2027-03-31;90;50;all;100;01001", encoding="utf-16"
        )
        table = loaders.load_indicators(path).table
        assert table.to_dict("list") == {
            "code_insee": ["01001"], "locaux": [100.0], "locaux_fibre": [90.0],
        }  # fmt: skip

    def test_of_the_first_editions_each_premises_counts_once(self, tmp_path):
        path = written(
            tmp_path, "debit.csv", "Version beta : les données sont présentées en l’état",
            "code_insee;nbr;type;inel_hd;elig_hd3;elig_thd30;elig_thd100;elig_thd1g;date",
            "67017;148;logloc;0;10;0;0;138;2019-09-30",
            "69035;280;logloc;91;189;0;0;0;2019-09-30",
            "11048;534;logloc;0;244;290;0;0;2019-09-30",
        )  # fmt: skip
        loaded = loaders.load_indicators(path)
        assert loaded.table["locaux_30_mbits"].tolist() == [290.0, 138.0, 0.0]
        assert loaded.vintages["locaux_30_mbits"] == "30/09/2019"

    def test_a_table_of_other_kinds_of_premises_is_refused(self, tmp_path):
        path = written(
            tmp_path, "commune_debit_filaire.csv", WIRED,
            "01001;A;01;84;400;indiv;4;396;300;2026-03-31",
        )  # fmt: skip
        with pytest.raises(DataError, match=r"tous les locaux ensemble \(type : indiv\)"):
            loaders.load_indicators(path)

    @pytest.mark.parametrize(
        ("dates", "told"),
        [
            (("2026-03-31", "2026-03-31"), "31/03/2026"),
            (("2026-03-31T00:00:00", "2026-03-31 00:00"), "31/03/2026"),
            (("31/03/2026", ""), "31/03/2026"),
            (("2026-03-31", "2025-12-31"), "31/12/2025 à 31/03/2026"),
            (("", "T1 2026"), ""),
        ],
    )
    def test_the_day_is_that_of_the_rows(self, tmp_path, dates, told):
        path = written(
            tmp_path, "commune_debit_filaire.csv", WIRED,
            f"01001;A;01;84;400;all;4;396;300;{dates[0]}",
            f"01002;B;01;84;400;all;4;396;300;{dates[1]}",
        )  # fmt: skip
        assert loaders.load_indicators(path).vintages["locaux"] == told

    @pytest.mark.parametrize("name", ["commune_debit.csv", "debit.csv", "arcep.csv"])
    def test_the_file_satellite_fills_is_refused(self, tmp_path, name):
        path = written(tmp_path, name, WIRED, "01001;A;01;84;400;all;0;400;400;2026-03-31")
        with pytest.raises(DataError, match=r"satellite.*commune_debit_filaire"):
            loaders.load_indicators(path)

    def test_a_country_satellite_all_but_fills_is_refused_too(self, tmp_path):
        rows = [f"{code:05};A;01;84;1000;all;0;1000;1000;d" for code in range(1001, 1100)]
        path = written(tmp_path, "debit.csv", WIRED, *rows, "01100;B;01;84;1000;all;9;991;990;d")
        with pytest.raises(DataError, match="satellite"):
            loaders.load_indicators(path)

    def test_of_an_archive_the_member_s_name_is_looked_at(self, tmp_path):
        path = tmp_path / "arcep.zip"
        with zipfile.ZipFile(path, "w") as archive:
            row = "75056;Paris;75;11;400;all;0;400;400;2026-03-31"
            archive.writestr("commune_debit_filaire.csv", f"{WIRED}\n{row}\n")
        assert loaders.load_indicators(path).table["locaux"].tolist() == [400]

    def test_where_every_wire_is_fast_the_wired_file_is_believed(self, tmp_path):
        path = written(
            tmp_path, "commune_debit_filaire.csv", WIRED,
            "75056;Paris;75;11;400;all;0;400;400;2026-03-31",
        )  # fmt: skip
        assert loaders.load_indicators(path).table["locaux_30_mbits"].tolist() == [400]

    def test_merged_communes_add_up(self, tmp_path):
        codes = loaders.commune_codes(
            [
                {
                    "code": "01001", "nom": "A", "type": "commune-actuelle",
                    "anciensCodes": ["01900"],
                }
            ]
        )  # fmt: skip
        path = written(
            tmp_path, "x_filaire.csv", WIRED,
            "01001;A;01;84;400;all;0;1;300;d", "01900;B;01;84;100;all;0;1;20;d",
        )  # fmt: skip
        table = loaders.load_indicators(path, codes=codes).table
        assert table[["locaux", "locaux_30_mbits"]].to_numpy().tolist() == [[500, 320]]


def test_diplomas_and_people_alone_of_the_dossier_complet(tmp_path):
    path = written(
        tmp_path, "dossier.csv",
        "CODGEO;P22_NSCOL15P;P22_NSCOL15P_DIPLMIN;C22_MENPSEUL;P22_MEN;P22_POP65P",
        "01001;600;150;90;300;200",
    )  # fmt: skip
    table = loaders.load_indicators(path).table
    assert table.drop(columns="code_insee").iloc[0].to_dict() == {
        "habitants_65_plus": 200, "menages": 300, "menages_une_personne": 90,
        "non_scolarises_15_plus": 600, "sans_diplome": 150,
    }  # fmt: skip


def communes(**columns):
    count = len(next(iter(columns.values())))
    return pd.DataFrame(
        {
            "code_insee": [f"0100{n}" for n in range(count)],
            "nom": [f"C{n}" for n in range(count)],
            "population": [100] * count,
            **columns,
        }
    )


class TestIndex:
    def test_it_is_the_mean_of_the_ranks_by_hand(self):
        given_ = communes(
            habitants_65_plus=[10.0, 20.0, 40.0],
            locaux=[50.0, 50.0, 50.0],
            locaux_30_mbits=[50.0, 25.0, 40.0],
            locaux_fibre=[50.0, 0.0, np.nan],
        )
        table = coverage.digital_fragility(given_)
        # Ranks of age 0, 1/2, 1; of lines 0, 1, 1/2.
        assert table["indice_fragilite_numerique"].tolist() == [0.0, 75.0, 75.0]
        assert table["part_sans_30_mbits"].tolist() == [0.0, 0.5, 0.2]
        assert table["part_fibre"].tolist()[:2] == [1.0, 0.0]
        assert table["composantes"].tolist() == [2, 2, 2]

    def test_one_component_makes_no_index(self):
        table = coverage.digital_fragility(communes(habitants_65_plus=[1.0, 2.0]))
        assert table["indice_fragilite_numerique"].isna().all()
        assert table["part_65_plus"].tolist() == [0.01, 0.02]

    def test_what_is_not_published_is_left_out_of_the_mean(self):
        table = coverage.digital_fragility(
            communes(
                habitants_65_plus=[10.0, 20.0, 30.0],
                habitants_pauvres=[np.nan, 5.0, 9.0],
                menages=[10.0, 10.0, 10.0],
                menages_une_personne=[1.0, 2.0, 3.0],
            )
        )
        assert table["composantes"].tolist() == [2, 3, 3]
        assert table["indice_fragilite_numerique"].tolist() == [0.0, 33.3, 100.0]

    def test_a_component_known_of_one_commune_alone_counts_half(self):
        table = coverage.digital_fragility(
            communes(habitants_65_plus=[10.0, np.nan], habitants_pauvres=[5.0, np.nan])
        )
        assert table["composantes"].tolist() == [2, 0]
        assert table["indice_fragilite_numerique"].iloc[0] == 50
        assert np.isnan(table["indice_fragilite_numerique"].iloc[1])

    def test_nothing_known_is_nothing_said(self):
        table = coverage.digital_fragility(communes(population=[10, 0]))
        assert table["composantes"].tolist() == [0, 0]

    @pytest.mark.slow
    @given(
        st.lists(
            st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=2, max_size=12, unique=True
        ),
        st.randoms(),
    )
    def test_it_depends_on_nobody_s_row_and_stays_within_bounds(self, pairs, shuffled):
        table = communes(
            habitants_65_plus=[old for old, _ in pairs],
            habitants_pauvres=[poor for _, poor in pairs],
        )
        order = list(range(len(pairs)))
        shuffled.shuffle(order)
        found = coverage.digital_fragility(table).set_index("code_insee")
        other = coverage.digital_fragility(table.iloc[order]).set_index("code_insee")
        index = found["indice_fragilite_numerique"]
        pd.testing.assert_series_equal(
            index, other["indice_fragilite_numerique"].reindex(index.index)
        )
        assert index.between(0, 100).all()

    def test_frames_with_outlines_are_taken_as_they_are(self):
        table = gpd.GeoDataFrame(communes(habitants_65_plus=[1.0]), geometry=[None], crs=2154)
        assert "geometry" not in coverage.digital_fragility(table)
