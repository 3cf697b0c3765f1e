"""What the files of a report say of themselves, and what a reader opens first."""

from __future__ import annotations

import datetime as dt
import json
import re

import docx
import openpyxl
import pypdf
import pytest
from support.commands import run, run_anew
from support.document_texts import squeezed
from support.french_faults import faults
from support.reading import page_lines
from support.toy import NAMES, maison_row, poste_row

from msap_geo.outputs.report.model import drawable
from msap_geo.outputs.sheets.notes import written
from msap_geo.outputs.sheets.synthesis import figure_of


def _report(toy_study, folder, *more, start=run):
    forms = ("--format", "pdf", "--format", "docx")
    process = start("rapport", toy_study.path, *forms, "--sortie", folder, *more)
    assert process.returncode == 0, process.stderr
    return pypdf.PdfReader(folder / "rapport.pdf"), docx.Document(folder / "rapport.docx")


@pytest.mark.slow
def test_a_report_bears_the_day_asked_for(toy_study, tmp_path):
    pdf, word = _report(toy_study, tmp_path / "r", "--date", "2026-11-28", start=run_anew)
    assert pdf.metadata.creation_date.date() == dt.date(2026, 11, 28)
    assert word.core_properties.created.date() == dt.date(2026, 11, 28)
    assert "édition du 28/11/2026" in pdf.pages[0].extract_text()


@pytest.mark.slow
def test_else_that_of_its_data_and_its_cover_says_so(toy_study, tmp_path):
    toy_study.path.write_text(
        toy_study.path.read_text() + '\n[millesimes]\nmaisons = "08/01/2020"\n'
    )
    pdf, word = _report(toy_study, tmp_path / "r")
    assert pdf.metadata.creation_date.date() == dt.date(2020, 1, 8)
    cover = pdf.pages[0].extract_text().replace("\n", " ")
    assert "Fichier daté du 08/01/2020, jour des données" in cover
    assert "Le réseau est celui de 2020, les coûts ceux de 2026" in cover
    assert word.core_properties.created.date() == dt.date(2020, 1, 8)


@pytest.mark.slow
def test_the_workbook_of_a_study_opens_on_a_synthesis(toy_study, tmp_path):
    process = run("lancer", toy_study.path, "--tout", "--sortie", tmp_path / "s")
    assert process.returncode == 0, process.stderr
    book = openpyxl.load_workbook(tmp_path / "s" / "etude.xlsx")
    assert book.sheetnames[:2] == ["Synthèse", "Lisez-moi"]
    assert book.active.title == "Synthèse"
    told = " ".join(
        str(cell.value) for row in book["Synthèse"].iter_rows() for cell in row if cell.value
    ).replace("\u202f", " ")
    for words in ("Qui est loin.", "Pour quelle dépense.", "Les bureaux proposés"):
        assert words in told
    cells = [cell for row in book["Synthèse"].iter_rows() for cell in row]
    assert 1500 in [cell.value for cell in cells]
    written = [cell.value for cell in cells if isinstance(cell.value, str) and cell.column > 1]
    assert [text for text in written if figure_of(text)] == []
    shares = [cell for cell in cells if cell.number_format.endswith("%")]
    assert shares
    assert all(0 <= cell.value <= 1 for cell in shares)
    for sheet in book.worksheets[2:]:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
        if len(rows) > 1:
            for heading, *column in zip(*rows, strict=True):
                assert any(value is not None for value in column), (sheet.title, heading)


@pytest.mark.slow
def test_columns_without_a_value_are_told_not_written(toy_study, tmp_path):
    run("noter", toy_study.path, "--xlsx", tmp_path / "n.xlsx")
    book = openpyxl.load_workbook(tmp_path / "n.xlsx")
    headings = [cell.value for cell in book["Candidats"][4]]
    assert "Heures par semaine (h)" not in headings
    meanings = {row[2].value: row[3].value for row in book["Lisez-moi"].iter_rows()}
    assert meanings["heures_semaine"].endswith("la colonne n’est pas écrite.")
    assert not meanings["population_gagnee"].endswith("la colonne n’est pas écrite.")


