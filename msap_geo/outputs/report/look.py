"""What a user may change in how a document looks: logo, style sheet, Word template, typst theme."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msap_geo.errors import FileMissingError, UnreadableFileError, shortened
from msap_geo.tabular.vast import refuse_bomb

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_PX = 40_000_000
"""Pixels of a logo: an A4 page at 600 dots an inch; a file of some kilobytes may hold thousands of
millions."""

_PACKAGE = re.compile(r'"(@[\w-]+/[^"]*)"')

_SUFFIXES: dict[str, Literal[".png", ".jpg"]] = {"PNG": ".png", "JPEG": ".jpg"}


@dataclass(frozen=True)
class Logo:
    """The logo of whoever signs the document: PNG or JPEG (``suffix`` says which)."""

    content: bytes
    suffix: Literal[".png", ".jpg"]


@dataclass(frozen=True)
class Look:
    """What a user changed.

    Parameters
    ----------
    logo
        Logo, or null.
    css
        Style sheet added to the HTML page's own.
    word_template
        Word file that takes the place of ``assets/rapport.docx``, or null.
    typst_theme
        Text that takes the place of ``assets/theme.typ``, or null.
    """

    logo: Logo | None = None
    css: str = ""
    word_template: bytes | None = None
    typst_theme: str | None = None


PLAIN = Look()
"""Nothing changed."""


def read_look(
    *,
    logo: Path | None = None,
    css: Path | None = None,
    word_template: Path | None = None,
    typst_theme: Path | None = None,
) -> Look:
    """Read what a user gives.

    Parameters
    ----------
    logo, css, word_template, typst_theme
        Files, or null.

    Returns
    -------
    Look
        Their contents.

    Raises
    ------
    FileMissingError
        If a file does not exist.
    UnreadableFileError
        If the logo is neither PNG nor JPEG, or is larger than a page; if a text is not UTF-8, a
        template no Word file, or a theme takes a package of the internet.
    """
    return Look(
        logo=None if logo is None else _logo(logo),
        css="" if css is None else _text(css),
        word_template=None if word_template is None else _template(word_template),
        typst_theme=None if typst_theme is None else _theme(typst_theme),
    )


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise FileMissingError(
            f"le fichier « {path.name} » est introuvable", where=path, remedy="vérifier son chemin"
        )
    return path.read_bytes()


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"le fichier « {path.name} » n'est pas du texte",
            where=path,
            remedy="l'enregistrer en UTF-8",
        ) from error


def _template(path: Path) -> bytes:
    content = _bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                refuse_bomb(member, path)
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(
            f"le modèle « {path.name} » n'est pas un fichier Word (.docx)",
            where=path,
            remedy="partir du modèle du logiciel (docs/rapport.md)",
        ) from error
    return content


def _theme(path: Path) -> str:
    theme = _text(path)
    found = _PACKAGE.search(theme)
    if found is not None:  # typst would fetch it by itself, by a door that is not ours
        raise UnreadableFileError(
            f"le thème « {path.name} » prend un paquet d'internet, « {shortened(found[1])} »",
            where=path,
            remedy="en copier dans le thème ce qui sert : les rapports se font hors ligne",
        )
    return theme


def _logo(path: Path) -> Logo:
    from PIL import Image  # noqa: PLC0415 - slow, and for those alone who give a logo

    content = _bytes(path)
    try:
        with Image.open(io.BytesIO(content), formats=list(_SUFFIXES)) as image:
            if image.width * image.height <= _LARGEST_PX:
                image.load()
                return Logo(content, _SUFFIXES[str(image.format)])
    except Image.DecompressionBombError:
        pass  # Pillow's own bound, told as ours
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableFileError(
            f"le logo « {path.name} » n'est ni une image PNG ni une image JPEG",
            where=path,
            remedy="l'enregistrer dans l'un de ces formats",
        ) from error
    raise UnreadableFileError(
        f"le logo « {path.name} » a trop de points (plus de 40 millions)",
        where=path,
        remedy="en réduire les dimensions",
    )
