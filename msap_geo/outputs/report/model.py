"""A document as data: what is said, in what order; nothing of how it looks.

One document, three templates (:mod:`msap_geo.outputs.report.pdf`, ``word``, ``page``). Texts are
French and final: figures are already written out (:mod:`msap_geo.french`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from msap_geo.french import counted, typeset

if TYPE_CHECKING:
    import datetime as dt

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
"""No document format can hold these; a name broken over two lines is one name."""

_NO_SIGN = {"Cs", "Co", "Cn"}
"""Categories of Unicode that no font draws: halves of characters, private use, no character."""

_REPLACED = "\ufffd"

Tone = Literal["texte", "note", "alerte"]
"""How a paragraph speaks: the text itself, a note in small print, a warning in a box."""


class Picture(Protocol):
    """A picture, drawn once and given in the form each document can hold."""

    @property
    def width_mm(self) -> float:
        """Width at which its text has its intended size, millimetres."""

    @property
    def height_mm(self) -> float:
        """Height, millimetres."""

    def svg(self, *, outlines: bool) -> bytes:
        """Return it as SVG; letters as outlines, or as text in a font the PDF embeds."""

    def png(self, *, dpi: int) -> bytes:
        """Return it as PNG."""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``lead`` is set in bold before it."""

    kind: ClassVar[str] = "paragraph"
    text: str
    lead: str = ""
    tone: Tone = "texte"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    kind: ClassVar[str] = "definitions"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyFigures:
    """A few figures shown large: each its value and its label."""

    kind: ClassVar[str] = "figures"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers are set to the right."""

    title: str
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption
        What it shows.
    columns, rows
        Its columns, and as many texts in each row.
    note
        Small print under it.
    total
        Whether the last row sums up the others.

    Raises
    ------
    ValueError
        If a row has not one text for each column.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    total: bool = False

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.caption}: rows of another length than the columns")


@dataclass(frozen=True)
class Figure:
    """A picture, its caption, and what it shows for those who cannot see it.

    Parameters
    ----------
    picture
        Picture at its full size.
    caption
        What it is.
    alt
        What it shows.
    smaller
        The same drawn in less height, its letters at their size, the tallest first: for the foot of
        a page that has no room for the first.
    """

    kind: ClassVar[str] = "figure"
    picture: Picture
    caption: str
    alt: str
    smaller: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Fiche:
    """A page about one thing: a picture beside facts, then blocks."""

    kind: ClassVar[str] = "fiche"
    title: str
    facts: tuple[tuple[str, str], ...]
    figure: Figure | None = None
    blocks: tuple[Paragraph | Bullets | Table, ...] = ()


Block = Paragraph | Heading | Bullets | Definitions | KeyFigures | Table | Figure | Fiche


@dataclass(frozen=True)
class Section:
    """A numbered section; ``new_page`` where it must begin one."""

    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True)
class Document:
    """A whole document.

    Parameters
    ----------
    title, territory
        What it is, and of where.
    dated
        The date as readers see it; may be empty.
    date
        The date for the file's own metadata: never the clock's, so that the same inputs give the
        same bytes.
    software
        Name and version of what made it.
    summary
        What the first page says, under the title.
    sections
        What follows, numbered.
    warnings
        What must be known before anything (estimated times, invented sites): under the title and at
        the head of every page.
    credits
        Lines due to the authors of the data.
    """

    title: str
    territory: str
    dated: str
    date: dt.date
    software: str
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plain:
    """A document as plain values a template can read, and its pictures apart.

    Parameters
    ----------
    data
        Dictionaries, lists and texts, spaced as French wants; a block says its ``kind``, a figure
        the rank of its picture; tables, figures and sections are numbered.
    pictures
        The pictures, in the order of the document.
    smaller
        The smaller drawings of each picture.
    """

    data: dict[str, Any]
    pictures: tuple[Picture, ...]
    smaller: tuple[tuple[Picture, ...], ...]


def plain(document: Document) -> Plain:
    """Return a document as plain values."""
    pictures: list[Picture] = []
    smaller: list[tuple[Picture, ...]] = []
    counts = {"table": 0, "figure": 0}
    odd: set[str] = set()

    def of(value: Any) -> Any:
        if isinstance(value, str):
            return _text(value, odd)
        if isinstance(value, tuple):
            return [of(item) for item in value]
        if not is_dataclass(value):
            return value
        found: dict[str, Any] = {}
        kind = getattr(value, "kind", None)
        if kind is not None:
            found["kind"] = kind
        if isinstance(value, Table | Figure):
            counts[value.kind] += 1
            found["number"] = counts[value.kind]
        if isinstance(value, Figure):
            found["rank"] = len(pictures)
            found["width_mm"], found["height_mm"] = value.picture.width_mm, value.picture.height_mm
            found["smaller_mm"] = [[each.width_mm, each.height_mm] for each in value.smaller]
            pictures.append(value.picture)
            smaller.append(value.smaller)
        left_out = {"picture", "smaller", "date"}
        names = [field.name for field in fields(value) if field.name not in left_out]
        return found | {name: of(getattr(value, name)) for name in names}

    data = of(document)
    for number, section in enumerate(data["sections"], 1):
        section["number"] = number
    if odd:
        data["credits"].append(
            f"Signes qu’aucune police ne dessine, remplacés par {_REPLACED} : dans "
            f"{counted(len(odd), 'texte')} des données"
        )
    return Plain(data, tuple(pictures), tuple(smaller))


def _text(value: str, odd: set[str]) -> str:
    """Return a text as documents hold it; note those whose signs no font draws."""
    text = drawable(value)
    if text.count(_REPLACED) > value.count(_REPLACED):
        odd.add(value)
    return typeset(_CONTROL.sub(" ", text))


def drawable(text: str) -> str:
    """Return a text whose every character some font may draw; the others become ``\ufffd``."""
    if text.isascii():
        return text
    return "".join(
        _REPLACED if unicodedata.category(letter) in _NO_SIGN else letter for letter in text
    )


def banner(warnings: list[str]) -> str:
    """Return what the head of every page says of the warnings: each up to its colon."""
    return " · ".join(warning.split(":")[0].strip() for warning in warnings)
