"""Target groups, levels and memberships of communes."""

from __future__ import annotations

import json
import zipfile

import pandas as pd
import pytest

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.variables import latest

CODES = loaders.CommuneCodes({"01015": "Arboys", "01002": "B"}, {"01340": "01015"})


def csv(tmp_path, text, name="dossier_complet.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def one(loaded, code="01015"):
    return loaded.table.set_index("code_insee").loc[code].to_dict()


class TestIndicators:
    def test_the_dossier_complet(self, tmp_path):
        text = (
            "CODGEO;P21_POP;P21_POP7589;P21_POP90P;P21_H65P;P21_F65P;P21_CHOM1564;P21_MEN;P21_RP;"
            "P21_RP_VOIT1P;MED21;TP6021;P15_CHOM1564;P15_MEN\n"
            "01015;700;50;10,5;80;90;30;300;290;250;22000;12;99;99\n"
        )
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert one(loaded) == {
            "habitants_65_plus": 170.0,
            "habitants_75_plus": 60.5,
            "chomeurs": 30.0,
            "habitants_pauvres": 84.0,
            "menages": 300.0,
            "menages_sans_voiture": 40.0,
            "niveau_de_vie": 22000.0,
        }
        assert set(loaded.vintages.values()) == {"2021"}
        assert loaded.made_of["habitants_75_plus"] == "P21_POP7589 ; P21_POP90P"

    def test_years_of_one_indicator_agree_and_the_latest_wins(self, tmp_path):
        text = (
            "CODGEO;P21_RP;P20_RP;P20_RP_VOIT1P;P09_MEN;P99_MEN;P68_POP;P21_POP65P\n"
            "01015;1;100;90;7;8;5;3\n"
        )
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert one(loaded) == {
            "habitants_65_plus": 3.0, "menages": 7.0, "menages_sans_voiture": 10.0,
        }  # fmt: skip
        assert loaded.vintages["menages_sans_voiture"] == "2020"
        assert latest(["p68_pop", "p99_pop", "p09_pop"], [r"p(\d\d)_pop"]) == "p09_pop"

    def test_the_poverty_rate_is_one_of_fiscal_persons_where_they_are_known(self, tmp_path):
        text = "CODGEO;P21_POP;NBPERSMENFISC21;TP6021\n01015;1000;900;10\n"
        assert one(loaders.load_indicators(csv(tmp_path, text)))["habitants_pauvres"] == 90

    def test_secrets_are_null_and_counted(self, tmp_path):
        text = "CODGEO;P21_CHOM1564;MED21\n01015;s;ns\n01002;4;21000\n"
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert loaded.table["chomeurs"].isna().tolist() == [False, True]
        said = [a.message for a in loaded.anomalies if a.code == "indicateur-absent"]
        assert len(said) == 2
        assert all("1 communes sur 2" in message for message in said)

    def test_a_figure_below_zero_is_unknown_and_told_even_within_a_sum(self, tmp_path):
        text = (
            "CODGEO;P21_POP7589;P21_POP90P;MED21;P18_MEN;P21_MEN\n"
            "01015;-5;20;21000;1;2\n01002;4;3;-1,5;-7;9\n"
        )
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert loaded.table["habitants_75_plus"].isna().tolist() == [False, True]
        assert loaded.table["niveau_de_vie"].isna().tolist() == [True, False]
        assert loaded.table["menages"].tolist() == [9, 2]
        told = [a for a in loaded.anomalies if a.code == "indicateur-negatif"]
        assert [(a.line, a.identifier, a.message) for a in told] == [
            (2, "01015", "01015 : P21_POP7589 négatif (-5), tenu pour inconnu"),
            (3, "01002", "01002 : MED21 négatif (-1,5), tenu pour inconnu"),
        ]

    def test_a_part_of_a_commune_below_zero_leaves_it_unknown(self, tmp_path):
        text = "IRIS;COM;P21_POP75P\n010150101;01015;3,5\n010150102;01015;-4\n"
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert one(loaded) == {"habitants_75_plus": pytest.approx(float("nan"), nan_ok=True)}
        assert [a.line for a in loaded.anomalies if a.code == "indicateur-negatif"] == [3]

    def test_numbers_of_iris_are_those_of_their_commune(self, tmp_path):
        text = "IRIS;COM;P21_POP75P\n0101;01015;3\n0102;01015;4\n0101;01016;5\n"
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert loaded.table["habitants_75_plus"].tolist() == [7, 5]
        assert not [a for a in loaded.anomalies if a.code == "doublon"]

    def test_an_iris_given_twice_with_other_figures_is_refused(self, tmp_path):
        text = "IRIS;COM;P21_POP75P\n010150101;01015;3\n010150101;01015;4\n"
        with pytest.raises(DataError, match="un IRIS de 01015 a deux lignes"):
            loaders.load_indicators(csv(tmp_path, text))

    def test_an_iris_given_twice_counts_once(self, tmp_path):
        text = "IRIS;COM;P21_POP75P\n010150101;01015;3\n010150102;01015;4\n010150101;01015;3\n"
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert one(loaded) == {"habitants_75_plus": 7}
        assert [a.line for a in loaded.anomalies if a.code == "doublon"] == [4]

    def test_merged_communes_add_up_but_levels_do_not(self, tmp_path):
        text = (
            "CODGEO;P21_MEN;P21_CHOM1564;MED21\n01015;10;1;20000\n01340;5;;30000\n01002;7;2;25000\n"
        )
        loaded = loaders.load_indicators(csv(tmp_path, text), codes=CODES)
        merged, other = one(loaded), one(loaded, "01002")
        assert merged["menages"] == 15
        assert pd.isna(merged["chomeurs"])
        assert pd.isna(merged["niveau_de_vie"])
        assert other == {"menages": 7.0, "chomeurs": 2.0, "niveau_de_vie": 25000.0}

    def test_labels_come_from_the_metadata_of_the_zip(self, tmp_path):
        path = tmp_path / "base.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("base.CSV", "CODGEO;P18_CHOM1564\n01015;7\n")
            archive.writestr(
                "meta_base.CSV",
                "COD_VAR;LIB_VAR;LIB_VAR_LONG\nP18_CHOM1564;Chômeurs;Nombre de chômeurs\n",
            )
        loaded = loaders.load_indicators(path)
        assert loaded.made_of == {"chomeurs": "P18_CHOM1564 (Nombre de chômeurs)"}

    def test_one_s_own_table_under_our_names(self, tmp_path):
        text = "code_insee,habitants_75_plus,menages_pauvres\n01015,4,2.5\n"
        loaded = loaders.load_indicators(csv(tmp_path, text))
        assert one(loaded) == {"habitants_75_plus": 4.0, "menages_pauvres": 2.5}
        assert loaded.vintages == {"habitants_75_plus": "", "menages_pauvres": ""}

    def test_iris_add_up(self, tmp_path):
        text = "IRIS;COM;P21_POP75P\n010150101;01015;3,5\n010150102;01015;4,5\n"
        assert one(loaders.load_indicators(csv(tmp_path, text))) == {"habitants_75_plus": 8.0}

    def test_files_join_and_the_first_prevails(self, tmp_path):
        first = loaders.load_indicators(csv(tmp_path, "CODGEO;P21_MEN\n01015;7\n"))
        text = "CODGEO;P18_MEN;P18_CHOM1564\n01015;1;2\n01002;3;4\n"
        second = loaders.load_indicators(csv(tmp_path, text))
        joined = loaders.join_indicators([first, second])
        assert one(joined) == {"menages": 7.0, "chomeurs": 2.0}
        assert joined.vintages == {"menages": "2021", "chomeurs": "2018"}
        assert [a.code for a in joined.anomalies] == ["indicateur-repete"]
        assert joined.rows_read == 3

    def test_a_file_without_any_says_what_was_expected(self, tmp_path):
        with pytest.raises(MissingColumnError, match=r"P21_POP7589 et P21_POP90P"):
            loaders.load_indicators(csv(tmp_path, "CODGEO;SUPERF\n01015;7\n"))
        with pytest.raises(DataError, match="perdu leur zéro"):
            loaders.load_indicators(csv(tmp_path, "CODGEO;P21_MEN\n1015;7\n"))


def workbook(path, sheets):
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, header=False, index=False)
    return path


