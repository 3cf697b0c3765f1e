from __future__ import annotations

import pandas as pd
import pytest

from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    UnreadableFileError,
)
from msap_geo.loaders import tabular


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
