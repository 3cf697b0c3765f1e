"""Build the Word template of reports, ``msap_geo/outputs/report/assets/rapport.docx``.

Run it after any change here; a test checks that the file is what this script writes. What the
template says in ``{{ }}`` and ``{% %}`` is read by docxtpl (:mod:`msap_geo.outputs.report.word`).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from msap_geo.outputs.report.word import STYLE_TABLE, settled

TARGET = Path(__file__).parents[1] / "msap_geo" / "outputs" / "report" / "assets" / "rapport.docx"
ACCENT, MUTED, ALERT, SOFT, RULE = "1F3B73", "4A5361", "A61B1B", "EEF2F7", "C3CCD8"
SERIF = "Cambria"


def build() -> bytes:
    """Return the template."""
    document = Document()
    _page(document)
    _styles(document)
    _furniture(document)
    _body(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return settled(buffer.getvalue())


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(23), Mm(21)
    section.header_distance = section.footer_distance = Mm(11)
    section.different_first_page_header_footer = True


def _style(document: Any, name: str, *, size: float, color: str = "1B1F26", **options: Any) -> Any:
    styles = document.styles
    style = (
        styles[name]
        if name in [one.name for one in styles]
        else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    )
    style.font.size, style.font.color.rgb = Pt(size), RGBColor.from_string(color)
    style.font.name = SERIF
    style.font.bold, style.font.italic = options.get("bold", False), False
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        if "Theme" in attribute:
            del fonts.attrib[attribute]
    for attribute in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(attribute), SERIF)
    layout = style.paragraph_format
    layout.space_before = Pt(options.get("before", 0))
    layout.space_after = Pt(options.get("after", 6))
    layout.line_spacing = options.get("line", 1.1)
    layout.keep_with_next = options.get("next", False)
    return style


def _styles(document: Any) -> None:
    normal = _style(document, "Normal", size=10)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "fr-FR")
    language.set(qn("w:eastAsia"), "fr-FR")
    language.set(qn("w:bidi"), "fr-FR")
    normal.element.get_or_add_rPr().append(language)
    for old in document.styles.element.iter(qn("w:lang")):
        old.set(qn("w:val"), "fr-FR")
    _style(document, "Title", size=23, color=ACCENT, bold=True, after=4, line=1.0)
    borders = document.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if borders is not None:
        document.styles["Title"].element.pPr.remove(borders)
    _style(document, "Subtitle", size=12, color=MUTED, after=2)
    _rule(_style(document, "Date du rapport", size=10, color=MUTED, after=12), ACCENT, 12)
    _rule(
        _style(
            document, "Heading 1", size=15, color=ACCENT, bold=True, before=20, after=8, next=True
        ),
        RULE,
        4,
    )
    _style(document, "Heading 2", size=11.5, color=ACCENT, bold=True, before=13, after=5, next=True)
    _style(document, "List Bullet", size=10, after=3)
    _style(document, "Caption", size=9, color=MUTED, before=6, after=3, next=True)
    _style(document, "Légende de figure", size=9, color=MUTED, before=2, after=10)
    document.styles["Légende de figure"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _style(document, "Figure", size=9, before=8, after=0, next=True)
    document.styles["Figure"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _style(document, "Note", size=8.5, color=MUTED, before=3)
    _boxed(_style(document, "Alerte", size=10.5, before=4, after=8))
    _style(document, "Cellule", size=9, after=0, line=1.0)
    _style(document, "Chiffre", size=16, color=ACCENT, bold=True, after=2, line=1.0)
    _style(document, "Header", size=8.5, color=MUTED, after=0)
    _style(document, "Footer", size=8.5, color=MUTED, after=0)
    document.styles.element.append(parse_xml(_TABLE_STYLE))


_TABLE_STYLE = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="Rapport">
  <w:name w:val="{STYLE_TABLE}"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="99"/>
  <w:tblPr><w:tblBorders>
    <w:bottom w:val="single" w:sz="4" w:space="0" w:color="{RULE}"/>
    <w:insideH w:val="single" w:sz="4" w:space="0" w:color="{RULE}"/>
  </w:tblBorders><w:tblCellMar>
    <w:top w:w="25" w:type="dxa"/><w:left w:w="90" w:type="dxa"/>
    <w:bottom w:w="25" w:type="dxa"/><w:right w:w="90" w:type="dxa"/>
  </w:tblCellMar></w:tblPr>
  <w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:tcBorders>
    <w:bottom w:val="single" w:sz="8" w:space="0" w:color="{ACCENT}"/></w:tcBorders>
    <w:shd w:val="clear" w:color="auto" w:fill="{SOFT}"/></w:tcPr></w:tblStylePr>
  <w:tblStylePr w:type="lastRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:tcBorders>
    <w:top w:val="single" w:sz="8" w:space="0" w:color="{ACCENT}"/></w:tcBorders></w:tcPr>
  </w:tblStylePr>
</w:style>"""


