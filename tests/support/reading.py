"""What a reader sees of a file, line by line."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path

import docx
import openpyxl
import pypdf
from docx.oxml.ns import qn

_UNSEEN = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
_INLINE = re.compile(r"</?(?:b|i|em|strong|span|small|a|sub|sup|button|label|code)\b[^>]*>")
_NAMES_COLUMNS = "Lisez-moi"
"""The sheet that tells what each column of the CSV files means: it names them."""


def page_lines(path):
    text = _INLINE.sub("", _UNSEEN.sub(" ", path.read_text(encoding="utf-8")))
    parts = (html.unescape(part) for part in re.split(r"<[^>]*>", text))
    return [re.sub(r"\s*\n\s*", " ", part).strip() for part in parts if part.strip()]


def workbook_lines(path):
    book = openpyxl.load_workbook(path)
    cells = (
        cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
        and not (sheet.title == _NAMES_COLUMNS and re.fullmatch(r"[a-z0-9_]+", cell.value))
    )
    return [*book.sheetnames, *cells]


def word_lines(path):
    paragraphs = docx.Document(path).element.body.iter(qn("w:p"))
    return ["".join(node.text or "" for node in each.iter(qn("w:t"))) for each in paragraphs]


def pdf_lines(path):
    pages = (page.extract_text().replace("\u200b", "") for page in pypdf.PdfReader(path).pages)
    # A long name of a file may be broken where a line ends.
    return [re.sub(r" (?=\.[a-z])", "", re.sub(r"\s+", " ", page)) for page in pages]


def project_lines(path):
    """Return the words of a QGIS project's legends: labels and aliases."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".qgs"))
        text = archive.read(name).decode()
    return [html.unescape(label) for label in re.findall(r'\blabel="([^"]*)"', text)]


READERS = {
    ".html": page_lines,
    ".xlsx": workbook_lines,
    ".docx": word_lines,
    ".pdf": pdf_lines,
    ".qgz": project_lines,
}


def lines_read(folder):
    """Return the lines of every document of a folder, each with the file it is in."""
    return [
        (path.name, line)
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix in READERS
        for line in READERS[path.suffix](path)
    ]
