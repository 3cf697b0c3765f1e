"""A document as one HTML page that opens anywhere: no script, nothing from outside, all escaped."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2
import markupsafe

from msap_geo.errors import OutputError
from msap_geo.outputs.report.model import plain

if TYPE_CHECKING:
    from msap_geo.outputs.report.look import Look
    from msap_geo.outputs.report.model import Document

_ASSETS = files("msap_geo.outputs.report") / "assets"
_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}


def render_page(document: Document, look: Look) -> bytes:
    """Return a document as a self-contained HTML page.

    Parameters
    ----------
    document
        Document.
    look
        What the user changed in how it looks; the page's Content-Security-Policy keeps their style
        sheet from fetching anything.

    Returns
    -------
    bytes
        The page, UTF-8.

    Raises
    ------
    OutputError
        If the style sheet would close its element.
    """
    if "</" in look.css:
        raise OutputError(
            "la feuille de style contient « </ »",
            where="--css",
            remedy="donner un fichier CSS, et non une page HTML",
        )
    found = plain(document)
    style = (_ASSETS / "rapport.css").read_text(encoding="utf-8")
    logo = look.logo
    text = _template().render(
        doc=found.data,
        pictures=[_inline(picture.svg(outlines=True), ".svg") for picture in found.pictures],
        logo=None if logo is None else _inline(logo.content, logo.suffix),
        style=markupsafe.Markup(style),  # noqa: S704 - our own file
        css=markupsafe.Markup(look.css),  # noqa: S704 - checked above
    )
    return f"{text}\n".encode()


@cache  # compiled once for all the reports of a process
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((_ASSETS / "rapport.html").read_text(encoding="utf-8"))


def _inline(content: bytes, suffix: str) -> str:
    return f"data:{_TYPES[suffix]};base64,{base64.b64encode(content).decode()}"
