"""A document as Word's DOCX, by docxtpl from a template: the same bytes for the same document."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from msap_geo.errors import OutputError
from msap_geo.outputs.report.model import banner, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msap_geo.outputs.report.look import Look
    from msap_geo.outputs.report.model import Document, Picture

STYLE_TABLE = "Tableau du rapport"
"""Table style a template must have."""

DPI = 200
"""Resolution of the pictures."""

_ASSETS = files("msap_geo.outputs.report") / "assets"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TEXT_MM, _BESIDE_MM = 170.0, 95.0
"""Width of the text, and of the picture of a fiche."""

_TALLEST_MM = 105.0
"""Of a picture that has lower drawings."""

_LEAST_MM, _MARGINS_MM, _CHARACTER_MM = 9.0, 4.0, 1.8
"""Of a column of a table: at least, beside its text, and by letter of its type."""


_LONGEST_PROPERTY = 255
"""Characters of a property (ISO/IEC 29500, as python-docx checks)."""


def render_word(document: Document, look: Look) -> bytes:
    """Return a document as DOCX.

    Parameters
    ----------
    document
        Document.
    look
        What the user changed in how it looks.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    OutputError
        If the template given cannot be used.
    """
    try:
        return _render(document, look)
    except Exception as error:
        if look.word_template is None:
            raise
        # Word files fail in as many ways as there are libraries under docxtpl.
        raise OutputError(
            f"le modèle Word donné ne convient pas ({_why(error)})",
            where="--modele-word",
            remedy="partir du modèle du logiciel (docs/rapport.md)",
        ) from error


class _BlocksLostError(ValueError):
    """A template does not write the blocks of a document, each once and in their order."""


def _why(error: Exception) -> str:
    """Say in French what is wrong with a template, where it is known."""
    from jinja2 import TemplateError, UndefinedError  # noqa: PLC0415
    from jinja2.exceptions import SecurityError  # noqa: PLC0415

    known: tuple[tuple[type[Exception], str], ...] = (
        (_BlocksLostError, "les figures et les tableaux du document n'y sont pas, chacun une fois"),
        (SecurityError, "il demande autre chose que le document"),
        (UndefinedError, f"il demande ce que le document n'a pas : {error}"),
        (TemplateError, f"une balise n'y est pas comprise : {error}"),
        (KeyError, "ce n'est pas un document Word entier"),
    )
    return next((told for kind, told in known if isinstance(error, kind)), str(error))


def _render(document: Document, look: Look) -> bytes:
    from docx.shared import Mm  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415
    from docxtpl import DocxTemplate, InlineImage  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    given = look.word_template
    template = (_ASSETS / "rapport.docx").read_bytes() if given is None else given
    filled = DocxTemplate(io.BytesIO(template))
    found = plain(document)

    def image(content: bytes, width_mm: float) -> Any:
        return InlineImage(filled, io.BytesIO(content), width=Mm(width_mm))

    blocks = list(_flat(found.data))
    for block in blocks:
        if block.get("rank") is not None:
            rank = block["rank"]
            picture = _low_enough(found.pictures[rank], found.smaller[rank])
            width = min(picture.width_mm, block["room_mm"])
            block["picture"] = image(picture.png(dpi=DPI), width)
    signature = " · ".join(part for part in (document.software, found.data["dated"]) if part)
    logo = None if look.logo is None else image(look.logo.content, 35.0)
    context = {
        "doc": found.data,
        "blocks": blocks,
        "banner": banner(found.data["warnings"]),
        "signature": signature,
        "credits": " · ".join(found.data["credits"]),
        "logo": logo,
    }
    # A template is a program: given by another, it must not reach what is not of the document.
    filled.render(context, ImmutableSandboxedEnvironment(), autoescape=True)
    _finish(filled.docx, blocks, [] if logo is None else ["Logo"])
    _identify(filled.docx, found.data, document.date)
    buffer = io.BytesIO()
    filled.save(buffer)
    return settled(buffer.getvalue())


def _flat(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the blocks one after the other: a Word body is flat."""
    for warning in data["warnings"]:
        yield {"kind": "alerte", "lead": "", "text": warning}
    for block in data["summary"]:
        yield from _block(block)
    for section in data["sections"]:
        kind = "section_page" if section["new_page"] else "section"
        yield {"kind": kind, "text": f"{section['number']}. {section['title']}"}
        for rank, block in enumerate(section["blocks"]):
            yield from _block(block, first=rank == 0)


