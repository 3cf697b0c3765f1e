"""Documents people pass on: one content, three forms.

A :class:`Document` is data (sections made of blocks); :func:`write_document` gives it the form of a
PDF (typst), of a Word file (docxtpl) or of an HTML page (Jinja), all offline and the same bytes for
the same document. Nothing is computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.outputs.files import complete_folder
from msap_geo.outputs.report.look import PLAIN, Logo, Look, read_look
from msap_geo.outputs.report.model import (
    Block,
    Bullets,
    Column,
    Definitions,
    Document,
    Fiche,
    Figure,
    Heading,
    KeyFigures,
    Paragraph,
    Picture,
    Section,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = [
    "FORMATS",
    "Block",
    "Bullets",
    "Column",
    "Definitions",
    "Document",
    "Fiche",
    "Figure",
    "Heading",
    "KeyFigures",
    "Logo",
    "Look",
    "Paragraph",
    "Picture",
    "Section",
    "Table",
    "read_look",
    "render",
    "write_document",
]

FORMATS = ("pdf", "docx", "html")
"""Forms a document can take."""


def render(document: Document, form: str, *, look: Look = PLAIN) -> bytes:
    """Return a document in one form.

    Parameters
    ----------
    document
        Document.
    form
        One of :data:`FORMATS`.
    look
        What the user changed in how it looks.

    Returns
    -------
    bytes
        The file; equal documents and looks give equal bytes.

    Raises
    ------
    KeyError
        If there is no such form.
    OutputError
        If what the user changed cannot be used.
    """
    return _renderer(form)(document, look)


def _renderer(form: str) -> Callable[[Document, Look], bytes]:
    # Each is slow to import, and needed by those alone who ask for it.
    if form == "pdf":
        from msap_geo.outputs.report.pdf import render_pdf  # noqa: PLC0415

        return render_pdf
    if form == "docx":
        from msap_geo.outputs.report.word import render_word  # noqa: PLC0415

        return render_word
    if form == "html":
        from msap_geo.outputs.report.page import render_page  # noqa: PLC0415

        return render_page
    raise KeyError(form)


def write_document(
    document: Document,
    folder: Path,
    *,
    name: str,
    formats: Sequence[str] = FORMATS,
    look: Look = PLAIN,
) -> list[Path]:
    """Write a document in the forms asked for: all of them, or none.

    Parameters
    ----------
    document
        Document.
    folder
        Folder to write in, made if needed.
    name
        Name of the files, without suffix.
    formats
        Some of :data:`FORMATS`.
    look
        What the user changed in how it looks.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of ``formats``.

    Raises
    ------
    OutputError
        If the folder cannot be written, or what the user changed cannot be used.
    """
    names = [f"{name}.{form}" for form in formats]
    with complete_folder(folder) as draft:
        for form, file in zip(formats, names, strict=True):
            (draft / file).write_bytes(render(document, form, look=look))
    return [folder / file for file in names]
