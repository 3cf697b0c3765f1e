"""Documents as data, and their three forms read back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.util
import io
import os
import re
import socket
import zipfile
from pathlib import Path

import docx
import jinja2
import pypdf
import pytest
from docx.oxml.ns import qn
from PIL import Image
from support.document_texts import TEXT, squeezed

from msap_geo import french, outputs
from msap_geo.errors import FileMissingError, OutputError, UnreadableFileError
from msap_geo.outputs.report import (
    FORMATS,
    Bullets,
    Column,
    Definitions,
    Document,
    Fiche,
    Figure,
    Heading,
    KeyFigures,
    Look,
    Paragraph,
    Section,
    Table,
    pdf,
    read_look,
    render,
    write_document,
)

HOSTILE = 'Saint-"Q" & <x> {{ 7*7 }} {% if %} #set $x$ \\ _a_ ='
LONG = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson-les-Très-Longues"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63"
    "90b72e0600014a00ce6737717d0000000049454e44ae426082"
)


class Square:
    """A picture without matplotlib."""

    width_mm, height_mm = 60.0, 40.0

    def svg(self, *, outlines):
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40"><!-- {outlines} -->'
            '<rect width="60" height="40" fill="#1f3b73"/></svg>'
        ).encode()

    def png(self, *, dpi):
        assert dpi == 200
        return PNG


def a_document(name="Ville jouet"):
    table = Table(
        f"Communes de {name}",
        (Column("Commune"), Column("Habitants", number=True)),
        ((name, french.number(12345)), (LONG, "1"), ("Ensemble", french.number(12346))),
        note="Une note.",
        total=True,
    )
    square = Figure(Square(), f"La carte de {name}", f"Carte : un carré pour {name}")
    return Document(
        title="Diagnostic territorial",
        territory=name,
        dated="Données de 2024",
        date=dt.date(2024, 8, 1),
        software="msap_geo 1.2.3",
        summary=(
            KeyFigures((("42,0 %", "à 20 min"), (french.number(260284), "au-delà"))),
            Paragraph(f"Il y a {name}.", lead="Qui est loin ?"),
        ),
        sections=(
            Section(
                "Méthode",
                (
                    Paragraph(f"Texte sur l'île : {name}"),
                    Paragraph("En petit.", tone="note"),
                    Paragraph("Attention.", tone="alerte"),
                    Heading("Limites"),
                    Bullets(("une", name)),
                    Definitions((("Zone blanche", f"communes comme {name}"),)),
                    table,
                    square,
                ),
            ),
            Section(
                "Fiches",
                (
                    Fiche(f"1. {name}", (("Commune", name), ("Coût", "12 €")), square, (table,)),
                    Fiche("2. Sans carte", (("Commune", LONG),)),
                ),
                new_page=True,
            ),
        ),
        warnings=("TEMPS ESTIMÉS : sans routes réelles.",),
        credits=("© les contributeurs d’OpenStreetMap (ODbL)",),
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["Ville jouet", HOSTILE, LONG])
def test_every_text_is_found_again(form, name):
    text = squeezed(TEXT[form](render(a_document(name), form)))
    for expected in (name, LONG, french.number(12345), french.number(260284), "1.2.3", "ODbL"):
        assert squeezed(french.typeset(expected)) in text
    assert text.count(squeezed(french.typeset(name))) >= 10
    assert "49" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_same_document_same_bytes(form):
    assert render(a_document(), form) == render(a_document(), form)


@pytest.mark.parametrize("form", FORMATS)
def test_almost_empty_document(form):
    bare = Document("Titre", "Ici", "", dt.date(2024, 1, 1), "msap_geo", (), ())
    assert "Ici" in TEXT[form](render(bare, form))


class Tall(Square):
    """A picture of another height."""

    def __init__(self, height_mm):
        self.height_mm = height_mm

    def svg(self, *, outlines):
        return super().svg(outlines=outlines).replace(b"0 0 60 40", b"0 0 60 %d" % self.height_mm)

    def png(self, *, dpi):
        assert dpi == 200
        drawn = io.BytesIO()
        Image.new("L", (60, round(self.height_mm))).save(drawn, "PNG")
        return drawn.getvalue()


def pages_of(lines, *smaller):
    """Return the text of each page: so many lines, a picture of 140 mm, then a sentence."""
    figure = Figure(Tall(140.0), "La carte", "Carte", tuple(map(Tall, smaller)))
    blocks = (Bullets(("une ligne",) * lines), figure, Paragraph("Ce qui suit."))
    told = Document(
        "Titre", "Ici", "", dt.date(2024, 1, 1), "msap_geo", (), (Section("Une", blocks),)
    )
    reader = pypdf.PdfReader(io.BytesIO(render(told, "pdf")))
    return [page.extract_text() for page in reader.pages]


@pytest.mark.parametrize(
    ("lines", "smaller", "figure", "after"),
    [
        (5, (120.0, 86.0), 0, 0),  # it fits as it is
        (22, (120.0, 86.0), 0, None),  # one of its smaller drawings fits
        (22, (), 1, 0),  # none: what follows takes its place
        (36, (120.0, 86.0), 1, 0),  # none fits either
    ],
)
def test_no_page_is_left_half_empty_before_a_tall_figure(lines, smaller, figure, after):
    pages = pages_of(lines, *smaller)
    assert ["La carte" in page for page in pages].index(True) == figure
    if after is not None:
        assert ["Ce qui suit" in page for page in pages].index(True) == after


def drawn_for(monkeypatch, lines):
    """Return the heights of the drawings made for a page."""
    asked, whole = [], Tall.svg

    def seen(picture, *, outlines):
        asked.append(picture.height_mm)
        return whole(picture, outlines=outlines)

    monkeypatch.setattr(Tall, "svg", seen)
    assert any("La carte" in page for page in pages_of(lines, 120.0, 86.0))
    return sorted(asked)


@pytest.mark.parametrize(("lines", "made"), [(5, [140]), (22, [120, 140]), (36, [140])])
def test_a_smaller_drawing_is_made_where_a_page_takes_it(monkeypatch, lines, made):
    assert drawn_for(monkeypatch, lines) == made


def test_every_drawing_is_made_where_their_sizes_were_not_those_told(monkeypatch):
    told = iter([set(), {(0, 1)}])
    monkeypatch.setattr(pdf, "_sizes", lambda *_: next(told))
    assert drawn_for(monkeypatch, 5) == [86, 120, 140, 140]


def test_word_takes_a_low_drawing_where_there_is_one():
    assert heights_in_word(120.0, 102.0, 86.0) == [102]
    assert heights_in_word(120.0) == [120]
    assert heights_in_word() == [140]


def heights_in_word(*smaller):
    figure = Figure(Tall(140.0), "La carte", "Carte", tuple(map(Tall, smaller)))
    told = Document(
        "Titre", "Ici", "", dt.date(2024, 1, 1), "msap_geo", (), (Section("Une", (figure,)),)
    )
    made = docx.Document(io.BytesIO(render(told, "docx")))
    return [round(shape.height / shape.width * 60) for shape in made.inline_shapes]


def test_a_file_name_copied_from_the_pdf_is_that_of_the_file():
    name = "diagnostic_mobilite_communes_sans_voiture.csv"
    section = Section("Sources", (Table("Fichiers", (Column("Nom"),), ((name,),)), Paragraph(name)))
    told = Document("Titre", "Ici", "", dt.date(2024, 1, 1), "msap_geo", (), (section,))
    pages = pypdf.PdfReader(io.BytesIO(render(told, "pdf"))).pages
    # Cut where it must be by nothing that one can copy or that a search would stumble on.
    assert "".join(page.extract_text() for page in pages).count(name) == 2


def test_pdf_can_be_read_by_a_machine():
    reader = pypdf.PdfReader(io.BytesIO(render(a_document(HOSTILE), "pdf")))
    root = reader.trailer["/Root"]
    assert root["/Lang"].startswith("fr")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == f"Diagnostic territorial – {french.typeset(HOSTILE)}"
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == [
        "1. Méthode",
        "2. Fiches",
    ]
    fonts = [
        font.get_object()
        for page in reader.pages
        for font in page["/Resources"].get("/Font", {}).values()
    ]
    assert fonts
    for font in fonts:
        descendant = (
            font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        )
        described = descendant["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(described)
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "pdfuaid:part" in metadata
    assert "pdfaid:part" in metadata
    assert "2024-08-01" in metadata
    assert b"/Alt" in render(a_document(), "pdf")


def test_word_has_styles_heads_and_alternative_texts():
    made = docx.Document(io.BytesIO(render(a_document(), "docx")))
    headings = [p.text for p in made.paragraphs if p.style.name == "Heading 1"]
    assert headings == ["1. Méthode", "2. Fiches"]
    tables = [table for table in made.tables if table.style.name == "Tableau du rapport"]
    assert [cell.text for cell in tables[0].rows[1].cells] == ["Ville jouet", "12\u202f345"]
    for table in tables:
        first = table.rows[0]._tr.trPr
        assert first.find(qn("w:tblHeader")) is not None
        widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
        assert sum(widths) == pytest.approx(170 / 25.4 * 1440, abs=4)
        assert table.rows[1].cells[1].paragraphs[0].alignment == 2
    described = [one.get("descr") for one in made.element.body.iter(qn("wp:docPr"))]
    assert described == [french.typeset("Carte : un carré pour Ville jouet")] * 2
    assert made.core_properties.title == "Diagnostic territorial – Ville jouet"
    assert made.core_properties.created == dt.datetime(2024, 8, 1, 12, tzinfo=dt.UTC)
    assert "TEMPS ESTIMÉS" in made.sections[0].header.paragraphs[0].text
    assert "msap_geo 1.2.3" in made.sections[0].footer.paragraphs[0].text
    assert made.sections[0].footer._element.xml.count("instrText") == 4


SCHEMA_ORDER = (
    "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr "
    "shd tabs suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE "
    "autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents "
    "suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr "
    "sectPr pPrChange"
).split()


def test_word_properties_are_in_the_order_of_the_schema():
    """Word refuses files whose elements come in another order; python-docx does not mind."""
    made = docx.Document(io.BytesIO(render(a_document(), "docx")))
    seen = 0
    for part in (made.element, made.styles.element):
        for properties in part.iter(qn("w:pPr")):
            names = [child.tag.rpartition("}")[2] for child in properties]
            assert names == sorted(names, key=SCHEMA_ORDER.index)
            seen += 1
        for cell in part.iter(qn("w:tc")):
            assert cell[-1].tag == qn("w:p"), "a cell ends with a paragraph"
    assert seen > 50


def test_page_holds_everything_and_asks_for_nothing():
    text = render(a_document(HOSTILE), "html").decode()
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", text)
    assert "<script" not in text
    assert "<x>" not in text
    assert text.count('scope="row"') == 6
    assert re.findall(r"<h(\d)", text) == ["1", "2", "3", "2", "3", "3"]
    assert 'lang="fr"' in text


@pytest.mark.parametrize("form", FORMATS)
def test_logo_is_taken_in(form, tmp_path):
    (tmp_path / "logo.png").write_bytes(PNG)
    look = read_look(logo=tmp_path / "logo.png")
    assert len(render(a_document(), form, look=look)) > len(render(a_document(), form))


def test_style_sheet_comes_after_ours_and_cannot_leave_its_element():
    text = render(a_document(), "html", look=Look(css="h1 { color: pink }")).decode()
    assert text.index("h1 { color: pink }") > text.index("--accent")
    with pytest.raises(OutputError, match="feuille de style"):
        render(a_document(), "html", look=Look(css="</style><script>"))


def test_theme_and_template_of_the_user():
    own = (Path(outputs.__file__).parent / "report" / "assets" / "theme.typ").read_text()
    theme = own.replace("#1f3b73", "#7a1f1f")
    assert render(a_document(), "pdf", look=Look(typst_theme=theme)) != render(a_document(), "pdf")
    with pytest.raises(OutputError, match="thème typst"):
        render(a_document(), "pdf", look=Look(typst_theme="#let theme(body) = "))
    for wrong in (b"not a file of Word", PNG):
        with pytest.raises(OutputError, match="modèle Word"):
            render(a_document(), "docx", look=Look(word_template=wrong))


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "import_",
    ['"@pre" + "view/cetz:0.1.0"', r'"\u{40}preview/cetz:0.1.0"', '"@loc" + "al/a:0.1.0"'],
)
def test_a_theme_has_no_way_out(import_, monkeypatch):
    """A name made as the theme runs is seen by no look at its text."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", address)
        before = dict(os.environ)
        with pytest.raises(OutputError, match="prend un paquet, et les rapports se font hors"):
            render(a_document(), "pdf", look=Look(typst_theme=f"#import {import_}"))
        assert dict(os.environ) == before
        with pytest.raises(TimeoutError):
            proxy.accept()


