"""Population in the forms of the years, each person counted once."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError
from msap_geo.loaders.people.persons import settle

RECORDS = [
    {"code": "01015", "nom": "Arboys", "type": "commune-actuelle"},
    {"code": "01340", "nom": "Saint-Bois", "type": "commune-deleguee", "chefLieu": "01015"},
    {"code": "75056", "nom": "Paris", "type": "commune-actuelle"},
    {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056"},
    {"code": "75102", "nom": "Paris 2e", "type": "arrondissement-municipal", "commune": "75056"},
]
CODES = loaders.commune_codes(RECORDS)


def people(path, codes=None):
    loaded = loaders.load_population(path, codes=codes)
    return loaded.table.set_index("code_insee")["population"].to_dict()


def told(loaded):
    return [(a.code, a.identifier) for a in loaded.anomalies]


def csv(tmp_path, text, name="population.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def workbook(path, sheets):
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, header=False, index=False)
    return path


HEAD = [["Populations légales"], ["en habitants"], [""]]
ENSEMBLE = {
    "Départements": [
        *HEAD,
        ["Code département", "Nom du département", "Population municipale"],
        ["01", "Ain", 800],
        ["974", "La Réunion", 90],
    ],
    "Communes": [
        *HEAD,
        ["Code département", "Code canton", "Code commune", "Nom de la commune",
         "Population municipale", "Population totale"],
        ["01", "08", "015", "Arboys", 500, 510],
        ["01", "08", "340", "Saint-Bois", 200, 205],
        ["974", "06", "421", "Salazie", 90, 91],
    ],
    "Fractions cantonales": [
        *HEAD,
        ["Code département", "Code commune", "Nom de la commune", "Population municipale"],
        ["01", "015", "Arboys", 300],
        ["01", "015", "Arboys", 200],
    ],
    "Collectivités": [
        *HEAD,
        ["Code collectivité", "Code commune", "Nom de la commune", "Population municipale"],
        ["975", "502", "Saint-Pierre", 5400],
    ],
}  # fmt: skip


class TestForms:
    def test_the_sheet_and_the_header_of_the_workbook_are_found(self, tmp_path):
        path = workbook(tmp_path / "ensemble.xlsx", ENSEMBLE)
        assert people(path) == {"01015": 500, "01340": 200, "97421": 90, "97502": 5400}

    def test_order_of_sheets_and_rows_before_the_header_are_no_matter(self, tmp_path):
        sheets = {name: [["Note"], *rows] for name, rows in reversed(list(ENSEMBLE.items()))}
        path = workbook(tmp_path / "ensemble.xlsx", sheets)
        assert people(path) == {"01015": 500, "01340": 200, "97421": 90, "97502": 5400}

    def test_lines_are_those_of_the_spreadsheet(self, tmp_path):
        rows = [*ENSEMBLE["Communes"], ["01", "08", "999", "Sans habitants connus", "s"]]
        loaded = loaders.load_population(workbook(tmp_path / "p.xlsx", {"Communes": rows}))
        assert [(a.code, a.line) for a in loaded.anomalies] == [("population-inconnue", 8)]

    @pytest.mark.parametrize(
        "text",
        [
            "CODREG;REG;CODDEP;CODARR;CODCAN;CODCOM;COM;PMUN;PCAP;PTOT\n84;ARA;01;1;08;015;Arboys;7;0;7\n",
            "DEPCOM;COM;PMUN;PCAP;PTOT\n01015;Arboys;7;0;7\n",
            "CODGEO,LIBGEO,PMUN2021,PMUN20,PMUN21\n01015,Arboys,,6,7\n",
            "CODGEO;LIBGEO;P15_POP;P21_POP\n01015;Arboys;6;7\n",
            "\ufeffCode\tNom\tPopulation municipale\n01015\tArboys\t7\n",
            "code_insee,population\n01015,7\n",
        ],
    )
    def test_spellings_of_the_years(self, tmp_path, text):
        assert people(csv(tmp_path, text)) == {"01015": 7}

    def test_iris_add_up(self, tmp_path):
        text = "IRIS;COM;LIBCOM;P21_POP\n010150101;01015;Arboys;3,4\n010150102;01015;Arboys;3,6\n"
        loaded = loaders.load_population(csv(tmp_path, text))
        assert loaded.rows_read == 2
        assert loaded.table["population"].tolist() == [7]

    def test_numbers_of_iris_are_those_of_their_commune(self, tmp_path):
        text = "IRIS;COM;P21_POP\n0101;01015;3\n0102;01015;4\n0101;01016;5\n"
        loaded = loaders.load_population(csv(tmp_path, text))
        assert loaded.table["population"].tolist() == [7, 5]
        assert not [a for a in loaded.anomalies if a.code == "doublon"]

    def test_an_iris_given_twice_with_other_figures_is_refused(self, tmp_path):
        text = "IRIS;COM;P21_POP\n010150101;01015;3\n010150101;01015;4\n"
        with pytest.raises(DataError, match="un IRIS de 01015 a deux lignes"):
            loaders.load_population(csv(tmp_path, text))

    def test_an_iris_given_twice_counts_once(self, tmp_path):
        text = "IRIS;COM;P21_POP\n010150101;01015;3\n010150102;01015;4\n010150101;01015;3\n"
        loaded = loaders.load_population(csv(tmp_path, text))
        assert loaded.table["population"].tolist() == [7]
        (told,) = loaded.anomalies
        assert (told.code, told.line, told.identifier) == ("doublon", 4, "01015")

    def test_only_estimates_of_the_census_have_decimals(self, tmp_path):
        text = "CODGEO;{}\n01015;7,4\n01016;8\n"
        estimates = loaders.load_population(csv(tmp_path, text.format("P21_POP")))
        assert estimates.table["population"].sum() == 15
        legal = loaders.load_population(csv(tmp_path, text.format("PMUN")))
        assert legal.table["code_insee"].tolist() == ["01016"]
        assert "population-inconnue" in {anomaly.code for anomaly in legal.anomalies}

    def test_parquet(self, tmp_path):
        path = tmp_path / "iris.parquet"
        pd.DataFrame({"iris": ["a", "b"], "com": ["01015"] * 2, "pop": [3, 4]}).to_parquet(path)
        assert people(path) == {"01015": 7}

    def test_zip_with_its_metadata(self, tmp_path):
        path = tmp_path / "base.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("meta_base.CSV", "COD_VAR;LIB_VAR\nP21_POP;Population en 2021\n")
            archive.writestr("base.CSV", "CODGEO;P21_POP\n01015;7\n")
        assert people(path) == {"01015": 7}

    def test_delegated_communes_of_a_full_list_do_not_count_twice(self, tmp_path):
        text = "TYPECOM;COM;LIBELLE;POPULATION\nCOM;01015;Arboys;700\nCOMD;01340;Saint-Bois;200\n"
        path = csv(tmp_path, text.replace(";COM;", ";CODE;"))
        assert people(path, CODES) == {"01015": 700}

    def test_wrong_files_say_what_they_lack(self, tmp_path):
        with pytest.raises(MissingColumnError, match=r"P21_POP.* reconnues : .*code"):
            people(csv(tmp_path, "code;nom;superficie\n01015;Arboys;7\n"))
        broken = tmp_path / "ensemble.xlsx"
        broken.write_bytes(b"PK\x03\x04rien")
        with pytest.raises(UnreadableFileError, match="abîmée"):
            people(broken)
        with pytest.raises(DataError, match=r"perdu leur zéro initial \(« 1015 »\)"):
            people(csv(tmp_path, "CODGEO;PMUN\n1015;7\n38001;8\n"))


class TestOnce:
    TEXT = "CODGEO;LIBGEO;PMUN\n75056;Paris;30\n75101;Paris 1er;10\n75102;Paris 2e;20\n"

    def test_paris_and_its_arrondissements(self, tmp_path):
        loaded = loaders.load_population(csv(tmp_path, self.TEXT), codes=CODES)
        assert loaded.table["population"].tolist() == [30]
        assert told(loaded) == [("double-compte", "75056")]
        assert "30 et 30" in loaded.anomalies[0].message

    def test_arrondissements_alone_add_up(self, tmp_path):
        text = self.TEXT.replace("75056;Paris;30\n", "")
        assert people(csv(tmp_path, text), CODES) == {"75056": 30}

    def test_arrondissements_in_force(self, tmp_path):
        among = loaders.codes_among({"75101": "Paris 1er", "75102": "Paris 2e"})
        assert people(csv(tmp_path, self.TEXT), among) == {"75101": 10, "75102": 20}

    def test_a_code_shared_out_is_told(self, tmp_path):
        codes = loaders.CommuneCodes(
            {"01001": "A", "01002": "B"}, {"01009": "01001"}, {"01009": ("01001", "01002")}
        )
        loaded = loaders.load_population(csv(tmp_path, "CODGEO;PMUN\n01009;9\n"), codes=codes)
        assert loaded.table["population"].tolist() == [9]
        assert ("code-ambigu", "01009") in told(loaded)
        assert any("B (01002)" in a.message for a in loaded.anomalies)

    def test_a_commune_standing_for_one_taken_out_since_is_told(self, tmp_path):
        codes = loaders.CommuneCodes(
            {"01001": "A", "01002": "B"}, {}, {"01001": ("01001", "01002")}
        )
        alone = loaders.load_population(csv(tmp_path, "CODGEO;PMUN\n01001;9\n"), codes=codes)
        assert told(alone) == [("code-ambigu", "01001")]
        both = loaders.load_population(
            csv(tmp_path, "CODGEO;PMUN\n01001;5\n01002;4\n"), codes=codes
        )
        assert told(both) == []


@given(st.lists(st.floats(0, 1e5, allow_nan=False), max_size=60))
def test_settling_keeps_the_total_and_moves_nobody_by_more_than_one(values):
    values = np.round(np.array(values, dtype=float), 6)
    whole = settle(values)
    assert whole.sum() == int(np.round(values.sum()))
    assert (np.abs(whole - values) < 1).all()
    assert (whole >= 0).all()


def test_settling_gives_to_the_largest_remainder():
    assert settle(np.array([1.2, 1.5, 1.3])).tolist() == [1, 2, 1]
    # Of equal decimals the first, whatever the last bits of a large number say.
    assert settle(np.array([1001.3, 2.3, 0.2, 0.2])).tolist() == [1002, 2, 0, 0]
    assert settle(np.array([0.5, 0.5])).tolist() == [1, 0]
    assert settle(np.array([])).tolist() == []


def test_codes_given_twice_are_read_once(tmp_path):
    path = tmp_path / "population.csv"
    path.write_text("LIBGEO;COM;PMUN;code_insee\nAlpha;53001;100;53001\n", encoding="utf-8")
    table = loaders.load_population(path, codes=None).table
    assert table[["code_insee", "population"]].to_numpy().tolist() == [["53001", 100]]


def test_the_most_there_can_be_is_not_too_many(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("CODGEO;PMUN\n75056;3000000\n01001;3000001\n01002;7\n")
    loaded = loaders.load_population(path)
    assert loaded.table["population"].tolist() == [7, 3_000_000]
    assert [each.code for each in loaded.anomalies] == ["population-impossible"]
