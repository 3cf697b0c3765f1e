"""The text of a document, read back from each of its forms."""

from __future__ import annotations

import io
import re

import docx
import pypdf
from docx.oxml.ns import qn


def word_text(content):
    document = docx.Document(io.BytesIO(content))
    return "\n".join(
        "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
        for part in (document.element.body, document.sections[0].footer._element)
        for paragraph in part.iter(qn("w:p"))
    )


def pdf_text(content):
    """Return the text of a PDF, its spaces and line ends made one."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def page_text(content):
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", content.decode(), flags=re.DOTALL)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'")):
        text = text.replace(entity, letter)
    return text.replace("&amp;", "&")


TEXT = {"pdf": pdf_text, "docx": word_text, "html": page_text}


def squeezed(text):
    """Return a text without spaces or hyphens: a PDF breaks words where lines end."""
    return re.sub(r"[\s\u00ad‐-]", "", text)