@pytest.mark.parametrize("path", ["/etc/hostname", "../../etc/hostname", "/../etc/hostname"])
def test_a_theme_reads_no_file_of_the_machine(path):
    with pytest.raises(OutputError, match="thème typst"):
        render(a_document(), "pdf", look=Look(typst_theme=f'#let x = read("{path}")'))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Bonjour", "les figures et les tableaux du document n'y sont pas"),
        ("{% for x in %}", "une balise n'y est pas comprise"),
        ("{{ doc.inconnu.zz }}", "il demande ce que le document n'a pas"),
        ("{{ ''.__class__.mro() }}", "il demande autre chose que le document"),
    ],
)
def test_a_template_is_told_what_is_wrong_with_it(text, why):
    with pytest.raises(OutputError, match=f"modèle Word donné ne convient pas .{why}"):
        render(a_document(), "docx", look=Look(word_template=of_word(text)))


def of_word(text):
    """Return a Word template that says something in each block."""
    made, file = docx.Document(), io.BytesIO()
    made.add_paragraph(text)
    made.save(file)
    return file.getvalue()


def test_a_template_of_word_reaches_nothing_but_the_document(tmp_path):
    """A template is a program: this one would write a file."""
    spy = tmp_path / "pris"
    template = of_word(f"{{{{ lipsum.__globals__['os'].mkdir('{spy}') }}}}")
    with pytest.raises(OutputError, match="modèle Word"):
        render(a_document(), "docx", look=Look(word_template=template))
    assert not spy.exists()