HEAD = [["Liste des communes"], ["France"], ["Mise en ligne"], ["@Insee"]]
TABLE = {
    "COM": [
        *HEAD,
        ["Code géographique", "Libellé géographique", "Département", "Région", "EPCI", "Arr", "CV"],
        ["CODGEO", "LIBGEO", "DEP", "REG", "EPCI", "ARR", "CV", "BV2022"],
        ["01015", "Arboys", "01", "84", "200069193", "012", "0108", "01093"],
        ["01340", "Saint-Bois", "01", "84", "240100883", "011", "0108", "01004"],
        ["97617", "Tsingoni", "976", "06", "ZZZZZZZZZ", "ZZZZ", "97613", "ZZZZZ"],
    ],
    "ARM": [
        *HEAD,
        ["Code géographique", "Libellé géographique", "Département"],
        ["CODGEO", "LIBGEO", "DEP"],
        ["75101", "Paris 1er", "75"],
    ],
    "Zones_supra_communales": [
        *HEAD,
        ["Niveau géographique", "Code géographique", "Libellé géographique", "Nombre"],
        ["NIVGEO", "CODGEO", "LIBGEO", "NB_COM"],
        ["EPCI", "200069193", "CC de la Dombes", 15],
        ["BV2022", "01093", "Châtillon", 12],
        ["REG", "84", "Auvergne-Rhône-Alpes", 4000],
    ],
}


