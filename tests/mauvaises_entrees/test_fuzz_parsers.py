"""Any bytes in the place of a file are read, or refused by our own errors: nothing else comes out.

More examples by hand: ``MSAP_GEO_FUZZ=100000 python -m pytest tests/test_fuzz_parsers.py``.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from mauvaises_entrees.dommages import MANY, damaged, survives
from support.toy import TOY_STUDY, straight_road

from msap_geo import network
from msap_geo.errors import MsapGeoError
from msap_geo.study import read_choice, read_study
from msap_geo.tabular import guarded, parse_json, read_tables, unguarded

CHOICE = (
    '{"format": "msap-geo-choix", "version": 1, "etude": "V", "departements": ["53"], '
    '"ouvertures": [{"site_id": "A", "nom": "B", "commune": "C"}], "fermetures": []}'
)
CHOICE_CSV = "action;site_id;nom;commune;etude;departements\nouvrir;A;B;C;V;53\n"


def workbook():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("a")
    for row, cells in enumerate([["code", "valeur"], ["53001", 2], ["53002", 3.5]]):
        sheet.write_row(row, 0, cells)
    book.close()
    return stream.getvalue()


def archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("table.csv", "code,valeur\n53001,2\n53002,3\n")
    return stream.getvalue()


def parquet():
    stream = io.BytesIO()
    pd.DataFrame({"code": ["53001", "53002"], "valeur": [2, 3]}).to_parquet(stream)
    return stream.getvalue()


@MANY
@given(damaged(TOY_STUDY.encode()))
def test_study_files(content):
    survives(read_study, "etude.toml", content)


@MANY
@given(damaged(CHOICE.encode()) | damaged(CHOICE_CSV.encode()) | st.binary(max_size=300))
def test_choices(content):
    survives(read_choice, "choix.json", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.xlsx", workbook()), ("t.zip", archive()), ("t.parquet", parquet())],
    ids=["xlsx", "zip", "parquet"],
)
def test_tables(name, content):
    @MANY
    @given(damaged(content))
    def check(changed):
        survives(
            lambda path: read_tables(path, keep={"code", "valeur"}.__contains__), name, changed
        )

    check()


def test_an_archive_whose_directory_lies_before_it():
    # Found by fuzzing: zipfile then seeks before the beginning, and says so by a ValueError.
    for name, content in (("t.xlsx", workbook()), ("t.zip", archive())):
        at = content.rindex(b"PK\x05\x06")
        lie = content[: at + 16] + (2**31 - 1).to_bytes(4, "little") + content[at + 20 :]
        survives(lambda path: read_tables(path, keep={"code", "valeur"}.__contains__), name, lie)
        survives(
            lambda path: read_tables(path, keep={"code", "valeur"}.__contains__),
            name,
            content[: at + 12] + (2**24).to_bytes(4, "little") + content[at + 16 :],
        )


@pytest.mark.slow
@MANY
@given(st.data())
def test_stores(data):
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "reseau"
        network.save_network(straight_road(), store)
        path = data.draw(st.sampled_from(sorted(store.iterdir())))
        changed = data.draw(damaged(path.read_bytes()))
        same = _says(path.read_bytes()) == _says(changed)
        path.write_bytes(changed)
        try:
            opened = network.open_network(store)
        except MsapGeoError:
            assert not same
        else:
            # Only what remembers the verification may change without a word.
            assert same or path.name == "verifie.json"
            assert opened.n_nodes == 6


def _says(content):
    """Return what a file says: spaces between the words of a JSON say nothing."""
    try:
        return json.loads(content)
    except ValueError:
        return content


@MANY
@given(st.text() | damaged(CHOICE.encode()).map(lambda b: b.decode("utf-8", "replace")))
def test_json(text):
    try:
        content = parse_json(text)
    except ValueError:
        return
    str(content).encode()


@given(st.lists(st.text(), min_size=1), st.lists(st.floats(allow_nan=False), min_size=1))
def test_cells_of_text_come_back_and_are_no_formula(texts, numbers):
    table = pd.DataFrame({"t": pd.Series(texts, dtype=object)})
    safe = guarded(table)
    assert not [cell for cell in safe["t"] if cell.startswith(("=", "+", "-", "@", "\r", "\n"))]
    assert unguarded(safe)["t"].tolist() == texts
    signed = pd.DataFrame({"n": numbers})
    assert guarded(signed) is signed
