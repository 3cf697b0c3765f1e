from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import tabular
from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    UnreadableFileError,
)


def table(tmp_path, content, name="fichier.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tabular.read_text_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found(tmp_path, encoding, separator):
    text = f"code{separator}nom\n01001{separator}Évron\n"
    read = table(tmp_path, text.encode(encoding))
    assert read[["code", "nom"]].to_numpy().tolist() == [["01001", "Évron"]]
    assert read[tabular.LINE].tolist() == [2]


def test_codes_stay_text_and_names_are_normalised(tmp_path):
    read = table(tmp_path, "#Identifiant_du_site;Libellé du site\n007A; Évron \n")
    assert list(read.columns) == [tabular.LINE, "identifiant_du_site", "libelle_du_site"]
    assert read.iloc[0].tolist() == [2, "007A", "Évron"]


def test_comment_lines_and_blank_lines_are_passed_over_and_lines_counted(tmp_path):
    read = table(tmp_path, "# source ; le ministère\ncode;nom\n\n01001;A\n;\n01002;B\n")
    assert read["code"].tolist() == ["01001", "01002"]
    assert read[tabular.LINE].tolist() == [4, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "est vide"),
        (b"  \n \n", "est vide"),
        (b"PK\x03\x04abc", "archive ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html>404</html>", "page web"),
        (b"\xef\xbb\xbf  <HTML><body>Erreur</body></HTML>", "page web"),
        (b"a,b\x00\x01\x02", "binaire"),
        (b"une seule colonne\n1\n", "aucun séparateur"),
    ],
)
def test_what_is_not_a_table_is_refused(tmp_path, content, said):
    with pytest.raises(UnreadableFileError, match=said):
        table(tmp_path, content)


def test_a_missing_file_is_also_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        tabular.read_text_table(tmp_path / "absent.csv")
    assert isinstance(caught.value, FileMissingError)
    assert "absent.csv" in str(caught.value)
    assert "Que faire" in str(caught.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError):
        tabular.require_file(tmp_path)