def test_a_table_without_rows_keeps_its_columns():
    import pandas as pd  # noqa: PLC0415

    assert list(written(pd.DataFrame(columns=["a", "b"])).columns) == ["a", "b"]
    table = pd.DataFrame({"a": [1, 2], "b": [None, None], "c": ["", ""], "d": ["", "x"]})
    assert list(written(table).columns) == ["a", "d"]


@pytest.mark.slow
def test_the_workbook_of_a_plan_says_what_was_asked_and_proven(toy_study, tmp_path):
    process = run("optimiser", toy_study.path, "--nombre", "1", "--xlsx", tmp_path / "p.xlsx")
    assert process.returncode == 0, process.stderr
    sheet = openpyxl.load_workbook(tmp_path / "p.xlsx")["Lisez-moi"]
    told = {row[0].value: row[1].value for row in sheet.iter_rows(max_row=20) if row[0].value}
    assert told["Objectif"] == "couverture (habitants)"
    assert told["Demande"].replace("\u00a0", " ") == "1 site au plus"
    assert told["Borne prouvée"].startswith("2\u202f100\u00a0habitants, écart 0\u202f% (optimal)")
    assert told["Seuils"] == "20 min"
    assert "France Services" in told["Coûts"]


ODD = {
    "private use": "Nom\ue000x",
    "no character": "Nom\ufffex\uffff",
    "control": "Nom\x01x",
    "endless": "x" * 400,
    "long": "Très-long-nom-" * 30,
    "other scripts": "中文名 😀 ᚠ",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_replaced_and_told_never_a_traceback(toy_study, tmp_path, name):
    odd = ODD[name]
    toy_study.write(
        names=[*NAMES[:4], odd, NAMES[5]],
        maisons=[maison_row(0, lib_fs=odd)],
        la_poste=[poste_row(1), poste_row(4, libelle_du_site=odd)],
    )
    pdf, _ = _report(toy_study, tmp_path / "r")
    text = squeezed(" ".join(page.extract_text() for page in pdf.pages))
    replaced = name in {"private use", "no character"}
    assert (squeezed("Signes qu’aucune police") in text) == replaced


@pytest.mark.slow
def test_a_long_title_does_not_stop_the_documents(toy_study, tmp_path):
    toy_study.configure(('nom = "Ville jouet"', f'nom = "{"Étude longue " * 30}"'))
    _, word = _report(toy_study, tmp_path / "r")
    assert len(word.core_properties.title) == 255
    assert word.core_properties.title.endswith("…")


def test_what_fonts_draw_is_left_alone():
    kept = "L’Haÿ-les-Roses, 中文 😀 œ \u202f\u00a0"
    assert drawable(kept) == kept
    assert drawable("a\ue000b\ufffe\ud800") == "a\ufffdb\ufffd\ufffd"


@pytest.mark.slow
def test_the_same_figures_in_the_order_of_the_scheme(toy_study, tmp_path):
    process = run(
        "rapport", toy_study.path, "--modele", "sdaasap", "--format", "html", "--sortie", tmp_path
    )
    assert process.returncode == 0, process.stderr
    lines = page_lines(tmp_path / "rapport.html")
    text = re.sub(r"\s", " ", " ".join(lines))
    places = [
        text.index(words)
        for words in (
            "Les sept dimensions de l’accessibilité",
            "Diagnostic : l’accès aujourd’hui",
            "Objectifs : où ouvrir, les bureaux candidats",
            "Objectifs : le plan proposé",
            "Indicateurs à suivre chaque année",
            "Méthode et limites",
        )
    ]
    assert places == sorted(places)
    for dimension in ("Temps d’accès", "Disponibilité", "Coût", "Choi", "Information", "Image"):
        assert dimension.lower() in text.lower()
    # Beyond today: D, E and F, 1,500 people; nobody with the plan.
    assert "1 500" in text
    assert faults(lines) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", [("noter",), ("horaires", "--heures", "1")])
def test_a_folder_may_be_given_to_every_command_that_writes(toy_study, tmp_path, command):
    folder = tmp_path / "ici"
    process = run(command[0], toy_study.path, *command[1:], "--json", "--sortie", folder)
    assert process.returncode == 0, process.stderr
    json.loads(process.stdout)
    (book,) = folder.iterdir()
    assert book.suffix == ".xlsx"
    assert str(book) in process.stderr