def _rule(style: Any, color: str, eighths: int) -> None:
    _lay(
        style,
        f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="{eighths}" w:space="4" '
        f'w:color="{color}"/></w:pBdr>',
    )


def _boxed(style: Any) -> None:
    bar = f'w:val="single" w:sz="24" w:space="8" w:color="{ALERT}"'
    for xml in (
        f"<w:pBdr {nsdecls('w')}><w:left {bar}/></w:pBdr>",
        f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="FBEEEE"/>',
    ):
        _lay(style, xml)


def _lay(style: Any, xml: str) -> None:
    """Put borders and shading where Word's schema wants them: before tabs, spacing and the rest."""
    after = (
        "w:tabs",
        "w:suppressAutoHyphens",
        "w:spacing",
        "w:ind",
        "w:contextualSpacing",
        "w:jc",
        "w:outlineLvl",
    )
    style.element.get_or_add_pPr().insert_element_before(parse_xml(xml), *after)


def _field(paragraph: Any, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("end", "")):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.set(qn("xml:space"), "preserve")
            element.text = f" {text} "
        run._r.append(element)  # noqa: SLF001 - python-docx writes no fields


def _furniture(document: Any) -> None:
    section = document.sections[0]
    header = section.header.paragraphs[0]
    header.add_run("{{ doc.title }} – {{ doc.territory }}")
    warned = header.add_run("\t{{ banner }}")
    warned.bold, warned.font.color.rgb = True, RGBColor.from_string(ALERT)
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.style = document.styles["Footer"]
        line.add_run("{{ signature }}\t")
        _field(line, "PAGE")
        line.add_run(" / ")
        _field(line, "NUMPAGES")
    for line in (header, section.footer.paragraphs[0], section.first_page_footer.paragraphs[0]):
        stops = line.paragraph_format.tab_stops
        stops.add_tab_stop(Mm(170), WD_TAB_ALIGNMENT.RIGHT)
    for name in ("Header", "Footer"):
        tabs = document.styles[name].element.pPr.find(qn("w:tabs"))
        if tabs is not None:
            document.styles[name].element.pPr.remove(tabs)