def test_ragged_rows_name_their_line(tmp_path):
    with pytest.raises(DataError, match="ligne 3"):
        table(tmp_path, "a;b\n1;2\n1;2;3\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_cut_inside_a_row_is_refused_and_its_line_named(tmp_path, separator):
    rows = [separator.join(row) for row in (["a", "b", "c"], ["1", "2", ""], ["3", "4", "5"])]
    whole = "\n".join(rows)
    assert len(table(tmp_path, whole)) == 2
    for end in range(len(whole) - len(rows[2]) + 1, len(whole) - 1):
        with pytest.raises(DataError, match=r"la ligne 3 .*coupé.*ligne 3"):
            table(tmp_path, whole[:end])


def test_a_short_row_in_the_middle_is_refused_even_of_columns_nobody_wants(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text('a,b,c\n1,2,3\n4,"5, ou 6"\n\n,,\n7,8,9\n')
    with pytest.raises(DataError, match="ligne 3") as caught:
        tabular.read_text_table(path, keep={"a"}.__contains__)
    assert "coupé" not in str(caught.value)


def test_a_header_may_end_with_a_separator_its_rows_have_not(tmp_path):
    assert table(tmp_path, "a;b;\n1;2\n3;4\n")["b"].tolist() == ["2", "4"]


def test_a_quote_never_closed_names_the_line_it_opens_on(tmp_path):
    with pytest.raises(DataError, match=r"ouvert à la ligne 4 n'est jamais fermé"):
        table(tmp_path, '# note\na;b\n1;2\n3;"x')


def test_a_last_value_cut_short_is_known_by_those_above(tmp_path):
    rows = "".join(f"{n};Espace labellisé\n" for n in range(12))
    with pytest.raises(DataError, match="finit par « Espace lab »"):
        table(tmp_path, f"a;b\n{rows}12;Espace lab")
    assert len(table(tmp_path, f"a;b\n{rows}12;Antenne")) == 13
    assert len(table(tmp_path, f"a;b\n{rows}12;Espace lab\n")) == 13


def test_four_words_are_enough_to_know_a_piece_of_one(tmp_path):
    rows = "".join(f"{n};residential\n" for n in range(4))
    with pytest.raises(DataError, match="finit par « resident »"):
        table(tmp_path, f"a;b\n{rows}4;resident")
    # Three words do not tell, nor do numbers: 1 begins 12, and is one.
    assert len(table(tmp_path, "a;b\n1;pont\n2;ponton\n3;po")) == 3
    assert len(table(tmp_path, "a;b\n" + "".join(f"{n};{n}2\n" for n in range(9)) + "9;1")) == 10


@pytest.mark.parametrize(
    ("last", "whole"),
    [("48.11931", True), ("48.1193", False), ("48", False), ("48.", False), ("", False)],
)
def test_a_last_number_cut_short_lacks_decimals(tmp_path, last, whole):
    text = "a;b\n" + "".join(f"{n};48.11931{n}\n" for n in range(5)) + f"5;{last}"
    if whole:
        assert len(table(tmp_path, text)) == 6
    else:
        with pytest.raises(DataError, match=f"finit par « {last} »"):
            table(tmp_path, text)
    assert len(table(tmp_path, text + "\n")) == 6


def test_a_header_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="que son en-tête"):
        table(tmp_path, "a;b\n")


def test_missing_columns_are_all_named(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n1;2\n")
    with pytest.raises(MissingColumnError, match=r"latitude ou lat ; code .*trouvées : a, b"):
        tabular.pick_columns(
            tabular.read_text_table(path),
            path,
            required={"latitude": ("latitude", "lat"), "code": ("code",)},
        )


def test_numbers_are_converted_explicitly():
    texts = pd.Series(["1,5", "1 234", "1\u202f234,5", "-0.5", "", "abc", "1e3"])
    numbers = tabular.to_number(texts)
    assert numbers.fillna(-99).tolist() == [1.5, 1234, 1234.5, -0.5, -99, -99, 1000]


@pytest.mark.parametrize(
    ("content", "columns", "lines"),
    [
        ("Version beta, non fiable, à améliorer\ncode;nom\n01001;A\n", ["code", "nom"], [3]),
        ("Titre;;\n\n;;\ncode;nom;pop\n01001;A;1,5\n01002;B;2,5\n", ["code", "nom", "pop"], [5, 6]),
        ("code;part\n01001;51,6\n01002;32,5\n", ["code", "part"], [2, 3]),
        ('code,nom\n01001,"A, B"\n01002,"C, D"\n', ["code", "nom"], [2, 3]),
        ('"code";"nom; entier"\n01001;A\n', ["code", "nom_entier"], [2]),
        ("#Identifiant;Nom\r\n1;A\r\n", ["identifiant", "nom"], [2]),
        ("code|nom\r01001|A\r", ["code", "nom"], [2]),
    ],
)
def test_header_and_separator_are_found_among_what_surrounds_them(
    tmp_path, content, columns, lines
):
    read = table(tmp_path, content)
    assert list(read.columns) == [tabular.LINE, *columns]
    assert read[tabular.LINE].tolist() == lines


def test_rows_longer_than_the_header_are_refused_rather_than_shifted(tmp_path):
    with pytest.raises(DataError, match="plus de champs que l'en-tête"):
        table(tmp_path, "a;b\n1;2;3\n4;5;6\n")


def test_only_the_columns_wanted_are_read(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("A;B;C\n1;2;3\n")
    read = tabular.read_text_table(path, keep={"c", "a"}.__contains__)
    assert list(read.columns) == [tabular.LINE, "a", "c"]
    assert tabular.read_text_table(path, keep={"z"}.__contains__).empty


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234.567", 1_234_567),
        ("1.234,5", 1234.5),
        ("1,234,567.8", 1_234_567.8),
        ("1\u00a0234\u202f567,8", 1_234_567.8),
        ("1.234", 1.234),
        ("-12,5", -12.5),
        ("inf", None),
        ("nan", None),
        ("1e400", None),
        ("0x10", None),
        ("1_000", None),
        ("12 %", None),
        ("1,2,3", None),
        ("True", None),
        ("١٢", None),
    ],
)
def test_numbers_are_never_guessed(text, value):
    (read,) = tabular.to_number(pd.Series([text]))
    assert (read == value) if value is not None else pd.isna(read)


@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 999),
    st.sampled_from(["", " ", "\u00a0", "\u202f"]),
    st.sampled_from([",", "."]),
)
def test_a_number_written_the_french_way_is_read_back(whole, thousandths, space, mark):
    written = f"{whole:,}".replace(",", space) + f"{mark}{thousandths:03d}"
    (read,) = tabular.to_number(pd.Series([written]))
    expected = (abs(whole) + thousandths / 1000) * (-1 if written.startswith("-") else 1)
    assert read == pytest.approx(expected, rel=1e-12)


@given(st.text(max_size=12))
def test_any_text_gives_a_finite_number_or_null(text):
    (read,) = tabular.to_number(pd.Series([text], dtype=str))
    assert pd.isna(read) or math.isfinite(read)
