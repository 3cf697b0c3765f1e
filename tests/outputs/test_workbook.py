"""Workbooks: text stays text, whatever it holds; what cannot be written says so."""

from __future__ import annotations

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import french, outputs
from msap_geo.errors import OutputError
from msap_geo.outputs.sheets import workbook
from msap_geo.outputs.sheets.notes import NOTES
from msap_geo.outputs.sheets.synthesis import figure_of


def test_text_is_never_a_formula(tmp_path):
    table = pd.DataFrame(
        {
            "code_insee": ["01001", "2A004", "00001"],
            "nom": ["=1+1", "+33", "@somme"],
            "commune": ["-1", "https://x", "x" * 40_000],
            "communes": [["a", "b"], [], ["c"]],
            "minutes": [1.5, np.nan, np.inf],
            "labellisation": ["2024-01-31", None, "jamais"],
            "publiable": [True, False, True],
        }
    )
    told = outputs.Provenance("É", "T", "", outputs.UNDATED, "msap_geo", "m")
    outputs.write_workbook({"une": table, "UNE": table}, tmp_path / "a" / "b.xlsx", provenance=told)
    book = openpyxl.load_workbook(tmp_path / "a" / "b.xlsx")
    assert book.sheetnames == [NOTES, "une", "UNE (2)"]
    rows = list(book["une"].iter_rows(min_row=5, values_only=True))
    assert rows[0] == ("01001", "=1+1", "-1", "a b", 1.5, dt.datetime(2024, 1, 31), "oui")  # noqa: DTZ001 - as a sheet holds it
    assert rows[1] == ("2A004", "+33", "https://x", None, None, None, "non")
    assert rows[2][:2] == ("00001", "@somme")
    assert rows[2][2].endswith("(coupé : trop long pour un tableur)")
    assert len(rows[2][2]) == 32_767
    assert rows[2][4:6] == (None, "jamais")
    assert {cell.data_type for row in book["une"].iter_rows(min_row=5) for cell in row} == {
        "s", "n", "d",
    }  # fmt: skip
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.xlsx"]


def test_a_share_next_to_all_or_to_nothing_is_not_shown_as_it(tmp_path):
    shares = [1.0, 0.9997, 0.5, 0.0001, 0.0, np.nan]
    told = outputs.Provenance("É", "T", "", outputs.UNDATED, "msap_geo", "m")
    table = pd.DataFrame({"part_20": shares})
    outputs.write_workbook({"une": table}, tmp_path / "b.xlsx", provenance=told)
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "b.xlsx")["une"].iter_rows(5)]
    assert [cell.value for cell in cells[:5]] == shares[:5]
    assert [cell.number_format.replace("\u202f", " ") for cell in cells[:5]] == [
        "0.0%",
        '"plus de 99,9 %"',
        "0.0%",
        '"moins de 0,1 %"',
        "0.0%",
    ]


def test_a_time_next_to_a_threshold_is_not_shown_as_it(tmp_path):
    times = [20.0, 20.03, 29.997, 12.04, np.nan]
    told = outputs.Provenance("É", "T", "", outputs.UNDATED, "msap_geo", "m")
    table = pd.DataFrame({"minutes": times, "km": times})
    outputs.write_workbook({"une": table}, tmp_path / "b.xlsx", provenance=told)
    rows = list(openpyxl.load_workbook(tmp_path / "b.xlsx")["une"].iter_rows(5))
    for row in rows[:4]:
        assert row[0].value == row[1].value
    assert [row[0].number_format for row in rows[:4]] == [row[1].number_format for row in rows[:4]]
    assert [row[0].number_format for row in rows[:4]] == [
        "#,##0.0",
        "#,##0.00",
        "#,##0.000",
        "#,##0.0",
    ]


@given(st.integers(-10_000_000, 10_000_000), st.integers(0, 3))
def test_a_printed_figure_is_read_as_the_number_it_was(number, decimals):
    value = number / 10**decimals
    assert figure_of(french.number(value, decimals)) == (
        pytest.approx(value),
        "#,##0" + (f".{'0' * decimals}" if decimals else ""),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9,7\u202f%", (0.097, "#,##0.0%")),
        ("150\u202f000\u202f€", (150000, '#,##0" €"')),
        ("+ 8\u202f049", (8049, '"+ "#,##0')),
        ("−1,5\u202fmin", (-1.5, '#,##0.0" min"')),
        ("–", None),
        ("", None),
        ("moins de 0,1\u202f%", None),
        ("solide (100\u202f%)", None),
        ("2A004", None),
        ("01/08/2024", None),
    ],
)
def test_what_is_no_figure_stays_a_text(text, expected):
    assert figure_of(text) == expected


def test_a_table_too_long_for_a_sheet_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "LONGEST_SHEET", 2)
    told = outputs.Provenance("É", "T", "", outputs.UNDATED, "msap_geo", "m")
    tables = {"communes": pd.DataFrame({"nom": list("abc")}), "zones_blanches": pd.DataFrame()}
    outputs.write_workbook(tables, tmp_path / "b.xlsx", provenance=told)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == [NOTES, "Zones blanches"]
    cells = [value for row in book[NOTES].iter_rows(values_only=True) for value in row]
    assert "Communes : trop long pour un tableur" in cells


def test_a_workbook_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "plein").write_text("")
    told = outputs.Provenance("É", "T", "", outputs.UNDATED, "msap_geo", "m")
    with pytest.raises(OutputError, match="ne peut pas être écrit"):
        outputs.write_workbook({}, tmp_path / "plein" / "b.xlsx", provenance=told)