def test_what_a_look_may_not_be(tmp_path):
    large = tmp_path / "grand.png"
    Image.new("1", (20_000, 20_000)).save(large)
    with pytest.raises(UnreadableFileError, match="trop de points"):
        read_look(logo=large)
    for content in (b"", b"texte"):
        (tmp_path / "m.docx").write_bytes(content)
        with pytest.raises(UnreadableFileError, match="n'est pas un fichier Word"):
            read_look(word_template=tmp_path / "m.docx")
    with zipfile.ZipFile(tmp_path / "m.docx", "w", zipfile.ZIP_DEFLATED) as swelling:
        swelling.writestr("word/document.xml", bytes(200 * 1024**2))
    with pytest.raises(UnreadableFileError):
        read_look(word_template=tmp_path / "m.docx")
    (tmp_path / "t.typ").write_text('#import "@preview/cetz:0.1.0"', encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="un paquet d'internet, « @preview/cetz:0"):
        read_look(typst_theme=tmp_path / "t.typ")


def test_files_of_the_look_are_checked(tmp_path):
    with pytest.raises(FileMissingError, match="introuvable"):
        read_look(logo=tmp_path / "absent.png")
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "short.png").write_bytes(PNG[:40])
    for name in ("logo.svg", "short.png"):
        with pytest.raises(UnreadableFileError, match="ni une image PNG"):
            read_look(logo=tmp_path / name)
    (tmp_path / "x.css").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        read_look(css=tmp_path / "x.css")


