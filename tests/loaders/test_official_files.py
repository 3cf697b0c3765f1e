"""What official files of other years held, each as a small input."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import xlsxwriter

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError


def written(tmp_path, text, name="fichier.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def workbook(tmp_path, sheets):
    """Write sheets ``{name: (rows, hidden)}``."""
    path = tmp_path / "classeur.xlsx"
    with xlsxwriter.Workbook(path) as book:
        # The first sheet is active, and an active one cannot be hidden.
        for name, (rows, hidden) in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if hidden == "very":
                sheet.very_hidden()
            elif hidden:
                sheet.hide()
            else:
                sheet.activate()
                sheet.set_first_sheet()
    return path


POPULATION = [["DEPCOM", "COM", "PMUN"], ["44001", "A", 2000], ["44180", "B", 6600]]
OLD = [["DEPCOM", "COM", "PMUN"], ["44001", "A", 1], ["44180", "B", 2], ["44002", "C", 3]]


class TestHiddenSheets:
    @pytest.mark.parametrize("hidden", [True, "very"])
    @pytest.mark.parametrize("first", [True, False])
    def test_the_visible_sheet_is_read_and_the_other_told(self, tmp_path, hidden, first):
        both = {"Communes": (POPULATION, False), "Ancien 2010": (OLD, hidden)}
        sheets = dict(reversed(both.items())) if first else both
        loaded = loaders.load_population(workbook(tmp_path, sheets))
        assert loaded.table["population"].tolist() == [2000, 6600]
        assert [each.code for each in loaded.anomalies] == ["feuille-masquee"]
        assert "Ancien 2010" in loaded.anomalies[0].message

    def test_so_it_is_of_memberships_and_indicators(self, tmp_path):
        new = [["CODGEO", "EPCI", "P21_POP65P"], ["44001", "244400404", 12]]
        old = [["CODGEO", "EPCI", "P21_POP65P"], ["44001", "999999999", 99]]
        path = workbook(tmp_path, {"vieux": (old, True), "COM": (new, False)})
        memberships = loaders.load_memberships(path)
        assert memberships.table["epci"].tolist() == ["244400404"]
        indicators = loaders.load_indicators(path)
        assert indicators.table["habitants_65_plus"].tolist() == [12]
        for loaded in (memberships, indicators):
            assert "feuille-masquee" in {each.code for each in loaded.anomalies}

    def test_hidden_sheets_that_hold_nothing_wanted_are_nobodys_business(self, tmp_path):
        sheets = {"listes": ([["oui"], ["non"]], True), "Communes": (POPULATION, False)}
        assert not loaders.load_population(workbook(tmp_path, sheets)).anomalies

    def test_where_only_a_hidden_sheet_fits_the_remedy_is_told(self, tmp_path):
        sheets = {"Lisez-moi": ([["note"]], False), "Communes": (POPULATION, True)}
        with pytest.raises(MissingColumnError, match=r"feuille masquée \(Communes\)"):
            loaders.load_population(workbook(tmp_path, sheets))


class TestRivalSheets:
    @pytest.mark.parametrize(
        ("other", "told"),
        [
            ([[1, "44001", "A"], [6600, "44180", "B"]], ["chiffre-contredit"]),
            ([[2000, "44001", "A"], [6600, "44180", "B"]], []),  # the same, told twice
            ([[1, "44001", "A"]], []),  # some communes only: délégués, for instance
            ([[1, "44001", "A"], [2, "44001", "A"], [3, "44180", "B"]], []),  # parts of communes
        ],
    )
    def test_another_visible_sheet_of_the_same_communes_is_told(self, tmp_path, other, told):
        rival = [["PMUN", "DEPCOM", "COM"], *other]
        path = workbook(tmp_path, {"2022": (POPULATION, False), "2016": (rival, False)})
        loaded = loaders.load_population(path)
        assert loaded.table["population"].tolist() == [2000, 6600]
        assert [each.code for each in loaded.anomalies] == told
        for each in loaded.anomalies:
            assert "« 2016 » donne une autre population que « 2022 »" in each.message
            assert "1\u00a0commune" in each.message


class TestPopulations:
    @pytest.mark.parametrize(
        "text",
        [
            "REG;Région;DEP;COM;Commune;PMUN\n52;PL;44;44001;A;2000\n52;PL;44;44180;B;6600\n",
            "REG;DEP;COM;PMUN\n52;44;44001;2000\n52;44;44180;6600\n",
            "DEP;COM;PMUN\n44;001;2000\n44;180;6600\n",
            "DEPCOM;COM;PMUN\n44001;A;2000\n44180;B;6600\n",
        ],
    )
    def test_com_is_a_whole_code_a_name_or_the_end_of_a_code(self, tmp_path, text):
        table = loaders.load_population(written(tmp_path, text)).table
        assert table["code_insee"].tolist() == ["44001", "44180"]
        assert table["population"].tolist() == [2000, 6600]
        named = "Commune" in text or "DEPCOM" in text
        assert table["nom"].tolist() == (["A", "B"] if named else ["44001", "44180"])

    @pytest.mark.parametrize("people", ["1000000000000000", "3000001"])
    def test_a_commune_of_more_people_than_paris_ever_had_is_told(self, tmp_path, people):
        path = written(tmp_path, f"DEPCOM;COM;PMUN\n44001;A;{people}\n44180;B;6600\n")
        loaded = loaders.load_population(path)
        assert loaded.table["code_insee"].tolist() == ["44180"]
        assert [each.code for each in loaded.anomalies] == ["population-impossible"]

    def test_true_is_no_population(self, tmp_path):
        records = [
            {"code": "44001", "nom": "A", "type": "commune-actuelle", "population": True},
            {"code": "44180", "nom": "B", "type": "commune-actuelle", "population": 6600},
        ]
        path = written(tmp_path, json.dumps(records), "communes.json")
        assert loaders.load_population(path).table["code_insee"].tolist() == ["44180"]
        table = tmp_path / "p.parquet"
        pd.DataFrame({"CODGEO": ["44001"], "PMUN": [True]}).to_parquet(table)
        with pytest.raises(DataError, match="d'aucune commune"):
            loaders.load_population(table)

    def test_nobody_anywhere_is_refused(self, tmp_path):
        with pytest.raises(DataError, match="populations nulles"):
            loaders.load_population(written(tmp_path, "DEPCOM;COM;PMUN\n44001;A;0\n44180;B;0\n"))

    def test_the_islands_that_left_guadeloupe_keep_their_people(self, tmp_path):
        codes = loaders.commune_codes(
            [
                {"code": "97701", "nom": "Saint-Barthélemy", "type": "commune-actuelle"},
                {"code": "97801", "nom": "Saint-Martin", "type": "commune-actuelle"},
            ]
        )
        path = written(tmp_path, "DEPCOM;COM;PMUN\n97123;St-Barth;9000\n97127;St-Martin;35000\n")
        table = loaders.load_population(path, codes=codes).table
        assert table["code_insee"].tolist() == ["97701", "97801"]


class TestMemberships:
    def test_the_seven_levels_of_density_are_preferred(self, tmp_path):
        text = "CODGEO;LIBGEO;DENS;LIBDENS;DENS7;LIBDENS7\n01001;A;3;Rural;6;Rural dispersé\n"
        table = loaders.load_memberships(written(tmp_path, text)).table
        assert table["densite"].tolist() == ["6"]
        assert table["densite_nom"].tolist() == ["Rural dispersé"]

    def test_three_names_do_not_stand_for_seven_levels(self, tmp_path):
        text = "CODGEO;DENS7;LIBDENS\n01001;6;Rural\n01002;7;Rural\n01003;1;Dense\n"
        table = loaders.load_memberships(written(tmp_path, text)).table
        assert table["densite_nom"].tolist() == [
            "Rural à habitat dispersé",
            "Rural à habitat très dispersé",
            "Grands centres urbains",
        ]

    def test_a_grid_at_three_levels_is_not_read_under_seven_names(self, tmp_path):
        text = "CODGEO;EPCI;DENS\n01001;200069193;3\n01002;200069193;1\n"
        loaded = loaders.load_memberships(written(tmp_path, text))
        assert not {"densite", "densite_nom"} & set(loaded.table)
        assert [each.code for each in loaded.anomalies] == ["densite-trois-niveaux"]
        with pytest.raises(DataError, match="trois ou quatre niveaux"):
            loaders.load_memberships(written(tmp_path, "CODGEO;DENS\n01001;3\n01002;1\n"))

    def test_seven_levels_called_dens_are_read(self, tmp_path):
        loaded = loaders.load_memberships(written(tmp_path, "CODGEO;DENS\n01001;3\n01002;7\n"))
        assert loaded.table["densite"].tolist() == ["3", "7"]

    def test_a_file_without_any_code_of_commune_is_an_error(self, tmp_path):
        text = "Code région;Code département;Code commune;PMUN\n84;01;001;771\n84;01;002;248\n"
        with pytest.raises(DataError, match="aucun code de commune lisible"):
            loaders.load_memberships(written(tmp_path, text))


class TestJson:
    @pytest.mark.parametrize("population", ["1" + "0" * 5000, "[" * 100_000])
    def test_what_python_cannot_read_is_told_in_french(self, tmp_path, population):
        text = f'[{{"code":"44001","nom":"A","type":"commune-actuelle","population":{population}}}]'
        with pytest.raises(DataError, match=r"nombre démesuré|JSON valide"):
            loaders.load_population(written(tmp_path, text, "communes.json"))

    @pytest.mark.parametrize("digits", [20, 400])
    def test_a_number_of_hundreds_of_digits_is_no_population(self, tmp_path, digits):
        row = '{{"code":"{}","nom":"A","type":"commune-actuelle","population":{}}}'
        text = f"[{row.format('44001', '9' * digits)},{row.format('44180', 6600)}]"
        loaded = loaders.load_population(written(tmp_path, text, "communes.json"))
        assert loaded.table["code_insee"].tolist() == ["44180"]
        rows = f"DEPCOM;COM;PMUN\n44001;A;{'9' * digits}\n44180;B;6600\n"
        loaded = loaders.load_population(written(tmp_path, rows))
        assert loaded.table["code_insee"].tolist() == ["44180"]

    @pytest.mark.parametrize(
        ("written_as", "read"),
        [
            (r"A\ud800", "A\ufffd"),
            (r"\udc00A\ud83d", "\ufffdA\ufffd"),
            (r"\ud83d\ude00", "\U0001f600"),
            (r"\\ud800", r"\ud800"),
        ],
    )
    def test_half_a_character_is_replaced_and_whole_ones_kept(self, tmp_path, written_as, read):
        text = '[{"code":"44001","nom":"%s","type":"commune-actuelle","population":1}]'
        path = written(tmp_path, text % written_as, "communes.json")
        table = loaders.load_population(path).table
        assert table["nom"].tolist() == [read]
        table.to_parquet(tmp_path / "p.parquet")

    def test_so_it_is_of_a_layer(self, tmp_path):
        ring = "[[-1,48],[-0.9,48],[-0.9,48.1],[-1,48]]"
        text = (
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"53001",'
            r'"nom":"A\ud800"},"geometry":{"type":"Polygon","coordinates":[' + ring + "]}}]}"
        )
        path = written(tmp_path, text, "communes.geojson")
        assert len(loaders.load_communes([path]).table) == 1


class TestOtherEncodings:
    FEATURE = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"53001",'
        '"nom":"Ahuillé"},"geometry":{"type":"Polygon","coordinates":'
        "[[[-1,48],[-0.9,48],[-0.9,48.1],[-1,48]]]}}]}"
    )

    @pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16"])
    def test_a_layer_that_is_not_utf_8_says_so(self, tmp_path, encoding):
        path = tmp_path / "communes.geojson"
        path.write_bytes(self.FEATURE.encode(encoding))
        with pytest.raises(DataError, match=r"n'est pas en UTF-8.*Codage"):
            loaders.load_communes([path])

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_utf_8_is_read_marked_or_not(self, tmp_path, encoding):
        path = tmp_path / "communes.geojson"
        path.write_bytes(self.FEATURE.encode(encoding))
        assert loaders.load_communes([path]).table["nom"].tolist() == ["Ahuillé"]

    def test_a_workbook_of_maisons_says_how_to_give_it(self, tmp_path):
        path = workbook(tmp_path, {"Liste": (POPULATION, False)})
        for load in (loaders.load_maisons, loaders.load_la_poste):
            with pytest.raises(DataError, match=r"classeur, l'enregistrer en CSV"):
                load(path)