def _body(document: Any) -> None:
    def say(text: str, style: str = "Normal") -> Any:
        return document.add_paragraph(text, style=style)

    document._body.clear_content()  # noqa: SLF001 - the blank document's own paragraph
    say("{%p if logo %}")
    say("{{ logo }}").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    say("{%p endif %}")
    say("{{ doc.title }}", "Subtitle")
    say("{{ doc.territory }}", "Title")
    say("{{ doc.dated }}", "Date du rapport")
    say("{%p for it in blocks %}")
    for kind, style in (
        ("section", "Heading 1"), ("section_page", "Heading 1"), ("heading", "Heading 2"),
        ("heading_page", "Heading 2"), ("item", "List Bullet"),
        ("caption", "Caption"), ("figure_caption", "Légende de figure"),
    ):  # fmt: skip
        say(f"{{%p if it.kind == '{kind}' %}}")
        line = say("{{ it.text }}", style)
        line.paragraph_format.page_break_before = True if kind.endswith("_page") else None
        say("{%p endif %}")
    for kind, style in (("texte", "Normal"), ("note", "Note"), ("alerte", "Alerte")):
        say(f"{{%p if it.kind == '{kind}' %}}")
        line = say("", style)
        line.add_run("{{ it.lead }}").bold = True
        line.add_run("{{ it.text }}")
        say("{%p endif %}")
    say("{%p if it.kind == 'figure' %}")
    say("{{ it.picture }}", "Figure")
    say("{%p endif %}")
    _table(document, say)
    _figures(document, say)
    _fiche(document, say)
    say("{%p endfor %}")
    say("{{ credits }}", "Note").paragraph_format.space_before = Pt(16)
    # Word wants the page's layout last.
    body = document.element.body
    body.append(body.sectPr)


def _grid(document: Any, rows: int, columns: int) -> Any:
    table = document.add_table(rows, columns)
    for row in table.rows:
        for cell in row.cells:
            cell.paragraphs[0].style = document.styles["Cellule"]
    return table


def _table(document: Any, say: Any) -> None:
    say("{%p if it.kind == 'table' %}")
    table = _grid(document, 4, 3)
    table.style = document.styles[STYLE_TABLE]
    for row, texts in zip(
        table.rows,
        (
            ("{%tc for column in it.columns %}", "{{ column.title }}", "{%tc endfor %}"),
            ("{%tr for row in it.rows %}", "", ""),
            ("{%tc for cell in row %}", "{{ cell }}", "{%tc endfor %}"),
            ("{%tr endfor %}", "", ""),
        ),
        strict=True,
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.paragraphs[0].add_run(text)
    say("{%p endif %}")


def _figures(document: Any, say: Any) -> None:
    say("{%p if it.kind == 'figures' %}")
    table = _grid(document, 1, 3)
    first, middle, last = table.rows[0].cells
    first.paragraphs[0].add_run("{%tc for one in it.figures %}")
    middle.paragraphs[0].add_run("{{ one[0] }}")
    middle.paragraphs[0].style = document.styles["Chiffre"]
    middle.add_paragraph("{{ one[1] }}", style=document.styles["Cellule"])
    last.paragraphs[0].add_run("{%tc endfor %}")
    middle._tc.get_or_add_tcPr().append(  # noqa: SLF001 - python-docx has no shading
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{SOFT}"/>')
    )
    say("{%p endif %}")


def _fiche(document: Any, say: Any) -> None:
    say("{%p if it.kind == 'fiche' %}")
    table = _grid(document, 1, 2)
    facts, picture = table.rows[0].cells
    facts.paragraphs[0].add_run("{%p for fact in it.facts %}")
    label = facts.add_paragraph("{{ fact[0] }}", style=document.styles["Note"]).paragraph_format
    label.space_before = label.space_after = Pt(0)
    facts.add_paragraph(
        "{{ fact[1] }}", style=document.styles["Cellule"]
    ).paragraph_format.space_after = Pt(3)
    facts.add_paragraph("{%p endfor %}", style=document.styles["Cellule"])
    facts.add_paragraph("", style=document.styles["Cellule"])
    picture.paragraphs[0].add_run("{%p if it.picture %}")
    picture.add_paragraph("{{ it.picture }}", style=document.styles["Figure"])
    picture.add_paragraph("{%p endif %}", style=document.styles["Cellule"])
    picture.add_paragraph("{{ it.caption }}", style=document.styles["Légende de figure"])
    say("{%p endif %}")


if __name__ == "__main__":
    TARGET.write_bytes(build())
    sys.stdout.write(f"{TARGET}\n")