def test_all_forms_or_none_are_written(tmp_path):
    folder = tmp_path / "rendu"
    made = write_document(a_document(), folder, name="rapport")
    assert [path.name for path in made] == ["rapport.pdf", "rapport.docx", "rapport.html"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(p.name for p in made)
    other = tmp_path / "autre"
    with pytest.raises(OutputError):
        write_document(a_document(), other, name="rapport", look=Look(css="</style>"))
    assert not other.exists()


def test_rows_must_fit_their_table():
    with pytest.raises(ValueError, match="another length"):
        Table("t", (Column("a"), Column("b")), (("1",),))


def test_word_template_is_what_its_script_builds():
    path = Path(__file__).parents[2] / "scripts" / "build_report_template.py"
    spec = importlib.util.spec_from_file_location("build_report_template", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    kept, built = (
        docx.Document(io.BytesIO(content))
        for content in (script.TARGET.read_bytes(), script.build())
    )
    for part in ("element", "styles.element", "sections.0.header._element"):
        pair = []
        for found in (kept, built):
            node = found
            for step in part.split("."):
                node = node[int(step)] if step.isdigit() else getattr(node, step)
            pair.append(node.xml)
        assert pair[0] == pair[1], part


def test_templates_are_whole():
    folder = Path(outputs.__file__).parent / "report" / "assets"
    jinja2.Environment(autoescape=True).parse((folder / "rapport.html").read_text())
    assert {path.name for path in folder.iterdir()} == {
        "rapport.css",
        "rapport.docx",
        "rapport.html",
        "rapport.typ",
        "theme.typ",
    }


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("l'île : 12 % ; non ?", "l’île\u00a0: 12\u202f% ; non\u202f?".replace(" ;", "\u202f;")),
        ("« mot »...", "«\u202fmot\u202f»…"),
        ("https://x.fr/a?b=1", "https://x.fr/a?b=1"),
        ("'cité'", "'cité'"),
        (
            "en 2024 110 000 et 1 250 000, 72 53",
            "en 2024 110\u202f000 et 1\u202f250\u202f000, 72 53",
        ),
    ],
)
def test_typography(typed, printed):
    assert french.typeset(typed) == printed
    assert french.typeset(printed) == printed


def test_texts_keep_no_control_character():
    odd = dataclasses.replace(a_document(), territory="Deux\nlignes\x0b\x00ici")
    for form in FORMATS:
        assert "Deux lignes ici" in TEXT[form](render(odd, form))
