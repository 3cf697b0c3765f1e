"""France Ruralités, the law of mountains, and the table of passage."""

from __future__ import annotations

import pandas as pd
import pytest
import xlsxwriter

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.territory import zonages

CODES = loaders.commune_codes(
    [
        {"code": "48001", "nom": "Albaret", "type": "commune-actuelle"},
        {"code": "48002", "nom": "Allenc", "type": "commune-actuelle", "anciensCodes": ["48900"]},
        {"code": "48003", "nom": "Altier", "type": "commune-actuelle"},
        {"code": "48004", "nom": "Antrenas", "type": "commune-actuelle", "anciensCodes": ["48901"]},
    ]
)
WORDS = {
    "FRR socle": "FRR",
    "FRR+": "FRR+",
    "FRR plus": "FRR+",
    "FRR bénéficiaire": "FRR, bénéficiaire",
    "FRR bénéficiaire partiellement": "FRR, en partie",
    "Classée FRR partiellement": "FRR, en partie",
    "Non classée": "non classée",
    "NON CLASSEE": "non classée",
    "-9999": "non classée",
}


def workbook(path, sheets):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


class TestFranceRuralites:
    @pytest.mark.parametrize(
        "header",
        [
            "Classement FRR et FRR+ au 10 juillet 2025",
            "CLASSEMENT FRR AU 1ER JANVIER 2027",
            "Classement ZFRR",
            "codefrr",
            "FRR",
        ],
    )
    @pytest.mark.parametrize(("written", "read"), WORDS.items())
    def test_classes_are_read_whatever_the_year_writes(self, tmp_path, header, written, read):
        rows = [["Code_insee", "Departement", "Commune", header], ["48001", "48", "A", written]]
        path = workbook(tmp_path / "frr.xlsx", {"FRR": rows})
        table = loaders.load_memberships(path).table
        assert table["france_ruralites"].tolist() == [read]

    def test_of_a_csv_of_windows_in_another_order_too(self, tmp_path):
        path = tmp_path / "liste.csv"
        text = "Classement FRR et FRR+ au 10 juillet 2025;Commune;Code_insee;\r\n"
        text += "FRR bénéficiaire;Allènc;48002;\r\nFRR+;Vieux;48901;\r\n"
        path.write_bytes(text.encode("cp1252"))
        table = loaders.load_memberships(path, codes=CODES).table
        assert dict(zip(table["code_insee"], table["france_ruralites"], strict=True)) == {
            "48002": "FRR, bénéficiaire",
            "48004": "FRR+",
        }

    def test_of_former_communes_the_one_that_kept_its_code_prevails_and_it_is_told(self, tmp_path):
        rows = [
            ["Code_insee", "Classement FRR"],
            ["48900", "Non classée"],
            ["48002", "FRR socle"],
        ]
        path = workbook(tmp_path / "frr.xlsx", {"FRR": rows})
        loaded = loaders.load_memberships(path, codes=CODES)
        assert loaded.table["france_ruralites"].tolist() == ["FRR"]
        assert "appartenance-differente" in {each.code for each in loaded.anomalies}