def _block(block: dict[str, Any], *, first: bool = False) -> Iterator[dict[str, Any]]:
    if block["kind"] == "fiche":
        yield {"kind": "heading" if first else "heading_page", "text": block["title"]}
        yield {"kind": "fiche", "facts": block["facts"], "caption": "", **_beside(block["figure"])}
        for each in block["blocks"]:
            yield from _block(each)
    else:
        yield from _SIMPLE[block["kind"]](block)


def _paragraph(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lead = f"{block['lead']} " if block["lead"] else ""
    yield {"kind": block["tone"], "lead": lead, "text": block["text"]}


def _bullets(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from ({"kind": "item", "text": item} for item in block["items"])


def _definitions(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for term, meaning in block["items"]:
        yield {"kind": "texte", "lead": f"{term}\u00a0: ", "text": meaning}


def _figures(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"kind": "figures", "figures": block["items"]}
    yield {"kind": "note", "lead": "", "text": ""}  # or Word would join it to a table below


def _table(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"kind": "caption", "text": f"Tableau {block['number']}. – {block['caption']}"}
    yield block
    yield {"kind": "note", "lead": "", "text": block["note"]}


def _figure(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**block, "room_mm": _TEXT_MM}
    yield {"kind": "figure_caption", "text": f"Figure {block['number']}. – {block['caption']}"}


_SIMPLE = {
    "paragraph": _paragraph,
    "heading": lambda block: iter(({"kind": "heading", "text": block["text"]},)),
    "bullets": _bullets,
    "definitions": _definitions,
    "figures": _figures,
    "table": _table,
    "figure": _figure,
}


def _low_enough(full: Picture, smaller: tuple[Picture, ...]) -> Picture:
    """Return the tallest drawing that leaves little of a page empty: Word moves no text."""
    drawings = (full, *smaller)
    fit = (each for each in drawings if each.height_mm <= _TALLEST_MM)
    return next(fit, drawings[-1])


def _beside(figure: dict[str, Any] | None) -> dict[str, Any]:
    if figure is None:
        return {"picture": None}
    return {
        "rank": figure["rank"],
        "alt": figure["alt"],
        "caption": f"Figure {figure['number']}. – {figure['caption']}",
        "room_mm": _BESIDE_MM,
    }


def _finish(made: Any, blocks: Sequence[dict[str, Any]], alts: list[str]) -> None:
    """Set what a template cannot say: widths, alignments, repeated heads, alternative texts."""
    from docx.oxml.ns import qn  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415

    told = [*alts, *(block["alt"] for block in blocks if block.get("rank") is not None)]
    drawn = list(made.element.body.iter(qn("wp:docPr")))
    ruled = sum(block["kind"] in {"table", "figures", "fiche"} for block in blocks)
    if len(drawn) != len(told) or len(made.tables) < ruled:
        raise _BlocksLostError
    for rank, (properties, alt) in enumerate(zip(drawn, told, strict=True), 1):
        properties.set("id", str(rank))
        properties.set("name", f"Image {rank}")
        properties.set("descr", alt)
    tables = iter(made.tables)
    for block in blocks:
        if block["kind"] == "table":
            _set_table(next(tables), block)
        elif block["kind"] == "figures":
            table = next(tables)
            _set_widths(table, [_TEXT_MM / len(block["figures"])] * len(block["figures"]))
        elif block["kind"] == "fiche":
            has = block["picture"] is not None
            _set_widths(
                next(tables), [_TEXT_MM - _BESIDE_MM, _BESIDE_MM] if has else [_TEXT_MM, 0.1]
            )


def _set_table(table: Any, block: dict[str, Any]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415
    from docx.oxml import OxmlElement  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415
    from docx.oxml.ns import qn  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415

    look = table._tbl.tblPr.find(qn("w:tblLook"))  # noqa: SLF001 - python-docx has no setter
    if look is not None:
        look.attrib.clear()
        look.set(qn("w:firstRow"), "1")
        look.set(qn("w:lastRow"), str(int(block["total"])))
    _set_widths(table, _widths(block))
    for rank, row in enumerate(table._tbl.tr_lst):  # noqa: SLF001 - a cell at a time is slow
        properties = row.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if rank == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, column in zip(row.tc_lst, block["columns"], strict=True):
            if column["number"]:
                for paragraph in cell.p_lst:
                    paragraph.get_or_add_pPr().jc_val = WD_ALIGN_PARAGRAPH.RIGHT


def _widths(block: dict[str, Any]) -> list[float]:
    """Share the width of the text between the columns: no word broken, then by what they hold."""
    wanted, least = [], []
    for rank, column in enumerate(block["columns"]):
        cells = [row[rank] for row in block["rows"]]
        longest = max(map(len, cells), default=0)
        words = [word for text in (column["title"], *cells) for word in text.split()]
        word = max(map(len, words), default=0)
        if column["number"]:
            # A number is one word, its narrow spaces included.
            word = max(longest, max(map(len, column["title"].split()), default=0))
            longest = word
        least.append(max(_LEAST_MM, _MARGINS_MM + _CHARACTER_MM * word))
        wanted.append(
            max(
                least[-1], _MARGINS_MM + _CHARACTER_MM * min(max(longest, len(column["title"])), 60)
            )
        )
    spare = _TEXT_MM - sum(least)
    if spare <= 0:
        return [width * _TEXT_MM / sum(least) for width in least]
    more = [width - floor for width, floor in zip(wanted, least, strict=True)]
    if sum(more) <= spare:
        # Text columns take what nobody asked for.
        texts = [not column["number"] for column in block["columns"]]
        share = [float(text) for text in texts] if any(texts) else [1.0] * len(texts)
        left = (spare - sum(more)) / sum(share)
        return [width + left * part for width, part in zip(wanted, share, strict=True)]
    return [floor + spare * part / sum(more) for floor, part in zip(least, more, strict=True)]


def _set_widths(table: Any, widths_mm: Sequence[float]) -> None:
    from docx.oxml.ns import qn  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415
    from docx.shared import Mm  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415

    table.autofit = False
    for column, width in zip(table._tbl.tblGrid.iterchildren(), widths_mm, strict=True):  # noqa: SLF001
        column.set(qn("w:w"), str(int(Mm(width).twips)))
    for row in table._tbl.tr_lst:  # noqa: SLF001
        for cell, width in zip(row.tc_lst, widths_mm, strict=True):
            cell.width = Mm(width)


def _identify(made: Any, data: dict[str, Any], date: dt.date) -> None:
    noon = dt.datetime(date.year, date.month, date.day, 12)  # noqa: DTZ001 - DOCX knows no zone
    told = made.core_properties
    told.title = _property(f"{data['title']} – {data['territory']}")
    told.subject, told.language = _property(data["territory"]), "fr-FR"
    told.author = told.last_modified_by = data["software"]
    told.created = told.modified = noon
    told.comments = told.keywords = ""
    told.revision = 1


def _property(text: str) -> str:
    """Return a text as a property of the file holds it; the page says it whole."""
    return text if len(text) <= _LONGEST_PROPERTY else f"{text[: _LONGEST_PROPERTY - 1]}…"


def settled(content: bytes) -> bytes:
    """Return a zipped document whose members carry no date of the clock, in a fixed order."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 0
            after.writestr(member, before.read(name))
    return buffer.getvalue()
