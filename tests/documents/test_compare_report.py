"""The document of a comparison, read back in each form."""

from __future__ import annotations

import io
import re
import zipfile

import docx
import pypdf
import pytest
from support.hostile import HOSTILE, hostile_study
from support.pairs import merge_the_last, study_folder
from support.toy import maison_row

from msap_geo.comparison import compare_studies, read_folder
from msap_geo.documents import comparison_document
from msap_geo.documents.comparison_figure import change_map
from msap_geo.folder import write_comparison, write_study
from msap_geo.outputs import report
from msap_geo.outputs.paper.map import print_map
from msap_geo.study import read_study, run_study


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """E opens, F's commune is merged, and A's Maison stays."""
    base = tmp_path_factory.mktemp("rapport")
    before = study_folder(base / "a")
    after = study_folder(base / "b", maisons=[maison_row(0), maison_row(3)], damage=merge_the_last)
    return compare_studies(read_folder(before), read_folder(after))


def words(text):
    return re.sub(r"\s+", " ", text)


def pdf_text(content):
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return words(" ".join(page.extract_text() for page in pages))


def word_text(content):
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return words(" ".join([*(paragraph.text for paragraph in document.paragraphs), *cells]))


def page_text(content):
    return words(re.sub(r"<[^>]+>", " ", content.decode("utf-8")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "read"), [("pdf", pdf_text), ("docx", word_text), ("html", page_text)]
)
def test_every_form_tells_the_figures_of_the_tables(comparison, form, read):
    text = read(report.render(comparison_document(comparison), form))
    row = comparison.whole(20)
    for words_told in (
        "Ce qui diffère entre les deux études",
        "Qui gagne, qui perd",
        "Communes sans correspondance",
        "Zêta",
        f"{row['couverts_avant']} {row['couverts_apres']:,}".replace(",", " "),
        "Plusieurs choses changent à la fois",
    ):
        assert words_told in text, words_told


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_bytes(comparison):
    for form in report.FORMATS:
        one, other = (report.render(comparison_document(comparison), form) for _ in range(2))
        assert one == other, form


def test_its_map_tells_what_it_shows(comparison):
    svg = print_map(change_map(comparison, ["IGN"])).svg(outlines=False).decode("utf-8")
    for told in ("Maison ouverte", "plus près de 15 min ou plus", "IGN"):
        assert told in svg
    assert svg == print_map(change_map(comparison, ["IGN"])).svg(outlines=False).decode("utf-8")


@pytest.mark.slow
def test_hostile_names_stay_inert(tmp_path):
    toy = hostile_study(tmp_path)
    write_study(run_study(read_study(toy.path)), tmp_path / "a")
    side = read_folder(tmp_path / "a")
    write_comparison(compare_studies(side, side), tmp_path / "c", formats=report.FORMATS)
    page = (tmp_path / "c" / "rapport_comparaison.html").read_text(encoding="utf-8")
    assert HOSTILE[0] not in page
    assert "&lt;img src=x" in page
    with zipfile.ZipFile(tmp_path / "c" / "rapport_comparaison.docx") as archive:
        assert HOSTILE[0] not in archive.read("word/document.xml").decode("utf-8")
    assert "{{7*7}}" in pdf_text((tmp_path / "c" / "rapport_comparaison.pdf").read_bytes())