class TestMountains:
    ROWS = (["Liste au COG 2022"], [], ["INSEE_COM", "NOM_COM", "REGLEMENTATION"])

    def read(self, tmp_path, rows, name="loi-montagne-2022.xlsx", codes=CODES):
        path = workbook(tmp_path / name, {"Lisez-moi": [["x"]], "Perimetre": [*self.ROWS, *rows]})
        table = loaders.load_memberships(path, codes=codes).table
        return dict(zip(table["code_insee"], table["montagne"], strict=True))

    def test_communes_of_no_list_are_not_classed(self, tmp_path):
        rows = [["48001", "Albaret", "Loi montagne"], ["48003", "Altier", "Partiellement classée"]]
        assert self.read(tmp_path, rows) == {
            "48001": "classée",
            "48002": "non classée",
            "48003": "classée en partie",
            "48004": "non classée",
        }

    def test_a_column_of_parts_says_which_are_in_part(self, tmp_path):
        rows = [["INSEE_COM", "Partiellement"], ["48001", "Oui"], ["48003", "Non"]]
        path = workbook(tmp_path / "montagne.xlsx", {"Perimetre": rows})
        table = loaders.load_memberships(path).table
        assert table["montagne"].tolist() == ["classée en partie", "classée"]

    def test_a_column_of_yes_and_no_says_which_are_not(self, tmp_path):
        path = tmp_path / "zonage.csv"
        path.write_text("loi_montagne,code_insee\noui,48001\nnon,48003\n", encoding="utf-8")
        table = loaders.load_memberships(path).table
        assert table["montagne"].tolist() == ["classée", "non classée"]

    def test_a_commune_known_by_a_former_one_alone_is_classed_in_part(self, tmp_path):
        found = self.read(tmp_path, [["48900", "Vieux", ""], ["48004", "Antrenas", ""]])
        assert (found["48002"], found["48004"]) == ("classée en partie", "classée")

    def test_without_codes_only_what_is_listed_is_told(self, tmp_path):
        assert self.read(tmp_path, [["48001", "A", ""]], codes=None) == {"48001": "classée"}

    def test_another_list_of_communes_is_no_zoning(self, tmp_path):
        rows = [["48001", "Albaret", "x"]]
        with pytest.raises(DataError):
            self.read(tmp_path, rows, name="littoral.xlsx")

    def test_former_and_present_codes_that_differ_make_a_part(self):
        assert (
            zonages.PARTLY
            in zonages.mountains_in_force(
                pd.DataFrame(
                    {"code_insee": ["48002", "48900"], "montagne": ["classée", "classée en partie"]}
                ),
                CODES,
            )["montagne"].to_list()
        )


class TestPassage:
    def table(self, tmp_path, rows, year=2026, suffix="xlsx"):
        header = ["CODGEO_INI", f"CODGEO_{year}", f"LIBGEO_{year}"]
        if suffix == "csv":
            path = tmp_path / "passage.csv"
            path.write_text("\n".join(";".join(row) for row in [header, *rows]), encoding="utf-8")
            return path
        rows = [["Table de passage"], [], [], [], [], header, *rows]
        sheets = {"Table de passage": rows, "Liste des scissions": [["COM_INI", "COM_FIN"]]}
        return workbook(tmp_path / "passage.xlsx", sheets)

    @pytest.mark.parametrize("suffix", ["xlsx", "csv"])
    @pytest.mark.parametrize("year", [2019, 2026])
    def test_old_codes_lead_to_those_of_the_year(self, tmp_path, suffix, year):
        rows = [["48001", "48001", "A"], ["48950", "48003", "Altier"], ["48951", "48003", "Altier"]]
        loaded = loaders.load_movements(self.table(tmp_path, rows, year, suffix))
        assert loaded.rows_read == 3
        codes = loaders.with_movements(CODES, loaded.table)
        assert codes.successors["48950"] == codes.successors["48951"] == "48003"
        people = tmp_path / "p.csv"
        people.write_text("DEPCOM;COM;PMUN\n48950;X;10\n48951;Y;5\n48003;Z;1\n")
        table = loaders.load_population(people, codes=codes).table
        assert table["population"].tolist() == [16]

    @pytest.mark.parametrize("header", ["CODGEO_INI;NIVGEO", "CODGEO_2026;LIBGEO_2026"])
    def test_half_a_table_of_passage_is_none(self, tmp_path, header):
        path = tmp_path / "passage.csv"
        path.write_text(f"{header}\n48950;48003\n", encoding="utf-8")
        with pytest.raises(MissingColumnError):
            loaders.load_movements(path)

    def test_unreadable_codes_are_told_and_an_idle_table_refused(self, tmp_path):
        rows = [["48950", "48003", "A"], ["nd", "48003", "A"]]
        loaded = loaders.load_movements(self.table(tmp_path, rows))
        assert [each.code for each in loaded.anomalies] == ["mouvement-illisible"]
        with pytest.raises(DataError, match="ne fait passer aucun code"):
            loaders.load_movements(self.table(tmp_path, [["48001", "48001", "A"]]))