class TestMemberships:
    def test_the_table_of_insee(self, tmp_path):
        loaded = loaders.load_memberships(workbook(tmp_path / "table.xlsx", TABLE))
        row = loaded.table.set_index("code_insee").loc["01015"].dropna().to_dict()
        assert row == {
            "epci": "200069193",
            "epci_nom": "CC de la Dombes",
            "arrondissement": "012",
            "canton": "0108",
            "bassin_de_vie": "01093",
            "bassin_de_vie_nom": "Châtillon",
            "departement": "01",
            "departement_nom": "Ain",
            "region": "84",
            "region_nom": "Auvergne-Rhône-Alpes",
        }
        mayotte = loaded.table.set_index("code_insee").loc["97617"]
        assert mayotte[["epci", "arrondissement", "bassin_de_vie"]].isna().all()
        assert loaded.rows_read == 3

    def test_a_merged_commune_belongs_where_the_one_that_kept_its_code_did(self, tmp_path):
        path = workbook(tmp_path / "table.xlsx", TABLE)
        loaded = loaders.load_memberships(path, codes=CODES)
        assert loaded.table["code_insee"].tolist() == ["01015", "97617"]
        assert loaded.table["epci"].iloc[0] == "200069193"
        assert [(a.code, a.identifier) for a in loaded.anomalies] == [
            ("appartenance-differente", "01340")
        ]

    def test_the_density_grid(self, tmp_path):
        rows = [
            ["Grille communale de densité"],
            [""],
            ["CODGEO", "LIBGEO", "DENS", "PMUN21"],
            ["01015", "Arboys", 6, 700],
        ]
        bare = loaders.load_memberships(workbook(tmp_path / "grille.xlsx", {"Maille": rows}))
        assert bare.table[["densite", "densite_nom"]].iloc[0].tolist() == [
            "6",
            "Rural à habitat dispersé",
        ]
        labelled = csv(tmp_path, "depcom,libdens,dens\n01015,Bourgs ruraux,5\n")
        named = loaders.load_memberships(labelled)
        assert named.table["densite_nom"].tolist() == ["Bourgs ruraux"]

    def test_etalab(self, tmp_path):
        path = tmp_path / "epci.json"
        path.write_text(
            json.dumps([{"code": "2000", "nom": "CC", "membres": [{"code": "01015"}]}]),
            encoding="utf-8",
        )
        loaded = loaders.load_memberships(path)
        assert loaded.table.to_dict("records") == [
            {"code_insee": "01015", "epci": "2000", "epci_nom": "CC"}
        ]
        joined = loaders.join_memberships(
            [loaded, loaders.load_memberships(workbook(tmp_path / "t.xlsx", TABLE))]
        )
        row = joined.table.set_index("code_insee").loc["01015"]
        assert (row["epci"], row["canton"]) == ("2000", "0108")

    @pytest.mark.parametrize("text", ["{}", "[]", "[1]", '[{"code": "01015"}]', "{"])
    def test_other_json_is_refused(self, tmp_path, text):
        with pytest.raises(DataError, match=r"epci\.json"):
            loaders.load_memberships(csv(tmp_path, text, "epci.json"))

    def test_a_file_without_any_is_refused(self, tmp_path):
        with pytest.raises(MissingColumnError, match="appartenance"):
            loaders.load_memberships(csv(tmp_path, "CODGEO;LIBGEO\n01015;A\n"))
